//! Who acts when: the whole schedule, decided beforehand from a seed and nothing else.
//!
//! Arrivals are open-loop: random gaps with the given rate on average, independent of how the back end is doing.
//! A person who acted pauses for a while; when everybody pauses, the arrival has nobody and is counted as such.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::mix::{Action, Mix};
use crate::seed::Seeded;

/// Something somebody does at a certain time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// How long after the beginning.
    pub at: Duration,
    /// The person's number, from 0.
    pub person: usize,
    /// What they do.
    pub action: Action,
    /// The push is delivered twice at once, as the platform does now and then.
    pub twice: bool,
}

/// What a schedule is made from.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many people.
    pub people: usize,
    /// Arrivals a second, on average.
    pub rate: f64,
    /// How long people arrive.
    pub length: Duration,
    /// What they do.
    pub mix: Mix,
    /// How long a person pauses after acting: at least, at most.
    pub think: (Duration, Duration),
    /// The share of pushes that are delivered twice, in 0..=1.
    pub twice: f64,
    /// Where the chances come from.
    pub seed: u64,
}

/// The arrivals in order of time, and how many found everybody pausing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) nobody_free: u64,
}

impl Plan {
    /// The schedule; the same plan gives the same one.
    pub(crate) fn schedule(&self) -> Schedule {
        let mut gaps = Seeded::new(self.seed, "load gaps");
        let mut choices = Seeded::new(self.seed, "load choices");
        let mut free: Vec<usize> = (0..self.people).collect();
        let mut pausing: BinaryHeap<Reverse<(Duration, usize)>> = BinaryHeap::new();
        let mut schedule = Schedule::default();
        let mut at = Duration::ZERO;
        loop {
            at += gap(gaps.fraction(), self.rate);
            if at >= self.length {
                return schedule;
            }
            while let Some(Reverse((until, person))) = pausing.peek().copied() {
                if until > at {
                    break;
                }
                pausing.pop();
                free.push(person);
            }
            // Drawn whether or not somebody is free, so that the number of people changes only who acts.
            let (who, what, twice, pause) =
                (choices.fraction(), choices.fraction(), choices.fraction(), choices.fraction());
            if free.is_empty() {
                schedule.nobody_free += 1;
                continue;
            }
            let person = free.swap_remove((who * free.len() as f64) as usize);
            let (least, most) = self.think;
            pausing.push(Reverse((at + least + most.saturating_sub(least).mul_f64(pause), person)));
            let action = self.mix.at(what);
            schedule.arrivals.push(Arrival { at, person, action, twice: twice < self.twice });
        }
    }
}

/// A gap between two arrivals that know nothing of each other.
fn gap(fraction: f64, rate: f64) -> Duration {
    Duration::try_from_secs_f64(-(1.0 - fraction).ln() / rate).unwrap_or(Duration::MAX / 4)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn plan() -> Plan {
        Plan {
            people: 2000,
            rate: 200.0,
            length: Duration::from_mins(1),
            mix: "text=60,click=20,scan=10,location=10".parse().unwrap(),
            think: (Duration::from_secs(1), Duration::from_secs(5)),
            twice: 0.1,
            seed: 7,
        }
    }

    #[test]
    fn a_seed_gives_the_same_schedule_and_another_seed_another() {
        assert_eq!(plan().schedule(), plan().schedule());
        assert_ne!(plan().schedule(), Plan { seed: 8, ..plan() }.schedule());
    }

    #[test]
    fn rate_mix_and_doubles_come_out_as_asked() {
        let schedule = plan().schedule();
        let count = schedule.arrivals.len() as f64;
        // Twelve thousand expected; five standard deviations of a Poisson count are 548.
        assert!((count - 12_000.0).abs() < 548.0, "{count}");
        assert_eq!(schedule.nobody_free, 0);
        let share = |wanted: &dyn Fn(&Arrival) -> bool| {
            schedule.arrivals.iter().filter(|arrival| wanted(arrival)).count() as f64 / count
        };
        assert!((share(&|one| one.action == Action::Text) - 0.6).abs() < 0.03);
        assert!((share(&|one| one.action == Action::Scan) - 0.1).abs() < 0.02);
        assert!((share(&|one| one.twice) - 0.1).abs() < 0.02);
        assert!(schedule.arrivals.is_sorted_by_key(|arrival| arrival.at));
    }

    #[test]
    fn nobody_acts_while_pausing() {
        let schedule = Plan { people: 300, ..plan() }.schedule();
        let mut last: HashMap<usize, Duration> = HashMap::new();
        for arrival in &schedule.arrivals {
            if let Some(before) = last.insert(arrival.person, arrival.at) {
                assert!(arrival.at >= before + Duration::from_secs(1), "{arrival:?}");
            }
        }
        // 300 people who pause three seconds can act a hundred times a second, half of what is asked.
        assert!(schedule.nobody_free > 4000, "{}", schedule.nobody_free);
    }
}
