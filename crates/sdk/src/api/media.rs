//! Files that the platform keeps for three days, and pictures for articles.

use hongyan_wire::MediaId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::{Answer, File, Received};
use crate::call::Call;
use crate::endpoint::endpoints;
use crate::error::Error;
use crate::upload::Upload;

endpoints! {
    /// Temporary files: pictures, voices, videos and covers, kept for three days.
    media: Medias {
        /// Uploads a file that is kept for three days. [Page](https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia.html)
        ///
        /// Kind and size are checked first, see [`MediaKind`]. 100,000 calls a day.
        POST "/cgi-bin/media/upload" upload(query kind as "type": MediaKind, file media: Upload) -> Uploaded, check(kind.check(&media));
        /// Gives a temporary file, or the address of a video. [Page](https://developers.weixin.qq.com/doc/service/api/material/temporary/api_getmedia.html)
        ///
        /// 200,000 calls a day. [`download`](Self::download) does the same and reports progress.
        GET "/cgi-bin/media/get" get(query media_id: &MediaId) -> TemporaryMedia, safe;
        /// Gives a voice that a web page recorded, in high quality (Speex, 16 kHz). [Page](https://developers.weixin.qq.com/doc/service/api/material/temporary/api_gethdvoice.html)
        GET "/cgi-bin/media/get/jssdk" get_jssdk(query media_id: &MediaId) -> MediaFile, safe;
        /// Uploads a picture for use inside articles and gives its address. [Page](https://developers.weixin.qq.com/doc/service/api/material/permanent/api_uploadimage.html)
        ///
        /// JPEG or PNG below 1 MB; not counted among the account's materials.
        POST "/cgi-bin/media/uploadimg" upload_article_image(file media: Upload) -> ArticleImage, check(ARTICLE_IMAGE.check(&media));
    }
}

/// A file as it came, with its name and type.
pub type MediaFile = File;

impl Medias<'_> {
    /// Gives a temporary file like [`get`](Self::get), and reports how many bytes have come, of how many.
    pub async fn download(
        &self,
        media_id: &MediaId,
        report: impl Fn(u64, Option<u64>) + Send + Sync + 'static,
    ) -> Result<TemporaryMedia, Error> {
        let call = Call::get("/cgi-bin/media/get").named("media.get").query("media_id", media_id).safe();
        self.client.send(call.on_download(report)).await
    }
}

/// What a temporary file is for, which decides what it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// A picture: BMP, PNG, JPEG or GIF up to 10 MB.
    Image,
    /// A voice: AMR or MP3 up to 2 MB and 60 s.
    Voice,
    /// A video: MP4 up to 10 MB.
    Video,
    /// A cover for a video or a piece of music: JPEG up to 64 KB.
    Thumb,
}

/// What a file may be.
struct Limits {
    /// In English and in Chinese.
    what: (&'static str, &'static str),
    bytes: u64,
    endings: &'static [&'static str],
}

const ARTICLE_IMAGE: Limits = Limits {
    what: ("a picture for articles", "图文里的图片"),
    bytes: 1024 * 1024 - 1,
    endings: &["jpg", "jpeg", "png"],
};

impl MediaKind {
    /// Whether the platform takes this file as this kind: its name's ending, what its first bytes tell, its size.
    pub fn check(self, file: &Upload) -> Result<(), Error> {
        let (what, bytes, endings): (_, _, &'static [&'static str]) = match self {
            Self::Image => (("a picture", "图片"), 10 << 20, &["jpg", "jpeg", "png", "gif", "bmp"]),
            Self::Voice => (("a voice", "语音"), 2 << 20, &["amr", "mp3"]),
            Self::Video => (("a video", "视频"), 10 << 20, &["mp4"]),
            Self::Thumb => (("a cover", "封面"), 64 << 10, &["jpg", "jpeg"]),
        };
        Limits { what, bytes, endings }.check(file)
    }
}

