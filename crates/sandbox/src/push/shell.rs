//! Sends a push as its machine says: tries, cuts, shows the first valid answer, or one notice.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::fields::Fields;
use super::machine::{Action, Heard, Input, Machine, Pace};
use super::post::{self, Answered};
use super::seal::{self, Flaws, Sealed, Signer, Text};
use super::write;
use crate::exchange::{Direction, Exchange, Outcome, Try};
use crate::faults::{Do, Target};
use crate::options::Format;
use crate::platform::Platform;
use crate::reply::read::Frame;
use crate::reply::verdict::{Failure, Verdict, judge};
use crate::settings::Settings;
use crate::world::chat::From;
use crate::world::{Bubble, World};

/// What is to be delivered.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    Fields(Fields),
    Raw(String),
}

/// One push, ready to go.
pub(crate) struct Push {
    pub(crate) at: usize,
    pub(crate) openid: String,
    pub(crate) payload: Payload,
    pub(crate) exchange: Exchange,
    /// Put wrong in every try.
    pub(crate) flaws: Flaws,
    pub(crate) pace: Pace,
    /// Whether a failure shows the notice.
    pub(crate) notice: bool,
}

type Attempt = Pin<Box<dyn Future<Output = Result<Answered, String>> + Send>>;

struct Shell {
    platform: Arc<Platform>,
    push: Push,
    signer: Signer,
    original_id: String,
    callback: String,
    settings: Settings,
    generation: u64,
    began: Instant,
    began_ms: i64,
    open: Option<(Attempt, u64)>,
    verdict: Verdict,
    failure: Option<Failure>,
    duplicates: JoinSet<Try>,
}

/// Delivers a push and gives its exchange when all is over.
pub(crate) async fn deliver(platform: Arc<Platform>, push: Push) -> Exchange {
    let (signer, original_id, callback, settings, generation, began_ms) = platform.with(|world, now_ms| {
        let account = &world.accounts[push.at];
        let callback = account.callback.clone().unwrap_or_default();
        let settings = world.settings.clone();
        (account.signer(), account.original_id.clone(), callback, settings, world.generation, now_ms)
    });
    let shell = Shell {
        platform,
        push,
        signer,
        original_id,
        callback,
        settings,
        generation,
        began: Instant::now(),
        began_ms,
        open: None,
        verdict: Verdict::default(),
        failure: None,
        duplicates: JoinSet::new(),
    };
    shell.run().await
}

impl Shell {
    fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    async fn run(mut self) -> Exchange {
        let first = self.strike(false);
        if let Some(delay) = first.as_ref().and_then(|deed| deed.delay_ms) {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            self.began = Instant::now();
            self.began_ms = self.platform.with(|_, now_ms| now_ms);
        }
        let mut deed = Some(first);
        let mut machine = Machine::new(self.push.pace);
        let mut actions = machine.step(0, Input::Begin);
        let mut accepted = false;
        let mut wake = self.push.pace.timeout_ms;
        loop {
            for action in std::mem::take(&mut actions) {
                match action {
                    Action::Deliver { no } => {
                        let deed = deed.take().unwrap_or_else(|| self.strike(true));
                        self.attempt(no, deed);
                    }
                    Action::Cut { .. } => self.cut(),
                    Action::WakeAt(at) => wake = at,
                    Action::Accept { .. } => accepted = true,
                    Action::GiveUp { .. } => {}
                }
            }
            if machine.over() {
                break;
            }
            let until = self.began + Duration::from_millis(wake);
            let input = match self.open.as_mut() {
                Some((attempt, _)) => tokio::select! {
                    answer = attempt => Some(answer),
                    () = tokio::time::sleep_until(until) => None,
                },
                None => {
                    tokio::time::sleep_until(until).await;
                    None
                }
            };
            let no = self.push.exchange.tries.iter().filter(|one| !one.duplicate).count() as u32 + 1;
            let input = match input {
                Some(answer) => Input::Answer { no, heard: self.hear(answer) },
                None => Input::Tick,
            };
            // Sleeping ends on the millisecond or a little after it, never before.
            let now = self.now().max(if input == Input::Tick { wake } else { 0 });
            actions = machine.step(now, input);
        }
        self.finish(accepted).await
    }

