//! The sandbox's clock: it runs like the wall clock, stands still, or runs faster, and can be moved.

use std::sync::{Mutex, PoisonError};

use hongyan_wire::{Clock, SystemClock, Timestamp};

/// Where the clock stood when it was last touched, and how it runs since.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Course {
    wall_ms: i64,
    own_ms: i64,
    /// Milliseconds of this clock for one of the wall clock; 0 stands still.
    rate: f64,
}

impl Course {
    const REAL: Course = Course { wall_ms: 0, own_ms: 0, rate: 1.0 };

    fn at(self, wall_ms: i64) -> i64 {
        self.own_ms.saturating_add((wall_ms.saturating_sub(self.wall_ms) as f64 * self.rate) as i64)
    }

    fn set(self, wall_ms: i64, own_ms: i64) -> Self {
        Course { wall_ms, own_ms, rate: self.rate }
    }

    fn paced(self, wall_ms: i64, rate: f64) -> Self {
        Course { wall_ms, own_ms: self.at(wall_ms), rate }
    }
}

/// A clock that can be moved, stopped and sped up.
#[derive(Debug)]
pub(crate) struct VirtualClock {
    course: Mutex<Course>,
}

impl Default for VirtualClock {
    fn default() -> Self {
        VirtualClock { course: Mutex::new(Course::REAL) }
    }
}

impl VirtualClock {
    /// Moves ahead.
    pub(crate) fn advance(&self, ms: i64) {
        self.change(|course, wall_ms| course.set(wall_ms, course.at(wall_ms).saturating_add(ms)));
    }

    /// Moves to this time.
    pub(crate) fn set(&self, own_ms: i64) {
        self.change(|course, wall_ms| course.set(wall_ms, own_ms));
    }

    /// Runs at this many times the speed of the wall clock; 0 stands still.
    pub(crate) fn pace(&self, rate: f64) {
        self.change(|course, wall_ms| course.paced(wall_ms, rate));
    }

    /// Goes back to real time.
    pub(crate) fn reset(&self) {
        self.change(|_, _| Course::REAL);
    }

    /// How far this clock is ahead of the wall clock.
    pub(crate) fn ahead_ms(&self) -> i64 {
        self.now_ms() - SystemClock.now().0
    }

    /// How many times as fast as the wall clock it runs.
    pub(crate) fn rate(&self) -> f64 {
        self.course().rate
    }

    /// The wall clock, which signs pushes.
    pub(crate) fn wall_seconds() -> i64 {
        SystemClock.now().0 / 1000
    }

    /// Now, in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        self.course().at(SystemClock.now().0)
    }

    fn course(&self) -> Course {
        *self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, f: impl FnOnce(Course, i64) -> Course) {
        let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
        *course = f(*course, SystemClock.now().0);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now_ms())
    }
}

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// The number of the day in China, where daily limits begin at midnight.
pub(crate) fn china_day(now_ms: i64) -> i64 {
    (now_ms + 8 * 3_600_000).div_euclid(DAY_MS)
}

/// The next midnight in China after this time.
pub(crate) fn china_midnight_after(now_ms: i64) -> i64 {
    (china_day(now_ms) + 1) * DAY_MS - 8 * 3_600_000
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
    fn a_clock_stands_still_runs_faster_and_goes_on_from_where_it_is() {
        let real = Course::REAL;
        assert_eq!(real.at(1_732_000_000_123), 1_732_000_000_123);
        let frozen = real.paced(1000, 0.0);
        assert_eq!((frozen.at(1000), frozen.at(9000)), (1000, 1000));
        let fast = frozen.paced(9000, 60.0);
        assert_eq!((fast.at(9000), fast.at(9500)), (1000, 31_000));
        let moved = fast.set(9500, 5_000_000);
        assert_eq!((moved.at(9500), moved.at(9501)), (5_000_000, 5_000_060));
        let resumed = moved.paced(9501, 1.0);
        assert_eq!(resumed.at(9511), 5_000_070);
    }

    #[test]
    fn days_and_months_change_at_midnight_in_china() {
        // 2024-03-01T00:00:00+08:00
        let march = 1_709_222_400_000;
        assert_eq!(china_day(march), china_day(march - 1) + 1);
        assert_eq!(china_month(march), 2024 * 12 + 2);
        assert_eq!(china_month(march - 1), 2024 * 12 + 1);
        assert_eq!(china_midnight_after(march - 1), march);
        assert_eq!(china_midnight_after(march), march + DAY_MS);
    }
}
