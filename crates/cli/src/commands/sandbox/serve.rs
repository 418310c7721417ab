//! `hongyan sandbox` itself: the platform, until it is stopped.

use clap::{Args, ValueEnum};
use hongyan_sandbox::{Options, Sandbox};

use super::{doors::Doors, folder::CaFolder, greeting};
use crate::{failure::Failure, port, screen::Screen, stop};

#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070")]
    listen: String,
    #[command(flatten)]
    account: super::flags::AccountFlags,
    /// The form of pushes; xml when nothing is said
    #[arg(long, value_name = "FORM")]
    format: Option<FormatArg>,
    /// What kind of account it is; with --unverified it decides what the account may do
    #[arg(long, value_name = "KIND")]
    kind: Option<KindArg>,
    /// The account has not passed 微信认证
    #[arg(long)]
    unverified: bool,
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
    let options = options(&args, screen)?;
    let told = options.clone();
    let started = Sandbox::start_on(options, listener).await;
    let mut sandbox = started.map_err(|error| Failure::Usage(error.text(screen.lang)))?;
    if let Some(doors) = doors {
        doors.open(&mut sandbox, screen)?;
    }
    screen.data(&format!("ready {}", sandbox.url()))?;
    for line in greeting::lines(&told, &sandbox.url(), screen.lang) {
        screen.note(&line);
    }
    tokio::select! {
        () = stop::asked() => {}
        () = greeting::handshakes(&sandbox, screen) => {}
    }
    sandbox.stop().await;
    Ok(())
}

/// A flag that is given changes the first account of the file, or the demo account.
fn options(args: &ServeArgs, screen: Screen) -> Result<Options, Failure> {
    let mut options = args.account.accounts(screen)?;
    args.rules.apply(&mut options, screen)?;
    args.account.change(&mut options);
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
    Ok(options)
}
