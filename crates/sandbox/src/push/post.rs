//! The request of one delivery, and what becomes of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use super::seal::Sealed;
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
    pub(crate) method: &'static str,
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
    let headers = vec![
        ("host", host(&url)),
        ("user-agent", settings.push_user_agent.clone()),
        ("accept", "*/*".to_owned()),
        ("content-type", content_type),
        ("content-length", sealed.body.len().to_string()),
    ];
    Ok(Request { method: "POST", url, headers, body: sealed.body })
}

/// The request of a handshake.
pub(crate) fn question(
    callback: &str,
    query: &[(&'static str, String)],
    settings: &Settings,
) -> Result<Request, String> {
    let url = address(callback, query)?;
    let headers = vec![
        ("host", host(&url)),
        ("user-agent", settings.push_user_agent.clone()),
        ("accept", "*/*".to_owned()),
    ];
    Ok(Request { method: "GET", url, headers, body: Vec::new() })
}

/// The host as a header has it.
fn host(url: &url::Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    }
}
