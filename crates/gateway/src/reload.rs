//! Reads the configuration again while the gateway runs: all of it is put in place, or nothing.
//!
//! Rules, menus, copies and the like are put into the running account, whose engine, remembered pushes, pending
//! answers and kept replies stay as they are. An account whose credentials or way of answering changed gets a new
//! callback, and the old one is drained; so are accounts that came or went.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use hongyan_server::Callback;
use hongyan_wire::{Lang, Secret, envelope};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use crate::account::{Account, Live};
use crate::accounts::Accounts;
use crate::config::{AccountConfig, ApiKey, Config, ConfigError, ForwardConfig, HandOver};
use crate::maker::{Maker, desks, lang};
use crate::outbox::sender::Desk;
use crate::rules::RuleParts;
use crate::start::{StartError, announce};
use crate::swap::Swap;
use crate::warm::warm;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long a callback that was replaced may still take for what it has begun.
const DRAIN: Duration = Duration::from_secs(15);

/// Makes the routes of one listener for these keys.
pub(crate) type Routes = Box<dyn Fn(&[ApiKey]) -> Router + Send + Sync>;

/// Reads the configuration again. Cheap to clone.
#[derive(Clone)]
pub struct Reloader(Arc<Inner>);

struct Inner {
    maker: Maker,
    wired: Wired,
    now: Mutex<Now>,
}

/// The places where a reload puts what it made.
pub(crate) struct Wired {
    pub(crate) accounts: Accounts,
    pub(crate) callbacks: Swap<HashMap<String, Callback<Account>>>,
    pub(crate) desks: Swap<HashMap<Arc<str>, Desk>>,
    /// The routes of each listener, and how they are made.
    pub(crate) routes: Vec<(Swap<Router>, Routes)>,
}

/// What was read last.
struct Now {
    config: Config,
    parts: RuleParts,
    menus: BTreeMap<String, Option<Vec<u8>>>,
    warming: BTreeMap<String, Warming>,
}

/// What is done for an account in the background after it came.
struct Warming {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What a reload changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Accounts that came.
    pub added: Vec<String>,
    /// Accounts that went.
    pub removed: Vec<String>,
    /// Accounts that have a new callback.
    pub renewed: Vec<String>,
    /// Keys whose change takes effect only with the next start.
    pub needs_restart: Vec<&'static str>,
}

/// Why everything stays as it was.
#[derive(Debug)]
pub struct ReloadError(StartError);

impl ReloadError {
    /// The reason in the reader's language, with the line of the file where it stands.
    pub fn text(&self, lang: Lang) -> String {
        self.0.text(lang)
    }
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for ReloadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl<E: Into<StartError>> From<E> for ReloadError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Reloader {
    pub(crate) fn new(maker: Maker, wired: Wired, config: Config, parts: RuleParts) -> Self {
        let menus = menus(&config);
        let warming = wired.accounts.all().values().map(warmed).collect();
        let now = Now { config, parts, menus, warming };
        Self(Arc::new(Inner { maker, wired, now: Mutex::new(now) }))
    }

    /// Reads the file again and puts what it says in place. On an error everything stays as it was.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        let mut now = self.0.now.lock().await;
        let result = self.read(&mut now).await;
        match &result {
            Ok(done) => {
                tracing::info!(
                    added = ?done.added,
                    removed = ?done.removed,
                    renewed = ?done.renewed,
                    "the configuration was read again"
                );
                for key in &done.needs_restart {
                    tracing::warn!(
                        "`{key}` has changed: that takes effect when the gateway is started again"
                    );
                }
            }
            Err(error) => {
                tracing::error!(
                    "the configuration has a mistake, and what was read before stays in force: {}",
                    error.text(lang())
                );
            }
        }
        result
    }

