//! What the platform does: it sends a push to any process, gives up, and sends it again.

use hongyan_gateway::window::{ALLOWANCES_2026_11, Action as Acted};
use hongyan_server::engine::machine::{Event, Give, TryId};

use super::callbacks::Local;
use super::{Broken, SLACK, Spot, Step, World};

/// A push, as one who sees everything knows it.
pub(super) struct Push {
    pub(super) user: usize,
    pub(super) action: Acted,
    tries: u32,
    /// A word to the record store about it, or the answer, was lost.
    pub(super) doubted: bool,
    /// How often the record store lost its record.
    pub(super) forgotten: u32,
    /// One of its tries reached nobody who could count it.
    pub(super) missed: bool,
    /// Runs that the record gave, and runs begun because it could not be asked.
    pub(super) runs: u32,
    pub(super) alone: u32,
    pub(super) runner: Option<Spot>,
    /// Who handed the reply over, and when.
    pub(super) handed: Vec<(Spot, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum State {
    Waiting,
    Given(Give),
    Gone,
}

/// One request of the platform at one process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) push: usize,
    pub(super) spot: Spot,
    pub(super) id: TryId,
    pub(super) at: u64,
    pub(super) state: State,
    /// The platform's own number; copies have none.
    pub(super) number: Option<u32>,
}

impl World {
    /// A user does something, and the platform tells.
    pub(super) fn say(&mut self) -> Result<(), Broken> {
        let user = self.dice.below(self.people.len() as u64) as usize;
        let action = if self.dice.chance(70) { Acted::Message } else { Acted::MenuTap };
        let allowance = ALLOWANCES_2026_11.iter().find(|allowance| allowance.action == action);
        let allowance = allowance.ok_or("an action that allows nothing")?;
        let ends_at = self.now + allowance.lasts.as_millis() as u64;
        self.windows[user].push((allowance.messages.unwrap_or(u32::MAX), ends_at));
        let push = self.pushes.len();
        self.pushes.push(Push {
            user,
            action,
            tries: 0,
            doubted: false,
            forgotten: 0,
            missed: false,
            runs: 0,
            alone: 0,
            runner: None,
            handed: Vec::new(),
        });
        for _ in 0..self.dice.below(3) {
            let at = if self.dice.chance(60) { 1 + self.dice.below(50) } else { self.dice.below(16_000) };
            self.after(at.max(1), Step::Copy(push));
        }
        self.send(push, 1)
    }

    pub(super) fn send(&mut self, push: usize, number: u32) -> Result<(), Broken> {
        self.pushes[push].tries = number;
        self.arrive(push, Some(number))
    }

    /// A request reaches some process, or one that is down or stopping.
    pub(super) fn arrive(&mut self, push: usize, number: Option<u32>) -> Result<(), Broken> {
        let alive: Vec<usize> = (0..self.nodes.len()).filter(|at| self.nodes[*at].alive).collect();
        let any = alive.is_empty() || self.dice.chance(5);
        let node = if any {
            self.dice.below(self.nodes.len() as u64) as usize
        } else {
            alive[self.dice.below(alive.len() as u64) as usize]
        };
        let spot = self.spot(node);
        let new = !self.nodes[node].pushes.contains_key(&push);
        if !self.nodes[node].alive || (new && self.nodes[node].stopping) {
            self.note("try refused");
            if let Some(number) = number {
                self.pushes[push].missed = true;
                self.again(push, number, 5000);
            }
            return Ok(());
        }
        let (now, index) = (self.now, self.requests.len());
        let local = self.nodes[node].pushes.entry(push).or_insert_with(|| Local::new(spot, now));
        let id = TryId(local.requests);
        local.requests += 1;
        local.tries += u32::from(number.is_some());
        if !new {
            local.arrived(id);
        }
        self.requests.push(Request { push, spot, id, at: now, state: State::Waiting, number });
        self.note(if number.is_some() { "try" } else { "copy" });
        let cut = if self.dice.chance(15) { 1 + self.dice.below(4999) } else { 5000 };
        self.after(cut, Step::Cut(index));
        self.feed(spot, push, Event::Arrive(id))?;
        if new {
            self.after(0, Step::Attend(spot, push));
        }
        if self.requests[index].state == State::Waiting {
            self.after(4500, Step::Due(index));
            self.after(6000, Step::Due(index));
            self.after(6000 + SLACK, Step::Check(index));
        }
        Ok(())
    }

