//! Puts the gateway together and starts it.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hongyan::Client;
use hongyan_server::{Callback, Policy};
use hongyan_wire::{Clock, Lang};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::account::{Account, Inner};
use crate::accounts::Accounts;
use crate::capability;
use crate::config::{AccountConfig, Config, ConfigError, OnUnknown};
use crate::courier::Courier;
use crate::db::{Db, DbError, Dialect};
use crate::kept::Kept;
use crate::media::Media;
use crate::notes::Notes;
use crate::outbox::sender::{Desk, Sender};
use crate::outbox::{Outbox, machine};
use crate::recent::Recent;
use crate::rest::guard::Guard;
use crate::rest::{self, Shared};
use crate::rotation::SqlRotation;
use crate::rules::{RuleParts, Rules};
use crate::serve::{Door, serve};
use crate::stop::Running;
use crate::store::{Store, StoreError, file};
use crate::tasks::Tasks;
use crate::tokens::SqlTokens;
use crate::warm::warm;

/// How often what is written behind is written.
const BEHIND: Duration = Duration::from_secs(1);
/// How often finished messages are looked through.
const TIDY: Duration = Duration::from_hours(1);

/// The gateway.
#[derive(Debug)]
pub struct Gateway;

/// What the gateway gets from outside.
pub struct Parts {
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// A listener that is bound already, in the place of the configuration's `listen`.
    pub listener: Option<TcpListener>,
}

/// Why the gateway did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It cannot listen where it is told to.
    #[error(
        "cannot listen on {address}: {source}; choose another address with `{key} = \"127.0.0.1:PORT\"` in the configuration"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Its key in the configuration.
        key: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// Its database cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A database in `[databases]` has an address that cannot be used.
    #[error("the database \"{name}\" in [databases] cannot be used: {source}")]
    Database {
        /// Its name.
        name: String,
        /// What is wrong.
        source: DbError,
    },
    /// The rules cannot be used.
    #[error("{}", .0.text(Lang::En))]
    Config(Box<ConfigError>),
    /// An account's client cannot be made.
    #[error("account {account}: {source}")]
    Client {
        /// The account.
        account: String,
        /// What is wrong.
        source: hongyan::Error,
    },
}

impl StartError {
    /// The error in the reader's language.
    pub fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Listen { address, key, source } => {
                format!("无法监听 {address}：{source}；请在配置中用 `{key} = \"127.0.0.1:端口\"` 换一个地址")
            }
            Self::Store(error) => error.text(lang),
            Self::Database { name, source } => {
                format!("[databases] 中的数据库 \"{name}\" 无法使用：{}", source.text(lang))
            }
            Self::Config(error) => error.text(lang),
            Self::Client { account, source } => format!("账号 {account}：{}", source.text(lang)),
        }
    }
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::Config(Box::new(error))
    }
}

/// Opens the database in `data`, and makes or updates its tables.
pub async fn open_store(config: &Config) -> Result<Store, StoreError> {
    Store::open(&config.data).await
}

/// A client of one account whose token is the one in the store.
pub fn client_with_store(
    _config: &Config,
    account: &AccountConfig,
    store: &Store,
    clock: Arc<dyn Clock>,
) -> Result<Client, hongyan::Error> {
    account.client(clock, Arc::new(SqlTokens::new(store.clone())))
}

impl Gateway {
    /// Starts everything and returns once it answers. A platform or a rule's database that is away does not stop it.
    pub async fn start(config: Config, parts: Parts) -> Result<Running, StartError> {
        let Parts { clock, listener } = parts;
        announce(&config);
        let (listener, address) = listen(listener, config.listen, "listen").await?;
        let admin = match config.admin_listen {
            Some(address) => Some(listen(None, address, "admin_listen").await?),
            None => None,
        };
        let claim = file::claim(&config.data)?;
        let store = open_store(&config).await?;
        let (outbox, woken) = Outbox::new(store.clone(), Arc::clone(&clock));
        if store.dialect() == Dialect::Sqlite {
            // One process per SQLite file: what is held there was held by a process that is gone.
            outbox.recover().await?;
        }
        let recent = Arc::new(Recent::new(store.clone()));
        let tasks = Tasks::default();
        let maker = Maker {
            rule_parts: rule_parts(&config, &store, &clock)?,
            config: &config,
            store: &store,
            clock: &clock,
            outbox: &outbox,
            recent: &recent,
            tasks: &tasks,
        };
        let mut accounts = BTreeMap::new();
        for account in config.accounts.values() {
            accounts.insert(account.name.clone(), maker.account(account).await?);
        }

        let stopping = Arc::new(AtomicBool::new(false));
        let (stop_doors, doors_stop) = watch::channel(false);
        let (stop_sender, sender_stop) = watch::channel(false);
        let sender = Sender::new(store.clone(), Arc::clone(&clock), desks(&accounts));
        let sender = tokio::spawn(sender.run(woken, sender_stop));
        let warming = accounts
            .values()
            .map(|account| tokio::spawn(warm(account.clone(), doors_stop.clone())))
            .collect();
        let background = vec![tokio::spawn(behind(Arc::clone(&recent))), tokio::spawn(tidy(outbox.clone()))];

        let callbacks: HashMap<String, Callback<Account>> =
            accounts.iter().map(|(name, account)| (name.clone(), callback(account, &clock))).collect();
        let callbacks = Arc::new(callbacks);
        let shared = Arc::new(Shared {
            accounts: Accounts::new(accounts),
            outbox,
            recent: Arc::clone(&recent),
            store: store.clone(),
            stopping: Arc::clone(&stopping),
        });
        let api = |address: SocketAddr| {
            let guard = Guard::new(config.api_keys.clone(), address.ip().is_loopback());
            rest::api(Arc::clone(&shared), guard)
        };
        let public = if admin.is_some() { rest::probes(Arc::clone(&shared)) } else { api(address) };
        let door = Door { callbacks: Arc::clone(&callbacks), rest: public };
        let mut doors = vec![tokio::spawn(serve(listener, door, doors_stop.clone()))];
        let admin_address = admin.as_ref().map(|(_, address)| *address);
        if let Some((listener, address)) = admin {
            let door = Door { callbacks: Arc::default(), rest: api(address) };
            doors.push(tokio::spawn(serve(listener, door, doors_stop)));
        }
        tracing::info!(%address, accounts = config.accounts.len(), "the gateway is ready");
        Ok(Running {
            address,
            admin_address,
            store,
            recent,
            callbacks,
            tasks,
            stopping,
            stop_doors,
            doors,
            stop_sender,
            sender,
            warming,
            background,
            claim,
        })
    }
}

