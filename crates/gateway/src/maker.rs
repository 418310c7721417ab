//! Makes accounts and their callbacks from the configuration, at start and at every reload.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hongyan_server::{Callback, Policy};
use hongyan_wire::{Clock, Lang};

use crate::account::{Account, Inner, Live};
use crate::assistant::Assistant;
use crate::behind::Behind;
use crate::capability::Right;
use crate::cluster::Cluster;
use crate::config::{AccountConfig, Config, HandOver, Late, OnUnknown};
use crate::courier::Courier;
use crate::db::Db;
use crate::forward::Forwarder;
use crate::kept::Kept;
use crate::media::Media;
use crate::notes::Notes;
use crate::outbox::sender::{Desk, Limit};
use crate::outbox::{Outbox, machine};
use crate::rotation::SqlRotation;
use crate::rules::{RuleParts, Rules};
use crate::start::{StartError, client_with_store};
use crate::store::Store;
use crate::swap::Swap;
use crate::tasks::Tasks;
use crate::windows::Windows;

/// What the last try says when a model is still at work and the account cannot send the answer by itself.
const ASK_BACK: &str = "正在思考，请稍后回复任意内容查看答案。";

/// What every account is made with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Maker {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outbox: Outbox,
    pub(crate) behind: Arc<Behind>,
    pub(crate) tasks: Tasks,
    pub(crate) forwarder: Arc<Forwarder>,
    pub(crate) cluster: Cluster,
}

impl Maker {
    /// Makes an account. From the one `before` it takes over what its users would miss: kept replies, windows,
    /// conversations with a model.
    pub(crate) async fn account(
        &self,
        config: &Config,
        account: &AccountConfig,
        parts: &RuleParts,
        before: Option<&Account>,
    ) -> Result<Account, StartError> {
        let name: Arc<str> = account.name.as_str().into();
        let (store, clock) = (&self.store, &self.clock);
        let client = client_with_store(config, account, store, Arc::clone(clock))
            .map_err(|source| StartError::Client { account: account.name.clone(), source })?;
        let notes = Notes::new(store.clone(), name.clone(), Arc::clone(clock));
        for note in notes.all().await? {
            tracing::warn!(
                account = %name,
                call = note.subject,
                errcode = note.code.0,
                noted_at_ms = note.at.millis(),
                "the platform has refused this call before: the account does not have the right"
            );
        }
        let before = before.map(|account| &account.inner);
        let windows = match before {
            Some(inner) => Arc::clone(&inner.courier.windows),
            None => Arc::new(Windows::new(name.clone(), Arc::clone(&self.behind.grants))),
        };
        let kept = match before {
            Some(inner) => Arc::clone(&inner.kept),
            None => Arc::new(Kept::load(store.clone(), name.clone(), Arc::clone(clock)).await?),
        };
        let new_assistant = || {
            let forwarder = Arc::clone(&self.forwarder);
            Arc::new(Assistant::new(name.clone(), store.clone(), Arc::clone(clock), forwarder))
        };
        let assistant = before.map_or_else(new_assistant, |inner| Arc::clone(&inner.assistant));
        let folder = config.folder.clone();
        let courier = Courier {
            media: Arc::new(Media::new(
                client.clone(),
                store.clone(),
                name.clone(),
                folder,
                Arc::clone(clock),
            )),
            client,
            windows,
            behind: Arc::clone(&self.behind),
            notes: Arc::new(notes),
            clock: Arc::clone(clock),
            endings: Arc::default(),
        };
        let live = self.live(account, parts).await?;
        Ok(Account {
            inner: Arc::new(Inner {
                name,
                live: Swap::new(live),
                courier: Arc::new(courier),
                outbox: self.outbox.clone(),
                behind: Arc::clone(&self.behind),
                kept,
                clock: Arc::clone(clock),
                tasks: self.tasks.clone(),
                forwarder: Arc::clone(&self.forwarder),
                assistant,
                pending: std::sync::Mutex::default(),
            }),
        })
    }

    /// What of an account can be changed while it answers.
    pub(crate) async fn live(&self, account: &AccountConfig, parts: &RuleParts) -> Result<Live, StartError> {
        let rules = Rules::compile(account, parts)?;
        for warning in rules.check_queries().await? {
            tracing::warn!(account = account.name, "{}", warning.text(lang()));
        }
        Ok(Live { config: Arc::new(account.clone()), rules })
    }

    /// The callback of an account.
    pub(crate) fn callback(&self, account: &Account) -> Callback<Account> {
        let config = account.config();
        let policy = Policy { wait: config.wait, holding: holding(&config), ..Policy::default() };
        let callback = Callback::builder(config.server_account(), account.clone())
            .clock(Arc::clone(&self.clock))
            .late(Arc::new(account.clone()))
            .policy(policy);
        match self.cluster.dedup(config.app_id.clone(), config.max_age) {
            Some(store) => callback.dedup(store).build(),
            None => callback.build(),
        }
    }

    /// What rules need from outside. A database that is asked already goes on being asked over the same connections.
    pub(crate) fn rule_parts(
        &self,
        config: &Config,
        before: Option<(&Config, &RuleParts)>,
    ) -> Result<RuleParts, StartError> {
        let mut databases = BTreeMap::new();
        for (name, url) in &config.databases {
            let same = before.filter(|(config, _)| config.databases.get(name) == Some(url));
            let db = match same.and_then(|(_, parts)| parts.databases.get(name)) {
                Some(db) => db.clone(),
                None => Db::connect_lazy(url)
                    .map_err(|source| StartError::Database { name: name.clone(), source })?,
            };
            databases.insert(name.clone(), db);
        }
        if let Some((_, parts)) = before {
            return Ok(RuleParts { databases, ..parts.clone() });
        }
        let rotation = SqlRotation::new(self.store.clone(), Arc::clone(&self.clock));
        Ok(RuleParts::new(databases, Arc::new(rotation))?)
    }
}

/// What the last try says while the answer is still being made.
fn holding(config: &AccountConfig) -> Option<String> {
    let asks = || {
        let assists = |to: &HandOver| matches!(to, HandOver::Assistant(_));
        config.rules.iter().any(|rule| rule.hand_over.as_ref().is_some_and(assists))
    };
    let comes_back = config.late == Late::NextMessage && !config.may(Right::CustomerService);
    config.holding.clone().or_else(|| (comes_back && asks()).then(|| ASK_BACK.to_owned()))
}

/// Who sends the messages of which account.
pub(crate) fn desks(accounts: &BTreeMap<String, Account>) -> HashMap<Arc<str>, Desk> {
    accounts
        .values()
        .map(|account| {
            let on_unknown = match account.config().on_unknown {
                OnUnknown::Hold => machine::OnUnknown::Hold,
                OnUnknown::Retry => machine::OnUnknown::Retry,
            };
            let limit = account
                .config()
                .send_rate
                .map(|rate| Limit { key: format!("send:{}", account.config().app_id.as_str()).into(), rate });
            let courier = Arc::clone(&account.inner.courier);
            (account.name().clone(), Desk { courier, on_unknown, limit })
        })
        .collect()
}

/// The language of what is said in the log.
pub(crate) fn lang() -> Lang {
    ["HONGYAN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .map_or(Lang::En, |value| Lang::parse(&value))
}
