//! `hongyan doctor`: plays the platform against the account's address, and the account against the platform.

mod report;
mod http_date;
mod storage;
mod platform;
mod rights;
mod callback;
mod verdict;

use std::net::{IpAddr, Ipv4Addr};

use clap::Args;
use hongyan::{Client, TokenEndpoint};
use hongyan_server::Mode;
use hongyan_wire::{AppId, Secret};

use crate::{
    account::{AccountArgs, Source},
    callback_keys::CallbackKeys,
    failure::Failure,
    mode::ModeArg,
    refusal,
    screen::Screen,
    token_cache,
};
use callback::Target;
use report::Report;

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hongyan doctor --config hongyan.toml\n  hongyan doctor --config hongyan.toml --callback https://wx.example.com/callback/main\n  HONGYAN_TOKEN=… hongyan doctor --callback https://wx.example.com/wx"
)]
pub(crate) struct DoctorArgs {
    /// The address that the platform calls; with --config the gateway's own when left out
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
    #[command(flatten)]
    keys: CallbackKeys,
    /// How pushes to --callback are protected, when no configuration says so
    #[arg(long, value_name = "MODE")]
    mode: Option<ModeArg>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    account: AccountArgs,
}

pub(crate) async fn run(args: DoctorArgs, screen: Screen) -> Result<(), Failure> {
    let source = args.account.source(screen)?;
    let mut report = Report::new(screen, args.json);
    configuration(&source, &mut report)?;
    let patient = patient(&source, screen)?;
    platform::app_id(patient.app_id.as_str(), &mut report)?;
    let kept = match &source {
        Source::File { config, .. } => {
            let db = storage::database(config, &mut report).await?;
            storage::redis(config, &mut report).await?;
            match db {
                Some(db) => storage::kept_in(&db, &patient.app_id).await,
                None => None,
            }
        }
        Source::Environment { app_id, api_base, .. } => {
            storage::kept_by(token_cache::open(app_id, api_base.as_deref()), &patient.app_id).await
        }
    };
    platform::reach(patient.api_base.as_deref(), &mut report).await?;
    storage::foreign(kept, &patient, &mut report).await?;
    if platform::token(&patient, &mut report).await? {
        platform::caller(&patient.client, &mut report).await?;
        rights::check(&patient.client, source.account(), &mut report).await?;
        platform::menu(&patient.client, &mut report).await?;
        platform::auto_replies(&patient.client, &mut report).await?;
    }
    match target(&args, &source, &patient.app_id, screen)? {
        Some(target) => callback::check(&target, &mut report).await?,
        None => report.warn(
            "callback",
            "not checked: the address or the token is not known",
            "未检查：不知道回调地址或 Token",
            (
                "give --callback URL and --token, or --config FILE",
                "请给出 --callback 地址 和 --token，或 --config 配置文件",
            ),
        )?,
    }
    report.finish()
}

/// Who is examined.
struct Patient {
    client: Client,
    app_id: AppId,
    api_base: Option<String>,
    /// Whether the account asks for tokens where each new one ends the last.
    classic: bool,
    /// Whether the token comes from somebody else's service.
    from_service: bool,
}

fn configuration(source: &Source, report: &mut Report) -> Result<(), Failure> {
    match source {
        Source::File { config, name } => {
            report.ok(
                "configuration",
                &format!("read; account {name}"),
                &format!("读取成功；账号 {name}"),
            )?;
            for warning in &config.warnings {
                use hongyan_wire::Lang;
                report.warn("configuration", warning.text(Lang::En), warning.text(Lang::Zh), ("", ""))?;
            }
            Ok(())
        }
        Source::Environment { app_id, .. } => report.ok(
            "configuration",
            &format!("from the environment; account {app_id}"),
            &format!("来自环境变量；账号 {app_id}"),
        ),
    }
}

/// A client that keeps no token and asks the stable endpoint, whatever the configuration says: so that the AppSecret is really tried, and nobody's token is replaced.
fn patient(source: &Source, screen: Screen) -> Result<Patient, Failure> {
    let (builder, app_id, api_base) = match (source, source.account()) {
        (_, Some(account)) => (account.client_builder(), account.app_id.clone(), account.api_base.clone()),
        (Source::Environment { app_id, secret, api_base }, None) => {
            let mut builder = Client::builder(app_id.as_str(), secret.clone());
            if let Some(base) = api_base {
                builder = builder.api_base(base.as_str());
            }
            (builder, AppId::new(app_id.as_str()), api_base.clone())
        }
        (Source::File { .. }, None) => return Err(Failure::Told),
    };
    let client = builder
        .token_endpoint(TokenEndpoint::Stable)
        .build()
        .map_err(|error| refusal::failure(&error, screen.lang))?;
    let account = source.account();
    let classic = account.is_some_and(|account| account.token_endpoint == TokenEndpoint::Classic);
    let from_service = account.is_some_and(|account| account.token_from.is_some());
    Ok(Patient { client, app_id, api_base, classic, from_service })
}

/// Where pushes go and what protects them; flags before the configuration.
fn target(
    args: &DoctorArgs,
    source: &Source,
    app_id: &AppId,
    screen: Screen,
) -> Result<Option<Target>, Failure> {
    let account = source.account();
    let address = args.callback.clone().or_else(|| match source {
        Source::File { config, name } if config.listen.port() != 0 => {
            let host = match config.listen.ip() {
                ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
                ip => ip,
            };
            let place = std::net::SocketAddr::new(host, config.listen.port());
            Some(format!("http://{place}/callback/{name}"))
        }
        _ => None,
    });
    // A file that merely lies in the folder comes after the environment, one that was asked for before it.
    let asked_for = account.filter(|_| args.account.config.is_some());
    let token: Option<Secret> =
        args.keys.token(asked_for).or_else(|| account.map(|account| account.token.clone()));
    let keys = args.keys.aes_keys(asked_for, screen)?;
    let key = keys.first().or_else(|| account.and_then(|account| account.aes_keys.first())).cloned();
    let (Some(address), Some(token)) = (address, token) else { return Ok(None) };
    let address =
        url::Url::parse(&address).map_err(|error| {
        Failure::Usage(screen.lang.pick(
            format!("--callback: {address} is no address ({error}); write for example https://wx.example.com/callback/main"),
            format!("--callback：{address} 不是合法的网址（{error}）；请写成例如 https://wx.example.com/callback/main"),
        ))
    })?;
    let mode = match (args.mode, account) {
        (Some(given), _) => given.for_server(),
        (None, Some(account)) => account.mode,
        (None, None) if key.is_some() => Mode::Secure,
        (None, None) => Mode::Plain,
    };
    if mode != Mode::Plain && key.is_none() {
        return Err(Failure::usage(screen.lang.pick(
            "This mode encrypts: give the EncodingAESKey with --aes-key or HONGYAN_AES_KEY",
            "该模式需要加密：请用 --aes-key 或 HONGYAN_AES_KEY 给出 EncodingAESKey",
        )));
    }
    Ok(Some(Target { address, token, key, mode, app_id: app_id.clone() }))
}
