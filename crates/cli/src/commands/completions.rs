//! `hongyan completions`: a shell's completion script.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{cli::Cli, failure::Failure, screen::Screen};

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  hongyan completions bash > /etc/bash_completion.d/hongyan")]
pub(crate) struct CompletionsArgs {
    /// Which shell
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs, screen: Screen) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "hongyan", &mut script);
    screen.bytes(&script)
}
