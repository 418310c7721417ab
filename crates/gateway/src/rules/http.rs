//! Asks a web service for JSON. Only the operator chooses the host; what a person wrote goes in percent-encoded.

use std::fmt::Write;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, redirect};
use serde_json::Value;
use url::Url;

use super::scope::Scope;
use super::template::{Encode, Engine, NoText, Text};
use super::tree::Tree;
use crate::config::{HttpConfig, Words};
use crate::message::is_template;

/// The most bytes of an answer.
const MAX_BODY: usize = 1 << 20;
/// How often an answer may send us elsewhere on the same host.
const MAX_REDIRECTS: usize = 5;

/// A call to a web service.
pub(crate) struct Http {
    method: Method,
    url: Text,
    /// Scheme, host and port, which no value can change.
    origin: url::Origin,
    host: String,
    query: Vec<(String, Text)>,
    headers: Vec<(HeaderName, Text)>,
    body: Option<Tree>,
}

/// A client that never leaves the host it was sent to.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    let policy = redirect::Policy::custom(|attempt| {
        let same = attempt.previous().last().is_some_and(|from| from.origin() == attempt.url().origin());
        if same && attempt.previous().len() <= MAX_REDIRECTS { attempt.follow() } else { attempt.stop() }
    });
    Client::builder().redirect(policy).user_agent(concat!("hongyan/", env!("CARGO_PKG_VERSION"))).build()
}

impl Http {
    pub(crate) fn read(config: &HttpConfig, engine: &mut Engine, names: &[String]) -> Result<Http, Words> {
        let literal = literal_origin(&config.url)?;
        let mut headers = Vec::new();
        for (name, value) in &config.headers {
            let known = HeaderName::try_from(name.as_str()).map_err(|_| {
                Words::new(format!("`{name}` cannot name a header"), format!("`{name}` 不能用作请求头的名字"))
            })?;
            headers.push((known, engine.read(value, Encode::Nothing, names)?));
        }
        let mut query = Vec::new();
        for (name, value) in &config.query {
            query.push((name.clone(), engine.read(value, Encode::Nothing, names)?));
        }
        Ok(Http {
            method: if config.method == "POST" { Method::POST } else { Method::GET },
            url: engine.read(&config.url, Encode::Address, names)?,
            host: literal.host_str().unwrap_or_default().to_owned(),
            origin: literal.origin(),
            query,
            headers,
            body: config.body.as_ref().map(|body| Tree::read(body, engine, names)).transpose()?,
        })
    }

    /// Whether any part of it uses a name.
    pub(crate) fn uses(&self, name: &str) -> bool {
        let texts = self.query.iter().map(|(_, text)| text).chain(self.headers.iter().map(|(_, text)| text));
        let mut texts = texts.chain([&self.url]);
        texts.any(|text| text.uses(name)) || self.body.as_ref().is_some_and(|body| body.uses(name))
    }

    /// The host, for messages.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The JSON, or why there is none.
    pub(crate) async fn call(&self, client: &Client, request: reqwest::Request) -> Result<Value, Failure> {
        let mut response =
            client.execute(request).await.map_err(|error| Failure::Away(unreachable(&error)))?;
        let status = response.status();
        if !status.is_success() {
            return Err(Failure::Refused(status.as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| Failure::Away(unreachable(&error)))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(Failure::Unusable(Words::new("it is larger than 1 MiB", "超过 1 MiB")));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|error| {
            Failure::Unusable(Words::new(format!("it is not JSON: {error}"), format!("不是 JSON：{error}")))
        })
    }

    /// The request that the values at hand make.
    pub(crate) fn request(
        &self,
        client: &Client,
        engine: &Engine,
        scope: &Scope,
    ) -> Result<reqwest::Request, Failure> {
        let values = scope.to_template();
        let text = engine.render(&self.url, &values)?;
        if !self.url.is_fixed() && climbs(&text) {
            return Err(Failure::Value(Words::new(
                "a value would leave the path of the address",
                "值会跳出地址的路径",
            )));
        }
        let mut url = Url::parse(&text).ok().filter(|url| url.origin() == self.origin).ok_or_else(|| {
            Failure::Value(Words::new("a value makes the address unusable", "值使地址无效"))
        })?;
        for (name, value) in &self.query {
            let value = engine.render(value, &values)?;
            url.query_pairs_mut().append_pair(name, &value);
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let mut value = HeaderValue::try_from(engine.render(value, &values)?).map_err(|_| {
                Failure::Value(Words::new(
                    format!("a value cannot stand in the header {name}"),
                    format!("值不能写入请求头 {name}"),
                ))
            })?;
            value.set_sensitive(true);
            headers.insert(name.clone(), value);
        }
        let mut request = client.request(self.method.clone(), url).headers(headers);
        if let Some(body) = &self.body {
            request = request.json(&body.render(engine, &values)?);
        }
        request.build().map_err(|error| Failure::Away(unreachable(&error)))
    }
}

/// Why a web service gave nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It could not be reached or did not finish.
    Away(String),
    /// It answered with this status.
    Refused(u16),
    /// It answered with something we cannot use.
    Unusable(Words),
    /// The request could not be made from the values at hand.
    Value(Words),
}

impl From<NoText> for Failure {
    fn from(missing: NoText) -> Failure {
        Failure::Value(missing.0)
    }
}

/// The literal part of an address up to the first template, which must hold scheme and host.
pub(crate) fn literal_origin(address: &str) -> Result<Url, Words> {
    let literal = address.split("{{").next().unwrap_or_default();
    let literal = literal.split("{%").next().unwrap_or_default();
    let after_scheme = literal.strip_prefix("https://").or_else(|| literal.strip_prefix("http://"));
    let complete = after_scheme.is_some_and(|rest| rest.contains(['/', '?', '#']) || !is_template(address));
    let url = complete.then(|| Url::parse(literal).ok()).flatten().filter(Url::has_host);
    url.ok_or_else(|| {
        Words::new(
            "scheme and host of the address must be written out, before the first {{ }}: https://HOST/…",
            "地址的协议和主机必须写明，放在第一个 {{ }} 之前：https://主机/…",
        )
    })
}

/// Whether a path has a step upwards: encoding cannot hide one, so a value must not be one.
fn climbs(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|step| step == "." || step == "..")
}

/// The error without the address, which may hold a key.
fn unreachable(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() {
        "it did not answer in time".to_owned()
    } else if error.is_connect() {
        "no connection".to_owned()
    } else {
        "the exchange broke off".to_owned()
    };
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    if let Some(cause) = cause {
        let _ = write!(text, " ({cause})");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_scheme_must_be_written_out() {
        for good in [
            "https://a.example/{{ x }}",
            "http://127.0.0.1:9/x",
            "https://a.example?q={{ x }}",
            "http://a.example",
        ] {
            assert!(literal_origin(good).is_ok(), "{good}");
        }
        for bad in [
            "{{ x }}",
            "https://{{ x }}/a",
            "https://a.example{{ x }}/",
            "https://a{{ x }}.example/",
            "ftp://a/",
            "{% if x %}https://a/{% endif %}",
            "https:///{{ x }}",
        ] {
            assert!(literal_origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn steps_upwards_are_seen() {
        assert!(climbs("https://a/x/../y"));
        assert!(climbs("https://a/."));
        assert!(!climbs("https://a/x..y/1.2?z=/../"));
    }
}
