//! Sends a push as its machine says: tries, cuts, shows the first valid answer, or one notice.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::extra::Extra;
use super::fields::Fields;
use super::machine::{Action, Heard, Input, Machine, Pace};
use super::note::{DROPPED, TIMEOUT, described, note_marks};
use super::order::Lane;
use super::post::{self, Answered, Line, Marks};
use super::seal::{self, Flaws, Sealed, Signer, Text};
use super::socket;
use super::timer::Timer;
use super::write;
use crate::exchange::{Direction, Exchange, Outcome, Try, recorded};
use crate::faults::{Do, Target, Turn};
use crate::options::Format;
use crate::platform::Platform;
use crate::reply::read::Frame;
use crate::reply::verdict::{Facts, Verdict, verdict};
use crate::settings::Settings;
use crate::world::chat::From;
use crate::world::media::MediaKind;
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

/// A try under way.
struct Open {
    line: Line,
    since: u64,
    deed: Do,
    url: String,
}

struct Shell {
    platform: Arc<Platform>,
    push: Push,
    signer: Signer,
    original_id: String,
    callback: String,
    settings: Settings,
    generation: u64,
    began: Instant,
    timer: Timer,
    began_ms: i64,
    turn: Turn,
    open: Option<Open>,
    /// Cut tries, whose answers may still come: their places in the list of tries.
    lates: Vec<(usize, Arc<Marks>)>,
    /// The body of the last answer with status 200.
    body: Option<Vec<u8>>,
    verdict: Verdict,
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
    let timer = Timer::start(&platform, settings.push_time);
    let shell = Shell {
        platform,
        push,
        signer,
        original_id,
        callback,
        settings,
        generation,
        began: Instant::now(),
        timer,
        began_ms,
        turn: Turn::default(),
        open: None,
        lates: Vec::new(),
        body: None,
        verdict: Verdict::default(),
        duplicates: JoinSet::new(),
    };
    shell.run().await
}

impl Shell {
    fn now(&self) -> u64 {
        self.timer.elapsed()
    }

