//! The databases that the tests of the store run on: a SQLite file, and a MariaDB with a database of its own.

use hongyan_gateway::{Db, Store};
use hongyan_wire::{OsRandom, Random};
use tempfile::TempDir;

/// A store on a file in a scratch folder.
pub(crate) async fn sqlite() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&file(&folder)).await.unwrap();
    (folder, store)
}

/// The address of the file in a scratch folder.
pub(crate) fn file(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("hongyan.db").display())
}

/// The address of a fresh database on the test's MariaDB.
pub(crate) async fn mysql() -> String {
    let server = std::env::var("HONGYAN_TEST_MYSQL").expect("HONGYAN_TEST_MYSQL is the address of a MariaDB");
    let server = server.trim_end_matches('/');
    let name = format!("hongyan_gateway_{}", OsRandom.hex(6));
    let db = Db::connect(&format!("{server}/mysql"), 1).await.unwrap();
    db.execute(&format!("CREATE DATABASE {name}"), &[]).await.unwrap();
    format!("{server}/{name}")
}
