//! A thousand random lives of a push whose tries reach several processes, played through machine, share and record.
//!
//! The store answers late, answers are lost, processes die. `HONGYAN_SEED=n` plays one schedule alone.

mod platform;
mod process;
mod rules;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use hongyan_server::Noted;
use hongyan_server::engine::machine::{Action, Event, Give, Machine, TryId};
use hongyan_server::engine::share::Share;

use crate::simulation::{Broken, Dice};

const SCHEDULES: u64 = 1000;
/// What a process may take to hear of a thing and to answer, beyond the engine's own times.
const SLACK: u64 = 700;
/// After how long a dead process is known for dead.
const MOURNED: u64 = 5500;

#[derive(Debug, Clone)]
enum Step {
    /// The platform sends, for the n-th time.
    Send(u32),
    /// A copy of a try, delivered by mistake, most often elsewhere.
    Copy,
    Cut(usize),
    Handed(usize),
    Due(usize),
    Finish(usize, bool),
    Tick(usize),
    /// A process looks at what it has to tell.
    Attend(usize),
    /// It has waited long enough for news, since that many steps.
    Ask(usize, u64),
    /// The store takes a wish in: a swap, or a look.
    Swap(usize, Option<Bytes>, Option<Bytes>),
    /// The store's answer comes back.
    Heard(usize, Result<(Option<Noted>, bool), ()>),
    Crash(usize),
    Away(bool),
}

struct Local {
    began: u64,
    machine: Machine,
    share: Share,
    requests: u32,
    /// The pause that is going on, by number.
    pause: Option<u64>,
    ticking: bool,
    ended: bool,
    unheard: u32,
    begun: bool,
}

#[derive(Default)]
struct Node {
    dead: Option<u64>,
    push: Option<Local>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Waiting,
    Given(Give),
    Gone,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    node: usize,
    id: TryId,
    at: u64,
    state: State,
    /// The platform's own number; copies have none.
    number: Option<u32>,
}

