//! One account: its keys, its callback, its followers and all it has stored.

use std::collections::HashMap;

use hongyan_wire::AesKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::address::IpList;
use super::agent::Agents;
use super::mark_fail::MarkFail;
use super::media::MediaStore;
use super::menu::Menus;
use super::person::Follower;
use super::qrcode::QrCodes;
use super::quota::Quota;
use super::rid::Rids;
use super::subscription::Notices;
use super::tag::Tags;
use super::template::Templates;
use super::token::Tokens;
use super::web::Web;
use crate::options::{AccountOptions, Format, Kind, Mode};
use crate::push::seal::Signer;

/// How the callback's check with `echostr` went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handshake {
    /// There is no callback.
    None,
    /// Not answered yet.
    Pending,
    /// The last try failed, with the reason; it is tried again.
    Failed(String),
    /// The callback is in use.
    Done,
}

impl Handshake {
    pub(crate) fn name(&self) -> Option<&'static str> {
        match self {
            Handshake::None => None,
            Handshake::Pending => Some("pending"),
            Handshake::Failed(_) => Some("failed"),
            Handshake::Done => Some("ok"),
        }
    }
}

/// An account and its world.
pub(crate) struct Account {
    pub(crate) app_id: String,
    pub(crate) secret: String,
    token: String,
    aes_key: String,
    key: Option<AesKey>,
    mode: Mode,
    format: Format,
    pub(crate) original_id: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) verified: bool,
    pub(crate) callback: Option<String>,
    pub(crate) handshake: Handshake,
    /// Grows with each change of the callback, so that an old handshake stops.
    pub(crate) callback_version: u64,
    pub(crate) followers: Vec<Follower>,
    by_openid: HashMap<String, usize>,
    pub(crate) menus: Menus,
    pub(crate) tokens: Tokens,
    pub(crate) media: MediaStore,
    pub(crate) qrcodes: QrCodes,
    pub(crate) quota: Quota,
    pub(crate) tags: Tags,
    pub(crate) templates: Templates,
    pub(crate) ip_list: IpList,
    /// The secret is frozen: no tokens are given for it.
    pub(crate) secret_frozen: bool,
    pub(crate) mark_fail: MarkFail,
    pub(crate) rids: Rids,
    pub(crate) web: Web,
    pub(crate) agents: Agents,
    pub(crate) notices: Notices,
    /// The Open Platform account it belongs to.
    pub(crate) open_platform: Option<String>,
}

/// An account as a snapshot keeps it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Saved {
    options: AccountOptions,
    secret_frozen: bool,
    followers: Vec<Follower>,
    menus: Menus,
    tokens: Tokens,
    media: MediaStore,
    qrcodes: QrCodes,
    quota: Quota,
    tags: Tags,
    templates: Templates,
    mark_fail: MarkFail,
    #[serde(default)]
    web: Web,
    #[serde(default)]
    agents: Agents,
    #[serde(default)]
    notices: Notices,
}

impl Account {
    pub(crate) fn new(options: AccountOptions, original_id: String, media: MediaStore) -> Self {
        Account {
            key: AesKey::parse(&options.aes_key).ok(),
            aes_key: options.aes_key,
            // A wrong line has been refused before.
            ip_list: IpList::new(options.ip_list).unwrap_or_default(),
            app_id: options.app_id,
            secret: options.secret,
            token: options.token,
            mode: options.mode,
            format: options.format,
            original_id,
            name: options.name,
            kind: options.kind,
            verified: options.verified,
            handshake: if options.callback.is_some() { Handshake::Pending } else { Handshake::None },
            callback: options.callback,
            callback_version: 0,
            followers: Vec::new(),
            by_openid: HashMap::new(),
            menus: Menus::default(),
            tokens: Tokens::default(),
            media,
            qrcodes: QrCodes::default(),
            quota: Quota::default(),
            tags: Tags::default(),
            templates: Templates::default(),
            secret_frozen: false,
            mark_fail: MarkFail::default(),
            rids: Rids::default(),
            web: Web::default(),
            agents: Agents::default(),
            notices: Notices::default(),
            open_platform: options.open_platform,
        }
    }

