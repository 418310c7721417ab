//! Answers the pushes of one account.
//!
//! A rule with one ready message answers at once, with no database in between. Everything else runs as a task: kept
//! replies first, then the rule's messages; the first goes passively, the rest is queued in the outbox before the
//! passive answer leaves, and released after it has been handed to the socket.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hongyan_server::{Answer, Handler, HandlerError, Handling, Push};
use hongyan_wire::inbound::Content;
use hongyan_wire::{Clock, Inbound, OpenId, Reply, Timestamp};

use crate::assistant::{Assistant, Assisted};
use crate::behind::Behind;
use crate::capability::{Right, passive_only};
use crate::config::{AccountConfig, HandOver};
use crate::courier::Courier;
use crate::forward::{Forwarder, Letter};
use crate::kept::{Kept, Taken};
use crate::message::Message;
use crate::outbox::lanes::LaneKey;
use crate::outbox::{Batch, Delivery, Hold, Outbox};
use crate::rules::{Plan, Planned, Rules};
use crate::swap::Swap;
use crate::tasks::Tasks;
use crate::windows::Windows;

/// One account of the gateway. Cheap to clone.
#[derive(Clone)]
pub struct Account {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) name: Arc<str>,
    /// What a reload puts another in the place of.
    pub(crate) live: Swap<Live>,
    pub(crate) courier: Arc<Courier>,
    pub(crate) outbox: Outbox,
    pub(crate) behind: Arc<Behind>,
    pub(crate) kept: Arc<Kept>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    pub(crate) forwarder: Arc<Forwarder>,
    pub(crate) assistant: Arc<Assistant>,
    /// Answers that have not left yet, by exchange.
    pub(crate) pending: Mutex<HashMap<String, Pending>>,
}

/// What the file says of the account at this moment.
pub(crate) struct Live {
    pub(crate) config: Arc<AccountConfig>,
    pub(crate) rules: Rules,
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
    /// What the user's window has no room for: it waits for the next message.
    pub(crate) surplus: Vec<Message>,
}

impl Handler for Account {
    fn handle(&self, push: Push) -> Handling {
        let inner = &self.inner;
        let now = inner.clock.now();
        inner.courier.windows.pushed(&push.message, now);
        if is_action(&push.message) {
            inner.behind.recent.acted(&inner.name, &push.message, now);
            inner.outbox.acted(self.lane(&push.message));
        }
        if let Some((msgid, delivery)) = crate::outbox::delivery::told(&push.message) {
            self.told(msgid, delivery);
        }
        inner.behind.scans.pushed(&inner.name, &push.message, now);
        inner.behind.history.heard(&inner.name, &push.message, now);
        let kept = push.message.answerable() && inner.kept.has(&push.message.from);
        let live = self.live();
        let Planned { plan, copies } = live.rules.planned(&push.message, &push.exchange);
        for copy in &copies {
            inner.forwarder.copy(copy, Letter::new(&push, &live.config.app_id));
        }
        if !kept {
            match &plan {
                Plan::None => return Handling::Now(Answer::none()),
                Plan::Ready { messages, .. } => {
                    if let Some(reply) = at_once(&push.message, messages) {
                        return Handling::Now(self.remembered(&push, reply, messages));
                    }
                }
                Plan::Work { .. } | Plan::HandOver { .. } => {}
            }
        }
        let this = self.clone();
        Handling::later(async move { this.answer(push, plan, &live.config).await })
    }
}

impl Account {
    /// The account's name in the configuration.
    pub fn name(&self) -> &Arc<str> {
        &self.inner.name
    }

    /// The platform, for this account.
    pub(crate) fn client(&self) -> &hongyan::Client {
        &self.inner.courier.client
    }

    /// What is known of its users' reply windows.
    pub(crate) fn windows(&self) -> &Windows {
        &self.inner.courier.windows
    }

    /// The time by its clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// How the file describes it, as it was last read.
    pub fn config(&self) -> Arc<AccountConfig> {
        Arc::clone(&self.live().config)
    }

    pub(crate) fn live(&self) -> Arc<Live> {
        self.inner.live.get()
    }

    /// Puts what was read anew in the place of what was read before. Runs that have begun end as they began.
    pub(crate) fn replace(&self, live: Live) {
        self.inner.live.set(live);
    }

