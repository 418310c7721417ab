//! Pictures, sounds, films and articles of an account: what may be uploaded, and what is kept.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::settings::Settings;

/// A kind of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MediaKind {
    Image,
    Voice,
    Video,
    Thumb,
    News,
}

impl MediaKind {
    /// The kind by the name used in `?type=`.
    pub(crate) fn of_upload(name: &str) -> Option<Self> {
        match name {
            "image" => Some(MediaKind::Image),
            "voice" => Some(MediaKind::Voice),
            "video" => Some(MediaKind::Video),
            "thumb" => Some(MediaKind::Thumb),
            _ => None,
        }
    }

    fn max_bytes(self) -> usize {
        const MB: usize = 1024 * 1024;
        match self {
            MediaKind::Image | MediaKind::Video => 10 * MB,
            MediaKind::Voice => 2 * MB,
            MediaKind::Thumb | MediaKind::News => 64 * 1024,
        }
    }

    fn takes(self, file: FileKind) -> bool {
        use FileKind::{Amr, Bmp, Gif, Jpeg, Mp3, Mp4, Png};
        match self {
            MediaKind::Image => matches!(file, Jpeg | Png | Gif | Bmp),
            MediaKind::Voice => matches!(file, Amr | Mp3),
            MediaKind::Video => file == Mp4,
            MediaKind::Thumb => file == Jpeg,
            MediaKind::News => false,
        }
    }
}

/// What a file is by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileKind {
    Jpeg,
    Png,
    Gif,
    Bmp,
    Amr,
    Mp3,
    Mp4,
}

impl FileKind {
    /// Looks at the first bytes.
    pub(crate) fn sniff(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(FileKind::Jpeg),
            [0x89, b'P', b'N', b'G', ..] => Some(FileKind::Png),
            [b'G', b'I', b'F', b'8', ..] => Some(FileKind::Gif),
            [b'B', b'M', ..] => Some(FileKind::Bmp),
            [b'#', b'!', b'A', b'M', b'R', ..] => Some(FileKind::Amr),
            [b'I', b'D', b'3', ..] | [0xff, 0xe2..=0xff, ..] => Some(FileKind::Mp3),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(FileKind::Mp4),
            _ => None,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            FileKind::Jpeg => "image/jpeg",
            FileKind::Png => "image/png",
            FileKind::Gif => "image/gif",
            FileKind::Bmp => "image/bmp",
            FileKind::Amr => "audio/amr",
            FileKind::Mp3 => "audio/mpeg",
            FileKind::Mp4 => "video/mp4",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            FileKind::Jpeg => "jpg",
            FileKind::Png => "png",
            FileKind::Gif => "gif",
            FileKind::Bmp => "bmp",
            FileKind::Amr => "amr",
            FileKind::Mp3 => "mp3",
            FileKind::Mp4 => "mp4",
        }
    }
}

/// Checks an upload of temporary media.
pub(crate) fn check(kind: MediaKind, bytes: &[u8]) -> Result<FileKind, i64> {
    if bytes.is_empty() {
        return Err(44001);
    }
    if bytes.len() > kind.max_bytes() {
        return Err(45001);
    }
    let file = FileKind::sniff(bytes).filter(|file| kind.takes(*file)).ok_or(40005)?;
    if file == FileKind::Amr && amr_seconds(bytes) > 60 {
        return Err(45007);
    }
    Ok(file)
}

/// Checks a picture for an article.
pub(crate) fn check_article_picture(bytes: &[u8]) -> Result<FileKind, i64> {
    if bytes.is_empty() {
        return Err(44001);
    }
    if bytes.len() >= 1024 * 1024 {
        return Err(40009);
    }
    FileKind::sniff(bytes).filter(|file| matches!(file, FileKind::Jpeg | FileKind::Png)).ok_or(40005)
}

/// The length of an AMR sound: frames of 20 ms, whose size stands in their first byte.
pub(crate) fn amr_seconds(bytes: &[u8]) -> u64 {
    const SIZES: [usize; 16] = [12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0];
    let mut at = 6;
    let mut frames = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1 + SIZES[usize::from(byte >> 3 & 15)];
        frames += 1;
    }
    u64::div_ceil(frames, 50)
}

/// The length a voice bubble shows; files whose frames are not read get a length by their size.
pub(crate) fn seconds(bytes: &[u8]) -> u64 {
    match FileKind::sniff(bytes) {
        Some(FileKind::Amr) => amr_seconds(bytes).max(1),
        _ => (bytes.len() as u64 / 16_000).clamp(1, 60),
    }
}

/// One stored file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Media {
    pub(crate) id: String,
    pub(crate) kind: MediaKind,
    pub(crate) file: Option<FileKind>,
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub(crate) bytes: bytes::Bytes,
    /// Permanent when none.
    pub(crate) expires_at_ms: Option<i64>,
}

impl Media {
    pub(crate) fn content_type(&self) -> &'static str {
        self.file.map_or("application/octet-stream", FileKind::content_type)
    }

    pub(crate) fn file_name(&self) -> String {
        format!("{}.{}", self.id, self.file.map_or("bin", FileKind::extension))
    }
}

