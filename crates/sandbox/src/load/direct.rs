//! Pushes straight to a back end: the platform's machine, seal and verdict, without a world around them.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hongyan_wire::{AesKey, Clock, OsRandom, Random, SystemClock};
use tokio::time::Instant;

use super::mix::Action as Deed;
use super::plan::Arrival;
use super::run::LoadOptions;
use super::sample::{End, Sample};
use super::target::LoadError;
use crate::clock::VirtualClock;
use crate::options::AccountOptions;
use crate::platform::random_digits;
use crate::push::dial::Dialer;
use crate::push::events::{self, Place};
use crate::push::fields::{Fields, heading};
use crate::push::machine::{Action, Heard, Input, Machine, Pace};
use crate::push::post::{self, Answered};
use crate::push::seal::{self, Flaws, Signer, Stamp, Text};
use crate::push::socket;
use crate::reply::read::{Frame, Shown};
use crate::reply::verdict::{Verdict, judge};
use crate::seed::Ids;
use crate::settings::Settings;

type Attempt<'a> = Pin<Box<dyn Future<Output = Result<Answered, String>> + Send + 'a>>;

/// Everything that the pushes of a run share.
pub(crate) struct Direct {
    dialer: Dialer,
    callback: String,
    signer: Signer,
    original_id: String,
    settings: Settings,
    pace: Pace,
    ids: Mutex<Ids>,
    openids: Vec<String>,
    texts: Vec<String>,
    keys: Vec<String>,
    turn: AtomicU64,
}

/// What one push says.
struct Message {
    openid: String,
    kind: String,
    fields: Fields,
}

impl Direct {
    pub(crate) fn new(account: &AccountOptions, options: &LoadOptions) -> Result<Self, LoadError> {
        let ids = Ids::new(options.plan.seed);
        let key = AesKey::parse(&account.aes_key).ok();
        if account.mode.encrypts() && key.is_none() {
            return Err(LoadError::AesKey(account.mode.name()));
        }
        Ok(Direct {
            dialer: Dialer::new(None).map_err(LoadError::Client)?,
            callback: account.callback.clone().unwrap_or_default(),
            signer: Signer {
                app_id: account.app_id.clone(),
                token: account.token.clone(),
                key,
                mode: account.mode,
                format: account.format,
            },
            original_id: account.original_id.clone().unwrap_or_else(|| ids.original(&account.app_id)),
            settings: Settings::default(),
            pace: options.pace(),
            openids: (0..options.plan.people).map(|person| ids.openid(&account.app_id, person)).collect(),
            ids: Mutex::new(ids),
            texts: options.texts.clone(),
            keys: options.keys.clone(),
            turn: AtomicU64::new(0),
        })
    }

    /// Carries one arrival out to its end.
    pub(crate) async fn act(&self, arrival: Arrival) -> Sample {
        let message = self.message(arrival);
        if !arrival.twice {
            return self.deliver(arrival.action, &message).await.0;
        }
        // The same push a second time at once; a back end must not answer it differently.
        let limit = Duration::from_millis(self.pace.timeout_ms);
        let second = async {
            match tokio::time::timeout(limit, self.post(&message)).await {
                Ok(Ok(answer)) if answer.status == 200 => self.judge(&answer.body, &message).shown,
                _ => None,
            }
        };
        let ((mut sample, first), second) = tokio::join!(self.deliver(arrival.action, &message), second);
        sample.twice = true;
        // Silence beside an answer is how a duplicate should be met.
        sample.differing = matches!((first, second), (Some(first), Some(second)) if first != second);
        sample
    }

