//! The five-second rule as a state machine: one push, its run, and the tries the platform makes.
//!
//! An event and the time go in, at most one action comes out. Time is counted from the push's first try. Nothing here
//! waits, locks, or knows what a connection is; the [shell](super) around it does.
//!
//! The platform waits five seconds for an answer, cuts the connection, and sends the same push again, three times in
//! all. So a slow run has about fourteen seconds if the first two tries are left open until they are cut and the run's
//! answer goes to whichever try is open when it is there. The last try has nothing behind it and must be answered.

use std::time::Duration;

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

/// One request that brought the push, numbered by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TryId(pub u32);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A request brought the push.
    Arrive(TryId),
    /// Its connection is gone: before the answer, or with the answer not yet handed over.
    Cut(TryId),
    /// Its [deadline](Machine::deadline) has come.
    Due(TryId),
    /// The body of its answer was handed to the socket.
    Handed(TryId),
    /// The run has an answer.
    Finished,
    /// The run ended without one: a panic, or an error.
    Failed,
    /// Another process answered the push; we may repeat that answer but not deliver it late.
    Known,
    /// The time of [`Machine::late_at`] has come.
    Tick,
    /// The server stops: no further try will reach it.
    Closing,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Begin the run. It comes once.
    Begin,
    /// Answer this request.
    Answer(TryId, Give),
    /// Answer every request that waits.
    AnswerAll(Give),
    /// The reply has left: say so to whoever asked. It comes once, and never with [`Action::Late`].
    Delivered,
    /// The reply can no longer be one: give it to the late sink. It comes once, and never with [`Action::Delivered`].
    Late,
}

/// What a request is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Give {
    /// The run's reply.
    Reply,
    /// What stands in for a reply that is not ready: the holding text, or `success`.
    Held,
    /// `success`.
    Success,
    /// A failure, so that whoever is still listening tries again.
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    Going,
    Done,
    Failed,
}

