//! Tokens in a file that the programs of one user share.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hongyan_wire::{AppId, Secret, Timestamp};
use serde::{Deserialize, Serialize};

use super::row::Row;
use super::{StoreError, StoredToken, TokenStore};

/// Keeps tokens in one JSON file of mode 0600, replaced as a whole, so that a reader never sees half of one.
///
/// A lock file beside it, with `.lock` at the end of its name, keeps two programs from writing at once.
#[derive(Debug, Clone)]
pub struct FileTokens {
    path: Arc<Path>,
}

impl FileTokens {
    /// A store in this file, which need not exist yet; nor need its folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into().into() }
    }

    fn with<T: Send + 'static>(
        &self,
        app: &AppId,
        act: impl FnOnce(&mut Row) -> T + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let (path, app) = (self.path.clone(), app.clone());
        Box::pin(async move {
            let done = tokio::task::spawn_blocking({
                let path = path.clone();
                move || change(&path, &app, act)
            });
            let done = done.await.map_err(StoreError::new)?;
            done.map_err(|error| StoreError::new(format_args!("{}: {error}", path.display())))
        })
    }
}

impl TokenStore for FileTokens {
    fn load(&self, app: &AppId) -> BoxFuture<'_, Result<Option<StoredToken>, StoreError>> {
        self.with(app, |row| row.token.clone())
    }

    fn lease(
        &self,
        app: &AppId,
        now: Timestamp,
        for_: Duration,
    ) -> BoxFuture<'_, Result<Option<u64>, StoreError>> {
        self.with(app, move |row| row.lease(now, for_))
    }

    fn save(&self, app: &AppId, fence: u64, token: StoredToken) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.with(app, move |row| row.save(fence, token))
    }

    fn release(&self, app: &AppId, fence: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with(app, move |row| row.release(fence))
    }
}

/// A row as the file holds it. `Secret` prints as nothing readable, here too, so the token stands as text.
#[derive(Serialize, Deserialize)]
struct Line {
    fence: u64,
    #[serde(default)]
    leased_until: Option<Timestamp>,
    #[serde(default)]
    token: Option<Kept>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    access_token: String,
    expires_at: Timestamp,
    fence: u64,
}

fn change<T>(path: &Path, app: &AppId, act: impl FnOnce(&mut Row) -> T) -> io::Result<T> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let lock = private().create(true).truncate(false).open(beside(path, ".lock"))?;
    // Held until the handle is closed at the end, also when something below fails.
    lock.lock()?;
    let mut lines = read(path)?;
    let before = lines.remove(app.as_str()).map(Row::from).unwrap_or_default();
    let mut row = before.clone();
    let done = act(&mut row);
    if row != before {
        lines.insert(app.as_str().to_owned(), Line::from(row));
        write(path, &lines)?;
    }
    Ok(done)
}

fn read(path: &Path) -> io::Result<BTreeMap<String, Line>> {
    match fs::read(path) {
        // A file that is not ours to read is worth no more than none: tokens can be fetched again.
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, lines: &BTreeMap<String, Line>) -> io::Result<()> {
    let next = beside(path, ".next");
    // A leftover from a crash may have another mode.
    match fs::remove_file(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file: File = private().create_new(true).open(&next)?;
    file.write_all(&serde_json::to_vec(lines)?)?;
    file.sync_all()?;
    fs::rename(&next, path)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

impl From<Line> for Row {
    fn from(line: Line) -> Self {
        let token = line.token.map(|kept| StoredToken {
            token: Secret::new(kept.access_token),
            expires_at: kept.expires_at,
            fence: kept.fence,
        });
        Self { fence: line.fence, leased_until: line.leased_until, token }
    }
}

impl From<Row> for Line {
    fn from(row: Row) -> Self {
        let token = row.token.map(|kept| Kept {
            access_token: kept.token.expose().to_owned(),
            expires_at: kept.expires_at,
            fence: kept.fence,
        });
        Self { fence: row.fence, leased_until: row.leased_until, token }
    }
}
