//! The sandbox's clock: real time plus whatever has been skipped.

use std::sync::atomic::{AtomicI64, Ordering};

use hongyan_wire::{Clock, SystemClock, Timestamp};

/// A clock that runs like the wall clock and can be moved ahead.
#[derive(Debug, Default)]
pub(crate) struct VirtualClock {
    ahead_ms: AtomicI64,
}

impl VirtualClock {
    /// Moves ahead and tells the new time.
    pub(crate) fn advance(&self, ms: i64) -> Timestamp {
        self.ahead_ms.fetch_add(ms, Ordering::SeqCst);
        self.now()
    }

    /// Goes back to real time.
    pub(crate) fn reset(&self) {
        self.ahead_ms.store(0, Ordering::SeqCst);
    }

    /// How far this clock is ahead of the wall clock.
    pub(crate) fn ahead_ms(&self) -> i64 {
        self.ahead_ms.load(Ordering::SeqCst)
    }

    /// The wall clock, which signs pushes.
    pub(crate) fn wall_seconds() -> i64 {
        SystemClock.now().0 / 1000
    }

    /// Now, in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        SystemClock.now().0.saturating_add(self.ahead_ms())
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now_ms())
    }
}

/// The number of the day in China, where daily limits begin at midnight.
pub(crate) fn china_day(now_ms: i64) -> i64 {
    (now_ms + 8 * 3_600_000).div_euclid(86_400_000)
}

/// The number of the month in China, counted from year 0.
pub(crate) fn china_month(now_ms: i64) -> i64 {
    // Civil date from the day number, after the usual shift of the year to March.
    let z = china_day(now_ms) + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    year * 12 + month - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_moves_only_this_clock() {
        let clock = VirtualClock::default();
        let before = clock.now_ms();
        clock.advance(48 * 3_600_000);
        assert!(clock.now_ms() - before >= 48 * 3_600_000);
        clock.reset();
        assert!(clock.now_ms() - before < 3_600_000);
    }

    #[test]
    fn days_and_months_change_at_midnight_in_china() {
        // 2024-03-01T00:00:00+08:00
        let march = 1_709_222_400_000;
        assert_eq!(china_day(march), china_day(march - 1) + 1);
        assert_eq!(china_month(march), 2024 * 12 + 2);
        assert_eq!(china_month(march - 1), 2024 * 12 + 1);
    }
}
