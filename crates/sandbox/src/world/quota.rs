//! Counters of one account's calls: by the day in China, and by the minute.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::clock::{china_day, china_midnight_after, china_month};

/// How often each path was called today, and in this minute.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Quota {
    day: i64,
    used: HashMap<String, u32>,
    minute: i64,
    in_minute: HashMap<String, u32>,
    month: i64,
    cleared: u32,
}

impl Quota {
    /// Counts one call; false when the day's limit is reached.
    pub(crate) fn count(&mut self, path: &str, limit: u32, now_ms: i64) -> bool {
        self.turn_day(now_ms);
        let used = self.used.entry(path.to_owned()).or_default();
        if *used >= limit {
            return false;
        }
        *used += 1;
        true
    }

    /// Counts one call of this minute; false when the minute's limit is reached.
    pub(crate) fn count_minute(&mut self, path: &str, limit: u32, now_ms: i64) -> bool {
        self.turn_minute(now_ms);
        let used = self.in_minute.entry(path.to_owned()).or_default();
        if *used >= limit {
            return false;
        }
        *used += 1;
        true
    }

    /// Calls of this path today.
    pub(crate) fn used(&mut self, path: &str, now_ms: i64) -> u32 {
        self.turn_day(now_ms);
        self.used.get(path).copied().unwrap_or(0)
    }

    /// All paths called today.
    pub(crate) fn all_used(&mut self, now_ms: i64) -> Vec<(String, u32)> {
        self.turn_day(now_ms);
        let mut all: Vec<_> = self.used.iter().map(|(path, used)| (path.clone(), *used)).collect();
        all.sort();
        all
    }

    /// Says how often a path was called today.
    pub(crate) fn set(&mut self, path: &str, used: u32, now_ms: i64) {
        self.turn_day(now_ms);
        self.used.insert(path.to_owned(), used);
    }

    /// Sets every counter to zero, or one; false when that was done too often this month.
    pub(crate) fn clear(&mut self, path: Option<&str>, per_month: u32, now_ms: i64) -> bool {
        if self.month != china_month(now_ms) {
            self.month = china_month(now_ms);
            self.cleared = 0;
        }
        if self.cleared >= per_month {
            return false;
        }
        self.cleared += 1;
        match path {
            Some(path) => drop(self.used.remove(path)),
            None => self.used.clear(),
        }
        true
    }

    /// When today's counters go back to zero; none when nothing was counted on the day of this time.
    pub(crate) fn ends_at_ms(&self, now_ms: i64) -> Option<i64> {
        (self.day == china_day(now_ms) && !self.used.is_empty()).then(|| china_midnight_after(now_ms))
    }

    fn turn_day(&mut self, now_ms: i64) {
        if self.day != china_day(now_ms) {
            self.day = china_day(now_ms);
            self.used.clear();
        }
    }

    fn turn_minute(&mut self, now_ms: i64) {
        let minute = now_ms.div_euclid(60_000);
        if self.minute != minute {
            self.minute = minute;
            self.in_minute.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn a_limit_holds_until_midnight_in_china() {
        let mut quota = Quota::default();
        assert!(quota.count("/a", 1, 0));
        assert!(!quota.count("/a", 1, 1));
        assert!(quota.count("/b", 1, 1));
        let midnight = quota.ends_at_ms(0).unwrap();
        assert_eq!(midnight, 16 * 3_600_000);
        assert!(!quota.count("/a", 1, midnight - 1));
        assert!(quota.count("/a", 1, midnight));
        assert_eq!(quota.ends_at_ms(midnight + DAY), None);
    }

    #[test]
    fn a_minute_ends_with_the_minute() {
        let mut quota = Quota::default();
        assert!(quota.count_minute("/a", 2, 59_000) && quota.count_minute("/a", 2, 59_999));
        assert!(!quota.count_minute("/a", 2, 59_999));
        assert!(quota.count_minute("/a", 2, 60_000));
    }

    #[test]
    fn clearing_is_limited_by_the_month() {
        let mut quota = Quota::default();
        quota.count("/a", 1, 0);
        quota.count("/b", 1, 0);
        assert!(quota.clear(Some("/a"), 10, 0));
        assert_eq!((quota.used("/a", 0), quota.used("/b", 0)), (0, 1));
        for _ in 1..10 {
            assert!(quota.clear(None, 10, 0));
        }
        assert!(!quota.clear(None, 10, 0));
        assert!(quota.clear(None, 10, 31 * DAY));
        assert_eq!(quota.used("/b", 31 * DAY), 0);
    }
}
