//! One call over HTTP: the only file that knows the HTTP client.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hongyan_wire::Secret;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::multipart::{Form, Part};
use url::Url;

use crate::answer::Received;
use crate::call::Call;
use crate::endpoint::Method;
use crate::error::{Cause, Error, Said};
use crate::host::Bases;

/// More than any answer of the platform holds; a stand-in gone wrong must not fill the memory.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// Files take longer than calls.
const FILE_TIME: u32 = 4;

/// The HTTP client with the platform's addresses.
#[derive(Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    bases: Bases,
    timeout: Duration,
}

impl Transport {
    pub(crate) fn new(bases: Bases, proxy: Option<&str>, timeout: Duration) -> Result<Self, Error> {
        // A redirect would carry the token to an address that nobody configured.
        let mut http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout((timeout / 2).min(Duration::from_secs(5)))
            .user_agent(concat!("hongyan/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = proxy {
            // The proxy's address may hold a password, so what is wrong with it is not repeated.
            let proxy = reqwest::Proxy::all(proxy).map_err(|_| {
                Error::invalid(
                    "the proxy's address is wrong",
                    "an http, https or socks5 address is needed",
                    "代理的地址不对：应为 http、https 或 socks5 地址",
                )
            })?;
            http = http.proxy(proxy);
        }
        let http = http
            .build()
            .map_err(|error| Error::NotSent { endpoint: "client".into(), source: cause(error) })?;
        Ok(Self { http, bases, timeout })
    }

    /// Sends the call once and takes in its whole answer.
    ///
    /// `hide` are the texts that must not appear in an error even if the other side repeats them.
    pub(crate) async fn exchange(
        &self,
        call: &Call,
        file: Option<&Bytes>,
        token: Option<&Secret>,
        hide: &[&Secret],
    ) -> Result<Received, Error> {
        let endpoint = call.endpoint();
        let not_sent = |source: Cause| Error::NotSent { endpoint: endpoint.clone(), source };
        let unsure = |source: Cause| Error::Unsure { endpoint: endpoint.clone(), source };
        let request = self.request(call, file, token).map_err(not_sent)?;
        let place = request.url().origin().ascii_serialization();
        let mut response = self.http.execute(request).await.map_err(|error| {
            if error.is_connect() || error.is_builder() {
                let why = root(error);
                not_sent(
                    Said::new(
                        format!("cannot reach {place}: {}", why.en),
                        format!("无法连接 {place}：{}", why.zh),
                    )
                    .into(),
                )
            } else if error.is_timeout() {
                let time = self.time_for(call);
                let zh = format!("{place} 在 {} 秒内没有应答", time.as_secs_f32());
                unsure(Said::new(format!("no answer from {place} within {time:?}"), zh).into())
            } else {
                unsure(cause(error))
            }
        })?;
        let status = response.status().as_u16();
        let total = response.content_length();
        let content_type = text(response.headers(), &CONTENT_TYPE);
        let file_name = text(response.headers(), &CONTENT_DISPOSITION).as_deref().and_then(file_name);
        let mut body = BytesMut::new();
        while let Some(piece) = response.chunk().await.map_err(|error| unsure(cause(error)))? {
            if body.len() + piece.len() > MAX_ANSWER {
                let limit = MAX_ANSWER >> 20;
                let zh = format!("应答超过 {limit} MiB");
                return Err(unsure(Said::new(format!("the answer is larger than {limit} MiB"), zh).into()));
            }
            body.extend_from_slice(&piece);
            if let Some(progress) = &call.progress {
                progress.report(body.len() as u64, total);
            }
        }
        tracing::debug!(%endpoint, status, bytes = body.len(), "answered");
        let received =
            Received { endpoint: endpoint.clone(), status, content_type, file_name, bytes: body.freeze() };
        received.accepted().map_err(|error| hidden(error, hide))
    }

    fn request(
        &self,
        call: &Call,
        file: Option<&Bytes>,
        token: Option<&Secret>,
    ) -> Result<reqwest::Request, Cause> {
        let mut url = Url::parse(&format!("{}{}", self.bases.of(call.host), call.path))?;
        for (key, value) in &call.query {
            url.query_pairs_mut().append_pair(key, value);
        }
        if let Some(token) = token {
            url.query_pairs_mut().append_pair("access_token", token.expose());
        }
        let request = match call.method {
            Method::Get => self.http.get(url),
            Method::Post => self.http.post(url),
        };
        let request = request.timeout(self.time_for(call));
        let request = match (&call.file, file) {
            (Some(upload), Some(bytes)) => {
                let mut form = Form::new().percent_encode_noop();
                for (key, value) in &call.fields {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    form = form.text(key.clone(), text);
                }
                let pieces = futures_util::stream::iter(upload.pieces(bytes.clone()).map(Ok::<_, io::Error>));
                let part = Part::stream_with_length(reqwest::Body::wrap_stream(pieces), bytes.len() as u64)
                    .file_name(upload.name().to_owned())
                    .mime_str(upload.mime())
                    .map_err(cause)?;
                request.multipart(form.part("media", part))
            }
            _ if call.method == Method::Get => request,
            _ => {
                let body = match &call.body {
                    Some(body) => body.clone(),
                    // An empty POST is refused with 44002, so calls that take nothing send an empty object.
                    None => serde_json::to_vec(&call.fields)?,
                };
                request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body)
            }
        };
        request.build().map_err(cause)
    }

