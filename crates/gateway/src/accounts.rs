//! The accounts the gateway serves at this moment; a reload puts others in their place.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::account::Account;

/// All accounts by name. Cheap to clone; every clone sees what a reload puts in.
#[derive(Clone, Default)]
pub(crate) struct Accounts {
    now: Arc<RwLock<Arc<BTreeMap<String, Account>>>>,
}

impl Accounts {
    pub(crate) fn new(accounts: BTreeMap<String, Account>) -> Self {
        Self { now: Arc::new(RwLock::new(Arc::new(accounts))) }
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
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }
}
