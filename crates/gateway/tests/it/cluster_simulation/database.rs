//! The database that all processes share: what each of the gateway's statements does to lanes, messages, windows and
//! the token, and how it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hongyan::token::StoredToken;
use hongyan::token::machine::Event as TokenEvent;
use hongyan_gateway::outbox::machine::{Event, State};
use hongyan_gateway::window::{Action as Acted, Grant};
use hongyan_wire::{Secret, Timestamp};

use super::{Broken, Errand, Spot, Step, World};

/// `due_at` of a lane with nothing to do.
pub(super) const NEVER: Timestamp = Timestamp(i64::MAX / 4);

#[derive(Default)]
pub(super) struct Database {
    pub(super) away: bool,
    pub(super) shaky: bool,
    pub(super) lanes: BTreeMap<usize, LaneRow>,
    pub(super) messages: Vec<Message>,
    /// Users that a message waits for, and when they were last seen to act.
    pub(super) waits: BTreeMap<usize, Timestamp>,
    pub(super) grants: BTreeMap<(usize, String), (Acted, Option<i64>, Timestamp)>,
    pub(super) token: TokenRow,
    /// Which token was fetched under which lease.
    pub(super) fetched: BTreeSet<(u64, String)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct LaneRow {
    pub(super) fence: u64,
    pub(super) lease_until: Timestamp,
    pub(super) due_at: Timestamp,
    pub(super) next_seq: i64,
}

/// A message, with what is true of it beside what stands in the database.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) user: usize,
    pub(super) seq: i64,
    pub(super) batch: usize,
    pub(super) state: State,
    pub(super) attempts: u32,
    pub(super) not_before: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) held: bool,
    pub(super) waits: bool,
    pub(super) waiting: bool,
    /// Until when the platform drops a repeat of it; such a message needs no window.
    pub(super) repeats_until: Option<Timestamp>,
    /// How often the platform took it.
    pub(super) taken: u32,
    /// A process has read it as one that is due.
    pub(super) read_when_due: bool,
    /// It was put before others when those may have gone already.
    pub(super) tardy: bool,
}

#[derive(Default)]
pub(super) struct TokenRow {
    pub(super) fence: u64,
    pub(super) lease_until: Timestamp,
    pub(super) token: Option<StoredToken>,
}

/// What the database answers.
#[derive(Debug)]
pub(super) enum Answer {
    Claimed(Option<(u64, Timestamp)>),
    Lane(Event),
    Grants(Vec<Grant>),
    Token(TokenEvent),
    Queued(usize),
    Done,
}

impl Database {
    pub(super) fn ours(&self, user: usize, fence: u64) -> bool {
        self.lanes.get(&user).is_some_and(|lane| lane.fence == fence)
    }

    pub(super) fn unfinished(&self, user: usize) -> Vec<usize> {
        let open = |at: &usize| self.messages[*at].user == user && !self.messages[*at].state.is_final();
        let mut open: Vec<usize> = (0..self.messages.len()).filter(open).collect();
        open.sort_by_key(|at| self.messages[*at].seq);
        open
    }

    fn due_from(&mut self, user: usize, at: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(&user) {
            lane.due_at = lane.due_at.min(at);
        }
    }

    fn let_go(&mut self, batch: usize, at: Timestamp) {
        for message in self.messages.iter_mut().filter(|message| message.batch == batch && message.held) {
            message.held = false;
            message.not_before = at;
        }
    }
}

impl World {
    /// Sends a statement on its way.
    pub(super) fn errand(&mut self, spot: Spot, errand: Errand) {
        let issued = self.clock(spot.node);
        let delay = self.database_delay();
        self.after(delay, Step::Statement(spot, issued, Box::new(errand)));
    }

    fn database_delay(&mut self) -> u64 {
        if !self.kind && self.database.shaky && self.dice.chance(3) {
            self.note("database: slow");
            return self.dice.below(4000);
        }
        1 + self.dice.below(8)
    }

