//! Asks a model over the OpenAI chat protocol, and a moderation endpoint over its protocol.

use std::time::Duration;

use hongyan_wire::Secret;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::memory::Turn;
use crate::config::{AssistantConfig, ModerationConfig};
use crate::forward::plain;

/// A service that asks for a longer pause than this is not waited for anyway.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// The most bytes of an answer.
const MAX_BODY: usize = 4 << 20;
/// How often it is asked at most.
const ATTEMPTS: u32 = 4;
/// The pause before the second attempt when the service names none; it doubles.
const PAUSE: Duration = Duration::from_secs(1);

/// What a model said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) text: String,
    /// What it counts for it; an estimate where the service does not say.
    pub(crate) tokens: u64,
}

/// The request's body.
pub(crate) fn request(config: &AssistantConfig, before: &[Turn], question: &str) -> Value {
    let mut messages: Vec<Value> = Vec::new();
    messages.extend(config.system.as_ref().map(|system| json!({"role": "system", "content": system})));
    for turn in before {
        messages.push(json!({"role": "user", "content": turn.question}));
        messages.push(json!({"role": "assistant", "content": turn.answer}));
    }
    messages.push(json!({"role": "user", "content": question}));
    let mut body = json!({"model": config.model, "messages": messages, "stream": false});
    if let Some(most) = config.max_tokens {
        body["max_tokens"] = json!(most);
    }
    body
}

/// Asks the model until it answers or the time is up.
pub(crate) async fn ask(
    client: &Client,
    config: &AssistantConfig,
    before: &[Turn],
    question: &str,
    end: Instant,
) -> Result<Said, String> {
    let body = request(config, before, question);
    let answer = call(client, &config.url, config.key.as_ref(), &body, end).await?;
    said(&answer)
}

/// Whether a text is permitted.
pub(crate) async fn permitted(
    client: &Client,
    config: &ModerationConfig,
    text: &str,
    end: Instant,
) -> Result<bool, String> {
    let mut body = json!({"input": text});
    if let Some(model) = &config.model {
        body["model"] = json!(model);
    }
    let answer = call(client, &config.url, config.key.as_ref(), &body, end).await?;
    let results = answer["results"].as_array().filter(|results| !results.is_empty());
    let results = results.ok_or("moderation: the answer has no `results`")?;
    let flags: Option<Vec<bool>> = results.iter().map(|result| result["flagged"].as_bool()).collect();
    let flags = flags.ok_or("moderation: a result has no `flagged`")?;
    Ok(!flags.contains(&true))
}

fn said(answer: &Value) -> Result<Said, String> {
    let content = &answer["choices"][0]["message"]["content"];
    let text = match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => return Err("the answer has no choices[0].message.content".to_owned()),
    };
    let text = without_thoughts(&text).trim().to_owned();
    if text.is_empty() {
        return Err("the answer is empty".to_owned());
    }
    let counted = answer["usage"]["total_tokens"].as_u64();
    let tokens = counted.unwrap_or_else(|| text.chars().count() as u64);
    Ok(Said { text, tokens })
}

/// Some models write what they think before what they say.
fn without_thoughts(text: &str) -> &str {
    let trimmed = text.trim_start();
    match trimmed.strip_prefix("<think>").and_then(|rest| rest.split_once("</think>")) {
        Some((_, said)) => said,
        None => trimmed,
    }
}

async fn call(
    client: &Client,
    url: &Url,
    key: Option<&Secret>,
    body: &Value,
    end: Instant,
) -> Result<Value, String> {
    let mut pause = PAUSE;
    let mut why = "the time was up".to_owned();
    for attempt in 1..=ATTEMPTS {
        let asked = tokio::time::timeout_at(end, once(client, url, key, body)).await;
        let wait = match asked {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(Refused::ForGood(why))) => return Err(why),
            Ok(Err(Refused::ForNow(reason, wait))) => {
                why = reason;
                wait.unwrap_or(pause)
            }
            Err(_) if attempt == 1 => return Err("no answer in time".to_owned()),
            Err(_) => break,
        };
        if attempt == ATTEMPTS || Instant::now() + wait >= end {
            break;
        }
        tokio::time::sleep(wait).await;
        pause *= 2;
    }
    Err(why)
}

enum Refused {
    /// It may go better later; the service may say when.
    ForNow(String, Option<Duration>),
    ForGood(String),
}

async fn once(client: &Client, url: &Url, key: Option<&Secret>, body: &Value) -> Result<Value, Refused> {
    let mut request = client.post(url.clone()).json(body);
    if let Some(key) = key {
        request = request.bearer_auth(key.expose());
    }
    let lost = |error: &reqwest::Error| Refused::ForNow(plain(error), None);
    let mut response = request.send().await.map_err(|error| lost(&error))?;
    let status = response.status();
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let after: Option<u64> = after.and_then(|text| text.trim().parse().ok());
        let after = after.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT));
        return Err(Refused::ForNow(format!("status {}", status.as_u16()), after));
    }
    if !status.is_success() {
        // The body is not shown: services repeat parts of the key in it.
        return Err(Refused::ForGood(format!("status {}", status.as_u16())));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        if bytes.len() + chunk.len() > MAX_BODY {
            return Err(Refused::ForGood("the answer is larger than 4 MiB".to_owned()));
        }
        bytes.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Refused::ForGood(format!("the answer is not JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_with_its_tokens_and_without_thoughts() {
        let answer = json!({"choices": [{"message": {"content": "<think>hm</think>\n你好 "}}], "usage": {"total_tokens": 9}});
        assert_eq!(said(&answer), Ok(Said { text: "你好".to_owned(), tokens: 9 }));
        let parts = json!({"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}]});
        assert_eq!(said(&parts), Ok(Said { text: "ab".to_owned(), tokens: 2 }));
        for bad in [json!({}), json!({"choices": []}), json!({"choices": [{"message": {"content": " "}}]})] {
            assert!(said(&bad).is_err(), "{bad}");
        }
    }
}