    async fn run(mut self) -> Exchange {
        self.push.exchange.limit_ms = Some(self.push.pace.timeout_ms);
        let first = self.strike();
        if let Some(deed) = &first {
            self.hold_back(deed).await;
        }
        let mut deed = Some(first);
        let mut machine = Machine::new(self.push.pace);
        let mut actions = machine.step(0, Input::Begin);
        let mut accepted = false;
        let mut wake = self.push.pace.timeout_ms;
        let mut now = 0;
        loop {
            for action in std::mem::take(&mut actions) {
                match action {
                    Action::Deliver { no } => {
                        let deed = deed.take().unwrap_or_else(|| self.strike());
                        self.attempt(no, deed, now);
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
            let timer = self.timer.clone();
            let input = if let Some(open) = self.open.as_mut() {
                tokio::select! {
                    answer = &mut open.line.answer => Some(answer),
                    () = timer.until(wake) => None,
                }
            } else {
                timer.until(wake).await;
                None
            };
            let no = self.push.exchange.tries.iter().filter(|one| !one.duplicate).count() as u32 + 1;
            let input = match input {
                Some(answer) => Input::Answer { no, heard: self.hear(answer) },
                None => Input::Tick,
            };
            // Sleeping ends on the millisecond or a little after it, never before.
            now = self.now().max(if input == Input::Tick { wake } else { 0 });
            actions = machine.step(now, input);
        }
        self.finish(accepted).await
    }

    fn strike(&mut self) -> Option<Do> {
        let target = Target {
            direction: Direction::Push,
            account: &self.signer.app_id,
            kind: &self.push.exchange.kind,
            user: Some(&self.push.openid),
        };
        let turn = &mut self.turn;
        self.platform.with(|world, _| world.faults.strike(&target, turn))
    }

    fn lane(&self) -> Lane {
        (self.push.at, self.push.openid.clone())
    }

    /// Waits before the first try, as a fault asks; the tries are timed from then on.
    async fn hold_back(&mut self, deed: &Do) {
        if let Some(delay) = deed.delay_ms {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        } else if deed.reorder {
            let limit = Duration::from_millis(self.settings.reorder_wait_ms);
            self.platform.order().hold(&self.lane(), self.push.exchange.id, limit).await;
        } else {
            return;
        }
        self.began = Instant::now();
        self.timer = Timer::start(&self.platform, self.settings.push_time);
        self.began_ms = self.platform.with(|_, now_ms| now_ms);
    }

    /// Opens a try, which begins when the machine says.
    fn attempt(&mut self, no: u32, deed: Option<Do>, since: u64) {
        let deed = deed.unwrap_or_default();
        let sealed = self.seal(&deed);
        let request = post::request(&self.callback, sealed, self.signer.format, &self.settings);
        let url = request.as_ref().map(|request| request.url.to_string()).unwrap_or_default();
        if let Ok(request) = &request {
            self.note_request(request);
        }
        for _ in 0..deed.duplicate.filter(|_| no == 1).unwrap_or(0) {
            self.duplicate(&deed);
        }
        let line = match request {
            _ if deed.drop => Line::lost(),
            Ok(request) => socket::send(self.platform.dialer(), request),
            Err(why) => Line { answer: Box::pin(std::future::ready(Err(why))), ..Line::lost() },
        };
        self.open = Some(Open { line, since, deed, url });
    }

    fn seal(&self, deed: &Do) -> Sealed {
        let stamp = self.platform.stamp(deed.replay_nonce);
        let flaws = self.push.flaws.and(&deed.flaws());
        let text = match &self.push.payload {
            Payload::Fields(fields) => Text::Fields(fields),
            Payload::Raw(body) => Text::Raw { original_id: &self.original_id, body },
        };
        seal::seal(&self.signer, &text, &self.push.openid, &stamp, &flaws)
    }

    /// An extra delivery of the same push, whose answer is recorded and not shown.
    fn duplicate(&mut self, deed: &Do) {
        let sealed = self.seal(deed);
        let extra = Extra {
            dialer: self.platform.dialer().clone(),
            request: post::request(&self.callback, sealed, self.signer.format, &self.settings),
            limit: Duration::from_millis(self.push.pace.timeout_ms),
            after: Duration::from_millis(deed.after_ms.unwrap_or(0)),
            began: self.began,
            began_ms: self.began_ms,
            fault: deed.to_json(),
            kept: self.settings.max_recorded_bytes,
        };
        self.duplicates.spawn(extra.deliver());
    }

    fn note_request(&mut self, request: &post::Request) {
        let plain = match (&self.push.payload, self.signer.format) {
            (Payload::Fields(fields), Format::Xml) => write::xml(fields),
            (Payload::Fields(fields), Format::Json) => write::json(fields).to_string(),
            (Payload::Raw(body), _) => body.clone(),
        };
        let headers: Map<String, Value> = request
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
            .collect();
        let kept = self.settings.max_recorded_bytes;
        self.push.exchange.request = json!({
            "method": "POST",
            "url": request.url.as_str(),
            "headers": headers,
            "body": recorded(&request.body, kept),
            "plain": recorded(plain.as_bytes(), kept),
        });
    }

    fn note_try(&mut self, status: Option<u16>, error: Option<&str>) {
        let Some(open) = self.open.take() else { return };
        let mut one = Try {
            at_ms: self.began_ms + open.since as i64,
            took_ms: self.now().saturating_sub(open.since),
            status,
            error: error.map(str::to_owned),
            url: Some(open.url),
            fault: (open.deed != Do::default()).then(|| open.deed.to_json()),
            ..Try::default()
        };
        note_marks(&mut one, &open.line.marks);
        if let Some(cut) = open.line.cut.filter(|_| status.is_none()) {
            // An answer that came in this very moment has closed it.
            let _ = cut.send(());
            self.lates.push((self.push.exchange.tries.len(), open.line.marks));
        }
        self.push.exchange.tries.push(one);
        self.platform.order().passed(&self.lane(), self.push.exchange.id);
    }

    fn cut(&mut self) {
        let dropped = self.open.as_ref().is_some_and(|open| open.deed.drop);
        self.note_try(None, Some(if dropped { DROPPED } else { TIMEOUT }));
    }

    fn hear(&mut self, answer: Result<Answered, String>) -> Heard {
        let answer = match answer {
            Ok(answer) => answer,
            Err(why) => {
                self.note_try(None, Some(&why));
                return Heard::Nothing;
            }
        };
        self.note_try(Some(answer.status), None);
        let mut reply = described(&answer, self.settings.max_recorded_bytes);
        self.body = Some(answer.body).filter(|_| answer.status == 200);
        self.verdict = self.judged();
        if let Some(plain) = &self.verdict.plain {
            reply["plain"] = recorded(plain.as_bytes(), self.settings.max_recorded_bytes);
        }
        self.push.exchange.reply = reply;
        match answer.status {
            200 if self.verdict.wrong() => Heard::Malformed,
            200 => Heard::Valid,
            _ => Heard::Nothing,
        }
    }

    fn judged(&self) -> Verdict {
        let has_media = |id: &str, kinds: &[MediaKind]| {
            self.platform.with(|world, now_ms| {
                let account = world.accounts.get(self.push.at);
                let found = account.and_then(|account| account.media.get(id, now_ms));
                found.is_some_and(|media| kinds.contains(&media.kind))
            })
        };
        let frame = Frame {
            openid: &self.push.openid,
            original_id: &self.original_id,
            to_event: self.push.exchange.kind.starts_with("event."),
            settings: &self.settings,
            has_media: &has_media,
        };
        verdict(&Facts {
            tries: &self.push.exchange.tries,
            limit_ms: self.push.pace.timeout_ms,
            body: self.body.as_deref(),
            signer: &self.signer,
            frame: &frame,
        })
    }

    async fn finish(mut self, accepted: bool) -> Exchange {
        for (place, marks) in std::mem::take(&mut self.lates) {
            self.push.exchange.tries[place].late_by_ms = marks.late_by_ms.get().copied();
        }
        self.verdict = self.judged();
        let platform = Arc::clone(&self.platform);
        platform.with(|world, now_ms| {
            if world.generation == self.generation {
                self.conclude(world, accepted, now_ms);
            }
        });
        let mut extras = Vec::new();
        while let Some(extra) = self.duplicates.join_next().await {
            extras.extend(extra);
        }
        extras.sort_by_key(|extra| extra.at_ms);
        self.push.exchange.tries.append(&mut extras);
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
        exchange.findings.append(&mut self.verdict.findings);
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
