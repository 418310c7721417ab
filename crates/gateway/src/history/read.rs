//! Reads conversations back, page by page.

use serde_json::{Value, json};

use super::History;
use super::line::stored;
use crate::db::Param;
use crate::store::StoreError;
use crate::store::row::{integer, text};

/// One page, and where the next one begins.
pub(crate) struct Page {
    pub(crate) rows: Vec<Value>,
    pub(crate) next: Option<String>,
}

impl History {
    /// Who talked with the account, the latest first.
    pub(crate) async fn conversations(
        &self,
        account: &str,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.flush().await?;
        let mut params: Vec<Param> = vec![account.into()];
        let condition = before.map_or("", |before| {
            params.push(before.into());
            " AND last_id < ?"
        });
        params.push((limit as i64 + 1).into());
        let sql = format!(
            "SELECT openid, last_id, last_at, last_direction, last_text FROM conversations \
             WHERE account = ?{condition} ORDER BY last_id DESC LIMIT ?"
        );
        let rows = self.store.query(&sql, &params).await?;
        let next = next(&rows, limit, "last_id");
        let one = |row: &crate::db::Row| {
            json!({
                "openid": text(row, "openid"),
                "last_at_ms": integer(row, "last_at"),
                "last_direction": text(row, "last_direction"),
                "last_text": text(row, "last_text"),
            })
        };
        Ok(Page { rows: rows.iter().take(limit).map(one).collect(), next })
    }

    /// One conversation: the latest lines before `before`, given in the order in which they were said.
    pub(crate) async fn lines(
        &self,
        account: &str,
        openid: &str,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.flush().await?;
        let mut params: Vec<Param> = vec![account.into(), openid.into()];
        let condition = before.map_or("", |before| {
            params.push(before.into());
            " AND id < ?"
        });
        params.push((limit as i64 + 1).into());
        let sql = format!(
            "SELECT id, openid, said_at, direction, way, kind, words, body, state, message_id FROM history \
             WHERE account = ? AND openid = ?{condition} ORDER BY id DESC LIMIT ?"
        );
        let rows = self.store.query(&sql, &params).await?;
        let next = next(&rows, limit, "id");
        let mut lines: Vec<Value> = rows.iter().take(limit).map(stored).collect();
        lines.reverse();
        Ok(Page { rows: lines, next })
    }
}

fn next(rows: &[crate::db::Row], limit: usize, column: &str) -> Option<String> {
    let last = (rows.len() > limit).then(|| rows.get(limit.saturating_sub(1))).flatten()?;
    Some(text(last, column).to_owned())
}
