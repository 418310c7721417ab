//! When a push is tried, cut, shown or given up: a pure state machine.
//!
//! The shell tells it what happened and when (milliseconds since the push began); it answers with what to do.

/// The numbers of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) timeout_ms: u64,
    pub(crate) spacing_ms: u64,
    pub(crate) tries: u32,
}

/// What the back end gave to one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Status 200 and a body that is a reply, `success` or empty.
    Valid,
    /// Status 200 and a body that is none of these.
    Malformed,
    /// Refused, closed, or a status other than 200.
    Nothing,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The push begins.
    Begin,
    /// The answer to the try with this number.
    Answer { no: u32, heard: Heard },
    /// The time asked for has come.
    Tick,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send the push; numbers begin with 1.
    Deliver { no: u32 },
    /// Cut the connection of this try.
    Cut { no: u32 },
    /// Call again at this time.
    WakeAt(u64),
    /// The answer to this try stands.
    Accept { no: u32 },
    /// No try was answered well: one notice.
    GiveUp { no: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    /// A try is open since this time.
    Open {
        no: u32,
        since: u64,
    },
    /// The last try failed; the next begins at this time.
    Resting {
        done: u32,
        next_at: u64,
    },
    Over,
}

/// One push, from its first try to its end.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pace: Pace,
    began: u64,
    state: State,
}

impl Machine {
    pub(crate) fn new(pace: Pace) -> Self {
        Machine { pace, began: 0, state: State::New }
    }

    /// True when nothing more will happen.
    pub(crate) fn over(&self) -> bool {
        self.state == State::Over
    }

    /// Takes what happened and says what to do, in order.
    pub(crate) fn step(&mut self, now: u64, input: Input) -> Vec<Action> {
        match (self.state, input) {
            (State::New, Input::Begin) => {
                self.began = now;
                self.deliver(1, now)
            }
            (State::Open { no, .. }, Input::Answer { no: answered, heard }) if no == answered => {
                match heard {
                    Heard::Valid => self.end(Action::Accept { no }),
                    Heard::Malformed => self.end(Action::GiveUp { no }),
                    Heard::Nothing => self.failed(no, now),
                }
            }
            (State::Open { no, since }, Input::Tick) => {
                let cut_at = since + self.pace.timeout_ms;
                if now < cut_at {
                    return vec![Action::WakeAt(cut_at)];
                }
                let mut actions = vec![Action::Cut { no }];
                actions.extend(self.failed(no, now));
                actions
            }
            (State::Resting { done, next_at }, Input::Tick) => {
                if now < next_at {
                    vec![Action::WakeAt(next_at)]
                } else {
                    self.deliver(done + 1, now)
                }
            }
            // An answer to a try that was cut, or anything after the end, changes nothing.
            _ => Vec::new(),
        }
    }

    fn deliver(&mut self, no: u32, now: u64) -> Vec<Action> {
        self.state = State::Open { no, since: now };
        vec![Action::Deliver { no }, Action::WakeAt(now + self.pace.timeout_ms)]
    }

    fn failed(&mut self, no: u32, now: u64) -> Vec<Action> {
        if no >= self.pace.tries {
            return self.end(Action::GiveUp { no });
        }
        let next_at = (self.began + u64::from(no) * self.pace.spacing_ms).max(now);
        if next_at <= now {
            return self.deliver(no + 1, now);
        }
        self.state = State::Resting { done: no, next_at };
        vec![Action::WakeAt(next_at)]
    }

    fn end(&mut self, action: Action) -> Vec<Action> {
        self.state = State::Over;
        vec![action]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seeded;

    const PACE: Pace = Pace { timeout_ms: 5000, spacing_ms: 5000, tries: 3 };

    fn answer(no: u32, heard: Heard) -> Input {
        Input::Answer { no, heard }
    }

    #[test]
    fn a_silent_back_end_is_tried_at_0_5_and_10_seconds() {
        let mut machine = Machine::new(PACE);
        assert_eq!(machine.step(0, Input::Begin), [Action::Deliver { no: 1 }, Action::WakeAt(5000)]);
        assert_eq!(
            machine.step(5000, Input::Tick),
            [Action::Cut { no: 1 }, Action::Deliver { no: 2 }, Action::WakeAt(10_000)]
        );
        assert_eq!(
            machine.step(10_000, Input::Tick),
            [Action::Cut { no: 2 }, Action::Deliver { no: 3 }, Action::WakeAt(15_000)]
        );
        assert_eq!(machine.step(15_000, Input::Tick), [Action::Cut { no: 3 }, Action::GiveUp { no: 3 }]);
        assert!(machine.over());
    }

    #[test]
    fn a_refused_try_is_repeated_5_and_10_seconds_after_the_first() {
        let mut machine = Machine::new(PACE);
        machine.step(0, Input::Begin);
        assert_eq!(machine.step(3, answer(1, Heard::Nothing)), [Action::WakeAt(5000)]);
        assert_eq!(machine.step(5000, Input::Tick), [Action::Deliver { no: 2 }, Action::WakeAt(10_000)]);
        assert_eq!(machine.step(5004, answer(2, Heard::Nothing)), [Action::WakeAt(10_000)]);
        assert_eq!(machine.step(10_000, Input::Tick), [Action::Deliver { no: 3 }, Action::WakeAt(15_000)]);
        assert_eq!(machine.step(10_001, answer(3, Heard::Nothing)), [Action::GiveUp { no: 3 }]);
    }

    #[test]
    fn a_late_answer_to_a_cut_try_counts_for_nothing() {
        let mut machine = Machine::new(PACE);
        machine.step(0, Input::Begin);
        machine.step(5000, Input::Tick);
        assert_eq!(machine.step(5001, answer(1, Heard::Valid)), []);
        assert_eq!(machine.step(6000, answer(2, Heard::Valid)), [Action::Accept { no: 2 }]);
    }

    #[test]
    fn a_malformed_answer_is_not_repeated() {
        let mut machine = Machine::new(PACE);
        machine.step(0, Input::Begin);
        assert_eq!(machine.step(10, answer(1, Heard::Malformed)), [Action::GiveUp { no: 1 }]);
        assert_eq!(machine.step(5000, Input::Tick), []);
    }

    #[test]
    fn any_order_of_things_ends_once_and_within_three_tries() {
        for seed in 0..1000 {
            let mut random = Seeded::new(seed, "schedule");
            let mut machine = Machine::new(PACE);
            let mut now = 0;
            let mut actions = machine.step(now, Input::Begin);
            let (mut delivered, mut ends) = (Vec::new(), 0);
            for _ in 0..200 {
                for action in actions.drain(..) {
                    match action {
                        Action::Deliver { no } => delivered.push((no, now)),
                        Action::Accept { .. } | Action::GiveUp { .. } => ends += 1,
                        Action::Cut { .. } | Action::WakeAt(_) => {}
                    }
                }
                now += random.next() % 1500;
                let heard = [Heard::Valid, Heard::Malformed, Heard::Nothing][(random.next() % 3) as usize];
                let input = match random.next() % 12 {
                    0 => answer((random.next() % 4) as u32, heard),
                    _ => Input::Tick,
                };
                actions = machine.step(now, input);
            }
            assert_eq!(ends, 1, "seed {seed}");
            assert!(delivered.len() <= 3, "seed {seed}");
            for (index, (no, at)) in delivered.iter().enumerate() {
                assert_eq!(*no as usize, index + 1, "seed {seed}");
                assert!(*at >= index as u64 * PACE.spacing_ms, "seed {seed}");
            }
        }
    }
}
