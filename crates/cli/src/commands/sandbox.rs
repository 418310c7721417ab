//! `hongyan sandbox`: the platform on this machine, and what belongs to it.

mod flags;
mod serve;
mod greeting;
mod rules;
mod doors;
mod folder;
mod ca;
mod load;

use clap::{Args, Subcommand};

pub(crate) use flags::AccountFlags;

use crate::{failure::Failure, logs, screen::Screen};

#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  hongyan sandbox\n  hongyan sandbox --mode secure --callback http://127.0.0.1:8080/callback/main\n  hongyan sandbox --tls 127.0.0.1:7443 --proxy 127.0.0.1:7072"
)]
pub(crate) struct SandboxArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    serve: serve::ServeArgs,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Prints the certificate that --tls and --proxy are trusted by
    Ca(ca::CaArgs),
    /// Many people at once, and how the back end bears it
    Load(Box<load::LoadArgs>),
}

pub(crate) async fn run(args: SandboxArgs, screen: Screen) -> Result<(), Failure> {
    match args.action {
        None => {
            logs::start("info");
            serve::run(args.serve, screen).await
        }
        Some(Action::Ca(args)) => {
            logs::start("error");
            ca::run(&args, screen)
        }
        Some(Action::Load(args)) => {
            logs::start("error");
            load::run(*args, screen).await
        }
    }
}
