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
//! | `cluster` | what several gateways tell one another |
//! | `tokens`, `token_from` | the SDK's access tokens in the store, and a token service in the platform's place |
//! | `sealing`, `relay`, `facade`, `jssdk`, `oauth` | the platform for other programs: proofs, any call, its own protocol, page signatures, web logins |
//! | `serve`, `rest` | connections and requests |
//! | `account`, `accounts`, [`window`], `windows`, `kept` | one push of one account |
//! | `backlog`, `behind`: `recent`, `scans`, `grants`, `history` | what is noted meanwhile and written afterwards |
//! | `idempotency`, `codes` | what other programs ask for only once; the QR codes they made |
//! | [`rules`], [`message`], `rotation` | what is answered |
//! | `forward`, `assistant` | who answers in a rule's place |
//! | `media`, [`outbox`], `courier`, `late`, `notes` | what is sent |
//! | `metrics` | what is counted |
//! | `start`, `maker`, `warm`, `reload`, `stop` | the whole |

pub mod config;
pub mod capability;
pub mod db;
mod store;
mod cluster;
mod check;
mod tokens;
mod token_from;
mod sealing;
mod relay;
mod facade;
mod jssdk;
mod oauth;
mod serve;
mod rest;
mod account;
mod accounts;
pub mod window;
mod windows;
mod grants;
mod backlog;
mod behind;
mod scans;
mod history;
mod idempotency;
mod codes;
mod recent;
mod kept;
pub mod rules;
mod forward;
mod assistant;
pub mod message;
mod rotation;
mod media;
pub mod outbox;
pub mod batch;
mod courier;
mod late;
mod notes;
mod tasks;
mod metrics;
mod swap;
mod maker;
mod start;
mod reload;
mod warm;
mod stop;

pub use account::Account;
pub use check::redis_answers;
pub use cluster::Rate;
pub use config::{AccountConfig, Config, ConfigError};
pub use courier::Courier;
pub use db::{Db, DbError, Dialect, Param, Row};
pub use forward::{CopyCounts, DeadLetter};
pub use recent::RecentUser;
pub use reload::{ReloadError, Reloaded, Reloader};
pub use start::{Gateway, Parts, StartError, client_with_store, open_store};
pub use stop::Running;
pub use store::{Store, StoreError};
pub use tokens::SqlTokens;
