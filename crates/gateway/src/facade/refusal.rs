//! Refusals in the platform's own form: status 200, `errcode`, `errmsg` with a request id.

use axum::Json;
use axum::response::{IntoResponse, Response};
use hongyan_wire::{ErrCode, Lang, OsRandom, Random};
use serde_json::json;

/// Why a call is refused here, before the platform hears of it.
#[derive(Debug)]
pub(super) struct Refusal {
    code: ErrCode,
    why: Option<String>,
    rid: String,
}

impl Refusal {
    /// With the platform's own words.
    pub(super) fn of(code: i64) -> Self {
        // Three groups of eight, as the platform's.
        let rid = [OsRandom.hex(4), OsRandom.hex(4), OsRandom.hex(4)].join("-");
        Self { code: ErrCode(code), why: None, rid }
    }

    /// With a reason behind them.
    pub(super) fn because(code: i64, why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..Self::of(code) }
    }

    /// Notes the refusal in the log, where its id finds it.
    pub(super) fn said_to(self, account: &str) -> Self {
        let why = self.why.as_deref().unwrap_or_default();
        tracing::info!(account, errcode = self.code.0, rid = self.rid, why, "refused by the gateway");
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let words = self.code.wire_text().or_else(|| self.code.meaning(Lang::En)).unwrap_or("error");
        let text = match self.why {
            // What the platform said of our own call holds its words, and its id, already.
            Some(why) if why.contains("rid:") => why,
            Some(why) => format!("{words}: {why} rid: {}", self.rid),
            None => format!("{words} rid: {}", self.rid),
        };
        Json(json!({"errcode": self.code.0, "errmsg": text})).into_response()
    }
}
