//! The platform's state: accounts, people, followers, and what passed between them.
//!
//! Everything here is plain data and pure functions; the time comes in as milliseconds since 1970.

pub(crate) mod rights;
pub(crate) mod quota;
pub(crate) mod address;
pub(crate) mod rid;
pub(crate) mod mark_fail;
pub(crate) mod token;
pub(crate) mod window;
pub(crate) mod media;
pub(crate) mod menu_check;
pub(crate) mod menu;
mod menu_seen;
pub(crate) mod qrcode;
pub(crate) mod chat;
pub(crate) mod tag;
pub(crate) mod template;
pub(crate) mod industry;
pub(crate) mod subscription;
pub(crate) mod agent;
pub(crate) mod web;
pub(crate) mod person;
pub(crate) mod account;
pub(crate) mod enrich;
pub(crate) mod act;
pub(crate) mod send;
pub(crate) mod tap;
mod due;
mod snapshot;

use serde_json::{Map, Value, json};

use crate::exchange::{Direction, Exchange, Log};
use crate::faults::Faults;
use crate::options::Options;
use crate::picture;
use crate::seed::Ids;
use crate::settings::Settings;
use account::{Account, Handshake};
use chat::{From, Message};
use media::MediaStore;
use person::{Follower, Person};

/// Something that changed, for who listens to the event stream.
#[derive(Clone, Debug)]
pub(crate) struct News {
    pub(crate) event: &'static str,
    pub(crate) data: Value,
}

/// A push that no person's action brought about.
pub(crate) struct Outgoing {
    pub(crate) at: usize,
    pub(crate) openid: String,
    pub(crate) planned: act::Planned,
}

/// Everything.
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) ids: Ids,
    pub(crate) people: Vec<Person>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    /// Changes since the shell last looked.
    pub(crate) news: Vec<News>,
    /// The address this sandbox is reached at.
    pub(crate) base: String,
    /// Grows with each reset, so that a push from before it leaves no trace.
    pub(crate) generation: u64,
    /// Pushes that an API call has brought about and that are still to go out.
    pub(crate) outgoing: Vec<Outgoing>,
    last_message: u64,
}

impl World {
    pub(crate) fn new(options: &Options, base: &str) -> Self {
        let ids = Ids::new(options.seed);
        let picture = bytes::Bytes::from(picture::draw::pattern(options.seed));
        let accounts = options
            .accounts()
            .into_iter()
            .map(|account| {
                let original = account.original_id.clone().unwrap_or_else(|| ids.original(&account.app_id));
                Account::new(account, original, MediaStore::fresh(picture.clone()))
            })
            .collect();
        World {
            settings: options.settings.clone(),
            ids,
            people: Vec::new(),
            accounts,
            log: Log::default(),
            faults: Faults::default(),
            news: Vec::new(),
            base: base.to_owned(),
            generation: 0,
            outgoing: Vec::new(),
            last_message: 0,
        }
    }

    /// Forgets everything but the accounts, their callbacks and the handshakes that succeeded.
    pub(crate) fn reset(&mut self, options: &Options) {
        let fresh = World::new(options, &self.base);
        let old = std::mem::replace(self, fresh);
        self.generation = old.generation + 1;
        let version = old.accounts.iter().map(|account| account.callback_version).max().unwrap_or(0) + 1;
        for account in &mut self.accounts {
            account.callback_version = version;
            // After a snapshot the accounts may be others than those the sandbox was started with.
            if let Some(before) = old.accounts.iter().find(|before| before.app_id == account.app_id) {
                account.callback.clone_from(&before.callback);
                account.handshake = before.handshake.clone();
                account.callback_version = before.callback_version;
                account.web.domains = before.web.domains.clone();
            }
        }
        self.news = old.news;
        self.tell("account", json!({"reset": true}));
    }

    /// The place of the account with this AppID, or of the first.
    pub(crate) fn account_at(&self, app_id: Option<&str>) -> Option<usize> {
        match app_id {
            None => Some(0),
            Some(app_id) => self.accounts.iter().position(|account| account.app_id == app_id),
        }
    }

    /// A new person with a phone, known to every account by another OpenID.
    pub(crate) fn add_person(&mut self, nickname: String, platform: u8) -> usize {
        let person = self.people.len();
        self.people.push(Person { nickname, platform });
        for account in &mut self.accounts {
            let openid = self.ids.openid(&account.app_id, person);
            account.add(Follower::new(openid, person));
        }
        person
    }

    /// What accounts of one Open Platform account know a person by; none for an account that belongs to none.
    pub(crate) fn unionid(&self, at: usize, person: usize) -> Option<String> {
        let owner = self.accounts[at].open_platform.as_deref()?;
        Some(self.ids.unionid(owner, person))
    }

