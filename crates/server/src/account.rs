//! The account whose pushes are taken: what must hold for a push to be believed.

use std::time::Duration;

use hongyan_wire::{AesKey, AppId, Secret};
use serde::{Deserialize, Serialize};

/// How the platform writes the bodies it sends, as set on its page for the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Bodies are plain, and so are the answers.
    #[default]
    Plain,
    /// Bodies hold everything twice, plain and sealed. Only the sealed half is used.
    Compatible,
    /// Bodies are sealed, and so are the answers.
    Secure,
}

/// One Official Account, as its pushes are checked.
#[derive(Debug, Clone)]
pub struct Account {
    /// The name it has in logs.
    pub name: String,
    /// Its AppID, which every sealed body must name.
    pub app_id: AppId,
    /// The token set on the platform's page. While it is empty every request is refused.
    pub token: Secret,
    /// The EncodingAESKeys, the present one first, then the former one while it is being changed.
    pub keys: Vec<AesKey>,
    /// How bodies arrive. What a request says about itself never changes this.
    pub mode: Mode,
    /// How far a push's signed time may be from ours, into the past or the future.
    pub max_age: Duration,
}

impl Account {
    /// Ten minutes: longer than the platform goes on trying, with room for a clock that is off.
    pub const MAX_AGE: Duration = Duration::from_mins(10);

    /// An account in plain mode, named after its AppID.
    pub fn plain(app_id: impl Into<AppId>, token: impl Into<String>) -> Self {
        let app_id = app_id.into();
        Self {
            name: app_id.as_str().to_owned(),
            app_id,
            token: Secret::new(token),
            keys: Vec::new(),
            mode: Mode::Plain,
            max_age: Self::MAX_AGE,
        }
    }

    /// An account in secure mode.
    pub fn secure(app_id: impl Into<AppId>, token: impl Into<String>, key: AesKey) -> Self {
        Self { keys: vec![key], mode: Mode::Secure, ..Self::plain(app_id, token) }
    }
}
