//! Exchanges: every push with its answer and every API call, kept in the order they ended.

use std::collections::{HashMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

use crate::reply::findings::Finding;

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// The platform called the back end.
    Push,
    /// The back end called the platform.
    Api,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// A message was shown, or a call succeeded.
    Replied,
    /// Answered with nothing to show.
    Silent,
    /// The person saw a notice, or a call was refused.
    Failed,
    /// Nothing was pushed.
    None,
}

/// One delivery of a push.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Try {
    /// When it began, by the sandbox's clock.
    pub(crate) at_ms: i64,
    pub(crate) took_ms: u64,
    /// The HTTP status; none without an answer.
    pub(crate) status: Option<u16>,
    /// Why there was no status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// An extra delivery that a fault asked for; its answer is not shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) duplicate: bool,
}

/// A push and its answer, or a call and its answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Exchange {
    pub(crate) id: u64,
    pub(crate) app_id: String,
    pub(crate) direction: Direction,
    pub(crate) user: Option<String>,
    pub(crate) kind: String,
    pub(crate) outcome: Outcome,
    pub(crate) at_ms: i64,
    pub(crate) tries: Vec<Try>,
    pub(crate) request: Value,
    pub(crate) reply: Value,
    pub(crate) findings: Vec<Finding>,
    /// Pushes that the same action brought after this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) then: Vec<u64>,
}

impl Exchange {
    pub(crate) fn new(id: u64, app_id: &str, direction: Direction, kind: String, at_ms: i64) -> Self {
        Exchange {
            id,
            app_id: app_id.to_owned(),
            direction,
            user: None,
            kind,
            outcome: Outcome::None,
            at_ms,
            tries: Vec::new(),
            request: Value::Null,
            reply: Value::Null,
            findings: Vec::new(),
            then: Vec::new(),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }
}

/// The exchanges that are kept.
const KEPT: usize = 5000;

/// All finished exchanges, in the order they ended.
#[derive(Default)]
pub(crate) struct Log {
    last_id: u64,
    ended: VecDeque<Exchange>,
    /// How many had ended when this one did; the position of an id in the log.
    order: HashMap<u64, u64>,
    count: u64,
}

impl Log {
    /// The id of an exchange that begins now.
    pub(crate) fn begin(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Keeps an exchange that has ended.
    pub(crate) fn end(&mut self, exchange: Exchange) {
        if self.ended.len() >= KEPT
            && let Some(old) = self.ended.pop_front()
        {
            self.order.remove(&old.id);
        }
        self.count += 1;
        self.order.insert(exchange.id, self.count);
        self.ended.push_back(exchange);
    }

    /// Those that ended after the one with this id; all for 0 or an id that is not known.
    pub(crate) fn after(&self, id: u64) -> impl Iterator<Item = &Exchange> {
        let position = self.order.get(&id).copied().unwrap_or(0);
        self.ended.iter().filter(move |exchange| self.order.get(&exchange.id).is_some_and(|at| *at > position))
    }

    /// The exchange with this id.
    pub(crate) fn get(&self, id: u64) -> Option<&Exchange> {
        self.ended.iter().rev().find(|exchange| exchange.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_exchange_is_not_missed_by_who_asks_for_the_next() {
        let mut log = Log::default();
        let (slow, quick) = (log.begin(), log.begin());
        log.end(Exchange::new(quick, "wx1", Direction::Api, "/a".into(), 0));
        log.end(Exchange::new(slow, "wx1", Direction::Push, "message.text".into(), 0));
        let ids: Vec<u64> = log.after(quick).map(|exchange| exchange.id).collect();
        assert_eq!(ids, [slow]);
        assert_eq!(log.after(0).count(), 2);
    }
}
