//! One file a command: its flags, and what it does.

pub(crate) mod demo;
pub(crate) mod serve;
pub(crate) mod sandbox;
pub(crate) mod menu;
pub(crate) mod send;
pub(crate) mod users;
pub(crate) mod qrcode;
pub(crate) mod token;
pub(crate) mod call;
pub(crate) mod decode;
pub(crate) mod rules;
pub(crate) mod doctor;
pub(crate) mod scenario;
pub(crate) mod completions;

use crate::{
    cli::{Cli, Command},
    failure::Failure,
    logs,
    screen::Screen,
};

/// Runs the chosen command.
pub(crate) async fn run(cli: Cli, screen: Screen) -> Result<(), Failure> {
    match cli.command {
        Command::Demo(args) => Box::pin(demo::run(args, screen)).await,
        Command::Serve(args) => serve::run(args, screen).await,
        Command::Sandbox(args) => sandbox::run(args, screen).await,
        other => {
            logs::start("error");
            run_once(other, screen).await
        }
    }
}

/// The commands that do one thing and end.
async fn run_once(command: Command, screen: Screen) -> Result<(), Failure> {
    match command {
        Command::Menu(args) => menu::run(args, screen).await,
        Command::Send(args) => send::run(*args, screen).await,
        Command::Users(args) => users::run(args, screen).await,
        Command::Qrcode(args) => qrcode::run(args, screen).await,
        Command::Token(args) => token::run(args, screen).await,
        Command::Call(args) => call::run(args, screen).await,
        Command::Decode(args) => decode::run(&args, screen),
        Command::Rules(args) => rules::run(args, screen).await,
        Command::Doctor(args) => doctor::run(args, screen).await,
        Command::Scenario(args) => scenario::run(args, screen).await,
        Command::Completions(args) => completions::run(&args, screen),
        Command::Demo(_) | Command::Serve(_) | Command::Sandbox(_) => Ok(()),
    }
}
