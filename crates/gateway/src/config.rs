//! The configuration: one TOML file, in which every mistake is shown where it stands.
//!
//! Unknown keys are refused, because a misspelt key that is ignored is found only when something does not happen.
//! Relative files, SQLite databases among them, start at the folder of the configuration file.

mod words;
mod place;
mod error;
mod reader;
mod secrets;
mod database;
mod keys;
mod forward;
mod assistant;
mod rule;
mod names;
mod menu;
mod token_from;
mod oauth;
mod account;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

pub use account::{AccountConfig, Late, OnUnknown};
pub use assistant::{AssistantConfig, ModerationConfig, PerDay};
pub use error::ConfigError;
pub use forward::{ForwardConfig, ForwardStyle, Sealing, SigningKey};
pub use keys::{ApiKey, KeyValue, Rate};
pub use oauth::{OauthConfig, OauthScope};
pub use place::Place;
pub use rule::{FetchConfig, FetchSource, HandOver, HttpConfig, MessageConfig, On, Pick, RuleConfig};
pub use token_from::TokenFrom;
pub use words::Words;

use place::Source;
use reader::{Item, Reader};
use secrets::Lookup;

/// Everything the file says.
#[derive(Clone)]
pub struct Config {
    /// Where the gateway listens.
    pub listen: SocketAddr,
    /// Where everything but the callback listens, when it is set.
    pub admin_listen: Option<SocketAddr>,
    /// The gateway's own database, a relative SQLite file made absolute.
    pub data: String,
    /// The Redis that several gateways share.
    pub redis: Option<String>,
    /// How long conversations are kept; none means that they are not.
    pub history: Option<Duration>,
    /// The databases that rules may ask, by name.
    pub databases: BTreeMap<String, String>,
    /// Who may use the API.
    pub api_keys: Vec<ApiKey>,
    /// The accounts by name.
    pub accounts: BTreeMap<String, AccountConfig>,
    /// The folder of the configuration file, where relative files start.
    pub folder: PathBuf,
    /// The configuration file, read again on a reload.
    pub file: PathBuf,
    /// Settings that have no effect, or not the one that was asked for; each is shown at start.
    pub warnings: Vec<Words>,
}

impl Config {
    /// Reads and checks a file, rules included.
    pub fn load(file: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let name = file.display();
            ConfigError::new(Words::new(
                format!("the configuration {name} cannot be read: {error}"),
                format!("无法读取配置文件 {name}：{error}"),
            ))
            .hint(Words::new("name the file with --config FILE", "请用 --config 文件 指定配置文件"))
        })?;
        Config::parse(&text, file)
    }

    /// Checks the text of a configuration; `origin` is where it came from.
    pub fn parse(text: &str, origin: &Path) -> Result<Config, ConfigError> {
        Config::parse_with(text, origin, &|name| std::env::var(name).ok())
    }

    /// The same with an environment of one's own.
    pub fn parse_with(
        text: &str,
        origin: &Path,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigError> {
        let source = Source { file: origin, text };
        let document = DeTable::parse(text).map_err(|error| {
            let what = Words::new(
                format!("this is not TOML: {}", error.message()),
                format!("不是有效的 TOML：{}", error.message()),
            );
            ConfigError::at(source.place(error.span().unwrap_or_default()), what)
        })?;
        let folder = folder(origin);
        let lookup = Lookup { folder: &folder, env };
        let mut config = read(&Reader::top(&source, &document), &lookup)?;
        config.file = std::path::absolute(origin).unwrap_or_else(|_| origin.to_path_buf());
        for account in config.accounts.values() {
            crate::rules::check(account, &config.databases)?;
        }
        Ok(config)
    }

    /// The account of a name, or the only one.
    pub fn account(&self, name: Option<&str>) -> Result<&AccountConfig, ConfigError> {
        let names = self.accounts.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        match name {
            Some(name) => self.accounts.get(name).ok_or_else(|| {
                ConfigError::new(Words::new(
                    format!("there is no account \"{name}\" in the configuration"),
                    format!("配置中没有账号 \"{name}\""),
                ))
                .hint(Words::new(format!("accounts: {names}"), format!("已有账号：{names}")))
            }),
            None => match self.accounts.values().next() {
                Some(only) if self.accounts.len() == 1 => Ok(only),
                _ => Err(ConfigError::new(Words::new(
                    "the configuration has several accounts",
                    "配置中有多个账号",
                ))
                .hint(Words::new(
                    format!("choose one with --account: {names}"),
                    format!("请用 --account 选择：{names}"),
                ))),
            },
        }
    }
}

