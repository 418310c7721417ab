//! Who may be written to: the reply windows that users' actions open, as far as this gateway saw them.
//!
//! A plain ledger: actions, sends and the platform's answers go in with their time, a view comes out. It refuses a
//! send only when it saw the window open and then close or empty; in every other case the platform decides, and its
//! answer corrects the ledger. So where the platform's way of counting is not published, the ledger counts generously.

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

#[derive(Debug)]
struct Grant {
    number: u64,
    left: Option<u32>,
    ends_at: Timestamp,
}

#[derive(Debug, Default)]
struct User {
    grants: Vec<Grant>,
    /// Why there is no window, once one was seen.
    closed: Option<Closed>,
}

/// The windows of one account's users.
#[derive(Debug)]
pub struct Ledger {
    allowances: &'static [Allowance],
    users: HashMap<OpenId, User>,
    most: usize,
    grants: u64,
}

impl Ledger {
    /// An empty ledger that remembers at most so many users.
    pub fn new(allowances: &'static [Allowance], most: usize) -> Self {
        Self { allowances, users: HashMap::new(), most, grants: 0 }
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
        user.grants.push(Grant {
            number: self.grants,
            left: allowance.messages,
            ends_at: now + allowance.lasts,
        });
    }

    /// The user stopped following.
    pub fn left(&mut self, openid: &OpenId) {
        if let Some(user) = self.users.get_mut(openid) {
            user.grants.clear();
            user.closed = Some(Closed::Unfollowed);
        } else if self.users.len() < self.most {
            self.users.insert(openid.clone(), User { grants: Vec::new(), closed: Some(Closed::Unfollowed) });
        }
    }

    /// What is known about the user now.
    pub fn view(&mut self, openid: &OpenId, now: Timestamp) -> View {
        let Some(user) = self.users.get_mut(openid) else { return View::Unknown };
        user.tidy(now);
        let open = user.grants.iter().filter(|grant| grant.left != Some(0));
        let Some(ends_at) = open.clone().map(|grant| grant.ends_at).max() else {
            return user.closed.map_or(View::Unknown, View::Closed);
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
        }
        let Settled::Refused(code) = settled else { return };
        // The platform knows better. Only what we saw open is remembered as closed.
        let closed = match code.0 {
            45015 => Closed::Lapsed,
            45047 => Closed::Empty,
            43004 => Closed::Unfollowed,
            _ => return,
        };
        let before = reservation.grant.unwrap_or(u64::MAX);
        user.grants.retain(|grant| grant.number > before);
        if user.grants.is_empty() && reservation.grant.is_some() {
            user.closed = Some(closed);
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
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000);

    fn ledger() -> (Ledger, OpenId) {
        (Ledger::new(ALLOWANCES_2026_11, 100), OpenId::new("oUser"))
    }

    fn send(ledger: &mut Ledger, user: &OpenId, now: Timestamp) -> Result<(), Closed> {
        let reservation = ledger.reserve(user, now)?;
        ledger.settle(user, reservation, Settled::Counted);
        Ok(())
    }

    #[test]
    fn a_stranger_is_left_to_the_platform() {
        let (mut ledger, user) = ledger();
        assert_eq!(ledger.view(&user, START), View::Unknown);
        assert!(send(&mut ledger, &user, START).is_ok());
    }

    #[test]
    fn a_message_allows_five_in_two_days() {
        let (mut ledger, user) = ledger();
        ledger.acted(&user, Action::Message, START);
        for _ in 0..5 {
            send(&mut ledger, &user, START).unwrap();
        }
        assert_eq!(send(&mut ledger, &user, START), Err(Closed::Empty));
        assert_eq!(send(&mut ledger, &user, START + TWO_DAYS), Err(Closed::Lapsed));
        ledger.acted(&user, Action::Message, START + TWO_DAYS);
        assert!(send(&mut ledger, &user, START + TWO_DAYS).is_ok());
    }

    #[test]
    fn the_one_that_ends_first_is_spent_first() {
        let (mut ledger, user) = ledger();
        ledger.acted(&user, Action::Message, START);
        ledger.acted(&user, Action::MenuTap, START);
        for _ in 0..3 {
            send(&mut ledger, &user, START).unwrap();
        }
        let later = START + MINUTE;
        assert_eq!(ledger.view(&user, later), View::Open { left: Some(5), ends_at: START + TWO_DAYS });
    }

    #[test]
    fn a_send_that_never_left_is_not_counted() {
        let (mut ledger, user) = ledger();
        ledger.acted(&user, Action::Follow, START);
        let reservation = ledger.reserve(&user, START).unwrap();
        ledger.settle(&user, reservation, Settled::NotCounted);
        assert_eq!(ledger.view(&user, START), View::Open { left: Some(3), ends_at: START + MINUTE });
    }

    #[test]
    fn the_platforms_answer_corrects_the_ledger() {
        let (mut ledger, user) = ledger();
        ledger.acted(&user, Action::Message, START);
        let reservation = ledger.reserve(&user, START).unwrap();
        ledger.settle(&user, reservation, Settled::Refused(ErrCode(45047)));
        assert_eq!(ledger.view(&user, START), View::Closed(Closed::Empty));
        ledger.acted(&user, Action::Message, START);
        assert!(matches!(ledger.view(&user, START), View::Open { left: Some(5), .. }));
    }

    #[test]
    fn an_action_during_a_refused_send_keeps_its_window() {
        let (mut ledger, user) = ledger();
        ledger.acted(&user, Action::Follow, START);
        let reservation = ledger.reserve(&user, START).unwrap();
        ledger.acted(&user, Action::Message, START);
        ledger.settle(&user, reservation, Settled::Refused(ErrCode(45015)));
        assert!(matches!(ledger.view(&user, START), View::Open { left: Some(5), .. }));
    }

    #[test]
    fn who_left_is_refused_until_they_come_back() {
        let (mut ledger, user) = ledger();
        ledger.left(&user);
        assert_eq!(send(&mut ledger, &user, START), Err(Closed::Unfollowed));
        ledger.acted(&user, Action::Follow, START);
        assert!(send(&mut ledger, &user, START).is_ok());
    }

    #[test]
    fn the_ledger_stays_within_its_bound() {
        let mut ledger = Ledger::new(ALLOWANCES_2026_11, 10);
        for number in 0..100 {
            ledger.acted(&OpenId::new(format!("o{number}")), Action::Message, START);
        }
        assert!(ledger.users.len() <= 10);
    }
}
