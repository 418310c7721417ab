//! Carries one message to one user by the platform's customer-service call.

use std::sync::Arc;

use hongyan::{Call, Client, Error};
use hongyan_wire::{Clock, ErrCode, OpenId};
use serde_json::Value;

use crate::media::{Media, MediaError};
use crate::message::Message;
use crate::notes::Notes;
use crate::outbox::machine::Outcome;
use crate::window::{Settled, View};
use crate::windows::Windows;

/// The call that sends a customer-service message.
const SEND: &str = "/cgi-bin/message/custom/send";
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
    pub(crate) clock: Arc<dyn Clock>,
}

impl Courier {
    /// Everything that may take long and harms nobody: the token, and media that must be uploaded first. Gives the
    /// message as it will be sent; an error says what becomes of it, with nothing sent.
    pub async fn prepare(&self, openid: &OpenId, mut message: Message) -> Result<Message, Outcome> {
        let now = self.clock.now();
        if let View::Closed(closed) = self.windows.with(openid, |ledger| ledger.view(openid, now)) {
            return Err(Outcome::Refused { code: closed.code(), rid: None });
        }
        self.media.resolve(&mut message).await.map_err(|error| match error {
            MediaError::File { .. } | MediaError::Address { .. } => Outcome::Invalid(error.to_string()),
            MediaError::Away { .. } | MediaError::Store(_) => Outcome::NotSent(error.to_string()),
            MediaError::Upload { source, .. } => unsent(source),
        })?;
        // A task of its own: cut in the middle, a refresh would leave its lease behind and everybody would wait for it.
        let client = self.client.clone();
        match tokio::spawn(async move { client.token().await }).await {
            Ok(token) => token.map_err(unsent)?,
            Err(error) => return Err(Outcome::NotSent(error.to_string())),
        };
        Ok(message)
    }

    /// Sends a prepared message once. `written` is the message before it was prepared.
    pub async fn send(&self, openid: &OpenId, written: &Message, ready: Message) -> Outcome {
        let now = self.clock.now();
        let reservation = match self.windows.with(openid, |ledger| ledger.reserve(openid, now)) {
            Ok(reservation) => reservation,
            Err(closed) => return Outcome::Refused { code: closed.code(), rid: None },
        };
        let call = Call::post(SEND).body(&ready.to_send(openid));
        let outcome = match self.client.send::<Value>(call).await {
            Ok(_) => Outcome::Sent,
            Err(error) => outcome(error),
        };
        let settled = match &outcome {
            Outcome::Sent | Outcome::Unsure(_) => Settled::Counted,
            Outcome::NotSent(_) | Outcome::Invalid(_) => Settled::NotCounted,
            Outcome::Refused { code, .. } => Settled::Refused(*code),
        };
        self.windows.with(openid, |ledger| ledger.settle(openid, reservation, settled));
        match &outcome {
            Outcome::Refused { code: NO_RIGHT, rid } => {
                self.notes.note("message.custom.send", NO_RIGHT, rid.as_deref()).await;
            }
            // The platform has forgotten an upload that we remember: the next attempt makes a new one.
            Outcome::Refused { code: MEDIA_GONE, .. } if self.media.forget(written).await => {
                return Outcome::NotSent("the platform has forgotten the media; uploading again".to_owned());
            }
            _ => {}
        }
        outcome
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
