//! What a program answers becomes the account's reply, at once or when a kept message is sent again.

use std::sync::Arc;

use hongyan_server::Push;
use hongyan_wire::OpenId;

use super::{Failed, Letter, Missed};
use crate::account::Account;
use crate::capability::{Right, fit};
use crate::config::{AccountConfig, ForwardConfig, HandOver};
use crate::message::Message;
use crate::outbox::Hold;
use crate::outbox::lanes::LaneKey;
use crate::store::StoreError;

/// A kept message that has arrived.
pub(crate) struct Replayed {
    /// How many messages the program answered with; they are on their way to the user.
    pub(crate) messages: usize,
}

/// Why a kept message was not sent again, or in vain.
pub(crate) enum ReplayFailed {
    /// There is none with this id, or no longer.
    NotThere,
    /// The rule that handed it over is gone, or forwards no more.
    NoRule(String),
    /// It is being sent at this moment, or has arrived.
    Taken,
    /// It did not arrive this time either.
    Program(String),
    /// The database failed.
    Store(StoreError),
}

impl From<StoreError> for ReplayFailed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Account {
    /// Hands a push to a program; its messages, or `otherwise` when it gives none that can be used.
    pub(crate) async fn forwarded(
        &self,
        push: &Push,
        rule: &Arc<str>,
        to: &Arc<ForwardConfig>,
        otherwise: Vec<Message>,
        config: &AccountConfig,
    ) -> Vec<Message> {
        let inner = &self.inner;
        let letter = Letter::new(push, &config.app_id);
        let failed = match inner.forwarder.send(to, &letter).await {
            Ok(messages) => return fit(config, messages),
            Err(failed) => failed,
        };
        tracing::warn!(
            account = %inner.name,
            exchange = push.exchange,
            %rule,
            to = to.shown(),
            attempts = failed.attempts,
            why = failed.why.why(),
            "a program gave no answer"
        );
        // The program has a message whose answer made no sense: sending it again would do everything twice.
        if !matches!(failed.why, Missed::Unusable(_)) {
            self.bury(letter, rule, to, failed);
        }
        otherwise
    }

    /// Keeps a message for later, off the reply's path.
    fn bury(&self, letter: Letter, rule: &Arc<str>, to: &Arc<ForwardConfig>, failed: Failed) {
        let forwarder = Arc::clone(&self.inner.forwarder);
        let (rule, to) = (Arc::clone(rule), Arc::clone(to));
        self.inner.tasks.spawn(async move { forwarder.bury(&letter, &rule, &to, &failed).await });
    }

    /// Sends a kept message again, under the same id; what the program answers goes to the user.
    pub(crate) async fn replay(&self, id: &str) -> Result<Replayed, ReplayFailed> {
        let inner = &self.inner;
        let config = self.config();
        let found = inner.forwarder.dead.find(&inner.name, &config.app_id, id).await?;
        let Some((entry, letter)) = found else { return Err(ReplayFailed::NotThere) };
        let no_rule = |why: &str| Err(ReplayFailed::NoRule(format!("the rule {}: {why}", entry.rule)));
        let Some(rule) = config.rules.iter().find(|rule| *rule.name == *entry.rule) else {
            return no_rule("it is no longer in the configuration");
        };
        let Some(HandOver::Forward(to)) = &rule.hand_over else { return no_rule("it forwards no more") };
        let Some(letter) = letter else { return no_rule("the message it kept cannot be read") };
        if !inner.forwarder.dead.claim(&inner.name, id).await? {
            return Err(ReplayFailed::Taken);
        }
        match inner.forwarder.send(to, &letter).await {
            Ok(messages) => {
                let messages = fit(&config, messages);
                let count = messages.len();
                if let Err(error) = self.send_later(&letter.message.from, messages, &config).await {
                    inner
                        .forwarder
                        .dead
                        .tried(&inner.name, id, 1, Some("its answer could not be queued"))
                        .await?;
                    return Err(error.into());
                }
                inner.forwarder.dead.tried(&inner.name, id, 1, None).await?;
                Ok(Replayed { messages: count })
            }
            Err(Failed { attempts, why }) => {
                // An answer without sense is an answer: the message has arrived.
                let still_dead = (!matches!(why, Missed::Unusable(_))).then(|| why.why());
                inner.forwarder.dead.tried(&inner.name, id, attempts, still_dead).await?;
                Err(ReplayFailed::Program(why.why().to_owned()))
            }
        }
    }

    /// Sends messages outside of a reply: by customer service, or with the user's next message.
    async fn send_later(
        &self,
        openid: &OpenId,
        messages: Vec<Message>,
        config: &AccountConfig,
    ) -> Result<(), StoreError> {
        let inner = &self.inner;
        let messages: Vec<Message> = messages.into_iter().filter(Message::can_be_sent).collect();
        if messages.is_empty() {
            return Ok(());
        }
        if !config.may(Right::CustomerService) {
            return inner.kept.keep(openid, &messages).await;
        }
        let lane = LaneKey { account: inner.name.clone(), openid: openid.clone() };
        let messages: Vec<Message> = messages.into_iter().map(Message::by_service).collect();
        inner.outbox.queue(lane, &messages, Hold::No).await.map(drop)
    }
}