impl Limits {
    fn check(&self, file: &Upload) -> Result<(), Error> {
        let Self { what, bytes, endings } = self;
        let ending = file.ending();
        // Bytes that tell nothing are left to the platform; a name that says nothing is not.
        let wrong = match file.told() {
            Some(told) if !endings.contains(&told) => Some(told.to_owned()),
            _ if !endings.contains(&ending.as_str()) => Some(ending),
            _ => None,
        };
        if let Some(wrong) = wrong {
            let (kind, zh) = if wrong.is_empty() {
                ("of no known kind".to_owned(), "看不出是什么类型".to_owned())
            } else {
                (format!("of kind {wrong}"), format!("是 {wrong}"))
            };
            return Err(Error::invalid(
                format!("{} is {kind}", file.name()),
                format!("{} is {}", what.0, endings.join(", ")),
                format!("{} {zh}：{}应为 {}", file.name(), what.1, endings.join("、")),
            ));
        }
        if file.is_empty() || file.len() > *bytes {
            return Err(Error::invalid(
                format!("{} has {} bytes", file.name(), file.len()),
                format!("{} has 1 to {bytes} bytes", what.0),
                format!("{} 有 {} 字节：{}应为 1 到 {bytes} 字节", file.name(), file.len(), what.1),
            ));
        }
        Ok(())
    }
}

/// A file that was uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    /// The kind, as the platform writes it.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// What messages name it by. Covers come back under a name of their own.
    #[serde(alias = "thumb_media_id")]
    pub media_id: MediaId,
    /// When it was uploaded, in seconds since 1970; it is kept for three days from then.
    #[serde(default)]
    pub created_at: i64,
    /// Other fields.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A picture for use inside articles.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ArticleImage {
    /// Where it is; works inside articles only.
    pub url: String,
}

/// A temporary file that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemporaryMedia {
    /// The file itself.
    File(File),
    /// Where the video can be fetched from.
    Video {
        /// The address.
        video_url: String,
    },
}

impl TemporaryMedia {
    /// The file, unless it is a video.
    pub fn file(self) -> Option<File> {
        match self {
            Self::File(file) => Some(file),
            Self::Video { .. } => None,
        }
    }
}

impl Answer for TemporaryMedia {
    fn read(received: Received) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Video {
            video_url: Option<String>,
        }
        if received.bytes.first() == Some(&b'{')
            && let Ok(Video { video_url: Some(video_url) }) = serde_json::from_slice(&received.bytes)
        {
            return Ok(Self::Video { video_url });
        }
        File::read(received).map(Self::File)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: MediaKind, file: &Upload) -> String {
        kind.check(file).unwrap_err().to_string()
    }

    #[test]
    fn size_and_kind_are_checked_with_the_limit_named() {
        let jpeg =
            |bytes: usize| Upload::bytes("中文.jpg", [&b"\xff\xd8\xff"[..], &vec![0; bytes - 3]].concat());
        assert!(MediaKind::Thumb.check(&jpeg(64 << 10)).is_ok());
        assert!(said(MediaKind::Thumb, &jpeg((64 << 10) + 1)).contains("1 to 65536 bytes"));
        assert!(said(MediaKind::Image, &jpeg((10 << 20) + 1)).contains("中文.jpg has 10485761 bytes"));
        assert!(said(MediaKind::Voice, &jpeg(10)).contains("amr, mp3"));
        assert!(said(MediaKind::Image, &Upload::bytes("a.jpg", "")).contains("0 bytes"));
        assert!(ARTICLE_IMAGE.check(&jpeg((1 << 20) - 1)).is_ok());
        assert!(ARTICLE_IMAGE.check(&jpeg(1 << 20)).is_err());
    }

    #[test]
    fn the_bytes_have_the_last_word_about_the_kind() {
        assert!(said(MediaKind::Thumb, &Upload::bytes("a.jpg", &b"\x89PNG\r\n"[..])).contains("kind png"));
        assert!(said(MediaKind::Image, &Upload::bytes("a.jpg", &b"%PDF-1.7"[..])).contains("kind pdf"));
        assert!(said(MediaKind::Image, &Upload::bytes("notes.txt", "hello")).contains("kind txt"));
        assert!(said(MediaKind::Image, &Upload::bytes("notes", "hello")).contains("no known kind"));
        assert!(MediaKind::Image.check(&Upload::bytes("a.JPG", "whatever")).is_ok());
    }

    #[test]
    fn a_cover_comes_back_under_its_own_name() {
        let answer = r#"{"type":"thumb","thumb_media_id":"m","created_at":1732000000}"#;
        assert_eq!(serde_json::from_str::<Uploaded>(answer).unwrap().media_id, "m");
    }
}
