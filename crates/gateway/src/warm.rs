//! What a start does in the background, so that a platform that cannot be reached does not stop it: the first token,
//! and the menu where the configuration asks for it.

use std::time::Duration;

use hongyan::{Client, Error};
use hongyan_wire::Class;
use serde_json::Value;
use tokio::sync::watch;

use crate::account::Account;
use crate::capability::Right;
use crate::tasks::stopped;

/// The longest pause between two attempts.
const LONGEST: Duration = Duration::from_mins(1);

/// One thing to be done at start.
enum Job {
    Token,
    Menu(Value),
}

/// Fetches the account's token and applies its menu; tries again until both are done or refused for good.
pub(crate) async fn warm(account: Account, mut stopping: watch::Receiver<bool>) {
    done(&account, &Job::Token, &mut stopping).await;
    let config = account.config();
    if !config.menu_at_start || !config.may(Right::Menu) {
        return;
    }
    let Some(file) = &config.menu else { return };
    match read(file).await {
        Ok(menu) => {
            if done(&account, &Job::Menu(menu), &mut stopping).await {
                tracing::info!(account = %account.name(), file = %file.display(), "the menu was applied");
            }
        }
        Err(error) => {
            tracing::error!(account = %account.name(), file = %file.display(), error, "the menu cannot be read");
        }
    }
}

impl Job {
    async fn attempt(&self, client: &Client) -> Result<(), Error> {
        match self {
            Self::Token => client.token().await.map(|_| ()),
            Self::Menu(menu) => client.menu().create(menu).await.map(|_| ()),
        }
    }

    const fn failed(&self) -> &'static str {
        match self {
            Self::Token => "the platform gives no access token",
            Self::Menu(_) => "the menu cannot be applied",
        }
    }
}

async fn read(file: &std::path::Path) -> Result<Value, String> {
    let text = tokio::fs::read(file).await.map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

/// Tries until it works or the gateway stops, saying once that it does not; whether it worked.
///
/// An attempt is never cut: one that was fetching a token would leave its lease behind, and whoever starts next would
/// wait for it.
async fn done(account: &Account, job: &Job, stopping: &mut watch::Receiver<bool>) -> bool {
    let client = account.inner.courier.client.clone();
    let what = job.failed();
    let mut pause = Duration::from_secs(1);
    let mut said = false;
    loop {
        let error = match job.attempt(&client).await {
            Ok(()) => {
                if said {
                    tracing::info!(account = %account.name(), "the platform answers again");
                }
                return true;
            }
            Err(error) => error,
        };
        let hopeless = match &error {
            Error::Invalid { .. } => true,
            // A refused token can be put right on the platform's page while we run; a menu cannot.
            Error::Refused(refusal) => {
                !refusal.endpoint.starts_with("token.")
                    && !matches!(refusal.class(), Class::Transient | Class::Quota | Class::Token)
            }
            _ => false,
        };
        if hopeless {
            tracing::error!(account = %account.name(), %error, "{what}");
            return false;
        }
        if !said {
            said = true;
            tracing::warn!(account = %account.name(), %error, "{what}; trying again in the background");
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopped(stopping) => return false,
        }
        pause = (pause * 2).min(LONGEST);
    }
}
