//! The JS-SDK's ticket, kept like the token, and the signature that lets a page call it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hongyan::token::Keeper;
use hongyan::{Call, Error, Secret};
use hongyan_wire::{AppId, OsRandom, Random};
use serde::Deserialize;

use crate::account::Account;
use crate::sealing::hex;
use crate::store::Store;
use crate::tokens::SqlTokens;

/// How many accounts' tickets are held in memory; all are in the store.
const HELD: usize = 1024;

/// The tickets of all accounts: in the store under a name of their own, fetched by one gateway at a time.
#[derive(Default)]
pub(crate) struct Tickets {
    keepers: Mutex<HashMap<AppId, Arc<Keeper>>>,
}

/// What `wx.config` wants besides its list of functions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) timestamp: i64,
    pub(crate) nonce: String,
    pub(crate) signature: String,
}

#[derive(Deserialize)]
struct Fetched {
    ticket: Secret,
    expires_in: u64,
}

impl Tickets {
    /// The ticket in force.
    pub(crate) async fn ticket(&self, account: &Account, store: &Store) -> Result<Secret, Error> {
        let name = AppId::new(format!("jsapi:{}", account.config().app_id));
        let keeper = self.keeper(&name, account, store);
        let client = account.inner.courier.client.clone();
        // A task of its own: a caller that gives up half-way must not leave a lease behind.
        let renewal = tokio::spawn(async move {
            let fetch = || async {
                let call = Call::get("/cgi-bin/ticket/getticket").query("type", "jsapi").safe();
                let fetched: Fetched = client.send(call).await?;
                Ok((fetched.ticket, Duration::from_secs(fetched.expires_in)))
            };
            keeper.token(&name, None, fetch).await
        });
        match renewal.await {
            Ok(kept) => Ok(kept?.token),
            Err(_) => Err(hongyan::StoreError::new("the renewal of the ticket was stopped").into()),
        }
    }

    fn keeper(&self, name: &AppId, account: &Account, store: &Store) -> Arc<Keeper> {
        let mut keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = keepers.get(name) {
            return Arc::clone(keeper);
        }
        if keepers.len() >= HELD {
            keepers.clear();
        }
        let tokens = Arc::new(SqlTokens::new(store.clone()));
        let keeper = Arc::new(Keeper::new(tokens, Arc::clone(&account.inner.clock)));
        keepers.insert(name.clone(), Arc::clone(&keeper));
        keeper
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets").finish_non_exhaustive()
    }
}

/// Signs a page's address as it stands, up to its fragment.
pub(crate) fn sign(ticket: &Secret, url: &str, now_s: i64) -> Signed {
    let nonce = OsRandom.hex(8);
    let signature = signature(ticket.expose(), &nonce, now_s, url);
    Signed { timestamp: now_s, nonce, signature }
}

fn signature(ticket: &str, nonce: &str, timestamp: i64, url: &str) -> String {
    let page = url.split('#').next().unwrap_or_default();
    let text = format!("jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page}");
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    hex(digest.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_documentation() {
        let ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg";
        let url = "http://mp.weixin.qq.com?params=value";
        let signed = signature(ticket, "Wm3WZYTPz0wzccnW", 1_414_587_457, url);
        assert_eq!(signed, "0f9de62fce790f9a083d5c99e95740ceb90c27ed");
        assert_eq!(signature(ticket, "Wm3WZYTPz0wzccnW", 1_414_587_457, &format!("{url}#top")), signed);
    }
}
