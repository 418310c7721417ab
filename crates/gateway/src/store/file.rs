//! The file of a SQLite store: made for its owner only, and used by one gateway at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::StoreError;
use crate::db::sqlite_file;

/// The gateway's claim on its SQLite file, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Claim {
    _lock: Option<File>,
}

/// Makes the file of a SQLite database when it is missing, readable by its owner only: it will hold access tokens.
pub(super) fn prepare(url: &str) -> Result<(), StoreError> {
    let Some(file) = sqlite_file(url) else { return Ok(()) };
    // Opened for writing too, so that a file we may not write is found now, with its name.
    private(&file).map(drop).map_err(|error| StoreError::File { file, reason: error.to_string() })
}

/// Claims the database for this process; every database but SQLite takes several.
pub(crate) fn claim(url: &str) -> Result<Claim, StoreError> {
    let Some(file) = sqlite_file(url) else { return Ok(Claim { _lock: None }) };
    // Another name of the same file leads to the same lock.
    let real = std::fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
    let lock = private(&beside(&real))
        .map_err(|error| StoreError::File { file: file.clone(), reason: error.to_string() })?;
    match lock.try_lock() {
        Ok(()) => Ok(Claim { _lock: Some(lock) }),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { file }),
        Err(TryLockError::Error(error)) => {
            tracing::warn!(
                file = %file.display(),
                %error,
                "this file system has no locks: make sure that only one gateway uses the database"
            );
            Ok(Claim { _lock: None })
        }
    }
}

/// `FILE.lock` next to the file.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn private(file: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

#[cfg(test)]
mod tests {
    use hongyan_wire::Lang;

    use super::*;
    use crate::store::Store;

    #[test]
    fn a_file_is_claimed_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("a.db").display());
        let first = claim(&url).unwrap();
        let error = claim(&url).unwrap_err();
        assert!(
            error.to_string().contains("a.db") && error.to_string().contains("stop the other"),
            "{error}"
        );
        assert!(error.text(Lang::Zh).contains("a.db") && error.text(Lang::Zh).contains("另一个网关"));
        drop(first);
        claim(&url).unwrap();
    }

    #[test]
    fn another_name_of_the_file_does_not_get_round_the_claim() {
        let folder = tempfile::tempdir().unwrap();
        let url = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
        prepare(&url("a.db")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("a.db"), folder.path().join("b.db")).unwrap();
        #[cfg(not(unix))]
        std::fs::hard_link(folder.path().join("a.db"), folder.path().join("b.db")).unwrap();
        let _first = claim(&url("a.db")).unwrap();
        assert!(cfg!(not(unix)) || claim(&url("b.db")).is_err());
    }

    #[test]
    fn other_databases_take_several() {
        let url = "mysql://me@db.example/hongyan";
        let _first = claim(url).unwrap();
        claim(url).unwrap();
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn every_file_of_the_store_is_its_owners_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("a.db").display());
        let _claim = claim(&url).unwrap();
        let _store = Store::open(&url).await.unwrap();
        let mut count = 0;
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", entry.path().display());
            count += 1;
        }
        assert!(count >= 3, "the database, its journal and the lock: {count}");
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_opened_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("missing/a.db").display());
        let error = Store::open(&url).await.unwrap_err();
        let (english, chinese) = (error.to_string(), error.text(Lang::Zh));
        for text in [&english, &chinese] {
            assert!(text.contains("missing/a.db"), "{text}");
        }
        assert!(english.contains("make the folder") && chinese.contains("请先建好"), "{english} {chinese}");
    }
}
