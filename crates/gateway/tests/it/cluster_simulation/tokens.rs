//! The access token on one process: the SDK's machine, its one renewal at a time, and who waits for it.

use std::time::Duration;

use hongyan::token::StoredToken;
use hongyan::token::machine::{Action, Ask, Event, LEASE, Machine, Renewal};
use hongyan_gateway::outbox::machine::{Event as LaneEvent, Outcome};
use hongyan_wire::Secret;

use super::sends::Flight;
use super::{Broken, Errand, Spot, Step, TokenErrand, World};

/// What a token is needed for.
#[derive(Debug, Clone)]
pub(super) enum Need {
    /// To see that there is one, before anything is marked.
    Prepare { user: usize, number: u64 },
    /// To send this, not with the token that was refused.
    Send(Flight, Option<Secret>),
}

impl Need {
    fn failed(&self) -> Option<&Secret> {
        match self {
            Self::Prepare { .. } => None,
            Self::Send(_, failed) => failed.as_ref(),
        }
    }
}

/// One process's side of the token.
#[derive(Default)]
pub(super) struct Tokens {
    machine: Machine,
    renewal: Option<(Renewal, Need)>,
    waiting: Vec<(Need, u64)>,
    landed: u64,
    failed: bool,
    /// The last lease it was given.
    lease: Option<u64>,
}

impl Tokens {
    pub(super) fn renews(&self) -> bool {
        self.renewal.is_some()
    }
}

impl World {
    /// Gets a token as the SDK's keeper does.
    pub(super) fn need_token(&mut self, spot: Spot, need: Need, since: Option<u64>) -> Result<(), Broken> {
        let now = self.clock(spot.node);
        let tokens = &mut self.nodes[spot.node].tokens;
        let meanwhile = match tokens.machine.ask(now, need.failed()) {
            Ask::Use(token) => return self.token_ready(spot, need, Some(token)),
            Ask::Renew { meanwhile } => meanwhile,
        };
        if since.is_some_and(|since| since != tokens.landed) && tokens.failed {
            return self.token_ready(spot, need, None);
        }
        if tokens.renewal.is_some() {
            if let Some(token) = meanwhile {
                return self.token_ready(spot, need, Some(token));
            }
            let landed = tokens.landed;
            tokens.waiting.push((need, landed));
            self.note("waited for a renewal of the token");
            return Ok(());
        }
        tokens.renewal = Some((Renewal::new(need.failed(), meanwhile), need));
        self.renew(spot, Event::Started)
    }

    /// One step of the renewal that is going on.
    pub(super) fn renew(&mut self, spot: Spot, event: Event) -> Result<(), Broken> {
        if !self.here(spot) {
            return Ok(());
        }
        let now = self.clock(spot.node);
        let tokens = &mut self.nodes[spot.node].tokens;
        if let Event::Leased(Some(fence)) = event {
            tokens.lease = Some(fence);
        }
        if let Event::Saved(false) = event {
            *self.seen.entry("token saved too late").or_default() += 1;
        }
        let Some((renewal, _)) = &mut tokens.renewal else { return Ok(()) };
        let action = tokens.machine.step(renewal, now, event);
        self.tell(|| format!("  process {spot}: token -> {action:?}"));
        let errand = match action {
            Action::Load => TokenErrand::Load,
            Action::Lease => TokenErrand::Lease(LEASE),
            Action::Save { fence, token } => TokenErrand::Save(fence, token),
            Action::Release { fence } => TokenErrand::Release(fence),
            Action::Wait(time) => {
                self.note("waited for another's lease");
                self.after(time.as_millis() as u64, Step::TokenWaited(spot, time));
                return Ok(());
            }
            Action::Fetch => return self.fetch(spot),
            Action::Use(token) => return self.landed(spot, Some(token)),
            Action::Fail | Action::Busy => return self.landed(spot, None),
        };
        self.errand(spot, Errand::Token(errand));
        Ok(())
    }

    fn landed(&mut self, spot: Spot, token: Option<StoredToken>) -> Result<(), Broken> {
        let tokens = &mut self.nodes[spot.node].tokens;
        tokens.landed += 1;
        tokens.failed = token.is_none();
        let waiting = std::mem::take(&mut tokens.waiting);
        if let Some((_, need)) = tokens.renewal.take() {
            self.token_ready(spot, need, token)?;
        }
        waiting.into_iter().try_for_each(|(need, since)| self.need_token(spot, need, Some(since)))
    }

    fn token_ready(&mut self, spot: Spot, need: Need, token: Option<StoredToken>) -> Result<(), Broken> {
        match (need, token) {
            (Need::Prepare { user, number }, token) => {
                let prepared = token.map(|_| ()).ok_or(Outcome::NotSent("no token".to_owned()));
                self.lane(spot, user, number, LaneEvent::Prepared(prepared))
            }
            (Need::Send(flight, _), Some(token)) => {
                self.fly(flight, token.token);
                Ok(())
            }
            (Need::Send(flight, _), None) => self.returned(flight, Outcome::NotSent("no token".to_owned())),
        }
    }

    /// Asks the platform for a token.
    fn fetch(&mut self, spot: Spot) -> Result<(), Broken> {
        let fence = self.nodes[spot.node].tokens.lease.ok_or("a token is fetched without a lease")?;
        self.may_fetch(spot, fence)?;
        self.note("token fetched");
        self.fetching.push((spot, fence));
        let there = if self.dice.chance(10) { self.dice.below(7000) } else { self.dice.below(200) };
        self.after(there, Step::Fetch(spot, fence));
        Ok(())
    }

    /// The platform is asked for a token.
    pub(super) fn fetch_arrives(&mut self, spot: Spot, fence: u64) {
        let (good, lost) =
            if self.kind { (true, false) } else { (!self.dice.chance(10), self.dice.chance(8)) };
        let answer = good.then(|| self.issue());
        let back = if self.dice.chance(10) { self.dice.below(7000) } else { self.dice.below(200) };
        let answer = answer.filter(|_| !lost);
        self.after(back, Step::Fetched(spot, fence, answer));
    }

    pub(super) fn fetched(
        &mut self,
        spot: Spot,
        fence: u64,
        answer: Option<(Secret, Duration)>,
    ) -> Result<(), Broken> {
        self.fetching.retain(|fetching| *fetching != (spot, fence));
        if let Some((token, _)) = &answer {
            self.database.fetched.insert((fence, token.expose().to_owned()));
        }
        let event = if let Some((token, expires_in)) = answer {
            Event::Fetched { token, expires_in }
        } else {
            self.note("token not fetched");
            Event::FetchFailed
        };
        self.renew(spot, event)
    }

    /// The platform gives a token: the one in force, unless that nears its end or the account uses the classic way.
    fn issue(&mut self) -> (Secret, Duration) {
        let long = 7_200_000;
        let kept = self.token.filter(|(_, ends)| !self.classic && *ends > self.now + 300_000);
        let (number, ends) = kept.unwrap_or_else(|| {
            self.issued += 1;
            (self.issued, self.now + long)
        });
        self.token = Some((number, ends));
        (Secret::new(format!("t{number}")), Duration::from_millis(ends - self.now))
    }

    /// Whether the platform takes this token now.
    pub(super) fn is_good(&self, token: &Secret) -> bool {
        self.token.is_some_and(|(number, ends)| ends > self.now && token.expose() == format!("t{number}"))
    }
}
