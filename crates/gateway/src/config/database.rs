//! Addresses of databases: checked, made absolute, and printable without their password.

use std::path::Path;

use super::reader::Item;
use super::secrets::Lookup;
use super::{ConfigError, Words};

/// Reads a database address; a relative SQLite file is taken from the configuration's folder.
pub(crate) fn database(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<String, ConfigError> {
    let url = lookup.resolve(item)?;
    if let Some(file) = url.strip_prefix("sqlite:") {
        let file = file.strip_prefix("//").unwrap_or(file);
        if !file.is_empty() {
            return Ok(sqlite(file, lookup.folder));
        }
    } else if (url.starts_with("mysql://") || url.starts_with("mariadb://")) && url::Url::parse(&url).is_ok()
    {
        return Ok(url);
    }
    let key = &item.key;
    Err(ConfigError::at(
        item.key_place().without_value(),
        Words::new(
            format!("`{key}` is not the address of a database we can use"),
            format!("`{key}` 不是可用的数据库地址"),
        ),
    )
    .hint(Words::new(
        "write \"sqlite://FILE\" or \"mysql://USER:PASSWORD@HOST/DATABASE\"",
        "请写 \"sqlite://文件\" 或 \"mysql://用户:密码@主机/数据库\"",
    )))
}

fn sqlite(file: &str, folder: &Path) -> String {
    let (path, options) = match file.split_once('?') {
        Some((path, options)) => (path, Some(options)),
        None => (file, None),
    };
    let path = match path {
        ":memory:" => path.to_owned(),
        path => folder.join(path).display().to_string(),
    };
    match options {
        Some(options) => format!("sqlite://{path}?{options}"),
        None => format!("sqlite://{path}"),
    }
}

/// The address without user, password and options.
pub(crate) fn printable(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let rest = rest.split('?').next().unwrap_or_default();
            let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            format!("{scheme}://{rest}")
        }
        None => "[redacted]".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_sqlite_files_stand_beside_the_configuration() {
        let folder = Path::new("/etc/hongyan");
        assert_eq!(sqlite("songs.db", folder), "sqlite:///etc/hongyan/songs.db");
        assert_eq!(sqlite("/var/songs.db?mode=ro", folder), "sqlite:///var/songs.db?mode=ro");
        assert_eq!(sqlite(":memory:", folder), "sqlite://:memory:");
    }

    #[test]
    fn a_printed_address_has_no_password() {
        assert_eq!(printable("mysql://root:p@ss@db.example/songs?ssl-mode=x"), "mysql://db.example/songs");
        assert_eq!(printable("sqlite:///a/b.db"), "sqlite:///a/b.db");
        assert_eq!(printable("hunter2"), "[redacted]");
    }
}
