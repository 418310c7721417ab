//! The keys with which other programs use the gateway's API.

use std::time::Duration;

use hongyan_wire::Secret;

use super::reader::{Item, Reader};
use super::secrets::Lookup;
use super::{ConfigError, Words};

const SCOPES: [&str; 10] =
    ["messages", "menu", "qrcodes", "users", "conversations", "media", "token", "proxy", "console", "*"];

/// One API key: who has it and what it opens.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// A name for logs.
    pub name: String,
    /// The key or its digest.
    pub key: KeyValue,
    /// What it opens; `*` is everything.
    pub scopes: Vec<String>,
    /// The accounts it is for; none listed means all.
    pub accounts: Vec<String>,
    /// How often it may ask; as often as it likes when `None`.
    pub rate: Option<Rate>,
}

/// So many requests in so long, all of which may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// In how long.
    pub per: Duration,
}

impl Rate {
    /// Reads `100/s`, `600/m` or `5000/h`.
    pub fn parse(text: &str) -> Option<Rate> {
        let (requests, unit) = text.split_once('/')?;
        let per = match unit.trim() {
            "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            _ => return None,
        };
        let requests = requests.trim().parse().ok().filter(|requests| *requests > 0)?;
        Some(Rate { requests, per })
    }
}

/// An API key as the configuration holds it.
#[derive(Clone, Debug)]
pub enum KeyValue {
    /// The key itself.
    Plain(Secret),
    /// The SHA-256 of the key.
    Sha256([u8; 32]),
}

pub(super) fn api_keys(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<Vec<ApiKey>, ConfigError> {
    if !item.is_array() {
        return Err(item.wrong("a list: write [[api_keys]]", "列表：请写 [[api_keys]]"));
    }
    item.elements().iter().map(|one| api_key(&one.table()?, lookup)).collect()
}

fn api_key(table: &Reader<'_>, lookup: &Lookup<'_>) -> Result<ApiKey, ConfigError> {
    table.only(&["name", "key", "scopes", "accounts", "rate"])?;
    let name = table.need("name", &Words::new("a name for the log", "日志中使用的名字"))?;
    let key = table.need(
        "key",
        &Words::new(
            "\"env:NAME\", \"file:PATH\" or \"sha256:HEX\"",
            "\"env:名字\"、\"file:路径\" 或 \"sha256:十六进制\"",
        ),
    )?;
    let scopes = table.need(
        "scopes",
        &Words::new(format!("a list of: {}", SCOPES.join(", ")), format!("可选：{}", SCOPES.join(", "))),
    )?;
    let names = scopes.strings()?;
    if let Some(bad) = names.iter().find(|name| !SCOPES.contains(name)) {
        return Err(scopes
            .fail(Words::new(format!("there is no scope \"{bad}\""), format!("没有 \"{bad}\" 这个权限范围")))
            .hint(Words::new(
                format!("allowed: {}", SCOPES.join(", ")),
                format!("允许的值：{}", SCOPES.join(", ")),
            )));
    }
    let accounts = table.get("accounts").map(|item| item.strings()).transpose()?.unwrap_or_default();
    let rate = table.get("rate").map(|item| rate(&item)).transpose()?;
    Ok(ApiKey {
        rate,
        name: name.string()?.to_owned(),
        key: key_value(&key, lookup)?,
        scopes: names.into_iter().map(str::to_owned).collect(),
        accounts: accounts.into_iter().map(str::to_owned).collect(),
    })
}

fn rate(item: &Item<'_>) -> Result<Rate, ConfigError> {
    let text = item.string()?;
    Rate::parse(text).ok_or_else(|| {
        item.fail(Words::new(
            format!("`rate` is not a number of requests in a time: \"{text}\""),
            format!("`rate` 不是有效的频率：\"{text}\""),
        ))
        .hint(Words::new(
            "write a number and s, m or h, such as \"100/s\" or \"6000/m\"",
            "请写数字和 s、m 或 h，例如 \"100/s\"、\"6000/m\"",
        ))
    })
}

fn key_value(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<KeyValue, ConfigError> {
    let value = lookup.resolve(item)?;
    let Some(hex) = value.strip_prefix("sha256:") else {
        return Ok(KeyValue::Plain(Secret::new(value)));
    };
    digest(hex).map(KeyValue::Sha256).ok_or_else(|| {
        ConfigError::at(
            item.key_place(),
            Words::new(
                format!("`{}` is not a SHA-256: 64 hexadecimal digits follow \"sha256:\"", item.key),
                format!("`{}` 不是 SHA-256：\"sha256:\" 之后应有 64 位十六进制数字", item.key),
            ),
        )
        .hint(Words::new("make one with: printf %s KEY | sha256sum", "生成方法：printf %s 密钥 | sha256sum"))
    })
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut out = [0; 32];
    for (index, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_in_a_time() {
        let minute = Duration::from_mins(1);
        assert_eq!(Rate::parse("6000/m"), Some(Rate { requests: 6000, per: minute }));
        assert_eq!(Rate::parse("1 / s").map(|rate| rate.requests), Some(1));
        for bad in ["", "100", "0/s", "-1/s", "1/d", "/s", "1.5/s"] {
            assert_eq!(Rate::parse(bad), None, "{bad}");
        }
    }
}
