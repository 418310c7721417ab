//! Another row each time: a shuffled order per rule and user, all rows before a repeat, never the same twice in a row.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use hongyan_wire::Random;
use serde_json::{Map, Value};

/// How many rows a cycle remembers as shown; a longer list may repeat a row after so many others.
const REMEMBERED: usize = 4096;

/// Remembers for each rule and user which rows have been shown.
pub trait Rotation: Send + Sync + 'static {
    /// Which of the rows comes next, as an index into `rows`; `None` only when there are no rows.
    fn next<'a>(
        &'a self,
        key: RotationKey<'a>,
        rows: &'a [RowId],
    ) -> BoxFuture<'a, Result<Option<usize>, RotationError>>;
}

/// Whose rotation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RotationKey<'a> {
    /// The account's name.
    pub account: &'a str,
    /// The rule's name.
    pub rule: &'a str,
    /// The user's OpenID.
    pub user: &'a str,
}

/// The store behind a rotation is away.
#[derive(Debug, thiserror::Error)]
#[error("the order of the rows cannot be kept: {0}")]
pub struct RotationError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A row, recognised by what stands in it; the same on every machine and after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub u64);

impl RowId {
    /// The id of a row.
    pub fn of(row: &Map<String, Value>) -> RowId {
        // FNV-1a: std's hasher may change between versions, and these ids are stored.
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for (name, value) in row {
            for byte in name.bytes().chain([0]).chain(value.to_string().into_bytes()).chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        RowId(hash)
    }
}

/// Where one user stands in one rule's rows. Pure: rows and a random number go in, an index comes out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cycle {
    /// The rows shown since the cycle began, oldest first.
    shown: Vec<RowId>,
    last: Option<RowId>,
}

impl Cycle {
    /// The next row's index. Rows may come and go between calls.
    pub fn next(&mut self, rows: &[RowId], random: u64) -> Option<usize> {
        self.shown.retain(|row| rows.contains(row));
        let mut fresh = choices(rows, |row| !self.shown.contains(row) && Some(row) != self.last.as_ref());
        if fresh.is_empty() {
            // Everything has been shown, or only the last one is left of what has not: begin again, but not with it.
            self.shown.clear();
            fresh = choices(rows, |row| Some(row) != self.last.as_ref());
        }
        if fresh.is_empty() {
            fresh = choices(rows, |_| true);
        }
        let count = u64::try_from(fresh.len()).ok().filter(|count| *count > 0)?;
        let index = *fresh.get(usize::try_from(random % count).ok()?)?;
        let row = *rows.get(index)?;
        if self.shown.len() >= REMEMBERED {
            self.shown.remove(0);
        }
        self.shown.push(row);
        self.last = Some(row);
        Some(index)
    }

    /// The cycle as bytes for a store.
    pub fn to_bytes(&self) -> Vec<u8> {
        let last = [u64::from(self.last.is_some()), self.last.map_or(0, |row| row.0)];
        last.into_iter().chain(self.shown.iter().map(|row| row.0)).flat_map(u64::to_le_bytes).collect()
    }

    /// Reads what [`Cycle::to_bytes`] wrote; anything else is a new cycle.
    pub fn from_bytes(bytes: &[u8]) -> Cycle {
        let mut numbers = bytes.as_chunks::<8>().0.iter().map(|chunk| u64::from_le_bytes(*chunk));
        let (has_last, last) = (numbers.next(), numbers.next());
        Cycle { last: last.filter(|_| has_last == Some(1)).map(RowId), shown: numbers.map(RowId).collect() }
    }
}

/// The indexes of the rows that pass, each distinct row once.
fn choices(rows: &[RowId], pass: impl Fn(&RowId) -> bool) -> Vec<usize> {
    let mut seen = std::collections::HashSet::new();
    rows.iter()
        .enumerate()
        .filter(|(_, row)| pass(row) && seen.insert(**row))
        .map(|(index, _)| index)
        .collect()
}

/// A rotation in memory, for tests and for gateways that may forget it at a restart.
///
/// At most so many users are remembered: when the young half is full, the old half is forgotten.
pub struct MemoryRotation {
    random: Arc<dyn Random>,
    half: usize,
    halves: Mutex<Halves>,
}

#[derive(Default)]
struct Halves {
    young: HashMap<String, Cycle>,
    old: HashMap<String, Cycle>,
}