    fn time_for(&self, call: &Call) -> Duration {
        let moves_a_file = call.file.is_some() || call.progress.is_some();
        if moves_a_file { self.timeout * FILE_TIME } else { self.timeout }
    }
}

/// The last cause alone: what the operating system or the TLS library said.
fn root(error: reqwest::Error) -> Said {
    let timed_out = error.is_timeout();
    let error = error.without_url();
    let mut said: &dyn std::error::Error = &error;
    let mut kind = None;
    while let Some(source) = said.source() {
        said = source;
        kind = said.downcast_ref::<io::Error>().map(io::Error::kind).or(kind);
    }
    let en = said.to_string();
    let zh = if en.contains("lookup") {
        format!("域名无法解析（{en}）")
    } else if timed_out {
        "连接超时".to_owned()
    } else {
        in_chinese(kind).map_or_else(|| en.clone(), str::to_owned)
    };
    Said { en, zh }
}

fn in_chinese(kind: Option<io::ErrorKind>) -> Option<&'static str> {
    Some(match kind? {
        io::ErrorKind::ConnectionRefused => "连接被拒绝",
        io::ErrorKind::ConnectionReset => "连接被重置",
        io::ErrorKind::ConnectionAborted => "连接中断",
        io::ErrorKind::TimedOut => "连接超时",
        io::ErrorKind::HostUnreachable => "主机不可达",
        io::ErrorKind::NetworkUnreachable => "网络不可达",
        io::ErrorKind::UnexpectedEof => "连接提前关闭",
        _ => return None,
    })
}

/// The chain of causes as one text. The address goes first: it holds the token.
fn cause(error: reqwest::Error) -> Cause {
    let error = error.without_url();
    let mut said = vec![error.to_string()];
    let mut next = std::error::Error::source(&error);
    while let Some(source) = next {
        let text = source.to_string();
        if said.last() != Some(&text) {
            said.push(text);
        }
        next = source.source();
    }
    said.join(": ").into()
}

/// The error with every secret text cut out, in case the other side repeated one.
pub(crate) fn hidden(error: Error, hide: &[&Secret]) -> Error {
    // Very short texts are no secrets, and would turn every message into holes.
    let clean = |text: String| {
        hide.iter().map(|secret| secret.expose()).filter(|secret| secret.len() >= 4).fold(
            text,
            |text, secret| {
                if text.contains(secret) { text.replace(secret, "[redacted]") } else { text }
            },
        )
    };
    match error {
        Error::Refused(mut refusal) => {
            refusal.message = clean(refusal.message);
            refusal.rid = refusal.rid.map(clean);
            Error::Refused(refusal)
        }
        Error::Unsure { endpoint, source } => Error::Unsure { endpoint, source: Said::map(&source, clean) },
        Error::Status { endpoint, status, detail } => {
            Error::Status { endpoint, status, detail: clean(detail) }
        }
        Error::Undecodable { endpoint, path, source } => {
            Error::Undecodable { endpoint, path: clean(path), source: Said::map(&source, clean) }
        }
        other => other,
    }
}

fn text(headers: &HeaderMap, name: &reqwest::header::HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The name in `attachment; filename="a.jpg"`.
fn file_name(disposition: &str) -> Option<String> {
    let value = disposition.split(';').map(str::trim).find_map(|part| part.strip_prefix("filename="))?;
    let name = value.trim_matches('"').rsplit(['/', '\\']).next().unwrap_or_default();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_is_read_without_quotes_and_folders() {
        assert_eq!(file_name("attachment; filename=\"a b.jpg\"").as_deref(), Some("a b.jpg"));
        assert_eq!(file_name("attachment; filename=../../x.jpg").as_deref(), Some("x.jpg"));
        assert_eq!(file_name("attachment"), None);
    }

    #[test]
    fn a_secret_that_the_other_side_repeats_is_cut_out() {
        let secret = Secret::new("hunter2");
        let error =
            Error::Status { endpoint: "x".into(), status: 404, detail: ": no /x?secret=hunter2".into() };
        assert_eq!(
            hidden(error, &[&secret]).to_string(),
            "x was answered with HTTP status 404: no /x?secret=[redacted]"
        );
    }
}
