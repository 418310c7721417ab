//! Media named by file or address: uploaded once, and remembered for as long as the platform keeps them.
//!
//! A file is uploaded again when its content has changed, anything when the platform says that it no longer knows the
//! id. Uploads of one account go one after the other, so that the same picture wanted twice at once is uploaded once.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use hongyan::{Client, MediaKind, Upload};
use hongyan_wire::{Clock, Timestamp};
use tokio::sync::Mutex;

use crate::message::Message;
use crate::store::row::{integer, text};
use crate::store::{Store, StoreError};

/// The platform keeps temporary media for three days; an hour less, so that none lapses on its way.
const KEPT: Duration = Duration::from_hours(3 * 24 - 1);
/// No kind of media may be larger.
const LARGEST: usize = 10 * 1024 * 1024;
/// How long fetching an address may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many uploads are remembered in memory; the database has the rest.
const IN_MEMORY: usize = 4096;

/// The media of one account.
pub(crate) struct Media {
    client: Client,
    store: Store,
    account: Arc<str>,
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    http: reqwest::Client,
    known: Mutex<HashMap<Key, Known>>,
}

/// What an upload is remembered by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    address: String,
    kind: &'static str,
}

#[derive(Debug, Clone)]
struct Known {
    content: String,
    media_id: String,
    expires_at: Timestamp,
}

/// Why media cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum MediaError {
    /// A file that cannot be used.
    #[error("the media file {file} cannot be used: {reason}")]
    File {
        /// Its name as written.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An address that does not give media.
    #[error("{address} gives no media: {reason}")]
    Address {
        /// The address without its query.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An address that cannot be reached now.
    #[error("{address} cannot be fetched: {reason}")]
    Away {
        /// The address without its query.
        address: String,
        /// What happened.
        reason: String,
    },
    /// The platform did not take the upload.
    #[error("{address} cannot be uploaded: {source}")]
    Upload {
        /// The file or address.
        address: String,
        /// What the call said.
        source: hongyan::Error,
    },
    /// The gateway's database failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl Media {
    /// The media of one account; relative files start at `folder`.
    pub(crate) fn new(
        client: Client,
        store: Store,
        account: Arc<str>,
        folder: PathBuf,
        clock: Arc<dyn Clock>,
    ) -> Self {
        // Only the address that was written is fetched, none that it points to.
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap_or_default();
        Self { client, store, account, folder, clock, http, known: Mutex::default() }
    }

    /// Puts a media id in the place of every file and address.
    pub(crate) async fn resolve(&self, message: &mut Message) -> Result<(), MediaError> {
        if !message.needs_upload() {
            return Ok(());
        }
        let kinds = kinds(message);
        for (reference, kind) in message.media_refs_mut().into_iter().zip(kinds) {
            *reference = self.media_id(reference, kind).await?;
        }
        Ok(())
    }

    /// Forgets the ids of a message's media; whether there was something to forget.
    pub(crate) async fn forget(&self, message: &Message) -> bool {
        let mut message = message.clone();
        let kinds = kinds(&mut message);
        let mut known = self.known.lock().await;
        let mut forgotten = false;
        for (reference, kind) in message.media_refs_mut().into_iter().zip(kinds) {
            forgotten |= known.remove(&Key { address: reference.clone(), kind: word(kind) }).is_some();
            let removed = self
                .store
                .write_one(
                    "DELETE FROM media WHERE account = ? AND address_digest = ? AND kind = ?",
                    vec![
                        self.account.as_ref().into(),
                        digest(reference.as_bytes()).into(),
                        word(kind).into(),
                    ],
                )
                .await;
            forgotten |= removed.is_ok_and(|count| count > 0);
        }
        forgotten
    }

    async fn media_id(&self, reference: &str, kind: MediaKind) -> Result<String, MediaError> {
        // Held during the upload: whoever wants the same thing meanwhile finds it done.
        let mut known = self.known.lock().await;
        let key = Key { address: reference.to_owned(), kind: word(kind) };
        let now = self.clock.now();
        let found = match known.get(&key) {
            Some(found) => Some(found.clone()),
            None => self.stored(&key).await?,
        }
        .filter(|found| found.expires_at > now);
        let upload = if let Some(path) = reference.strip_prefix("file:") {
            let bytes = self.file(path).await?;
            let content = digest(&bytes);
            if let Some(found) = found.filter(|found| found.content == content) {
                let id = found.media_id.clone();
                remember(&mut known, key, found);
                return Ok(id);
            }
            (name_of(path), bytes, content)
        } else {
            if let Some(found) = found {
                let id = found.media_id.clone();
                remember(&mut known, key, found);
                return Ok(id);
            }
            let bytes = self.fetch(reference).await?;
            (name_of(&without_query(reference)), bytes, String::new())
        };
        let (name, bytes, content) = upload;
        let uploaded = self
            .client
            .media()
            .upload(kind, Upload::bytes(name, bytes))
            .await
            .map_err(|source| MediaError::Upload { address: without_query(reference), source })?;
        let media_id = uploaded.media_id.as_str().to_owned();
        let entry = Known { content, media_id: media_id.clone(), expires_at: now + KEPT };
        self.keep(&key, &entry).await?;
        remember(&mut known, key, entry);
        Ok(media_id)
    }

    async fn stored(&self, key: &Key) -> Result<Option<Known>, StoreError> {
        let rows = self
            .store
            .query(
                "SELECT address, content, media_id, expires_at FROM media \
                 WHERE account = ? AND address_digest = ? AND kind = ?",
                &[self.account.as_ref().into(), digest(key.address.as_bytes()).into(), key.kind.into()],
            )
            .await?;
        Ok(rows.first().filter(|row| text(row, "address") == key.address).map(|row| Known {
            content: text(row, "content").to_owned(),
            media_id: text(row, "media_id").to_owned(),
            expires_at: Timestamp(integer(row, "expires_at")),
        }))
    }

    async fn keep(&self, key: &Key, known: &Known) -> Result<(), StoreError> {
        self.store
            .write_one(
                "REPLACE INTO media (account, address_digest, kind, address, content, media_id, expires_at) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
                vec![
                    self.account.as_ref().into(),
                    digest(key.address.as_bytes()).into(),
                    key.kind.into(),
                    key.address.as_str().into(),
                    known.content.as_str().into(),
                    known.media_id.as_str().into(),
                    known.expires_at.millis().into(),
                ],
            )
            .await?;
        Ok(())
    }

    async fn file(&self, written: &str) -> Result<Bytes, MediaError> {
        let bad = |reason: String| MediaError::File { file: written.to_owned(), reason };
        let path = located(&self.folder, written).map_err(|reason| bad(reason.to_owned()))?;
        let length = tokio::fs::metadata(&path).await.map_err(|error| bad(error.to_string()))?.len();
        if length > LARGEST as u64 {
            return Err(bad(format!("it has {length} bytes, {LARGEST} are the most")));
        }
        tokio::fs::read(&path).await.map(Bytes::from).map_err(|error| bad(error.to_string()))
    }

    async fn fetch(&self, address: &str) -> Result<Bytes, MediaError> {
        let shown = || without_query(address);
        let away = |error: reqwest::Error| MediaError::Away {
            address: shown(),
            reason: error.without_url().to_string(),
        };
        let bad = |reason: String| MediaError::Address { address: shown(), reason };
        let answer = self.http.get(address).send().await.map_err(away)?;
        let status = answer.status();
        if status.is_server_error() {
            return Err(MediaError::Away { address: shown(), reason: format!("HTTP status {status}") });
        }
        if !status.is_success() {
            return Err(bad(format!("HTTP status {status}")));
        }
        let mut bytes = Vec::new();
        let mut parts = answer.bytes_stream();
        while let Some(part) = parts.next().await {
            bytes.extend_from_slice(&part.map_err(away)?);
            if bytes.len() > LARGEST {
                return Err(bad(format!("it has more than {LARGEST} bytes")));
            }
        }
        Ok(bytes.into())
    }
}

/// The kind in the database.
const fn word(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Voice => "voice",
        MediaKind::Video => "video",
        MediaKind::Thumb => "thumb",
    }
}

