//! The keys with which other programs use the gateway's API.

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
    table.only(&["name", "key", "scopes", "accounts"])?;
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
    Ok(ApiKey {
        name: name.string()?.to_owned(),
        key: key_value(&key, lookup)?,
        scopes: names.into_iter().map(str::to_owned).collect(),
        accounts: accounts.into_iter().map(str::to_owned).collect(),
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