    fn strike(&self, again: bool) -> Option<Do> {
        let target = Target {
            direction: Direction::Push,
            kind: &self.push.exchange.kind,
            user: Some(&self.push.openid),
        };
        self.platform.with(|world, _| world.faults.strike(&target, again))
    }

    /// Opens a try.
    fn attempt(&mut self, no: u32, deed: Option<Do>) {
        let deed = deed.unwrap_or_default();
        let sealed = self.seal(&deed);
        self.note_request(&sealed);
        let since = self.now();
        if deed.drop {
            self.open = Some((Box::pin(std::future::pending()), since));
            return;
        }
        for _ in 0..deed.duplicate.unwrap_or(0) {
            self.duplicate(&deed);
        }
        let delay = if no > 1 { deed.delay_ms } else { None };
        let post = self.post(sealed);
        let attempt = async move {
            tokio::time::sleep(Duration::from_millis(delay.unwrap_or(0))).await;
            post.await
        };
        self.open = Some((Box::pin(attempt), since));
    }

    fn seal(&self, deed: &Do) -> Sealed {
        let stamp = self.platform.stamp(deed.replay_nonce);
        let flaws = merged(&self.push.flaws, &deed.flaws());
        let text = match &self.push.payload {
            Payload::Fields(fields) => Text::Fields(fields),
            Payload::Raw(body) => Text::Raw { original_id: &self.original_id, body },
        };
        seal::seal(&self.signer, &text, &self.push.openid, &stamp, &flaws)
    }

    fn post(&self, sealed: Sealed) -> impl Future<Output = Result<Answered, String>> + Send + use<> {
        let http = self.platform.http().clone();
        let callback = self.callback.clone();
        let settings = self.settings.clone();
        let format = self.signer.format;
        async move { post::post(&http, &callback, sealed, format, &settings).await }
    }

    /// An extra delivery of the same push, whose answer is recorded and not shown.
    fn duplicate(&mut self, deed: &Do) {
        let post = self.post(self.seal(deed));
        let limit = Duration::from_millis(self.push.pace.timeout_ms);
        let after = Duration::from_millis(deed.after_ms.unwrap_or(0));
        let (began, began_ms) = (self.began, self.began_ms);
        self.duplicates.spawn(async move {
            tokio::time::sleep(after).await;
            let since = began.elapsed().as_millis() as u64;
            let answer = tokio::time::timeout(limit, post).await;
            let took_ms = began.elapsed().as_millis() as u64 - since;
            let (status, error) = match answer {
                Ok(Ok(answer)) => (Some(answer.status), None),
                Ok(Err(why)) => (None, Some(why)),
                Err(_) => (None, Some("timeout".to_owned())),
            };
            Try { at_ms: began_ms + since as i64, took_ms, status, error, duplicate: true }
        });
    }

    fn note_request(&mut self, sealed: &Sealed) {
        let plain = match (&self.push.payload, self.signer.format) {
            (Payload::Fields(fields), Format::Xml) => write::xml(fields),
            (Payload::Fields(fields), Format::Json) => write::json(fields).to_string(),
            (Payload::Raw(body), _) => body.clone(),
        };
        let url = post::address(&self.callback, &sealed.query).map(String::from).unwrap_or_default();
        self.push.exchange.request = json!({
            "method": "POST",
            "url": url,
            "body": String::from_utf8_lossy(&sealed.body),
            "plain": plain,
        });
    }

    fn note_try(&mut self, status: Option<u16>, error: Option<String>) -> u64 {
        let since = self.open.take().map_or(0, |(_, since)| since);
        let took_ms = self.now().saturating_sub(since);
        let at_ms = self.began_ms + since as i64;
        self.push.exchange.tries.push(Try { at_ms, took_ms, status, error, duplicate: false });
        took_ms
    }

