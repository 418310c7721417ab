//! One push's value: its machine, who waits, and the answer until it has left.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::Engine;
use super::gauge::Undecided;
use super::machine::{Event, Machine, TryId};
use super::share::Share;
use crate::render::Rendered;
use crate::{Answer, Push, Wait};

/// What a try is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// This body.
    Give(Rendered),
    /// A failure; whoever is still listening tries again.
    Close,
}

/// One push, from its first try until it is forgotten.
pub(crate) struct Run {
    pub(crate) began: Instant,
    /// Something happened that other processes may have to know.
    pub(crate) nudge: Notify,
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) machine: Machine,
    /// Our side of it, where other processes serve the account too.
    pub(crate) share: Option<Share>,
    pub(super) tries: u32,
    pub(super) waiting: Vec<(TryId, oneshot::Sender<Verdict>)>,
    /// The answer that every later try is given: the reply, or what stood in for it.
    pub(crate) remembered: Rendered,
    /// The push, until its fate is decided.
    pub(super) push: Option<Push>,
    /// Its answer, until it has left or is late.
    pub(super) answer: Option<Answer>,
    pub(super) undecided: Option<Undecided>,
    /// Whether a timer is set for [`Machine::late_at`].
    pub(super) timer: bool,
}

impl Run {
    /// A push that has just come; `node` is our name where other processes serve the account too.
    pub(super) fn new(wait: Wait, node: Option<&str>, began: Instant, undecided: Undecided) -> Self {
        let share = node.map(Share::new);
        let state = State {
            machine: if share.is_some() { Machine::shared(wait) } else { Machine::new(wait) },
            share,
            tries: 0,
            waiting: Vec::new(),
            remembered: Rendered::Success,
            push: None,
            answer: None,
            undecided: Some(undecided),
            timer: false,
        };
        Self { began, nudge: Notify::new(), state: Mutex::new(state) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the run's lines in the log and its trace are named by.
    pub(crate) fn span(&self) -> tracing::Span {
        let state = self.lock();
        let Some(push) = &state.push else { return tracing::Span::none() };
        tracing::info_span!(
            "push",
            account = &*push.account,
            exchange = push.exchange,
            kind = push.message.kind()
        )
    }

    /// The time as the machine counts it.
    pub(crate) fn at(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether only the remembered answer is of use any more.
    pub(super) fn settled(&self) -> bool {
        self.lock().machine.settled()
    }
}

/// One open request. Dropping it means that its connection was cut.
pub(crate) struct OpenTry {
    engine: Arc<Engine>,
    pub(super) run: Arc<Run>,
    pub(super) id: TryId,
    handed: bool,
}

impl OpenTry {
    pub(super) fn new(engine: &Arc<Engine>, run: &Arc<Run>, id: TryId) -> Self {
        Self { engine: Arc::clone(engine), run: Arc::clone(run), id, handed: false }
    }

    pub(crate) fn run(&self) -> &Arc<Run> {
        &self.run
    }

    /// The body of the answer was handed to the socket.
    pub(crate) fn handed(mut self) {
        self.handed = true;
        self.engine.feed(&self.run, Event::Handed(self.id));
    }
}

impl Drop for OpenTry {
    fn drop(&mut self) {
        if !self.handed {
            self.engine.feed(&self.run, Event::Cut(self.id));
        }
    }
}

impl fmt::Debug for OpenTry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenTry").field(&self.id).finish()
    }
}
