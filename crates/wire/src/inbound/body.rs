//! The first look at the body of a push, before anybody has proved where it comes from.

use std::borrow::Cow;

use serde::Deserialize;

use super::error::{ParseError, Problem};
use super::fields::Fields;
use super::{json, xml};
use crate::Format;

/// The most bytes that are read; the platform's own pushes stay far below.
pub const MAX_BODY_BYTES: usize = 512 * 1024;
/// How deep fields may stand in fields; the platform's own go to five.
pub(super) const MAX_DEPTH: usize = 16;
/// The most fields in one body, at all depths together.
pub(super) const MAX_FIELDS: usize = 8192;

/// What must be known of a body before it is verified: its format, whom it is for, and what is sealed in it.
///
/// Looking copies nothing and reads no further than it must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body<'a> {
    /// XML or JSON.
    pub format: Format,
    /// The `ToUserName` outside the envelope. Not signed: good for nothing but a log line.
    pub to: Option<Cow<'a, str>>,
    /// The sealed text, when there is one.
    pub encrypt: Option<Cow<'a, str>>,
}

impl<'a> Body<'a> {
    /// Looks at a body in any of the three modes.
    pub fn look(body: &'a [u8]) -> Result<Self, ParseError> {
        let (format, text) = text_of(body)?;
        // Text that had to be mended lives only here, so what is found in it must be copied.
        match text {
            Cow::Borrowed(text) => Self::look_at(format, text),
            Cow::Owned(text) => Body::look_at(format, &text).map(Body::into_owned),
        }
    }

    fn look_at(format: Format, text: &'a str) -> Result<Self, ParseError> {
        let outside = match format {
            Format::Xml => xml::outside(text)?,
            Format::Json => json::outside(text)?,
        };
        let present = |text: Cow<'a, str>| (!text.is_empty()).then_some(text);
        Ok(Self { format, to: present(outside.to), encrypt: present(outside.encrypt) })
    }

    fn into_owned<'b>(self) -> Body<'b> {
        let own = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Body { format: self.format, to: own(self.to), encrypt: own(self.encrypt) }
    }
}

/// The two fields that stand outside an envelope; empty when they are not there.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Outside<'a> {
    #[serde(borrow, default, rename = "ToUserName")]
    pub(super) to: Cow<'a, str>,
    #[serde(borrow, default, rename = "Encrypt")]
    pub(super) encrypt: Cow<'a, str>,
}

/// Reads every field of a body, XML or JSON.
pub fn parse_fields(body: &[u8]) -> Result<(Format, Fields), ParseError> {
    let (format, text) = text_of(body)?;
    let fields = match format {
        Format::Xml => xml::parse(&text)?,
        Format::Json => json::parse(&text)?,
    };
    Ok((format, fields))
}

/// The body as text and its format by its first character; broken UTF-8 is mended, since a person may have caused it.
fn text_of(body: &[u8]) -> Result<(Format, Cow<'_, str>), ParseError> {
    if body.len() > MAX_BODY_BYTES {
        let what = Problem::TooLarge { bytes: body.len(), limit: MAX_BODY_BYTES };
        return Err(ParseError::nowhere(what));
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    let format = match body.first() {
        None => return Err(ParseError::nowhere(Problem::Empty)),
        Some(b'<') => Format::Xml,
        Some(b'{') => Format::Json,
        Some(_) => return Err(ParseError::nowhere(Problem::NeitherXmlNorJson)),
    };
    Ok((format, String::from_utf8_lossy(body)))
}
