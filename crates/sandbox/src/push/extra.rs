//! An extra delivery of a push that a fault asked for: recorded, and never shown.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::dial::Dialer;
use super::note::{TIMEOUT, described, note_marks};
use super::post::Request;
use super::socket;
use crate::exchange::Try;

/// One, ready to go.
pub(crate) struct Extra {
    pub(crate) dialer: Dialer,
    pub(crate) request: Result<Request, String>,
    pub(crate) limit: Duration,
    /// How long after now it begins.
    pub(crate) after: Duration,
    /// When the push began, by the wall clock and by the sandbox's.
    pub(crate) began: Instant,
    pub(crate) began_ms: i64,
    pub(crate) fault: Value,
    /// Bytes of the answer that are kept.
    pub(crate) kept: usize,
}

impl Extra {
    pub(crate) async fn deliver(self) -> Try {
        tokio::time::sleep(self.after).await;
        let since = self.began.elapsed().as_millis() as u64;
        let mut one = Try { duplicate: true, fault: Some(self.fault), ..Try::default() };
        let answer = match self.request {
            Ok(request) => {
                one.url = Some(request.url.to_string());
                let line = socket::send(&self.dialer, request);
                let answer = tokio::time::timeout(self.limit, line.answer).await;
                note_marks(&mut one, &line.marks);
                answer.unwrap_or_else(|_| Err(TIMEOUT.to_owned()))
            }
            Err(why) => Err(why),
        };
        one.at_ms = self.began_ms + since as i64;
        one.took_ms = self.began.elapsed().as_millis() as u64 - since;
        match answer {
            Ok(answer) => {
                one.status = Some(answer.status);
                one.reply = Some(described(&answer, self.kept));
            }
            Err(why) => one.error = Some(why),
        }
        one
    }
}
