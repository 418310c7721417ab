//! A SQL database as the gateway uses it: `?` placeholders, rows as JSON, SQLite or MySQL behind one door.
//!
//! Rules ask databases whose columns nobody knows in advance, and the gateway's own store keeps to the SQL that both
//! dialects share. So one small layer serves both: a statement and its bound values go in, rows come out as JSON
//! objects in column order. Values are always bound, never put into the text.

mod column;
mod url;
mod away;
mod error;

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};
use sqlx::mysql::{MySqlArguments, MySqlPool, MySqlPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Connection, MySql, Sqlite};

use away::Gate;
pub use error::DbError;
use url::Options;
pub(crate) use url::sqlite_file;

/// A row: column name to value, in column order.
pub type Row = Map<String, Value>;

/// How long a statement waits for a free connection.
const ACQUIRE: Duration = Duration::from_secs(3);

/// Which SQL a database speaks, where the two differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, one file.
    Sqlite,
    /// MySQL 8 or MariaDB.
    MySql,
}

/// A value bound to a placeholder.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// SQL's NULL.
    Null,
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text, UTF-8.
    Text(String),
    /// Raw bytes.
    Bytes(Vec<u8>),
}

impl From<i64> for Param {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Param {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Param {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Param {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<u8>> for Param {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[derive(Debug, Clone)]
enum Pool {
    Sqlite(SqlitePool),
    MySql(MySqlPool),
}

/// How often, and after what pause, a SQLite file is tried again that another process is opening too.
const BUSY_TRIES: u32 = 50;
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// A pool of connections to one database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    options: Options,
    /// Before servers: while one is away its callers, a platform among them, cannot wait.
    gate: Option<Gate>,
}

impl Db {
    /// Opens a database with at most `max` connections and makes sure that it answers.
    pub async fn connect(address: &str, max: u32) -> Result<Self, DbError> {
        let options = url::parse(address)?;
        let gate = matches!(options, Options::MySql(_)).then(|| Gate::new(ACQUIRE));
        let db = Self::open(options, max, gate);
        let mut tries = 0;
        while let Err(error) = db.query("SELECT 1", &[]).await {
            // SQLite's way to its log file takes the file for itself and waits for nobody else who is on the same way.
            let busy = matches!(db.pool, Pool::Sqlite(_)) && error.to_string().contains("database is locked");
            if !busy || tries == BUSY_TRIES {
                return Err(error);
            }
            tries += 1;
            tokio::time::sleep(BUSY_PAUSE).await;
        }
        Ok(db)
    }

    /// Opens a database that others keep, without touching it: one that is away must not stop the start. A SQLite
    /// file that is missing is refused, for it is most likely misspelt.
    pub fn connect_lazy(address: &str) -> Result<Self, DbError> {
        if let Some(file) = sqlite_file(address)
            && !file.exists()
        {
            return Err(DbError::Missing { file });
        }
        let options = match url::parse(address)? {
            Options::Sqlite(options) => Options::Sqlite(options.create_if_missing(false)),
            Options::MySql(options) => Options::MySql(options),
        };
        Ok(Self::open(options, 4, Some(Gate::new(away::PROBE))))
    }

    fn open(options: Options, max: u32, gate: Option<Gate>) -> Self {
        let pool = match options.clone() {
            Options::Sqlite(options) => Pool::Sqlite(
                SqlitePoolOptions::new()
                    .max_connections(max)
                    .acquire_timeout(ACQUIRE)
                    .connect_lazy_with(options),
            ),
            Options::MySql(options) => Pool::MySql(
                MySqlPoolOptions::new()
                    .max_connections(max)
                    .acquire_timeout(ACQUIRE)
                    .connect_lazy_with(options),
            ),
        };
        Self { pool, options, gate }
    }

