//! One line of a conversation.

use std::sync::Arc;

use hongyan_wire::inbound::{Content, Event};
use hongyan_wire::{Inbound, OpenId, Timestamp};
use serde_json::{Value, json};

use crate::db::{Param, Row};
use crate::message::Message;
use crate::store::row::{integer, maybe_text, text};

/// How much of a line a list shows.
const SUMMARY: usize = 120;

/// Whose line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The person's.
    In,
    /// The account's.
    Out,
}

impl Direction {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) account: Arc<str>,
    pub(crate) openid: OpenId,
    pub(crate) at: Timestamp,
    pub(crate) direction: Direction,
    /// `push`, `passive` or `customer_service`.
    pub(crate) way: &'static str,
    /// `message.text`, `event.CLICK` and so on.
    pub(crate) kind: String,
    /// One line for a reader.
    pub(crate) text: String,
    /// The whole message in the platform's words.
    pub(crate) body: Value,
    /// `received`, `sent`, `failed`, `expired` or `unknown`.
    pub(crate) state: &'static str,
    /// Its id in the outbox.
    pub(crate) message_id: Option<String>,
}

impl Line {
    pub(crate) fn to_json(&self) -> Value {
        let mut line = json!({
            "id": self.id,
            "openid": self.openid,
            "at_ms": self.at.millis(),
            "direction": self.direction.as_str(),
            "way": self.way,
            "kind": self.kind,
            "text": self.text,
            "state": self.state,
            "message": self.body,
        });
        if let Some(id) = &self.message_id {
            line["message_id"] = id.as_str().into();
        }
        line
    }

    /// Its columns, in the order of the statement that writes it.
    pub(crate) fn params(&self) -> [Param; 11] {
        [
            self.id.as_str().into(),
            self.account.as_ref().into(),
            self.openid.as_str().into(),
            self.at.millis().into(),
            self.direction.as_str().into(),
            self.way.into(),
            self.kind.chars().take(64).collect::<String>().into(),
            self.text.as_str().into(),
            self.body.to_string().into(),
            self.state.into(),
            self.message_id.as_deref().into(),
        ]
    }
}

/// A line read back.
pub(crate) fn stored(row: &Row) -> Value {
    let mut line = json!({
        "id": text(row, "id"),
        "openid": text(row, "openid"),
        "at_ms": integer(row, "said_at"),
        "direction": text(row, "direction"),
        "way": text(row, "way"),
        "kind": text(row, "kind"),
        "text": text(row, "words"),
        "state": text(row, "state"),
        "message": serde_json::from_str::<Value>(text(row, "body")).unwrap_or_default(),
    });
    if let Some(id) = maybe_text(row, "message_id") {
        line["message_id"] = id.into();
    }
    line
}

/// What a push says in one line.
pub(crate) fn heard(push: &Inbound) -> String {
    match &push.content {
        Content::Text { content, .. } => content.clone(),
        Content::Voice { recognition: Some(words), .. } if !words.is_empty() => format!("[voice] {words}"),
        Content::Location { label, .. } => format!("[location] {label}"),
        Content::Link { title, .. } => format!("[link] {title}"),
        Content::Event(event) => match event {
            Event::Subscribe { scene: Some(scene), .. } => format!("[follow] {scene}"),
            Event::Scan { scene, .. } => format!("[scan] {scene}"),
            event => {
                let name = push.event().unwrap_or("event");
                match event.key() {
                    Some(key) if !key.is_empty() => format!("[{name}] {key}"),
                    _ => format!("[{name}]"),
                }
            }
        },
        _ => format!("[{}]", push.kind()),
    }
}

/// What a message of the account says in one line.
pub(crate) fn said(message: &Message) -> String {
    let kind = message.kind();
    let words = match kind {
        "text" => return message.field("content").unwrap_or_default().to_owned(),
        "news" => message.to_json()["news"]["articles"][0]["title"].as_str().map(str::to_owned),
        "msgmenu" => message.field("head_content").map(str::to_owned),
        _ => message.field("title").map(str::to_owned),
    };
    match words.filter(|words| !words.is_empty()) {
        Some(words) => format!("[{kind}] {words}"),
        None => format!("[{kind}]"),
    }
}

/// The beginning of a line, for a list.
pub(crate) fn summary(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { ' ' } else { c }).take(SUMMARY).collect()
}
