//! Which account a command speaks for: one of a configuration file, or the one named in the environment.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use hongyan::Client;
use hongyan_gateway::{AccountConfig, Config, Store};
use hongyan_wire::{Secret, SystemClock};

use crate::{failure::Failure, refusal, screen::Screen, token_cache};

/// The file that is taken when it is there and nothing else is said.
pub(crate) const USUAL_FILE: &str = "hongyan.toml";

#[derive(Args, Debug, Clone)]
pub(crate) struct AccountArgs {
    /// Configuration file; without it HONGYAN_APP_ID, HONGYAN_SECRET and HONGYAN_API_BASE are used, then ./hongyan.toml
    #[arg(long, value_name = "FILE", env = "HONGYAN_CONFIG", help_heading = "Account")]
    pub(crate) config: Option<PathBuf>,
    /// Name of the account in the configuration file, when it has several
    #[arg(long, value_name = "NAME", help_heading = "Account")]
    pub(crate) account: Option<String>,
}

/// Where the account's data come from.
pub(crate) enum Source {
    /// A configuration file and the account chosen in it.
    File { config: Box<Config>, name: String },
    /// The environment.
    Environment { app_id: String, secret: Secret, api_base: Option<String> },
}

impl Source {
    /// The chosen account's part of the configuration, when there is one.
    pub(crate) fn account(&self) -> Option<&AccountConfig> {
        match self {
            Self::File { config, name } => config.accounts.get(name),
            Self::Environment { .. } => None,
        }
    }
}

impl AccountArgs {
    /// Reads the file or the environment.
    pub(crate) fn source(&self, screen: Screen) -> Result<Source, Failure> {
        if let Some(file) = &self.config {
            return self.read(file.clone(), screen);
        }
        if let Some(source) = from_environment(screen)? {
            if self.account.is_some() {
                return Err(Failure::usage(screen.lang.pick(
                    "--account chooses from a configuration file: add --config FILE, or leave it out",
                    "--account 用于在配置文件中选择账号：请加上 --config 文件，或去掉它",
                )));
            }
            return Ok(source);
        }
        if PathBuf::from(USUAL_FILE).is_file() {
            return self.read(USUAL_FILE.into(), screen);
        }
        Err(Failure::usage(screen.lang.pick(
            "No account is named. Set HONGYAN_APP_ID and HONGYAN_SECRET (and HONGYAN_API_BASE for another address than the platform's), or give --config FILE.",
            "没有指定账号。请设置 HONGYAN_APP_ID 和 HONGYAN_SECRET（不连接微信平台时再设置 HONGYAN_API_BASE），或用 --config 指定配置文件。",
        )))
    }

    /// A client for the account, and the store when there is a configuration file.
    pub(crate) async fn connect(&self, screen: Screen) -> Result<Connection, Failure> {
        let source = self.source(screen)?;
        let (client, store) = match &source {
            Source::File { config, name } => {
                let store = hongyan_gateway::open_store(config).await;
                let store = store.map_err(|error| Failure::usage(error.text(screen.lang)))?;
                let account =
                    config.account(Some(name)).map_err(|error| Failure::usage(error.text(screen.lang)))?;
                let client =
                    hongyan_gateway::client_with_store(config, account, &store, Arc::new(SystemClock))
                        .map_err(|error| refusal::failure(&error, screen.lang))?;
                (client, Some(store))
            }
            Source::Environment { app_id, secret, api_base } => {
                (environment_client(app_id, secret, api_base.as_deref(), screen)?, None)
            }
        };
        Ok(Connection { client, store, source })
    }

    fn read(&self, file: PathBuf, screen: Screen) -> Result<Source, Failure> {
        let config = Config::load(&file).map_err(|error| Failure::usage(error.text(screen.lang)))?;
        let chosen = config.account(self.account.as_deref());
        let name = chosen.map_err(|error| Failure::usage(error.text(screen.lang)))?.name.clone();
        Ok(Source::File { config: Box::new(config), name })
    }
}

/// What a command needs to talk to the platform.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// The gateway's store; only with a configuration file.
    pub(crate) store: Option<Store>,
    pub(crate) source: Source,
}

/// A variable that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn from_environment(screen: Screen) -> Result<Option<Source>, Failure> {
    let Some(app_id) = variable("HONGYAN_APP_ID") else { return Ok(None) };
    let Some(secret) = variable("HONGYAN_SECRET") else {
        return Err(Failure::usage(screen.lang.pick(
            "HONGYAN_APP_ID is set but HONGYAN_SECRET is not; set it to the account's AppSecret",
            "设置了 HONGYAN_APP_ID，但没有设置 HONGYAN_SECRET；请把它设为账号的 AppSecret",
        )));
    };
    let api_base = variable("HONGYAN_API_BASE");
    Ok(Some(Source::Environment { app_id, secret: Secret::new(secret), api_base }))
}

fn environment_client(
    app_id: &str,
    secret: &Secret,
    api_base: Option<&str>,
    screen: Screen,
) -> Result<Client, Failure> {
    let mut builder = Client::builder(app_id, secret.clone());
    if let Some(base) = api_base {
        builder = builder.api_base(base);
    }
    if let Some(store) = token_cache::open(app_id, api_base) {
        builder = builder.token_store(store);
    }
    builder.build().map_err(|error| refusal::failure(&error, screen.lang))
}