fn remember(known: &mut HashMap<Key, Known>, key: Key, entry: Known) {
    if known.len() >= IN_MEMORY {
        known.clear();
    }
    known.insert(key, entry);
}

/// The kind of each file or address in a message, in the order of `media_refs_mut`.
fn kinds(message: &mut Message) -> Vec<MediaKind> {
    let own = match message.kind() {
        "voice" => MediaKind::Voice,
        "video" => MediaKind::Video,
        _ => MediaKind::Image,
    };
    let thumb = message.field("thumb_media_id").map(str::to_owned);
    let main = message.field("media_id").map(str::to_owned);
    message
        .media_refs_mut()
        .into_iter()
        .map(|reference| {
            let reference = Some(reference.as_str());
            if reference == thumb.as_deref() && reference != main.as_deref() { MediaKind::Thumb } else { own }
        })
        .collect()
}

/// Where a file named in a message stands. A relative name stays below the folder: part of it may come from a user.
fn located(folder: &Path, written: &str) -> Result<PathBuf, &'static str> {
    let path = Path::new(written.strip_prefix("//").unwrap_or(written));
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    if path.components().any(|part| matches!(part, Component::ParentDir | Component::Prefix(_))) {
        return Err("a relative name must not contain `..`; write the whole path");
    }
    Ok(folder.join(path))
}

fn name_of(path: &str) -> String {
    path.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or("media").to_owned()
}

fn without_query(address: &str) -> String {
    address.split(['?', '#']).next().unwrap_or(address).to_owned()
}

/// 128 bits of FNV-1a: tells contents of one's own files apart, and stays the same from release to release.
fn digest(bytes: &[u8]) -> String {
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for byte in bytes {
        hash ^= u128::from(*byte);
        hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    format!("{hash:032x}-{}", bytes.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_relative_name_cannot_leave_the_folder() {
        let folder = Path::new("/srv/bot");
        assert_eq!(located(folder, "logo.png"), Ok("/srv/bot/logo.png".into()));
        assert_eq!(located(folder, "/media/logo.png"), Ok("/media/logo.png".into()));
        assert!(located(folder, "../../etc/passwd").is_err());
        assert!(located(folder, "a/../../b").is_err());
    }

    #[test]
    fn every_reference_has_its_kind() {
        let video = json!({"video": {"media_id": "file:a.mp4", "thumb_media_id": "file:a.jpg"}});
        let mut video = Message::from_json(&video).unwrap();
        let mut kinds = kinds(&mut video);
        kinds.sort_by_key(|kind| word(*kind));
        assert_eq!(kinds, [MediaKind::Thumb, MediaKind::Video]);
    }

    #[test]
    fn the_digest_is_the_published_one() {
        assert_eq!(digest(b""), "6c62272e07bb014262b821756295c58d-0");
        assert_eq!(digest(b"foobar"), "343e1662793c64bf6f0d3597ba446f18-6");
    }
}
