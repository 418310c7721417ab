//! Who may be written to: the reply windows that users' actions open, as far as this gateway saw them.
//!
//! A plain ledger: actions, sends and the platform's answers go in with their time, a view comes out. It refuses a
//! send only when it saw the window open and then close or empty; in every other case the platform decides, and its
//! answer corrects the ledger. So where the platform's way of counting is not published, the ledger counts generously.
//!
//! What an earlier process or another gateway has written down ([`Ledger::merge`]) may open a window here, but never
//! closes one: a push that came while nobody listened, or that another gateway has not written yet, may have opened
//! it again. For the same reason a tap or a scan that lapses proves nothing about a message from the day before that
//! we never saw; a message does, since no window lasts longer, and so does a follow, since there was none before it.

use std::collections::HashMap;
use std::time::Duration;

use hongyan_wire::{ErrCode, OpenId, Timestamp};

/// What a user did that opens a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Wrote or sent something.
    Message,
    /// Tapped a menu button or an item of a menu message.
    MenuTap,
    /// Followed the account.
    Follow,
    /// Scanned one of its QR codes.
    Scan,
    /// Paid.
    Pay,
}

impl Action {
    const ALL: [Self; 5] = [Self::Message, Self::MenuTap, Self::Follow, Self::Scan, Self::Pay];

    /// The word in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::MenuTap => "menu",
            Self::Follow => "follow",
            Self::Scan => "scan",
            Self::Pay => "pay",
        }
    }

    /// Reads that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }

    /// Whether nothing that we did not see can still be open beside it.
    const fn settles(self) -> bool {
        matches!(self, Self::Message | Self::Follow)
    }
}

/// How much an action allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// The action.
    pub action: Action,
    /// How many messages; `None` is no limit.
    pub messages: Option<u32>,
    /// For how long.
    pub lasts: Duration,
}

const MINUTE: Duration = Duration::from_mins(1);
const TWO_DAYS: Duration = Duration::from_hours(48);

/// The platform's numbers as its pages had them in November 2026.
pub const ALLOWANCES_2026_11: &[Allowance] = &[
    Allowance { action: Action::Message, messages: Some(5), lasts: TWO_DAYS },
    Allowance { action: Action::MenuTap, messages: Some(3), lasts: MINUTE },
    Allowance { action: Action::Follow, messages: Some(3), lasts: MINUTE },
    Allowance { action: Action::Scan, messages: Some(3), lasts: MINUTE },
    Allowance { action: Action::Pay, messages: None, lasts: TWO_DAYS },
];

/// What the ledger knows about one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Open until then, for so many more messages.
    Open {
        /// How many are left; `None` is no limit.
        left: Option<u32>,
        /// When the last of the windows ends.
        ends_at: Timestamp,
    },
    /// Seen open, then closed.
    Closed(Closed),
    /// The platform decides.
    Unknown,
}

/// Why a window is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// Its time has passed.
    Lapsed,
    /// Its allowance is used up.
    Empty,
    /// The user no longer follows.
    Unfollowed,
}

impl Closed {
    /// The code the platform gives for it.
    pub const fn code(self) -> ErrCode {
        match self {
            Self::Lapsed | Self::Unfollowed => ErrCode(45015),
            Self::Empty => ErrCode(45047),
        }
    }
}

/// A message counted in advance; say how it went with [`Ledger::settle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Reservation {
    grant: Option<u64>,
}

/// How a reserved send went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The platform took it, or it may have.
    Counted,
    /// The platform did not count it.
    NotCounted,
    /// The platform refused it with this code.
    Refused(ErrCode),
}

/// What one action still allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    number: u64,
    /// Its name in the database, another one for every action.
    pub id: String,
    /// The action.
    pub action: Action,
    /// How many messages are left; `None` is no limit.
    pub left: Option<u32>,
    /// Until when.
    pub ends_at: Timestamp,
}

impl Grant {
    /// One that was written down earlier.
    pub fn stored(id: String, action: Action, left: Option<u32>, ends_at: Timestamp) -> Self {
        Self { number: 0, id, action, left, ends_at }
    }
}

