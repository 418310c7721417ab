//! What must outlast the process: tokens, the outbox, kept replies, who wrote lately, uploaded media.
//!
//! One SQL database, SQLite or MySQL-compatible. Reads go to the pool; writes go through one task that commits them in
//! groups (`writer`).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use hongyan_wire::{Lang, OsRandom, Random};

use crate::db::{Db, DbError, Dialect, Param, Row, sqlite_file};

pub(crate) mod row;
pub(crate) mod schema;
pub(crate) mod migrate;
pub(crate) mod writer;
pub(crate) mod file;

pub(crate) use writer::Statement;
use writer::Writer;

/// How many connections the gateway's own database gets.
const CONNECTIONS: u32 = 8;

/// The gateway's database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    db: Db,
    writer: Writer,
    node: Arc<str>,
}

impl Store {
    /// Opens the database at `url`, and makes or updates its tables.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        file::prepare(url)?;
        let db = Db::connect(url, CONNECTIONS).await.map_err(|source| match sqlite_file(url) {
            Some(file) => StoreError::File { file, reason: source.to_string() },
            None => StoreError::Connect(Arc::new(source)),
        })?;
        Self::on(db).await
    }

    /// The same on a database that is open already.
    pub async fn on(db: Db) -> Result<Self, StoreError> {
        let node: Arc<str> = OsRandom.hex(8).into();
        migrate::migrate(&db, &node).await?;
        Ok(Self { writer: Writer::start(db.clone()), db, node })
    }

    /// The name of this process in leases; another one at every start.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.db.dialect()
    }

    /// The database itself.
    pub fn db(&self) -> &Db {
        &self.db
    }

    pub(crate) async fn query(&self, sql: &str, params: &[Param]) -> Result<Vec<Row>, StoreError> {
        Ok(self.db.query(sql, params).await?)
    }

    /// Writes all of it or nothing; answers the rows each statement touched, once they are on disk.
    pub(crate) async fn write(&self, statements: Vec<Statement>) -> Result<Vec<u64>, StoreError> {
        self.writer.write(statements).await
    }

    /// The same, but refuses at once when too much is waiting.
    pub(crate) async fn write_if_room(&self, statements: Vec<Statement>) -> Result<Vec<u64>, StoreError> {
        self.writer.write_if_room(statements).await
    }

    /// One statement; the rows it touched.
    pub(crate) async fn write_one(&self, sql: &str, params: Vec<Param>) -> Result<u64, StoreError> {
        Ok(self.write(vec![(sql.to_owned(), params)]).await?.first().copied().unwrap_or(0))
    }

    /// `INSERT` that leaves a row alone which is there already, in this database's words.
    pub(crate) fn insert_if_missing(&self) -> &'static str {
        ignore(&self.db)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("dialect", &self.db.dialect())
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

fn ignore(db: &Db) -> &'static str {
    match db.dialect() {
        Dialect::Sqlite => "INSERT OR IGNORE",
        Dialect::MySql => "INSERT IGNORE",
    }
}

/// What can go wrong with the gateway's own database.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database cannot be opened.
    #[error(
        "the database in `data` cannot be opened: {0}; start it, or put its address in the configuration right"
    )]
    Connect(#[source] Arc<DbError>),
    /// The SQLite file cannot be opened or written.
    #[error(
        "the file {} in `data` cannot be used: {reason}; make the folder, give this user the right to write there, \
         or write another path", .file.display()
    )]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Another gateway uses the SQLite file.
    #[error(
        "another gateway uses the file {} in `data`, and a SQLite file takes only one: stop the other one, give this \
         one a `data` of its own, or use mysql:// for several gateways", .file.display()
    )]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// A newer program has written this database.
    #[error(
        "the database has schema version {found}, this program knows {known}: run the newer hongyan, or restore the \
         backup from before the upgrade"
    )]
    Newer {
        /// The version the database is at.
        found: i64,
        /// The version this program knows.
        known: i64,
    },
    /// Another process is changing the tables and does not finish.
    #[error("another process ({holder}) is updating the database's tables; try again when it has finished")]
    Locked {
        /// That process's name for itself.
        holder: String,
    },
    /// A statement failed.
    #[error("{0}")]
    Db(#[source] Arc<DbError>),
    /// Too many writes are waiting.
    #[error("the database cannot keep up: too many writes are waiting")]
    Full,
    /// The gateway is stopping.
    #[error("the gateway is stopping")]
    Stopped,
}

impl StoreError {
    /// The same in the reader's language.
    pub fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Connect(source) => {
                format!("打不开 `data` 中的数据库：{}；请启动它，或改正配置中的地址", source.text(lang))
            }
            Self::File { file, reason } => format!(
                "`data` 中的文件 {} 无法使用：{reason}；请先建好文件夹、给当前用户写权限，或换一个路径",
                file.display()
            ),
            Self::InUse { file } => format!(
                "另一个网关正在使用 `data` 中的文件 {}，而一个 SQLite 文件只能由一个网关使用：请停止另一个网关、\
                 给此网关另一个 `data`，或改用 mysql://（可供多个网关使用）",
                file.display()
            ),
            Self::Newer { found, known } => format!(
                "数据库的结构版本是 {found}，本程序只认识 {known}：请运行更新的 hongyan，或恢复升级前的备份"
            ),
            Self::Locked { holder } => format!("另一个进程（{holder}）正在更新数据库的表；等它完成后再试"),
            Self::Db(source) => format!("数据库出错：{}", source.text(lang)),
            Self::Full => "数据库跟不上：等待写入的内容太多".to_owned(),
            Self::Stopped => "网关正在停止".to_owned(),
        }
    }
}

impl From<DbError> for StoreError {
    fn from(source: DbError) -> Self {
        Self::Db(Arc::new(source))
    }
}
