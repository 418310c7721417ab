//! The event stream: every change with a growing number, and the last ones for who was away.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::broadcast;

use crate::world::News;

/// One change, numbered.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) data: Value,
}

/// Events that are kept for who comes back.
const KEPT: usize = 1000;

/// Where events are published and read.
pub(crate) struct Feed {
    past: Mutex<(u64, VecDeque<Event>)>,
    live: broadcast::Sender<Event>,
}

impl Feed {
    pub(crate) fn new() -> Self {
        Feed { past: Mutex::new((0, VecDeque::new())), live: broadcast::channel(KEPT).0 }
    }

    pub(crate) fn publish(&self, news: News) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.0 += 1;
        let event = Event { id: past.0, name: news.event, data: news.data };
        if past.1.len() >= KEPT {
            past.1.pop_front();
        }
        past.1.push_back(event.clone());
        // Nobody listening is fine.
        let _ = self.live.send(event);
    }

    /// The kept events after this number, and all that follow.
    pub(crate) fn listen(&self, after: Option<u64>) -> (Vec<Event>, broadcast::Receiver<Event>) {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = match after {
            Some(after) => past.1.iter().filter(|event| event.id > after).cloned().collect(),
            None => Vec::new(),
        };
        (missed, self.live.subscribe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_gets_what_was_missed() {
        let feed = Feed::new();
        for n in 0..3 {
            feed.publish(News { event: "clock", data: Value::from(n) });
        }
        let (missed, _) = feed.listen(Some(1));
        assert_eq!(missed.iter().map(|event| event.id).collect::<Vec<_>>(), [2, 3]);
        assert!(feed.listen(None).0.is_empty());
    }
}
