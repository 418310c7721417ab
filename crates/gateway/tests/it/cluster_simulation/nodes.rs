//! The processes: each lives, dies or stops, and comes back as somebody new.

use std::collections::{BTreeMap, BTreeSet};

use hongyan_gateway::window::{ALLOWANCES_2026_11, Allowance, Change, Ledger};
use hongyan_server::engine::machine::Event;

use super::callbacks::Local;
use super::lanes::Work;
use super::platform::State;
use super::tokens::Tokens;
use super::{Broken, Spot, Step, World};

/// How long a process that stops waits for what has begun.
const DRAIN: u64 = 15_000;

/// One process, in one of its lives.
pub(super) struct Node {
    pub(super) life: u32,
    pub(super) alive: bool,
    pub(super) stopping: bool,
    /// What its clock is ahead by.
    pub(super) skew: i64,
    pub(super) pushes: BTreeMap<usize, Local>,
    pub(super) lanes: BTreeMap<usize, Work>,
    pub(super) tokens: Tokens,
    pub(super) ledger: Ledger,
    /// What each window that the ledger knows allows, and what was taken of it.
    pub(super) known: BTreeMap<String, (usize, Option<u32>)>,
    pub(super) spent: BTreeMap<String, i64>,
    /// How many messages to a user it counted while it knew an open window.
    pub(super) counted: BTreeMap<usize, u32>,
    /// What is to be written behind: who acted, and what happened to windows.
    pub(super) acted: BTreeSet<usize>,
    pub(super) changes: Vec<(usize, Change)>,
    pub(super) writing: bool,
    /// When it died.
    pub(super) died: Vec<u64>,
}

fn ledger(spot: Spot) -> Ledger {
    let allowances: &'static [Allowance] = ALLOWANCES_2026_11;
    Ledger::named(allowances, 100, format!("{}.{}-", spot.node, spot.life))
}

impl Node {
    pub(super) fn new(node: usize, skew: i64) -> Self {
        Self {
            life: 0,
            alive: true,
            stopping: false,
            skew,
            pushes: BTreeMap::new(),
            lanes: BTreeMap::new(),
            tokens: Tokens::default(),
            ledger: ledger(Spot { node, life: 0 }),
            known: BTreeMap::new(),
            spent: BTreeMap::new(),
            counted: BTreeMap::new(),
            acted: BTreeSet::new(),
            changes: Vec::new(),
            writing: false,
            died: Vec::new(),
        }
    }
}

impl World {
    pub(super) fn spot(&self, node: usize) -> Spot {
        Spot { node, life: self.nodes[node].life }
    }

    /// Whether that life still goes on.
    pub(super) fn here(&self, spot: Spot) -> bool {
        let node = &self.nodes[spot.node];
        node.alive && node.life == spot.life
    }

    /// When that life ended, if it has.
    pub(super) fn died(&self, spot: Spot) -> Option<u64> {
        self.nodes[spot.node].died.get(spot.life as usize).copied()
    }

    pub(super) fn crash(&mut self, node: usize) {
        if self.kind || !self.nodes[node].alive {
            return;
        }
        self.note("crash");
        self.end(node);
    }

    /// The process is gone, whatever it was doing; another begins in its place a while later.
    fn end(&mut self, node: usize) {
        let (spot, now) = (self.spot(node), self.now);
        let ended = &mut self.nodes[node];
        ended.alive = false;
        ended.died.push(now);
        if ended.lanes.values().any(Work::sends) {
            self.note("crash in the middle of a send");
        }
        if self.nodes[node].pushes.values().any(|local| local.begun && local.finished.is_none()) {
            self.note("crash in the middle of a run");
        }
        let open = |at: &usize| self.requests[*at].spot == spot && self.requests[*at].state != State::Gone;
        let open: Vec<usize> = (0..self.requests.len()).filter(open).collect();
        for at in open {
            self.reset(at);
        }
        let pause = 200 + self.dice.below(12_000);
        self.after(pause, Step::Start(node));
    }

    pub(super) fn start(&mut self, node: usize) {
        let (life, skew) = (self.nodes[node].life + 1, self.nodes[node].skew);
        let died = std::mem::take(&mut self.nodes[node].died);
        let ledger = ledger(Spot { node, life });
        self.nodes[node] = Node { life, ledger, died, ..Node::new(node, skew) };
        self.note("restart");
        let spot = self.spot(node);
        let first = self.dice.below(1000);
        self.after(first, Step::Look(spot));
    }

    /// The process is asked to stop: it finishes what has begun, and begins nothing.
    pub(super) fn stop(&mut self, node: usize) -> Result<(), Broken> {
        let spot = self.spot(node);
        if self.kind || !self.nodes[node].alive || self.nodes[node].stopping {
            return Ok(());
        }
        self.note("stop");
        self.nodes[node].stopping = true;
        let pushes: Vec<usize> = self.nodes[node].pushes.keys().copied().collect();
        for push in pushes {
            if self.local(spot, push).is_some_and(|local| !local.machine.settled()) {
                self.feed(spot, push, Event::Closing)?;
            }
        }
        self.stop_lanes(spot)?;
        self.after(500, Step::Drained(spot, self.now + DRAIN));
        Ok(())
    }

    /// Whether a process that stops has nothing left to do.
    pub(super) fn drained(&mut self, spot: Spot, until: u64) {
        if !self.here(spot) {
            return;
        }
        let node = &self.nodes[spot.node];
        let busy = node.pushes.values().any(|local| !local.ended || !local.machine.settled())
            || !node.lanes.is_empty()
            || node.tokens.renews();
        if busy && self.now < until {
            self.after(500, Step::Drained(spot, until));
            return;
        }
        self.note(if busy { "stopped too early" } else { "stopped with nothing left" });
        self.end(spot.node);
    }
}
