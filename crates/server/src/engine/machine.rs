//! The five-second rule as a state machine: one push, its run, and the tries the platform makes.
//!
//! An event and the time go in, at most one action comes out. Time is counted from the push's first try. Nothing here
//! waits, locks, or knows what a connection is; the [shell](super) around it does.
//!
//! The platform waits five seconds for an answer, cuts the connection, and sends the same push again, three times in
//! all. So a slow run has about fourteen seconds if the first two tries are left open until they are cut and the run's
//! answer goes to whichever try is open when it is there. The last try has nothing behind it and must be answered.

mod words;

use std::time::Duration;

pub use words::{Action, Event, Give, Part, TryId};

use crate::Wait;

/// The last try is answered this long after it came, whatever there is to say.
pub const ANSWER_BY: Duration = Duration::from_millis(4500);
/// The platform has cut an earlier try by now, even if a proxy has kept it from us.
pub const LAPSED: Duration = Duration::from_secs(6);
/// After this much quiet there is no further try.
pub const QUIET: Duration = Duration::from_secs(6);
/// A try that comes later than this is the last, however many we have seen.
pub const LAST_AFTER: Duration = Duration::from_secs(9);
/// Requests closer together than this are one try that was delivered twice.
pub const TOGETHER: Duration = Duration::from_secs(1);
/// The last of the platform's tries.
pub const TRIES: u32 = 3;
/// Requests for one push that may be open at once.
pub const MAX_OPEN: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    Going,
    Done,
    Failed,
}

/// What became of the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    /// Something else was said in its place, so it will be late.
    Held,
    Delivered,
    Late,
}

#[derive(Debug, Clone, Copy)]
struct Try {
    id: TryId,
    arrived: Duration,
    /// The platform's own number for it, as far as we can tell; a copy has that of the try it copies.
    number: u32,
    copy: bool,
    last: bool,
}

/// One push, from its first try until nobody asks any more.
#[derive(Debug)]
pub struct Machine {
    wait: Wait,
    pub(super) part: Part,
    /// How long before our first request the push reached another process.
    before: Duration,
    pub(super) run: Run,
    pub(super) fate: Fate,
    /// Whether the reply can go nowhere but to the late sink, unless a request of ours has it already.
    overtaken: bool,
    /// Open requests: they wait while the run goes on, and have the reply but not handed it over once it is done.
    open: Vec<Try>,
    /// Tries so far; a try delivered twice counts once.
    tries: u32,
    /// Whether a cut has made a further try due: what comes next is one, however soon, and no copy.
    owed: bool,
    quiet_since: Duration,
    closing: bool,
}

impl Machine {
    /// A push nobody has seen yet, where this process serves the account alone.
    pub fn new(wait: Wait) -> Self {
        Self {
            wait,
            part: Part::Alone,
            before: Duration::ZERO,
            run: Run::Going,
            fate: Fate::Open,
            overtaken: false,
            open: Vec::with_capacity(1),
            tries: 0,
            owed: false,
            quiet_since: Duration::ZERO,
            closing: false,
        }
    }

    /// The same where other processes serve it too: [`Event::Begun`] or [`Event::Joined`] tells who runs it.
    pub fn shared(wait: Wait) -> Self {
        Self { part: Part::Asking, ..Self::new(wait) }
    }

    /// Takes in what happened `at` this long after the first try.
    pub fn on(&mut self, event: Event, at: Duration) -> Option<Action> {
        match event {
            Event::Arrive(id) => self.arrive(id, at),
            Event::Cut(id) => {
                let cut = self.close(id, at)?;
                let broken = at.saturating_sub(cut.arrived) < ANSWER_BY;
                self.owed |= cut.number == self.tries && (!cut.copy || broken);
                self.late_if_quiet(at)
            }
            Event::Due(id) => self.due(id, at),
            Event::Handed(id) => {
                self.close(id, at)?;
                if self.run != Run::Done || self.fate != Fate::Open {
                    return None;
                }
                self.fate = Fate::Delivered;
                // Whoever runs the push says that it is delivered, once it has heard so.
                (self.part != Part::Joiner).then_some(Action::Delivered)
            }
            Event::Finished => self.finish(at),
            Event::Failed => {
                self.run = Run::Failed;
                self.answer_all(Give::Success)
            }
            Event::Tick => self.late_if_quiet(at),
            Event::Closing => {
                self.closing = true;
                self.late_if_quiet(at)
            }
            Event::Begun => {
                self.part = Part::Runner;
                None
            }
            Event::Joined { before } => {
                self.part = Part::Joiner;
                self.before = before;
                None
            }
            Event::Counted(id, last) => {
                let counted = self.open.iter_mut().find(|open| open.id == id)?;
                counted.last |= last;
                None
            }
            Event::Known => {
                self.run = Run::Done;
                (self.fate == Fate::Open && !self.open.is_empty()).then_some(Action::AnswerAll(Give::Reply))
            }
            Event::DeliveredElsewhere => self.delivered_elsewhere(),
            Event::HeldElsewhere => self.held_elsewhere(at),
            Event::LateElsewhere => {
                self.fate = Fate::Late;
                self.answer_all(Give::Success)
            }
            Event::Alone => {
                self.part = Part::Alone;
                self.late_if_quiet(at)
            }
        }
    }

    /// When this waiting request must be looked at again with [`Event::Due`].
    pub fn deadline(&self, id: TryId) -> Option<Duration> {
        let open = self.open.iter().find(|open| open.id == id)?;
        Some(open.arrived + if open.last { ANSWER_BY } else { LAPSED })
    }

