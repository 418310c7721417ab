//! What must hold whatever happens.

use hongyan::token::StoredToken;
use hongyan_gateway::outbox::machine::{OnUnknown, State as Stands};
use hongyan_gateway::window::{Change, Grant};

use super::platform::State;
use super::{Broken, MOURNED, SLACK, Spot, World};

impl World {
    /// A try before the last lapses only while its run goes on, as far as its process could know.
    pub(super) fn may_lapse(&self, at: usize) -> Result<(), Broken> {
        let request = &self.requests[at];
        let push = &self.pushes[request.push];
        let Some(runner) = push.runner.filter(|_| !push.doubted && self.here(request.spot)) else {
            return Ok(());
        };
        let node = &self.nodes[runner.node];
        let local = node.pushes.get(&request.push).filter(|_| self.here(runner));
        let over = match (local.and_then(|local| local.finished), self.died(runner)) {
            (Some((when, _)), _) => Some(when + SLACK),
            (None, Some(died)) => Some(died + MOURNED),
            (None, None) => None,
        };
        if over.is_some_and(|over| over < self.now) {
            return Err(format!("request {at} lapses though its run is over"));
        }
        Ok(())
    }

    /// No request is left open for ever.
    pub(super) fn check(&self, at: usize) -> Result<(), Broken> {
        let request = &self.requests[at];
        if request.state == State::Waiting && self.here(request.spot) {
            return Err(format!("request {at} is left open for ever"));
        }
        Ok(())
    }

    /// The platform's last try never lapses, where it could be known for the last: all together have counted it, or
    /// this process alone where they could not be asked.
    pub(super) fn may_lapse_at_last(&self, at: usize) -> Result<(), Broken> {
        let request = &self.requests[at];
        if request.number != Some(3) || !self.here(request.spot) {
            return Ok(());
        }
        let push = &self.pushes[request.push];
        let known = if push.doubted {
            self.nodes[request.spot.node].pushes.get(&request.push).is_some_and(|local| local.tries == 3)
        } else {
            let old = |since: u64| request.at > since + 9000 + SLACK;
            !push.missed || self.recorded_at(request.push).is_some_and(old)
        };
        if known {
            return Err(format!("request {at} is the last and was not answered in time"));
        }
        Ok(())
    }

    /// A reply that goes late must not have been handed over, unless whoever did died before it could say so.
    pub(super) fn not_shown(&mut self, push: usize) -> Result<(), Broken> {
        let known = &self.pushes[push];
        if known.doubted || known.handed.is_empty() {
            return Ok(());
        }
        let told = |(spot, at): &(Spot, u64)| self.died(*spot).is_none_or(|died| died > at + SLACK);
        if known.handed.iter().any(told) {
            return Err(format!("push {push} goes late though its reply was handed over"));
        }
        self.note("handed over by a process that died with it");
        Ok(())
    }

    /// `sending` is written only for the first message of the lane that has not ended.
    pub(super) fn may_mark(&self, at: usize) -> Result<(), Broken> {
        let message = &self.database.messages[at];
        let before = self.database.messages.iter().position(|other| {
            other.user == message.user && other.seq < message.seq && !other.state.is_final() && !other.tardy
        });
        match before {
            Some(before) => Err(format!("message {at} is sent while {before}, before it, has not ended")),
            None => Ok(()),
        }
    }

    /// An end stays as it is, and says what is true.
    pub(super) fn may_end(&mut self, at: usize, state: Stands) -> Result<(), Broken> {
        let message = &self.database.messages[at];
        if message.state.is_final() && message.state != state {
            return Err(format!("message {at} was {} and becomes {state}", message.state));
        }
        let (taken, first) = (message.taken > 0, !message.state.is_final());
        let held = self.on_unknown == OnUnknown::Hold && message.repeats_until.is_none();
        match state {
            Stands::Sent if !taken => return Err(format!("message {at} is said to be sent and was not")),
            Stands::Failed | Stands::Expired if taken && held => {
                return Err(format!("message {at} is said to be {state} and the platform took it"));
            }
            Stands::Queued if taken && held => {
                return Err(format!("message {at} is queued again though the platform took it"));
            }
            _ => {}
        }
        if first {
            self.note(match state {
                Stands::Sent => "sent",
                Stands::Failed => "failed",
                Stands::Expired => "expired",
                Stands::Unknown => "unknown",
                Stands::Queued | Stands::Sending => "tried again later",
            });
        }
        Ok(())
    }

    /// The platform takes a message: once, and in its user's order.
    pub(super) fn taken(&mut self, user: usize, at: usize) -> Result<(), Broken> {
        let hold = self.on_unknown == OnUnknown::Hold;
        let message = &mut self.database.messages[at];
        message.taken += 1;
        if message.taken > 1 {
            if hold || message.repeats_until.is_some() {
                return Err(format!("message {at} reaches its user twice"));
            }
            self.note("sent again because the account asks for it");
            return Ok(());
        }
        if message.tardy {
            return Ok(());
        }
        let seq = message.seq;
        let later = self
            .database
            .messages
            .iter()
            .position(|other| other.user == user && other.seq > seq && other.taken > 0);
        // A lane's lease keeps the order for as long as clocks agree and a request arrives within its time.
        match later.filter(|_| self.agree) {
            Some(later) => Err(format!("message {at} arrives after {later}, which was queued behind it")),
            None => Ok(()),
        }
    }

