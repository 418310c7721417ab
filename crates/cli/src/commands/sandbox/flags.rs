//! The account a sandbox plays, as flags: `hongyan sandbox` and `hongyan scenario run` take the same.

use std::path::PathBuf;

use clap::Args;
use hongyan_sandbox::Options;

use crate::{failure::Failure, input, mode::ModeArg, screen::Screen};

#[derive(Args, Debug)]
pub(crate) struct AccountFlags {
    /// Your server's address, where pushes go
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
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
    /// Whether pushes are encrypted; plain when nothing else is said
    #[arg(long, value_name = "MODE")]
    mode: Option<ModeArg>,
    /// Accounts from a file, TOML or JSON as in examples/accounts.toml, instead of the one demo account
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// Trust the certificates in this PEM file too, for a callback in TLS with an authority of your own
    #[arg(long, value_name = "FILE")]
    callback_ca: Option<PathBuf>,
}

impl AccountFlags {
    /// The accounts of the file, or the demo account.
    pub(crate) fn accounts(&self, screen: Screen) -> Result<Options, Failure> {
        let mut options = Options::default();
        if let Some(file) = &self.accounts {
            let name = file.display().to_string();
            let text = input::file_text(&name, screen)?;
            options =
                options.with_accounts(&text).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
        }
        if let Some(file) = &self.callback_ca {
            options.callback_roots = Some(input::file_text(&file.display().to_string(), screen)?);
        }
        Ok(options)
    }

    /// What is given changes the first account.
    pub(crate) fn change(&self, options: &mut Options) {
        if let Some(mode) = self.mode {
            options.mode = mode.for_sandbox();
        }
        if self.callback.is_some() {
            options.callback.clone_from(&self.callback);
        }
        let given = [
            (&self.app_id, &mut options.app_id),
            (&self.secret, &mut options.secret),
            (&self.token, &mut options.token),
            (&self.aes_key, &mut options.aes_key),
        ];
        for (value, place) in given {
            if let Some(value) = value {
                place.clone_from(value);
            }
        }
    }
}
