//! Faults on purpose: the list in force, and which deliveries and calls each strikes.

pub(crate) mod rule;

pub(crate) use rule::{Do, Fault, Target};

use crate::seed::Seeded;

#[derive(Clone, Debug)]
struct Armed {
    fault: Fault,
    seen: u64,
    struck: u64,
}

/// The numbers a push got from each fault at its first try, so that later tries are not counted again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turn {
    version: u64,
    numbers: Vec<u64>,
    tries: u64,
}

/// The list of faults in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    armed: Vec<Armed>,
    version: u64,
}

impl Faults {
    /// A list on its own.
    pub(crate) fn new(list: Vec<Fault>) -> Self {
        let mut faults = Faults::default();
        faults.replace(list);
        faults
    }

    /// Replaces the whole list; every count begins anew.
    pub(crate) fn replace(&mut self, list: Vec<Fault>) {
        self.version += 1;
        self.armed = list.into_iter().map(|fault| Armed { fault, seen: 0, struck: 0 }).collect();
    }

    pub(crate) fn list(&self) -> Vec<&Fault> {
        self.armed.iter().map(|armed| &armed.fault).collect()
    }

    /// The deed that strikes this delivery or call; the first fault that fits wins.
    ///
    /// A push keeps its `turn` through all of its tries; a fresh one is a push that was not counted yet.
    pub(crate) fn strike(&mut self, target: &Target<'_>, turn: &mut Turn) -> Option<Do> {
        if turn.tries == 0 || turn.version != self.version {
            let count = |armed: &mut Armed| {
                let hit = armed.fault.on.hits(target);
                armed.seen += u64::from(hit);
                if hit { armed.seen } else { 0 }
            };
            *turn =
                Turn { version: self.version, numbers: self.armed.iter_mut().map(count).collect(), tries: 0 };
        }
        turn.tries += 1;
        for (armed, number) in self.armed.iter_mut().zip(&turn.numbers) {
            let fault = &armed.fault;
            let spent = fault.times.is_some_and(|times| armed.struck >= times);
            if *number == 0 || spent || fault.on.nth.is_some_and(|nth| nth != *number) {
                continue;
            }
            if fault.probability.is_some_and(|likely| chance(fault.seed, *number, turn.tries) >= likely) {
                continue;
            }
            armed.struck += 1;
            return Some(fault.deed.clone());
        }
        None
    }
}

/// A number from 0 to 1 that depends on nothing but the seed, which push it is and which try.
fn chance(seed: Option<u64>, number: u64, tries: u64) -> f64 {
    Seeded::new(seed.unwrap_or(0), &format!("fault {number} {tries}")).fraction()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::exchange::Direction;

    fn faults(list: serde_json::Value) -> Faults {
        let mut faults = Faults::default();
        faults.replace(serde_json::from_value(list).unwrap());
        faults
    }

    fn push(kind: &str) -> Target<'_> {
        Target { direction: Direction::Push, account: "wx1", kind, user: Some("o1") }
    }

    fn call(kind: &str) -> Target<'_> {
        Target { direction: Direction::Api, account: "wx1", kind, user: Some("o2") }
    }

    fn struck(faults: &mut Faults, target: &Target<'_>, times: usize) -> Vec<bool> {
        (0..times).map(|_| faults.strike(target, &mut Turn::default()).is_some()).collect()
    }

    #[test]
    fn a_fault_strikes_what_it_names_and_the_first_one_wins() {
        let mut faults = faults(json!([
            {"on": {"direction": "api", "endpoint": "message/custom/send"}, "do": {"errcode": 45009}},
            {"on": {"direction": "push", "event": "CLICK"}, "do": {"drop": true}},
            {"on": {"direction": "push", "user": "o1"}, "do": {"truncate": 3}}
        ]));
        let mut strike = |target: &Target<'_>| faults.strike(target, &mut Turn::default());
        assert_eq!(strike(&call("/cgi-bin/message/custom/send")).unwrap().errcode, Some(45009));
        assert_eq!(strike(&call("/cgi-bin/token")), None);
        assert!(strike(&push("event.CLICK")).unwrap().drop);
        assert_eq!(strike(&push("message.text")).unwrap().truncate, Some(3));
        let other =
            Target { direction: Direction::Push, account: "wx1", kind: "message.text", user: Some("o9") };
        assert_eq!(strike(&other), None);
    }

    #[test]
    fn calls_are_told_apart_by_the_person_they_concern() {
        let mut faults = faults(json!([{"on": {"direction": "api", "user": "o2"}, "do": {"hang": true}}]));
        assert_eq!(struck(&mut faults, &call("/a"), 1), [true]);
        let nobody = Target { direction: Direction::Api, account: "wx1", kind: "/a", user: None };
        assert_eq!(struck(&mut faults, &nobody, 1), [false]);
    }

    #[test]
    fn times_counts_tries_and_nth_counts_pushes() {
        let mut once = faults(json!([{"on": {"direction": "push"}, "do": {"drop": true}, "times": 1}]));
        let mut turn = Turn::default();
        assert!(once.strike(&push("message.text"), &mut turn).is_some());
        assert!(once.strike(&push("message.text"), &mut turn).is_none());
        let mut second = faults(json!([{"on": {"direction": "push", "nth": 2}, "do": {"drop": true}}]));
        assert_eq!(struck(&mut second, &push("message.text"), 3), [false, true, false]);
    }

    #[test]
    fn a_push_keeps_its_number_when_others_come_between_its_tries() {
        let mut faults = faults(json!([{"on": {"direction": "push", "nth": 1}, "do": {"drop": true}}]));
        let mut turn = Turn::default();
        assert!(faults.strike(&push("message.text"), &mut turn).is_some());
        assert_eq!(struck(&mut faults, &push("message.text"), 2), [false, false]);
        assert!(faults.strike(&push("message.text"), &mut turn).is_some());
    }

    #[test]
    fn a_likelihood_strikes_the_same_ones_with_the_same_seed() {
        let list = |seed: u64| json!([{"on": {"direction": "push"}, "do": {"drop": true}, "probability": 0.5, "seed": seed}]);
        let run = |seed| struck(&mut faults(list(seed)), &push("message.text"), 64);
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let hits = run(7).iter().filter(|hit| **hit).count();
        assert!((16..=48).contains(&hits), "{hits}");
        let sure = json!([{"on": {"direction": "push"}, "do": {"drop": true}, "probability": 1}]);
        assert!(struck(&mut faults(sure), &push("message.text"), 9).iter().all(|hit| *hit));
    }
}
