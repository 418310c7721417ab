//! A thousand random lives of a push, played through the engine's machine.
//!
//! Every schedule comes from a number. When one breaks a rule, the test prints its story; `HONGYAN_SEED=n` plays that
//! one alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use hongyan_server::Wait;
use hongyan_server::engine::machine::{Action, Event, Give, Machine, QUIET, TryId};

const SCHEDULES: u64 = 1000;

/// SplitMix64: the same number always tells the same story.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What the world around the machine does next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The platform sends, for the n-th time.
    Send(u32),
    /// A copy of a try, delivered by mistake.
    Copy,
    /// The platform gives up on a try, or its connection breaks.
    Cut(TryId),
    /// The body of an answer reaches the socket.
    Handed(TryId),
    Due(TryId),
    Finish,
    Fail,
    Tick,
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Request {
    Waiting,
    Given(Give),
    Gone,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    at: u64,
    last: bool,
    state: Request,
    /// The number of the platform's own try; copies have none.
    number: Option<u32>,
    hidden: bool,
}

struct World {
    dice: Dice,
    machine: Machine,
    wait: Wait,
    now: u64,
    queue: BTreeMap<(u64, u64), Step>,
    order: u64,
    requests: Vec<Seen>,
    tries: u32,
    most_tries: u32,
    begun: u32,
    finished: Option<bool>,
    delivered: u32,
    late: u32,
    ticking: bool,
    story: String,
    seen: BTreeMap<&'static str, u64>,
}