    fn message(&self, arrival: Arrival) -> Message {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) as usize;
        let openid = self.openids[arrival.person].clone();
        let now_ms = SystemClock.now().0;
        let key = || self.keys[turn % self.keys.len()].as_str();
        let (kind, own) = match arrival.action {
            Deed::Text => {
                let text = self.texts[turn % self.texts.len()].replace("{n}", &turn.to_string());
                ("text", events::text(&text, &self.msg_id(now_ms), None))
            }
            Deed::Click => ("event", events::keyed("CLICK", key())),
            Deed::View => ("event", events::opened("VIEW", "https://example.com/", 208_379_501)),
            Deed::Scan => ("event", events::scan("load", "gQHongyanLoadTicket==")),
            Deed::Location => ("location", events::location(&somewhere(), &self.msg_id(now_ms))),
            Deed::Follow => ("event", events::subscribe(None, self.settings.empty_event_key)),
            Deed::Unfollow => ("event", events::unsubscribe(self.settings.empty_event_key)),
        };
        let fields = heading(&self.original_id, &openid, now_ms, kind).and(own);
        Message { openid, kind: fields.kind(), fields }
    }

    fn msg_id(&self, now_ms: i64) -> String {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).message(now_ms)
    }

    async fn post(&self, message: &Message) -> Result<Answered, String> {
        let stamp = Stamp {
            timestamp: VirtualClock::wall_seconds(),
            nonce: random_digits(10),
            random: OsRandom.array16(),
        };
        let text = Text::Fields(&message.fields);
        let sealed = seal::seal(&self.signer, &text, &message.openid, &stamp, &Flaws::default());
        let request = post::request(&self.callback, sealed, self.signer.format, &self.settings)?;
        socket::send(&self.dialer, request).answer.await
    }

    fn judge(&self, body: &[u8], message: &Message) -> Verdict {
        let frame = Frame {
            openid: &message.openid,
            original_id: &self.original_id,
            to_event: message.kind.starts_with("event."),
            settings: &self.settings,
            // What the back end has uploaded went elsewhere.
            has_media: &|_, _| true,
        };
        judge(body, &self.signer, &frame)
    }

    /// Tries as the machine says; gives what came of it and the message that is shown.
    async fn deliver(&self, action: Deed, message: &Message) -> (Sample, Option<Shown>) {
        let began = Instant::now();
        let mut sample = Sample::new(action, End::Failed);
        let mut machine = Machine::new(self.pace);
        let mut actions = machine.step(0, Input::Begin);
        let mut wake = self.pace.timeout_ms;
        let mut open: Option<(Attempt<'_>, Instant)> = None;
        let mut failure = None;
        let mut verdict = Verdict::default();
        let mut took_us = 0;
        loop {
            for action in std::mem::take(&mut actions) {
                match action {
                    Action::Deliver { .. } => {
                        sample.tries += 1;
                        open = Some((Box::pin(self.post(message)), Instant::now()));
                    }
                    Action::Cut { .. } => {
                        open = None;
                        sample.timeouts += 1;
                        failure = Some("late");
                    }
                    Action::WakeAt(at) => wake = at,
                    Action::Accept { .. } => {
                        sample.end = if verdict.shown.is_some() { End::Replied } else { End::Silent };
                        sample.took_us = Some(took_us);
                    }
                    Action::GiveUp { .. } => {}
                }
            }
            if machine.over() {
                break;
            }
            let until = began + Duration::from_millis(wake);
            let answer = if let Some((attempt, since)) = open.as_mut() {
                tokio::select! {
                    answer = attempt => Some((answer, since.elapsed().as_micros() as u64)),
                    () = tokio::time::sleep_until(until) => None,
                }
            } else {
                tokio::time::sleep_until(until).await;
                None
            };
            let input = match answer {
                None => Input::Tick,
                Some((answer, took)) => {
                    open = None;
                    took_us = took;
                    let heard = match answer {
                        Err(_) => {
                            failure = Some("unreachable");
                            Heard::Nothing
                        }
                        Ok(answer) if answer.status != 200 => {
                            sample.statuses.push(answer.status);
                            failure = Some("http_status");
                            Heard::Nothing
                        }
                        Ok(answer) => {
                            failure = None;
                            verdict = self.judge(&answer.body, message);
                            if verdict.wrong() { Heard::Malformed } else { Heard::Valid }
                        }
                    };
                    Input::Answer { no: sample.tries, heard }
                }
            };
            let elapsed = began.elapsed().as_millis() as u64;
            actions = machine.step(elapsed.max(if input == Input::Tick { wake } else { 0 }), input);
        }
        sample.whole_us = began.elapsed().as_micros() as u64;
        sample.findings.extend(verdict.findings.into_iter().map(|finding| finding.code));
        sample.findings.extend(failure.map(str::to_owned));
        (sample, verdict.shown)
    }
}

fn somewhere() -> Place {
    Place {
        latitude: 31.2304,
        longitude: 121.4737,
        scale: 15,
        label: "人民广场".to_owned(),
        poiname: String::new(),
    }
}