    /// Puts a bubble or a notice into a conversation.
    pub(crate) fn show(&mut self, at: usize, openid: &str, shown: Bubble, now_ms: i64) {
        self.last_message += 1;
        let message = Message {
            id: self.last_message,
            from: shown.from,
            kind: shown.kind,
            at_ms: now_ms,
            exchange: shown.exchange,
            passive: shown.passive,
            fields: chat::with_addresses(shown.fields),
        };
        let limit = self.settings.max_chat_messages;
        let account = &mut self.accounts[at];
        let app_id = account.app_id.clone();
        let Some(follower) = account.follower_mut(openid) else { return };
        let data = json!({"app_id": app_id, "openid": openid, "message": message.to_json()});
        if message.from != From::Notice {
            follower.exchanged_at_ms = Some(now_ms);
        }
        if message.from == From::Account {
            follower.typing_until_ms = None;
        }
        follower.chat.push(message, limit);
        self.tell("message", data);
    }

    /// Shows a notice.
    pub(crate) fn notice(&mut self, at: usize, openid: &str, text: &str, exchange: Option<u64>, now_ms: i64) {
        let bubble = Bubble::new(From::Notice, "notice", json!({ "content": text })).of(exchange);
        self.show(at, openid, bubble, now_ms);
    }

    /// Begins an exchange.
    pub(crate) fn begin(&mut self, at: usize, direction: Direction, kind: String, now_ms: i64) -> Exchange {
        let id = self.log.begin();
        Exchange::new(id, &self.accounts[at].app_id, direction, kind, now_ms)
    }

    /// Ends an exchange.
    pub(crate) fn end(&mut self, exchange: Exchange) {
        self.mark(&exchange);
        let data = json!({
            "app_id": exchange.app_id,
            "openid": exchange.user,
            "exchange": exchange.to_json(),
        });
        self.log.end(&exchange, self.settings.max_exchanges);
        self.tell("exchange", data);
    }

    /// Counts a push towards the pause that follows too many failures.
    fn mark(&mut self, exchange: &Exchange) {
        if exchange.direction != Direction::Push {
            return;
        }
        let Some(last) = exchange.tries.iter().rfind(|one| !one.duplicate) else { return };
        let answered = last.status == Some(200);
        let ended_ms = last.at_ms + last.took_ms as i64;
        let settings = self.settings.clone();
        let Some(at) = self.account_at(Some(&exchange.app_id)) else { return };
        let mark = &mut self.accounts[at].mark_fail;
        if answered {
            mark.answered();
        } else {
            mark.failed(ended_ms, &settings);
        }
    }

    /// Notes a change of a follower.
    pub(crate) fn tell_user(&mut self, at: usize, openid: &str, now_ms: i64) {
        let app_id = self.accounts[at].app_id.clone();
        let user = self.user_json(at, openid, now_ms);
        self.tell("user", json!({"app_id": app_id, "openid": openid, "user": user}));
    }

    /// Notes a change of an account.
    pub(crate) fn tell_account(&mut self, at: usize) {
        let account = self.accounts[at].to_json();
        self.tell("account", json!({"app_id": account["app_id"], "account": account}));
    }

    pub(crate) fn tell(&mut self, event: &'static str, data: Value) {
        self.news.push(News { event, data });
    }

    /// A follower as the control API gives it; null when there is none.
    pub(crate) fn user_json(&self, at: usize, openid: &str, now_ms: i64) -> Value {
        let Some(follower) = self.accounts[at].follower(openid) else { return Value::Null };
        json!({
            "openid": follower.openid,
            "nickname": self.people[follower.person].nickname,
            "following": follower.following,
            "windows": follower.windows(now_ms),
            "subscribe_time": (follower.known).then_some(follower.arrival.at_ms / 1000),
            "subscribe_scene": follower.following.then(|| follower.subscribe_scene()),
            "scene": follower.arrival.scene,
            "remark": follower.remark,
            "tags": follower.tags,
            "subscriptions": follower.agreed,
            "unionid": self.unionid(at, follower.person),
            "muted": follower.muted,
            "blacklisted": follower.blacklisted,
            "typing": follower.typing_until_ms.is_some_and(|until| until > now_ms),
        })
    }

    /// True when pushes of the account can go out.
    pub(crate) fn can_push(&self, at: usize) -> bool {
        self.accounts[at].handshake == Handshake::Done
    }
}

/// A bubble to be shown.
pub(crate) struct Bubble {
    pub(crate) from: From,
    pub(crate) kind: String,
    pub(crate) fields: Map<String, Value>,
    pub(crate) exchange: Option<u64>,
    pub(crate) passive: bool,
}

impl Bubble {
    pub(crate) fn new(from: From, kind: &str, fields: Value) -> Self {
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Bubble { from, kind: kind.to_owned(), fields, exchange: None, passive: false }
    }

    /// Belongs to an exchange.
    pub(crate) fn of(mut self, exchange: Option<u64>) -> Self {
        self.exchange = exchange;
        self
    }
}
