//! A picture, sound or film for a message: a file to upload, or a media id that is there already.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use hongyan::{Client, MediaKind, Upload};

use crate::{failure::Failure, progress, refusal, screen::Screen};

/// What stood on the command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Given {
    Id(String),
    File(PathBuf),
}

impl Given {
    pub(super) fn parse(text: &str) -> Self {
        match text.strip_prefix("id:") {
            Some(id) => Self::Id(id.to_owned()),
            None => Self::File(text.into()),
        }
    }
}

/// A media id, or a file whose kind and size are right.
pub(super) enum Prepared {
    Id(String),
    File(Box<Upload>, String),
}

/// Looks at the file before anything is sent.
pub(super) async fn prepare(given: Given, kind: MediaKind, screen: Screen) -> Result<Prepared, Failure> {
    let path = match given {
        Given::Id(id) => return Ok(Prepared::Id(id)),
        Given::File(path) => path,
    };
    let upload = Upload::path(&path).await.map_err(|error| refusal::failure(&error, screen.lang))?;
    begins_right(&path, kind, screen)?;
    kind.check(&upload).map_err(|error| refusal::failure(&error, screen.lang))?;
    Ok(Prepared::File(Box::new(upload), path.display().to_string()))
}

/// The platform judges by the bytes, so a text that is called a picture is found out here.
fn begins_right(path: &Path, kind: MediaKind, screen: Screen) -> Result<(), Failure> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(12).read_to_end(&mut head));
    let name = path.display();
    if let Err(error) = read {
        return Err(Failure::Usage(format!("{name}: {error}")));
    }
    let (right, what) = match kind {
        MediaKind::Image => (is_picture(&head), "JPEG, PNG, GIF, BMP"),
        MediaKind::Thumb => (head.starts_with(&[0xff, 0xd8]), "JPEG"),
        MediaKind::Voice => (is_voice(&head), "AMR, MP3"),
        MediaKind::Video => (head.get(4..8) == Some(b"ftyp"), "MP4"),
    };
    if right || head.is_empty() {
        return Ok(());
    }
    Err(Failure::Usage(screen.lang.pick(
        format!("{name} does not hold what its name says; the platform takes {what} here"),
        format!("{name} 的内容与文件名不符；此处平台只接受 {what}"),
    )))
}

fn is_picture(head: &[u8]) -> bool {
    [&[0xff, 0xd8][..], b"\x89PNG", b"GIF8", b"BM"].iter().any(|magic| head.starts_with(magic))
}

/// An MP3 begins with a tag or with the eleven set bits of a frame.
fn is_voice(head: &[u8]) -> bool {
    head.starts_with(b"#!AMR")
        || head.starts_with(b"ID3")
        || matches!(head, [0xff, second, ..] if second & 0xe0 == 0xe0)
}

/// The media id, after an upload where one is needed.
pub(super) async fn upload(
    client: &Client,
    kind: MediaKind,
    prepared: Prepared,
    screen: Screen,
) -> Result<String, Failure> {
    let (upload, name) = match prepared {
        Prepared::Id(id) => return Ok(id),
        Prepared::File(upload, name) => (upload, name),
    };
    let bar = progress::bar(&name);
    let uploaded = client.media().upload(kind, upload.on_progress(progress::follow(&bar))).await;
    bar.finish_and_clear();
    let uploaded = uploaded.map_err(|error| refusal::failure(&error, screen.lang))?;
    let id = uploaded.media_id.as_str().to_owned();
    screen.note(
        &screen.lang.pick(format!("uploaded {name} as {id}"), format!("已上传 {name}，media_id 为 {id}")),
    );
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_begins_with_tells_its_kind() {
        assert!(is_picture(b"\xff\xd8\xff\xe0") && is_picture(b"\x89PNG\r\n") && !is_picture(b"hello"));
        assert!(
            is_voice(b"#!AMR\n") && is_voice(b"ID3\x03") && is_voice(b"\xff\xf3\x40") && !is_voice(b"RIFF")
        );
    }

    #[test]
    fn a_media_id_is_marked_and_all_else_is_a_file() {
        assert_eq!(Given::parse("id:abc"), Given::Id("abc".into()));
        assert_eq!(Given::parse("a/b.jpg"), Given::File("a/b.jpg".into()));
    }
}
