//! The seam to where tokens are kept.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hongyan_wire::{AppId, Secret, Timestamp};

use crate::error::Said;

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// The token.
    pub token: Secret,
    /// When the platform stops taking it.
    pub expires_at: Timestamp,
    /// The number of the lease under which it was fetched; a greater one is newer.
    pub fence: u64,
}

/// Keeps one token per account, and lets one asker at a time fetch a new one.
///
/// Rows are found by AppID alone, never by secret. Whoever holds the lease fetches; the lease's number goes with
/// the token into [`save`](Self::save), so that a slow holder of an old lease cannot overwrite a newer token.
pub trait TokenStore: Send + Sync + 'static {
    /// The token that is kept, expired or not.
    fn load(&self, app: &AppId) -> BoxFuture<'_, Result<Option<StoredToken>, StoreError>>;

    /// Takes the right to fetch for a time, and gives its number, greater than every one before; `None` while
    /// somebody else has it.
    fn lease(
        &self,
        app: &AppId,
        now: Timestamp,
        for_: Duration,
    ) -> BoxFuture<'_, Result<Option<u64>, StoreError>>;

    /// Keeps a token and ends the lease it was fetched under. `false`, and nothing is kept, when a greater fence
    /// has written.
    fn save(&self, app: &AppId, fence: u64, token: StoredToken) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Ends a lease under which nothing was fetched. Without it the lease ends with its time.
    fn release(&self, app: &AppId, fence: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        let _ = (app, fence);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Why a token store could not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError(Said);

impl StoreError {
    /// Says what happened and where, without the token.
    pub fn new(what: impl fmt::Display) -> Self {
        let what = what.to_string();
        Self(Said::new(what.clone(), what))
    }

    pub(crate) fn said(en: &str, zh: &str) -> Self {
        Self(Said::new(en, zh))
    }

    pub(crate) fn chinese(&self) -> &str {
        &self.0.zh
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StoreError {}