    /// A statement reaches the database, or does not; its answer comes back, or does not.
    pub(super) fn statement(&mut self, spot: Spot, issued: Timestamp, errand: Errand) -> Result<(), Broken> {
        let lost = !self.database.away && self.database.shaky && !self.kind && self.dice.chance(3);
        let applied = !self.database.away && (!lost || self.dice.chance(50));
        let answer = if applied { Some(self.apply(&errand, issued)?) } else { None };
        if self.database.away {
            self.note("database: away");
        } else if lost {
            self.note(if applied { "database: answer lost" } else { "database: statement lost" });
        }
        let delay = self.database_delay();
        self.after(delay, Step::Answer(spot, Box::new(errand), answer.filter(|_| !lost)));
        Ok(())
    }

    fn apply(&mut self, errand: &Errand, now: Timestamp) -> Result<Answer, Broken> {
        Ok(match errand {
            Errand::Claim(user) => Answer::Claimed(self.apply_claim(*user, now)),
            Errand::Lane { user, fence, action, .. } => {
                Answer::Lane(self.apply_lane(*user, *fence, action, now)?)
            }
            Errand::Queue { user, messages, held, .. } => {
                Answer::Queued(self.apply_queue(*user, messages, *held, now))
            }
            Errand::Release { batch, at } => {
                self.database.let_go(*batch, *at);
                let user = self.database.messages.iter().find(|message| message.batch == *batch);
                if let Some(user) = user.map(|message| message.user) {
                    self.database.due_from(user, *at);
                }
                Answer::Done
            }
            Errand::Precede { batch, user } => {
                let first = self.database.messages.iter().filter(|message| message.batch == *batch);
                if let Some(seq) = first.map(|message| message.seq).min() {
                    // The rest may have gone by itself after its time, or be about to.
                    let tardy = self.database.messages.iter().any(|message| {
                        let gone = message.state != State::Queued || message.read_when_due;
                        message.user == *user && message.seq >= seq && gone
                    });
                    let head = Message { seq: seq - 1, batch: *batch, tardy, ..plain(*user, now) };
                    self.database.messages.push(head);
                    self.note("late reply put first");
                }
                self.database.let_go(*batch, now);
                self.database.due_from(*user, now);
                Answer::Done
            }
            Errand::Woke(users) => {
                for user in users {
                    if let Some(acted_at) = self.database.waits.get_mut(user) {
                        *acted_at = now;
                        for message in
                            self.database.messages.iter_mut().filter(|message| message.user == *user)
                        {
                            if message.waiting && message.state == State::Queued {
                                message.waiting = false;
                                message.not_before = now;
                                *self.seen.entry("message woken by its user").or_default() += 1;
                            }
                        }
                        self.database.due_from(*user, now);
                    }
                }
                Answer::Done
            }
            Errand::WriteGrants(changes) => {
                self.apply_changes(changes);
                Answer::Done
            }
            Errand::ReadGrants { user, .. } => {
                let grants = self
                    .database
                    .grants
                    .iter()
                    .filter(|((whose, _), (_, _, ends))| whose == user && *ends > now);
                let grant = |((_, id), (action, left, ends)): (
                    &(usize, String),
                    &(Acted, Option<i64>, Timestamp),
                )| {
                    Grant::stored(id.clone(), *action, left.map(|left| left.max(0) as u32), *ends)
                };
                Answer::Grants(grants.map(grant).collect())
            }
            Errand::Token(errand) => Answer::Token(self.apply_token(errand, now)?),
        })
    }

    /// The token that an earlier life of the account left behind.
    pub(super) fn first_token(&mut self, left: u64) {
        self.issued = 1;
        self.token = Some((1, left));
        let expires_at = self.true_clock() + Duration::from_millis(left);
        self.database.token.fence = 1;
        self.database.fetched.insert((1, "t1".to_owned()));
        self.database.token.token = Some(StoredToken { token: Secret::new("t1"), expires_at, fence: 1 });
    }
}

/// A message about to be queued.
#[derive(Debug, Clone)]
pub(super) struct Queued {
    pub(super) waits: bool,
    pub(super) template: bool,
    pub(super) patience: Duration,
}

pub(super) fn plain(user: usize, now: Timestamp) -> Message {
    Message {
        user,
        seq: 0,
        batch: 0,
        state: State::Queued,
        attempts: 0,
        not_before: now,
        expires_at: now + Duration::from_mins(3),
        held: false,
        waits: false,
        waiting: false,
        repeats_until: None,
        taken: 0,
        read_when_due: false,
        tardy: false,
    }
}
