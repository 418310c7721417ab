//! Answers of a fetch, kept for a while for those who ask the same.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

/// How many answers one fetch keeps; above it the oldest make way.
const MOST: usize = 1000;

/// What is asked, as a digest: values and keys of a request are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Question([u8; 32]);

impl Question {
    /// The question that these parts make.
    pub(crate) fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }
}

/// The answers of one fetch.
#[derive(Debug)]
pub(crate) struct Cache<T> {
    life: Duration,
    kept: Mutex<HashMap<Question, (Instant, T)>>,
}

impl<T: Clone> Cache<T> {
    /// Keeps each answer for this long.
    pub(crate) fn new(life: Duration) -> Self {
        Self { life, kept: Mutex::default() }
    }

    /// The answer, if it is not too old.
    pub(crate) fn get(&self, question: &Question, now: Instant) -> Option<T> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(question)
            .filter(|(at, _)| now.saturating_duration_since(*at) < self.life)
            .map(|(_, answer)| answer.clone())
    }

    /// Keeps an answer.
    pub(crate) fn put(&self, question: Question, answer: T, now: Instant) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST && !kept.contains_key(&question) {
            kept.retain(|_, (at, _)| now.saturating_duration_since(*at) < self.life);
            while kept.len() >= MOST {
                let Some(oldest) = kept.iter().min_by_key(|(_, (at, _))| *at).map(|(key, _)| *key) else {
                    break;
                };
                kept.remove(&oldest);
            }
        }
        kept.insert(question, (now, answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(text: &str) -> Question {
        Question::of([text.as_bytes()])
    }

    #[test]
    fn an_answer_is_given_until_it_is_too_old() {
        let cache = Cache::new(Duration::from_mins(1));
        let start = Instant::now();
        cache.put(question("a"), 1, start);
        assert_eq!(cache.get(&question("a"), start + Duration::from_secs(59)), Some(1));
        assert_eq!(cache.get(&question("a"), start + Duration::from_mins(1)), None);
        assert_eq!(cache.get(&question("b"), start), None);
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        assert_ne!(Question::of([&b"ab"[..], b"c"]), Question::of([&b"a"[..], b"bc"]));
    }

    #[test]
    fn the_oldest_make_way() {
        let cache = Cache::new(Duration::from_mins(1));
        let start = Instant::now();
        for number in 0..=MOST {
            let at = start + Duration::from_millis(number as u64);
            cache.put(question(&number.to_string()), number, at);
        }
        let now = start + Duration::from_secs(2);
        assert_eq!(cache.get(&question("0"), now), None);
        assert_eq!(cache.get(&question("1"), now), Some(1));
        assert_eq!(cache.get(&question(&MOST.to_string()), now), Some(MOST));
    }
}
