//! Asks a token service that exists already, in the platform's place.

use std::sync::Arc;
use std::time::Duration;

use hongyan::{Error, Secret, TokenSource};
use serde_json::Value;

use crate::config::TokenFrom;

/// How long the service may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than any answer with a token holds.
const LARGEST: usize = 64 * 1024;
/// How long a token is kept when the service does not say: it is asked again about once a minute, since the last four
/// minutes of a token are for getting the next.
const UNSAID: Duration = Duration::from_mins(5);

/// The SDK's way to the service. What is fetched is kept in the store and shared, like a token of the platform.
pub(crate) fn source(from: &TokenFrom) -> TokenSource {
    let http = reqwest::Client::builder()
        // A redirect would carry our headers elsewhere.
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .user_agent(concat!("hongyan/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string());
    let service = Arc::new((from.clone(), http));
    Arc::new(move || {
        let service = Arc::clone(&service);
        Box::pin(async move {
            let (from, http) = &*service;
            let http = http.as_ref().map_err(|error| Error::no_token(error.as_str(), error.as_str()))?;
            fetch(from, http).await
        })
    })
}

async fn fetch(from: &TokenFrom, http: &reqwest::Client) -> Result<(Secret, Duration), Error> {
    let place = place(from);
    let mut request = http.get(from.http.expose()).header("accept", "application/json");
    for (name, value) in &from.headers {
        request = request.header(name, value.expose());
    }
    let away = |error: &reqwest::Error| {
        let cause = cause(error);
        Error::no_token(
            format!("the token service {place} does not answer: {cause}"),
            format!("令牌服务 {place} 没有应答：{cause}"),
        )
    };
    let mut response = request.send().await.map_err(|error| away(&error))?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| away(&error))? {
        if body.len() + piece.len() > LARGEST {
            return Err(Error::no_token(
                format!("the token service {place} answers with more than 64 KiB"),
                format!("令牌服务 {place} 的应答超过 64 KiB"),
            ));
        }
        body.extend_from_slice(&piece);
    }
    let read = read(from, status, &body).map_err(|(en, zh)| {
        Error::no_token(format!("the token service {place} {en}"), format!("令牌服务 {place} {zh}"))
    });
    if let Ok((_, expires_in)) = &read {
        tracing::debug!(
            place,
            expires_in_s = expires_in.as_secs(),
            "access token taken from the token service"
        );
    }
    read
}

/// The address without its query and password.
fn place(from: &TokenFrom) -> String {
    url::Url::parse(from.http.expose())
        .map(|url| format!("{}{}", url.origin().ascii_serialization(), url.path()))
        .unwrap_or_default()
}

fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("nothing within {PATIENCE:?}");
    }
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    let mut said = "the connection broke".to_owned();
    while let Some(error) = cause {
        said = error.to_string();
        cause = error.source();
    }
    said
}

/// The token in an answer, or what is wrong with it in English and Chinese. Never repeats the answer: it may hold one.
fn read(from: &TokenFrom, status: u16, body: &[u8]) -> Result<(Secret, Duration), (String, String)> {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    let errcode = value.as_ref().and_then(|value| value.get("errcode")).and_then(Value::as_i64);
    let told = errcode.filter(|code| *code != 0).map(|code| format!(" (errcode {code})")).unwrap_or_default();
    if !(200..300).contains(&status) {
        return Err((format!("answers with status {status}{told}"), format!("的应答状态是 {status}{told}")));
    }
    let Some(value) = value else {
        return Err(("does not answer with JSON".to_owned(), "的应答不是 JSON".to_owned()));
    };
    let pointer = &from.pointer;
    let token =
        value.pointer(pointer).and_then(Value::as_str).map(str::trim).filter(|token| !token.is_empty());
    let Some(token) = token else {
        return Err((
            format!("has no text at \"{pointer}\" in its answer{told}"),
            format!("的应答在 \"{pointer}\" 处没有文本{told}"),
        ));
    };
    let left = match &from.expires_in {
        None => UNSAID,
        Some(pointer) => {
            let seconds = match value.pointer(pointer) {
                Some(Value::Number(number)) => number.as_f64(),
                Some(Value::String(text)) => text.trim().parse::<f64>().ok(),
                _ => None,
            };
            let seconds = seconds.filter(|seconds| (0.0..=1e9).contains(seconds));
            Duration::from_secs_f64(seconds.ok_or_else(|| {
                (
                    format!("has no number of seconds at \"{pointer}\" in its answer"),
                    format!("的应答在 \"{pointer}\" 处没有秒数"),
                )
            })?)
        }
    };
    Ok((Secret::new(token), left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pointer: &str, expires_in: Option<&str>) -> TokenFrom {
        TokenFrom {
            http: Secret::new("https://u:hunter2@tokens.example/wx?key=hunter2"),
            pointer: pointer.to_owned(),
            expires_in: expires_in.map(str::to_owned),
            headers: Vec::new(),
        }
    }

    #[test]
    fn the_token_and_its_time_are_found_where_the_pointers_say() {
        let body = br#"{"data":{"token":" abc ","left":"7100"}}"#;
        let (token, left) = read(&from("/data/token", Some("/data/left")), 200, body).unwrap();
        assert_eq!((token.expose(), left), ("abc", Duration::from_secs(7100)));
        let (token, left) = read(&from("", None), 200, b"\"abc\"").unwrap();
        assert_eq!((token.expose(), left), ("abc", UNSAID));
    }

    #[test]
    fn errors_say_what_and_never_repeat_the_answer_or_the_address() {
        assert_eq!(place(&from("", None)), "https://tokens.example/wx");
        let cases: [(u16, &[u8], &str); 5] = [
            (403, b"no", "status 403"),
            (200, b"<html>hunter2", "not answer with JSON"),
            (200, br#"{"token":"hunter2"}"#, "no text at \"/access_token\""),
            (200, br#"{"errcode":40164,"errmsg":"hunter2"}"#, "errcode 40164"),
            (
                200,
                br#"{"access_token":"hunter2","expires_in":"soon"}"#,
                "no number of seconds at \"/expires_in\"",
            ),
        ];
        for (status, body, word) in cases {
            let (en, zh) = read(&from("/access_token", Some("/expires_in")), status, body).unwrap_err();
            assert!(en.contains(word) && !en.contains("hunter2") && !zh.contains("hunter2"), "{en} {zh}");
        }
    }
}
