//! One process's side of a push that several processes share: what it writes down, and what it makes of the others' words.
//!
//! The shell reads the push's [`Record`], asks [`Share::propose`] what it should become, replaces it if it is still the
//! one that was read, and feeds the machine what [`Share::learn`] says. Whoever creates the record runs the push; nobody
//! else ever does. Why this keeps the promises:
//!
//! - **One run.** A record is created once. A process that finds one joins it, even if the runner is dead: then the run
//!   may have had its effects, so it is not begun again, and the tries that are left get `success`.
//! - **A dead runner is noticed.** It renews `alive` every second; after [`DEAD`] of silence
//!   whoever waits marks the run as abandoned. A runner that was only slow or cut off finds that mark when it is done,
//!   and its reply goes to the late sink.
//! - **Delivered or late, never both.** The runner alone decides. Another process writes `touched` before it gives the
//!   reply, and `delivered` after; the runner declares the reply late only by replacing a record that was not touched
//!   for so long that no request can be open any more. Of two writers one fails and looks again.
//! - **The last try.** Tries are counted in the record, so that the process that gets the third knows it for the third.

use std::time::Duration;

use bytes::Bytes;

use super::machine::{self, Event, Machine, Part, Run, TryId};
use crate::Noted;
use crate::dedup::record::{DEAD, Fate, RENEW, Record};

/// Requests that wait to be counted; what comes above is not told to the others.
const UNCOUNTED: usize = 64;
/// Whoever has not learnt by now what became of another's run never will.
const GIVE_UP: Duration = Duration::from_secs(30);

/// What one process knows of a shared push beyond its [`Machine`].
#[derive(Debug)]
pub struct Share {
    node: String,
    uncounted: Vec<TryId>,
    /// A request was cut since the last write, and whether that makes a further try due.
    cut: Option<bool>,
    /// How much of both is in the proposal that is on its way: what comes meanwhile is for the next.
    offered: (usize, Option<bool>),
    /// The push's age by the store's clock when the machine's time was so much.
    age_at: Option<(Duration, Duration)>,
    seen: Option<(Bytes, Option<Record>)>,
    /// When the runner last gave a sign of life.
    alive: Duration,
}

impl Share {
    /// A push that has just come to the process of this name.
    pub fn new(node: &str) -> Self {
        Self {
            node: node.to_owned(),
            uncounted: Vec::new(),
            cut: None,
            offered: (0, None),
            age_at: None,
            seen: None,
            alive: Duration::ZERO,
        }
    }

    /// A request has come after the first.
    pub fn arrived(&mut self, id: TryId) {
        if self.uncounted.len() < UNCOUNTED {
            self.uncounted.push(id);
        }
    }

    /// A request was cut; `owed` if that makes a further try due.
    pub fn cut(&mut self, owed: bool) {
        self.cut = Some(self.cut.unwrap_or_default() || owed);
    }

    /// The record as it is, as far as we know.
    pub fn seen(&self) -> Option<&Bytes> {
        self.seen.as_ref().map(|(bytes, _)| bytes)
    }

    /// The reply that the record has.
    pub fn reply(&self) -> Option<&Bytes> {
        self.record().and_then(|record| record.reply.as_ref())
    }

    /// The push's age.
    pub fn age(&self, at: Duration) -> Duration {
        match self.age_at {
            Some((age, then)) => age + at.saturating_sub(then),
            None => at,
        }
    }

    fn record(&self) -> Option<&Record> {
        self.seen.as_ref().and_then(|(_, record)| record.as_ref())
    }