impl MemoryRotation {
    /// Remembers at most `users` users and rules.
    pub fn new(random: Arc<dyn Random>, users: usize) -> MemoryRotation {
        MemoryRotation { random, half: (users / 2).max(1), halves: Mutex::default() }
    }
}

impl Rotation for MemoryRotation {
    fn next<'a>(
        &'a self,
        key: RotationKey<'a>,
        rows: &'a [RowId],
    ) -> BoxFuture<'a, Result<Option<usize>, RotationError>> {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        let key = format!("{}\n{}\n{}", key.account, key.rule, key.user);
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cycle = match halves.young.remove(&key) {
            Some(cycle) => cycle,
            None => halves.old.remove(&key).unwrap_or_default(),
        };
        let index = cycle.next(rows, u64::from_le_bytes(bytes));
        if halves.young.len() >= self.half {
            halves.old = std::mem::take(&mut halves.young);
        }
        halves.young.insert(key, cycle);
        Box::pin(std::future::ready(Ok(index)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator, so that every run of a test draws the same numbers.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }
    }

    fn rows(count: u64) -> Vec<RowId> {
        (0..count).map(RowId).collect()
    }

    #[test]
    fn every_cycle_shows_each_row_once_and_never_one_twice_in_a_row() {
        for seed in 1..200 {
            let mut dice = Dice(seed);
            let count = 1 + dice.roll() % 9;
            let rows = rows(count);
            let mut cycle = Cycle::default();
            let mut last = None;
            for _ in 0..6 {
                let mut round: Vec<_> =
                    (0..count).map(|_| cycle.next(&rows, dice.roll()).expect("a row")).collect();
                for shown in &round {
                    assert!(count == 1 || last != Some(*shown), "seed {seed}: {shown} twice in a row");
                    last = Some(*shown);
                }
                round.sort_unstable();
                assert_eq!(round, (0..rows.len()).collect::<Vec<_>>(), "seed {seed}");
            }
        }
    }

    #[test]
    fn rows_that_come_and_go_never_repeat_at_once() {
        for seed in 1..200 {
            let mut dice = Dice(seed);
            let mut cycle = Cycle::default();
            let mut last = None;
            for _ in 0..50 {
                let now: Vec<RowId> = (0..6).filter(|_| !dice.roll().is_multiple_of(3)).map(RowId).collect();
                let Some(index) = cycle.next(&now, dice.roll()) else {
                    assert!(now.is_empty());
                    continue;
                };
                assert!(now.len() == 1 || last != Some(now[index]), "seed {seed}");
                last = Some(now[index]);
                cycle = Cycle::from_bytes(&cycle.to_bytes());
            }
        }
    }

    #[test]
    fn a_new_row_comes_before_a_repeat() {
        let mut cycle = Cycle::default();
        for random in 0..3 {
            cycle.next(&rows(3), random);
        }
        assert_eq!(cycle.next(&rows(4), 7), Some(3));
    }

    #[test]
    fn orders_differ_between_users() {
        let order = |seed| {
            let mut dice = Dice(seed);
            let mut cycle = Cycle::default();
            (0..8).map(|_| cycle.next(&rows(8), dice.roll()).expect("a row")).collect::<Vec<_>>()
        };
        let orders: std::collections::HashSet<_> = (1..20).map(order).collect();
        assert!(orders.len() > 10);
    }

    #[test]
    fn the_same_row_twice_in_the_answer_is_one_row() {
        let twice = [RowId(1), RowId(1), RowId(2)];
        let mut cycle = Cycle::default();
        let mut last = 9;
        for random in 0..10 {
            let row = twice[cycle.next(&twice, random).expect("a row")].0;
            assert_ne!(row, last);
            last = row;
        }
    }

    #[test]
    fn a_row_is_known_by_all_of_its_values() {
        let row = |json: &str| RowId::of(&serde_json::from_str(json).expect("json"));
        assert_eq!(row(r#"{"a":"1","b":2}"#), row(r#"{"a":"1","b":2}"#));
        assert_ne!(row(r#"{"a":"1","b":2}"#), row(r#"{"a":"1","b":"2"}"#));
        assert_eq!(row(r#"{"a":1}"#), RowId(0xac4d_5182_0e24_9a1d));
    }
}
