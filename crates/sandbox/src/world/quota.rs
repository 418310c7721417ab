//! Daily counters of one account's calls, cleared at midnight in China or on request.

use std::collections::HashMap;

use crate::clock::{china_day, china_month};

/// How often each path was called today.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quota {
    day: i64,
    used: HashMap<String, u32>,
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

    /// Calls of this path today.
    pub(crate) fn used(&mut self, path: &str, now_ms: i64) -> u32 {
        self.turn_day(now_ms);
        self.used.get(path).copied().unwrap_or(0)
    }

    /// Sets every counter to zero; false when that was done too often this month.
    pub(crate) fn clear(&mut self, per_month: u32, now_ms: i64) -> bool {
        if self.month != china_month(now_ms) {
            self.month = china_month(now_ms);
            self.cleared = 0;
        }
        if self.cleared >= per_month {
            return false;
        }
        self.cleared += 1;
        self.used.clear();
        true
    }

    fn turn_day(&mut self, now_ms: i64) {
        if self.day != china_day(now_ms) {
            self.day = china_day(now_ms);
            self.used.clear();
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
        assert!(quota.count("/a", 1, DAY));
    }

    #[test]
    fn clearing_is_limited_by_the_month() {
        let mut quota = Quota::default();
        quota.count("/a", 1, 0);
        for _ in 0..10 {
            assert!(quota.clear(10, 0));
        }
        assert!(!quota.clear(10, 0));
        assert!(quota.clear(10, 31 * DAY));
        assert_eq!(quota.used("/a", 31 * DAY), 0);
    }
}
