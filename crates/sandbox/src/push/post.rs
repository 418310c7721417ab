//! The request of one delivery, and the ways to send it: over a plain socket, or by TLS.

use std::error::Error as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::seal::Sealed;
use super::socket;
use crate::options::Format;
use crate::settings::Settings;

/// The back end's answer.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answered {
    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// The most of an answer that is read.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// When things happened to a delivery, in milliseconds since it began.
#[derive(Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the unit belongs into the name")]
pub(crate) struct Marks {
    pub(crate) connect_ms: OnceLock<u64>,
    pub(crate) first_byte_ms: OnceLock<u64>,
    /// How long after the cut the answer began all the same.
    pub(crate) late_by_ms: OnceLock<u64>,
}

/// One delivery, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) url: url::Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// A delivery under way.
pub(crate) struct Line {
    pub(crate) answer: Pin<Box<dyn Future<Output = Result<Answered, String>> + Send>>,
    /// Sending here cuts the connection; an answer that begins afterwards is only timed.
    pub(crate) cut: Option<tokio::sync::oneshot::Sender<()>>,
    pub(crate) marks: Arc<Marks>,
}

impl Line {
    /// A delivery that never leaves.
    pub(crate) fn lost() -> Self {
        Line { answer: Box::pin(std::future::pending()), cut: None, marks: Arc::default() }
    }
}

/// The client for handshakes and for callbacks behind TLS: no proxy, no redirect, a fresh connection each time.
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
    let mut url =
        url::Url::parse(callback).map_err(|error| format!("the callback address is wrong: {error}"))?;
    url.query_pairs_mut().extend_pairs(query.iter().map(|(name, value)| (*name, value.as_str())));
    Ok(url)
}

/// Puts a delivery's request together.
pub(crate) fn request(
    callback: &str,
    sealed: Sealed,
    format: Format,
    settings: &Settings,
) -> Result<Request, String> {
    let url = address(callback, &sealed.query)?;
    let content_type = match format {
        Format::Xml => settings.push_content_type.clone(),
        Format::Json => "application/json; charset=UTF-8".to_owned(),
    };
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    let headers = vec![
        ("host", host),
        ("user-agent", settings.push_user_agent.clone()),
        ("accept", "*/*".to_owned()),
        ("content-type", content_type),
        ("content-length", sealed.body.len().to_string()),
    ];
    Ok(Request { url, headers, body: sealed.body })
}

/// Sends a delivery.
pub(crate) fn send(http: &reqwest::Client, request: Request) -> Line {
    let marks = Arc::new(Marks::default());
    if request.url.scheme() == "http" {
        return socket::send(request, marks);
    }
    let began = Instant::now();
    let noted = Arc::clone(&marks);
    let mut sent = http.post(request.url);
    for (name, value) in
        request.headers.into_iter().filter(|(name, _)| !matches!(*name, "host" | "content-length"))
    {
        sent = sent.header(name, value);
    }
    let sent = sent.body(request.body);
    let answer = Box::pin(async move {
        let response = sent.send().await.map_err(|error| reason(&error))?;
        // Nobody else sets it.
        let _ = noted.first_byte_ms.set(began.elapsed().as_millis() as u64);
        take(response).await
    });
    Line { answer, cut: None, marks }
}

/// Sends a request and reads its answer.
pub(crate) async fn read(request: reqwest::RequestBuilder) -> Result<Answered, String> {
    take(request.send().await.map_err(|error| reason(&error))?).await
}

async fn take(mut response: reqwest::Response) -> Result<Answered, String> {
    let status = response.status().as_u16();
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers =
        response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err("the answer is larger than 1 MB".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answered { status, headers, body })
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
