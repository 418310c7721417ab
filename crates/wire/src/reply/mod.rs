//! What goes back to the person in the body of the answer to a push.
//!
//! [Page](https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Passive_user_reply_message.html)

mod error;
mod json;
mod split;
pub(crate) mod xml;

pub use error::ReplyError;
pub use split::split_text;

use crate::inbound::{Content, Inbound};
use crate::{Format, MediaId, OpenId, OriginalId, Timestamp};

/// The most bytes of UTF-8 that a text may have; above it the person sees a failure notice instead.
pub const MAX_TEXT_BYTES: usize = 2048;
/// The most articles in an answer to an event.
pub const MAX_ARTICLES: usize = 8;
/// The most articles in an answer to a person's own message; the platform drops the others.
pub const MAX_ARTICLES_TO_MESSAGE: usize = 1;

/// An answer to a push.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reply {
    /// Nothing: the body is the word `success`, never sealed.
    #[default]
    None,
    /// A text of 1 to 2048 bytes. Line breaks are shown, `<a href="…">` links work.
    Text(String),
    /// A picture.
    Image {
        /// The picture.
        media_id: MediaId,
    },
    /// A voice.
    Voice {
        /// The voice.
        media_id: MediaId,
    },
    /// A video.
    Video {
        /// The video.
        media_id: MediaId,
        /// What stands above it.
        title: Option<String>,
        /// What stands below it.
        description: Option<String>,
    },
    /// A song to be played.
    Music {
        /// Its title.
        title: Option<String>,
        /// Its singer, or whatever stands below the title.
        description: Option<String>,
        /// Where it is played from.
        music_url: Option<String>,
        /// Where it is played from over Wi-Fi.
        hq_music_url: Option<String>,
        /// Its cover. The platform's page calls it required, yet answers without one are shown.
        thumb_media_id: Option<MediaId>,
    },
    /// One to eight articles.
    News(Vec<Article>),
    /// Hands the person's message to the customer-service system. Not for events.
    Transfer {
        /// The agent who gets it; without one, any.
        kf_account: Option<String>,
    },
}

/// One article of a news message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Article {
    /// Its headline.
    pub title: String,
    /// The lines below.
    pub description: String,
    /// Its picture, 360x200 or 200x200 pixels.
    pub pic_url: String,
    /// What opens on a tap.
    pub url: String,
}

impl Reply {
    /// Whether there is no answer, so that the body is `success`.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The `MsgType` on the wire; empty for no answer.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "",
            Self::Text(_) => "text",
            Self::Image { .. } => "image",
            Self::Voice { .. } => "voice",
            Self::Video { .. } => "video",
            Self::Music { .. } => "music",
            Self::News(_) => "news",
            Self::Transfer { .. } => "transfer_customer_service",
        }
    }

    /// Whether the platform would take it; the error names the limit that it breaks.
    pub fn check(&self) -> Result<(), ReplyError> {
        let media = |id: &MediaId| if id.is_empty() { Err(ReplyError::NoMedia(self.kind())) } else { Ok(()) };
        match self {
            Self::Text(text) => match text.len() {
                0 => Err(ReplyError::EmptyText),
                1..=MAX_TEXT_BYTES => Ok(()),
                bytes => Err(ReplyError::TextTooLong { bytes }),
            },
            Self::Image { media_id } | Self::Voice { media_id } | Self::Video { media_id, .. } => {
                media(media_id)
            }
            Self::Music { thumb_media_id: Some(thumb), .. } => media(thumb),
            Self::News(articles) => match articles.len() {
                0 => Err(ReplyError::NoArticles),
                1..=MAX_ARTICLES => Ok(()),
                count => Err(ReplyError::TooManyArticles { count }),
            },
            Self::None | Self::Music { .. } | Self::Transfer { .. } => Ok(()),
        }
    }

    /// Appends the body to `out`. The names are swapped against the push: `to` is the person, `from` the account.
    pub fn write(&self, format: Format, to: &OpenId, from: &OriginalId, at: Timestamp, out: &mut String) {
        match (self, format) {
            (Self::None, _) => out.push_str("success"),
            (_, Format::Xml) => xml::write(self, to, from, at, out),
            (_, Format::Json) => json::write(self, to, from, at, out),
        }
    }
}

/// How many articles an answer to this push may have: one to a person's own message, eight otherwise.
pub fn articles_allowed(push: &Inbound) -> usize {
    match push.content {
        Content::Event(_) => MAX_ARTICLES,
        _ => MAX_ARTICLES_TO_MESSAGE,
    }
}