    /// When to send [`Event::Tick`]: the reply is there and nobody is.
    pub fn late_at(&self) -> Option<Duration> {
        let ours = self.part == Part::Alone || self.overtaken;
        self.nobody_asks().filter(|_| ours).map(|quiet| if self.overtaken { Duration::ZERO } else { quiet })
    }

    /// Whether the reply is to be late as soon as the other processes agree.
    pub fn would_be_late(&self, at: Duration) -> bool {
        self.part == Part::Runner && self.nobody_asks().is_some_and(|quiet| at >= quiet)
    }

    /// Whether the server stops.
    pub(super) fn closing(&self) -> bool {
        self.closing
    }

    /// What we are among the processes that serve the account.
    pub fn part(&self) -> Part {
        self.part
    }

    /// Whether a cut has made a further try due.
    pub fn owes(&self) -> bool {
        self.owed
    }

    /// Whether the handler's run is under way.
    pub fn going(&self) -> bool {
        self.run == Run::Going
    }

    /// Whether requests are open.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether all is decided, so that only the remembered answer is of use.
    pub fn settled(&self) -> bool {
        let held = self.part == Part::Joiner && self.fate == Fate::Held;
        held || self.run == Run::Failed || matches!(self.fate, Fate::Delivered | Fate::Late)
    }

    /// The reply is there and nobody is: from when on that means that nobody will be.
    fn nobody_asks(&self) -> Option<Duration> {
        let alone = self.run == Run::Done && self.fate == Fate::Open && self.open.is_empty();
        alone.then(|| if self.closing { Duration::ZERO } else { self.quiet_since + QUIET })
    }

    fn arrive(&mut self, id: TryId, at: Duration) -> Option<Action> {
        let together = self.open.iter().any(|open| at.saturating_sub(open.arrived) < TOGETHER);
        let copy = together && !self.owed;
        self.owed = false;
        self.tries += u32::from(!copy);
        match (self.run, self.fate) {
            (_, Fate::Held) => return Some(Action::Answer(id, Give::Held)),
            (Run::Failed, _) | (_, Fate::Late) => return Some(Action::Answer(id, Give::Success)),
            (_, Fate::Delivered) => return Some(Action::Answer(id, Give::Reply)),
            (_, Fate::Open) if self.open.len() >= MAX_OPEN => return Some(Action::Answer(id, Give::Close)),
            (_, Fate::Open) => {}
        }
        let last = self.wait == Wait::One || self.tries >= TRIES || at + self.before > LAST_AFTER;
        let first = self.tries == 1 && !copy;
        self.open.push(Try { id, arrived: at, number: self.tries, copy, last });
        match self.run {
            // Whoever only repeats another's answer asks first whether that still may be.
            Run::Done if self.part != Part::Joiner => Some(Action::Answer(id, Give::Reply)),
            _ => first.then_some(Action::Begin),
        }
    }

    fn due(&mut self, id: TryId, at: Duration) -> Option<Action> {
        let open = *self.open.iter().find(|open| open.id == id)?;
        if self.deadline(id).is_none_or(|due| at < due) {
            return None;
        }
        if self.run != Run::Going {
            if self.part != Part::Joiner {
                return None;
            }
            // Nobody could be asked whether the reply still may be given.
            self.close(id, at)?;
            return Some(Action::Answer(id, if open.last { Give::Held } else { Give::Close }));
        }
        if open.last {
            self.fate = Fate::Held;
            return self.answer_all(Give::Held);
        }
        self.close(id, at)?;
        Some(Action::Answer(id, Give::Close))
    }

    fn finish(&mut self, at: Duration) -> Option<Action> {
        self.run = Run::Done;
        match self.fate {
            Fate::Held => {
                self.fate = Fate::Late;
                Some(Action::Late)
            }
            Fate::Open if self.open.is_empty() => self.late_if_quiet(at),
            // Every open request gets it: which of them the platform still listens to is not ours to know.
            Fate::Open => Some(Action::AnswerAll(Give::Reply)),
            Fate::Delivered | Fate::Late => None,
        }
    }

    fn delivered_elsewhere(&mut self) -> Option<Action> {
        if self.part == Part::Joiner {
            self.run = Run::Done;
            self.fate = Fate::Delivered;
            return (!self.open.is_empty()).then_some(Action::AnswerAll(Give::Reply));
        }
        (self.run == Run::Done && self.fate == Fate::Open).then(|| {
            self.fate = Fate::Delivered;
            Action::Delivered
        })
    }

    fn held_elsewhere(&mut self, at: Duration) -> Option<Action> {
        match self.run {
            _ if self.fate != Fate::Open => None,
            Run::Done if self.part != Part::Joiner => {
                self.overtaken = true;
                self.late_if_quiet(at)
            }
            _ => {
                self.fate = Fate::Held;
                self.answer_all(Give::Held)
            }
        }
    }

    fn late_if_quiet(&mut self, at: Duration) -> Option<Action> {
        (at >= self.late_at()?).then(|| {
            self.fate = Fate::Late;
            Action::Late
        })
    }

    fn answer_all(&mut self, give: Give) -> Option<Action> {
        let waiting = !self.open.is_empty();
        self.open.clear();
        waiting.then_some(Action::AnswerAll(give))
    }

    /// Forgets an open request; `None` if it was not open.
    fn close(&mut self, id: TryId, at: Duration) -> Option<Try> {
        let index = self.open.iter().position(|open| open.id == id)?;
        let closed = self.open.swap_remove(index);
        if self.open.is_empty() {
            self.quiet_since = at;
        }
        Some(closed)
    }
}

#[cfg(test)]
mod tests;
