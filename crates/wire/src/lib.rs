//! What travels between the platform and an Official Account's back end, as plain values and pure functions.
//!
//! Nothing here opens a socket or reads a file. The modules stand in the order the data flows: who and when
//! first, then how a push is proved genuine and opened, what it says, what is answered, and what the platform's
//! error numbers mean.
//!
//! ```
//! use hongyan_wire::{inbound::{Content, Inbound}, reply::Reply, Format, Timestamp};
//!
//! let body = b"<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
//!     <CreateTime>1732000000</CreateTime><MsgType>text</MsgType><Content>hi &amp; bye</Content></xml>";
//! let message = Inbound::parse(body).unwrap();
//! assert!(matches!(&message.content, Content::Text { content, .. } if content == "hi & bye"));
//!
//! let mut out = String::new();
//! let at = Timestamp::from_seconds(1_732_000_001);
//! Reply::Text("hello".into()).write(Format::Xml, &message.from, &message.to, at, &mut out);
//! assert!(out.starts_with("<xml><ToUserName><![CDATA[o1]]>"));
//! ```

mod lang;
mod time;
mod random;
mod secret;
mod ids;
mod scene;
mod characters;
pub mod signature;
mod aes_key;
pub mod envelope;
mod format;
pub mod inbound;
pub mod reply;
pub mod errcode;

pub use aes_key::{AesKey, BadAesKey};
pub use errcode::{Class, ErrCode};
pub use format::Format;
pub use ids::{AppId, MediaId, MsgId, OpenId, OriginalId, Ticket};
pub use inbound::Inbound;
pub use lang::Lang;
pub use random::{OsRandom, Random};
pub use reply::{Article, Reply};
pub use scene::{Scene, SceneError};
pub use secret::Secret;
pub use signature::Signature;
pub use time::{Clock, SystemClock, Timestamp};
