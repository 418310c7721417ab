//! How the callbacks' checks go, for who started the sandbox.

use std::sync::Arc;

use tokio::sync::watch;

use crate::platform::Platform;
use crate::world::account::Handshake;

/// What is new about a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeNews {
    /// The account.
    pub app_id: String,
    /// Where its pushes go.
    pub callback: String,
    /// The check succeeded, or why it did not; it is then repeated.
    pub outcome: Result<(), String>,
}

/// Tells each outcome of a handshake once, until the next one differs.
pub struct Handshakes {
    platform: Arc<Platform>,
    changed: watch::Receiver<u64>,
    told: Vec<(String, Handshake)>,
}

impl std::fmt::Debug for Handshakes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handshakes").finish_non_exhaustive()
    }
}

impl Handshakes {
    pub(crate) fn new(platform: &Arc<Platform>) -> Self {
        Handshakes { platform: Arc::clone(platform), changed: platform.changed(), told: Vec::new() }
    }

    /// The next outcome; waits for it, for ever when there is none to come.
    pub async fn next(&mut self) -> HandshakeNews {
        loop {
            self.changed.borrow_and_update();
            if let Some(news) = self.untold() {
                return news;
            }
            if self.changed.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn untold(&mut self) -> Option<HandshakeNews> {
        let now: Vec<(String, String, Handshake)> = self.platform.with(|world, _| {
            let with_callback = world.accounts.iter().filter_map(|account| {
                Some((account.app_id.clone(), account.callback.clone()?, account.handshake.clone()))
            });
            with_callback.collect()
        });
        for (app_id, callback, handshake) in now {
            let outcome = match &handshake {
                Handshake::Done => Ok(()),
                Handshake::Failed(why) => Err(why.clone()),
                Handshake::None | Handshake::Pending => continue,
            };
            match self.told.iter_mut().find(|(known, _)| *known == app_id) {
                Some((_, last)) if *last == handshake => continue,
                Some((_, last)) => *last = handshake,
                None => self.told.push((app_id.clone(), handshake)),
            }
            return Some(HandshakeNews { app_id, callback, outcome });
        }
        None
    }
}
