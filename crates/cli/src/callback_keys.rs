//! What proves and opens a push: the token and the AES key, from flags, the configuration or the environment.

use clap::Args;
use hongyan_gateway::AccountConfig;
use hongyan_wire::{AesKey, Secret};

use crate::{account::variable, failure::Failure, screen::Screen};

#[derive(Args)]
pub(crate) struct CallbackKeys {
    /// The token that pushes are signed with; otherwise the configuration's, and without --config HONGYAN_TOKEN
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// The EncodingAESKey, 43 characters; otherwise the configuration's, and without --config HONGYAN_AES_KEY
    #[arg(long, value_name = "KEY")]
    aes_key: Option<String>,
}

impl CallbackKeys {
    /// The flag's token, else that of a configuration file that was asked for, else the environment's.
    pub(crate) fn token(&self, asked_for: Option<&AccountConfig>) -> Option<Secret> {
        let flag = self.token.clone().filter(|token| !token.is_empty()).map(Secret::new);
        flag.or_else(|| asked_for.map(|account| account.token.clone()))
            .or_else(|| variable("HONGYAN_TOKEN").map(Secret::new))
    }

    /// The keys in the same order of places.
    pub(crate) fn aes_keys(
        &self,
        asked_for: Option<&AccountConfig>,
        screen: Screen,
    ) -> Result<Vec<AesKey>, Failure> {
        if let Some(text) = self.aes_key.as_deref().filter(|text| !text.is_empty()) {
            return parse("--aes-key", text, screen).map(|key| vec![key]);
        }
        if let Some(account) = asked_for {
            return Ok(account.aes_keys.clone());
        }
        match variable("HONGYAN_AES_KEY") {
            Some(text) => parse("HONGYAN_AES_KEY", &text, screen).map(|key| vec![key]),
            None => Ok(Vec::new()),
        }
    }
}

fn parse(place: &str, text: &str, screen: Screen) -> Result<AesKey, Failure> {
    AesKey::parse(text).map_err(|error| {
        let said = error.text(screen.lang);
        Failure::Usage(screen.lang.pick(format!("{place}: {said}"), format!("{place} 不对：{said}")))
    })
}

impl std::fmt::Debug for CallbackKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallbackKeys").finish_non_exhaustive()
    }
}