    /// The answer, kept in the conversation once it has left.
    fn remembered(&self, push: &Push, reply: Reply, messages: &[Message]) -> Answer {
        let said = messages.iter().find(|message| message.kind() != "none" && !message.is_empty());
        let (Some(said), true) = (said.cloned(), self.inner.behind.history.is_on()) else {
            return reply.into();
        };
        let (inner, openid) = (Arc::clone(&self.inner), push.message.from.clone());
        Answer::from(reply).on_delivered(move || {
            inner.behind.history.replied(&inner.name, &openid, &said, inner.clock.now());
        })
    }

    async fn answer(&self, push: Push, plan: Plan, config: &AccountConfig) -> Result<Answer, HandlerError> {
        let inner = &self.inner;
        let mut taken = if push.message.answerable() { self.take_kept(&push).await } else { None };
        // Pieces of one long text are sent as the window permits; a rule's own list is the operator's business.
        let mut pieces = taken.is_some();
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
            Plan::HandOver { rule, to: HandOver::Forward(to), otherwise } => {
                messages.extend(self.forwarded(&push, &rule, &to, otherwise, config).await);
            }
            Plan::HandOver { rule, to: HandOver::Assistant(with), otherwise } => {
                pieces = true;
                match self.assisted(&push, &rule, &with, otherwise, config, taken.is_some()).await {
                    Assisted::Answer(made) => messages.extend(made),
                    Assisted::Kept => {
                        // The answer to the question before this one was kept while this one waited for it.
                        taken = self.take_kept(&push).await;
                        messages.extend(taken.iter().flat_map(|taken| taken.messages.clone()));
                    }
                }
            }
        }
        messages.retain(|message| message.kind() != "none" && !message.is_empty());
        let mut surplus = Vec::new();
        if pieces && config.may(Right::CustomerService) {
            let room = self.room(&push.message.from);
            surplus = messages.split_off(room.min(messages.len()));
        }
        let (reply, pending) = self.split(&push, messages, config).await;
        let Some(mut pending) = pending else {
            return Ok(reply.into());
        };
        pending.taken = taken;
        pending.surplus = surplus;
        // Handing over to the agents is possible only as the passive reply.
        pending.rest.retain(Message::can_be_sent);
        if pending.taken.is_none() && !pending.rest.is_empty() && !config.may(Right::CustomerService) {
            pending.taken = inner.kept.begin(&push.message.from);
        }
        let lane = self.lane(&push.message);
        if !pending.rest.is_empty() && config.may(Right::CustomerService) {
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
    async fn split(
        &self,
        push: &Push,
        messages: Vec<Message>,
        config: &AccountConfig,
    ) -> (Reply, Option<Pending>) {
        let openid = push.message.from.clone();
        let pending =
            |head, rest| Some(Pending { openid, head, rest, batch: None, taken: None, surplus: Vec::new() });
        if !config.may(Right::CustomerService) {
            if !push.message.answerable() {
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
        while push.message.answerable() {
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

    /// Writes down what became of a template message.
    fn told(&self, msgid: String, delivery: Delivery) {
        let (outbox, name) = (self.inner.outbox.clone(), self.inner.name.clone());
        self.inner.tasks.spawn(async move {
            if let Err(error) = outbox.delivered(&name, &msgid, &delivery).await {
                tracing::error!(account = %name, msgid, %error, "what became of a template message is lost");
            }
        });
    }

    pub(crate) fn lane(&self, push: &Inbound) -> LaneKey {
        LaneKey { account: self.inner.name.clone(), openid: push.from.clone() }
    }

    /// The answer has left: what was queued behind it may go, what was kept is settled.
    async fn delivered(&self, exchange: &str, pending: Pending) {
        let inner = &self.inner;
        let Pending { openid, mut rest, batch, taken, surplus, .. } = pending;
        if batch.is_some() {
            rest.clear();
        }
        rest.extend(surplus);
        let released = match &batch {
            Some(batch) => inner.outbox.release(batch, inner.clock.now() + self.config().gap).await,
            None => Ok(()),
        };
        let kept = match taken {
            Some(taken) => taken.given(&rest).await,
            None => inner.kept.keep(&openid, &rest).await,
        };
        let result = released.and(kept);
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
            let inner = &self.account.inner;
            inner.behind.history.replied(&inner.name, &pending.openid, &pending.head, inner.clock.now());
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
    if message.needs_upload() || !push.answerable() {
        return None;
    }
    message.to_reply().ok().filter(|reply| reply.check().is_ok())
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
