//! The window ledger of one account, fed by its pushes and shared between tasks.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use hongyan_wire::inbound::{Content, Event};
use hongyan_wire::{Inbound, OpenId, Timestamp};

use crate::window::{ALLOWANCES_2026_11, Action, Ledger};

/// How many shards the shared ledger has.
const SHARDS: usize = 16;
/// How many users one account's ledger remembers.
const USERS: usize = 200_000;

/// The ledger of one account, shared between tasks. Sharded, so that callbacks of different users do not meet.
#[derive(Debug)]
pub(crate) struct Windows {
    shards: Vec<Mutex<Ledger>>,
    hasher: RandomState,
}

impl Default for Windows {
    fn default() -> Self {
        let ledger = || Mutex::new(Ledger::new(ALLOWANCES_2026_11, USERS / SHARDS));
        Self { shards: (0..SHARDS).map(|_| ledger()).collect(), hasher: RandomState::new() }
    }
}

impl Windows {
    /// Works on the part of the ledger that has this user.
    pub(crate) fn with<T>(&self, openid: &OpenId, work: impl FnOnce(&mut Ledger) -> T) -> T {
        let shard = self.hasher.hash_one(openid) as usize % self.shards.len();
        let mut ledger = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut ledger)
    }

    /// Takes in one push.
    pub(crate) fn pushed(&self, push: &Inbound, now: Timestamp) {
        if matches!(push.content, Content::Event(Event::Unsubscribe)) {
            self.with(&push.from, |ledger| ledger.left(&push.from));
            return;
        }
        let actions = actions(push);
        if !actions.is_empty() {
            self.with(&push.from, |ledger| {
                for action in actions {
                    ledger.acted(&push.from, action, now);
                }
            });
        }
    }
}

/// The actions one push stands for. A follow through a QR code is both a follow and a scan.
fn actions(push: &Inbound) -> Vec<Action> {
    match &push.content {
        Content::Text { menu_id: Some(_), .. } => vec![Action::MenuTap],
        Content::Event(Event::Click { .. } | Event::ScancodePush { .. } | Event::ScancodeWaitmsg { .. }) => {
            vec![Action::MenuTap]
        }
        Content::Event(Event::Subscribe { scene: Some(_), .. }) => vec![Action::Follow, Action::Scan],
        Content::Event(Event::Subscribe { .. }) => vec![Action::Follow],
        Content::Event(Event::Scan { .. }) => vec![Action::Scan],
        Content::Event(_) | Content::Unknown => Vec::new(),
        _ => vec![Action::Message],
    }
}