    /// The account for a snapshot, with its secrets.
    pub(crate) fn save(&self) -> Saved {
        Saved {
            options: AccountOptions {
                app_id: self.app_id.clone(),
                secret: self.secret.clone(),
                token: self.token.clone(),
                aes_key: self.aes_key.clone(),
                mode: self.mode,
                format: self.format,
                callback: self.callback.clone(),
                original_id: Some(self.original_id.clone()),
                name: self.name.clone(),
                kind: self.kind,
                verified: self.verified,
                ip_list: self.ip_list.lines().map(<[String]>::to_vec),
                open_platform: self.open_platform.clone(),
            },
            secret_frozen: self.secret_frozen,
            followers: self.followers.clone(),
            menus: self.menus.clone(),
            tokens: self.tokens.clone(),
            media: self.media.clone(),
            qrcodes: self.qrcodes.clone(),
            quota: self.quota.clone(),
            tags: self.tags.clone(),
            templates: self.templates.clone(),
            mark_fail: self.mark_fail.clone(),
            web: self.web.clone(),
            agents: self.agents.clone(),
            notices: self.notices.clone(),
        }
    }

    /// The account of a snapshot; its callback has to answer the handshake again.
    pub(crate) fn restore(saved: Saved) -> Self {
        let original_id = saved.options.original_id.clone().unwrap_or_default();
        let mut account = Account::new(saved.options, original_id, saved.media);
        account.secret_frozen = saved.secret_frozen;
        account.menus = saved.menus;
        account.tokens = saved.tokens;
        account.qrcodes = saved.qrcodes;
        account.quota = saved.quota;
        account.tags = saved.tags;
        account.templates = saved.templates;
        account.mark_fail = saved.mark_fail;
        account.web = saved.web;
        account.agents = saved.agents;
        account.notices = saved.notices;
        for follower in saved.followers {
            account.add(follower);
        }
        account
    }

    /// What pushes are signed with and replies opened with.
    pub(crate) fn signer(&self) -> Signer {
        Signer {
            app_id: self.app_id.clone(),
            token: self.token.clone(),
            key: self.key.clone(),
            mode: self.mode,
            format: self.format,
        }
    }

    /// Points pushes somewhere else, or nowhere.
    pub(crate) fn set_callback(&mut self, url: Option<String>) {
        self.handshake = if url.is_some() { Handshake::Pending } else { Handshake::None };
        self.callback = url;
        self.callback_version += 1;
    }

    pub(crate) fn add(&mut self, follower: Follower) {
        self.by_openid.insert(follower.openid.clone(), self.followers.len());
        self.followers.push(follower);
    }

    pub(crate) fn follower(&self, openid: &str) -> Option<&Follower> {
        self.by_openid.get(openid).map(|at| &self.followers[*at])
    }

    pub(crate) fn follower_mut(&mut self, openid: &str) -> Option<&mut Follower> {
        self.by_openid.get(openid).map(|at| &mut self.followers[*at])
    }

    /// The account as the control API gives it.
    pub(crate) fn to_json(&self) -> Value {
        let error = match &self.handshake {
            Handshake::Failed(why) => Some(why.as_str()),
            _ => None,
        };
        json!({
            "app_id": self.app_id,
            "original_id": self.original_id,
            "name": self.name,
            "kind": self.kind,
            "verified": self.verified,
            "mode": self.mode,
            "format": self.format,
            "callback": self.callback,
            "handshake": self.handshake.name(),
            "handshake_error": error,
            "ip_list": self.ip_list.lines(),
            "secret_frozen": self.secret_frozen,
            "open_platform": self.open_platform,
        })
    }
}
