//! Request ids of refused calls, so that the account can look them up.

use std::collections::VecDeque;

/// One refused call.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) rid: String,
    pub(crate) at_ms: i64,
    pub(crate) url: String,
    pub(crate) request: String,
    pub(crate) response: String,
    pub(crate) client: String,
}

/// Calls that are kept, and for how long.
const KEPT: usize = 1000;
const SEVEN_DAYS_MS: i64 = 7 * 86_400_000;

/// The last refused calls of an account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rids(VecDeque<Recorded>);

impl Rids {
    pub(crate) fn add(&mut self, recorded: Recorded) {
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(recorded);
    }

    /// The call with this id, for seven days.
    pub(crate) fn find(&self, rid: &str, now_ms: i64) -> Option<&Recorded> {
        self.0.iter().find(|one| one.rid == rid && now_ms - one.at_ms < SEVEN_DAYS_MS)
    }
}

/// True for three groups of eight hexadecimal digits.
pub(crate) fn is_rid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.len() == 3
        && groups.iter().all(|group| group.len() == 8 && group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_can_be_looked_up_for_seven_days() {
        let mut rids = Rids::default();
        for number in 0..1001 {
            rids.add(Recorded {
                rid: format!("r{number}"),
                at_ms: 0,
                url: String::new(),
                request: String::new(),
                response: String::new(),
                client: String::new(),
            });
        }
        assert!(rids.find("r1", SEVEN_DAYS_MS - 1).is_some());
        assert!(rids.find("r1", SEVEN_DAYS_MS).is_none() && rids.find("r0", 0).is_none());
        assert!(is_rid("5f3ded7d-22929d02-4ba1f5f6"));
        assert!(!is_rid("5f3ded7d-22929d02") && !is_rid("5f3ded7d-22929d02-4ba1f5fg") && !is_rid(""));
    }
}
