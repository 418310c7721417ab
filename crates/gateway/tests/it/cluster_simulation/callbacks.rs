//! The callback on one process: the engine's machine, and its word with the other processes through the record.

use std::time::Duration;

use bytes::Bytes;
use hongyan_gateway::window::Action as Acted;
use hongyan_server::Wait;
use hongyan_server::dedup::record::Fate;
use hongyan_server::engine::machine::{Action, Event, Give, Machine, Part, TryId};
use hongyan_server::engine::share::Share;

use super::records::Heard;
use super::{Broken, Errand, Spot, Step, World};

/// One push on one process.
pub(super) struct Local {
    began: u64,
    pub(super) machine: Machine,
    share: Share,
    pub(super) requests: u32,
    /// How many of the platform's own tries came here.
    pub(super) tries: u32,
    /// The pause that is going on, by number.
    pause: Option<u64>,
    ticking: bool,
    pub(super) ended: bool,
    unheard: u32,
    /// How much had been written when we last heard of the record, and when that was.
    heard: (u64, u64),
    pub(super) begun: bool,
    pub(super) finished: Option<(u64, bool)>,
    pub(super) decided: u32,
    late: bool,
    /// What follows the reply in the outbox, by the name it was queued under.
    batch: Option<usize>,
}

impl Local {
    pub(super) fn new(spot: Spot, now: u64) -> Self {
        Self {
            began: now,
            machine: Machine::shared(Wait::All),
            share: Share::new(&format!("n{}.{}", spot.node, spot.life)),
            requests: 0,
            tries: 0,
            pause: None,
            ticking: false,
            ended: false,
            unheard: 0,
            heard: (u64::MAX, 0),
            begun: false,
            finished: None,
            decided: 0,
            late: false,
            batch: None,
        }
    }

    fn at(&self, now: u64) -> Duration {
        Duration::from_millis(now - self.began)
    }

    /// A further request has come.
    pub(super) fn arrived(&mut self, id: TryId) {
        if !self.machine.settled() {
            self.share.arrived(id);
        }
    }
}

impl World {
    pub(super) fn local(&mut self, spot: Spot, push: usize) -> Option<&mut Local> {
        if !self.here(spot) {
            return None;
        }
        self.nodes[spot.node].pushes.get_mut(&push)
    }

    /// Feeds the machine as the engine's shell does, and carries out what it says.
    pub(super) fn feed(&mut self, spot: Spot, push: usize, event: Event) -> Result<(), Broken> {
        let (now, stopping) = (self.now, self.nodes[spot.node].stopping);
        let Some(local) = self.local(spot, push) else { return Ok(()) };
        let at = local.at(now);
        let stop = if stopping { local.machine.on(Event::Closing, at) } else { None };
        let action = stop.or(local.machine.on(event, at));
        if let Event::Cut(_) = event {
            let owed = local.machine.owes();
            local.share.cut(owed);
        }
        let news = local.pause.take().is_some();
        let late = local.machine.late_at().filter(|_| !local.ticking && !local.machine.settled());
        local.ticking |= late.is_some();
        if news {
            self.after(0, Step::Attend(spot, push));
        }
        if let Some(late) = late {
            self.after(late.saturating_sub(at).as_millis() as u64, Step::Tick(spot, push));
        }
        let Some(action) = action else { return Ok(()) };
        self.tell(|| format!("  process {spot}, push {push}: {event:?} -> {action:?}"));
        self.act(spot, push, action)
    }

