//! Access tokens: fetched once however many ask, renewed before they end, and never replaced by an older one.
//!
//! A state machine decides and does nothing else; the keeper carries it out. Where tokens are kept is the
//! caller's choice: [`MemoryTokens`] for one process, [`FileTokens`] for the programs of one machine, or a
//! [`TokenStore`] of one's own for many machines.

mod store;
mod row;
mod memory;
mod file;
#[doc(hidden)]
pub mod machine;
mod keeper;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hongyan_wire::Secret;

use crate::error::Error;

pub use file::FileTokens;
pub use memory::MemoryTokens;
pub use store::{StoreError, StoredToken, TokenStore};

pub use keeper::Keeper;

/// Gives a token and how long it is good for, in the platform's place.
pub type TokenSource = Arc<dyn Fn() -> BoxFuture<'static, Result<(Secret, Duration), Error>> + Send + Sync>;

/// Which of the platform's two endpoints gives the tokens. Their tokens do not disturb each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TokenEndpoint {
    /// Gives the token in force to everybody who asks, so programs do not invalidate each other's.
    #[default]
    Stable,
    /// Gives a new token each time and ends the former one five minutes later; 2000 calls a day.
    Classic,
}

/// A token and how long it is still good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token, up to 512 characters.
    pub token: Secret,
    /// What is left of its time.
    pub expires_in: Duration,
}
