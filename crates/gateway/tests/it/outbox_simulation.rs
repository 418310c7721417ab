//! The outbox's machine played through many schedules: two gateways on one store, crashes, lost answers, a store that
//! goes away, clocks that jump, messages that wait for the user's next action.
//!
//! Whatever happens: a message ends exactly once, one that was taken by the platform is never sent again, later
//! messages of a user never overtake earlier ones, what the store says `sent` was sent, one that waits never fails for
//! want of a window, and no action is missed by one that waits.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use hongyan_gateway::outbox::machine::{
    Action, Entry, Event, LEASE, Lane, OnUnknown, Outcome, SEND_LIMIT, State,
};
use hongyan_wire::{ErrCode, Timestamp};

/// How many schedules are played.
const SEEDS: u64 = 3_000;
/// How many steps a schedule has before the world becomes kind and everything is finished.
const STEPS: usize = 400;

/// Numbers that look random and are the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.next().is_multiple_of(sides)
    }

    fn fraction(&mut self) -> f64 {
        (self.next() % 1000) as f64 / 1000.0
    }
}

#[derive(Debug, Clone)]
struct Message {
    state: State,
    attempts: u32,
    not_before: Timestamp,
    expires_at: Timestamp,
    /// Whether it may wait for the user's next action.
    waits: bool,
    /// When the attempt began after which it was parked, while it is.
    parked: Option<Timestamp>,
    /// How often the platform took it.
    taken: u32,
    /// How often it was given a final state.
    ended: u32,
}

/// The store and the platform: what is true.
#[derive(Default)]
struct World {
    messages: BTreeMap<u32, Message>,
    fence: u64,
    lease_until: Timestamp,
    /// When the user last did something, and when the gateways saw it.
    acted_at: Timestamp,
    seen_at: Timestamp,
    /// In the order in which the platform took them.
    arrived: Vec<u32>,
    /// Requests on their way, which arrive whatever becomes of their sender.
    flights: Vec<Flight>,
}

/// A request on its way.
#[derive(Clone, Copy)]
struct Flight {
    arrives_at: Timestamp,
    id: u32,
}

/// A gateway and the lane it works on, if it does.
#[derive(Default)]
struct Node {
    lane: Option<(Lane, u64, Action)>,
    /// The answer to the request that is under way, and when it comes.
    answer: Option<(Timestamp, Event)>,
}

struct Game {
    world: World,
    nodes: [Node; 2],
    now: Timestamp,
    dice: Dice,
    on_unknown: OnUnknown,
    kind: bool,
    story: String,
}

fn number(id: &Arc<str>) -> u32 {
    id.parse().unwrap()
}

