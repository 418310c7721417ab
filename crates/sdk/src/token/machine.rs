//! Decides what to do about the token. No clock, no store, no network, no waiting: events in, actions out.

use std::time::Duration;

use hongyan_wire::{Secret, Timestamp};

use super::StoredToken;

/// A token with less than this left is renewed while it still works. The stable endpoint gives a new token only
/// in a token's last five minutes: asking earlier would get the same one again.
const EARLY: Duration = Duration::from_mins(4);
/// How long an early renewal that brought nothing is not tried again.
const PAUSE: Duration = Duration::from_secs(30);
/// How long the right to fetch is taken for: longer than a fetch takes, short enough to wait out after a crash.
pub const LEASE: Duration = Duration::from_secs(20);
/// How long a fetch takes at most: a lease of ours that ends sooner is left to end.
const FETCH: Duration = Duration::from_secs(15);
/// How long one asker waits for another's fetch.
const PATIENCE: Duration = Duration::from_secs(25);
/// When the platform gives the very token that it refused, it is not asked again for this long.
const SAME_AGAIN: Duration = Duration::from_secs(5);

/// What this process knows about one account's token.
#[derive(Debug, Default)]
pub struct Machine {
    held: Option<StoredToken>,
    /// No early renewal before this.
    not_before: Option<Timestamp>,
    /// A lease that was taken and under which neither a token was saved nor the lease given back, as far as the store
    /// may have heard, and when it ends.
    lease: Option<(u64, Timestamp)>,
    /// A token that was refused and given again, and until when that is taken for an answer.
    same_again: Option<(Secret, Timestamp)>,
}

/// What a caller who needs a token does.
#[derive(Debug, PartialEq, Eq)]
pub enum Ask {
    /// Takes this one.
    Use(StoredToken),
    /// Gets a new one; `meanwhile` still works.
    Renew { meanwhile: Option<StoredToken> },
}

/// One renewal on its way.
#[derive(Debug)]
pub struct Renewal {
    failed: Option<Secret>,
    meanwhile: Option<StoredToken>,
    waited: Duration,
    /// When a lease was last asked for: it is counted from no later than that.
    asked: Option<Timestamp>,
    leased: Option<u64>,
    fetched: Option<StoredToken>,
    /// The end that waits for a lease to be given back.
    ending: Option<Action>,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    Started,
    Loaded(Option<StoredToken>),
    Leased(Option<u64>),
    Waited(Duration),
    Fetched { token: Secret, expires_in: Duration },
    FetchFailed,
    Saved(bool),
    Released,
    StoreFailed,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Load,
    Lease,
    Wait(Duration),
    Fetch,
    Save {
        fence: u64,
        token: StoredToken,
    },
    Release {
        fence: u64,
    },
    /// The renewal ends with this token.
    Use(StoredToken),
    /// The renewal ends with the failure of the last fetch or store action.
    Fail,
    /// The renewal ends because somebody else holds the lease and brings nothing.
    Busy,
}

impl Machine {
    /// What a caller does whose last call, if any, was refused with the token `failed`.
    pub fn ask(&self, now: Timestamp, failed: Option<&Secret>) -> Ask {
        let Some(held) = &self.held else { return Ask::Renew { meanwhile: None } };
        if failed == Some(&held.token) {
            let told =
                self.same_again.as_ref().is_some_and(|(token, until)| *token == held.token && now < *until);
            return if told { Ask::Use(held.clone()) } else { Ask::Renew { meanwhile: None } };
        }
        match left(held, now) {
            Duration::ZERO => Ask::Renew { meanwhile: None },
            left if left <= EARLY && self.not_before.is_none_or(|at| now >= at) => {
                Ask::Renew { meanwhile: Some(held.clone()) }
            }
            _ => Ask::Use(held.clone()),
        }
    }

