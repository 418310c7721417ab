//! One Official Account as the file describes it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hongyan::{Client, ClientBuilder, TokenEndpoint, TokenStore};
use hongyan_server::{Account, Mode, Wait};
use hongyan_wire::{AesKey, AppId, Clock, Secret};

use super::forward::{ForwardConfig, forwards};
use super::menu;
use super::oauth::{OauthConfig, oauth};
use super::reader::{Item, Reader};
use super::rule::{self, RuleConfig};
use super::secrets::Lookup;
use super::token_from::{TokenFrom, token_from};
use super::{ConfigError, Words};
use crate::capability::{Kind, Right, may};
use crate::cluster::Rate;

/// Pushes older than this by their signed time are refused.
const MAX_AGE: Duration = Duration::from_mins(10);
/// Between the passive answer and the first message after it.
const GAP: Duration = Duration::from_millis(300);
/// The most bytes of a text that the platform takes.
const MAX_TEXT: usize = 2048;

/// An account.
#[derive(Clone, Debug)]
pub struct AccountConfig {
    /// Its name in the file and in `/callback/{account}`.
    pub name: String,
    /// The app id.
    pub app_id: AppId,
    /// The app secret.
    pub secret: Secret,
    /// The token that signs pushes.
    pub token: Secret,
    /// The AES keys, the current one first.
    pub aes_keys: Vec<AesKey>,
    /// How pushes are protected.
    pub mode: Mode,
    /// What kind of account it is.
    pub kind: Kind,
    /// Whether the platform has verified it.
    pub verified: bool,
    /// Where the platform's API is; none means the real one.
    pub api_base: Option<String>,
    /// Which interface gives the access token.
    pub token_endpoint: TokenEndpoint,
    /// The token service that gives the access token in the platform's place.
    pub token_from: Option<TokenFrom>,
    /// Where web logins may return to.
    pub oauth: Option<OauthConfig>,
    /// A proxy through which calls to the platform go.
    pub egress: Option<String>,
    /// The menu's file.
    pub menu: Option<PathBuf>,
    /// Whether the menu is applied at start.
    pub menu_at_start: bool,
    /// Which of the platform's tries are waited for.
    pub wait: Wait,
    /// What happens to a reply that is ready too late, as far as the account's kind permits.
    pub late: Late,
    /// What the file asks for.
    pub late_asked: Late,
    /// What the last try says while the answer is still being made.
    pub holding: Option<String>,
    /// Between the passive answer and the messages after it.
    pub gap: Duration,
    /// Pushes older than this are refused.
    pub max_age: Duration,
    /// What to do with a message that may or may not have been sent.
    pub on_unknown: OnUnknown,
    /// Who gets a copy of every push.
    pub copy_to: Vec<Arc<ForwardConfig>>,
    /// How many messages a period may have, on all gateways together.
    pub send_rate: Option<Rate>,
    /// The rules, in file order.
    pub rules: Vec<RuleConfig>,
    /// The folder of the configuration file, where relative files start.
    pub folder: PathBuf,
}

/// What happens to a reply that is ready too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// It is sent as a customer-service message.
    CustomerService,
    /// It answers the user's next message.
    NextMessage,
    /// It is dropped.
    Drop,
}

/// What to do with a message that may or may not have been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnknown {
    /// Leave it, so that nobody gets it twice.
    Hold,
    /// Send it again, so that nobody misses it.
    Retry,
}

impl Late {
    /// The name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CustomerService => "customer_service",
            Self::NextMessage => "next_message",
            Self::Drop => "drop",
        }
    }
}

impl AccountConfig {
    /// Whether the account's kind has a right.
    pub fn may(&self, right: Right) -> bool {
        may(self.kind, self.verified, right)
    }

    /// The account as the callback server wants it.
    pub fn server_account(&self) -> Account {
        Account {
            name: self.name.clone(),
            app_id: self.app_id.clone(),
            token: self.token.clone(),
            keys: self.aes_keys.clone(),
            mode: self.mode,
            max_age: self.max_age,
        }
    }

    /// A client for this account that keeps its token in `store`.
    pub fn client(
        &self,
        clock: Arc<dyn Clock>,
        store: Arc<dyn TokenStore>,
    ) -> Result<Client, hongyan::Error> {
        self.client_builder().clock(clock).token_store(store).build()
    }

    /// A client for this account with everything set that the file says.
    pub fn client_builder(&self) -> ClientBuilder {
        let mut builder =
            Client::builder(self.app_id.clone(), self.secret.clone()).token_endpoint(self.token_endpoint);
        if let Some(base) = &self.api_base {
            builder = builder.api_base(base.clone());
        }
        if let Some(from) = &self.token_from {
            builder = builder.token_source(crate::token_from::source(from));
        }
        if let Some(proxy) = &self.egress {
            builder = builder.proxy(proxy.clone());
        }
        builder
    }
}

