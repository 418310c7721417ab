//! `hongyan sandbox` itself: the platform, until it is stopped.

use clap::{Args, ValueEnum};
use hongyan_sandbox::{Options, Sandbox};

use super::{doors::Doors, folder::CaFolder};
use crate::{failure::Failure, input, mode::ModeArg, port, screen::Screen, stop};

#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070")]
    listen: String,
    /// The account's AppID
    #[arg(long, value_name = "ID")]
    app_id: Option<String>,
    /// The account's AppSecret
    #[arg(long, value_name = "SECRET")]
    secret: Option<String>,
    /// The token that pushes are signed with
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// The EncodingAESKey, 43 characters
    #[arg(long, value_name = "KEY")]
    aes_key: Option<String>,
    /// Whether pushes are encrypted; plain when nothing is said
    #[arg(long, value_name = "MODE")]
    mode: Option<ModeArg>,
    /// The form of pushes; xml when nothing is said
    #[arg(long, value_name = "FORM")]
    format: Option<FormatArg>,
    /// Your server's address, where pushes go
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
    /// What kind of account it is; with --unverified it decides what the account may do
    #[arg(long, value_name = "KIND")]
    kind: Option<KindArg>,
    /// The account has not passed 微信认证
    #[arg(long)]
    unverified: bool,
    /// Accounts from a file, TOML or JSON as in examples/accounts.toml, instead of the one demo account
    #[arg(long, value_name = "FILE")]
    accounts: Option<std::path::PathBuf>,
    #[command(flatten)]
    rules: super::rules::RuleArgs,
    /// Answer here too, in TLS, for programs that insist on https
    #[arg(long, value_name = "ADDRESS")]
    pub(super) tls: Option<String>,
    /// Be a proxy here, for programs that have the platform's host names in them
    #[arg(long, value_name = "ADDRESS")]
    pub(super) proxy: Option<String>,
    #[command(flatten)]
    pub(super) ca: CaFolder,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum KindArg {
    Service,
    Subscription,
    Test,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum FormatArg {
    Xml,
    Json,
}

pub(crate) async fn run(args: ServeArgs, screen: Screen) -> Result<(), Failure> {
    let listener = port::bind(&args.listen, "--listen", screen).await?;
    let doors = Doors::bind(&args, screen).await?;
    let options = options(args, screen)?;
    let mut sandbox = Sandbox::start_on(options, listener).await.map_err(Failure::usage)?;
    if let Some(doors) = doors {
        doors.open(&mut sandbox, screen)?;
    }
    screen.data(&format!("ready {}", sandbox.url()))?;
    stop::asked().await;
    sandbox.stop().await;
    Ok(())
}

/// A flag that is given changes the first account of the file, or the demo account.
fn options(args: ServeArgs, screen: Screen) -> Result<Options, Failure> {
    let mut options = Options::default();
    if let Some(file) = &args.accounts {
        let name = file.display().to_string();
        let text = input::file_text(&name, screen)?;
        options = options.with_accounts(&text).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    }
    args.rules.apply(&mut options, screen)?;
    if let Some(mode) = args.mode {
        options.mode = mode.for_sandbox();
    }
    if let Some(format) = args.format {
        options.format = match format {
            FormatArg::Xml => hongyan_sandbox::Format::Xml,
            FormatArg::Json => hongyan_sandbox::Format::Json,
        };
    }
    if let Some(kind) = args.kind {
        options.kind = match kind {
            KindArg::Service => hongyan_sandbox::Kind::Service,
            KindArg::Subscription => hongyan_sandbox::Kind::Subscription,
            KindArg::Test => hongyan_sandbox::Kind::Test,
        };
    }
    if args.unverified {
        options.verified = false;
    }
    if args.callback.is_some() {
        options.callback = args.callback;
    }
    let given = [
        (args.app_id, &mut options.app_id),
        (args.secret, &mut options.secret),
        (args.token, &mut options.token),
        (args.aes_key, &mut options.aes_key),
    ];
    for (value, place) in given {
        if let Some(value) = value {
            *place = value;
        }
    }
    Ok(options)
}
