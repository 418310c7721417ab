//! The kinds of push.

use super::fields::Fields;
use super::{Event, read};
use crate::MediaId;

/// What a push says.
///
/// A kind that is not known, or one whose numbers cannot be read, is [`Content::Unknown`]; its fields are kept.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// A text. Stickers and other kinds that the platform cannot pass on come as a text that says so.
    Text {
        /// What was written.
        content: String,
        /// The id of the message-menu item, when the person tapped one instead of writing.
        menu_id: Option<String>,
    },
    /// A picture; it can be fetched for three days.
    Image {
        /// Where the platform shows it.
        pic_url: String,
        /// The file.
        media_id: MediaId,
    },
    /// A voice.
    Voice {
        /// The file; an `amr` one has 8 kHz.
        media_id: MediaId,
        /// `amr` or `speex`.
        format: String,
        /// The same with 16 kHz.
        media_id_16k: Option<MediaId>,
        /// What was said, where the account has speech recognition.
        recognition: Option<String>,
    },
    /// A video.
    Video {
        /// The file.
        media_id: MediaId,
        /// Its preview picture.
        thumb_media_id: MediaId,
    },
    /// A clip of the old short kind.
    ShortVideo {
        /// The file.
        media_id: MediaId,
        /// Its preview picture.
        thumb_media_id: MediaId,
    },
    /// A place that the person chose to send.
    Location {
        /// Degrees north (`Location_X`).
        latitude: f64,
        /// Degrees east (`Location_Y`).
        longitude: f64,
        /// The map's zoom level.
        scale: u32,
        /// The address in words.
        label: String,
    },
    /// A shared web page.
    Link {
        /// Its headline.
        title: String,
        /// The lines below.
        description: String,
        /// Its address.
        url: String,
    },
    /// A file. Seen in practice, not documented.
    File {
        /// Its name.
        title: String,
        /// The lines below, often empty.
        description: String,
        /// The platform's key for it.
        key: String,
        /// Its MD5 digest in hex.
        md5: String,
        /// Its length in bytes.
        bytes: u64,
    },
    /// A mini-program card.
    MiniProgramPage {
        /// Its headline.
        title: String,
        /// The mini program's AppID.
        app_id: String,
        /// The page that opens.
        page_path: String,
        /// Where its picture is shown.
        thumb_url: String,
        /// Its picture.
        thumb_media_id: MediaId,
    },
    /// Something happened.
    Event(Event),
    /// None of these; the fields say what came.
    Unknown,
}

impl Content {
    pub(super) fn read(kind: &str, fields: &Fields) -> Self {
        Self::known(kind, fields).unwrap_or(Self::Unknown)
    }

    fn known(kind: &str, fields: &Fields) -> Option<Self> {
        let string = |name| read::string(fields, name);
        let media = |name| read::id::<MediaId>(fields, name);
        Some(match read::lower(kind, &mut [0; 48]) {
            "text" => Self::Text { content: string("Content"), menu_id: read::some(fields, "bizmsgmenuid") },
            "image" => Self::Image { pic_url: string("PicUrl"), media_id: media("MediaId") },
            "voice" => Self::Voice {
                media_id: media("MediaId"),
                format: string("Format"),
                media_id_16k: read::some(fields, "MediaId16K"),
                recognition: read::some(fields, "Recognition"),
            },
            "video" => Self::Video { media_id: media("MediaId"), thumb_media_id: media("ThumbMediaId") },
            "shortvideo" => {
                Self::ShortVideo { media_id: media("MediaId"), thumb_media_id: media("ThumbMediaId") }
            }
            "location" => Self::Location {
                latitude: read::decimal(fields, "Location_X")?,
                longitude: read::decimal(fields, "Location_Y")?,
                scale: read::whole(fields, "Scale").unwrap_or_default(),
                label: string("Label"),
            },
            "link" => {
                Self::Link { title: string("Title"), description: string("Description"), url: string("Url") }
            }
            "file" => Self::File {
                title: string("Title"),
                description: string("Description"),
                key: string("FileKey"),
                md5: string("FileMd5"),
                bytes: read::whole(fields, "FileTotalLen").unwrap_or_default(),
            },
            "miniprogrampage" => Self::MiniProgramPage {
                title: string("Title"),
                app_id: string("AppId"),
                page_path: string("PagePath"),
                thumb_url: string("ThumbUrl"),
                thumb_media_id: media("ThumbMediaId"),
            },
            "event" => Self::Event(Event::read(fields)),
            _ => return None,
        })
    }
}
