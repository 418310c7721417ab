//! How a sandbox is set up: its accounts, its seed and its settings.

use serde::{Deserialize, Serialize};

use crate::accounts_file::{self, AccountsError};
use crate::settings::Settings;

/// Whether pushes travel plain, with an encrypted copy, or encrypted only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Nothing is encrypted.
    #[default]
    Plain,
    /// The plain fields and an `Encrypt` field side by side.
    Compatible,
    /// Only `ToUserName` and `Encrypt`.
    Secure,
}

impl Mode {
    /// The name used in settings and in the control API.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Plain => "plain",
            Mode::Compatible => "compatible",
            Mode::Secure => "secure",
        }
    }

    /// True when the account needs an AES key.
    pub(crate) fn encrypts(self) -> bool {
        self != Mode::Plain
    }
}

/// The data format of pushes and of passive replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// What Official Accounts send.
    #[default]
    Xml,
    /// What a few newer kinds of account send.
    Json,
}

/// What sort of account it is; with `verified` it decides which calls are allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A service account (服务号).
    #[default]
    Service,
    /// A subscription account (订阅号).
    Subscription,
    /// The platform's free test account (接口测试号).
    Test,
}

/// One account beside the first, as an accounts file describes it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountOptions {
    /// The AppID, `wx` and 16 hex digits in practice.
    pub app_id: String,
    /// The AppSecret.
    pub secret: String,
    /// The token that signs pushes.
    pub token: String,
    /// The EncodingAESKey, 43 characters; may stay empty in plain mode.
    pub aes_key: String,
    /// Plain, compatible or secure.
    pub mode: Mode,
    /// XML or JSON.
    pub format: Format,
    /// Where pushes go; none means that nothing is pushed.
    pub callback: Option<String>,
    /// The original id, `gh_` and 12 hex digits; made from the seed when left out.
    pub original_id: Option<String>,
    /// The name people see.
    pub name: String,
    /// Service, subscription or test.
    pub kind: Kind,
    /// Whether the account has passed certification (微信认证).
    pub verified: bool,
    /// Addresses and networks that may call for the account; none admits every address.
    pub ip_list: Option<Vec<String>>,
    /// The Open Platform account (开放平台账号) it belongs to; accounts that share one share their people's `unionid`.
    pub open_platform: Option<String>,
}

impl std::fmt::Debug for AccountOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountOptions")
            .field("app_id", &self.app_id)
            .field("mode", &self.mode)
            .field("callback", &self.callback)
            .finish_non_exhaustive()
    }
}

impl Default for AccountOptions {
    fn default() -> Self {
        let first = Options::default();
        AccountOptions { ..first.first_account() }
    }
}

/// Everything a sandbox is started with; the default is the demo account, a verified service account.
#[derive(Clone)]
pub struct Options {
    /// The AppID of the first account.
    pub app_id: String,
    /// Its AppSecret.
    pub secret: String,
    /// The token that signs its pushes.
    pub token: String,
    /// Its EncodingAESKey, 43 characters.
    pub aes_key: String,
    /// Plain, compatible or secure.
    pub mode: Mode,
    /// XML or JSON.
    pub format: Format,
    /// Where its pushes go; can be set later through the control API.
    pub callback: Option<String>,
    /// The original id; made from the seed when left out.
    pub original_id: Option<String>,
    /// The name people see.
    pub name: String,
    /// Service, subscription or test.
    pub kind: Kind,
    /// Whether the account has passed certification.
    pub verified: bool,
    /// Addresses and networks that may call for it; none admits every address.
    pub ip_list: Option<Vec<String>>,
    /// The Open Platform account (开放平台账号) it belongs to; none gives no `unionid`.
    pub open_platform: Option<String>,
    /// Accounts beside the first.
    pub more_accounts: Vec<AccountOptions>,
    /// The seed of OpenIDs, tickets and message numbers.
    pub seed: u64,
    /// How long a push waits for its answer, in milliseconds.
    pub push_timeout_ms: u64,
    /// How far apart the tries of a push begin, in milliseconds.
    pub push_spacing_ms: u64,
    /// How often a push is tried in all.
    pub push_tries: u32,
    /// Certificates that callbacks may have besides those this machine trusts, as PEM.
    pub callback_roots: Option<String>,
    /// Host names besides the loopback ones that may use the control API.
    pub allowed_hosts: Vec<String>,
    /// The platform's numbers, and what nobody has confirmed.
    pub settings: Settings,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            app_id: "wx0123456789abcdef".to_owned(),
            secret: "0123456789abcdef0123456789abcdef".to_owned(),
            token: "hongyanDemoToken".to_owned(),
            aes_key: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG".to_owned(),
            mode: Mode::Plain,
            format: Format::Xml,
            callback: None,
            original_id: None,
            name: "鸿雁".to_owned(),
            kind: Kind::Service,
            verified: true,
            ip_list: None,
            open_platform: None,
            more_accounts: Vec::new(),
            seed: 1,
            push_timeout_ms: 5_000,
            push_spacing_ms: 5_000,
            push_tries: 3,
            callback_roots: None,
            allowed_hosts: Vec::new(),
            settings: Settings::default(),
        }
    }
}

impl Options {
    /// Reads an accounts file, TOML or JSON, whose first account becomes the first one here.
    ///
    /// TOML has one `[[accounts]]` table each; JSON is a list of objects, or `{"accounts": […]}`.
    ///
    /// # Errors
    /// When the text is neither, names something unknown, or lists no account.
    pub fn with_accounts(self, text: &str) -> Result<Self, AccountsError> {
        self.play(accounts_file::read(text)?).ok_or(AccountsError::Empty)
    }

    /// These accounts in place of those there were, the first one first; none when there is none.
    pub(crate) fn play(mut self, accounts: Vec<AccountOptions>) -> Option<Self> {
        let mut accounts = accounts.into_iter();
        let first = accounts.next()?;
        self.app_id = first.app_id;
        self.secret = first.secret;
        self.token = first.token;
        self.aes_key = first.aes_key;
        self.mode = first.mode;
        self.format = first.format;
        self.callback = first.callback;
        self.original_id = first.original_id;
        self.name = first.name;
        self.kind = first.kind;
        self.verified = first.verified;
        self.ip_list = first.ip_list;
        self.open_platform = first.open_platform;
        self.more_accounts = accounts.collect();
        Some(self)
    }

    pub(crate) fn first_account(&self) -> AccountOptions {
        AccountOptions {
            app_id: self.app_id.clone(),
            secret: self.secret.clone(),
            token: self.token.clone(),
            aes_key: self.aes_key.clone(),
            mode: self.mode,
            format: self.format,
            callback: self.callback.clone(),
            original_id: self.original_id.clone(),
            name: self.name.clone(),
            kind: self.kind,
            verified: self.verified,
            ip_list: self.ip_list.clone(),
            open_platform: self.open_platform.clone(),
        }
    }

    pub(crate) fn accounts(&self) -> Vec<AccountOptions> {
        let mut all = vec![self.first_account()];
        all.extend(self.more_accounts.iter().cloned());
        all
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("app_id", &self.app_id)
            .field("mode", &self.mode)
            .field("callback", &self.callback)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
