//! Answers the pushes of one account.
//!
//! A rule with one ready message answers at once, with no database in between. Everything else runs as a task: kept
//! replies first, then the rule's messages; the first goes passively, the rest is queued in the outbox before the
//! passive answer leaves, and released after it has been handed to the socket.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hongyan_server::{Answer, Handler, HandlerError, Handling, Push};
use hongyan_wire::inbound::Content;
use hongyan_wire::{Clock, Inbound, OpenId, Reply};

use crate::capability::{Right, passive_only};
use crate::config::AccountConfig;
use crate::courier::Courier;
use crate::kept::{Kept, Taken};
use crate::message::Message;
use crate::outbox::lanes::LaneKey;
use crate::outbox::{Batch, Hold, Outbox};
use crate::recent::Recent;
use crate::rules::{Plan, Rules};
use crate::tasks::Tasks;

/// One account of the gateway. Cheap to clone.
#[derive(Clone)]
pub struct Account {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) name: Arc<str>,
    pub(crate) config: AccountConfig,
    pub(crate) rules: Rules,
    pub(crate) courier: Arc<Courier>,
    pub(crate) outbox: Outbox,
    pub(crate) recent: Arc<Recent>,
    pub(crate) kept: Arc<Kept>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    /// Answers that have not left yet, by exchange.
    pub(crate) pending: Mutex<HashMap<String, Pending>>,
}

/// An answer on its way, and what follows it.
pub(crate) struct Pending {
    /// Whose it is.
    pub(crate) openid: OpenId,
    /// The message the answer was made from.
    pub(crate) head: Message,
    /// What comes after it.
    pub(crate) rest: Vec<Message>,
    /// The same in the outbox, when it goes by customer service.
    pub(crate) batch: Option<Batch>,
    /// Kept replies that this answer gives.
    pub(crate) taken: Option<Taken>,
}

impl Handler for Account {
    fn handle(&self, push: Push) -> Handling {
        let inner = &self.inner;
        let now = inner.clock.now();
        inner.courier.windows.pushed(&push.message, now);
        if is_action(&push.message) {
            inner.recent.acted(&inner.name, &push.message, now);
        }
        let kept = push.message.answerable() && inner.kept.has(&push.message.from);
        let plan = inner.rules.plan(&push.message, now);
        if !kept {
            match &plan {
                Plan::None => return Handling::Now(Answer::none()),
                Plan::Ready { messages, .. } => {
                    if let Some(reply) = at_once(&push.message, messages) {
                        return Handling::Now(reply.into());
                    }
                }
                Plan::Work { .. } => {}
            }
        }
        let this = self.clone();
        Handling::later(async move { this.answer(push, plan).await })
    }
}

impl Account {
    /// The account's name in the configuration.
    pub fn name(&self) -> &Arc<str> {
        &self.inner.name
    }

    /// How the file describes it.
    pub fn config(&self) -> &AccountConfig {
        &self.inner.config
    }

    async fn answer(&self, push: Push, plan: Plan) -> Result<Answer, HandlerError> {
        let inner = &self.inner;
        let taken = if push.message.answerable() { self.take_kept(&push).await } else { None };
        let mut messages = taken.as_ref().map(|taken| taken.messages.clone()).unwrap_or_default();
        match plan {
            Plan::None => {}
            Plan::Ready { messages: ready, .. } => messages.extend(ready),
            Plan::Work { rule, work } => match work.await {
                Ok(made) => messages.extend(made),
                Err(error) if messages.is_empty() => {
                    return Err(HandlerError::new(format!("rule {rule}: {error}")));
                }
                Err(error) => {
                    tracing::warn!(account = %inner.name, exchange = push.exchange, %rule, %error, "the rule gave no answer");
                }
            },
        }
        messages.retain(|message| message.kind() != "none" && !message.is_empty());
        let (reply, pending) = self.split(&push, messages).await;
        let Some(mut pending) = pending else {
            return Ok(reply.into());
        };
        pending.taken = taken;
        // Handing over to the agents is possible only as the passive reply.
        pending.rest.retain(Message::can_be_sent);
        if pending.taken.is_none() && !pending.rest.is_empty() && !inner.config.may(Right::CustomerService) {
            pending.taken = inner.kept.begin(&push.message.from);
        }
        let lane = self.lane(&push.message);
        if !pending.rest.is_empty() && inner.config.may(Right::CustomerService) {
            match inner.outbox.queue(lane, &pending.rest, Hold::UntilReleased).await {
                Ok(batch) => pending.batch = Some(batch),
                Err(error) => {
                    tracing::error!(
                        account = %inner.name,
                        exchange = push.exchange,
                        lost = pending.rest.len(),
                        %error,
                        "the messages after the passive reply could not be queued"
                    );
                    pending.rest.clear();
                }
            }
        }
        Ok(Answer::from(reply).on_delivered(self.promise(push.exchange, pending)))
    }

