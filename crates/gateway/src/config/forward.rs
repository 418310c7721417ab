//! Where a rule hands messages on to: the developer's own program, or a back end that expects the platform.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hongyan_wire::{AesKey, Secret};
use url::Url;

use super::reader::{Item, Reader};
use super::secrets::Lookup;
use super::{ConfigError, Place, Words};

/// How long all attempts at one message may take together.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest such time. A program that takes longer answers through the API.
const LONGEST: Duration = Duration::from_mins(5);
/// The fewest bytes of a secret; with fewer, guessing is cheap.
const SECRET: usize = 16;

/// A program that takes messages over.
#[derive(Clone)]
pub struct ForwardConfig {
    /// Its address, the only one that is ever called.
    pub url: Url,
    /// How messages are written for it, and signed.
    pub style: ForwardStyle,
    /// How long all attempts at one message may take together.
    pub timeout: Duration,
    /// Where it stands in the file.
    pub place: Place,
}

/// How messages are written for a program.
#[derive(Clone, Debug)]
pub enum ForwardStyle {
    /// As JSON, under the headers of Standard Webhooks.
    Json {
        /// Signs them.
        key: SigningKey,
    },
    /// As the platform writes them.
    Platform {
        /// Signs them.
        token: Secret,
        /// How they are sealed.
        sealing: Sealing,
    },
}

/// How a push is sealed for a back end.
#[derive(Clone, Debug)]
pub enum Sealing {
    /// Not at all.
    Plain,
    /// The message in plain, and sealed beside it.
    Compatible(AesKey),
    /// Sealed only.
    Secure(AesKey),
}

/// The bytes that sign webhooks. Not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Arc<[u8]>);

impl SigningKey {
    /// Reads `whsec_` and Base64, or takes any other text as it is.
    pub fn parse(text: &str) -> Option<SigningKey> {
        match text.strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).ok().map(|bytes| SigningKey(bytes.into())),
            None => Some(SigningKey(text.as_bytes().into())),
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey([redacted])")
    }
}

impl ForwardConfig {
    /// The address without what may be a key: user, password, query.
    pub fn shown(&self) -> String {
        format!("{}{}", self.url.origin().ascii_serialization(), self.url.path())
    }
}

impl fmt::Debug for ForwardConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardConfig")
            .field("url", &self.shown())
            .field("style", &self.style)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Reads one program, or a list of them.
