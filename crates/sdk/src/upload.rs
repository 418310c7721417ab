//! A file on its way to the platform.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::AsyncReadExt;

use crate::error::Error;

/// How many bytes go out between two reports of progress.
const CHUNK: usize = 16 * 1024;

/// A file to upload: its name, its bytes, and who wants to hear how far it is.
#[derive(Clone)]
pub struct Upload {
    name: String,
    len: u64,
    head: Vec<u8>,
    source: Source,
    progress: Option<Progress>,
}

#[derive(Clone)]
enum Source {
    Bytes(Bytes),
    Path(PathBuf),
}

impl Upload {
    /// A file on disk. Its bytes are read when it is sent; its size and beginning, which tell its kind, now.
    pub async fn path(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let (len, head) = peek(path).await.map_err(|error| unreadable(path, &error))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self {
            name: file_name(&name, &head),
            len,
            head,
            source: Source::Path(path.to_owned()),
            progress: None,
        })
    }

    /// A file in memory. The platform reads its kind from the name's ending; a name without one gets the ending
    /// that the bytes tell.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let head = bytes[..bytes.len().min(16)].to_vec();
        let name = file_name(&name.into(), &head);
        Self { name, len: bytes.len() as u64, head, source: Source::Bytes(bytes), progress: None }
    }

    /// Is told how many bytes have been sent, and of how many. Begins again at zero when the call is repeated
    /// with a new token.
    pub fn on_progress(mut self, report: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        let total = self.len;
        self.progress = Some(Progress::new(move |sent, _| report(sent, total)));
        self
    }

    /// The name that is sent, raw UTF-8.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The size in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The name's ending in lower case, without the dot.
    pub(crate) fn ending(&self) -> String {
        self.name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
    }

    /// The kind that the first bytes tell, where they do.
    pub(crate) fn told(&self) -> Option<&'static str> {
        kind(&self.head)
    }

    pub(crate) async fn load(&self) -> Result<Bytes, Error> {
        match &self.source {
            Source::Bytes(bytes) => Ok(bytes.clone()),
            Source::Path(path) => {
                let bytes = tokio::fs::read(path).await.map_err(|error| unreadable(path, &error))?;
                if bytes.len() as u64 == self.len {
                    Ok(bytes.into())
                } else {
                    let what = format!("{} changed while it was being read", path.display());
                    let zh = format!("{} 在读取过程中被改动：发送前请勿改动", path.display());
                    Err(Error::invalid(what, "it must stay the same until it is sent", zh))
                }
            }
        }
    }

    /// The bytes in pieces, each reported when the connection takes it.
    pub(crate) fn pieces(&self, bytes: Bytes) -> impl Iterator<Item = Bytes> + Send + use<> {
        let progress = self.progress.clone();
        let total = bytes.len();
        (0..total).step_by(CHUNK).map(move |from| {
            let to = total.min(from + CHUNK);
            if let Some(progress) = &progress {
                progress.report(to as u64, Some(total as u64));
            }
            bytes.slice(from..to)
        })
    }

    pub(crate) fn mime(&self) -> &'static str {
        match self.told().unwrap_or(&self.ending()) {
            "jpg" | "jpeg" => "image/jpeg",
            "png" => "image/png",
            "gif" => "image/gif",
            "bmp" => "image/bmp",
            "amr" => "audio/amr",
            "mp3" => "audio/mpeg",
            "mp4" => "video/mp4",
            _ => "application/octet-stream",
        }
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("name", &self.name).field("len", &self.len).finish_non_exhaustive()
    }
}

/// Somebody who is told how many bytes have gone, and of how many.
#[derive(Clone)]
pub(crate) struct Progress(Report);

type Report = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

impl Progress {
    pub(crate) fn new(report: impl Fn(u64, Option<u64>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    pub(crate) fn report(&self, done: u64, total: Option<u64>) {
        (self.0)(done, total);
    }
}

async fn peek(path: &Path) -> std::io::Result<(u64, Vec<u8>)> {
    let file = tokio::fs::File::open(path).await?;
    let metadata = file.metadata().await?;
    if metadata.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    let mut head = Vec::new();
    file.take(16).read_to_end(&mut head).await?;
    Ok((metadata.len(), head))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid(
        format!("{} cannot be read ({error})", path.display()),
        "a file that exists and may be read is needed",
        format!("无法读取 {}（{error}）：请给出存在且可读的文件", path.display()),
    )
}

/// The name as it can stand in a form's header: characters that would end it are replaced.
fn file_name(name: &str, head: &[u8]) -> String {
    let name: String =
        name.chars().map(|c| if c.is_control() || matches!(c, '"' | '\\' | '/') { '_' } else { c }).collect();
    let name = if name.is_empty() { "media".to_owned() } else { name };
    match kind(head) {
        Some(ending) if !name.contains('.') => format!("{name}.{ending}"),
        _ => name,
    }
}

fn kind(head: &[u8]) -> Option<&'static str> {
    match head {
        [0xff, 0xd8, 0xff, ..] => Some("jpg"),
        [0x89, b'P', b'N', b'G', ..] => Some("png"),
        [b'G', b'I', b'F', b'8', ..] => Some("gif"),
        [b'B', b'M', ..] => Some("bmp"),
        [b'#', b'!', b'A', b'M', b'R', ..] => Some("amr"),
        [b'I', b'D', b'3', ..] | [0xff, 0xfb | 0xf3 | 0xf2, ..] => Some("mp3"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("mp4"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("webp"),
        [b'%', b'P', b'D', b'F', ..] => Some("pdf"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_raw_but_cannot_end_the_header() {
        assert_eq!(Upload::bytes("中文 图.jpg", "x").name(), "中文 图.jpg");
        assert_eq!(Upload::bytes("a\"; x=\"b\r\n.jpg", "x").name(), "a_; x=_b__.jpg");
        assert_eq!(Upload::bytes("logo", &b"\x89PNG\r\n"[..]).name(), "logo.png");
        assert_eq!(Upload::bytes("", "x").name(), "media");
    }

    #[test]
    fn every_byte_goes_out_once_and_is_reported() {
        let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
        let upload = Upload::bytes("a.jpg", vec![7_u8; CHUNK * 2 + 5]).on_progress({
            let seen = seen.clone();
            move |sent, total| seen.lock().unwrap().push((sent, total))
        });
        let Source::Bytes(bytes) = &upload.source else { unreachable!() };
        let sent: usize = upload.pieces(bytes.clone()).map(|piece| piece.len()).sum();
        let total = (CHUNK * 2 + 5) as u64;
        assert_eq!(sent as u64, total);
        assert_eq!(*seen.lock().unwrap(), [(CHUNK as u64, total), (CHUNK as u64 * 2, total), (total, total)]);
    }
}
