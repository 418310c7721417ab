//! What became of each line of a batch, a page at a time.

use std::collections::HashMap;

use serde_json::Value;

use super::{Batches, Record, State, line_of, message_id};
use crate::db::Row;
use crate::outbox::Delivery;
use crate::rest::csv::cell;
use crate::store::StoreError;
use crate::store::row::{integer, maybe_integer, maybe_text, text};

/// What became of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineResult {
    /// The line of the file.
    pub line: u64,
    /// Its recipient; empty when it could not be read.
    pub openid: String,
    /// `pending`, `queued`, `waiting`, `sending`, `sent`, `failed`, `expired`, `unknown`, `cancelled` or `rejected`.
    pub state: String,
    /// The platform's last code.
    pub errcode: Option<i64>,
    /// The platform's id of that request.
    pub rid: Option<String>,
    /// Whether it arrived, where the platform tells.
    pub delivery: Option<Delivery>,
    /// The reason in words.
    pub detail: Option<String>,
}

impl LineResult {
    /// The heading above the lines that [`csv`](Self::csv) gives.
    pub const CSV_HEADING: &str = "line,openid,state,errcode,rid,delivery,detail\r\n";

    /// The result as a line of a table.
    pub fn csv(&self) -> String {
        let text = |text: Option<&str>| cell(&text.map_or(Value::Null, Value::from));
        let cells = [
            self.line.to_string(),
            text(Some(&self.openid)),
            text(Some(&self.state)),
            self.errcode.map(|code| code.to_string()).unwrap_or_default(),
            text(self.rid.as_deref()),
            text(self.delivery.as_ref().map(Delivery::as_str)),
            text(self.detail.as_deref()),
        ];
        cells.join(",") + "\r\n"
    }
}

impl Batches {
    /// The results of the lines after this one, at most so many, in order.
    pub async fn results(
        &self,
        record: &Record,
        after: u64,
        limit: u64,
    ) -> Result<Vec<LineResult>, StoreError> {
        let id = record.id.as_str();
        let lines = self
            .store
            .query(
                "SELECT line, openid, error FROM batch_lines WHERE batch = ? AND line > ? ORDER BY line LIMIT ?",
                &[id.into(), (after as i64).into(), (limit as i64).into()],
            )
            .await?;
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Ok(Vec::new()) };
        let from = message_id(id, integer(first, "line") as u64);
        let to = message_id(id, integer(last, "line") as u64);
        let messages = self
            .store
            .query(
                "SELECT o.id, o.state, o.waiting, o.errcode, o.rid, o.detail, d.delivery FROM outbox o \
                 LEFT JOIN deliveries d ON d.account = o.account AND d.msgid = o.msgid \
                 WHERE o.id >= ? AND o.id <= ? AND o.batch = ?",
                &[from.into(), to.into(), id.into()],
            )
            .await?;
        let messages: HashMap<u64, &Row> =
            messages.iter().filter_map(|row| Some((line_of(text(row, "id"))?, row))).collect();
        Ok(lines.iter().map(|line| result(record, line, &messages)).collect())
    }
}

fn result(record: &Record, line: &Row, messages: &HashMap<u64, &Row>) -> LineResult {
    let number = integer(line, "line") as u64;
    let rejected = maybe_text(line, "error");
    let message = messages.get(&number).copied();
    let state = match message {
        Some(message) if integer(message, "waiting") != 0 => "waiting",
        Some(message) => text(message, "state"),
        None if rejected.is_some() => "rejected",
        None if record.state == State::Cancelled => "cancelled",
        None => "pending",
    };
    let of = |name| message.and_then(|row| maybe_text(row, name)).map(str::to_owned);
    LineResult {
        line: number,
        openid: text(line, "openid").to_owned(),
        state: state.to_owned(),
        errcode: message.and_then(|row| maybe_integer(row, "errcode")),
        rid: of("rid"),
        delivery: of("delivery").as_deref().map(Delivery::parse),
        detail: of("detail").or_else(|| rejected.map(str::to_owned)),
    }
}