    /// What the record should become; `None` if it says what we have to say. `reply` is the answer of our run.
    pub fn propose(&mut self, machine: &Machine, reply: &Bytes, at: Duration) -> Option<Record> {
        // Whatever became of an earlier proposal, it did not stand.
        if let (_, Some(owed)) = std::mem::take(&mut self.offered) {
            self.cut(owed);
        }
        let age = self.age(at);
        let seen = self.record();
        let mut next = match (seen, machine.part) {
            (_, Part::Alone) | (None, Part::Joiner) => return None,
            (None, Part::Asking) => return Some(Record::new(&self.node)),
            (None, Part::Runner) => {
                // The store has forgotten the push, or never heard of it.
                Record { before: age, alive: age, touched: age, last_try: age, ..Record::new(&self.node) }
            }
            (Some(seen), part) => {
                if part == Part::Runner && seen.runner != self.node {
                    return None;
                }
                seen.clone()
            }
        };
        if machine.part == Part::Asking && next.runner != self.node {
            // The request we ask for came before whatever has happened since.
            next.arrived(age);
        }
        for _ in &self.uncounted {
            next.arrived(age);
        }
        if let Some(owed) = self.cut {
            next.touch(age);
            next.owed |= owed;
        }
        match machine.part {
            Part::Runner => self.as_runner(machine, &mut next, reply, at),
            Part::Joiner => as_joiner(machine, &mut next, age),
            Part::Asking | Part::Alone => {}
        }
        if seen == Some(&next) {
            return None;
        }
        self.offered = (self.uncounted.len(), self.cut.take());
        Some(next)
    }

    fn as_runner(&self, machine: &Machine, next: &mut Record, reply: &Bytes, at: Duration) {
        let age = self.age(at);
        match machine.run {
            Run::Going => {
                if age >= next.alive + RENEW {
                    next.alive = age;
                }
                if machine.fate == machine::Fate::Held && next.fate == Fate::Open {
                    next.fate = Fate::Held;
                }
            }
            Run::Failed => next.fate = Fate::Failed,
            Run::Done => {
                if next.reply.is_none() {
                    next.reply = Some(reply.clone());
                }
                let late = match machine.fate {
                    machine::Fate::Late => next.fate != Fate::Delivered,
                    machine::Fate::Open => {
                        machine.would_be_late(at) && next.may_be_late(age, machine.closing())
                    }
                    machine::Fate::Held | machine::Fate::Delivered => false,
                };
                // Of use only to those who have asked: nobody else will.
                let heard = machine.fate == machine::Fate::Delivered && next.touched > Duration::ZERO;
                if heard && next.fate == Fate::Open {
                    next.fate = Fate::Delivered;
                }
                if late {
                    next.fate = Fate::Late;
                    // Nobody may give it any more, so nobody needs it.
                    next.reply = Some(Bytes::new());
                }
            }
        }
    }

    /// Takes in the record as it is now, `written` if the last word in it is ours. Gives what the machine is to be told.
    pub fn learn(
        &mut self,
        machine: &Machine,
        noted: Option<Noted>,
        written: bool,
        at: Duration,
    ) -> Vec<Event> {
        let record = noted.as_ref().and_then(|noted| Record::decode(&noted.value));
        if let (Some(noted), Some(record)) = (&noted, &record) {
            self.age_at = Some((noted.age + record.before, at));
            self.alive = record.alive;
        }
        let mut events = match (&noted, &record) {
            (Some(_), Some(record)) => self.read(machine, record, written, at),
            (Some(_), None) if machine.part == Part::Runner => vec![Event::Alone],
            // Another version of this program wrote it: what it runs is not run again.
            (Some(_), None) => vec![Event::Joined { before: Duration::ZERO }, Event::Failed],
            // The store has lost the push. Whoever runs it writes it down again soon, if it is alive.
            (None, _) => {
                let lost = machine.part == Part::Joiner && self.age(at) >= self.alive + DEAD + RENEW;
                lost.then_some(Event::Failed).into_iter().collect()
            }
        };
        if machine.part == Part::Joiner && self.age(at) > GIVE_UP {
            events.push(if machine.run == Run::Going { Event::Failed } else { Event::DeliveredElsewhere });
        }
        self.seen = noted.map(|noted| (noted.value, record));
        events
    }

