//! The two ways of writing a body.

use serde::{Deserialize, Serialize};

/// XML, which the platform sends to Official Accounts, or JSON, which some of its pushes use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// XML with the root `<xml>`.
    #[default]
    Xml,
    /// A JSON object.
    Json,
}

impl Format {
    /// The media type that goes in a `Content-Type` header.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}