const KEYS: [&str; 23] = [
    "app_id",
    "secret",
    "token",
    "aes_key",
    "mode",
    "kind",
    "verified",
    "api_base",
    "token_endpoint",
    "token_from",
    "oauth",
    "egress",
    "menu",
    "menu_at_start",
    "wait",
    "late",
    "holding",
    "gap",
    "max_age",
    "on_unknown",
    "send_rate",
    "copy_to",
    "rules",
];

pub(super) fn account(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<AccountConfig, ConfigError> {
    let table = item.table()?;
    table.only(&KEYS)?;
    name_fits(item)?;
    let token_from = table.get("token_from").map(|item| token_from(&item, lookup)).transpose()?;
    let kinds = [("service", Kind::Service), ("subscription", Kind::Subscription), ("test", Kind::Test)];
    let kind = table.get("kind").map_or(Ok(Kind::Service), |item| item.one_of(&kinds))?;
    let verified = table.bool("verified")?.unwrap_or(true);
    let modes = [("plain", Mode::Plain), ("compatible", Mode::Compatible), ("secure", Mode::Secure)];
    let mode = match table.get("mode") {
        Some(item) => item.one_of(&modes)?,
        None if kind == Kind::Test => Mode::Plain,
        None => Mode::Secure,
    };
    let panel = |key: &str| {
        Words::new(
            format!("it is on the account's settings page, under 设置与开发 → 开发接口管理 ({key})"),
            format!("可在公众平台的“设置与开发 → 开发接口管理”页面找到（{key}）"),
        )
    };
    let need = |key: &str| table.need(key, &panel(key));
    let endpoints = [("stable", TokenEndpoint::Stable), ("classic", TokenEndpoint::Classic)];
    let waits = [("all", Wait::All), ("one", Wait::One)];
    let lates = [Late::CustomerService, Late::NextMessage, Late::Drop].map(|late| (late.name(), late));
    let unknowns = [("hold", OnUnknown::Hold), ("retry", OnUnknown::Retry)];
    let late_fits =
        if may(kind, verified, Right::CustomerService) { Late::CustomerService } else { Late::NextMessage };
    let late_asked = table.get("late").map_or(Ok(late_fits), |item| item.one_of(&lates))?;
    Ok(AccountConfig {
        name: item.key.clone(),
        app_id: app_id(&need("app_id")?)?,
        secret: match table.get("secret") {
            // A token service may stand where the secret is known to nobody else.
            None if token_from.is_some() => Secret::new(""),
            _ => lookup.secret(&need("secret")?)?,
        },
        token: lookup.secret(&need("token")?)?,
        aes_keys: aes_keys(&table, mode, lookup)?,
        mode,
        kind,
        verified,
        api_base: address(&table, "api_base")?,
        token_endpoint: table
            .get("token_endpoint")
            .map_or(Ok(TokenEndpoint::Stable), |item| item.one_of(&endpoints))?,
        token_from,
        oauth: table.get("oauth").map(|item| oauth(&item)).transpose()?,
        egress: address(&table, "egress")?,
        menu: table.string("menu")?.map(|file| lookup.folder.join(file)),
        menu_at_start: menu_at_start(&table, lookup)?,
        wait: table.get("wait").map_or(Ok(Wait::All), |item| item.one_of(&waits))?,
        late: if late_asked == Late::CustomerService { late_fits } else { late_asked },
        late_asked,
        holding: table.get("holding").map(|item| holding(&item)).transpose()?,
        gap: table.duration("gap")?.unwrap_or(GAP),
        max_age: table.duration("max_age")?.unwrap_or(MAX_AGE),
        on_unknown: table.get("on_unknown").map_or(Ok(OnUnknown::Hold), |item| item.one_of(&unknowns))?,
        copy_to: table.get("copy_to").map(|item| forwards(&item, lookup)).transpose()?.unwrap_or_default(),
        send_rate: table.get("send_rate").map(|item| send_rate(&item)).transpose()?,
        rules: table.get("rules").map(|item| rule::rules(&item, lookup)).transpose()?.unwrap_or_default(),
        folder: lookup.folder.to_path_buf(),
    })
}

/// The name is a part of the callback address.
fn name_fits(item: &Item<'_>) -> Result<(), ConfigError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !item.key.is_empty() && item.key.len() <= 64 && item.key.chars().all(fits) {
        return Ok(());
    }
    let name = &item.key;
    Err(ConfigError::at(
        item.key_place(),
        Words::new(format!("\"{name}\" cannot name an account"), format!("\"{name}\" 不能用作账号的名字")),
    )
    .hint(Words::new(
        "letters, digits, - and _, at most 64: it stands in the address /callback/NAME",
        "只能用字母、数字、- 和 _，最多 64 个：它是地址 /callback/名字 的一部分",
    )))
}