/// What became of the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
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
    run: Run,
    fate: Fate,
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
    /// A push nobody has seen yet.
    pub fn new(wait: Wait) -> Self {
        Self {
            wait,
            run: Run::Going,
            fate: Fate::Open,
            open: Vec::with_capacity(1),
            tries: 0,
            owed: false,
            quiet_since: Duration::ZERO,
            closing: false,
        }
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
                (self.run == Run::Done && self.fate == Fate::Open).then(|| {
                    self.fate = Fate::Delivered;
                    Action::Delivered
                })
            }
            Event::Finished => self.finish(at),
            Event::Failed => {
                self.run = Run::Failed;
                self.answer_all(Give::Success)
            }
            Event::Known => {
                self.run = Run::Done;
                self.fate = Fate::Delivered;
                self.answer_all(Give::Reply)
            }
            Event::Tick => self.late_if_quiet(at),
            Event::Closing => {
                self.closing = true;
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
        let alone = self.run == Run::Done && self.fate == Fate::Open && self.open.is_empty();
        alone.then(|| if self.closing { Duration::ZERO } else { self.quiet_since + QUIET })
    }

    /// Whether all is decided, so that only the remembered answer is of use.
    pub fn settled(&self) -> bool {
        self.run == Run::Failed || matches!(self.fate, Fate::Delivered | Fate::Late)
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
        let last = self.wait == Wait::One || self.tries >= TRIES || at > LAST_AFTER;
        let first = self.tries == 1 && !copy;
        self.open.push(Try { id, arrived: at, number: self.tries, copy, last });
        match self.run {
            Run::Done => Some(Action::Answer(id, Give::Reply)),
            _ => first.then_some(Action::Begin),
        }
    }

    fn due(&mut self, id: TryId, at: Duration) -> Option<Action> {
        let open = *self.open.iter().find(|open| open.id == id)?;
        if self.run != Run::Going || self.deadline(id).is_none_or(|due| at < due) {
            return None;
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
mod tests {
    use super::*;

    const A: TryId = TryId(0);
    const B: TryId = TryId(1);
    const C: TryId = TryId(2);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A push whose tries came and were cut as the platform does it.
    fn after_two_cuts() -> Machine {
        let mut machine = Machine::new(Wait::All);
        assert_eq!(machine.on(Event::Arrive(A), ms(0)), Some(Action::Begin));
        assert_eq!(machine.on(Event::Cut(A), ms(5000)), None);
        assert_eq!(machine.on(Event::Arrive(B), ms(5010)), None);
        assert_eq!(machine.on(Event::Cut(B), ms(10_010)), None);
        machine
    }

    #[test]
    fn the_answer_goes_to_the_try_that_is_open() {
        let mut machine = after_two_cuts();
        assert_eq!(machine.on(Event::Arrive(C), ms(10_020)), None);
        assert_eq!(machine.on(Event::Finished, ms(12_000)), Some(Action::AnswerAll(Give::Reply)));
        assert_eq!(machine.on(Event::Handed(C), ms(12_001)), Some(Action::Delivered));
        assert_eq!(
            machine.on(Event::Arrive(TryId(3)), ms(20_000)),
            Some(Action::Answer(TryId(3), Give::Reply))
        );
        assert!(machine.settled());
    }

    #[test]
    fn the_third_try_is_answered_by_its_deadline_and_the_reply_is_late() {
        let mut machine = after_two_cuts();
        machine.on(Event::Arrive(C), ms(10_020));
        assert_eq!(machine.deadline(C), Some(ms(14_520)));
        assert_eq!(machine.on(Event::Due(C), ms(14_519)), None);
        assert_eq!(machine.on(Event::Due(C), ms(14_520)), Some(Action::AnswerAll(Give::Held)));
        assert_eq!(machine.on(Event::Handed(C), ms(14_521)), None);
        assert_eq!(machine.on(Event::Finished, ms(30_000)), Some(Action::Late));
        assert_eq!(
            machine.on(Event::Arrive(TryId(3)), ms(31_000)),
            Some(Action::Answer(TryId(3), Give::Success))
        );
    }

    #[test]
    fn a_try_after_nine_seconds_is_the_last_even_if_one_was_missed() {
        let mut machine = Machine::new(Wait::All);
        machine.on(Event::Arrive(A), ms(0));
        machine.on(Event::Cut(A), ms(5000));
        machine.on(Event::Arrive(B), ms(10_000));
        assert_eq!(machine.deadline(B), Some(ms(14_500)));
    }

    #[test]
    fn a_try_delivered_twice_is_one_try() {
        let mut machine = Machine::new(Wait::All);
        machine.on(Event::Arrive(A), ms(0));
        assert_eq!(machine.on(Event::Arrive(B), ms(3)), None);
        assert_eq!(machine.on(Event::Arrive(C), ms(5)), None);
        assert_eq!(machine.deadline(C), Some(ms(6005)), "left open, not the last");
    }

    #[test]
    fn one_waits_for_the_first_try_only() {
        let mut machine = Machine::new(Wait::One);
        machine.on(Event::Arrive(A), ms(0));
        assert_eq!(machine.on(Event::Due(A), ms(4500)), Some(Action::AnswerAll(Give::Held)));
        assert_eq!(machine.on(Event::Arrive(B), ms(5000)), Some(Action::Answer(B, Give::Held)));
        assert_eq!(machine.on(Event::Finished, ms(6000)), Some(Action::Late));
    }

    #[test]
    fn no_further_try_makes_the_reply_late() {
        let mut machine = Machine::new(Wait::All);
        machine.on(Event::Arrive(A), ms(0));
        machine.on(Event::Cut(A), ms(1000));
        assert_eq!(machine.on(Event::Finished, ms(2000)), None);
        assert_eq!(machine.late_at(), Some(ms(7000)));
        assert_eq!(machine.on(Event::Tick, ms(6999)), None);
        assert_eq!(machine.on(Event::Tick, ms(7000)), Some(Action::Late));
        assert_eq!(machine.on(Event::Tick, ms(8000)), None);
    }

    #[test]
    fn a_reply_lost_on_its_way_is_given_to_the_next_try() {
        let mut machine = Machine::new(Wait::All);
        machine.on(Event::Arrive(A), ms(0));
        assert_eq!(machine.on(Event::Finished, ms(100)), Some(Action::AnswerAll(Give::Reply)));
        assert_eq!(machine.on(Event::Cut(A), ms(101)), None);
        assert_eq!(machine.on(Event::Arrive(B), ms(5000)), Some(Action::Answer(B, Give::Reply)));
        assert_eq!(machine.on(Event::Handed(B), ms(5001)), Some(Action::Delivered));
        assert_eq!(machine.on(Event::Tick, ms(7000)), None);
    }

    #[test]
    fn a_failure_is_answered_at_once() {
        let mut machine = Machine::new(Wait::All);
        machine.on(Event::Arrive(A), ms(0));
        assert_eq!(machine.on(Event::Failed, ms(10)), Some(Action::AnswerAll(Give::Success)));
        assert_eq!(machine.on(Event::Arrive(B), ms(20)), Some(Action::Answer(B, Give::Success)));
    }

    #[test]
    fn stopping_makes_a_reply_that_nobody_waits_for_late_at_once() {
        let mut machine = Machine::new(Wait::All);
        machine.on(Event::Arrive(A), ms(0));
        machine.on(Event::Cut(A), ms(100));
        assert_eq!(machine.on(Event::Closing, ms(200)), None);
        assert_eq!(machine.on(Event::Finished, ms(300)), Some(Action::Late));
    }

    #[test]
    fn a_try_that_a_proxy_keeps_open_is_closed_in_the_end() {
        let mut machine = Machine::new(Wait::All);
        machine.on(Event::Arrive(A), ms(0));
        assert_eq!(machine.on(Event::Due(A), ms(6000)), Some(Action::Answer(A, Give::Close)));
        assert_eq!(machine.on(Event::Cut(A), ms(6001)), None);
    }
}
