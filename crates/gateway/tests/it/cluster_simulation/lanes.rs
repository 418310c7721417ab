//! The outbox on one process: finds lanes with something to do, and carries out what their machines say.

use std::time::Duration;

use hongyan_gateway::outbox::machine::{Action, Event, Lane, Outcome};
use hongyan_gateway::window::{Ledger, View};
use hongyan_wire::Timestamp;

use super::database::{Answer, Queued};
use super::tokens::Need;
use super::{Broken, Errand, Spot, Step, World};

/// A lane that a process works on.
pub(super) struct Work {
    lane: Lane,
    fence: u64,
    /// Which action is under way, by number: what comes back from an earlier one is not heard any more.
    pub(super) number: u64,
    waits: bool,
    sends: bool,
    /// Woken meanwhile: to be looked at again.
    again: bool,
}

impl Work {
    pub(super) fn sends(&self) -> bool {
        self.sends
    }
}

impl World {
    /// Looks for lanes that are due and that nobody holds.
    pub(super) fn look(&mut self, spot: Spot) {
        if !self.here(spot) || self.nodes[spot.node].stopping {
            return;
        }
        self.after(1000, Step::Look(spot));
        let now = self.clock(spot.node);
        if self.database.away {
            return;
        }
        let due =
            |(_, lane): &(&usize, &super::database::LaneRow)| lane.due_at <= now && lane.lease_until <= now;
        let due: Vec<usize> = self.database.lanes.iter().filter(due).map(|(user, _)| *user).collect();
        for user in due {
            self.wake(spot, user);
        }
    }

    pub(super) fn wake(&mut self, spot: Spot, user: usize) {
        if !self.here(spot) || self.nodes[spot.node].stopping {
            return;
        }
        if let Some(work) = self.nodes[spot.node].lanes.get_mut(&user) {
            work.again = true;
            return;
        }
        let lane = Lane::new(self.on_unknown);
        // Numbers of two works on one lane must not meet.
        let number = self.order << 10;
        let work = Work { lane, fence: 0, number, waits: false, sends: false, again: false };
        self.nodes[spot.node].lanes.insert(user, work);
        self.errand(spot, Errand::Claim(user));
    }

    /// The answer to a claim.
    pub(super) fn claimed(
        &mut self,
        spot: Spot,
        user: usize,
        claimed: Option<(u64, Timestamp)>,
    ) -> Result<(), Broken> {
        let Some((fence, lease_until)) = claimed else {
            self.leave(spot, user);
            return Ok(());
        };
        let Some(work) = self.nodes[spot.node].lanes.get_mut(&user) else { return Ok(()) };
        work.fence = fence;
        let number = work.number;
        self.lane(spot, user, number, Event::Begun { lease_until })
    }

    fn leave(&mut self, spot: Spot, user: usize) {
        if self.nodes[spot.node].lanes.remove(&user).is_some_and(|work| work.again) {
            self.wake(spot, user);
        }
    }

    /// Feeds the lane's machine with what came of its last action.
    pub(super) fn lane(&mut self, spot: Spot, user: usize, number: u64, event: Event) -> Result<(), Broken> {
        if !self.here(spot) {
            return Ok(());
        }
        let (now, jitter, stopping) =
            (self.clock(spot.node), self.dice.fraction(), self.nodes[spot.node].stopping);
        let Some(work) = self.nodes[spot.node].lanes.get_mut(&user) else { return Ok(()) };
        if work.number != number {
            return Ok(());
        }
        if stopping {
            work.lane.stop();
        }
        if matches!(event, Event::Marked(false) | Event::Written(false) | Event::Renewed(None)) {
            *self.seen.entry("lane lost to another").or_default() += 1;
        }
        work.number += 1;
        let number = work.number;
        let action = work.lane.step(event, now, jitter);
        work.waits = matches!(action, Action::Wait { .. } | Action::Prepare { .. });
        work.sends = matches!(action, Action::Send { .. });
        let fence = work.fence;
        self.tell(|| format!("  process {spot}, user {user} ({fence}): {action:?}"));
        match action {
            Action::Abandon => {
                self.leave(spot, user);
                Ok(())
            }
            Action::Wait { until } => {
                let pause = until.saturating_since(now).as_millis() as u64;
                self.after(pause, Step::Lane(spot, user, number, Box::new(Event::Woken)));
                Ok(())
            }
            Action::Prepare { id } => self.prepare(spot, user, number, id.parse().unwrap_or_default(), true),
            Action::Send { id } => self.begin_send(spot, user, number, id.parse().unwrap_or_default()),
            Action::Mark { .. } if !self.kind && self.dice.chance(2) => {
                self.note("lane left for want of a permit");
                self.lane(spot, user, number, Event::Limited)
            }
            action => {
                self.errand(spot, Errand::Lane { user, number, fence, action });
                Ok(())
            }
        }
    }

    /// The process stops: lanes that only wait are given back.
    pub(super) fn stop_lanes(&mut self, spot: Spot) -> Result<(), Broken> {
        let waits = self.nodes[spot.node].lanes.iter().filter(|(_, work)| work.waits);
        let waits: Vec<(usize, u64)> = waits.map(|(user, work)| (*user, work.number)).collect();
        waits.into_iter().try_for_each(|(user, number)| self.lane(spot, user, number, Event::Stopping))
    }

