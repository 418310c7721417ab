//! Access tokens in the gateway's database, so that many processes share one.
//!
//! Lease, fencing counter and token are one row, keyed by app id and never by secret. Whoever wants to refresh takes
//! the lease by one conditional `UPDATE`, which gives the next number of the counter; what is saved names that number,
//! and an older one never overwrites a newer.

use std::time::Duration;

use futures_util::future::BoxFuture;
use hongyan::{StoreError as SdkError, StoredToken, TokenStore};
use hongyan_wire::{AppId, OsRandom, Random, Secret, Timestamp};

use crate::store::row::{integer, maybe_text, text};
use crate::store::{Store, StoreError};

/// The token store of the SDK on the gateway's database.
#[derive(Debug, Clone)]
pub struct SqlTokens {
    store: Store,
}

impl SqlTokens {
    /// Tokens in this database.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    async fn read(&self, app: &AppId) -> Result<Option<StoredToken>, StoreError> {
        let rows = self
            .store
            .query(
                "SELECT token, expires_at, token_fence FROM tokens WHERE app_id = ?",
                &[app.as_str().into()],
            )
            .await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let Some(token) = maybe_text(row, "token").filter(|token| !token.is_empty()) else { return Ok(None) };
        Ok(Some(StoredToken {
            token: Secret::new(token),
            expires_at: Timestamp(integer(row, "expires_at")),
            fence: integer(row, "token_fence") as u64,
        }))
    }

    async fn take(&self, app: &AppId, now: Timestamp, length: Duration) -> Result<Option<u64>, StoreError> {
        // Not the process's name: two tasks of one process may meet here too.
        let owner = OsRandom.hex(16);
        let until = now.millis() + length.as_millis() as i64;
        let first = format!(
            "{} INTO tokens (app_id, fence, owner, lease_until, token, token_fence, expires_at) \
             VALUES (?, 0, '', 0, NULL, 0, 0)",
            self.store.insert_if_missing()
        );
        let claim = "UPDATE tokens SET fence = fence + 1, owner = ?, lease_until = ? WHERE app_id = ? AND lease_until <= ?";
        let counts = self
            .store
            .write(vec![
                (first, vec![app.as_str().into()]),
                (
                    claim.to_owned(),
                    vec![owner.as_str().into(), until.into(), app.as_str().into(), now.millis().into()],
                ),
            ])
            .await?;
        if counts.get(1) != Some(&1) {
            return Ok(None);
        }
        let rows = self
            .store
            .query("SELECT fence, owner FROM tokens WHERE app_id = ?", &[app.as_str().into()])
            .await?;
        Ok(rows.first().filter(|row| text(row, "owner") == owner).map(|row| integer(row, "fence") as u64))
    }

    async fn write(&self, app: &AppId, fence: u64, token: StoredToken) -> Result<bool, StoreError> {
        let fence = fence as i64;
        let written = self
            .store
            .write_one(
                "UPDATE tokens SET token = ?, expires_at = ?, token_fence = ?, \
                 lease_until = CASE WHEN fence = ? THEN 0 ELSE lease_until END \
                 WHERE app_id = ? AND token_fence <= ?",
                vec![
                    token.token.expose().into(),
                    token.expires_at.millis().into(),
                    fence.into(),
                    fence.into(),
                    app.as_str().into(),
                    fence.into(),
                ],
            )
            .await?;
        Ok(written == 1)
    }
}

impl SqlTokens {
    async fn give_back(&self, app: &AppId, fence: u64) -> Result<(), StoreError> {
        self.store
            .write_one(
                "UPDATE tokens SET lease_until = 0 WHERE app_id = ? AND fence = ?",
                vec![app.as_str().into(), (fence as i64).into()],
            )
            .await?;
        Ok(())
    }
}

impl TokenStore for SqlTokens {
    fn load(&self, app: &AppId) -> BoxFuture<'_, Result<Option<StoredToken>, SdkError>> {
        let app = app.clone();
        Box::pin(async move { self.read(&app).await.map_err(sdk) })
    }

    fn lease(
        &self,
        app: &AppId,
        now: Timestamp,
        for_: Duration,
    ) -> BoxFuture<'_, Result<Option<u64>, SdkError>> {
        let app = app.clone();
        Box::pin(async move { self.take(&app, now, for_).await.map_err(sdk) })
    }

    fn save(&self, app: &AppId, fence: u64, token: StoredToken) -> BoxFuture<'_, Result<bool, SdkError>> {
        let app = app.clone();
        Box::pin(async move { self.write(&app, fence, token).await.map_err(sdk) })
    }

    fn release(&self, app: &AppId, fence: u64) -> BoxFuture<'_, Result<(), SdkError>> {
        let app = app.clone();
        Box::pin(async move { self.give_back(&app, fence).await.map_err(sdk) })
    }
}

fn sdk(error: StoreError) -> SdkError {
    SdkError::new(error)
}
