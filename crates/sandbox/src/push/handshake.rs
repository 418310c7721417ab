//! The check of a callback's address with `echostr`, repeated until it succeeds.

use std::sync::Arc;
use std::time::Duration;

use super::seal::signed_query;
use super::{post, socket};
use crate::clock::VirtualClock;
use crate::platform::{Platform, random_digits};
use crate::world::account::Handshake;

/// Begins the check of an account's present callback; an older check of the account ends by itself.
pub(crate) fn begin(platform: &Arc<Platform>, at: usize) {
    let platform = Arc::clone(platform);
    tokio::spawn(async move {
        let version = platform.with(|world, _| world.accounts[at].callback_version);
        let mut pause = Duration::from_millis(50);
        loop {
            if !attempt(&platform, at, version).await {
                return;
            }
            let mut closing = platform.closing();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = closing.wait_for(|closing| *closing) => return,
            }
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    });
}

/// Tries once; true when it must be tried again.
async fn attempt(platform: &Arc<Platform>, at: usize, version: u64) -> bool {
    let (callback, signer, current) = platform.with(|world, _| {
        let account = &world.accounts[at];
        (account.callback.clone(), account.signer(), account.callback_version)
    });
    let Some(callback) = callback.filter(|_| current == version) else { return false };
    let result = check(platform, &callback, &signer.token).await;
    platform.with(|world, _| {
        let account = &mut world.accounts[at];
        if account.callback_version != version {
            return false;
        }
        let handshake = match result {
            Ok(()) => Handshake::Done,
            Err(why) => Handshake::Failed(why),
        };
        let again = handshake != Handshake::Done;
        if account.handshake != handshake {
            account.handshake = handshake;
            world.tell_account(at);
        }
        again
    })
}

async fn check(platform: &Arc<Platform>, callback: &str, token: &str) -> Result<(), String> {
    let echo = random_digits(19);
    let mut query = signed_query(token, &VirtualClock::wall_seconds().to_string(), &random_digits(10));
    query.push(("echostr", echo.clone()));
    let settings = platform.with(|world, _| world.settings.clone());
    let question = post::question(callback, &query, &settings)?;
    let limit = Duration::from_millis(platform.options().push_timeout_ms);
    let answer = tokio::time::timeout(limit, socket::send(platform.dialer(), question).answer)
        .await
        .map_err(|_| format!("no answer in {} ms", limit.as_millis()))??;
    if answer.status != 200 {
        return Err(format!("HTTP status {}", answer.status));
    }
    if answer.body != echo.as_bytes() {
        return Err("the body is not exactly the echostr".to_owned());
    }
    Ok(())
}

/// Waits until the account's callback is in use, at most as long as the settings say after the first who waits.
pub(crate) async fn wait(platform: &Platform, at: usize) {
    let Some(until) = platform.handshake_deadline(at) else { return };
    let mut changed = platform.changed();
    let done = async {
        loop {
            changed.borrow_and_update();
            let waiting = platform.with(|world, _| {
                matches!(world.accounts[at].handshake, Handshake::Pending | Handshake::Failed(_))
            });
            if !waiting || changed.changed().await.is_err() {
                return;
            }
        }
    };
    // Too late is not an error: the action then pushes nothing.
    let _ = tokio::time::timeout_at(until, done).await;
}