/// What must be written down after something went into the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An action allows something.
    Granted(Grant),
    /// So many messages of it were used; negative when they were not after all.
    Used(String, i64),
    /// The platform says that it is over.
    Over(String),
    /// Nothing is open any more.
    AllOver,
}

#[derive(Debug, Default)]
struct User {
    grants: Vec<Grant>,
    /// Why there is no window, once one was seen.
    closed: Option<Closed>,
    /// Whether no window can be open that we do not know.
    sure: bool,
    /// Whether what was written down about them is in `grants`.
    merged: bool,
}

/// How many actions of one user are counted; of more the oldest are forgotten.
const MOST_GRANTS: usize = 16;

/// The windows of one account's users.
#[derive(Debug)]
pub struct Ledger {
    allowances: &'static [Allowance],
    users: HashMap<OpenId, User>,
    most: usize,
    grants: u64,
    /// Sets this ledger's ids apart from those of others.
    seed: String,
    changes: Vec<(OpenId, Change)>,
}

impl Ledger {
    /// An empty ledger that remembers at most so many users.
    pub fn new(allowances: &'static [Allowance], most: usize) -> Self {
        Self::named(allowances, most, String::new())
    }

    /// The same, whose grants have ids that no other ledger gives.
    pub fn named(allowances: &'static [Allowance], most: usize, seed: String) -> Self {
        Self { allowances, users: HashMap::new(), most, grants: 0, seed, changes: Vec::new() }
    }

    /// What must be written down since the last time; whoever does not ask must not feed the ledger for ever.
    pub fn take_changes(&mut self) -> Vec<(OpenId, Change)> {
        std::mem::take(&mut self.changes)
    }

    /// Whether what was written down about the user is in the ledger.
    pub fn is_merged(&self, openid: &OpenId) -> bool {
        self.users.get(openid).is_some_and(|user| user.merged)
    }

    /// Takes in what was written down about the user by an earlier process or another gateway.
    pub fn merge(&mut self, openid: &OpenId, stored: Vec<Grant>, now: Timestamp) {
        if !self.users.contains_key(openid) && self.users.len() >= self.most {
            self.forget(now);
        }
        let user = self.users.entry(openid.clone()).or_default();
        user.merged = true;
        for mut grant in stored {
            if grant.ends_at > now && user.grants.iter().all(|known| known.id != grant.id) {
                self.grants += 1;
                grant.number = self.grants;
                user.grants.push(grant);
            }
        }
        user.trim();
    }

    /// What each of the user's actions still allows, the one that ends first in front.
    pub fn grants(&mut self, openid: &OpenId, now: Timestamp) -> Vec<Grant> {
        let Some(user) = self.users.get_mut(openid) else { return Vec::new() };
        user.tidy(now);
        let mut grants = user.grants.clone();
        grants.sort_by_key(|grant| (grant.ends_at, grant.number));
        grants
    }

    /// The user did something.
    pub fn acted(&mut self, openid: &OpenId, action: Action, now: Timestamp) {
        let Some(allowance) = self.allowances.iter().find(|allowance| allowance.action == action) else {
            return;
        };
        if !self.users.contains_key(openid) && self.users.len() >= self.most {
            self.forget(now);
        }
        self.grants += 1;
        let user = self.users.entry(openid.clone()).or_default();
        user.closed = None;
        user.tidy(now);
        let grant = Grant {
            number: self.grants,
            id: format!("{}{:x}", self.seed, self.grants),
            action,
            left: allowance.messages,
            ends_at: now + allowance.lasts,
        };
        user.sure |= action.settles();
        user.grants.push(grant.clone());
        user.trim();
        self.changes.push((openid.clone(), Change::Granted(grant)));
    }

    /// The user stopped following.
    pub fn left(&mut self, openid: &OpenId) {
        let gone = User { grants: Vec::new(), closed: Some(Closed::Unfollowed), sure: true, merged: true };
        if self.users.contains_key(openid) || self.users.len() < self.most {
            self.users.insert(openid.clone(), gone);
        }
        self.changes.push((openid.clone(), Change::AllOver));
    }