/// The absolute folder in which a file stands.
fn folder(file: &Path) -> PathBuf {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    absolute.parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

const KEYS: [&str; 8] =
    ["listen", "admin_listen", "data", "redis", "history", "databases", "api_keys", "accounts"];

fn read(top: &Reader<'_>, lookup: &Lookup<'_>) -> Result<Config, ConfigError> {
    top.only(&KEYS)?;
    let listen = match top.get("listen") {
        Some(item) => socket(&item)?,
        None => SocketAddr::from(([127, 0, 0, 1], 8080)),
    };
    let data = match top.get("data") {
        Some(item) => database::database(&item, lookup)?,
        None => format!("sqlite://{}", lookup.folder.join("hongyan.db").display()),
    };
    let mut databases = BTreeMap::new();
    for item in top.get("databases").map(|item| item.table()).transpose()?.iter().flat_map(Reader::items) {
        databases.insert(item.key.clone(), database::database(&item, lookup)?);
    }
    let admin_listen = top.get("admin_listen").map(|item| socket(&item)).transpose()?;
    let redis = top.get("redis").map(|item| redis(&item, lookup)).transpose()?;
    let history = top.get("history").map(|item| history(&item)).transpose()?.flatten();
    let api_keys =
        top.get("api_keys").map(|item| keys::api_keys(&item, lookup)).transpose()?.unwrap_or_default();
    let accounts = accounts(top, lookup)?;
    let mut config = Config {
        listen,
        admin_listen,
        data,
        redis,
        history,
        databases,
        api_keys,
        accounts,
        folder: lookup.folder.to_path_buf(),
        file: PathBuf::new(),
        warnings: Vec::new(),
    };
    let stated = top.items();
    let known = |name: &String| config.accounts.contains_key(name);
    if let Some(bad) = config.api_keys.iter().flat_map(|key| &key.accounts).find(|name| !known(name)) {
        let place = stated.iter().find(|item| item.key == "api_keys").map(Item::key_place);
        let what = Words::new(
            format!("an API key is for the account \"{bad}\", which is not in the file"),
            format!("API 密钥指定的账号 \"{bad}\" 不在配置中"),
        );
        return Err(place
            .map_or_else(|| ConfigError::new(what.clone()), |place| ConfigError::at(place, what.clone())));
    }
    let rules = config.accounts.values().flat_map(|account| &account.rules);
    config.warnings.extend(rules.flat_map(names::unknown));
    Ok(config)
}

fn accounts(top: &Reader<'_>, lookup: &Lookup<'_>) -> Result<BTreeMap<String, AccountConfig>, ConfigError> {
    let items = top
        .get("accounts")
        .map(|item| item.table())
        .transpose()?
        .map(|table| table.items())
        .unwrap_or_default();
    if items.is_empty() {
        return Err(ConfigError::at(
            top.place(),
            Words::new("there is no account in the file", "配置中没有账号"),
        )
        .hint(Words::new(
            "add one: [accounts.main] with app_id, secret, token, mode and aes_key",
            "请添加一个：[accounts.main]，其中写 app_id、secret、token、mode 和 aes_key",
        )));
    }
    items.iter().map(|item| Ok((item.key.clone(), account::account(item, lookup)?))).collect()
}

fn socket(item: &Item<'_>) -> Result<SocketAddr, ConfigError> {
    let text = item.string()?;
    text.replacen("localhost:", "127.0.0.1:", 1).parse().map_err(|_| {
        let key = &item.key;
        item.fail(Words::new(
            format!("`{key}` is not an address and port: \"{text}\""),
            format!("`{key}` 不是有效的地址和端口：\"{text}\""),
        ))
        .hint(Words::new(
            "write an IP address and a port, such as \"127.0.0.1:8080\" or \"0.0.0.0:80\"",
            "请写 IP 地址和端口，例如 \"127.0.0.1:8080\" 或 \"0.0.0.0:80\"",
        ))
    })
}

fn redis(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<String, ConfigError> {
    let url = lookup.resolve(item)?;
    if crate::cluster::Address::parse(&url).is_some() {
        return Ok(url);
    }
    Err(ConfigError::at(
        item.key_place(),
        Words::new("`redis` is not the address of a Redis", "`redis` 不是 Redis 的地址"),
    )
    .hint(Words::new(
        "write \"redis://HOST:6379\", \"rediss://…\" for TLS, or \"redis+sentinel://HOST:26379,HOST:26379/NAME\"",
        "请写 \"redis://主机:6379\"，用 TLS 时写 \"rediss://…\"，用哨兵时写 \"redis+sentinel://主机:26379,主机:26379/名字\"",
    )))
}

fn history(item: &Item<'_>) -> Result<Option<Duration>, ConfigError> {
    if item.string()? == "off" {
        return Ok(None);
    }
    item.duration().map(Some)
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let databases: BTreeMap<_, _> =
            self.databases.iter().map(|(name, url)| (name, database::printable(url))).collect();
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("data", &database::printable(&self.data))
            .field("databases", &databases)
            .field("accounts", &self.accounts)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}
