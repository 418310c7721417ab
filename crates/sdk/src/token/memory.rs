//! Tokens in this process's memory.

use std::collections::HashMap;
use std::fmt;
use std::future::ready;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hongyan_wire::{AppId, Timestamp};

use super::row::Row;
use super::{StoreError, StoredToken, TokenStore};

/// Keeps tokens in memory: for one process, or for several clients of one that share it.
#[derive(Default)]
pub struct MemoryTokens {
    rows: Mutex<HashMap<AppId, Row>>,
}

impl MemoryTokens {
    fn with<T: Send + 'static>(
        &self,
        app: &AppId,
        act: impl FnOnce(&mut Row) -> T,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let done = act(rows.entry(app.clone()).or_default());
        Box::pin(ready(Ok(done)))
    }
}

impl TokenStore for MemoryTokens {
    fn load(&self, app: &AppId) -> BoxFuture<'_, Result<Option<StoredToken>, StoreError>> {
        self.with(app, |row| row.token.clone())
    }

    fn lease(
        &self,
        app: &AppId,
        now: Timestamp,
        for_: Duration,
    ) -> BoxFuture<'_, Result<Option<u64>, StoreError>> {
        self.with(app, |row| row.lease(now, for_))
    }

    fn save(&self, app: &AppId, fence: u64, token: StoredToken) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.with(app, |row| row.save(fence, token))
    }

    fn release(&self, app: &AppId, fence: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with(app, |row| row.release(fence))
    }
}

impl fmt::Debug for MemoryTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTokens").finish_non_exhaustive()
    }
}