struct World {
    dice: Dice,
    now: u64,
    order: u64,
    queue: BTreeMap<(u64, u64), Step>,
    nodes: Vec<Node>,
    requests: Vec<Request>,
    record: Option<(u64, Bytes)>,
    away: bool,
    /// Whether the store always answers.
    faithful: bool,
    tries: u32,
    finished: Option<(u64, bool)>,
    runner: Option<usize>,
    begun: u32,
    delivered: u32,
    late: u32,
    handed: u32,
    story: String,
    seen: BTreeMap<&'static str, u64>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let nodes = 2 + dice.below(3) as usize;
        let faithful = !dice.chance(25);
        let mut world = Self {
            dice,
            now: 0,
            order: 0,
            queue: BTreeMap::new(),
            nodes: (0..nodes).map(|_| Node::default()).collect(),
            requests: Vec::new(),
            record: None,
            away: false,
            faithful,
            tries: 0,
            finished: None,
            runner: None,
            begun: 0,
            delivered: 0,
            late: 0,
            handed: 0,
            story: format!("seed {seed}, {nodes} processes, store faithful: {faithful}\n"),
            seen: BTreeMap::new(),
        };
        world.after(0, Step::Send(1));
        for _ in 0..world.dice.below(4) {
            let at = if world.dice.chance(60) { 1 + world.dice.below(50) } else { world.dice.below(16_000) };
            world.after(at.max(1), Step::Copy);
        }
        if world.dice.chance(30) {
            let (node, at) = (world.dice.below(nodes as u64) as usize, world.dice.below(14_000));
            world.after(at, Step::Crash(node));
        }
        if !faithful {
            let (from, length) = (world.dice.below(14_000), world.dice.below(8000));
            world.after(from, Step::Away(true));
            world.after(from + length, Step::Away(false));
        }
        world
    }

    fn after(&mut self, millis: u64, step: Step) {
        self.order += 1;
        self.queue.insert((self.now + millis, self.order), step);
    }

    fn note(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    fn play(&mut self) -> Result<(), Broken> {
        while let Some(((at, _), step)) = self.queue.pop_first() {
            self.now = at;
            if !matches!(step, Step::Attend(_) | Step::Ask(..)) {
                let _ = writeln!(self.story, "{at:>7} ms  {step:?}");
            }
            self.step(step)?;
            self.always()?;
        }
        self.at_the_end()
    }

    fn step(&mut self, step: Step) -> Result<(), Broken> {
        match step {
            Step::Send(number) => {
                self.tries = self.tries.max(number);
                self.arrive(Some(number))
            }
            Step::Copy => self.arrive(None),
            Step::Cut(at) => self.cut(at),
            Step::Handed(at) => self.hand(at),
            Step::Due(at) => {
                let Request { node, id, state, .. } = self.requests[at];
                if state == State::Waiting { self.feed(node, Event::Due(id)) } else { Ok(()) }
            }
            Step::Finish(node, good) => {
                if self.nodes[node].dead.is_none() {
                    self.finished = Some((self.now, good));
                    self.feed(node, if good { Event::Finished } else { Event::Failed })?;
                }
                Ok(())
            }
            Step::Tick(node) => {
                self.local(node).ticking = false;
                if self.nodes[node].dead.is_some() { Ok(()) } else { self.feed(node, Event::Tick) }
            }
            Step::Attend(node) => {
                self.attend(node);
                Ok(())
            }
            Step::Ask(node, number) => {
                self.ask(node, number);
                Ok(())
            }
            Step::Swap(node, seen, next) => {
                self.swap(node, seen, next);
                Ok(())
            }
            Step::Heard(node, heard) => self.heard(node, heard),
            Step::Crash(node) => {
                self.crash(node);
                Ok(())
            }
            Step::Away(away) => {
                self.away = away;
                Ok(())
            }
        }
    }

    fn local(&mut self, node: usize) -> &mut Local {
        self.nodes[node].push.as_mut().expect("the process has the push")
    }

    fn feed(&mut self, node: usize, event: Event) -> Result<(), Broken> {
        let now = self.now;
        let local = self.local(node);
        let at = Duration::from_millis(now - local.began);
        let action = local.machine.on(event, at);
        if let Event::Cut(_) = event {
            let owed = local.machine.owes();
            local.share.cut(owed);
        }
        // News ends a pause.
        let news = local.pause.take().is_some();
        let late = local.machine.late_at().filter(|_| !local.ticking);
        local.ticking |= late.is_some();
        if news {
            self.after(0, Step::Attend(node));
        }
        if let Some(late) = late {
            let wait = late.saturating_sub(at).as_millis() as u64;
            self.after(wait, Step::Tick(node));
        }
        if let Some(action) = action {
            let _ = writeln!(self.story, "            process {node}: {event:?} -> {action:?}");
            self.act(node, action)?;
        }
        Ok(())
    }

    fn act(&mut self, node: usize, action: Action) -> Result<(), Broken> {
        match action {
            Action::Begin => Ok(()),
            Action::Answer(id, give) => {
                let find = |request: &Request| request.node == node && request.id == id;
                let at = self.requests.iter().position(find).ok_or("an answer for a stranger")?;
                self.give(at, give)
            }
            Action::AnswerAll(give) => {
                let waits = |request: &Request| request.node == node && request.state == State::Waiting;
                let all: Vec<usize> =
                    (0..self.requests.len()).filter(|at| waits(&self.requests[*at])).collect();
                all.into_iter().try_for_each(|at| self.give(at, give))
            }
            Action::Delivered => {
                self.delivered += 1;
                self.note("delivered");
                Ok(())
            }
            Action::Late => {
                self.late += 1;
                self.note("late");
                Ok(())
            }
        }
    }

    fn give(&mut self, at: usize, give: Give) -> Result<(), Broken> {
        let request = &mut self.requests[at];
        if request.state != State::Waiting {
            return Err(format!("request {at} is answered, though it is {:?}", request.state));
        }
        request.state = State::Given(give);
        let joined = Some(request.node) != self.runner;
        if give == Give::Reply && self.faithful {
            if self.late > 0 {
                return Err(format!("request {at} gets the reply after it went late"));
            }
            if !self.finished.is_some_and(|(_, good)| good) {
                return Err(format!("request {at} gets a reply from a run that has none"));
            }
        }
        self.note(match give {
            Give::Reply if joined => "reply elsewhere",
            Give::Reply => "reply",
            Give::Held => "held",
            Give::Success => "success",
            Give::Close => "closed",
        });
        if self.dice.chance(10) {
            self.requests[at].state = State::Given(Give::Close);
            self.after(1, Step::Cut(at));
            self.note("body lost");
        } else {
            let took = self.dice.below(20);
            self.after(took, Step::Handed(at));
        }
        Ok(())
    }
}

#[test]
fn a_thousand_schedules_on_several_processes_break_no_rule() {
    let seeds = crate::simulation::seeds(SCHEDULES);
    let alone = seeds.end - seeds.start == 1;
    let mut seen = BTreeMap::<&str, u64>::new();
    for seed in seeds {
        let mut world = World::new(seed);
        if let Err(broken) = world.play() {
            panic!("{broken}\n{}HONGYAN_SEED={seed} plays it again", world.story);
        }
        for (what, count) in world.seen {
            *seen.entry(what).or_default() += count;
        }
    }
    // A schedule that never got anywhere would prove nothing.
    for what in
        ["reply", "reply elsewhere", "held", "success", "delivered", "late", "cut", "crash", "body lost"]
    {
        assert!(alone || seen.get(what).is_some_and(|count| *count >= 10), "{what} hardly occurs: {seen:?}");
    }
}
