//! How often something may happen: a pure token bucket that two of anything agree on.
//!
//! The bucket is one number, the time at which it will be full again. However the takings fall, no period holds more of
//! them than the rate allows: a twentieth may come at once, the rest is spread over the period.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// So many in a period, such as `600/m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    period: Duration,
}

/// Whether it may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Now.
    Ok,
    /// After so long, if nobody else takes it first.
    Wait(Duration),
}

impl Rate {
    /// So many in a period; nothing when either is zero.
    pub fn new(count: u32, period: Duration) -> Option<Self> {
        (count > 0 && period >= Duration::from_secs(1)).then_some(Self { count, period })
    }

    /// How many may come at once.
    fn burst(self) -> u64 {
        u64::from(self.count / 20).max(1)
    }

    /// Microseconds between two, once the bucket is empty.
    pub(super) fn interval(self) -> u64 {
        let spread = u64::from(self.count) + 1 - self.burst();
        (self.period.as_micros() as u64).div_ceil(spread)
    }

    /// Microseconds that the bucket holds.
    pub(super) fn depth(self) -> u64 {
        self.burst() * self.interval()
    }

    /// Takes `cost` from a bucket that is full again at `full_at`; both times in microseconds. Gives its new time, or
    /// how long to wait. More than the bucket holds is taken when the bucket is full.
    pub(super) fn take(self, full_at: u64, now: u64, cost: u32) -> Result<u64, Duration> {
        let after = full_at.max(now) + u64::from(cost) * self.interval();
        let depth = self.depth().max(u64::from(cost) * self.interval());
        match after.checked_sub(now + depth) {
            None | Some(0) => Ok(after),
            Some(wait) => Err(Duration::from_micros(wait)),
        }
    }
}

impl FromStr for Rate {
    type Err = ();

    /// `COUNT/s`, `/m`, `/h` or `/d`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (count, unit) = text.split_once('/').ok_or(())?;
        let seconds = match unit.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err(()),
        };
        let count = count.trim().parse().map_err(|_| ())?;
        Self::new(count, Duration::from_secs(seconds)).ok_or(())
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {} s", self.count, self.period.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times of everything that a greedy taker gets within a while, in microseconds.
    fn greedy(rate: Rate, until: u64) -> Vec<u64> {
        let (mut full_at, mut now, mut taken) = (0, 1_000_000_000, Vec::new());
        let end = now + until;
        while now < end {
            match rate.take(full_at, now, 1) {
                Ok(next) => {
                    full_at = next;
                    taken.push(now);
                }
                Err(wait) => now += wait.as_micros() as u64,
            }
        }
        taken
    }

    #[test]
    fn no_period_holds_more_than_the_rate_and_hardly_less() {
        for text in ["1/s", "2/s", "19/m", "40/s", "600/m", "5000/m"] {
            let rate: Rate = text.parse().unwrap();
            let period = rate.period.as_micros() as u64;
            let taken = greedy(rate, 4 * period);
            for (at, first) in taken.iter().enumerate() {
                let within = taken[at..].iter().take_while(|time| **time < first + period).count();
                assert!(within <= rate.count as usize, "{text}: {within}");
            }
            assert!(taken.len() as f64 > 4.0 * f64::from(rate.count) * 0.9, "{text}: {}", taken.len());
        }
    }

    #[test]
    fn a_rate_is_read_as_it_is_written() {
        assert_eq!("600/m".parse(), Ok(Rate { count: 600, period: Duration::from_mins(1) }));
        assert_eq!("5 / s".parse(), Ok(Rate { count: 5, period: Duration::from_secs(1) }));
        for text in ["", "600", "0/m", "-1/m", "600/y", "x/m"] {
            assert_eq!(text.parse::<Rate>(), Err(()), "{text}");
        }
    }

    #[test]
    fn what_costs_more_than_the_bucket_holds_waits_for_a_full_one() {
        let rate: Rate = "20/s".parse().unwrap();
        let full_at = rate.take(0, 1_000_000, 5).unwrap();
        assert!(rate.take(full_at, 1_000_000, 5).is_err());
        assert!(rate.take(full_at, full_at, 5).is_ok());
    }
}