    /// The passive reply and what follows it. Without a passive reply everything follows.
    async fn split(&self, push: &Push, messages: Vec<Message>) -> (Reply, Option<Pending>) {
        let inner = &self.inner;
        let openid = &push.message.from;
        let pending =
            |head, rest| Some(Pending { openid: openid.clone(), head, rest, batch: None, taken: None });
        if !inner.config.may(Right::CustomerService) {
            if !is_answered(&push.message) {
                return (Reply::None, None);
            }
            let passive = passive_only(messages);
            let Some(head) = passive.now else { return (Reply::None, None) };
            return match self.reply(push, &head).await {
                Some(reply) => (reply, pending(head, passive.kept)),
                None => (Reply::None, pending(nothing(), passive.kept)),
            };
        }
        let mut messages = messages.into_iter();
        while is_answered(&push.message) {
            let Some(head) = messages.next() else { return (Reply::None, None) };
            if head.to_reply().is_err() {
                // It can only go by customer service, and what follows must stay behind it.
                let rest = std::iter::once(head).chain(messages).collect();
                return (Reply::None, pending(nothing(), rest));
            }
            if let Some(reply) = self.reply(push, &head).await {
                return (reply, pending(head, messages.collect()));
            }
        }
        let rest: Vec<Message> = messages.collect();
        let pending = if rest.is_empty() { None } else { pending(nothing(), rest) };
        (Reply::None, pending)
    }

    /// The message as a reply, its media uploaded; `None` when that cannot be done, which is logged.
    async fn reply(&self, push: &Push, message: &Message) -> Option<Reply> {
        let inner = &self.inner;
        let mut ready = message.clone();
        if let Err(error) = inner.courier.media.resolve(&mut ready).await {
            tracing::error!(account = %inner.name, exchange = push.exchange, %error, "a message is left out");
            return None;
        }
        let reply = ready.to_reply().ok()?;
        if let Err(error) = reply.check() {
            tracing::error!(account = %inner.name, exchange = push.exchange, %error, "a message is left out");
            return None;
        }
        Some(reply)
    }

    async fn take_kept(&self, push: &Push) -> Option<Taken> {
        match self.inner.kept.take(&push.message.from).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::error!(account = %self.inner.name, exchange = push.exchange, %error, "kept replies cannot be read");
                None
            }
        }
    }

    /// Remembers what follows the answer, and gives what to call once the answer has left.
    fn promise(&self, exchange: String, pending: Pending) -> impl FnOnce() + Send + 'static {
        self.pending().insert(exchange.clone(), pending);
        let promise = Promise { account: self.clone(), exchange };
        move || promise.keep()
    }

    /// What follows the answer of this exchange, for whoever asks first.
    pub(crate) fn follow(&self, exchange: &str) -> Option<Pending> {
        self.pending().remove(exchange)
    }

    pub(crate) fn lane(&self, push: &Inbound) -> LaneKey {
        LaneKey { account: self.inner.name.clone(), openid: push.from.clone() }
    }

    /// The answer has left: what was queued behind it may go, what was kept is settled.
    async fn delivered(&self, exchange: &str, pending: Pending) {
        let inner = &self.inner;
        let Pending { openid, rest, batch, taken, .. } = pending;
        let result = match (&batch, taken) {
            (Some(batch), taken) => {
                let gap: Duration = inner.config.gap;
                let released = inner.outbox.release(batch, inner.clock.now() + gap).await;
                match taken {
                    Some(taken) => released.and(taken.given(&[]).await),
                    None => released,
                }
            }
            (None, Some(taken)) => taken.given(&rest).await,
            (None, None) => inner.kept.keep(&openid, &rest).await,
        };
        if let Err(error) = result {
            tracing::error!(account = %inner.name, exchange, %error, "what follows an answer could not be written");
        }
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, HashMap<String, Pending>> {
        self.inner.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps what follows an answer until the answer has left, or will never.
struct Promise {
    account: Account,
    exchange: String,
}

impl Promise {
    fn keep(self) {
        if let Some(pending) = self.account.follow(&self.exchange) {
            let (account, exchange) = (self.account.clone(), self.exchange.clone());
            self.account.inner.tasks.spawn(async move { account.delivered(&exchange, pending).await });
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        // An answer that never left: the queued rest goes by itself in a moment, kept replies are there again.
        drop(self.account.follow(&self.exchange));
    }
}

/// What stands in for a passive reply where there is none.
fn nothing() -> Message {
    Message::from_full(serde_json::Map::from_iter([("msgtype".to_owned(), "none".into())]))
}

/// The reply of a rule that needs nothing: one message, no upload, within the limits.
fn at_once(push: &Inbound, messages: &[Message]) -> Option<Reply> {
    if messages.iter().all(|message| message.kind() == "none" || message.is_empty()) {
        return Some(Reply::None);
    }
    let [message] = messages else { return None };
    if message.needs_upload() || !is_answered(push) {
        return None;
    }
    message.to_reply().ok().filter(|reply| reply.check().is_ok())
}

/// Whether the platform shows a reply to this push.
fn is_answered(push: &Inbound) -> bool {
    push.answerable() && push.event().is_none_or(|event| !crate::capability::unanswerable(event))
}

/// Whether the user did something, as opposed to the platform having news.
fn is_action(push: &Inbound) -> bool {
    const BY_USERS: [&str; 7] = ["subscribe", "unsubscribe", "scan", "location", "click", "view", "pic_"];
    match &push.content {
        Content::Event(_) => push.event().is_some_and(|event| {
            let event = event.to_ascii_lowercase();
            BY_USERS.iter().any(|name| event.starts_with(name))
        }),
        _ => true,
    }
}
