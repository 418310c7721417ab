//! The numbers and guesses of web login (网页授权) and the JS-SDK.

use serde::{Deserialize, Serialize};

/// How web login and the JS-SDK behave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebSettings {
    /// How long a code can be changed into a token, in seconds.
    pub code_seconds: i64,
    /// The answer to a code whose time is over: 40029 or 42003.
    pub expired_code: i64,
    /// The answer to a code that was used: 40163 or 40029.
    pub used_code: i64,
    /// How long a web token lives, in seconds.
    pub token_seconds: i64,
    /// How long a refresh token lives, in seconds.
    pub refresh_seconds: i64,
    /// The answer to a web token that was never given: 40001 or 40014.
    pub unknown_token_code: i64,
    /// Whether a refresh keeps a web token that still works, and only prolongs it.
    pub refresh_keeps_token: bool,
    /// Whether `snsapi_userinfo` asks nobody who follows.
    pub silent_for_followers: bool,
    /// Whether the parameters of the authorize address must stand in the documented order.
    pub strict_order: bool,
    /// Whether a test account lets only its followers log in (10006).
    pub test_account_needs_follow: bool,
    /// The name a snapshot page gives its virtual person.
    pub snapshot_nickname: String,
    /// How long a jsapi ticket lives, in seconds.
    pub ticket_seconds: i64,
    /// Whether a ticket that still works is given again.
    pub ticket_stays: bool,
}

impl Default for WebSettings {
    fn default() -> Self {
        WebSettings {
            code_seconds: 300,
            expired_code: 40029,
            used_code: 40163,
            token_seconds: 7200,
            refresh_seconds: 30 * 24 * 3600,
            unknown_token_code: 40001,
            refresh_keeps_token: true,
            silent_for_followers: false,
            strict_order: false,
            test_account_needs_follow: true,
            snapshot_nickname: "微信用户".to_owned(),
            ticket_seconds: 7200,
            ticket_stays: true,
        }
    }
}
