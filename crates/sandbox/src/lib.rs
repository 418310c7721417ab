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
//! - `web`: what a browser sees: login (`/connect/oauth2/authorize`) and the JS-SDK's script.
//! - `load`: many people at once, on a back end or on a running sandbox.
//! - `tls`, `proxy`: the same under the platform's own names, for programs that have those in them.
//!
//! # The control API in short
//! Paths below `/_sandbox` mean the first account, `/_sandbox/accounts/{app_id}/…` any. Lists are bare arrays,
//! but the chat answers `{"messages": […]}`; ids of messages and exchanges are numbers; a refusal is
//! `{"error", "what_to_do"}`.
//!
//! | path | does |
//! |---|---|
//! | `GET accounts`, `PUT callback {url}` | accounts with the state of their handshake; points pushes elsewhere |
//! | `GET users`, `POST users {nickname, platform?, following?}`, `GET users/{openid}` | people; `platform` 1 is iOS, 2 Android; `following` makes a follower of long ago, without a push |
//! | `POST users {count, …}` | so many people (10,000 at once, 100,000 in all), answered as a list of OpenIDs |
//! | `POST users/{openid}/follow`, `unfollow`, `pay` | answers the finished exchange, as all that follow |
//! | `POST …/say {text}`, `send {msgtype, data?, …}`, `locate {latitude, longitude, label?}` | a message |
//! | `POST …/tap {button}` or `{key}`, with `scan`, `pictures`, `location` | a menu button; follow-up pushes are in `then` |
//! | `POST …/report_location {latitude, longitude, precision?}` | what the phone reports by itself |
//! | `POST …/subscription {template_id, accept?, where?}` | answers a subscription pop-up on a `page` or in an `article`, or changes it in the `settings` |
//! | `POST …/menu_click {id}` | an item of a msgmenu |
//! | `POST …/scan {ticket}` or `{url}` | a QR code; who does not follow does so by it |
//! | `GET …/menu`, `GET …/chat?after=&wait_ms=&format=text` | what the phone shows |
//! | `POST push {openid?, xml or fields, faults?, tries?}` | any push at all, once, right or wrong |
//! | `GET exchanges?after=&before=&user=&kind=&direction=&outcome=&errcode=&finding=&text=&limit=` | what happened; `limit` takes the last, with `after` the first |
//! | `GET exchanges/{id}`, `GET …/curl`, `GET …/step`, `POST …/resend {new_msg_id?, xml?}`, `GET events?accounts=all` | one of them, as a command, as scenario steps, once more |
//! | `GET qrcodes`, `GET media/{media_id}`, `POST decode`, `POST token/expire` | the account's things |
//! | `GET oauth_domain`, `PUT oauth_domain {domain}`, `PUT js_domain {domain}` | where web login may lead (10003), where the JS-SDK works; null is anywhere |
//! | `POST …/mute`, `unmute`, `menu/refresh` | turns the account's messages off or on; fetches the menu now |
//! | `GET clock`, `POST clock/freeze`, `resume`, `scale {factor}`, `set {at_ms}`, `advance {seconds}` | the clock; what fell due is in `fired` |
//! | `GET settings`, `PUT settings {…}`, `GET profiles` | the platform's numbers; `profile` is `current` or `legacy-2021` |
//! | `PUT ip_list {list}`, `PUT secret {frozen?, rotate?, secret?}`, `POST token/replace` | who may call, and with what |
//! | `GET quotas`, `PUT quotas {path, used}`, `PUT qrcodes/permanent {count}` | what has been used up |
//! | `POST qrcodes/expire`, `media/expire`, `GET templates`, `POST templates {template_id?, title, content}` | more of the account's things |
//! | `GET agents`, `POST agents/accept {kf_account, worker?}`, `GET subscription_templates` | agents, and templates people agree to |
//! | `GET snapshot`, `PUT snapshot` | all of the world but the record of exchanges, and back |
//! | `POST reset`, `GET`, `PUT`, `DELETE faults` | the world |
//! | `POST qrcodes {scene, expire_seconds}` or `{scene, permanent}` | a poster, without a call of the account |
//! | `GET record`, `POST record/start`, `POST record/stop` | a scenario file of what people do |
//!
//! Exchanges are listed once they have ended, in that order, and `after` continues from there. `tries[].at_ms` is
//! absolute, by the sandbox's clock.
//!
//! # Web login and the JS-SDK
//! `/connect/oauth2/authorize` has to know whose phone the browser is. `sandbox_user` tells it, as a parameter or as
//! a cookie: an OpenID of any account, or a nickname. The phone sets the cookie before it opens a page. Without it the
//! only person there is logs in, and among several a page asks. The JS-SDK's stand-in is at `/res/jweixin-1.6.0.js`;
//! it sends what `wx.config` got to `POST /res/jssdk/config`, which answers and records what was signed wrong.
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

mod accounts_file;
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
mod web;
mod control;
pub mod pages;
pub mod scenario;
mod handle;
mod start_error;
mod handshakes;
mod tls;
mod proxy;
mod start;
pub mod load;

pub use accounts_file::AccountsError;
pub use handle::User;
pub use handshakes::{HandshakeNews, Handshakes};
pub use options::{AccountOptions, Format, Kind, Mode, Options};
pub use settings::{Allowances, PushTime, Settings, UnknownMedia, WebSettings, Window};
pub use start::{Running, Sandbox};
pub use start_error::StartError;
pub use tls::{Authority, AuthorityError};

/// The README's example, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
