//! What a person and a model said to one another lately: bounded in people, turns and length.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use hongyan_wire::{OpenId, Timestamp};

/// How many people are remembered; whoever was silent longest makes way.
const PEOPLE: usize = 10_000;
/// A conversation that rested this long is over.
const SILENCE: Duration = Duration::from_hours(2);
/// How much of one text is remembered.
const LENGTH: usize = 4_000;

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) question: String,
    pub(crate) answer: String,
}

/// The conversations of one account, by rule and person.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    people: HashMap<(Arc<str>, OpenId), Talk>,
}

#[derive(Debug)]
struct Talk {
    turns: VecDeque<Turn>,
    last: Timestamp,
}

impl Memory {
    /// The last turns, oldest first.
    pub(crate) fn turns(&self, rule: &Arc<str>, openid: &OpenId, most: usize, now: Timestamp) -> Vec<Turn> {
        let Some(talk) = self.people.get(&(rule.clone(), openid.clone())) else { return Vec::new() };
        if now.saturating_since(talk.last) > SILENCE {
            return Vec::new();
        }
        talk.turns.iter().skip(talk.turns.len().saturating_sub(most)).cloned().collect()
    }

    /// Adds a turn and forgets what is too much.
    pub(crate) fn add(&mut self, rule: &Arc<str>, openid: &OpenId, turn: Turn, most: usize, now: Timestamp) {
        if most == 0 {
            return;
        }
        let key = (rule.clone(), openid.clone());
        if !self.people.contains_key(&key) && self.people.len() >= PEOPLE {
            self.make_room(now);
        }
        let talk = self.people.entry(key).or_insert_with(|| Talk { turns: VecDeque::new(), last: now });
        if now.saturating_since(talk.last) > SILENCE {
            talk.turns.clear();
        }
        talk.last = now;
        talk.turns.push_back(Turn { question: shortened(turn.question), answer: shortened(turn.answer) });
        while talk.turns.len() > most {
            talk.turns.pop_front();
        }
    }

    fn make_room(&mut self, now: Timestamp) {
        self.people.retain(|_, talk| now.saturating_since(talk.last) <= SILENCE);
        if self.people.len() < PEOPLE {
            return;
        }
        // A tenth at once, so that this is not done for every newcomer.
        let mut times: Vec<Timestamp> = self.people.values().map(|talk| talk.last).collect();
        times.sort_unstable();
        let Some(before) = times.get(PEOPLE / 10).copied() else { return };
        self.people.retain(|_, talk| talk.last > before);
    }
}

fn shortened(text: String) -> String {
    if text.len() <= LENGTH { text } else { text[..text.floor_char_boundary(LENGTH)].to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(question: &str) -> Turn {
        Turn { question: question.to_owned(), answer: "a".to_owned() }
    }

    fn questions(memory: &Memory, person: &str, now: i64) -> Vec<String> {
        let turns = memory.turns(&"r".into(), &OpenId::new(person), 2, Timestamp(now));
        turns.into_iter().map(|turn| turn.question).collect()
    }

    #[test]
    fn the_last_turns_are_kept_in_order_for_each_person() {
        let mut memory = Memory::default();
        for question in ["1", "2", "3"] {
            memory.add(&"r".into(), &OpenId::new("a"), turn(question), 2, Timestamp(0));
        }
        memory.add(&"r".into(), &OpenId::new("b"), turn("x"), 2, Timestamp(0));
        assert_eq!(questions(&memory, "a", 1), ["2", "3"]);
        assert_eq!(questions(&memory, "b", 1), ["x"]);
        memory.add(&"r".into(), &OpenId::new("c"), turn("x"), 0, Timestamp(0));
        assert!(questions(&memory, "c", 1).is_empty());
    }

    #[test]
    fn a_conversation_ends_with_a_long_silence() {
        let later = SILENCE.as_millis() as i64 + 1;
        let mut memory = Memory::default();
        memory.add(&"r".into(), &OpenId::new("a"), turn("1"), 2, Timestamp(0));
        assert!(questions(&memory, "a", later).is_empty());
        memory.add(&"r".into(), &OpenId::new("a"), turn("2"), 2, Timestamp(later));
        assert_eq!(questions(&memory, "a", later), ["2"]);
    }

    #[test]
    fn people_are_bounded_and_the_silent_ones_go_first() {
        let mut memory = Memory::default();
        for number in 0..=PEOPLE {
            memory.add(
                &"r".into(),
                &OpenId::new(format!("p{number}")),
                turn("1"),
                2,
                Timestamp(number as i64),
            );
        }
        assert!(memory.people.len() <= PEOPLE);
        assert!(questions(&memory, "p0", PEOPLE as i64).is_empty());
        assert_eq!(questions(&memory, &format!("p{PEOPLE}"), PEOPLE as i64), ["1"]);
    }
}
