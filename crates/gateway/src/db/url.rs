//! The address of a database, read into the options of its driver.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::DbError;

/// What a driver needs to connect.
#[derive(Clone)]
pub(super) enum Options {
    Sqlite(SqliteConnectOptions),
    MySql(MySqlConnectOptions),
}

/// The file of a `sqlite://` address; none for another database, or for one in memory.
pub(crate) fn sqlite_file(address: &str) -> Option<PathBuf> {
    if !address.starts_with("sqlite:") || address.contains(":memory:") || address.contains("mode=memory") {
        return None;
    }
    SqliteConnectOptions::from_str(address).ok().map(|options| options.get_filename().to_path_buf())
}

/// Reads `sqlite://FILE` (made when it is missing) or `mysql://USER:PASSWORD@HOST/DATABASE`.
pub(super) fn parse(address: &str) -> Result<Options, DbError> {
    let wrong = |reason: String| DbError::Address { address: without_password(address), reason };
    if address.starts_with("sqlite:") {
        let options = SqliteConnectOptions::from_str(address).map_err(|error| wrong(error.to_string()))?;
        return Ok(Options::Sqlite(
            options
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(5)),
        ));
    }
    if address.starts_with("mysql:") || address.starts_with("mariadb:") {
        let options = MySqlConnectOptions::from_str(address).map_err(|error| wrong(error.to_string()))?;
        return Ok(Options::MySql(options.charset("utf8mb4")));
    }
    Err(wrong("it begins with neither sqlite:// nor mysql://".to_owned()))
}

/// The address with its password left out, for messages.
fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split_once(':').map_or(user, |(name, _)| name);
            format!("{scheme}://{user}:***@{host}")
        }
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_address_says_what_to_write_and_hides_the_password() {
        let Err(error) = parse("postgres://me:s3cret@host/db") else { panic!("accepted") };
        let text = error.to_string();
        assert!(text.contains("mysql://USER:PASSWORD@HOST/DATABASE"), "{text}");
        assert!(text.contains("postgres://me:***@host/db") && !text.contains("s3cret"), "{text}");
    }
}
