//! The engine's shell: feeds the machine of a push, and carries out what it says.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use hongyan_wire::{Clock, Reply};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::gauge::{Gauge, Undecided};
use super::machine::{ANSWER_BY, Action, Event, Give, TryId};
use super::run::{OpenTry, Run, State, Verdict};
use super::table::{Entry, Table};
use crate::handle::Failure;
use crate::late::LateSink;
use crate::render::{Rendered, render};
use crate::stats::Counters;
use crate::{Answer, Delivered, Limits, Policy, Push, PushKey, Refusal, Wait};

/// What the engine is made of.
pub(crate) struct Parts {
    pub(crate) policy: Policy,
    /// Our name among the processes that serve the account, if there are several.
    pub(crate) node: Option<String>,
    /// How long a push can come again, replayed by an outsider.
    pub(crate) kept: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) late: Arc<dyn LateSink>,
    pub(crate) counters: Arc<Counters>,
}

/// All pushes of one account.
pub(crate) struct Engine {
    table: Table,
    pub(crate) gauge: Arc<Gauge>,
    parts: Parts,
}

/// What a request that brought a push has to do.
pub(crate) enum Arrival {
    /// It is the first: begin the run.
    First(OpenTry),
    /// A run is going: wait for what comes of it.
    Wait(OpenTry, oneshot::Receiver<Verdict>),
    /// It is decided.
    Decided(OpenTry, Verdict),
}

/// What is left to do once the lock is released.
#[derive(Default)]
struct After {
    delivered: Option<Delivered>,
    late: Option<(Push, Answer, Option<Undecided>)>,
    timer: Option<Duration>,
    settled: Option<Undecided>,
}

impl Engine {
    pub(crate) fn new(parts: Parts) -> Self {
        let limits = &parts.policy.limits;
        let capacity = limits.remembered.max(limits.max_runs.saturating_mul(2));
        Self { table: Table::new(capacity, parts.kept), gauge: Arc::default(), parts }
    }

    /// How long a handler has until its answer can no longer be the reply.
    pub(crate) fn patience(&self) -> Duration {
        match self.parts.policy.wait {
            Wait::All => Duration::from_secs(14),
            Wait::One => ANSWER_BY,
        }
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.parts.counters
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.parts.policy.limits
    }

    /// Takes in a request: it begins the push's run, joins it, or gets what the first was given.
    pub(crate) fn arrive(self: &Arc<Self>, key: &PushKey, now: Instant) -> Result<Arrival, Refusal> {
        let entry = self.table.enter(key, now, || {
            // Counted first and asked second: a stop that begins in between waits for it or refuses it.
            let undecided = self.gauge.undecided();
            if self.gauge.closing() {
                return Err(Refusal::Stopping);
            }
            if self.gauge.running() >= self.parts.policy.limits.max_runs {
                return Err(Refusal::Busy);
            }
            Ok(Run::new(self.parts.policy.wait, self.parts.node.as_deref(), now, undecided))
        })?;
        let (run, new) = match entry {
            Entry::New(run) => (run, true),
            Entry::Known(run) => (run, false),
        };
        let counters = &self.parts.counters;
        if !new {
            counters.deduped.add();
        } else if self.parts.node.is_none() {
            counters.runs.add();
        }
        let mut state = run.lock();
        let id = TryId(state.tries);
        state.tries += 1;
        let open = OpenTry::new(self, &run, id);
        let settled = state.machine.settled();
        let action = state.machine.on(Event::Arrive(id), run.at());
        if let Some(share) = state.share.as_mut().filter(|_| !new && !settled) {
            share.arrived(id);
            run.nudge.notify_one();
        }
        Ok(match action {
            Some(Action::Begin) => Arrival::First(open),
            Some(Action::Answer(_, give)) => Arrival::Decided(open, state.verdict(give)),
            _ => Arrival::Wait(open, state.wait(id)),
        })
    }

    /// Keeps the push for the time being; it is needed again if its reply is late.
    pub(crate) fn begin(open: &OpenTry, push: Push) {
        open.run.lock().push = Some(push);
    }

    /// Makes the first request wait as the others do.
    pub(crate) fn wait(open: &OpenTry) -> oneshot::Receiver<Verdict> {
        open.run.lock().wait(open.id)
    }

