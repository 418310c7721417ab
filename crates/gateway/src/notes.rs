//! What the platform has said about an account that is worth remembering: a right it does not have.

use std::sync::Arc;

use hongyan_wire::{Clock, ErrCode, Timestamp};

use crate::store::row::{integer, text};
use crate::store::{Store, StoreError};

/// One remembered refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// The call that was refused, such as `message.custom.send`.
    pub(crate) subject: String,
    /// The platform's code.
    pub(crate) code: ErrCode,
    /// When it was last refused.
    pub(crate) at: Timestamp,
}

/// The notes of one account.
pub(crate) struct Notes {
    store: Store,
    account: Arc<str>,
    clock: Arc<dyn Clock>,
}

impl Notes {
    pub(crate) fn new(store: Store, account: Arc<str>, clock: Arc<dyn Clock>) -> Self {
        Self { store, account, clock }
    }

    /// Remembers a refusal; the latest of each subject stays.
    pub(crate) async fn note(&self, subject: &str, code: ErrCode, rid: Option<&str>) {
        let written = self
            .store
            .write_one(
                "REPLACE INTO account_notes (account, subject, errcode, rid, noted_at) VALUES (?, ?, ?, ?, ?)",
                vec![
                    self.account.as_ref().into(),
                    subject.into(),
                    code.0.into(),
                    rid.into(),
                    self.clock.now().millis().into(),
                ],
            )
            .await;
        if let Err(error) = written {
            tracing::warn!(account = %self.account, %error, "a note about the account could not be kept");
        }
    }

    /// Everything remembered.
    pub(crate) async fn all(&self) -> Result<Vec<Note>, StoreError> {
        let rows = self
            .store
            .query(
                "SELECT subject, errcode, noted_at FROM account_notes WHERE account = ? ORDER BY subject",
                &[self.account.as_ref().into()],
            )
            .await?;
        Ok(rows
            .iter()
            .map(|row| Note {
                subject: text(row, "subject").to_owned(),
                code: ErrCode(integer(row, "errcode")),
                at: Timestamp(integer(row, "noted_at")),
            })
            .collect())
    }
}
