//! The callback server of a WeChat Official Account, as a library.
//!
//! The platform calls one address for everything: when someone follows, writes, taps the menu or scans a code. This
//! crate is what answers there. [`Callback`] is a plain `tower` service, so it mounts in axum and stands behind hyper's
//! own accept loop alike; [`Router`] turns async functions into its handler.
//!
//! ```
//! use hongyan_server::{Account, Callback, Context, Router};
//!
//! let router = Router::new()
//!     .subscribe(async |_: Context| "Welcome!")
//!     .text("ping", async |_: Context| "pong")
//!     .any(async |context: Context| format!("You wrote: {}", context.text().unwrap_or_default()));
//! let callback = Callback::builder(Account::plain("wx0123456789abcdef", "token"), router).build();
//! # let _ = callback;
//! ```
//!
//! # Layout
//!
//! One file per step, in the order a push goes through them; `pipeline` calls them in that order.
//!
//! | step | file | does |
//! |---|---|---|
//! | receive | `receive` | the query, and the body within its bounds |
//! | verify | `verify` | signature and age |
//! | open | `open` | takes the message out of the envelope, as the account's mode says |
//! | replay | `replay` | a nonce that comes again must bring the same message |
//! | parse | `parse` | from bytes to a typed message |
//! | dedup | [`dedup`] | what makes two pushes the same |
//! | route, handle | `handle`, `router` | the program's own answer, its panics caught |
//! | wait | [`engine`] | five seconds, three tries, one answer |
//! | render | `render` | from a reply to a body |
//! | seal | `seal` | the envelope around it |

mod account;
mod policy;
mod refusal;
mod receive;
mod verify;
mod open;
mod replay;
mod parse;
mod push;
pub mod dedup;
mod handler;
mod handle;
mod router;
pub mod engine;
mod late;
mod render;
mod seal;
mod body;
mod stats;
mod shared;
mod pipeline;
mod callback;

pub use account::{Account, Mode};
pub use body::ReplyBody;
pub use callback::{Builder, Callback, Drained};
pub use dedup::{Away, DedupStore, MemoryDedup, Noted, PushKey, Swap};
pub use handler::{Answer, Delivered, Handler, HandlerError, Handling};
pub use late::{DropLate, LateSink};
pub use policy::{Limits, Policy, Wait};
pub use push::Push;
pub use refusal::{Refusal, Remedy};
pub use regex::Regex;
pub use router::{Context, IntoAnswer, RouteFn, Router};
pub use stats::Stats;