    /// What is known about the user now.
    pub fn view(&mut self, openid: &OpenId, now: Timestamp) -> View {
        let Some(user) = self.users.get_mut(openid) else { return View::Unknown };
        user.tidy(now);
        let open = user.grants.iter().filter(|grant| grant.left != Some(0));
        let Some(ends_at) = open.clone().map(|grant| grant.ends_at).max() else {
            return user.closed.filter(|_| user.sure).map_or(View::Unknown, View::Closed);
        };
        let left = open.map(|grant| grant.left).try_fold(0_u32, |sum, left| Some(sum.saturating_add(left?)));
        View::Open { left, ends_at }
    }

    /// Counts a message that is about to be sent; refused only when the window is known to be closed or empty.
    pub fn reserve(&mut self, openid: &OpenId, now: Timestamp) -> Result<Reservation, Closed> {
        if let View::Closed(closed) = self.view(openid, now) {
            return Err(closed);
        }
        let Some(user) = self.users.get_mut(openid) else { return Ok(Reservation { grant: None }) };
        // The one that ends first is spent first; one without a limit costs nothing.
        let grant = user
            .grants
            .iter_mut()
            .filter(|grant| grant.left != Some(0))
            .min_by_key(|grant| (grant.ends_at, grant.number));
        let Some(grant) = grant else { return Ok(Reservation { grant: None }) };
        if let Some(left) = &mut grant.left {
            *left -= 1;
            self.changes.push((openid.clone(), Change::Used(grant.id.clone(), 1)));
        }
        Ok(Reservation { grant: Some(grant.number) })
    }

    /// Says how the reserved send went.
    pub fn settle(&mut self, openid: &OpenId, reservation: Reservation, settled: Settled) {
        let Some(user) = self.users.get_mut(openid) else { return };
        if settled != Settled::Counted
            && let Some(grant) = user.grants.iter_mut().find(|grant| Some(grant.number) == reservation.grant)
            && let Some(left) = &mut grant.left
        {
            *left += 1;
            self.changes.push((openid.clone(), Change::Used(grant.id.clone(), -1)));
        }
        let Settled::Refused(code) = settled else { return };
        // The platform knows better. Only what we saw open is remembered as closed.
        let closed = match code.0 {
            45015 => Closed::Lapsed,
            45047 => Closed::Empty,
            43004 => Closed::Unfollowed,
            _ => return,
        };
        // What was opened while the send was under way stays. Without a reservation nothing was open that we knew.
        let before = reservation.grant.unwrap_or(u64::MAX);
        for grant in user.grants.iter().filter(|grant| grant.number <= before) {
            self.changes.push((openid.clone(), Change::Over(grant.id.clone())));
        }
        user.grants.retain(|grant| grant.number > before);
        if user.grants.is_empty() && reservation.grant.is_some() {
            user.closed = Some(closed);
            user.sure = true;
        }
    }

    /// Makes room: users without an open window are forgotten, which makes them unknown.
    fn forget(&mut self, now: Timestamp) {
        self.users.retain(|_, user| {
            user.tidy(now);
            !user.grants.is_empty()
        });
        while self.users.len() >= self.most {
            let Some(openid) = self.users.keys().next().cloned() else { return };
            self.users.remove(&openid);
        }
    }
}

impl User {
    /// Keeps the newest actions only. What is forgotten may still be open.
    fn trim(&mut self) {
        if let Some(surplus) = self.grants.len().checked_sub(MOST_GRANTS)
            && surplus > 0
        {
            self.grants.sort_by_key(|grant| (grant.ends_at, grant.number));
            self.grants.drain(..surplus);
            self.sure = false;
        }
    }

    /// Drops what has lapsed, and remembers why nothing is left.
    fn tidy(&mut self, now: Timestamp) {
        if self.grants.is_empty() {
            return;
        }
        let empty = self.grants.iter().all(|grant| grant.left == Some(0));
        if empty && self.closed.is_none() {
            self.closed = Some(Closed::Empty);
        } else if !empty {
            self.closed = None;
        }
        self.grants.retain(|grant| grant.ends_at > now);
        if self.grants.is_empty() && self.closed != Some(Closed::Unfollowed) {
            self.closed = Some(Closed::Lapsed);
        }
    }
}

#[cfg(test)]
mod tests;
