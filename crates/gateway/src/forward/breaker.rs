//! When a program that fails is left alone for a while: a plain state machine.
//!
//! Without it every message to a program that is down would hold a run until its time is up, and the program would be
//! met by all of them at once when it comes back.

use std::time::Duration;

use tokio::time::Instant;

/// So many messages in a row must have failed.
const FAILURES: u32 = 5;
/// How long the program is then left alone; twice as long after every try in vain.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST: Duration = Duration::from_mins(1);

/// What is known about one program.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    /// Until when nobody may call.
    open_until: Option<Instant>,
    /// Whether a message is under way that tries after a pause.
    trial: bool,
    pause: Duration,
}

impl Breaker {
    /// Whether a message may be sent now. After a pause it is one at a time that tries.
    pub(crate) fn may(&mut self, now: Instant) -> bool {
        match self.open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                // Whoever comes while this one is under way waits as if it had failed.
                self.open_until = Some(now + self.pause);
                self.trial = true;
                true
            }
        }
    }

    /// The program took a message; whether that is news.
    pub(crate) fn succeeded(&mut self) -> bool {
        let news = self.open_until.is_some();
        *self = Self::default();
        news
    }

    /// The program did not take a message; whether it is left alone from now on.
    pub(crate) fn failed(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        let news = self.open_until.is_none();
        // One that was under way when the pause began says nothing that is not known.
        if self.failures < FAILURES || !(news || self.trial) {
            return false;
        }
        self.trial = false;
        self.pause = if news { PAUSE } else { (self.pause * 2).min(LONGEST) };
        self.open_until = Some(now + self.pause);
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 1..FAILURES {
            assert!(breaker.may(now) && !breaker.failed(now));
        }
        assert!(breaker.failed(now), "the fifth failure is news");
        breaker
    }

    #[test]
    fn five_failures_in_a_row_stop_the_calls_for_a_while() {
        let now = Instant::now();
        let mut breaker = broken(now);
        assert!(!breaker.may(now + PAUSE / 2));
        assert!(breaker.may(now + PAUSE));
        assert!(!breaker.may(now + PAUSE), "one tries, the others wait");
    }

    #[test]
    fn a_success_in_between_begins_the_count_again() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..20 {
            assert!(!breaker.failed(now) && !breaker.failed(now));
            assert!(!breaker.succeeded());
        }
        assert!(breaker.may(now));
    }

    #[test]
    fn messages_that_were_under_way_together_do_not_lengthen_the_pause() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..50 {
            assert!(breaker.may(now));
        }
        for number in 1..=50 {
            assert_eq!(breaker.failed(now), number == FAILURES);
        }
        assert!(!breaker.may(now + PAUSE / 2) && breaker.may(now + PAUSE));
    }

    #[test]
    fn pauses_grow_to_a_minute_and_end_with_a_success() {
        let mut now = Instant::now();
        let mut breaker = broken(now);
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let pause = breaker.pause;
            now += pause;
            assert!(breaker.may(now));
            assert!(!breaker.failed(now), "known already");
            pauses.push(breaker.pause.as_secs());
        }
        assert_eq!(pauses, [10, 20, 40, 60, 60, 60]);
        assert!(breaker.succeeded(), "being back is news");
        assert!(breaker.may(now));
    }
}
