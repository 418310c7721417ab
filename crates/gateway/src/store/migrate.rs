//! Brings a database to this program's schema, one process at a time.
//!
//! The lock is a row with an owner and a lease, taken by one conditional `UPDATE`, so that it works the same way on
//! both databases and a process that died holding it blocks nobody for long. Every statement is repeatable, because
//! MySQL commits each one by itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::row::{integer, text};
use super::schema::{Added, Column, STEPS};
use super::{StoreError, ignore};
use crate::db::{Db, Dialect};

/// How long a process may hold the lock.
const LEASE: Duration = Duration::from_mins(1);
/// How long we wait for another process that holds it.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long to wait between two attempts at the lock.
const PAUSE: Duration = Duration::from_millis(200);

/// The schema version this program knows.
pub(crate) const KNOWN: i64 = STEPS.len() as i64;

/// Makes or updates the tables; refuses a database that a newer program has written.
pub(crate) async fn migrate(db: &Db, owner: &str) -> Result<(), StoreError> {
    db.execute(
        "CREATE TABLE IF NOT EXISTS hongyan_schema (name VARCHAR(32) NOT NULL, version BIGINT NOT NULL, \
         owner VARCHAR(64) NOT NULL, lease_until BIGINT NOT NULL, PRIMARY KEY (name))",
        &[],
    )
    .await?;
    let first = format!(
        "{} INTO hongyan_schema (name, version, owner, lease_until) VALUES ('schema', 0, '', 0)",
        ignore(db)
    );
    db.execute(&first, &[]).await?;
    if version(db).await? == KNOWN {
        return Ok(());
    }
    lock(db, owner).await?;
    let done = steps(db).await;
    let unlocked = db
        .execute(
            "UPDATE hongyan_schema SET owner = '', lease_until = 0 WHERE name = 'schema' AND owner = ?",
            &[owner.into()],
        )
        .await;
    done?;
    unlocked?;
    Ok(())
}

async fn steps(db: &Db) -> Result<(), StoreError> {
    let mut at = version(db).await?;
    for step in STEPS.iter().skip(usize::try_from(at).unwrap_or(usize::MAX)) {
        for table in step.tables {
            for statement in table.statements(db.dialect()) {
                db.execute(&statement, &[]).await?;
            }
        }
        for column in step.changes {
            if !has(db, column).await? {
                db.execute(&column.statement(), &[]).await?;
            }
        }
        for added in step.indexes {
            if !has_index(db, added).await? {
                db.execute(&added.statement(), &[]).await?;
            }
        }
        at += 1;
        db.execute("UPDATE hongyan_schema SET version = ? WHERE name = 'schema'", &[at.into()]).await?;
    }
    Ok(())
}

/// Whether an interrupted run of the same step has added the column already.
async fn has(db: &Db, column: &Column) -> Result<bool, StoreError> {
    let sql = match db.dialect() {
        Dialect::Sqlite => "SELECT name FROM pragma_table_info(?) WHERE name = ?",
        Dialect::MySql => {
            "SELECT column_name FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?"
        }
    };
    Ok(!db.query(sql, &[column.table.into(), column.name.into()]).await?.is_empty())
}

/// Whether an interrupted run of the same step has made the index already.
async fn has_index(db: &Db, added: &Added) -> Result<bool, StoreError> {
    let sql = match db.dialect() {
        Dialect::Sqlite => "SELECT name FROM pragma_index_list(?) WHERE name = ?",
        Dialect::MySql => {
            "SELECT index_name FROM information_schema.statistics \
             WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ?"
        }
    };
    Ok(!db.query(sql, &[added.table.into(), added.index.name.into()]).await?.is_empty())
}

/// The version the database is at.
async fn version(db: &Db) -> Result<i64, StoreError> {
    let rows = db.query("SELECT version FROM hongyan_schema WHERE name = 'schema'", &[]).await?;
    let found = rows.first().map_or(0, |row| integer(row, "version"));
    if found > KNOWN { Err(StoreError::Newer { found, known: KNOWN }) } else { Ok(found) }
}

async fn lock(db: &Db, owner: &str) -> Result<(), StoreError> {
    let start = std::time::Instant::now();
    loop {
        let now = wall();
        let taken = db
            .execute(
                "UPDATE hongyan_schema SET owner = ?, lease_until = ? WHERE name = 'schema' AND lease_until <= ?",
                &[owner.into(), (now + LEASE.as_millis() as i64).into(), now.into()],
            )
            .await?;
        if taken == 1 {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            let rows = db.query("SELECT owner FROM hongyan_schema WHERE name = 'schema'", &[]).await?;
            let holder = rows.first().map_or("", |row| text(row, "owner")).to_owned();
            return Err(StoreError::Locked { holder });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Real time: processes with different clocks of their own (a demo's, a test's) meet at this lock.
fn wall() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
