//! `hongyan`: the gateway, the sandbox, the demo and the commands of an operator, in one program.
//!
//! `main` parses and chooses the language; one file of `commands` runs.

mod failure;
mod screen;
mod logs;
mod stop;
mod hangup;
mod port;
mod mode;
mod input;
mod pairs;
mod refusal;
mod token_cache;
mod account;
mod callback_keys;
mod progress;
mod terminal_qr;
mod browser;
mod cli;
mod help_zh;
mod usage_zh;
mod demo;
mod commands;

use std::process::ExitCode;

use clap::FromArgMatches;
use hongyan_wire::Lang;

use crate::{cli::Cli, screen::Screen};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let screen = Screen::from_env();
    let matches = cli::command(screen.lang).try_get_matches();
    let parsed = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(parsed) => parsed,
        Err(error) => match usage_zh::sentence(&error).filter(|_| screen.lang == Lang::Zh) {
            Some(text) => {
                screen.note(&text);
                return ExitCode::from(2);
            }
            None => error.exit(),
        },
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            screen.note(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(commands::run(parsed, screen));
    #[cfg(feature = "otlp")]
    logs::traces::finish();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(text) = failure.text() {
                screen.note(text);
            }
            ExitCode::from(failure.exit_code())
        }
    }
}
