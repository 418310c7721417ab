//! A process and the store: what is written down, and what is heard of it, late or never.

use std::time::Duration;

use bytes::Bytes;
use hongyan_server::Noted;
use hongyan_server::engine::machine::{Event, Part};

use super::{Step, World};
use crate::simulation::Broken;

impl World {
    pub(super) fn delay(&mut self) -> u64 {
        if self.dice.chance(5) { self.dice.below(90) } else { self.dice.below(5) }
    }

    pub(super) fn attend(&mut self, node: usize) {
        if self.nodes[node].dead.is_some() {
            return;
        }
        let (now, number, delay) = (self.now, self.order, self.delay());
        let local = self.local(node);
        let at = Duration::from_millis(now - local.began);
        let next = local.share.propose(&local.machine, &Bytes::from_static(b"reply"), at);
        let part = local.machine.part();
        if part == Part::Alone || (local.machine.settled() && next.is_none()) {
            local.ended = true;
            return;
        }
        if let Some(next) = next {
            let seen = local.share.seen().cloned();
            self.after(delay, Step::Swap(node, seen, Some(next.encode())));
        } else {
            let pause = if part == Part::Runner && local.machine.going() { 1000 } else { 100 };
            local.pause = Some(number);
            self.after(pause, Step::Ask(node, number));
        }
    }

    pub(super) fn ask(&mut self, node: usize, number: u64) {
        let delay = self.delay();
        if self.nodes[node].dead.is_some() || self.local(node).pause != Some(number) {
            return;
        }
        let local = self.local(node);
        local.pause = None;
        if local.machine.part() == Part::Runner && local.machine.going() {
            self.after(0, Step::Attend(node));
        } else {
            self.after(delay, Step::Swap(node, None, None));
        }
    }

    pub(super) fn swap(&mut self, node: usize, seen: Option<Bytes>, next: Option<Bytes>) {
        let lost = self.away || (!self.faithful && self.dice.chance(5));
        let applied = !self.away;
        let now = self.now;
        let noted = |record: &Option<(u64, Bytes)>| {
            let (since, value) = record.as_ref()?;
            Some(Noted { value: value.clone(), age: Duration::from_millis(now - since) })
        };
        let found = self.record.as_ref().map(|(_, value)| value.clone());
        let mut written = false;
        if applied
            && let Some(next) = next
            && found == seen
        {
            let since = self.record.as_ref().map_or(now, |(since, _)| *since);
            self.record = Some((since, next));
            written = true;
        }
        let heard = if lost { Err(()) } else { Ok((noted(&self.record), written)) };
        let delay = if lost { self.dice.below(200) } else { self.delay() };
        self.after(delay, Step::Heard(node, heard));
    }

    pub(super) fn heard(
        &mut self,
        node: usize,
        heard: Result<(Option<Noted>, bool), ()>,
    ) -> Result<(), Broken> {
        if self.nodes[node].dead.is_some() {
            return Ok(());
        }
        let now = self.now;
        let local = self.local(node);
        let at = Duration::from_millis(now - local.began);
        let (events, pause) = if let Ok((noted, written)) = heard {
            local.unheard = 0;
            (local.share.learn(&local.machine, noted, written, at), 0)
        } else {
            local.unheard += 1;
            let event = match local.machine.part() {
                Part::Asking => Some(Event::Begun),
                Part::Runner if local.machine.would_be_late(at) => Some(Event::Alone),
                _ => None,
            };
            if local.machine.settled() && local.unheard >= 3 {
                local.ended = true;
                return Ok(());
            }
            (event.into_iter().collect(), 300)
        };
        for event in events {
            let begins = event == Event::Begun && !self.local(node).begun;
            self.feed(node, event)?;
            if begins {
                self.begin(node)?;
            }
        }
        self.after(pause, Step::Attend(node));
        Ok(())
    }

    pub(super) fn begin(&mut self, node: usize) -> Result<(), Broken> {
        self.local(node).begun = true;
        self.begun += 1;
        if self.faithful && self.begun > 1 {
            return Err("a second run".into());
        }
        self.runner = Some(node);
        let took = match self.dice.below(5) {
            0 => 0,
            1 => self.dice.below(4500),
            2 | 3 => self.dice.below(15_000),
            _ => self.dice.below(30_000),
        };
        let good = !self.dice.chance(12);
        self.after(took, Step::Finish(node, good));
        Ok(())
    }
}