    /// The error with the reason that the pool keeps to itself.
    async fn explained(&self, error: sqlx::Error) -> DbError {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            let busy = || "every connection is busy".to_owned();
            return DbError::Away(away::reason(&self.options, away::PROBE).await.unwrap_or_else(busy));
        }
        DbError::from_sqlx(error)
    }

    /// A connection from the pool, past the gate where there is one.
    async fn connection<D: sqlx::Database>(
        &self,
        pool: &sqlx::Pool<D>,
    ) -> Result<PoolConnection<D>, DbError> {
        let acquired = async {
            match pool.acquire().await {
                Ok(connection) => Ok(connection),
                Err(error) => Err(self.explained(error).await),
            }
        };
        match &self.gate {
            Some(gate) => gate.watch(&self.options, acquired).await,
            None => acquired.await,
        }
    }

    /// Which SQL this database speaks.
    pub fn dialect(&self) -> Dialect {
        match self.pool {
            Pool::Sqlite(_) => Dialect::Sqlite,
            Pool::MySql(_) => Dialect::MySql,
        }
    }

    /// Runs a statement and says how many rows it changed.
    pub async fn execute(&self, sql: &str, params: &[Param]) -> Result<u64, DbError> {
        match &self.pool {
            Pool::Sqlite(pool) => {
                let mut connection = self.connection(pool).await?;
                bind_sqlite(sql, params).execute(&mut *connection).await.map(|done| done.rows_affected())
            }
            Pool::MySql(pool) => {
                let mut connection = self.connection(pool).await?;
                bind_mysql(sql, params).execute(&mut *connection).await.map(|done| done.rows_affected())
            }
        }
        .map_err(DbError::from_sqlx)
    }

    /// Runs a query and gives every row.
    pub async fn query(&self, sql: &str, params: &[Param]) -> Result<Vec<Row>, DbError> {
        match &self.pool {
            Pool::Sqlite(pool) => {
                let mut connection = self.connection(pool).await?;
                let rows = bind_sqlite(sql, params).fetch_all(&mut *connection).await;
                rows.and_then(|rows| rows.iter().map(column::sqlite_row).collect())
            }
            Pool::MySql(pool) => {
                let mut connection = self.connection(pool).await?;
                let rows = bind_mysql(sql, params).fetch_all(&mut *connection).await;
                rows.and_then(|rows| rows.iter().map(column::mysql_row).collect())
            }
        }
        .map_err(DbError::from_sqlx)
    }

    /// Runs statements in one transaction, all or none, and says how many rows each changed.
    pub async fn batch(&self, statements: Vec<(String, Vec<Param>)>) -> Result<Vec<u64>, DbError> {
        match &self.pool {
            Pool::Sqlite(pool) => {
                // IMMEDIATE takes the write lock at once: a read that turns into a write cannot be refused half-way.
                let mut connection = self.connection(pool).await?;
                let begun = connection.begin_with("BEGIN IMMEDIATE").await;
                let mut transaction = begun.map_err(DbError::from_sqlx)?;
                let mut changed = Vec::with_capacity(statements.len());
                for (sql, params) in &statements {
                    let done = bind_sqlite(sql, params).execute(&mut *transaction).await;
                    changed.push(done.map_err(DbError::from_sqlx)?.rows_affected());
                }
                transaction.commit().await.map_err(DbError::from_sqlx)?;
                Ok(changed)
            }
            Pool::MySql(pool) => {
                let mut connection = self.connection(pool).await?;
                let mut transaction = connection.begin().await.map_err(DbError::from_sqlx)?;
                let mut changed = Vec::with_capacity(statements.len());
                for (sql, params) in &statements {
                    let done = bind_mysql(sql, params).execute(&mut *transaction).await;
                    changed.push(done.map_err(DbError::from_sqlx)?.rows_affected());
                }
                transaction.commit().await.map_err(DbError::from_sqlx)?;
                Ok(changed)
            }
        }
    }

