//! What is wrong with a rule, said once in a while and not for every message.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the same reason stays unsaid.
const QUIET: Duration = Duration::from_mins(10);

/// When which reason was last said.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Mutex<HashMap<String, Instant>>);

impl Complaints {
    /// Whether the reason has not been said for a while; it counts as said now.
    pub(crate) fn new_one(&self, reason: &str, now: Instant) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match said.get_mut(reason) {
            Some(last) if now.saturating_duration_since(*last) < QUIET => false,
            Some(last) => {
                *last = now;
                true
            }
            None => {
                said.insert(reason.to_owned(), now);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_said_once_in_a_while_and_another_one_at_once() {
        let (complaints, start) = (Complaints::default(), Instant::now());
        assert!(complaints.new_one("a", start));
        assert!(!complaints.new_one("a", start + QUIET / 2));
        assert!(complaints.new_one("b", start));
        assert!(complaints.new_one("a", start + QUIET));
    }
}
