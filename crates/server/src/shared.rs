//! A run where several processes serve the account: keeps the push's record and the machine in step.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{sleep, timeout};
use tracing::Instrument;

use crate::callback::Inner;
use crate::dedup::record::{Fate, RENEW, Record};
use crate::engine::machine::{Event, Part};
use crate::engine::{Engine, Run, State};
use crate::handle::{self, Failure};
use crate::render::Rendered;
use crate::{Away, DedupStore, Handler, Handling, Noted, Push, Swap};

/// How often a push that another process decides about is asked after.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// Pause before a store that is away is asked again.
const AWAY_PAUSE: Duration = Duration::from_millis(300);
/// How often a decided push's last word is offered to a store that is away.
const LAST_WORDS: u32 = 3;

/// Asks who runs the push, and sees it through, as a task: the connection may be cut while the store is asked.
pub(crate) fn run<H: Handler>(inner: &Arc<Inner<H>>, run: &Arc<Run>, push: Push) {
    let running = inner.engine.gauge.run();
    let attendant = Attendant {
        inner: Arc::clone(inner),
        run: Arc::clone(run),
        key: push.key.clone(),
        begin: Some((push, running)),
        unheard: 0,
    };
    let Some(store) = inner.store.clone() else { return };
    if !Engine::spawn(attendant.attend(store)) {
        inner.engine.finish(run, Err(Failure::NoRuntime));
    }
}

/// Who keeps one push in step.
struct Attendant<H, G> {
    inner: Arc<Inner<H>>,
    run: Arc<Run>,
    key: crate::PushKey,
    /// What the run begins with, until somebody has begun it.
    begin: Option<(Push, G)>,
    /// How often the store was away in a row.
    unheard: u32,
}

/// What the store has said.
enum Heard {
    /// Our record stands; its age.
    Ours(Bytes, Duration),
    /// This stands.
    Theirs(Option<Noted>),
}

impl<H: Handler, G: Send + 'static> Attendant<H, G> {
    async fn attend(mut self, store: Arc<dyn DedupStore>) {
        loop {
            let (proposal, seen, part, settled, going) = self.look();
            if part == Part::Alone || (settled && proposal.is_none()) {
                return;
            }
            let heard = if let Some(next) = proposal {
                if next.fate == Fate::Abandoned {
                    let account = &*self.inner.name;
                    tracing::warn!(account, push = %self.key, runner = next.runner, "the process that ran a push is gone");
                }
                let next = next.encode();
                store.swap(&self.key, seen.as_ref(), &next).await.map(|swap| match swap {
                    Swap::Written(age) => Heard::Ours(next, age),
                    Swap::Found(noted) => Heard::Theirs(noted),
                })
            } else {
                let ours = part == Part::Runner && going;
                let pause = if ours { RENEW } else { ASK_EVERY };
                if timeout(pause, self.run.nudge.notified()).await.is_ok() || ours {
                    continue;
                }
                store.read(&self.key).await.map(Heard::Theirs)
            };
            match heard {
                Ok(Heard::Ours(bytes, age)) => self.learn(Some(Noted { value: bytes, age }), true),
                Ok(Heard::Theirs(noted)) => self.learn(noted, false),
                Err(Away) => {
                    if self.away() {
                        return;
                    }
                    sleep(AWAY_PAUSE).await;
                }
            }
        }
    }

    /// What we would write in place of what, what we are, and whether all is decided, or the run goes on.
    fn look(&self) -> (Option<Record>, Option<Bytes>, Part, bool, bool) {
        let mut state = self.run.lock();
        let State { machine, share, remembered, .. } = &mut *state;
        let reply = remembered.bytes();
        let proposal = share.as_mut().and_then(|share| share.propose(machine, &reply, self.run.at()));
        let seen = share.as_ref().and_then(|share| share.seen().cloned());
        (proposal, seen, machine.part(), machine.settled(), machine.going())
    }

    /// Takes in the record as it is now.
    fn learn(&mut self, noted: Option<Noted>, written: bool) {
        self.unheard = 0;
        let at = self.run.at();
        let mut state = self.run.lock();
        let State { machine, share, remembered, .. } = &mut *state;
        let Some(share) = share else { return };
        let events = share.learn(machine, noted, written, at);
        let told = events.iter().any(|event| matches!(event, Event::Known | Event::DeliveredElsewhere));
        if let Some(reply) = share.reply().filter(|_| told && machine.part() != Part::Runner) {
            *remembered = Rendered::from_bytes(reply.clone());
        }
        drop(state);
        for event in events {
            self.feed(event);
        }
    }

    fn feed(&mut self, event: Event) {
        let counters = self.inner.engine.counters();
        match event {
            Event::Begun => counters.runs.add(),
            Event::Joined { .. } => counters.deduped.add(),
            _ => {}
        }
        self.inner.engine.feed(&self.run, event);
        match event {
            Event::Begun => self.begin(),
            Event::Joined { .. } => self.begin = None,
            _ => {}
        }
    }

    /// The store cannot be asked: decides alone what cannot wait. Whether there is nothing more to do.
    fn away(&mut self) -> bool {
        self.unheard += 1;
        let at = self.run.at();
        let (part, settled, late) = {
            let state = self.run.lock();
            (state.machine.part(), state.machine.settled(), state.machine.would_be_late(at))
        };
        match part {
            Part::Asking => {
                self.inner.engine.counters().alone.add();
                self.feed(Event::Begun);
            }
            Part::Runner if late => self.feed(Event::Alone),
            _ => {}
        }
        settled && self.unheard >= LAST_WORDS
    }

    /// Begins the run, which is ours.
    fn begin(&mut self) {
        let Some((push, running)) = self.begin.take() else { return };
        let engine = &self.inner.engine;
        match handle::begin(&self.inner.handler, push) {
            Ok(Handling::Now(answer)) => drop(engine.finish(&self.run, Ok(answer))),
            Ok(Handling::Later(work)) => {
                let (engine, run) = (Arc::clone(engine), Arc::clone(&self.run));
                let span = run.span();
                Engine::spawn(
                    async move {
                        let outcome = handle::end(work).await;
                        drop(running);
                        engine.finish(&run, outcome);
                    }
                    .instrument(span),
                );
            }
            Err(failure) => drop(engine.finish(&self.run, Err(failure))),
        }
    }
}
