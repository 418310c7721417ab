//! What goes wrong with a database, in words that never hold its password.

use std::path::PathBuf;

use hongyan_wire::Lang;

/// Why a database did not do what it was asked. Never shows the address's password.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The address is not one we can use.
    #[error(
        "the database address {address:?} is not usable: {reason}; write sqlite://FILE or mysql://USER:PASSWORD@HOST/DATABASE"
    )]
    Address {
        /// The address without its password.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file of a database that rules ask is not there.
    #[error("there is no file {}; write its path, or make the database first", .file.display())]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// The database cannot be reached, or every connection is busy.
    #[error("the database is away: {0}")]
    Away(String),
    /// The database answered with an error.
    #[error("the database refused: {0}")]
    Refused(#[source] sqlx::Error),
}

impl DbError {
    pub(super) fn from_sqlx(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_) => Self::Away(error.to_string()),
            other => Self::Refused(other),
        }
    }

    /// The same in the reader's language.
    pub fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Address { address, reason } => format!(
                "数据库地址 {address:?} 无法使用：{reason}；请写 sqlite://文件 或 mysql://用户:密码@主机/数据库"
            ),
            Self::Missing { file } => {
                format!("文件 {} 不存在；请改正路径，或先建好数据库", file.display())
            }
            Self::Away(why) => format!("连不上数据库：{why}"),
            Self::Refused(error) => format!("数据库拒绝了请求：{error}"),
        }
    }

    /// Whether the database could not be reached at all, as opposed to having said no.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away(_))
    }

    /// Whether a row with the same unique key exists already.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Refused(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}
