//! What must hold whatever happens.

use super::{MOURNED, SLACK, State, World};
use crate::simulation::Broken;

impl World {
    /// A try lapses only while the run goes on, as far as this process could know.
    pub(super) fn may_lapse(&self, at: usize) -> Result<(), Broken> {
        let runner = self.runner.map(|runner| self.nodes[runner].dead);
        let over = match (self.finished, runner) {
            (Some((when, _)), _) => Some(when + SLACK),
            (None, Some(Some(died))) => Some(died + MOURNED),
            _ => None,
        };
        if self.faithful && over.is_some_and(|over| over < self.now) {
            return Err(format!("request {at} lapses though the run is over"));
        }
        Ok(())
    }

    /// What must hold after every step.
    pub(super) fn always(&self) -> Result<(), Broken> {
        if self.faithful && self.delivered + self.late > 1 {
            return Err(format!("delivered {} times and late {} times", self.delivered, self.late));
        }
        for (at, request) in self.requests.iter().enumerate() {
            let last = request.number == Some(3);
            let waits = request.state == State::Waiting && self.nodes[request.node].dead.is_none();
            if self.faithful && waits && last && self.now > request.at + 4500 + SLACK {
                return Err(format!("request {at} is the last and was not answered in time"));
            }
            if waits && self.now > request.at + 6000 + SLACK {
                return Err(format!("request {at} is left open for ever"));
            }
        }
        Ok(())
    }

    pub(super) fn at_the_end(&self) -> Result<(), Broken> {
        let runner_lives = self.runner.is_some_and(|runner| self.nodes[runner].dead.is_none());
        let good = self.finished.is_some_and(|(_, good)| good);
        if self.faithful && runner_lives && good && self.delivered + self.late != 1 {
            return Err(format!("{} delivered, {} late in the end", self.delivered, self.late));
        }
        if self.faithful && self.handed > 0 && self.late > 0 {
            return Err("the reply was handed over and went late too".into());
        }
        for (at, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.dead.is_none()) {
            if node.push.as_ref().is_some_and(|local| !local.machine.settled() || !local.ended) {
                return Err(format!("process {at} is not done in the end"));
            }
        }
        Ok(())
    }
}