    /// Looks whether there is a window, as far as is known, and a token.
    pub(super) fn prepare(
        &mut self,
        spot: Spot,
        user: usize,
        number: u64,
        message: usize,
        first: bool,
    ) -> Result<(), Broken> {
        if self.database.messages[message].repeats_until.is_none() {
            let (now, openid) = (self.clock(spot.node), self.people[user].clone());
            let ledger = &mut self.nodes[spot.node].ledger;
            let (merged, view) = (ledger.is_merged(&openid), ledger.view(&openid, now));
            if first && (!merged || matches!(view, View::Closed(_))) {
                // Another process may have seen the window open: it has until then to write it down.
                let pause = if merged { 2000 } else { 0 };
                self.after(pause, Step::ReadGrants(spot, user, number, message));
                return Ok(());
            }
            if let View::Closed(closed) = view {
                self.note("refused by our own ledger");
                let refused = Outcome::Refused { code: closed.code(), rid: None };
                return self.lane(spot, user, number, Event::Prepared(Err(refused)));
            }
        }
        self.need_token(spot, Need::Prepare { user, number }, None)
    }

    /// The database's answer to a process, if it is still there.
    pub(super) fn answer(
        &mut self,
        spot: Spot,
        errand: Errand,
        answer: Option<Answer>,
    ) -> Result<(), Broken> {
        if !self.here(spot) {
            return Ok(());
        }
        match (errand, answer) {
            (Errand::Claim(user), Some(Answer::Claimed(claimed))) => self.claimed(spot, user, claimed),
            (Errand::Claim(user), _) => self.claimed(spot, user, None),
            (Errand::Lane { user, action: Action::Release, .. }, _) => {
                self.leave(spot, user);
                Ok(())
            }
            (Errand::Lane { user, number, .. }, Some(Answer::Lane(event))) => {
                self.lane(spot, user, number, event)
            }
            (Errand::Lane { user, number, .. }, _) => self.lane(spot, user, number, Event::StoreAway),
            (Errand::Queue { then: Some(push), .. }, Some(Answer::Queued(batch))) => {
                self.finished(spot, push, true, Some(batch))
            }
            (Errand::Queue { then: Some(push), .. }, _) => self.finished(spot, push, true, None),
            (Errand::Queue { user, .. } | Errand::Precede { user, .. }, Some(_)) => {
                self.wake(spot, user);
                Ok(())
            }
            (Errand::Queue { .. } | Errand::Precede { .. }, None) => {
                self.note("message not accepted");
                Ok(())
            }
            (Errand::ReadGrants { user, number, message }, grants) => {
                if let Some(Answer::Grants(grants)) = grants {
                    self.merge(spot, user, grants)?;
                }
                self.prepare(spot, user, number, message, false)
            }
            (Errand::WriteGrants(changes), None) => {
                let node = &mut self.nodes[spot.node];
                let later = std::mem::replace(&mut node.changes, changes);
                node.changes.extend(later);
                self.write_behind(spot);
                Ok(())
            }
            (Errand::Woke(users), None) => {
                self.nodes[spot.node].acted.extend(users);
                self.write_behind(spot);
                Ok(())
            }
            (Errand::Woke(users), Some(_)) => {
                for user in users {
                    self.wake(spot, user);
                }
                Ok(())
            }
            (Errand::Token(_), Some(Answer::Token(event))) => self.renew(spot, event),
            (Errand::Token(_), _) => self.renew(spot, hongyan::token::machine::Event::StoreFailed),
            (Errand::Release { .. } | Errand::WriteGrants(_), _) => Ok(()),
        }
    }

    /// Sends on what was only noted so far.
    pub(super) fn write_behind(&mut self, spot: Spot) {
        if !std::mem::replace(&mut self.nodes[spot.node].writing, true) {
            let pause = 100 + self.dice.below(900);
            self.after(pause, Step::Behind(spot));
        }
    }

    pub(super) fn behind(&mut self, spot: Spot) {
        if !self.here(spot) {
            return;
        }
        let node = &mut self.nodes[spot.node];
        node.writing = false;
        let (acted, changes) = (std::mem::take(&mut node.acted), std::mem::take(&mut node.changes));
        if !changes.is_empty() {
            self.errand(spot, Errand::WriteGrants(changes));
        }
        if !acted.is_empty() {
            self.errand(spot, Errand::Woke(acted.into_iter().collect()));
        }
    }

    /// What a program or a handler wants sent.
    pub(super) fn queueing(&mut self, user: usize, count: usize, held: bool) -> Errand {
        let messages = (0..count)
            .map(|_| Queued {
                waits: !held && self.dice.chance(40),
                template: !held && self.dice.chance(25),
                patience: Duration::from_millis(if self.dice.chance(15) {
                    3000
                } else {
                    40_000 + self.dice.below(80_000)
                }),
            })
            .collect();
        Errand::Queue { user, messages, held, then: None }
    }

    /// Works on the ledger of a process, and checks what it counts.
    pub(super) fn with_ledger<T>(
        &mut self,
        spot: Spot,
        user: usize,
        work: impl FnOnce(&mut Ledger) -> T,
    ) -> Result<T, Broken> {
        let node = &mut self.nodes[spot.node];
        let done = work(&mut node.ledger);
        let changes = node.ledger.take_changes();
        for (_, change) in &changes {
            self.counts(spot, user, change)?;
        }
        if !changes.is_empty() {
            self.nodes[spot.node].changes.extend(changes.into_iter().map(|(_, change)| (user, change)));
            self.write_behind(spot);
        }
        Ok(done)
    }
}
