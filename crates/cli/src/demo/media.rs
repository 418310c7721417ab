//! The pictures and the clip that the demo sends; made for it.

use std::{io, path::Path};

/// A file that travels in the program.
pub(super) struct Media {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) bytes: &'static [u8],
}

pub(super) const FILES: [Media; 4] = [
    Media { name: "goose.jpg", kind: "image/jpeg", bytes: include_bytes!("../../demo/media/goose.jpg") },
    Media { name: "card.jpg", kind: "image/jpeg", bytes: include_bytes!("../../demo/media/card.jpg") },
    Media { name: "thumb.jpg", kind: "image/jpeg", bytes: include_bytes!("../../demo/media/thumb.jpg") },
    Media { name: "goose.mp4", kind: "video/mp4", bytes: include_bytes!("../../demo/media/goose.mp4") },
];

/// Lays the files beside the demo's configuration, which names them as `file:`.
pub(super) fn write(folder: &Path) -> io::Result<()> {
    FILES.iter().try_for_each(|file| std::fs::write(folder.join(file.name), file.bytes))
}
