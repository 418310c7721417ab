//! The command line as a whole.

use clap::{CommandFactory, Parser, Subcommand};
use hongyan_wire::Lang;

use crate::{commands, help_zh};

/// WeChat Official Accounts: a gateway, a sandbox of the platform, and an operator's commands
#[derive(Parser, Debug)]
#[command(name = "hongyan", version, arg_required_else_help = true, max_term_width = 110)]
#[command(
    after_help = "Start here: hongyan demo\n\nEnvironment:\n  HONGYAN_APP_ID, HONGYAN_SECRET, HONGYAN_API_BASE   the account, when no configuration file is given\n  HONGYAN_CONFIG                                     the same as --config\n  HONGYAN_LANG                                       en or zh; otherwise the locale decides\n  HONGYAN_LOG                                        how much is logged, such as debug\n\nExit status: 0 done, 1 the platform or the work refused, 2 wrong usage or configuration"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Sandbox and gateway together, with an account, a menu, songs, parcels, weather: no file, no account, no network needed
    Demo(commands::demo::DemoArgs),
    /// The gateway: a ready-made back end driven by one TOML file
    Serve(commands::serve::ServeArgs),
    /// The platform on this machine, with a phone in the browser
    Sandbox(commands::sandbox::SandboxArgs),
    /// The account's menu
    Menu(commands::menu::MenuArgs),
    /// Sends a customer-service message or a template message, to one person or to everybody in a file
    Send(Box<commands::send::SendArgs>),
    /// Followers, or who acted lately, with their OpenIDs
    Users(commands::users::UsersArgs),
    /// Makes a QR code with a scene
    Qrcode(commands::qrcode::QrcodeArgs),
    /// Prints a valid access token
    Token(commands::token::TokenArgs),
    /// Calls any endpoint of the platform
    Call(commands::call::CallArgs),
    /// Reads a push or an encrypted envelope from standard input and prints it as typed JSON
    Decode(commands::decode::DecodeArgs),
    /// What the configured rules do
    Rules(commands::rules::RulesArgs),
    /// Finds out what is wrong with an account's set-up and says where to put it right
    Doctor(commands::doctor::DoctorArgs),
    /// Plays conversations from files against a back end, for tests
    Scenario(commands::scenario::ScenarioArgs),
    /// Prints the completion script of a shell
    Completions(commands::completions::CompletionsArgs),
}

/// The command with its help in the reader's language.
pub(crate) fn command(lang: Lang) -> clap::Command {
    let english = Cli::command();
    match lang {
        Lang::En => english,
        Lang::Zh => help_zh::translate(english),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command(Lang::En).debug_assert();
        command(Lang::Zh).debug_assert();
    }

    #[test]
    fn every_command_that_runs_has_an_example() {
        fn check(command: &clap::Command) {
            for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
                if sub.has_subcommands() {
                    check(sub);
                    continue;
                }
                let shown = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(shown.contains("hongyan "), "{} has no example", sub.get_name());
            }
        }
        check(&command(Lang::En));
    }

    #[test]
    fn every_flag_is_explained() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&command(Lang::En));
    }
}
