//! What all processes share about pushes: one record each, replaced only by who has seen it as it is.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hongyan_server::Noted;

use super::{Spot, Step, World};

/// The record store, as `DedupStore` describes it.
#[derive(Default)]
pub(super) struct Records {
    pub(super) away: bool,
    /// Whether an answer of it is lost now and then.
    pub(super) shaky: bool,
    pub(super) held: BTreeMap<usize, (u64, Bytes)>,
    /// Counts what was written, so that nobody reads again what has not changed.
    pub(super) version: u64,
}

/// The store's answer: the record, whether it is the asker's own, and how much had been written by then.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) noted: Option<Noted>,
    pub(super) written: bool,
    pub(super) version: u64,
}

impl World {
    /// A swap or, without `next`, a look reaches the store.
    pub(super) fn exchange(&mut self, spot: Spot, push: usize, seen: Option<Bytes>, next: Option<Bytes>) {
        let now = self.now;
        let lost = !self.records.away && self.records.shaky && self.dice.chance(3);
        let applied = !self.records.away && (!lost || self.dice.chance(60));
        let swaps = next.is_some();
        let found = self.records.held.get(&push).map(|(_, value)| value.clone());
        let mut written = false;
        if applied
            && let Some(next) = next
            && found == seen
        {
            let since = self.records.held.get(&push).map_or(now, |(since, _)| *since);
            self.records.held.insert(push, (since, next));
            self.records.version += 1;
            written = true;
        }
        let heard = (applied && !lost).then(|| Heard {
            noted: self.records.held.get(&push).map(|(since, value)| Noted {
                value: value.clone(),
                age: Duration::from_millis(now - since),
            }),
            written,
            version: self.records.version,
        });
        if heard.is_none() {
            self.pushes[push].doubted = true;
            self.note(if lost { "record store: answer lost" } else { "record store: away" });
        } else if swaps && !written {
            self.note("record store: somebody was faster");
        }
        let delay = if heard.is_some() { self.delay() } else { self.dice.below(200) };
        self.after(delay, Step::Heard(spot, push, heard));
    }

    /// The store starts again with nothing in it.
    pub(super) fn forget(&mut self) {
        self.note("record store: forgot all");
        self.records.version += 1;
        for push in std::mem::take(&mut self.records.held).into_keys() {
            self.pushes[push].doubted = true;
            self.pushes[push].forgotten += 1;
        }
    }

    /// When the push became known to the store.
    pub(super) fn recorded_at(&self, push: usize) -> Option<u64> {
        self.records.held.get(&push).map(|(since, _)| *since)
    }

    /// How long a message to the record store or from it takes.
    pub(super) fn delay(&mut self) -> u64 {
        if self.dice.chance(5) { self.dice.below(90) } else { self.dice.below(5) }
    }
}
