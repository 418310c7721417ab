//! The tables: made once, by one process, and never touched by an older program.

use hongyan_gateway::{Db, Store, StoreError};

use crate::stores::{file, mysql};

async fn a_newer_schema_is_refused(url: &str) {
    let store = Store::open(url).await.unwrap();
    store.db().execute("UPDATE hongyan_schema SET version = version + 1", &[]).await.unwrap();
    store.db().close().await;
    let Err(error) = Store::open(url).await else { panic!("an older program opened a newer database") };
    assert!(matches!(error, StoreError::Newer { found: 3, known: 2 }));
    assert!(error.to_string().contains("run the newer hongyan"), "{error}");
}

async fn several_starts_at_once_make_the_tables_once(url: &str) {
    let opened = (0..5).map(|_| {
        let url = url.to_owned();
        tokio::spawn(async move { Store::open(&url).await })
    });
    for store in opened.collect::<Vec<_>>() {
        store.await.unwrap().unwrap();
    }
    let db = Db::connect(url, 1).await.unwrap();
    let rows = db.query("SELECT version, owner, lease_until FROM hongyan_schema", &[]).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0]["version"].as_i64(), rows[0]["lease_until"].as_i64()), (Some(2), Some(0)));
    assert_eq!(db.query("SELECT id FROM outbox", &[]).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_newer_schema_is_refused_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    a_newer_schema_is_refused(&file(&folder)).await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_newer_schema_is_refused_on_mariadb() {
    a_newer_schema_is_refused(&mysql().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_starts_at_once_make_the_tables_once_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    several_starts_at_once_make_the_tables_once(&file(&folder)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn several_starts_at_once_make_the_tables_once_on_mariadb() {
    several_starts_at_once_make_the_tables_once(&mysql().await).await;
}