pub(super) fn forwards(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<Vec<Arc<ForwardConfig>>, ConfigError> {
    let elements = item.elements();
    if elements.is_empty() {
        return Err(item.empty_list());
    }
    elements.iter().map(|one| forward(one, lookup).map(Arc::new)).collect()
}

/// Reads one program.
pub(super) fn forward(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<ForwardConfig, ConfigError> {
    if !item.is_table() {
        return Err(item.wrong(
            "a table: { url = \"https://…\", secret = \"…\" }",
            "表：{ url = \"https://…\", secret = \"…\" }",
        ));
    }
    let table = item.table()?;
    let platform =
        table.get("as").map_or(Ok(false), |item| item.one_of(&[("json", false), ("platform", true)]))?;
    table.only(if platform {
        &["url", "as", "token", "aes_key", "mode", "timeout"]
    } else {
        &["url", "as", "secret", "timeout"]
    })?;
    let url = address(&table.need("url", &address_hint())?, lookup)?;
    let style = if platform { platform_style(&table, lookup)? } else { json_style(&table, lookup)? };
    let timeout = table.get("timeout").map(|item| timeout(&item)).transpose()?.unwrap_or(TIMEOUT);
    Ok(ForwardConfig { url, style, timeout, place: item.place() })
}

fn address_hint() -> Words {
    Words::new("the address of your program: https://HOST/PATH", "你的程序的地址：https://主机/路径")
}

/// An address that is called with something secret: written out, or from the environment or a file.
pub(super) fn address(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<Url, ConfigError> {
    let text = lookup.resolve(item)?;
    Url::parse(&text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            let key = &item.key;
            ConfigError::at(
                item.key_place(),
                Words::new(format!("`{key}` is not an address"), format!("`{key}` 不是有效的地址")),
            )
            .hint(Words::new(
                "write http://HOST:PORT/PATH or https://HOST/PATH",
                "请写 http://主机:端口/路径 或 https://主机/路径",
            ))
        })
}

fn json_style(table: &Reader<'_>, lookup: &Lookup<'_>) -> Result<ForwardStyle, ConfigError> {
    let hint = Words::new(
        "your program checks messages with it: \"env:NAME\", \"file:PATH\" or whsec_…; make one with: \
         echo whsec_$(openssl rand -base64 24)",
        "你的程序用它验证消息：\"env:名字\"、\"file:路径\" 或 whsec_…；生成方法：echo whsec_$(openssl rand -base64 24)",
    );
    let item = table.need("secret", &hint)?;
    let text = lookup.resolve(&item)?;
    let Some(key) = SigningKey::parse(&text) else {
        return Err(ConfigError::at(
            item.key_place(),
            Words::new(
                "`secret` begins with whsec_, but what follows is not Base64",
                "`secret` 以 whsec_ 开头，但其后不是 Base64",
            ),
        )
        .hint(hint));
    };
    let length = key.bytes().len();
    if length < SECRET {
        return Err(ConfigError::at(
            item.key_place(),
            Words::new(
                format!("`secret` has {length} bytes: at least {SECRET} are needed"),
                format!("`secret` 只有 {length} 个字节：至少需要 {SECRET} 个"),
            ),
        )
        .hint(hint));
    }
    Ok(ForwardStyle::Json { key })
}

fn platform_style(table: &Reader<'_>, lookup: &Lookup<'_>) -> Result<ForwardStyle, ConfigError> {
    let hint =
        Words::new("the token that the back end has in its own settings", "后端程序自己的设置中的 Token");
    let token = lookup.secret(&table.need("token", &hint)?)?;
    let key = match table.get("aes_key") {
        None => None,
        Some(item) => {
            let text = lookup.resolve(&item)?;
            Some(AesKey::parse(&text).map_err(|_| super::account::bad_aes_key(&item, &text))?)
        }
    };
    #[derive(Clone, Copy, PartialEq)]
    enum Mode {
        Plain,
        Compatible,
        Secure,
    }
    let modes = [("plain", Mode::Plain), ("compatible", Mode::Compatible), ("secure", Mode::Secure)];
    let usual = if key.is_some() { Mode::Secure } else { Mode::Plain };
    let stated = table.get("mode");
    let mode = stated.as_ref().map_or(Ok(usual), |item| item.one_of(&modes))?;
    let sealing = match (mode, key) {
        (Mode::Plain, _) => Sealing::Plain,
        (Mode::Compatible, Some(key)) => Sealing::Compatible(key),
        (Mode::Secure, Some(key)) => Sealing::Secure(key),
        (_, None) => {
            let place = stated.map_or_else(|| table.place(), |item| item.place());
            return Err(ConfigError::at(
                place,
                Words::new(
                    "this mode encrypts messages and needs `aes_key`",
                    "此模式的消息是加密的，需要 `aes_key`",
                ),
            )
            .hint(Words::new(
                "copy the EncodingAESKey from the back end's own settings",
                "请从后端程序自己的设置中复制 EncodingAESKey",
            )));
        }
    };
    Ok(ForwardStyle::Platform { token, sealing })
}

/// A time limit for a program, from one millisecond to five minutes.
pub(super) fn timeout(item: &Item<'_>) -> Result<Duration, ConfigError> {
    let limit = item.duration()?;
    if limit.is_zero() || limit > LONGEST {
        let key = &item.key;
        return Err(item.fail(Words::new(
            format!("`{key}` must be more than nothing and at most 5m"),
            format!("`{key}` 必须大于零且不超过 5m"),
        )));
    }
    Ok(limit)
}