fn app_id(item: &Item<'_>) -> Result<AppId, ConfigError> {
    let text = item.string()?;
    if !text.is_empty()
        && text.len() <= 64
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    {
        return Ok(AppId::new(text));
    }
    Err(item.fail(Words::new(format!("\"{text}\" is not an app id"), format!("\"{text}\" 不是 AppID"))).hint(
        Words::new(
            "it looks like wx0123456789abcdef (not the gh_… id)",
            "它的样子是 wx0123456789abcdef（不是 gh_ 开头的原始 ID）",
        ),
    ))
}

fn aes_keys(table: &Reader<'_>, mode: Mode, lookup: &Lookup<'_>) -> Result<Vec<AesKey>, ConfigError> {
    let Some(item) = table.get("aes_key") else {
        if mode == Mode::Plain {
            return Ok(Vec::new());
        }
        let name = if mode == Mode::Secure { "secure" } else { "compatible" };
        return Err(ConfigError::at(
            table.place(),
            Words::new(
                format!("`aes_key` is missing in [{}]: mode \"{name}\" encrypts messages", table.path),
                format!("[{}] 中缺少 `aes_key`：\"{name}\" 模式的消息是加密的", table.path),
            ),
        )
        .hint(Words::new(
            "copy the EncodingAESKey (43 characters) from the account's settings page, or write mode = \"plain\"",
            "请从公众平台的设置页复制 EncodingAESKey（43 个字符），或写 mode = \"plain\"",
        )));
    };
    item.strings()?
        .into_iter()
        .map(|text| {
            let text = lookup.resolve_text(&item, text)?;
            AesKey::parse(&text).map_err(|_| bad_aes_key(&item, &text))
        })
        .collect()
}

pub(super) fn bad_aes_key(item: &Item<'_>, text: &str) -> ConfigError {
    let count = text.chars().count();
    let what = if count == 43 {
        Words::new(
            "`aes_key` has a character that does not belong: it is made of A-Z, a-z, 0-9, + and /",
            "`aes_key` 含有不允许的字符：只能由 A-Z、a-z、0-9、+ 和 / 组成",
        )
    } else {
        Words::new(
            format!("`aes_key` has {count} characters and must have 43"),
            format!("`aes_key` 有 {count} 个字符，必须是 43 个字符"),
        )
    };
    ConfigError::at(item.key_place(), what).hint(Words::new(
        "copy the EncodingAESKey from the account's settings page as it is",
        "请从公众平台的设置页原样复制 EncodingAESKey",
    ))
}

fn address(table: &Reader<'_>, key: &str) -> Result<Option<String>, ConfigError> {
    let Some(item) = table.get(key) else { return Ok(None) };
    let text = item.string()?;
    let good =
        url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if good {
        return Ok(Some(text.trim_end_matches('/').to_owned()));
    }
    Err(item
        .fail(Words::new(format!("`{key}` is not an address"), format!("`{key}` 不是有效的地址")))
        .hint(Words::new("write http://HOST:PORT or https://HOST", "请写 http://主机:端口 或 https://主机")))
}

fn menu_at_start(table: &Reader<'_>, lookup: &Lookup<'_>) -> Result<bool, ConfigError> {
    let Some(item) = table.get("menu_at_start") else { return Ok(false) };
    let wanted = item.bool()?;
    if !wanted {
        return Ok(false);
    }
    let Some(menu) = table.get("menu") else {
        return Err(item.fail(Words::new(
            "`menu_at_start` needs `menu`, the file with the menu",
            "`menu_at_start` 需要 `menu`（菜单文件）",
        )));
    };
    menu::check(&menu, &lookup.folder.join(menu.string()?))?;
    Ok(true)
}

/// How fast messages are sent: none unless the file says so, since the platform publishes no figure of its own.
fn send_rate(item: &Item<'_>) -> Result<Rate, ConfigError> {
    let text = item.string()?;
    text.parse().map_err(|()| {
        item.fail(Words::new(
            format!("`send_rate` is not a rate: \"{text}\""),
            format!("`send_rate` 不是有效的速率：\"{text}\""),
        ))
        .hint(Words::new(
            "write a number and a period, such as \"600/m\" for 600 messages a minute, or \"10/s\", \"5000/h\", \"100000/d\"",
            "请写数字和周期，例如 \"600/m\" 表示每分钟 600 条，或 \"10/s\"、\"5000/h\"、\"100000/d\"",
        ))
    })
}

fn holding(item: &Item<'_>) -> Result<String, ConfigError> {
    let text = item.string()?;
    let bytes = text.len();
    if bytes == 0 || bytes > MAX_TEXT {
        return Err(item.fail(Words::new(
            format!("`holding` has {bytes} bytes: 1 to {MAX_TEXT} are allowed"),
            format!("`holding` 有 {bytes} 个字节：允许 1 到 {MAX_TEXT} 个"),
        )));
    }
    Ok(text.to_owned())
}