    /// One refresh at a time: under one lease always, in the whole cluster while clocks agree.
    pub(super) fn may_fetch(&mut self, spot: Spot, fence: u64) -> Result<(), Broken> {
        let going: Vec<(Spot, u64)> =
            self.fetching.iter().copied().filter(|(spot, _)| self.here(*spot)).collect();
        if going.iter().any(|(_, other)| *other == fence) {
            return Err(format!("two fetches of the token under lease {fence}"));
        }
        if !going.is_empty() && self.agree {
            return Err(format!("process {spot} fetches the token while {going:?} do"));
        }
        if self.agree && fence < self.database.token.fence {
            return Err(format!("the token is fetched under lease {fence}, which is over"));
        }
        Ok(())
    }

    /// The newest token wins.
    pub(super) fn may_save(&self, fence: u64, token: &StoredToken) -> Result<(), Broken> {
        if self.database.token.token.as_ref().is_some_and(|kept| kept.fence > fence) {
            return Err(format!("the token of lease {fence} overwrites a newer one"));
        }
        if !self.database.fetched.contains(&(fence, token.token.expose().to_owned())) {
            return Err(format!("a token is kept under lease {fence} that was not fetched under it"));
        }
        Ok(())
    }

    /// What a ledger takes from a window stays within what the window allows.
    pub(super) fn counts(&mut self, spot: Spot, user: usize, change: &Change) -> Result<(), Broken> {
        let node = &mut self.nodes[spot.node];
        match change {
            Change::Granted(grant) => {
                node.known.insert(grant.id.clone(), (user, grant.left));
            }
            Change::Used(id, count) => {
                let (_, allowed) = node.known.get(id).ok_or_else(|| format!("window {id} is not known"))?;
                let spent = node.spent.entry(id.clone()).or_default();
                *spent += count;
                if *spent < 0 || allowed.is_some_and(|allowed| *spent > i64::from(allowed)) {
                    return Err(format!("{spent} messages of window {id}, which allows {allowed:?}"));
                }
                *self.seen.entry("window reserved").or_default() += 1;
            }
            Change::Over(_) | Change::AllOver => self.note("window closed by the platform"),
        }
        Ok(())
    }

    /// A message was counted that was sent into an open window: all windows together allowed as many.
    pub(super) fn counted(&mut self, spot: Spot, user: usize) -> Result<(), Broken> {
        let node = &mut self.nodes[spot.node];
        let counted = node.counted.entry(user).or_default();
        *counted += 1;
        let known = node.known.values().filter(|(whose, _)| *whose == user);
        let allowed = known.map(|(_, left)| *left).try_fold(0_u32, |sum, left| Some(sum + left?));
        match allowed.filter(|allowed| *counted > *allowed) {
            Some(allowed) => Err(format!("{counted} messages into windows that allow {allowed}")),
            None => Ok(()),
        }
    }

    /// What others have written down of a window comes into the ledger.
    pub(super) fn merge(&mut self, spot: Spot, user: usize, grants: Vec<Grant>) -> Result<(), Broken> {
        let (now, openid) = (self.clock(spot.node), self.people[user].clone());
        let node = &mut self.nodes[spot.node];
        for grant in &grants {
            node.known.entry(grant.id.clone()).or_insert((user, grant.left));
        }
        self.with_ledger(spot, user, |ledger| ledger.merge(&openid, grants, now))
    }

    /// Whether nothing is left to do.
    pub(super) fn is_over(&self) -> bool {
        let messages = self.database.messages.iter().all(|message| message.state.is_final());
        let idle = |node: &super::nodes::Node| {
            let pushes = node.pushes.values().all(|local| local.ended && local.machine.settled());
            node.alive && !node.stopping && pushes && node.lanes.is_empty() && !node.writing
        };
        messages && self.coming == 0 && self.nodes.iter().all(idle)
    }

    pub(super) fn at_the_end(&self) -> Result<(), Broken> {
        if !self.is_over() {
            let open = |at: &usize| !self.database.messages[*at].state.is_final();
            let open: Vec<usize> = (0..self.database.messages.len()).filter(open).collect();
            return Err(format!("not done in the end; messages {open:?} are open"));
        }
        for node in &self.nodes {
            for (push, local) in &node.pushes {
                let good = local.finished.is_some_and(|(_, good)| good);
                if local.begun && good && local.decided != 1 {
                    return Err(format!("push {push} was finished and is neither delivered nor late"));
                }
            }
        }
        Ok(())
    }
}
