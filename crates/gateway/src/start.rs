//! Puts the gateway together and starts it.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hongyan::Client;
use hongyan_server::Callback;
use hongyan_wire::{Clock, Lang};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::account::Account;
use crate::accounts::Accounts;
use crate::behind::Behind;
use crate::capability;
use crate::cluster::{Address, Cluster};
use crate::config::{AccountConfig, Config, ConfigError};
use crate::db::{DbError, Dialect};
use crate::forward::Forwarder;
use crate::jssdk::Tickets;
use crate::maker::{self, Maker, lang};
use crate::outbox::Outbox;
use crate::outbox::sender::Sender;
use crate::relay::Relay;
use crate::reload::{Reloader, Routes, Wired};
use crate::rest::guard::Guard;
use crate::rest::pictures::Pictures;
use crate::rest::{self, Shared};
use crate::sealing::Sealing;
use crate::serve::{Door, serve};
use crate::stop::Running;
use crate::store::{Store, StoreError, file};
use crate::swap::Swap;
use crate::tasks::Tasks;
use crate::tokens::SqlTokens;

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
    /// The client for other programs cannot be made.
    #[error("the HTTP client does not start: {0}")]
    Http(#[source] reqwest::Error),
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
            Self::Http(source) => format!("HTTP 客户端无法启动：{source}"),
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
        let redis = config.redis.as_deref().and_then(Address::parse);
        let cluster = Cluster::join(redis, store.node()).await;
        let bus = cluster.bus.clone();
        let behind = Arc::new(Behind::new(&store, bus.clone(), config.history));
        let tasks = Tasks::default();
        let forwarder = Forwarder::new(store.clone(), Arc::clone(&clock)).map_err(StartError::Http)?;
        let forwarder = Arc::new(forwarder);
        let maker = Maker {
            store: store.clone(),
            clock: Arc::clone(&clock),
            outbox: outbox.clone(),
            behind: Arc::clone(&behind),
            tasks: tasks.clone(),
            forwarder: Arc::clone(&forwarder),
            cluster: cluster.clone(),
        };
        let rule_parts = maker.rule_parts(&config, None)?;
        let mut accounts = BTreeMap::new();
        for account in config.accounts.values() {
            accounts.insert(account.name.clone(), maker.account(&config, account, &rule_parts, None).await?);
        }

        let stopping = Arc::new(AtomicBool::new(false));
        let (stop_doors, doors_stop) = watch::channel(false);
        let (stop_sender, sender_stop) = watch::channel(false);
        let desks = Swap::new(maker::desks(&accounts));
        let sender = Sender::new(store.clone(), Arc::clone(&clock), desks.clone(), cluster.limiter.clone());
        let sender = tokio::spawn(sender.run(woken, sender_stop.clone()));
        let feeding = tokio::spawn(outbox.batches().run(sender_stop));
        let mut background = vec![
            tokio::spawn(write_behind(Arc::clone(&behind))),
            tokio::spawn(tidy(outbox.clone())),
            tokio::spawn(outbox.clone().end_waits()),
            feeding,
            tokio::spawn(tidy_behind(store.clone(), Arc::clone(&behind), Arc::clone(&clock))),
        ];

        let callbacks: HashMap<String, Callback<Account>> =
            accounts.iter().map(|(name, account)| (name.clone(), maker.callback(account))).collect();
        let callbacks = Swap::new(callbacks);
        let accounts = Accounts::new(accounts);
        background.push(tokio::spawn(tidy_forwards(Arc::clone(&forwarder), accounts.clone(), maker.clone())));
        let shared = Arc::new(Shared {
            accounts: accounts.clone(),
            outbox,
            behind: Arc::clone(&behind),
            store: store.clone(),
            bus,
            sealing: Sealing::default(),
            relay: Relay::default(),
            tickets: Tickets::default(),
            pictures: Pictures::default(),
            public_listener: admin.as_ref().map(|_| address),
            stopping: Arc::clone(&stopping),
            callbacks: callbacks.clone(),
            cluster: cluster.clone(),
            forwarder: Arc::clone(&forwarder),
            answers: Arc::default(),
        });
        let api = |address: SocketAddr| -> Routes {
            let shared = Arc::clone(&shared);
            Box::new(move |keys| {
                rest::api(Arc::clone(&shared), Guard::new(keys.to_vec(), address.ip().is_loopback()))
            })
        };
        let public: Routes = if admin.is_some() {
            let shared = Arc::clone(&shared);
            Box::new(move |_| rest::probes(Arc::clone(&shared)))
        } else {
            api(address)
        };
        let mut routes = vec![(Swap::new(public(&config.api_keys)), public)];
        let door = Door { callbacks: callbacks.clone(), rest: routes[0].0.clone() };
        let mut doors = vec![tokio::spawn(serve(listener, door, doors_stop.clone()))];
        let admin_address = admin.as_ref().map(|(_, address)| *address);
        if let Some((listener, address)) = admin {
            let admin = api(address);
            let rest = Swap::new(admin(&config.api_keys));
            routes.push((rest.clone(), admin));
            doors.push(tokio::spawn(serve(listener, Door { callbacks: Swap::default(), rest }, doors_stop)));
        }
        tracing::info!(%address, accounts = config.accounts.len(), "the gateway is ready");
        let wired = Wired { accounts, callbacks: callbacks.clone(), desks, routes };
        let reloader = Reloader::new(maker, wired, config, rule_parts);
        background.push(tokio::spawn(reloader.clone().watch()));
        Ok(Running {
            address,
            admin_address,
            store,
            behind,
            callbacks,
            tasks,
            stopping,
            stop_doors,
            doors,
            stop_sender,
            sender,
            reloader,
            forwarder,
            background,
            claim,
        })
    }
}

/// Says what the configuration asks for and will not get, before anybody misses it.
pub(crate) fn announce(config: &Config) {
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

async fn write_behind(behind: Arc<Behind>) {
    let mut said = false;
    loop {
        tokio::time::sleep(BEHIND).await;
        match behind.flush().await {
            Ok(()) => said = false,
            Err(error) if !said => {
                said = true;
                tracing::error!(%error, "what was noted cannot be written; trying again every second");
            }
            Err(_) => {}
        }
    }
}

async fn tidy_forwards(forwarder: Arc<Forwarder>, accounts: Accounts, maker: Maker) {
    loop {
        let done = async {
            forwarder.dead.tidy(&accounts.names()).await?;
            crate::assistant::tidy(&maker.store, maker.clock.now()).await
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "messages that were kept for programs cannot be cleared");
        }
        tokio::time::sleep(TIDY).await;
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

async fn tidy_behind(store: Store, behind: Arc<Behind>, clock: Arc<dyn Clock>) {
    loop {
        let now = clock.now();
        let done = async {
            crate::idempotency::tidy(&store, now).await?;
            behind.tidy(now).await
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "what is over cannot be cleared");
        }
        tokio::time::sleep(TIDY).await;
    }
}
