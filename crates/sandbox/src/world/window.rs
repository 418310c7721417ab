//! The reply windows of one follower: which actions allow how many customer-service messages.
//!
//! A pure ledger: actions and sends go in with their time, an allowance or a refusal comes out.

use serde::{Deserialize, Serialize};

use crate::settings::{Allowances, Settings, Window};

/// What a person did that opens a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Deed {
    Message,
    MenuTap,
    Follow,
    Scan,
    Pay,
}

impl Deed {
    /// The name in the control API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Deed::Message => "message",
            Deed::MenuTap => "menu",
            Deed::Follow => "follow",
            Deed::Scan => "scan",
            Deed::Pay => "pay",
        }
    }

    fn window(self, settings: &Settings) -> Window {
        match self {
            Deed::Message => settings.window_message,
            Deed::MenuTap => settings.window_menu,
            Deed::Follow => settings.window_follow,
            Deed::Scan => settings.window_scan,
            Deed::Pay => settings.window_pay,
        }
    }
}

/// What is left of one action's window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Allowance {
    pub(crate) deed: Deed,
    /// Messages left; `None` is without limit.
    pub(crate) left: Option<u32>,
    /// The window is open before this time.
    pub(crate) ends_at_ms: i64,
}

/// Why a send is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// No window is open: 45015.
    NoWindow,
    /// Windows are open, but used up: 45047.
    UsedUp,
}

impl Closed {
    pub(crate) fn code(self) -> i64 {
        match self {
            Closed::NoWindow => 45015,
            Closed::UsedUp => 45047,
        }
    }
}

/// All windows of one follower, in the order they end.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ledger {
    open: Vec<Allowance>,
}

impl Ledger {
    /// An action opens its window.
    pub(crate) fn act(&mut self, deed: Deed, now_ms: i64, settings: &Settings) {
        self.forget_ended(now_ms);
        let window = deed.window(settings);
        match settings.allowances {
            Allowances::PerKind => self.open.retain(|allowance| allowance.deed != deed),
            // A used-up window matters only until a later one of its kind is used up as well.
            Allowances::PerAction => self.open.retain(|a| a.deed != deed || a.left != Some(0)),
        }
        self.open.push(Allowance { deed, left: window.messages, ends_at_ms: now_ms + window.seconds * 1000 });
        self.open.sort_by_key(|allowance| allowance.ends_at_ms);
    }

    /// A send spends from the window that ends first.
    pub(crate) fn spend(&mut self, now_ms: i64) -> Result<(), Closed> {
        self.forget_ended(now_ms);
        if self.open.is_empty() {
            return Err(Closed::NoWindow);
        }
        let allowance = self.open.iter_mut().find(|a| a.left != Some(0)).ok_or(Closed::UsedUp)?;
        allowance.left = allowance.left.map(|left| left - 1);
        Ok(())
    }

    /// Unfollowing closes every window.
    pub(crate) fn close(&mut self) {
        self.open.clear();
    }

    /// The windows that are open now.
    pub(crate) fn open(&self, now_ms: i64) -> impl Iterator<Item = &Allowance> {
        self.open.iter().filter(move |allowance| allowance.ends_at_ms > now_ms)
    }

    fn forget_ended(&mut self, now_ms: i64) {
        self.open.retain(|allowance| allowance.ends_at_ms > now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1000;
    const HOUR: i64 = 3_600_000;

    fn spend_all(ledger: &mut Ledger, now: i64) -> (usize, Closed) {
        let mut sent = 0;
        loop {
            match ledger.spend(now) {
                Ok(()) => sent += 1,
                Err(closed) => return (sent, closed),
            }
        }
    }

    #[test]
    fn a_message_allows_five_for_48_hours() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.spend(0), Err(Closed::NoWindow));
        ledger.act(Deed::Message, 0, &Settings::default());
        assert_eq!(spend_all(&mut ledger, 0), (5, Closed::UsedUp));
        assert_eq!(ledger.spend(48 * HOUR - 1), Err(Closed::UsedUp));
        assert_eq!(ledger.spend(48 * HOUR), Err(Closed::NoWindow));
    }

    #[test]
    fn follow_menu_and_scan_allow_three_for_a_minute() {
        for deed in [Deed::Follow, Deed::MenuTap, Deed::Scan] {
            let mut ledger = Ledger::default();
            ledger.act(deed, 0, &Settings::default());
            assert_eq!(spend_all(&mut ledger, 59 * SECOND), (3, Closed::UsedUp), "{deed:?}");
            ledger.act(deed, 0, &Settings::default());
            assert_eq!(spend_all(&mut ledger, 60 * SECOND), (0, Closed::NoWindow), "{deed:?}");
        }
    }

    #[test]
    fn the_window_that_ends_first_is_spent_first() {
        let mut ledger = Ledger::default();
        ledger.act(Deed::Message, 0, &Settings::default());
        ledger.act(Deed::MenuTap, 0, &Settings::default());
        for _ in 0..3 {
            ledger.spend(SECOND).unwrap();
        }
        let left: Vec<_> = ledger.open(SECOND).map(|a| (a.deed, a.left)).collect();
        assert_eq!(left, [(Deed::MenuTap, Some(0)), (Deed::Message, Some(5))]);
        assert_eq!(spend_all(&mut ledger, SECOND), (5, Closed::UsedUp));
    }

    #[test]
    fn each_action_keeps_its_own_allowance() {
        let mut ledger = Ledger::default();
        ledger.act(Deed::Message, 0, &Settings::default());
        ledger.act(Deed::Message, SECOND, &Settings::default());
        assert_eq!(spend_all(&mut ledger, 2 * SECOND).0, 10);
        let per_kind = Settings { allowances: Allowances::PerKind, ..Settings::default() };
        let mut ledger = Ledger::default();
        ledger.act(Deed::Message, 0, &per_kind);
        ledger.act(Deed::Message, SECOND, &per_kind);
        assert_eq!(spend_all(&mut ledger, 2 * SECOND).0, 5);
    }

    #[test]
    fn a_payment_has_no_limit_of_number() {
        let mut ledger = Ledger::default();
        ledger.act(Deed::Pay, 0, &Settings::default());
        for _ in 0..1000 {
            ledger.spend(48 * HOUR - 1).unwrap();
        }
        assert_eq!(ledger.spend(48 * HOUR), Err(Closed::NoWindow));
    }
}
