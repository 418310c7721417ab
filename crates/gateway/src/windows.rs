//! The window ledger of one account, fed by its pushes, shared between tasks, written behind and read back.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hongyan_wire::inbound::{Content, Event};
use hongyan_wire::{Inbound, OpenId, OsRandom, Random, Timestamp};

use crate::grants::Grants;
use crate::window::{ALLOWANCES_2026_11, Action, Ledger, View};

/// How many shards the shared ledger has.
const SHARDS: usize = 16;
/// How many users one account's ledger remembers.
const USERS: usize = 200_000;
/// How long another gateway may take to write down what it saw.
const OTHERS_WRITE: Duration = Duration::from_secs(2);

/// The ledger of one account, shared between tasks. Sharded, so that callbacks of different users do not meet.
pub(crate) struct Windows {
    account: Arc<str>,
    grants: Arc<Grants>,
    shards: Vec<Mutex<Ledger>>,
    hasher: RandomState,
}

impl Windows {
    pub(crate) fn new(account: Arc<str>, grants: Arc<Grants>) -> Self {
        let seed = format!("{}-", OsRandom.hex(8));
        let ledger = |_| Mutex::new(Ledger::named(ALLOWANCES_2026_11, USERS / SHARDS, seed.clone()));
        Self { account, grants, shards: (0..SHARDS).map(ledger).collect(), hasher: RandomState::new() }
    }

    /// Works on the part of the ledger that has this user.
    pub(crate) fn with<T>(&self, openid: &OpenId, work: impl FnOnce(&mut Ledger) -> T) -> T {
        let shard = self.hasher.hash_one(openid) as usize % self.shards.len();
        let mut ledger = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        let done = work(&mut ledger);
        let changes = ledger.take_changes();
        drop(ledger);
        if !changes.is_empty() {
            self.grants.note(&self.account, changes);
        }
        done
    }

    /// Takes in one push. Touches no database.
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

    /// What is known about the user, what was written down included.
    pub(crate) async fn view(&self, openid: &OpenId, now: Timestamp) -> View {
        if !self.with(openid, |ledger| ledger.is_merged(openid)) {
            self.read(openid, now).await;
        }
        self.with(openid, |ledger| ledger.view(openid, now))
    }

    /// The same before a send, which is refused only on what this says.
    ///
    /// Where several gateways share a database, the push that opened the window again may have gone to another one.
    /// A refusal is in no hurry: it waits until the others have written down what they saw, and looks once more.
    pub(crate) async fn view_before_send(&self, openid: &OpenId, now: Timestamp) -> View {
        let view = self.view(openid, now).await;
        if !matches!(view, View::Closed(_)) || !self.grants.is_shared() {
            return view;
        }
        tokio::time::sleep(OTHERS_WRITE).await;
        self.read(openid, now).await;
        self.with(openid, |ledger| ledger.view(openid, now))
    }

    async fn read(&self, openid: &OpenId, now: Timestamp) {
        match self.grants.read(&self.account, openid, now).await {
            Ok(stored) => self.with(openid, |ledger| ledger.merge(openid, stored, now)),
            // Not knowing refuses nothing.
            Err(error) => {
                tracing::warn!(account = %self.account, %error, "a user's reply window cannot be read back");
            }
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