    /// Waits for what comes of the run. Dropping the future means that the connection was cut.
    pub(crate) async fn verdict(
        self: &Arc<Self>,
        open: OpenTry,
        mut receiver: oneshot::Receiver<Verdict>,
    ) -> (OpenTry, Verdict) {
        // Other processes may have told us meanwhile that this is the last try.
        let mut look = self.parts.node.as_ref().map(|_| open.run.at() + ANSWER_BY);
        loop {
            let deadline = open.run.lock().machine.deadline(open.id);
            let deadline = deadline.map(|at| look.take().map_or(at, |look| look.min(at)));
            let verdict = match deadline {
                Some(at) => timeout_at(open.run.began + at, &mut receiver).await,
                None => Ok((&mut receiver).await),
            };
            match verdict {
                Ok(verdict) => return (open, verdict.unwrap_or(Verdict::Close)),
                Err(_) => self.feed(&open.run, Event::Due(open.id)),
            }
        }
    }

    /// Ends the run: its answer goes to whoever waits, and is returned for the request that ran it.
    pub(crate) fn finish(self: &Arc<Self>, run: &Arc<Run>, outcome: Result<Answer, Failure>) -> Rendered {
        let mut state = run.lock();
        match outcome {
            Ok(mut answer) => {
                let rendered = self.rendered(state.push.as_ref(), &mut answer);
                state.answer = Some(answer);
                self.act(run, state, Event::Finished, Some(&rendered));
                rendered
            }
            Err(failure) => {
                self.failed(state.push.as_ref(), &failure);
                self.act(run, state, Event::Failed, None);
                Rendered::Success
            }
        }
    }

    /// Feeds one event.
    pub(crate) fn feed(self: &Arc<Self>, run: &Arc<Run>, event: Event) {
        self.act(run, run.lock(), event, None);
    }

    /// Begins nothing more, sees everything through, and tells how many pushes were left when the time was up.
    pub(crate) async fn drain(self: &Arc<Self>, limit: Duration) -> usize {
        self.gauge.close();
        for run in self.table.undecided() {
            self.feed(&run, Event::Closing);
        }
        let _ = timeout(limit, self.gauge.idle()).await;
        self.gauge.open()
    }

    /// Runs a task on the runtime; `false` if there is none.
    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> bool {
        Handle::try_current().map(|runtime| runtime.spawn(task)).is_ok()
    }

    /// Writes the reply, or takes it out of the answer if it cannot be sent.
    fn rendered(&self, push: Option<&Push>, answer: &mut Answer) -> Rendered {
        let Some(push) = push else { return Rendered::Success };
        render(&answer.reply, &push.message, self.parts.clock.now()).unwrap_or_else(|unfit| {
            self.parts.counters.unfit.add();
            tracing::warn!(account = &*push.account, exchange = push.exchange, "{unfit}");
            answer.reply = Reply::None;
            Rendered::Success
        })
    }

    fn failed(&self, push: Option<&Push>, failure: &Failure) {
        let counters = &self.parts.counters;
        if matches!(failure, Failure::Panic(_)) {
            counters.panicked.add();
        } else {
            counters.failed.add();
        }
        let (account, exchange) = push.map_or(("", ""), |push| (&*push.account, push.exchange.as_str()));
        let left = push.map(|push| {
            push.deadline.saturating_duration_since(Instant::now().into_std()).as_millis() as u64
        });
        tracing::error!(account, exchange, deadline_left_ms = left, "{failure}; the user gets no reply");
    }

    /// What is said while the run goes on.
    fn holding(&self, push: Option<&Push>) -> Rendered {
        let (Some(text), Some(push)) = (&self.parts.policy.holding, push) else { return Rendered::Success };
        let reply = Reply::Text(text.clone());
        render(&reply, &push.message, self.parts.clock.now()).unwrap_or(Rendered::Success)
    }