    async fn read(&self, now: &mut Now) -> Result<Reloaded, ReloadError> {
        let Inner { maker, wired, .. } = &*self.0;
        let file = now.config.file.clone();
        let read =
            tokio::task::spawn_blocking(move || Config::load(&file).map(|config| (menus(&config), config)));
        let (menus, config) = read.await.map_err(|error| failed(&error))??;
        let parts = maker.rule_parts(&config, Some((&now.config, &now.parts)))?;
        let mut done = Reloaded { needs_restart: needs_restart(&now.config, &config), ..Reloaded::default() };

        // Everything that can fail is made first.
        let before = wired.accounts.all();
        let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
        let mut lives: Vec<(Account, Live)> = Vec::new();
        for (name, account) in &config.accounts {
            let running = before.get(name).zip(now.config.accounts.get(name));
            match running {
                Some((running, known)) if !needs_new_callback(known, account) => {
                    lives.push((running.clone(), maker.live(account, &parts).await?));
                    accounts.insert(name.clone(), running.clone());
                }
                running => {
                    let running = running.map(|(running, _)| running);
                    let list = if running.is_some() { &mut done.renewed } else { &mut done.added };
                    list.push(name.clone());
                    accounts.insert(name.clone(), maker.account(&config, account, &parts, running).await?);
                }
            }
        }
        done.removed = before.keys().filter(|name| !accounts.contains_key(*name)).cloned().collect();

        // From here on nothing fails and nothing waits.
        announce(&config);
        for (account, live) in lives {
            account.replace(live);
        }
        let known = wired.callbacks.get();
        let is_new = |name: &String| done.added.contains(name) || done.renewed.contains(name);
        let callback = |(name, account): (&String, &Account)| {
            let same = known.get(name).filter(|_| !is_new(name)).cloned();
            (name.clone(), same.unwrap_or_else(|| maker.callback(account)))
        };
        let callbacks = accounts.iter().map(callback).collect();
        for name in now.warming.keys().cloned().collect::<Vec<_>>() {
            let menu_changed = now.menus.get(&name) != menus.get(&name);
            if (is_new(&name) || menu_changed || !accounts.contains_key(&name))
                && let Some(warming) = now.warming.remove(&name)
            {
                warming.stop.send_replace(true);
            }
        }
        for (name, account) in &accounts {
            if !now.warming.contains_key(name) {
                now.warming.extend([warmed(account)]);
            }
        }
        wired.desks.set(desks(&accounts));
        wired.accounts.replace(accounts);
        let replaced = wired.callbacks.set(callbacks);
        for (routes, make) in &wired.routes {
            routes.set(make(&config.api_keys));
        }
        for name in done.removed.iter().chain(&done.renewed) {
            if let Some(callback) = replaced.get(name).cloned() {
                maker.tasks.spawn(async move {
                    let _ = callback.drain(DRAIN).await;
                });
            }
        }
        maker.forwarder.keep_only(&addresses(&config));
        *now = Now { config, parts, menus, warming: std::mem::take(&mut now.warming) };
        Ok(done)
    }

    /// Reloads whenever the file, or a menu that it names, changes.
    pub(crate) async fn watch(self) {
        let mut seen = self.stamps().await;
        loop {
            tokio::time::sleep(LOOK).await;
            let found = self.stamps().await;
            if found != seen {
                // Taken before the file is read: a change while it is being read is not missed.
                seen = found;
                // What is wrong with it is said there. The next change is looked at again.
                let _ = self.reload().await;
            }
        }
    }

    /// The time and the size of each file that matters.
    async fn stamps(&self) -> Vec<(PathBuf, Option<(SystemTime, u64)>)> {
        let files: Vec<PathBuf> = {
            let now = self.0.now.lock().await;
            let menus = now.config.accounts.values().filter(|account| account.menu_at_start);
            let menus = menus.filter_map(|account| account.menu.clone());
            std::iter::once(now.config.file.clone()).chain(menus).collect()
        };
        let mut stamps = Vec::new();
        for file in files {
            let data = tokio::fs::metadata(&file).await.ok();
            stamps.push((file, data.and_then(|data| Some((data.modified().ok()?, data.len())))));
        }
        stamps
    }

