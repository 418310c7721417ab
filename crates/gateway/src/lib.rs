//! A ready-to-run back end for WeChat Official Accounts, driven by one TOML file.
//!
//! [`Gateway::start`] takes a [`Config`] and answers the platform's calls by rules; what cannot go as a passive reply
//! goes through the outbox by customer service.
//!
//! # Layout
//!
//! In the order in which a push goes through:
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | the file |
//! | [`capability`] | what a kind of account may do |
//! | [`db`], `store` | the databases; what must outlast the process |
//! | `tokens` | the SDK's access tokens in the store |
//! | `serve`, `rest` | connections and requests |
//! | `account`, `accounts`, [`window`], `windows`, `recent`, `kept` | one push of one account |
//! | [`rules`], [`message`], `rotation` | what is answered |
//! | `media`, [`outbox`], `courier`, `late`, `notes` | what is sent |
//! | `start`, `warm`, `stop` | the whole |

pub mod config;
pub mod capability;
pub mod db;
mod store;
mod tokens;
mod serve;
mod rest;
mod account;
mod accounts;
pub mod window;
mod windows;
mod recent;
mod kept;
pub mod rules;
pub mod message;
mod rotation;
mod media;
pub mod outbox;
mod courier;
mod late;
mod notes;
mod tasks;
mod start;
mod warm;
mod stop;

pub use account::Account;
pub use config::{AccountConfig, Config, ConfigError};
pub use courier::Courier;
pub use db::{Db, DbError, Dialect, Param, Row};
pub use recent::RecentUser;
pub use start::{Gateway, Parts, StartError, client_with_store, open_store};
pub use stop::Running;
pub use store::{Store, StoreError};
pub use tokens::SqlTokens;
