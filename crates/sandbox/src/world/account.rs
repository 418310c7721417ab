//! One account: its keys, its callback, its followers and all it has stored.

use std::collections::HashMap;

use hongyan_wire::AesKey;
use serde_json::{Value, json};

use super::media::MediaStore;
use super::menu::Menus;
use super::person::Follower;
use super::qrcode::QrCodes;
use super::quota::Quota;
use super::token::Tokens;
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
}

impl Account {
    pub(crate) fn new(options: AccountOptions, original_id: String, media: MediaStore) -> Self {
        Account {
            key: AesKey::parse(&options.aes_key).ok(),
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
        }
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
        })
    }
}