    /// Ends what is done in the background; gives what to wait for.
    pub(crate) async fn stop(&self) -> Vec<JoinHandle<()>> {
        let mut now = self.0.now.lock().await;
        let warming = std::mem::take(&mut now.warming);
        warming
            .into_values()
            .map(|warming| {
                warming.stop.send_replace(true);
                warming.task
            })
            .collect()
    }
}

fn warmed(account: &Account) -> (String, Warming) {
    let (stop, stopping) = watch::channel(false);
    let task = tokio::spawn(warm(account.clone(), stopping));
    (account.name().to_string(), Warming { stop, task })
}

fn failed(error: &tokio::task::JoinError) -> StartError {
    let what = crate::config::Words::new(
        format!("the configuration could not be read: {error}"),
        format!("无法读取配置：{error}"),
    );
    ConfigError::new(what).into()
}

/// The settings whose change a reload does not carry out.
fn needs_restart(before: &Config, after: &Config) -> Vec<&'static str> {
    let changed = [
        ("listen", before.listen != after.listen),
        ("admin_listen", before.admin_listen != after.admin_listen),
        ("data", before.data != after.data),
        ("redis", before.redis != after.redis),
        ("history", before.history != after.history),
    ];
    changed.into_iter().filter(|(_, changed)| *changed).map(|(key, _)| key).collect()
}

/// Whether what changed is more than can be put into the running account.
///
/// What can be is taken out of both first; the rest is compared as it is printed, the secrets one by one, so that a
/// setting added later counts as one that needs a new callback.
fn needs_new_callback(before: &AccountConfig, after: &AccountConfig) -> bool {
    let rest = |account: &AccountConfig| {
        let mut rest = account.clone();
        rest.rules.clear();
        rest.copy_to.clear();
        rest.menu = None;
        rest.menu_at_start = false;
        rest.late = after.late;
        rest.late_asked = after.late_asked;
        rest.gap = after.gap;
        rest.send_rate = after.send_rate;
        rest.on_unknown = after.on_unknown;
        format!("{rest:?}")
    };
    let asks = |account: &AccountConfig| {
        let assists = |to: &HandOver| matches!(to, HandOver::Assistant(_));
        account.rules.iter().any(|rule| rule.hand_over.as_ref().is_some_and(assists))
    };
    rest(before) != rest(after)
        || before.secret != after.secret
        || before.token != after.token
        || sealed(before) != sealed(after)
        || tokens_from(before) != tokens_from(after)
        // What the last try says depends on it.
        || asks(before) != asks(after)
        || before.late != after.late
}

/// Where the token comes from when it is not the platform: an address and headers that may hold a secret.
fn tokens_from(account: &AccountConfig) -> Option<(&Secret, &[(String, Secret)])> {
    account.token_from.as_ref().map(|from| (&from.http, from.headers.as_slice()))
}

/// What the AES keys make of one and the same text: keys cannot be compared, and are not shown.
fn sealed(account: &AccountConfig) -> Vec<String> {
    let seal = |key| envelope::seal(key, &account.app_id, [0; 16], b"the same");
    account.aes_keys.iter().map(seal).collect()
}

/// The menus that are applied by themselves, as they stand in their files.
fn menus(config: &Config) -> BTreeMap<String, Option<Vec<u8>>> {
    let applied = config.accounts.values().filter(|account| account.menu_at_start);
    let read = |file: &Path| std::fs::read(file).ok();
    applied.map(|account| (account.name.clone(), account.menu.as_deref().and_then(read))).collect()
}

/// The addresses of all programs.
fn addresses(config: &Config) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut add = |to: &ForwardConfig| {
        found.insert(to.url.to_string());
    };
    for account in config.accounts.values() {
        account.copy_to.iter().for_each(|to| add(to));
        for rule in &account.rules {
            rule.copy_to.iter().for_each(|to| add(to));
            if let Some(HandOver::Forward(to)) = &rule.hand_over {
                add(to);
            }
        }
    }
    found
}