    /// Feeds one event under the lock, and does the rest without it.
    fn act(
        self: &Arc<Self>,
        run: &Arc<Run>,
        mut state: std::sync::MutexGuard<'_, State>,
        event: Event,
        rendered: Option<&Rendered>,
    ) {
        let at = run.at();
        let counters = &self.parts.counters;
        // A push that began while the stop did has not heard of it.
        let stop = if self.gauge.closing() { state.machine.on(Event::Closing, at) } else { None };
        let action = stop.or(state.machine.on(event, at));
        let mut after = After::default();
        match action {
            Some(Action::Answer(id, give)) => state.answer_one(id, give),
            Some(Action::AnswerAll(give)) => {
                if give == Give::Held {
                    counters.held.add();
                    state.remembered = self.holding(state.push.as_ref());
                } else if let (Give::Reply, Some(rendered)) = (give, rendered) {
                    state.remembered = rendered.clone();
                }
                state.answer_all(give);
            }
            Some(Action::Delivered) => {
                counters.delivered.add();
                after.delivered = state.answer.take().and_then(|answer| answer.delivered);
            }
            Some(Action::Late) => {
                counters.late.add();
                match (state.push.take(), state.answer.take()) {
                    (Some(push), Some(answer)) if !answer.reply.is_none() || answer.delivered.is_some() => {
                        after.late = Some((push, answer, state.undecided.take()));
                    }
                    // Nothing to say and nothing to do cannot be late.
                    _ => {}
                }
            }
            Some(Action::Begin) | None => {
                if let (Event::Finished, Some(rendered)) = (event, rendered) {
                    state.remembered = rendered.clone();
                }
            }
        }
        if let Event::Cut(id) = event {
            counters.cut.add();
            state.waiting.retain(|(waiting, _)| *waiting != id);
            let owed = state.machine.owes();
            if let Some(share) = &mut state.share {
                share.cut(owed);
            }
        }
        if state.share.is_some() {
            run.nudge.notify_one();
        }
        if state.machine.settled() {
            state.push = None;
            after.settled = state.undecided.take();
        } else if !state.timer {
            after.timer = state.machine.late_at();
            state.timer = after.timer.is_some();
        }
        drop(state);
        self.carry_out(run, after);
    }

    fn carry_out(self: &Arc<Self>, run: &Arc<Run>, after: After) {
        if let Some(delivered) = after.delivered
            && let Err(payload) = catch_unwind(AssertUnwindSafe(delivered))
        {
            tracing::error!("after delivery: {}", Failure::panicked(payload.as_ref()));
        }
        if let Some((push, answer, undecided)) = after.late {
            let sink = Arc::clone(&self.parts.late);
            let spawned = Self::spawn(async move {
                let done = AssertUnwindSafe(async { sink.late(push, answer).await }).catch_unwind().await;
                if let Err(payload) = done {
                    tracing::error!("the late sink failed: {}", Failure::panicked(payload.as_ref()));
                }
                drop(undecided);
            });
            if !spawned {
                tracing::error!("a late reply is lost: {}", Failure::NoRuntime);
            }
        }
        if let Some(at) = after.timer {
            let (engine, run) = (Arc::clone(self), Arc::clone(run));
            Self::spawn(async move {
                let mut at = at;
                loop {
                    sleep_until(run.began + at).await;
                    engine.feed(&run, Event::Tick);
                    let mut state = run.lock();
                    let Some(next) = state.machine.late_at() else {
                        state.timer = false;
                        break;
                    };
                    at = next;
                }
            });
        }
    }
}

impl State {
    fn wait(&mut self, id: TryId) -> oneshot::Receiver<Verdict> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.push((id, sender));
        receiver
    }

    fn verdict(&self, give: Give) -> Verdict {
        match give {
            Give::Reply | Give::Held => Verdict::Give(self.remembered.clone()),
            Give::Success => Verdict::Give(Rendered::Success),
            Give::Close => Verdict::Close,
        }
    }

    fn answer_one(&mut self, id: TryId, give: Give) {
        if let Some(index) = self.waiting.iter().position(|(waiting, _)| *waiting == id) {
            let (_, sender) = self.waiting.swap_remove(index);
            // Nobody there: the request was cut just now, and says so itself.
            let _ = sender.send(self.verdict(give));
        }
    }

    fn answer_all(&mut self, give: Give) {
        for (_, sender) in std::mem::take(&mut self.waiting) {
            let _ = sender.send(self.verdict(give));
        }
    }
}
