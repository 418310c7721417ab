//! Carries one message to one user, by the platform's call for its kind.

use std::sync::Arc;

use hongyan::{Call, Client, Error};
use hongyan_wire::{Clock, ErrCode, OpenId, Timestamp};
use serde_json::Value;

use crate::behind::Behind;
use crate::media::{Media, MediaError};
use crate::message::Message;
use crate::metrics::Endings;
use crate::notes::Notes;
use crate::outbox::lanes::LaneKey;
use crate::outbox::machine::Outcome;
use crate::outbox::outgoing::Outgoing;
use crate::window::{Settled, View};
use crate::windows::Windows;

/// The media id is not known to the platform, or no longer.
const MEDIA_GONE: ErrCode = ErrCode(40007);
/// The account does not have the right.
const NO_RIGHT: ErrCode = ErrCode(48001);

/// What it takes to send one account's messages.
pub struct Courier {
    pub(crate) client: Client,
    pub(crate) media: Arc<Media>,
    pub(crate) windows: Arc<Windows>,
    pub(crate) notes: Arc<Notes>,
    pub(crate) behind: Arc<Behind>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) endings: Arc<Endings>,
}

impl Courier {
    /// Everything that may take long and harms nobody: the token, and media that must be uploaded first. Gives the
    /// message as it will be sent; an error says what becomes of it, with nothing sent.
    pub async fn prepare(&self, openid: &OpenId, mut outgoing: Outgoing) -> Result<Outgoing, Outcome> {
        // Only customer service needs a window.
        if let Outgoing::Service(message) = &mut outgoing {
            let now = self.clock.now();
            if let View::Closed(closed) = self.windows.view_before_send(openid, now).await {
                return Err(Outcome::Refused { code: closed.code(), rid: None });
            }
            self.media.resolve(message).await.map_err(|error| match error {
                MediaError::File { .. } | MediaError::Address { .. } => Outcome::Invalid(error.to_string()),
                MediaError::Away { .. } | MediaError::Store(_) => Outcome::NotSent(error.to_string()),
                MediaError::Upload { source, .. } => unsent(source),
            })?;
        }
        // A task of its own: cut in the middle, a refresh would leave its lease behind and everybody would wait for it.
        let client = self.client.clone();
        match tokio::spawn(async move { client.token().await }).await {
            Ok(token) => token.map_err(unsent)?,
            Err(error) => return Err(Outcome::NotSent(error.to_string())),
        };
        Ok(outgoing)
    }

    /// A message of the outbox has come to its end.
    pub(crate) fn ended(
        &self,
        lane: &LaneKey,
        message: &Message,
        state: &'static str,
        id: &str,
        now: Timestamp,
    ) {
        self.behind.history.ended(&lane.account, &lane.openid, message, state, id, now);
    }

    /// Sends a prepared message once. `written` is the message before it was prepared.
    pub async fn send(&self, openid: &OpenId, id: &str, written: &Outgoing, ready: &Outgoing) -> Outcome {
        match ready {
            Outgoing::Service(_) => self.by_service(openid, id, written, ready).await,
            Outgoing::Template(_) => self.call(openid, id, ready, "message.template.send").await,
            Outgoing::Subscription(_) => self.call(openid, id, ready, "message.subscribe.bizsend").await,
        }
    }

    async fn by_service(&self, openid: &OpenId, id: &str, written: &Outgoing, ready: &Outgoing) -> Outcome {
        let now = self.clock.now();
        let reservation = match self.windows.with(openid, |ledger| ledger.reserve(openid, now)) {
            Ok(reservation) => reservation,
            Err(closed) => return Outcome::Refused { code: closed.code(), rid: None },
        };
        let outcome = self.call(openid, id, ready, "message.custom.send").await;
        let settled = match &outcome {
            Outcome::Sent { .. } | Outcome::Unsure(_) => Settled::Counted,
            Outcome::NotSent(_) | Outcome::Invalid(_) => Settled::NotCounted,
            Outcome::Refused { code, .. } => Settled::Refused(*code),
        };
        self.windows.with(openid, |ledger| ledger.settle(openid, reservation, settled));
        // The platform has forgotten an upload that we remember: the next attempt makes a new one.
        if let (Outcome::Refused { code: MEDIA_GONE, .. }, Outgoing::Service(message)) = (&outcome, written)
            && self.media.forget(message).await
        {
            return Outcome::NotSent("the platform has forgotten the media; uploading again".to_owned());
        }
        outcome
    }

    async fn call(&self, openid: &OpenId, id: &str, ready: &Outgoing, subject: &str) -> Outcome {
        let (path, body) = ready.call(openid, id);
        let outcome = match self.client.send::<Value>(Call::post(path).body(&body)).await {
            Ok(answer) => Outcome::Sent { msgid: msgid(&answer) },
            Err(error) => outcome(error),
        };
        if let Outcome::Refused { code: NO_RIGHT, rid } = &outcome {
            self.notes.note(subject, NO_RIGHT, rid.as_deref()).await;
        }
        outcome
    }
}

/// The platform's number of what it took, as its events will write it.
fn msgid(answer: &Value) -> Option<String> {
    match answer.get("msgid")? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// What a call that sends nothing to the user means for the message when it fails.
fn unsent(error: Error) -> Outcome {
    match outcome(error) {
        Outcome::Unsure(why) => Outcome::NotSent(why),
        other => other,
    }
}

/// What a failed call means for the message.
fn outcome(error: Error) -> Outcome {
    match error {
        // Without a token nothing was sent, whatever the reason: someone can put it right while the message waits.
        Error::Refused(refusal) if refusal.endpoint.starts_with("token.") => {
            Outcome::NotSent(refusal.to_string())
        }
        Error::Unsure { endpoint, source } if endpoint.starts_with("token.") => {
            Outcome::NotSent(format!("{endpoint}: {source}"))
        }
        Error::Refused(refusal) => Outcome::Refused { code: refusal.code, rid: refusal.rid },
        Error::NotSent { .. } | Error::Store(_) => Outcome::NotSent(error.to_string()),
        Error::Invalid { .. } => Outcome::Invalid(error.to_string()),
        other => Outcome::Unsure(other.to_string()),
    }
}