    /// Takes one event of a renewal and says what to do next.
    pub fn step(&mut self, renewal: &mut Renewal, now: Timestamp, event: Event) -> Action {
        match event {
            Event::Started | Event::Waited(_) => {
                if let Event::Waited(time) = event {
                    renewal.waited += time;
                }
                Action::Load
            }
            Event::Loaded(stored) => self.loaded(renewal, now, stored),
            Event::Leased(Some(fence)) => {
                self.lease = Some((fence, renewal.asked.unwrap_or(now) + LEASE));
                renewal.leased = Some(fence);
                // Whoever had the lease before may have saved since we last looked.
                Action::Load
            }
            Event::Leased(None) => match renewal.meanwhile.take() {
                Some(token) => self.settle(now, token),
                None if renewal.waited >= PATIENCE => Action::Busy,
                None => Action::Wait(
                    (renewal.waited / 2).clamp(Duration::from_millis(50), Duration::from_millis(500)),
                ),
            },
            Event::Fetched { token, expires_in } => {
                let fence = renewal.leased.unwrap_or_default();
                let token = StoredToken { token, expires_at: now + expires_in, fence };
                renewal.fetched = Some(token.clone());
                // The store may end the lease with it even if we never hear of that.
                self.lease = None;
                Action::Save { fence, token }
            }
            Event::FetchFailed => {
                let end = renewal.meanwhile.take().map_or(Action::Fail, |token| self.settle(now, token));
                self.give_back(renewal, end)
            }
            Event::Saved(kept) => {
                renewal.leased = None;
                match renewal.fetched.clone() {
                    Some(token) if kept => self.adopt(renewal, now, token),
                    // Somebody newer has written: theirs is the one everybody uses.
                    _ => Action::Load,
                }
            }
            Event::Released => renewal.ending.take().unwrap_or(Action::Fail),
            Event::StoreFailed => {
                match (renewal.ending.take(), renewal.fetched.take(), renewal.meanwhile.take()) {
                    (Some(end), ..) => end,
                    (None, Some(token), _) => self.adopt(renewal, now, token),
                    (None, None, Some(token)) => self.settle(now, token),
                    (None, None, None) => Action::Fail,
                }
            }
        }
    }

    fn loaded(&mut self, renewal: &mut Renewal, now: Timestamp, stored: Option<StoredToken>) -> Action {
        let stored = stored.filter(|token| renewal.failed.as_ref() != Some(&token.token));
        if let Some(token) = stored {
            let left = left(&token, now);
            if left > EARLY {
                let end = self.adopt(renewal, now, token);
                return self.give_back(renewal, end);
            }
            if !left.is_zero() {
                renewal.meanwhile = Some(token);
            }
        }
        if let Some(token) = renewal.fetched.take() {
            return self.adopt(renewal, now, token);
        }
        if renewal.leased.is_some() {
            return Action::Fetch;
        }
        match self.lease {
            // Our own, from a renewal that failed or was dropped half-way.
            Some((fence, until)) if now + FETCH <= until => {
                renewal.leased = Some(fence);
                Action::Fetch
            }
            _ => {
                renewal.asked = Some(now);
                Action::Lease
            }
        }
    }

    /// Ends with `end`, once a lease that is held has been given back. It is not ours from here on: the store may have
    /// ended it even if we never hear of that.
    fn give_back(&mut self, renewal: &mut Renewal, end: Action) -> Action {
        match renewal.leased.take() {
            Some(fence) => {
                self.lease = None;
                renewal.ending = Some(end);
                Action::Release { fence }
            }
            None => end,
        }
    }

    /// Ends with a token that is new to us.
    fn adopt(&mut self, renewal: &Renewal, now: Timestamp, token: StoredToken) -> Action {
        self.same_again =
            (renewal.failed.as_ref() == Some(&token.token)).then(|| (token.token.clone(), now + SAME_AGAIN));
        // Should even the new one be near its end, asking at every call would not change that.
        self.not_before = Some(now + PAUSE);
        self.held = Some(token.clone());
        Action::Use(token)
    }

    /// Ends with the token that still works, and leaves it alone for a while.
    fn settle(&mut self, now: Timestamp, token: StoredToken) -> Action {
        self.not_before = Some(now + PAUSE);
        self.held = Some(token.clone());
        Action::Use(token)
    }
}

impl Renewal {
    pub fn new(failed: Option<&Secret>, meanwhile: Option<StoredToken>) -> Self {
        Self {
            failed: failed.cloned(),
            meanwhile,
            waited: Duration::ZERO,
            asked: None,
            leased: None,
            fetched: None,
            ending: None,
        }
    }
}

fn left(token: &StoredToken, now: Timestamp) -> Duration {
    token.expires_at.saturating_since(now)
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
