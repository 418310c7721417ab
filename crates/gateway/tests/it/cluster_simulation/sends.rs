//! One send: counted in the ledger, on its way, taken or refused by the platform, and what its process hears of it.

use hongyan_gateway::outbox::machine::{Event, Outcome, SEND_LIMIT};
use hongyan_gateway::window::{Reservation, Settled, View};
use hongyan_wire::{ErrCode, Secret};

use super::tokens::Need;
use super::{Broken, Spot, Step, World};

/// What is on its way when the time for a send is over arrives soon, or is cut. With clocks that agree within a second
/// that leaves nothing under way when a lease ends.
const ARRIVED_BY: u64 = 9000;

/// A message on its way.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    pub(super) spot: Spot,
    pub(super) user: usize,
    number: u64,
    pub(super) message: usize,
    reservation: Option<Reservation>,
    /// Whether its process knew an open window.
    open: bool,
    began: u64,
    token: Option<Secret>,
    repeated: bool,
}

impl World {
    pub(super) fn begin_send(
        &mut self,
        spot: Spot,
        user: usize,
        number: u64,
        message: usize,
    ) -> Result<(), Broken> {
        let (now, openid) = (self.clock(spot.node), self.people[user].clone());
        let (mut reservation, mut open) = (None, false);
        if self.database.messages[message].repeats_until.is_none() {
            let view = self.nodes[spot.node].ledger.view(&openid, now);
            open = matches!(view, View::Open { .. });
            match self.with_ledger(spot, user, |ledger| ledger.reserve(&openid, now))? {
                Ok(reserved) => reservation = Some(reserved),
                Err(closed) => {
                    let refused = Outcome::Refused { code: closed.code(), rid: None };
                    return self.lane(spot, user, number, Event::Answered(refused));
                }
            }
        }
        let flight = Flight {
            spot,
            user,
            number,
            message,
            reservation,
            open,
            began: self.now,
            token: None,
            repeated: false,
        };
        let limit = SEND_LIMIT.as_millis() as u64;
        let unsure = Outcome::Unsure("no answer in time".to_owned());
        self.after(limit, Step::Returned(Box::new(flight.clone()), unsure));
        self.need_token(spot, Need::Send(flight, None), None)
    }

    /// The request leaves.
    pub(super) fn fly(&mut self, flight: Flight, token: Secret) {
        let work = self.nodes[flight.spot.node].lanes.get(&flight.user);
        if !self.here(flight.spot) || work.is_none_or(|work| work.number != flight.number) {
            return;
        }
        if !self.kind && self.dice.chance(5) {
            self.after(
                1,
                Step::Returned(Box::new(flight), Outcome::NotSent("refused connection".to_owned())),
            );
            return;
        }
        let there = if self.dice.chance(15) { self.dice.below(8000) } else { self.dice.below(300) };
        // Its connection is cut when its time is over, so by then it has arrived, or never will.
        if self.now + there > flight.began + ARRIVED_BY {
            self.note("request lost on its way");
            return;
        }
        self.after(there, Step::Reach(Box::new(Flight { token: Some(token), ..flight })));
    }

    /// The platform has the request, unless it was lost on its way.
    pub(super) fn reach(&mut self, flight: Flight) -> Result<(), Broken> {
        let refused = |code| Outcome::Refused { code: ErrCode(code), rid: None };
        let roll = if self.kind { 50 } else { self.dice.below(100) };
        let good = flight.token.as_ref().is_some_and(|token| self.is_good(token));
        let outcome = match roll {
            0..=3 => Outcome::Unsure("cut".to_owned()),
            4..=7 => refused(-1),
            _ if !good => {
                self.note("token refused");
                refused(40001)
            }
            _ => match self.take(flight.user, flight.message)? {
                Some(code) => refused(code),
                None if roll < 13 => {
                    self.note("answer lost after the platform took it");
                    Outcome::Unsure("cut".to_owned())
                }
                None => Outcome::Sent { msgid: None },
            },
        };
        let back = if self.dice.chance(5) { self.dice.below(4000) } else { self.dice.below(200) };
        self.after(back, Step::Returned(Box::new(flight), outcome));
        Ok(())
    }

    /// Takes a message, or says with which code it is refused.
    fn take(&mut self, user: usize, at: usize) -> Result<Option<i64>, Broken> {
        if self.database.messages[at].repeats_until.is_some() {
            if self.database.messages[at].taken > 0 {
                self.note("repeat dropped by the platform");
                return Ok(None);
            }
        } else {
            let now = self.now;
            let open = self.windows[user].iter_mut().filter(|(_, ends_at)| *ends_at > now);
            let mut open: Vec<&mut (u32, u64)> = open.collect();
            if open.is_empty() {
                return Ok(Some(45015));
            }
            open.sort_by_key(|(_, ends_at)| *ends_at);
            let Some((left, _)) = open.into_iter().find(|(left, _)| *left > 0) else {
                return Ok(Some(45047));
            };
            *left -= 1;
        }
        self.taken(user, at)?;
        Ok(None)
    }

    /// How a send ended, as its process hears it.
    pub(super) fn returned(&mut self, flight: Flight, outcome: Outcome) -> Result<(), Broken> {
        let Flight { spot, user, number, .. } = flight;
        let work = self.nodes[spot.node].lanes.get(&user);
        if !self.here(spot) || work.is_none_or(|work| work.number != number || !work.sends()) {
            return Ok(());
        }
        if let (Outcome::Refused { code: ErrCode(40001), .. }, false) = (&outcome, flight.repeated) {
            let failed = flight.token.clone();
            let again = Flight { repeated: true, ..flight };
            return self.need_token(spot, Need::Send(again, failed), None);
        }
        if let Some(reservation) = flight.reservation {
            let settled = match &outcome {
                Outcome::Sent { .. } | Outcome::Unsure(_) => Settled::Counted,
                Outcome::NotSent(_) | Outcome::Invalid(_) => Settled::NotCounted,
                Outcome::Refused { code, .. } => Settled::Refused(*code),
            };
            if flight.open && settled == Settled::Counted {
                self.counted(spot, user)?;
            }
            let openid = self.people[user].clone();
            self.with_ledger(spot, user, |ledger| ledger.settle(&openid, reservation, settled))?;
        }
        self.lane(spot, user, number, Event::Answered(outcome))
    }
}
