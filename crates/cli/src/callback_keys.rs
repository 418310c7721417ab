//! What proves and opens a push: the token and the AES key, from flags or the environment.

use clap::Args;
use hongyan_wire::{AesKey, Secret};

use crate::{failure::Failure, screen::Screen};

#[derive(Args)]
pub(crate) struct CallbackKeys {
    /// The token that pushes are signed with
    #[arg(long, value_name = "TOKEN", env = "HONGYAN_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The EncodingAESKey, 43 characters
    #[arg(long, value_name = "KEY", env = "HONGYAN_AES_KEY", hide_env_values = true)]
    aes_key: Option<String>,
}

impl CallbackKeys {
    pub(crate) fn token(&self) -> Option<Secret> {
        self.token.clone().filter(|token| !token.is_empty()).map(Secret::new)
    }

    pub(crate) fn aes_key(&self, screen: Screen) -> Result<Option<AesKey>, Failure> {
        let Some(text) = self.aes_key.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        AesKey::parse(text).map(Some).map_err(|error| {
            Failure::Usage(screen.lang.pick(
                format!(
                    "--aes-key: {error}; copy all 43 characters of the EncodingAESKey from the account's page"
                ),
                format!("--aes-key 不对：{error}；请从公众号后台复制完整的 43 个字符"),
            ))
        })
    }
}

impl std::fmt::Debug for CallbackKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallbackKeys").finish_non_exhaustive()
    }
}