/// What every account is made with.
struct Maker<'a> {
    rule_parts: RuleParts,
    config: &'a Config,
    store: &'a Store,
    clock: &'a Arc<dyn Clock>,
    outbox: &'a Outbox,
    recent: &'a Arc<Recent>,
    tasks: &'a Tasks,
}

impl Maker<'_> {
    async fn account(&self, config: &AccountConfig) -> Result<Account, StartError> {
        let name: Arc<str> = config.name.as_str().into();
        let (store, clock) = (self.store, self.clock);
        let client = client_with_store(self.config, config, store, Arc::clone(clock))
            .map_err(|source| StartError::Client { account: config.name.clone(), source })?;
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
        let folder = self.config.folder.clone();
        let courier = Courier {
            media: Arc::new(Media::new(
                client.clone(),
                store.clone(),
                name.clone(),
                folder,
                Arc::clone(clock),
            )),
            client,
            windows: Arc::default(),
            notes: Arc::new(notes),
            clock: Arc::clone(clock),
        };
        let kept = Kept::load(store.clone(), name.clone(), Arc::clone(clock)).await?;
        let rules = Rules::compile(config, &self.rule_parts)?;
        for warning in rules.check_queries().await? {
            tracing::warn!(account = %name, "{}", warning.text(lang()));
        }
        Ok(Account {
            inner: Arc::new(Inner {
                name,
                config: config.clone(),
                rules,
                courier: Arc::new(courier),
                outbox: self.outbox.clone(),
                recent: Arc::clone(self.recent),
                kept: Arc::new(kept),
                clock: Arc::clone(clock),
                tasks: self.tasks.clone(),
                pending: std::sync::Mutex::default(),
            }),
        })
    }
}

/// Says what the configuration asks for and will not get, before anybody misses it.
fn announce(config: &Config) {
    let lang = lang();
    for warning in &config.warnings {
        tracing::warn!("{}", warning.text(lang));
    }
    for account in config.accounts.values() {
        for note in capability::notes(account) {
            tracing::warn!(account = account.name, "{}", note.text(lang));
        }
    }
}

/// The language of what is said at start.
fn lang() -> Lang {
    ["HONGYAN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .map_or(Lang::En, |value| Lang::parse(&value))
}

async fn listen(
    given: Option<TcpListener>,
    address: SocketAddr,
    key: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, key, source };
    let listener = match given {
        Some(listener) => listener,
        None => TcpListener::bind(address).await.map_err(failed)?,
    };
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn rule_parts(config: &Config, store: &Store, clock: &Arc<dyn Clock>) -> Result<RuleParts, StartError> {
    let mut databases = BTreeMap::new();
    for (name, url) in &config.databases {
        let db =
            Db::connect_lazy(url).map_err(|source| StartError::Database { name: name.clone(), source })?;
        databases.insert(name.clone(), db);
    }
    let rotation = SqlRotation::new(store.clone(), Arc::clone(clock));
    Ok(RuleParts::new(databases, Arc::new(rotation))?)
}

fn callback(account: &Account, clock: &Arc<dyn Clock>) -> Callback<Account> {
    let config = account.config();
    let policy = Policy { wait: config.wait, holding: config.holding.clone(), ..Policy::default() };
    Callback::builder(config.server_account(), account.clone())
        .clock(Arc::clone(clock))
        .late(Arc::new(account.clone()))
        .policy(policy)
        .build()
}

fn desks(accounts: &BTreeMap<String, Account>) -> HashMap<Arc<str>, Desk> {
    accounts
        .values()
        .map(|account| {
            let on_unknown = match account.config().on_unknown {
                OnUnknown::Hold => machine::OnUnknown::Hold,
                OnUnknown::Retry => machine::OnUnknown::Retry,
            };
            (account.name().clone(), Desk { courier: Arc::clone(&account.inner.courier), on_unknown })
        })
        .collect()
}

async fn behind(recent: Arc<Recent>) {
    let mut said = false;
    loop {
        tokio::time::sleep(BEHIND).await;
        match recent.flush().await {
            Ok(()) => said = false,
            Err(error) if !said => {
                said = true;
                tracing::error!(%error, "recent users cannot be written; trying again every second");
            }
            Err(_) => {}
        }
    }
}

async fn tidy(outbox: Outbox) {
    loop {
        if let Err(error) = outbox.tidy().await {
            tracing::warn!(%error, "finished messages cannot be cleared");
        }
        tokio::time::sleep(TIDY).await;
    }
}
