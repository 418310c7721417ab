//! What a batch does next: plain numbers in, a step out.

use super::State;

/// So many of a batch's messages are in the outbox at most, not counting those that wait for their users.
pub(crate) const WINDOW: u64 = 400;
/// How many lines go into the outbox at once.
pub(crate) const STEP: u64 = 50;

/// How a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) state: State,
    /// Whether there are lines that have not been put into the outbox.
    pub(crate) lines_left: bool,
    /// Its messages that are under way.
    pub(crate) open: u64,
    /// Its messages that wait for their users.
    pub(crate) waiting: u64,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Put the next lines into the outbox.
    Enqueue,
    /// Look again in a moment: messages are on their way.
    Soon,
    /// Look again later: users are waited for.
    Later,
    /// Everything has come to its end.
    Finish,
    /// It is not to be worked on.
    Leave,
}

/// The next step.
pub(crate) fn next(standing: &Standing) -> Step {
    if standing.state != State::Running {
        return Step::Leave;
    }
    match (standing.lines_left, standing.open, standing.waiting) {
        (true, open, _) if open + STEP <= WINDOW => Step::Enqueue,
        (_, 1.., _) => Step::Soon,
        (_, 0, 1..) => Step::Later,
        (_, 0, 0) => Step::Finish,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(lines_left: bool, open: u64, waiting: u64) -> Step {
        next(&Standing { state: State::Running, lines_left, open, waiting })
    }

    #[test]
    fn the_outbox_is_never_flooded() {
        let mut open = 0;
        while step(true, open, 0) == Step::Enqueue {
            open += STEP;
        }
        assert_eq!((open, step(true, open, 0)), (WINDOW, Step::Soon));
    }

    #[test]
    fn who_is_waited_for_does_not_keep_the_others_back() {
        assert_eq!(step(true, 0, 100_000), Step::Enqueue);
        assert_eq!(step(false, 0, 3), Step::Later);
    }

    #[test]
    fn it_is_done_when_nothing_is_left() {
        assert_eq!(step(false, 1, 0), Step::Soon);
        assert_eq!(step(false, 0, 0), Step::Finish);
    }

    #[test]
    fn only_a_running_batch_is_worked_on() {
        for state in [State::Loading, State::Paused, State::Cancelled, State::Done] {
            assert_eq!(next(&Standing { state, lines_left: true, open: 0, waiting: 0 }), Step::Leave);
        }
    }
}
