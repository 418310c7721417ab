//! Whether a template message arrived, which the platform tells in an event of its own.
//!
//! The event may come before the answer to the call has been written down, so it is kept by the platform's number of the
//! message and joined when somebody asks.

use std::time::Duration;

use hongyan_wire::inbound::{Content, Event, TemplateOutcome};
use hongyan_wire::{Inbound, Timestamp};

use super::Outbox;
use crate::store::{Store, StoreError};

/// How long it is kept.
const MEMORY: Duration = Duration::from_hours(30 * 24);
/// The most characters of the platform's own words.
const WORDS: usize = 60;

/// What became of a message after the platform took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It arrived.
    Delivered,
    /// The user blocks the account's messages.
    Blocked,
    /// The platform failed, or says something else.
    Failed(String),
}

impl Delivery {
    /// The word in the API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Blocked => "blocked",
            Self::Failed(_) => "failed",
        }
    }

    /// The platform's words for a failure.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Failed(reason) => Some(reason),
            Self::Delivered | Self::Blocked => None,
        }
    }

    /// Reads what is in the database.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "delivered" => Self::Delivered,
            "blocked" => Self::Blocked,
            other => Self::Failed(other.to_owned()),
        }
    }

    fn stored(&self) -> String {
        match self {
            Self::Failed(reason) => reason.chars().take(WORDS).collect(),
            other => other.as_str().to_owned(),
        }
    }
}

impl From<&TemplateOutcome> for Delivery {
    fn from(outcome: &TemplateOutcome) -> Self {
        match outcome {
            TemplateOutcome::Delivered => Self::Delivered,
            TemplateOutcome::Blocked => Self::Blocked,
            TemplateOutcome::SystemFailed => Self::Failed("system failed".to_owned()),
            TemplateOutcome::Other(words) => Self::Failed(words.clone()),
        }
    }
}

/// The number and the outcome that a push tells, if it tells one.
pub(crate) fn told(push: &Inbound) -> Option<(String, Delivery)> {
    match &push.content {
        Content::Event(Event::TemplateSendJobFinish { msg_id, outcome }) => {
            Some((msg_id.to_string(), outcome.into()))
        }
        _ => None,
    }
}

impl Outbox {
    /// Writes down what became of a message that the platform took.
    pub async fn delivered(&self, account: &str, msgid: &str, delivery: &Delivery) -> Result<(), StoreError> {
        let sql = format!(
            "{} INTO deliveries (account, msgid, delivery, told_at) VALUES (?, ?, ?, ?)",
            self.store.insert_if_missing()
        );
        let params =
            vec![account.into(), msgid.into(), delivery.stored().into(), self.clock.now().millis().into()];
        self.store.write_one(&sql, params).await?;
        Ok(())
    }
}

pub(super) async fn tidy(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    let before = now - MEMORY;
    store.write_one("DELETE FROM deliveries WHERE told_at < ?", vec![before.millis().into()]).await?;
    Ok(())
}