/// A rule that was broken.
pub(crate) type Broken = String;

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let wait = if dice.chance(25) { Wait::One } else { Wait::All };
        let most_tries = if dice.chance(20) { 1 + dice.below(2) as u32 } else { 3 };
        let mut world = Self {
            dice,
            machine: Machine::new(wait),
            wait,
            now: 0,
            queue: BTreeMap::new(),
            order: 0,
            requests: Vec::new(),
            tries: 0,
            most_tries,
            begun: 0,
            finished: None,
            delivered: 0,
            late: 0,
            ticking: false,
            story: format!("seed {seed}, {wait:?}, up to {most_tries} tries\n"),
            seen: BTreeMap::new(),
        };
        world.after(0, Step::Send(1));
        if world.dice.chance(15) {
            let at = world.dice.below(20_000);
            world.after(at, Step::Close);
        }
        for _ in 0..world.dice.below(4) {
            let at = if world.dice.chance(50) { 1 + world.dice.below(50) } else { world.dice.below(16_000) };
            world.after(at.max(1), Step::Copy);
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
            let _ = writeln!(self.story, "{at:>7} ms  {step:?}");
            self.step(step)?;
            self.always()?;
        }
        self.at_the_end()
    }

    fn step(&mut self, step: Step) -> Result<(), Broken> {
        match step {
            Step::Send(number) => {
                self.tries = self.tries.max(number);
                if number == 2 && self.most_tries == 3 && self.dice.chance(8) {
                    // Another process refused it, or the network lost it: we only see the third.
                    self.note("try lost");
                    self.after(5000, Step::Send(3));
                    return Ok(());
                }
                self.arrive(Some(number))
            }
            Step::Copy => self.arrive(None),
            Step::Cut(id) => self.cut(id),
            Step::Handed(id) => self.handed(id),
            Step::Due(id) => self.feed(Event::Due(id)),
            Step::Finish => {
                self.finished = Some(true);
                self.feed(Event::Finished)
            }
            Step::Fail => {
                self.finished = Some(false);
                self.feed(Event::Failed)
            }
            Step::Tick => {
                self.ticking = false;
                self.feed(Event::Tick)
            }
            Step::Close => self.feed(Event::Closing),
        }
    }

    fn arrive(&mut self, number: Option<u32>) -> Result<(), Broken> {
        let id = TryId(self.requests.len() as u32);
        let own = self.requests.iter().filter(|request| request.number.is_some()).count();
        // The third that we saw: of a lost one nobody here can know.
        let third = number.is_some() && own >= 2;
        let last = self.wait == Wait::One || third || self.now > 9000;
        // The platform waits five seconds; now and then a connection breaks before.
        let cut = if self.dice.chance(15) { 1 + self.dice.below(4999) } else { 5000 };
        let hidden = number.is_some() && cut == 5000 && self.dice.chance(5);
        self.requests.push(Seen { at: self.now, last, state: Request::Waiting, number, hidden });
        self.after(cut, Step::Cut(id));
        self.feed(Event::Arrive(id))?;
        if self.requests[id.0 as usize].state == Request::Waiting {
            let deadline = self.machine.deadline(id).ok_or("a waiting request has no deadline")?;
            let wait = (deadline.as_millis() as u64).checked_sub(self.now).ok_or("a deadline in the past")?;
            self.after(wait, Step::Due(id));
        }
        Ok(())
    }

    /// The platform is done with a request: it got its answer, or its patience is over.
    fn cut(&mut self, id: TryId) -> Result<(), Broken> {
        let request = self.requests[id.0 as usize];
        let answered = matches!(request.state, Request::Given(give) if give != Give::Close);
        if request.state == Request::Gone || answered {
            return Ok(());
        }
        if request.state == Request::Waiting && self.finished.is_some() {
            return Err(format!("{id:?} lapses though the run is over"));
        }
        if request.state == Request::Waiting && request.last && self.now > request.at + 4500 {
            return Err(format!("{id:?} is the last and is cut without an answer"));
        }
        if let Some(number) = request.number {
            let more = number < self.most_tries && self.tries == number;
            if more {
                let gap = self.dice.below(300);
                self.after(gap, Step::Send(number + 1));
            }
        }
        if request.hidden && request.state == Request::Waiting {
            // A proxy keeps the connection to us open.
            self.note("hidden cut");
            return Ok(());
        }
        self.note("cut");
        self.requests[id.0 as usize].state = Request::Gone;
        self.feed(Event::Cut(id))
    }

    fn handed(&mut self, id: TryId) -> Result<(), Broken> {
        if self.requests[id.0 as usize].state == Request::Gone {
            return Ok(());
        }
        let before = self.delivered;
        self.feed(Event::Handed(id))?;
        let reply = self.requests[id.0 as usize].state == Request::Given(Give::Reply);
        if self.delivered > before && !reply {
            return Err(format!("{id:?} delivered something other than the reply"));
        }
        if self.delivered == 0 && reply {
            return Err(format!("{id:?} had the reply handed over, but it is not delivered"));
        }
        self.requests[id.0 as usize].state = Request::Gone;
        Ok(())
    }

    fn feed(&mut self, event: Event) -> Result<(), Broken> {
        let action = self.machine.on(event, Duration::from_millis(self.now));
        if let Some(action) = action {
            let _ = writeln!(self.story, "            -> {action:?}");
            self.act(action)?;
        }
        if let Some(at) = self.machine.late_at().filter(|_| !self.ticking) {
            self.ticking = true;
            self.after((at.as_millis() as u64).saturating_sub(self.now), Step::Tick);
        }
        Ok(())
    }

    fn act(&mut self, action: Action) -> Result<(), Broken> {
        match action {
            Action::Begin => {
                self.begun += 1;
                let took = match self.dice.below(5) {
                    0 => 0,
                    1 => self.dice.below(4500),
                    2 | 3 => self.dice.below(15_000),
                    _ => self.dice.below(40_000),
                };
                let end = if self.dice.chance(12) { Step::Fail } else { Step::Finish };
                self.after(took, end);
                Ok(())
            }
            Action::Answer(id, give) => self.give(id, give),
            Action::AnswerAll(give) => {
                let waiting =
                    (0..self.requests.len()).filter(|at| self.requests[*at].state == Request::Waiting);
                let waiting: Vec<_> = waiting.collect();
                if waiting.is_empty() {
                    return Err("an answer for nobody".into());
                }
                waiting.into_iter().try_for_each(|at| self.give(TryId(at as u32), give))
            }
            Action::Delivered => {
                self.note("delivered");
                self.delivered += 1;
                Ok(())
            }
            Action::Late => {
                self.note("late");
                self.late += 1;
                let given = self.requests.iter().any(|request| request.state == Request::Given(Give::Reply));
                if given { Err("late, while the reply is on its way".into()) } else { Ok(()) }
            }
        }
    }

    fn give(&mut self, id: TryId, give: Give) -> Result<(), Broken> {
        let request = &mut self.requests[id.0 as usize];
        if request.state != Request::Waiting {
            return Err(format!("{id:?} is answered, though it is {:?}", request.state));
        }
        let lapsed = request.at + 6000 <= self.now && !request.last;
        request.state = Request::Given(give);
        match give {
            Give::Reply if self.finished != Some(true) => {
                return Err("a reply from a run that has none".into());
            }
            Give::Reply if self.late > 0 => return Err("the reply is given again after it went late".into()),
            Give::Close if !lapsed => return Err("a request closed before its time".into()),
            _ => {}
        }
        self.note(match give {
            Give::Reply => "reply",
            Give::Held => "held",
            Give::Success => "success",
            Give::Close => "closed",
        });
        // The body goes out at once, or the connection breaks under it.
        if self.dice.chance(10) {
            self.after(1, Step::Cut(id));
            self.requests[id.0 as usize].state = Request::Given(Give::Close);
            self.note("body lost");
        } else {
            let took = self.dice.below(20);
            self.after(took, Step::Handed(id));
        }
        Ok(())
    }

    /// What must hold after every step.
    fn always(&self) -> Result<(), Broken> {
        if self.begun != 1 {
            return Err(format!("{} runs", self.begun));
        }
        if self.delivered + self.late > 1 {
            return Err(format!("delivered {} times and late {} times", self.delivered, self.late));
        }
        for (index, request) in self.requests.iter().enumerate() {
            let waiting = request.state == Request::Waiting;
            if waiting && request.last && self.now > request.at + 4500 {
                return Err(format!("try {index} is the last and was not answered in time"));
            }
            if waiting && self.finished.is_some() {
                return Err(format!("try {index} still waits though the run is over"));
            }
            if waiting && self.now > request.at + 6000 {
                return Err(format!("try {index} is left open for ever"));
            }
        }
        Ok(())
    }

    fn at_the_end(&self) -> Result<(), Broken> {
        let expected = u32::from(self.finished == Some(true));
        if self.delivered + self.late != expected {
            return Err(format!("{} delivered, {} late in the end", self.delivered, self.late));
        }
        if !self.machine.settled() {
            return Err("not settled in the end".into());
        }
        Ok(())
    }
}

/// What to play: the seed in `HONGYAN_SEED`, as many as `HONGYAN_SEEDS` says, or as many as usual.
pub(crate) fn seeds(usual: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number of seeds"));
    number("HONGYAN_SEED").map_or(0..number("HONGYAN_SEEDS").unwrap_or(usual), |seed| seed..seed + 1)
}

#[test]
fn a_thousand_schedules_break_no_rule() {
    let seeds = seeds(SCHEDULES);
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
    let common = ["reply", "held", "success", "closed", "delivered", "late", "cut"];
    for what in common.into_iter().chain(["hidden cut", "body lost", "try lost"]) {
        assert!(alone || seen.get(what).is_some_and(|count| *count >= 10), "{what} hardly occurs: {seen:?}");
    }
    assert_eq!(QUIET, Duration::from_secs(6), "the story's platform tries again well within the quiet");
}