    fn cut(&mut self) {
        let took_ms = self.note_try(None, Some("timeout".to_owned()));
        self.failure = Some(Failure::Late { took_ms });
    }

    fn hear(&mut self, answer: Result<Answered, String>) -> Heard {
        let answer = match answer {
            Ok(answer) => answer,
            Err(why) => {
                self.note_try(None, Some(why.clone()));
                self.failure = Some(Failure::Unreachable { why });
                return Heard::Nothing;
            }
        };
        self.note_try(Some(answer.status), None);
        let mut reply = json!({
            "status": answer.status,
            "content_type": answer.content_type,
            "body": String::from_utf8_lossy(&answer.body),
        });
        if answer.status != 200 {
            self.push.exchange.reply = reply;
            self.failure = Some(Failure::Status(answer.status));
            return Heard::Nothing;
        }
        let frame = Frame {
            openid: &self.push.openid,
            original_id: &self.original_id,
            to_event: self.push.exchange.kind.starts_with("event."),
            settings: &self.settings,
        };
        self.verdict = judge(&answer.body, &self.signer, &frame);
        reply["plain"] = Value::from(self.verdict.plain.clone());
        self.push.exchange.reply = reply;
        self.failure = None;
        if self.verdict.wrong() { Heard::Malformed } else { Heard::Valid }
    }

    async fn finish(mut self, accepted: bool) -> Exchange {
        let platform = Arc::clone(&self.platform);
        platform.with(|world, now_ms| {
            if world.generation == self.generation {
                self.conclude(world, accepted, now_ms);
            }
        });
        while let Some(extra) = self.duplicates.join_next().await {
            self.push.exchange.tries.extend(extra);
        }
        let exchange = self.push.exchange;
        platform.with(|world, _| {
            if world.generation == self.generation {
                world.end(exchange.clone());
            }
        });
        exchange
    }

    /// Shows what is to be seen and says how the exchange ended.
    fn conclude(&mut self, world: &mut World, accepted: bool, now_ms: i64) {
        let exchange = &mut self.push.exchange;
        let event = exchange.kind.strip_prefix("event.").unwrap_or_default();
        let listed = |list: &[String]| list.iter().any(|name| name == event);
        let tries = exchange.tries.len();
        exchange.findings.append(&mut self.verdict.findings);
        exchange.findings.extend(self.failure.as_ref().map(|failure| failure.finding(tries)));
        if !accepted {
            exchange.outcome = Outcome::Failed;
            if self.push.notice && !listed(&self.settings.events_without_notice) {
                world.notice(
                    self.push.at,
                    &self.push.openid,
                    &self.settings.notice,
                    Some(exchange.id),
                    now_ms,
                );
            }
            return;
        }
        exchange.outcome = Outcome::Silent;
        let Some(shown) = self.verdict.shown.take() else { return };
        if shown.kind == "transfer_customer_service" || listed(&self.settings.events_without_reply) {
            return;
        }
        exchange.outcome = Outcome::Replied;
        let fields = world.enriched(self.push.at, &shown.kind, shown.fields, now_ms);
        let bubble = Bubble {
            from: From::Account,
            kind: shown.kind,
            fields,
            exchange: Some(exchange.id),
            passive: true,
        };
        world.show(self.push.at, &self.push.openid, bubble, now_ms);
    }
}

fn merged(one: &Flaws, other: &Flaws) -> Flaws {
    Flaws {
        bad_signature: one.bad_signature || other.bad_signature,
        no_signature: one.no_signature || other.no_signature,
        wrong_token: one.wrong_token || other.wrong_token,
        wrong_app_id: one.wrong_app_id || other.wrong_app_id,
        wrong_key: one.wrong_key || other.wrong_key,
        bad_padding: one.bad_padding || other.bad_padding,
        plain_body: one.plain_body || other.plain_body,
        stale_s: one.stale_s.or(other.stale_s),
        truncate: one.truncate.or(other.truncate),
    }
}
