//! The QR codes that were made through the API.

use hongyan_wire::{OsRandom, Random, Scene, Ticket, Timestamp};

use crate::db::{Param, Row};
use crate::store::row::{integer, maybe_integer, text};
use crate::store::{Statement, Store, StoreError};

/// One code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) id: String,
    pub(crate) scene: Scene,
    pub(crate) ticket: Ticket,
    /// What its picture encodes.
    pub(crate) url: String,
    pub(crate) created_at: Timestamp,
    /// None is for ever.
    pub(crate) expires_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, scene, scene_is_number, ticket, url, created_at, expires_at";

/// An id that sorts by the time it was made.
pub(crate) fn new_id(now: Timestamp) -> String {
    format!("{:012x}{}", now.millis(), OsRandom.hex(6))
}

impl Code {
    /// The statement that writes it down.
    pub(crate) fn insert(&self, account: &str) -> Statement {
        (
            "INSERT INTO qrcodes (account, id, scene, scene_is_number, ticket, url, created_at, expires_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                .to_owned(),
            vec![
                account.into(),
                self.id.as_str().into(),
                self.scene.to_string().into(),
                i64::from(matches!(self.scene, Scene::Id(_))).into(),
                self.ticket.as_str().into(),
                self.url.as_str().into(),
                self.created_at.millis().into(),
                self.expires_at.map(Timestamp::millis).into(),
            ],
        )
    }

    fn stored(row: &Row) -> Self {
        let scene = text(row, "scene");
        let scene = match scene.parse() {
            Ok(id) if integer(row, "scene_is_number") != 0 => Scene::Id(id),
            _ => Scene::Text(scene.to_owned()),
        };
        Self {
            id: text(row, "id").to_owned(),
            scene,
            ticket: Ticket::new(text(row, "ticket")),
            url: text(row, "url").to_owned(),
            created_at: Timestamp(integer(row, "created_at")),
            expires_at: maybe_integer(row, "expires_at").map(Timestamp),
        }
    }
}

impl Store {
    /// One of the account's codes.
    pub(crate) async fn code(&self, account: &str, id: &str) -> Result<Option<Code>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM qrcodes WHERE id = ? AND account = ?");
        let rows = self.query(&sql, &[id.into(), account.into()]).await?;
        Ok(rows.first().map(Code::stored))
    }

    /// The account's codes, the latest first, from behind `before`; one more than asked for tells that there are more.
    pub(crate) async fn codes(
        &self,
        account: &str,
        scene: Option<&str>,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Code>, StoreError> {
        let mut condition = "account = ?".to_owned();
        let mut params: Vec<Param> = vec![account.into()];
        for (column, value) in [(" AND scene = ?", scene), (" AND id < ?", before)] {
            if let Some(value) = value {
                condition.push_str(column);
                params.push(value.into());
            }
        }
        params.push((limit as i64).into());
        let sql = format!("SELECT {COLUMNS} FROM qrcodes WHERE {condition} ORDER BY id DESC LIMIT ?");
        Ok(self.query(&sql, &params).await?.iter().map(Code::stored).collect())
    }
}
