//! What a model answers becomes the account's reply, in pieces as the user's window permits.
//!
//! What there is no room for, and where the account may not send by customer service an answer that is ready too late,
//! is kept. Whatever the person writes next fetches it; that message is then not a question of its own.

use std::sync::Arc;
use std::time::Duration;

use hongyan::Typing;
use hongyan_server::Push;
use hongyan_wire::OpenId;
use hongyan_wire::inbound::Content;
use tokio::time::{Instant, sleep};

use super::NoAnswer;
use super::pieces::pieces;
use super::typing::while_working;
use crate::account::Account;
use crate::capability::Right;
use crate::config::{AccountConfig, AssistantConfig};
use crate::message::Message;
use crate::window::View;

/// How many messages a person's own message allows, where nothing else is known.
const ROOM: usize = 5;
/// How long after its turn an answer may take to be kept.
const KEPT_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// What becomes of a question.
pub(crate) enum Assisted {
    /// These messages, or none.
    Answer(Vec<Message>),
    /// The answer to the question before it was kept meanwhile, and is what the person wants.
    Kept,
}

impl Account {
    /// Has a model answer a push; `otherwise` when it does not.
    pub(crate) async fn assisted(
        &self,
        push: &Push,
        rule: &Arc<str>,
        with: &AssistantConfig,
        otherwise: Vec<Message>,
        config: &AccountConfig,
        gives_kept: bool,
    ) -> Assisted {
        let inner = &self.inner;
        let openid = &push.message.from;
        let sends = config.may(Right::CustomerService);
        // Whatever was written fetches what was kept: an answer, or the rest of one.
        if gives_kept {
            return Assisted::Answer(Vec::new());
        }
        let Some(question) = question(push) else { return Assisted::Answer(otherwise) };
        let end = Instant::now() + with.timeout;
        let Some(turn) = inner.assistant.turns.take(openid, end).await else {
            tracing::warn!(account = %inner.name, exchange = push.exchange, %rule, "a person asks faster than the model answers");
            return Assisted::Answer(Vec::new());
        };
        if turn.waited && !sends && self.was_kept(openid).await {
            return Assisted::Kept;
        }
        // The time counts from its own turn on.
        let end = Instant::now() + with.timeout;
        let work = inner.assistant.ask(rule, openid, with, question, end);
        let shows = with.typing && sends;
        let answer = while_working(work, || {
            if shows {
                self.show_typing(openid);
            }
        })
        .await;
        match answer {
            Ok(text) => {
                let room = if sends { self.room(openid) } else { 1 };
                Assisted::Answer(pieces(&text, room, &with.more).into_iter().map(Message::text).collect())
            }
            Err(NoAnswer::Instead(text)) => Assisted::Answer(vec![Message::text(text)]),
            Err(NoAnswer::Failed(why)) => {
                let (account, exchange, model) = (&inner.name, &push.exchange, &with.model);
                tracing::warn!(%account, exchange, %rule, model, why, "the model gave no answer");
                Assisted::Answer(otherwise)
            }
        }
    }

    /// How many messages the person's window has room for, the passive reply left aside.
    pub(crate) fn room(&self, openid: &OpenId) -> usize {
        let courier = &self.inner.courier;
        let now = courier.clock.now();
        match courier.windows.with(openid, |ledger| ledger.view(openid, now)) {
            View::Open { left: None, .. } => usize::MAX,
            // What was left of an earlier message is not counted on: every batch of pieces is as long.
            View::Open { left: Some(left), .. } => (left as usize).clamp(1, ROOM),
            View::Closed(_) | View::Unknown => ROOM,
        }
    }

    /// Whether an answer that was ready too late is there. The run that made it has just ended, and writes it down.
    async fn was_kept(&self, openid: &OpenId) -> bool {
        let end = Instant::now() + KEPT_WITHIN;
        while !self.inner.kept.has(openid) {
            if Instant::now() >= end {
                return false;
            }
            sleep(LOOK).await;
        }
        true
    }

    fn show_typing(&self, openid: &OpenId) {
        let (client, openid) = (self.inner.courier.client.clone(), openid.clone());
        let account = Arc::clone(&self.inner.name);
        self.inner.tasks.spawn(async move {
            if let Err(error) = client.message().typing(&openid, Typing::On).await {
                tracing::debug!(%account, %error, "the sign of writing is not shown");
            }
        });
    }
}

/// What the person asks, in words.
fn question(push: &Push) -> Option<&str> {
    let text = match &push.message.content {
        Content::Text { content, .. } => content.as_str(),
        Content::Voice { recognition, .. } => recognition.as_deref().unwrap_or_default(),
        _ => return None,
    };
    Some(text.trim()).filter(|text| !text.is_empty())
}