    fn act(&mut self, spot: Spot, push: usize, action: Action) -> Result<(), Broken> {
        match action {
            Action::Begin => Ok(()),
            Action::Answer(id, give) => {
                let mine = |at: &usize| {
                    let request = &self.requests[*at];
                    request.spot == spot && request.push == push && request.id == id
                };
                let at = (0..self.requests.len()).find(mine).ok_or("an answer for a stranger")?;
                self.give(at, give)
            }
            Action::AnswerAll(give) => {
                let all = self.waiting(spot, push);
                all.into_iter().try_for_each(|at| self.give(at, give))
            }
            Action::Delivered => {
                self.decide(spot, push, "delivered")?;
                let at = self.clock(spot.node) + Duration::from_millis(300);
                if let Some(batch) = self.local(spot, push).and_then(|local| local.batch.take()) {
                    self.errand(spot, Errand::Release { batch, at });
                }
                Ok(())
            }
            Action::Late => {
                self.decide(spot, push, "late")?;
                self.not_shown(push)?;
                let user = self.pushes[push].user;
                let errand = match self.local(spot, push).and_then(|local| local.batch.take()) {
                    Some(batch) => Errand::Precede { batch, user },
                    None => self.queueing(user, 1, false),
                };
                self.errand(spot, errand);
                Ok(())
            }
        }
    }

    fn decide(&mut self, spot: Spot, push: usize, what: &'static str) -> Result<(), Broken> {
        self.note(what);
        let Some(local) = self.local(spot, push) else { return Ok(()) };
        local.decided += 1;
        local.late |= what == "late";
        if local.decided > 1 {
            return Err(format!("push {push} is {what} though its fate was told before"));
        }
        if local.finished.is_none_or(|(_, good)| !good) {
            return Err(format!("push {push} is {what} without a reply"));
        }
        Ok(())
    }

    /// The reply is there and nobody is: the time for that has come.
    pub(super) fn tick(&mut self, spot: Spot, push: usize) -> Result<(), Broken> {
        let Some(local) = self.local(spot, push) else { return Ok(()) };
        local.ticking = false;
        self.feed(spot, push, Event::Tick)
    }

    /// The process looks at what it has to tell.
    pub(super) fn attend(&mut self, spot: Spot, push: usize) {
        let (now, number) = (self.now, self.order);
        let Some(local) = self.local(spot, push) else { return };
        let at = local.at(now);
        let next = local.share.propose(&local.machine, &Bytes::from_static(b"reply"), at);
        let part = local.machine.part();
        if part == Part::Alone || (local.machine.settled() && next.is_none()) {
            local.ended = true;
            return;
        }
        if let Some(next) = next {
            let seen = local.share.seen().cloned();
            if next.fate == Fate::Abandoned {
                self.note("run abandoned");
            }
            let delay = self.delay();
            self.after(delay, Step::Exchange(spot, push, seen, Some(next.encode())));
        } else {
            let pause = if part == Part::Runner && local.machine.going() { 1000 } else { 100 };
            local.pause = Some(number);
            self.after(pause, Step::Ask(spot, push, number));
        }
    }

    /// It has waited long enough for news.
    pub(super) fn ask(&mut self, spot: Spot, push: usize, number: u64) {
        let (now, version) = (self.now, self.records.version);
        let Some(local) = self.local(spot, push).filter(|local| local.pause == Some(number)) else { return };
        let runs = local.machine.part() == Part::Runner && local.machine.going();
        // What has not changed is asked for less often than in truth: it would only tell the time.
        if !runs && local.heard.0 == version && now < local.heard.1 + 400 {
            self.after(100, Step::Ask(spot, push, number));
            return;
        }
        local.pause = None;
        if runs {
            self.after(0, Step::Attend(spot, push));
        } else {
            let delay = self.delay();
            self.after(delay, Step::Exchange(spot, push, None, None));
        }
    }

    /// The record store has answered, or has not.
    pub(super) fn heard(&mut self, spot: Spot, push: usize, heard: Option<Heard>) -> Result<(), Broken> {
        let now = self.now;
        let Some(local) = self.local(spot, push) else { return Ok(()) };
        let at = local.at(now);
        let alone = heard.is_none();
        let (events, pause) = if let Some(heard) = heard {
            local.unheard = 0;
            local.heard = (heard.version, now);
            (local.share.learn(&local.machine, heard.noted, heard.written, at), 0)
        } else {
            local.unheard += 1;
            let event = match local.machine.part() {
                Part::Asking => Some(Event::Begun),
                Part::Runner if local.machine.would_be_late(at) => Some(Event::Alone),
                _ => None,
            };
            let event: Vec<Event> = event.into_iter().collect();
            if local.machine.settled() && local.unheard >= 3 {
                local.ended = true;
                return Ok(());
            }
            (event, 300)
        };
        for event in events {
            if matches!(event, Event::Joined { .. }) {
                self.note("joined elsewhere");
            }
            self.feed(spot, push, event)?;
            if event == Event::Begun {
                self.begin(spot, push, alone)?;
            }
        }
        self.after(pause, Step::Attend(spot, push));
        Ok(())
    }