    /// The platform tries again: at the end of its five seconds, or soon after a connection broke.
    fn again(&mut self, push: usize, number: u32, left: u64) {
        if number < 3 && self.pushes[push].tries == number {
            let wait = if left == 0 || self.dice.chance(50) { 1 + self.dice.below(300) } else { left };
            // Elsewhere it may be taken for a copy when it comes so soon, before the news of the cut.
            self.pushes[push].missed |= 5000 - left + wait < 1000 + SLACK && wait < SLACK;
            self.after(wait, Step::Send(push, number + 1));
        }
    }

    /// The platform is done with a request: its connection broke, or its patience is over.
    pub(super) fn cut(&mut self, at: usize) -> Result<(), Broken> {
        let request = self.requests[at];
        let answered = matches!(request.state, State::Given(give) if give != Give::Close);
        if request.state == State::Gone || answered {
            return Ok(());
        }
        let left = (request.at + 5000).saturating_sub(self.now);
        if request.state == State::Waiting && left == 0 {
            self.may_lapse(at)?;
            self.may_lapse_at_last(at)?;
            self.note("try lapsed");
        }
        if let Some(number) = request.number {
            self.again(request.push, number, left);
        }
        self.requests[at].state = State::Gone;
        self.feed(request.spot, request.push, Event::Cut(request.id))
    }

    /// The process of a request died.
    pub(super) fn reset(&mut self, at: usize) {
        let request = self.requests[at];
        self.requests[at].state = State::Gone;
        let answered = matches!(request.state, State::Given(give) if give != Give::Close);
        if let (Some(number), false) = (request.number, answered) {
            let left = (request.at + 5000).saturating_sub(self.now);
            self.again(request.push, number, left);
        }
        // Not counted yet; or the next, which nobody has said is due, may look like a copy of it.
        if request.number.is_some() && self.now < request.at + 1000 + SLACK {
            self.pushes[request.push].missed = true;
        }
    }

    /// An answer is given: its body leaves, or the connection breaks under it.
    pub(super) fn give(&mut self, at: usize, give: Give) -> Result<(), Broken> {
        if self.requests[at].state != State::Waiting {
            return Err(format!("request {at} is answered, though it is {:?}", self.requests[at].state));
        }
        self.may_give(at, give)?;
        self.requests[at].state = State::Given(give);
        self.note(match give {
            Give::Reply => "reply",
            Give::Held => "holding answer",
            Give::Success => "success",
            Give::Close => "closed",
        });
        if self.dice.chance(10) {
            self.requests[at].state = State::Given(Give::Close);
            self.after(1, Step::Cut(at));
            self.note("answer lost on its way");
        } else {
            let took = self.dice.below(20);
            self.after(took, Step::Handed(at, give));
        }
        Ok(())
    }

    /// The body of an answer was handed to the socket.
    pub(super) fn hand(&mut self, at: usize, give: Give) -> Result<(), Broken> {
        let request = self.requests[at];
        if request.state == State::Gone || !self.here(request.spot) {
            return Ok(());
        }
        if give == Give::Reply {
            self.pushes[request.push].handed.push((request.spot, self.now));
        }
        self.requests[at].state = State::Gone;
        self.feed(request.spot, request.push, Event::Handed(request.id))
    }

    /// The requests for a push that wait at a process.
    pub(super) fn waiting(&self, spot: Spot, push: usize) -> Vec<usize> {
        let waits = |at: &usize| {
            let request = &self.requests[*at];
            request.spot == spot && request.push == push && request.state == State::Waiting
        };
        (0..self.requests.len()).filter(waits).collect()
    }
}
