//! One request to a program: only to the address that is configured, with a bound on what comes back.

use std::time::{SystemTime, UNIX_EPOCH};

use hongyan_wire::{OsRandom, Random};
use reqwest::{Client, RequestBuilder, redirect};

use super::letter::Letter;
use super::platform::{self, Moment};
use super::webhook;
use crate::config::{ForwardConfig, ForwardStyle};
use crate::message::Message;

/// The most bytes of an answer.
const MAX_BODY: usize = 1 << 20;

/// Why a request brought no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Missed {
    /// It may go better next time: no connection, or an error of the program's own.
    Away(String),
    /// The program does not want it.
    Refused(String),
    /// The program took the message, but its answer cannot be used.
    Unusable(String),
}

/// A client that goes nowhere but where it is sent.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(redirect::Policy::none())
        .user_agent(concat!("hongyan/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Sends a message once; gives the answer's messages.
pub(crate) async fn post(
    client: &Client,
    to: &ForwardConfig,
    letter: &Letter,
) -> Result<Vec<Message>, Missed> {
    // Whoever checks a signature's age has the real time, whatever clock the rest of us has.
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    let request = client.post(to.url.clone());
    match &to.style {
        ForwardStyle::Json { key } => {
            let body = webhook::body(letter);
            let headers = webhook::headers(key, &letter.id, seconds, &body);
            let request =
                headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
            let answer = exchange(request.body(body)).await?;
            webhook::answer(&answer).map_err(Missed::Unusable)
        }
        ForwardStyle::Platform { token, sealing } => {
            let moment = Moment { seconds, nonce: OsRandom.digits(10), random: OsRandom.array16() };
            let sent = platform::request(letter, token, sealing, &moment);
            let request =
                request.query(&sent.query).header("content-type", sent.content_type).body(sent.body);
            let answer = exchange(request).await?;
            let message = platform::answer(letter, token, sealing, &answer).map_err(Missed::Unusable)?;
            Ok(message.into_iter().collect())
        }
    }
}

async fn exchange(request: RequestBuilder) -> Result<Vec<u8>, Missed> {
    let away = |error: &reqwest::Error| Missed::Away(plain(error));
    let mut response = request.send().await.map_err(|error| away(&error))?;
    let status = response.status();
    if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
        return Err(Missed::Away(format!("it answered with status {}", status.as_u16())));
    }
    if status.is_redirection() {
        return Err(Missed::Refused(format!(
            "it answered with status {}: redirects are not followed, write the final address",
            status.as_u16()
        )));
    }
    if !status.is_success() {
        return Err(Missed::Refused(format!("it answered with status {}", status.as_u16())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| away(&error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(Missed::Unusable("the answer is larger than 1 MiB".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The error without the address, which may hold a key.
pub(crate) fn plain(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the exchange broke off"
    };
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| what.to_owned(), |cause| format!("{what} ({cause})"))
}