fn to_base64<S: Serializer>(bytes: &bytes::Bytes, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&STANDARD.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(text: D) -> Result<bytes::Bytes, D::Error> {
    let text = String::deserialize(text)?;
    STANDARD.decode(text).map(bytes::Bytes::from).map_err(serde::de::Error::custom)
}

/// The address on the sandbox that shows a file.
pub(crate) fn path(media_id: &str) -> String {
    format!("/_sandbox/media/{media_id}")
}

/// Everything an account has stored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct MediaStore {
    files: HashMap<String, Media>,
    articles: HashMap<String, Value>,
}

/// The permanent picture every fresh account has.
pub(crate) const PICTURE: &str = "material-picture-1";
/// The permanent news material every fresh account has.
pub(crate) const NEWS: &str = "material-news-1";
/// The published article every fresh account has.
pub(crate) const ARTICLE: &str = "article-1";

impl MediaStore {
    /// A store with one permanent picture and one published article.
    pub(crate) fn fresh(picture: bytes::Bytes) -> Self {
        let mut store = MediaStore::default();
        let file = FileKind::sniff(&picture);
        for (id, kind, file, bytes) in
            [(PICTURE, MediaKind::Image, file, picture), (NEWS, MediaKind::News, None, bytes::Bytes::new())]
        {
            let media = Media { id: id.to_owned(), kind, file, bytes, expires_at_ms: None };
            store.files.insert(id.to_owned(), media);
        }
        let article = json!({
            "title": "鸿雁传书",
            "description": "一篇已发布的文章",
            "url": "https://mp.weixin.qq.com/s/hongyan-article-1",
            "picurl": path(PICTURE),
        });
        store.articles.insert(ARTICLE.to_owned(), article);
        store
    }

    /// Stores a temporary file.
    pub(crate) fn add(
        &mut self,
        id: String,
        kind: MediaKind,
        bytes: bytes::Bytes,
        now_ms: i64,
        settings: &Settings,
    ) -> Media {
        self.files.retain(|_, media| media.expires_at_ms.is_none_or(|at| at > now_ms));
        let expires_at_ms = Some(now_ms + settings.media_seconds * 1000);
        let media = Media { id: id.clone(), kind, file: FileKind::sniff(&bytes), bytes, expires_at_ms };
        self.files.insert(id, media.clone());
        media
    }

    /// The file with this id, unless it has expired.
    pub(crate) fn get(&self, id: &str, now_ms: i64) -> Option<&Media> {
        self.files.get(id).filter(|media| media.expires_at_ms.is_none_or(|at| at > now_ms))
    }

    /// The temporary files and when they lapse.
    pub(crate) fn ends(&self) -> impl Iterator<Item = (&str, i64)> {
        self.files.values().filter_map(|media| Some((media.id.as_str(), media.expires_at_ms?)))
    }

    /// Every temporary file is gone now.
    pub(crate) fn expire(&mut self) {
        self.files.retain(|_, media| media.expires_at_ms.is_none());
    }

    /// The published article with this id.
    pub(crate) fn article(&self, id: &str) -> Option<&Value> {
        self.articles.get(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 0];

    #[test]
    fn files_are_known_by_their_first_bytes() {
        assert_eq!(check(MediaKind::Image, JPEG), Ok(FileKind::Jpeg));
        assert_eq!(check(MediaKind::Voice, b"#!AMR\n"), Ok(FileKind::Amr));
        assert_eq!(check(MediaKind::Video, b"\0\0\0\x18ftypmp42"), Ok(FileKind::Mp4));
        assert_eq!(check(MediaKind::Image, b"%PDF-1.4"), Err(40005));
        assert_eq!(check(MediaKind::Thumb, b"\x89PNG\r\n"), Err(40005));
        assert_eq!(check(MediaKind::Image, b""), Err(44001));
    }

    #[test]
    fn sizes_are_limited_by_kind() {
        let sized = |bytes: usize| {
            let mut file = JPEG.to_vec();
            file.resize(bytes, 0);
            file
        };
        assert!(check(MediaKind::Thumb, &sized(64 * 1024)).is_ok());
        assert_eq!(check(MediaKind::Thumb, &sized(64 * 1024 + 1)), Err(45001));
        assert_eq!(check(MediaKind::Image, &sized(10 * 1024 * 1024 + 1)), Err(45001));
        assert_eq!(check_article_picture(&sized(1024 * 1024)), Err(40009));
    }

    #[test]
    fn a_voice_may_last_a_minute() {
        let mut amr = b"#!AMR\n".to_vec();
        for _ in 0..3000 {
            amr.push(0x04);
            amr.extend([0; 12]);
        }
        assert!(check(MediaKind::Voice, &amr).is_ok());
        amr.push(0x04);
        amr.extend([0; 12]);
        assert_eq!(check(MediaKind::Voice, &amr), Err(45007));
    }

    #[test]
    fn temporary_media_lasts_three_days() {
        let mut store = MediaStore::fresh(bytes::Bytes::from_static(JPEG));
        store.add("a".into(), MediaKind::Image, bytes::Bytes::from_static(JPEG), 0, &Settings::default());
        assert!(store.get("a", 3 * 86_400_000 - 1).is_some());
        assert!(store.get("a", 3 * 86_400_000).is_none());
        assert!(store.get(PICTURE, i64::MAX).is_some());
    }
}
