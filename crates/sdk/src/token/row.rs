//! One account's row in a token store: the token, and who may fetch the next. Pure; the stores keep it.

use std::time::Duration;

use hongyan_wire::Timestamp;

use super::StoredToken;

/// The token and the lease of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// The number of the last lease that was given.
    pub fence: u64,
    /// When that lease ends by itself; `None` when it has ended.
    pub leased_until: Option<Timestamp>,
    pub token: Option<StoredToken>,
}

impl Row {
    pub(super) fn lease(&mut self, now: Timestamp, for_: Duration) -> Option<u64> {
        // A lease that ends later than any could is from before the clock was set back.
        if self.leased_until.is_some_and(|until| now < until && until <= now + for_) {
            return None;
        }
        self.fence += 1;
        self.leased_until = Some(now + for_);
        Some(self.fence)
    }

    pub(super) fn save(&mut self, fence: u64, token: StoredToken) -> bool {
        if self.token.as_ref().is_some_and(|kept| kept.fence > fence) {
            return false;
        }
        self.token = Some(StoredToken { fence, ..token });
        self.release(fence);
        true
    }

    pub(super) fn release(&mut self, fence: u64) {
        if self.fence == fence {
            self.leased_until = None;
        }
        // A file that was deleted begins again at zero; fences must not.
        self.fence = self.fence.max(fence);
    }
}

#[cfg(test)]
mod tests {
    use hongyan_wire::Secret;

    use super::*;

    const LONG: Duration = Duration::from_secs(15);

    fn token(text: &str) -> StoredToken {
        StoredToken { token: Secret::new(text), expires_at: Timestamp(1), fence: 0 }
    }

    #[test]
    fn one_lease_at_a_time_until_it_ends_is_saved_or_given_back() {
        let mut row = Row::default();
        assert_eq!(row.lease(Timestamp(0), LONG), Some(1));
        assert_eq!(row.lease(Timestamp(14_999), LONG), None);
        assert_eq!(row.lease(Timestamp(15_000), LONG), Some(2));
        assert!(row.save(2, token("a")));
        assert_eq!(row.lease(Timestamp(15_000), LONG), Some(3));
        row.release(3);
        assert_eq!(row.lease(Timestamp(15_000), LONG), Some(4));
    }

    #[test]
    fn an_old_fence_does_not_overwrite_and_does_not_end_a_newer_lease() {
        let mut row = Row::default();
        let old = row.lease(Timestamp(0), LONG).unwrap();
        let new = row.lease(Timestamp(20_000), LONG).unwrap();
        row.release(old);
        assert_eq!(row.lease(Timestamp(20_001), LONG), None);
        assert!(row.save(new, token("new")));
        assert!(!row.save(old, token("old")));
        assert_eq!(row.token.unwrap().token, Secret::new("new"));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_lock_the_row() {
        let mut row = Row::default();
        row.lease(Timestamp(1_000_000), LONG);
        assert_eq!(row.lease(Timestamp(0), LONG), Some(2));
    }
}