    /// Closes every connection after what runs on it has ended.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::MySql(pool) => pool.close().await,
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options hold the password.
        f.debug_struct("Db").field("pool", &self.pool).finish_non_exhaustive()
    }
}

fn bind_sqlite<'q>(sql: &str, params: &[Param]) -> Query<'q, Sqlite, SqliteArguments> {
    let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    for param in params {
        query = match param {
            Param::Null => query.bind(None::<String>),
            Param::Int(value) => query.bind(*value),
            Param::Float(value) => query.bind(*value),
            Param::Text(value) => query.bind(value.clone()),
            Param::Bytes(value) => query.bind(value.clone()),
        };
    }
    query
}

fn bind_mysql<'q>(sql: &str, params: &[Param]) -> Query<'q, MySql, MySqlArguments> {
    let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    for param in params {
        query = match param {
            Param::Null => query.bind(None::<String>),
            Param::Int(value) => query.bind(*value),
            Param::Float(value) => query.bind(*value),
            Param::Text(value) => query.bind(value.clone()),
            Param::Bytes(value) => query.bind(value.clone()),
        };
    }
    query
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use hongyan_wire::Lang;

    use super::*;

    async fn scratch() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite://{}", folder.path().join("a.db").display());
        let db = Db::connect(&address, 2).await.unwrap();
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, size REAL, raw BLOB)", &[])
            .await
            .unwrap();
        (folder, db)
    }

    #[tokio::test]
    async fn values_come_back_as_they_were_bound() {
        let (_folder, db) = scratch().await;
        let row = [Param::Int(7), Param::from("鸿雁"), Param::Float(1.5), Param::Bytes(vec![0xff, 0])];
        assert_eq!(db.execute("INSERT INTO t VALUES (?, ?, ?, ?)", &row).await.unwrap(), 1);
        let rows =
            db.query("SELECT id, name, size, raw, NULL AS missing, count(*) AS n FROM t", &[]).await.unwrap();
        let json = serde_json::to_string(&rows).unwrap();
        assert_eq!(json, r#"[{"id":7,"name":"鸿雁","size":1.5,"raw":"/wA=","missing":null,"n":1}]"#);
    }

    #[tokio::test]
    async fn a_database_that_is_away_says_why_and_then_costs_no_time() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let db = Db::connect_lazy(&format!("mysql://me:s3cret@{closed}/songs")).unwrap();
        let began = Instant::now();
        let error = db.query("SELECT 1", &[]).await.unwrap_err();
        assert!(error.is_away() && error.to_string().contains("refused"), "{error}");
        assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
        let began = Instant::now();
        let error = db.query("SELECT 1", &[]).await.unwrap_err();
        assert!(error.to_string().contains("refused") && !error.to_string().contains("s3cret"), "{error}");
        assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn the_own_database_that_is_away_says_why_too() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = Db::connect(&format!("mysql://me@{closed}/hongyan"), 2).await.unwrap_err();
        assert!(error.is_away() && error.to_string().contains("refused"), "{error}");
        assert!(error.text(Lang::Zh).starts_with("连不上数据库"), "{}", error.text(Lang::Zh));
    }

    #[test]
    fn a_misspelt_file_of_others_is_refused_and_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sogns.db");
        let error = Db::connect_lazy(&format!("sqlite://{}", file.display())).unwrap_err();
        assert!(matches!(&error, DbError::Missing { file: named } if *named == file), "{error}");
        assert!(!file.exists());
    }

    #[tokio::test]
    async fn a_batch_is_all_or_nothing() {
        let (_folder, db) = scratch().await;
        let insert = |id: i64| ("INSERT INTO t (id) VALUES (?)".to_owned(), vec![Param::Int(id)]);
        let error = db.batch(vec![insert(1), insert(2), insert(1)]).await.unwrap_err();
        assert!(error.is_duplicate());
        assert!(db.query("SELECT id FROM t", &[]).await.unwrap().is_empty());
    }
}
