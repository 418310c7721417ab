//! One push, read.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::body::parse_fields;
use super::error::{ParseError, Problem};
use super::fields::Fields;
use super::{Content, Event, read, typed};
use crate::{Format, MsgId, OpenId, OriginalId, Scene, Timestamp};

/// A message or an event, with everything it came with.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbound {
    /// The account it is for (`ToUserName`).
    pub to: OriginalId,
    /// Who caused it (`FromUserName`): a person, save for a few notices about the account.
    pub from: OpenId,
    /// When the platform made it (`CreateTime`); it counts whole seconds.
    pub created: Timestamp,
    /// A message's number; events have none.
    pub msg_id: Option<MsgId>,
    /// What it says.
    pub content: Content,
    /// All of its fields, known or not.
    pub fields: Fields,
    /// How it was written.
    pub format: Format,
}

impl Inbound {
    /// Reads a body that is not, or no longer, sealed.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let (format, fields) = parse_fields(body)?;
        Self::from_fields(format, fields)
    }

    /// Reads fields that were read before.
    pub fn from_fields(format: Format, fields: Fields) -> Result<Self, ParseError> {
        let needed = |name| {
            let text = fields.text(name).filter(|text| !text.is_empty());
            text.ok_or(ParseError::nowhere(Problem::Missing(name)))
        };
        let to = needed("ToUserName")?.into();
        let from = needed("FromUserName")?.into();
        needed("CreateTime")?;
        let bad_time = Problem::Bad { field: "CreateTime", must_be: "a whole number of seconds since 1970" };
        let created = read::time(&fields, "CreateTime").ok_or(ParseError::nowhere(bad_time))?;
        let content = Content::read(needed("MsgType")?, &fields);
        let msg_id = read::some(&fields, "MsgId");
        Ok(Self { to, from, created, msg_id, content, fields, format })
    }

    /// The `MsgType` as sent.
    pub fn kind(&self) -> &str {
        self.fields.text("MsgType").unwrap_or_default()
    }

    /// The `Event` as sent, when it is an event. Its letter case is the platform's; compare without it.
    pub fn event(&self) -> Option<&str> {
        match self.content {
            Content::Event(_) => Some(self.fields.text("Event").unwrap_or_default()),
            _ => None,
        }
    }

    /// The `EventKey` as sent, unless it is empty.
    pub fn event_key(&self) -> Option<&str> {
        self.fields.text("EventKey").filter(|key| !key.is_empty())
    }

    /// The value of the QR code that was scanned, by someone who followed or by someone who follows with it.
    pub fn scene(&self) -> Option<Scene> {
        match &self.content {
            Content::Event(Event::Subscribe { scene, .. }) => scene.clone(),
            Content::Event(Event::Scan { scene, .. }) => Some(scene.clone()),
            _ => None,
        }
    }

    /// Whether the person sees an answer given in the body. The platform ignores one to a notice, and to some events.
    pub fn answerable(&self) -> bool {
        self.event().is_none_or(Event::answerable)
    }

    /// The push as JSON under the platform's own names, with numbers as numbers. Ids stay texts, whatever they look like.
    pub fn to_json(&self) -> Value {
        typed::to_json(&self.fields)
    }
}

impl Serialize for Inbound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}