    fn read(&mut self, machine: &Machine, record: &Record, written: bool, at: Duration) -> Vec<Event> {
        let age = self.age(at);
        let mut events = Vec::new();
        if machine.part == Part::Asking {
            if record.runner == self.node {
                return vec![Event::Begun];
            }
            if !written {
                return events;
            }
            events.push(Event::Joined { before: age.saturating_sub(at) });
            events.push(Event::Counted(TryId(0), record.last(age)));
        }
        if written {
            let (counted, _) = std::mem::take(&mut self.offered);
            events.extend(self.uncounted.drain(..counted).map(|id| Event::Counted(id, record.last(age))));
        }
        let runner = machine.part == Part::Runner;
        if runner && record.runner != self.node {
            return vec![Event::Alone];
        }
        events.extend(match record.fate {
            Fate::Delivered => Some(Event::DeliveredElsewhere),
            Fate::Held => Some(Event::HeldElsewhere),
            // A runner that finds itself given up for dead is alive after all.
            Fate::Abandoned if runner => Some(Event::HeldElsewhere),
            Fate::Late if runner => Some(Event::Alone),
            Fate::Late => Some(Event::LateElsewhere),
            Fate::Failed | Fate::Abandoned => (!runner).then_some(Event::Failed),
            Fate::Open => (!runner && written && record.reply.is_some()).then_some(Event::Known),
        });
        events
    }
}

fn as_joiner(machine: &Machine, next: &mut Record, age: Duration) {
    match machine.fate {
        machine::Fate::Held if next.fate == Fate::Open => next.fate = Fate::Held,
        machine::Fate::Delivered if matches!(next.fate, Fate::Open | Fate::Held) => {
            next.fate = Fate::Delivered;
        }
        machine::Fate::Open if next.fate == Fate::Open && next.dead(age) => next.fate = Fate::Abandoned,
        machine::Fate::Open if machine.run == Run::Going && machine.is_open() && next.reply.is_some() => {
            // Said before it is given: nobody may declare it late meanwhile.
            next.touch(age);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Wait;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Writes what is proposed, and tells it.
    fn exchange(share: &mut Share, machine: &mut Machine, next: Record, at: u64) {
        let noted = Noted { value: next.encode(), age: ms(at) };
        for event in share.learn(machine, Some(noted), true, ms(at)) {
            machine.on(event, ms(at));
        }
    }

    #[test]
    fn what_happens_while_a_word_is_on_its_way_is_in_the_next() {
        let (mut machine, mut share) = (Machine::shared(Wait::All), Share::new("n1"));
        machine.on(Event::Arrive(TryId(0)), ms(0));
        let first = share.propose(&machine, &Bytes::new(), ms(0)).unwrap();
        exchange(&mut share, &mut machine, first, 0);
        let alive = share.propose(&machine, &Bytes::new(), ms(1000)).unwrap();
        // The first try is cut and the second comes before the answer does.
        machine.on(Event::Cut(TryId(0)), ms(1001));
        share.cut(machine.owes());
        machine.on(Event::Arrive(TryId(1)), ms(1200));
        share.arrived(TryId(1));
        exchange(&mut share, &mut machine, alive, 1201);
        let next = share.propose(&machine, &Bytes::new(), ms(1202)).unwrap();
        assert_eq!(next.tries, 2);
    }

    #[test]
    fn a_try_that_is_cut_before_it_is_counted_still_makes_the_next_one_due() {
        let (mut machine, mut share) = (Machine::shared(Wait::All), Share::new("n2"));
        machine.on(Event::Arrive(TryId(0)), ms(0));
        machine.on(Event::Cut(TryId(0)), ms(5));
        share.cut(machine.owes());
        let found = Noted { value: Record::new("n1").encode(), age: ms(5000) };
        share.learn(&machine, Some(found), false, ms(6));
        let next = share.propose(&machine, &Bytes::new(), ms(6)).unwrap();
        assert_eq!((next.tries, next.owed), (2, true));
    }
}