    /// The handler's run begins.
    fn begin(&mut self, spot: Spot, push: usize, alone: bool) -> Result<(), Broken> {
        self.note(if alone { "run begun without the record store" } else { "run" });
        let Some(local) = self.local(spot, push) else { return Ok(()) };
        if std::mem::replace(&mut local.begun, true) {
            return Err(format!("push {push} begins a second run on process {spot}"));
        }
        let known = &mut self.pushes[push];
        if alone {
            known.alone += 1;
        } else {
            known.runs += 1;
        }
        known.runner = Some(spot);
        if known.runs > 1 + known.forgotten {
            return Err(format!("push {push} begins run {} in the cluster", known.runs));
        }
        if known.runs + known.alone > 1 {
            if !known.doubted {
                return Err(format!("push {push} begins a second run though the record store answered"));
            }
            self.note("second run in the cluster");
        }
        let (user, action) = (self.pushes[push].user, self.pushes[push].action);
        self.acted(spot, user, action)?;
        let took = match self.dice.below(5) {
            0 => 0,
            1 => self.dice.below(4500),
            2 | 3 => self.dice.below(15_000),
            _ => self.dice.below(30_000),
        };
        let good = !self.dice.chance(12);
        let rest = if good && self.dice.chance(35) { 1 + self.dice.below(2) as usize } else { 0 };
        self.after(took, Step::Finish(spot, push, good, rest));
        Ok(())
    }

    fn acted(&mut self, spot: Spot, user: usize, action: Acted) -> Result<(), Broken> {
        let (now, openid) = (self.clock(spot.node), self.people[user].clone());
        self.with_ledger(spot, user, |ledger| ledger.acted(&openid, action, now))?;
        self.nodes[spot.node].acted.insert(user);
        self.write_behind(spot);
        Ok(())
    }

    /// The handler is done. What follows its reply is in the outbox before the reply leaves.
    pub(super) fn finish(&mut self, spot: Spot, push: usize, good: bool, rest: usize) -> Result<(), Broken> {
        if self.local(spot, push).is_none() {
            return Ok(());
        }
        if rest > 0 {
            let mut queue = self.queueing(self.pushes[push].user, rest, true);
            if let Errand::Queue { then, .. } = &mut queue {
                *then = Some(push);
            }
            self.errand(spot, queue);
            return Ok(());
        }
        self.finished(spot, push, good, None)
    }

    pub(super) fn finished(
        &mut self,
        spot: Spot,
        push: usize,
        good: bool,
        batch: Option<usize>,
    ) -> Result<(), Broken> {
        let now = self.now;
        let Some(local) = self.local(spot, push) else { return Ok(()) };
        local.finished = Some((now, good));
        local.batch = batch;
        self.note(if good { "run finished" } else { "run failed" });
        self.feed(spot, push, if good { Event::Finished } else { Event::Failed })
    }

    /// The reply of a push is for one request; checks that it may be given.
    pub(super) fn may_give(&mut self, at: usize, give: Give) -> Result<(), Broken> {
        let request = self.requests[at];
        let known = &self.pushes[request.push];
        if give != Give::Reply || known.doubted {
            return Ok(());
        }
        let Some(runner) = known.runner else { return Err("a reply of nobody".to_owned()) };
        if request.spot != runner {
            self.note("reply elsewhere");
        }
        let Some(local) = self.local(runner, request.push) else { return Ok(()) };
        if local.finished.is_none_or(|(_, good)| !good) {
            return Err(format!("request {at} gets a reply from a run that has none"));
        }
        if local.late {
            return Err(format!("request {at} gets the reply after it went late"));
        }
        Ok(())
    }
}
