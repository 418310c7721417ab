//! What happens to a world from outside, decided before it begins.

use super::{COMING, KIND, Step, World};

impl World {
    /// Everything that happens to this world from outside.
    pub(super) fn plan(&mut self) {
        for node in 0..self.nodes.len() {
            let at = self.dice.below(1000);
            self.after(at, Step::Look(self.spot(node)));
        }
        match self.dice.below(4) {
            0 => {}
            1 => self.first_token(230_000),
            2 => self.first_token(self.now + 5000),
            _ => self.first_token(7_000_000),
        }
        for _ in 0..=self.dice.below(6) {
            self.some_time(Step::Say);
        }
        for _ in 0..=self.dice.below(7) {
            self.some_time(Step::Order);
        }
        self.coming =
            self.queue.values().filter(|step| matches!(step, Step::Say | Step::Order)).count() as u64;
        for (percent, step) in [(45, 0), (20, 1), (35, 2)] {
            while self.dice.chance(percent) {
                let node = self.dice.below(self.nodes.len() as u64) as usize;
                self.some_time(match step {
                    0 => Step::Crash(node),
                    1 => Step::Stop(node),
                    _ => Step::TokenDies,
                });
            }
        }
        if self.dice.chance(15) {
            let from = self.some_time(Step::RecordsAway(true));
            let length = self.dice.below(10_000);
            self.after(from + length, Step::RecordsAway(false));
        }
        if self.dice.chance(5) {
            self.some_time(Step::RecordsForget);
        }
        if self.dice.chance(25) {
            let from = self.some_time(Step::DatabaseAway(true));
            let length = self.dice.below(20_000);
            self.after(from + length, Step::DatabaseAway(false));
        }
        self.after(KIND, Step::Kind);
    }

    fn some_time(&mut self, step: Step) -> u64 {
        let at = self.dice.below(COMING);
        self.after(at, step);
        at
    }

    /// A program gives some process a message for a user.
    pub(super) fn order_something(&mut self) {
        let node = self.dice.below(self.nodes.len() as u64) as usize;
        if !self.nodes[node].alive || self.nodes[node].stopping {
            return;
        }
        let (user, count) =
            (self.dice.below(self.people.len() as u64) as usize, 1 + self.dice.below(3) as usize);
        let queue = self.queueing(user, count, false);
        self.errand(self.spot(node), queue);
    }
}
