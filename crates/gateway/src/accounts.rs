//! The accounts the gateway serves at this moment; a reload puts others in their place.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::account::Account;
use crate::swap::Swap;

/// All accounts by name. Cheap to clone; every clone sees what a reload puts in.
#[derive(Clone, Default)]
pub(crate) struct Accounts {
    now: Swap<BTreeMap<String, Account>>,
}

impl Accounts {
    pub(crate) fn new(accounts: BTreeMap<String, Account>) -> Self {
        Self { now: Swap::new(accounts) }
    }

    /// The account of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Account> {
        self.all().get(name).cloned()
    }

    /// The names of all of them, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.all().keys().cloned().collect()
    }

    /// All of them as they are now.
    pub(crate) fn all(&self) -> Arc<BTreeMap<String, Account>> {
        self.now.get()
    }

    /// Puts others in their place.
    pub(crate) fn replace(&self, accounts: BTreeMap<String, Account>) {
        self.now.set(accounts);
    }
}
