//! One HTTP request to the back end, with its answer or the reason there is none.

use std::error::Error as _;

use super::seal::Sealed;
use crate::options::Format;
use crate::settings::Settings;

/// The back end's answer.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// The most of an answer that is read.
const MAX_BODY: usize = 1024 * 1024;

/// The client for every call to a back end: no proxy, no redirect, a fresh connection each time.
pub(crate) fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .http1_only()
        .build()
}

/// The address of a delivery.
pub(crate) fn address(callback: &str, query: &[(&'static str, String)]) -> Result<url::Url, String> {
    let mut url = url::Url::parse(callback).map_err(|error| format!("the callback address is wrong: {error}"))?;
    url.query_pairs_mut().extend_pairs(query.iter().map(|(name, value)| (*name, value.as_str())));
    Ok(url)
}

/// Posts one delivery.
pub(crate) async fn post(
    http: &reqwest::Client,
    callback: &str,
    sealed: Sealed,
    format: Format,
    settings: &Settings,
) -> Result<Answered, String> {
    let content_type = match format {
        Format::Xml => settings.push_content_type.as_str(),
        Format::Json => "application/json; charset=UTF-8",
    };
    let request = http
        .post(address(callback, &sealed.query)?)
        .header("Content-Type", content_type)
        .header("User-Agent", &settings.push_user_agent)
        .header("Accept", "*/*")
        .body(sealed.body);
    read(request).await
}

/// Sends a request and reads its answer.
pub(crate) async fn read(request: reqwest::RequestBuilder) -> Result<Answered, String> {
    let mut response = request.send().await.map_err(|error| reason(&error))?;
    let status = response.status().as_u16();
    let content_type = response.headers().get("content-type");
    let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err("the answer is larger than 1 MB".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answered { status, content_type, body })
}

/// The innermost cause, without the address and what it is signed with.
fn reason(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = None;
    while let Some(inner) = cause {
        text = Some(inner.to_string());
        cause = inner.source();
    }
    text.unwrap_or_else(|| "the connection failed".to_owned())
}
