//! What the platform does: it sends to any process, gives up, and sends again.

use std::fmt::Write as _;

use hongyan_server::Wait;
use hongyan_server::engine::machine::{Event, Give, Machine, TryId};
use hongyan_server::engine::share::Share;

use super::{Local, Request, State, Step, World};
use crate::simulation::Broken;

impl World {
    pub(super) fn arrive(&mut self, number: Option<u32>) -> Result<(), Broken> {
        let alive: Vec<usize> = (0..self.nodes.len()).filter(|at| self.nodes[*at].dead.is_none()).collect();
        let node = alive[self.dice.below(alive.len() as u64) as usize];
        let index = self.requests.len();
        let now = self.now;
        let new = self.nodes[node].push.is_none();
        let local = self.nodes[node].push.get_or_insert_with(|| Local {
            began: now,
            machine: Machine::shared(Wait::All),
            share: Share::new(&format!("n{node}")),
            requests: 0,
            pause: None,
            ticking: false,
            ended: false,
            unheard: 0,
            begun: false,
        });
        let id = TryId(local.requests);
        local.requests += 1;
        self.requests.push(Request { node, id, at: now, state: State::Waiting, number });
        let cut = if self.dice.chance(15) { 1 + self.dice.below(4999) } else { 5000 };
        self.after(cut, Step::Cut(index));
        let local = self.local(node);
        if !new && !local.machine.settled() {
            local.share.arrived(id);
        }
        let _ = writeln!(self.story, "            at process {node}");
        self.feed(node, Event::Arrive(id))?;
        if new {
            self.after(0, Step::Attend(node));
        }
        if self.requests[index].state == State::Waiting {
            self.after(4500, Step::Due(index));
            self.after(6000, Step::Due(index));
        }
        Ok(())
    }

    pub(super) fn cut(&mut self, at: usize) -> Result<(), Broken> {
        let request = self.requests[at];
        let answered = matches!(request.state, State::Given(give) if give != Give::Close);
        let dead = self.nodes[request.node].dead.is_some();
        if (request.state == State::Gone && !dead) || answered {
            return Ok(());
        }
        if request.state == State::Waiting && self.now >= request.at + 5000 {
            self.may_lapse(at)?;
            self.note("cut");
        }
        if let Some(number) = request.number.filter(|number| *number < 3 && self.tries == *number) {
            let gap = 1 + self.dice.below(300);
            self.after(gap, Step::Send(number + 1));
        }
        self.requests[at].state = State::Gone;
        if dead {
            return Ok(());
        }
        self.feed(request.node, Event::Cut(request.id))
    }

    pub(super) fn hand(&mut self, at: usize) -> Result<(), Broken> {
        let Request { node, id, state, .. } = self.requests[at];
        if state == State::Gone || self.nodes[node].dead.is_some() {
            return Ok(());
        }
        self.handed += u32::from(state == State::Given(Give::Reply));
        self.requests[at].state = State::Gone;
        self.feed(node, Event::Handed(id))
    }

    pub(super) fn crash(&mut self, node: usize) {
        // One stays, or the platform talks to nobody.
        if self.nodes.iter().filter(|node| node.dead.is_none()).count() < 2 {
            return;
        }
        self.note("crash");
        self.nodes[node].dead = Some(self.now);
        let now = self.now;
        for at in 0..self.requests.len() {
            let request = self.requests[at];
            if request.node == node && request.state != State::Gone {
                self.requests[at].state = State::Gone;
                if request.number.is_some_and(|number| number < 3 && self.tries == number)
                    && now < request.at + 5000
                {
                    let wait = request.at + 5000 - now;
                    self.after(wait, Step::Cut(at));
                }
            }
        }
    }
}