impl Game {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let on_unknown = if dice.one_in(3) { OnUnknown::Retry } else { OnUnknown::Hold };
        Self {
            world: World::default(),
            nodes: [Node::default(), Node::default()],
            now: Timestamp(1_000_000),
            dice,
            on_unknown,
            kind: false,
            story: String::new(),
        }
    }

    fn queue(&mut self) {
        let id = self.world.messages.len() as u32;
        let patience = Duration::from_secs(if self.dice.one_in(10) { 5 } else { 100_000 });
        let message = Message {
            state: State::Queued,
            attempts: 0,
            not_before: self.now,
            expires_at: self.now + patience,
            waits: self.dice.one_in(2),
            parked: None,
            taken: 0,
            ended: 0,
        };
        self.world.messages.insert(id, message);
    }

    fn turn(&mut self) {
        let pause = self.dice.next() % if self.dice.one_in(20) { 30_000 } else { 1_500 };
        self.now = self.now + Duration::from_millis(pause);
        self.arrive();
        if !self.kind && self.world.messages.len() < 12 && self.dice.one_in(12) {
            self.queue();
        }
        // Callbacks touch no database: that the user acted is written down a moment later.
        if !self.kind && self.dice.one_in(15) {
            self.world.acted_at = self.now;
        } else if self.world.seen_at < self.world.acted_at && (self.kind || self.dice.one_in(3)) {
            self.see();
        }
        let node = (self.dice.next() % 2) as usize;
        if !self.kind && self.dice.one_in(40) {
            writeln!(self.story, "{} node {node} dies", self.now).unwrap();
            self.nodes[node] = Node::default();
            return;
        }
        match self.nodes[node].lane.take() {
            None => self.claim(node),
            Some((lane, fence, action)) => self.carry(node, lane, fence, action),
        }
    }

    /// What a look at who acted does in the database.
    fn see(&mut self) {
        writeln!(self.story, "{} the user is seen to have acted", self.now).unwrap();
        self.world.seen_at = self.now;
        let parked = self.world.messages.values_mut().filter(|message| message.parked.is_some());
        for message in parked {
            message.parked = None;
            message.not_before = self.now;
        }
    }

    fn open(&self) -> Vec<u32> {
        let open = self.world.messages.iter().filter(|(_, message)| !message.state.is_final());
        open.map(|(id, _)| *id).collect()
    }

    fn claim(&mut self, node: usize) {
        if self.world.lease_until > self.now || self.open().is_empty() {
            return;
        }
        self.world.fence += 1;
        self.world.lease_until = self.now + LEASE;
        let mut lane = Lane::new(self.on_unknown);
        let action = lane.step(Event::Begun { lease_until: self.world.lease_until }, self.now, 0.0);
        writeln!(self.story, "{} node {node} claims with fence {}", self.now, self.world.fence).unwrap();
        self.nodes[node].lane = Some((lane, self.world.fence, action));
    }

    /// Carries out one action, and takes the next from the machine.
    fn carry(&mut self, node: usize, mut lane: Lane, fence: u64, action: Action) {
        let mine = fence == self.world.fence;
        let away = !self.kind && self.dice.one_in(25);
        writeln!(self.story, "{} node {node} ({fence}) {action:?}", self.now).unwrap();
        let event = match action {
            Action::Release => {
                if mine && !away {
                    self.world.lease_until = Timestamp(0);
                }
                return;
            }
            Action::Abandon => return,
            Action::Wait { until } if until > self.now => {
                self.nodes[node].lane = Some((lane, fence, Action::Wait { until }));
                return;
            }
            Action::Wait { .. } => Event::Woken,
            Action::Prepare { .. } if !self.kind && self.dice.one_in(10) => {
                Event::Prepared(Err(Outcome::NotSent("no token".to_owned())))
            }
            Action::Prepare { .. } => Event::Prepared(Ok(())),
            Action::Send { id } => match self.nodes[node].answer.take().unwrap() {
                (comes_at, answer) if comes_at > self.now => {
                    self.nodes[node].answer = Some((comes_at, answer));
                    self.nodes[node].lane = Some((lane, fence, Action::Send { id }));
                    return;
                }
                (_, answer) => answer,
            },
            _ if away => Event::StoreAway,
            Action::Load => Event::Loaded(self.load()),
            Action::Renew => {
                if mine {
                    self.world.lease_until = self.now + LEASE;
                }
                Event::Renewed(mine.then_some(self.world.lease_until))
            }
            Action::Mark { ref id, attempt } => {
                if mine {
                    let message = self.message(id);
                    assert_eq!(message.attempts + 1, attempt);
                    message.state = State::Sending;
                    message.parked = None;
                    message.attempts = attempt;
                }
                Event::Marked(mine)
            }
            Action::End { ref id, attempts, ref ending } => {
                if mine {
                    let message = self.message(id);
                    assert!(!message.state.is_final(), "{id} ends twice");
                    let closed = ending.reason.errcode.is_some_and(|code| matches!(code.0, 45015 | 45047));
                    assert!(!(message.waits && closed), "{id} failed in the place of waiting");
                    message.state = ending.state;
                    message.parked = None;
                    message.attempts = attempts;
                    message.ended += 1;
                }
                Event::Written(mine)
            }
            Action::Park { ref id, attempts, since, until, .. } => {
                if mine {
                    let (now, seen_at) = (self.now, self.world.seen_at);
                    let message = self.message(id);
                    assert!(message.waits && !message.state.is_final(), "{id} is parked and must not be");
                    message.state = State::Queued;
                    message.attempts = attempts;
                    let soon = seen_at >= since;
                    message.not_before = if soon { now + Duration::from_secs(1) } else { until };
                    message.parked = Some(since);
                }
                Event::Written(mine)
            }
            Action::Postpone { ref id, attempts, not_before, .. } => {
                if mine {
                    let message = self.message(id);
                    assert!(!message.state.is_final(), "{id} is queued after its end");
                    message.state = State::Queued;
                    message.attempts = attempts;
                    message.not_before = not_before;
                    message.parked = None;
                }
                Event::Written(mine)
            }
        };
        let jitter = self.dice.fraction();
        let next = lane.step(event, self.now, jitter);
        if let Action::Send { id } = &next {
            // The request leaves at once; its answer may take longer than the lease lasts.
            self.nodes[node].answer = Some(self.send(number(id)));
        }
        self.nodes[node].lane = Some((lane, fence, next));
    }

    /// The platform: mostly takes it, else refuses, or the answer is lost before or after it took it.
    fn send(&mut self, id: u32) -> (Timestamp, Event) {
        let message = &self.world.messages[&id];
        assert!(message.state != State::Queued, "{id} is sent before it is marked");
        let roll = if self.kind { 0 } else { self.dice.next() % 10 };
        let longest = if self.dice.one_in(3) { SEND_LIMIT.as_millis() as u64 } else { 300 };
        let arrives_at = self.now + Duration::from_millis(self.dice.next() % longest);
        if matches!(roll, 0..=4 | 8) {
            self.world.flights.push(Flight { arrives_at, id });
        }
        let refused = |code| Outcome::Refused { code: ErrCode(code), rid: None };
        let outcome = match roll {
            0..=4 => Outcome::Sent { msgid: None },
            5 => refused(-1),
            6 => refused(if self.dice.one_in(2) { 45015 } else { 45047 }),
            7 => Outcome::NotSent("refused connection".to_owned()),
            _ => Outcome::Unsure("cut".to_owned()),
        };
        (arrives_at, Event::Answered(outcome))
    }

    /// The requests that have arrived by now.
    fn arrive(&mut self) {
        let now = self.now;
        let (mut landed, flying): (Vec<Flight>, Vec<Flight>) =
            self.world.flights.iter().partition(|flight| flight.arrives_at <= now);
        self.world.flights = flying;
        landed.sort_by_key(|flight| flight.arrives_at);
        for Flight { id, .. } in landed {
            self.world.arrived.push(id);
            self.world.messages.get_mut(&id).unwrap().taken += 1;
        }
    }

    fn load(&self) -> Vec<Entry> {
        let entry = |id: u32| {
            let message = &self.world.messages[&id];
            Entry {
                id: id.to_string().into(),
                state: message.state,
                attempts: message.attempts,
                not_before: message.not_before,
                expires_at: message.expires_at,
                waits: message.waits,
                repeats_until: None,
            }
        };
        self.open().into_iter().take(5).map(entry).collect()
    }

    fn message(&mut self, id: &Arc<str>) -> &mut Message {
        self.world.messages.get_mut(&number(id)).unwrap()
    }

    fn check(&self) {
        for (id, message) in &self.world.messages {
            assert!(message.ended <= 1, "{id} ended {} times", message.ended);
            if self.on_unknown == OnUnknown::Hold {
                assert!(message.taken <= 1, "{id} reached the user {} times", message.taken);
            }
            // Whoever was seen to act after the attempt began is not waited for until the message expires.
            let missed = message.parked.is_some_and(|since| self.world.seen_at >= since);
            let soon = self.now + Duration::from_secs(1);
            assert!(!missed || message.not_before <= soon, "{id} missed an action");
            if message.state == State::Sent {
                assert!(message.taken >= 1, "{id} is said to be sent and was not");
            }
        }
        let mut first: Vec<u32> = Vec::new();
        for id in &self.world.arrived {
            if !first.contains(id) {
                first.push(*id);
            }
        }
        assert!(first.is_sorted(), "overtaken: {first:?}");
    }

    fn play(&mut self) {
        self.queue();
        for _ in 0..STEPS {
            self.turn();
            self.check();
        }
        self.kind = true;
        self.see();
        for _ in 0..STEPS * 20 {
            if self.open().is_empty() {
                break;
            }
            self.turn();
            self.check();
        }
        assert!(self.open().is_empty(), "left over: {:?}", self.open());
        assert!(self.world.messages.values().all(|message| message.ended == 1));
    }
}

#[test]
fn every_schedule_ends_well() {
    for seed in 0..SEEDS {
        let mut game = Game::new(seed);
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| game.play()));
        assert!(played.is_ok(), "seed {seed}:\n{}", game.story);
    }
}
