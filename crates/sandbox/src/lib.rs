//! The WeChat Official Account platform on a laptop, with a phone in the browser.
//!
//! A sandbox answers the platform's own calls (`/cgi-bin/…`), pushes messages and events to a back end as the
//! platform does, and lets people be played through a control API at `/_sandbox`. It writes pushes and reads
//! replies with its own code, so that it can disagree with the library it tests.
//!
//! # Layout
//! - `options`, `settings`: how a sandbox is set up, and every number that may turn out to be wrong.
//! - `world`: accounts, people, chats, tokens, menus, windows: plain state, told the time.
//! - `push`: what is pushed, how it is sealed, when it is tried again.
//! - `reply`: the back end's answers, judged and explained.
//! - `routes`: the platform's endpoints. `control`: the API that plays people.
//!
//! # The control API in short
//! Paths below `/_sandbox` mean the first account, `/_sandbox/accounts/{app_id}/…` any.
//! `GET users/{openid}/chat` answers `{"messages": […]}`; lists such as `GET exchanges` are bare arrays; ids of
//! messages and exchanges are numbers.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use hongyan_sandbox::{Options, Sandbox};
//!
//! let options = Options { callback: Some("http://127.0.0.1:8080/callback/main".into()), ..Options::default() };
//! let sandbox = Sandbox::start_local(options).await?;
//! println!("the platform answers at {}", sandbox.url());
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```

mod options;
mod settings;
mod clock;
mod seed;
mod picture;
mod world;
mod exchange;
mod faults;
mod push;
mod reply;
mod events;
mod platform;
mod routes;
mod control;
/// The phone in the browser.
pub mod pages;
mod start;

pub use options::{AccountOptions, Format, Kind, Mode, Options};
pub use settings::{Allowances, Settings, Window};
pub use start::{Running, Sandbox, StartError};
