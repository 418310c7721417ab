//! What the platform pushes: people's messages, and events about them.
//!
//! A body is read into [`Fields`] first, which keep everything; [`Inbound`] puts the known kinds on top of them.
//! [Messages](https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html),
//! [events](https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_event_pushes.html)

mod error;
mod fields;
mod body;
mod xml;
mod json;
mod read;
mod message;
mod content;
mod event;
mod notice;
mod card;
mod typed;

pub use body::{Body, MAX_BODY_BYTES, parse_fields};
pub use card::{CardEvent, CardEventKind};
pub use content::Content;
pub use error::{ParseError, Position, Problem};
pub use event::Event;
pub use fields::{Fields, Node};
pub use message::Inbound;
pub use notice::{
    ArticleCheck, ArticleLink, MassOutcome, MassSendJob, PublishJob, PublishOutcome, SubscribeChoice,
    SubscribeSent, TemplateOutcome, UserRecord,
};
