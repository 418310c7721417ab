//! What is noted in memory on the callback path and written behind: who acted, scans, windows, conversations.

use std::sync::Arc;
use std::time::Duration;

use hongyan_wire::Timestamp;

use crate::cluster::Bus;
use crate::grants::Grants;
use crate::history::History;
use crate::recent::Recent;
use crate::scans::Scans;
use crate::store::{Store, StoreError};

/// All that is written behind.
pub(crate) struct Behind {
    pub(crate) recent: Arc<Recent>,
    pub(crate) scans: Scans,
    pub(crate) grants: Arc<Grants>,
    pub(crate) history: History,
}

impl Behind {
    pub(crate) fn new(store: &Store, bus: Bus, keep: Option<Duration>) -> Self {
        Self {
            recent: Arc::new(Recent::new(store.clone())),
            scans: Scans::new(store.clone()),
            grants: Arc::new(Grants::new(store.clone())),
            history: History::new(store.clone(), bus, keep),
        }
    }

    /// Writes all of it; one that fails does not keep the others from being written.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        let results = [
            self.grants.flush().await,
            self.scans.flush().await,
            self.history.flush().await,
            self.recent.flush().await,
        ];
        results.into_iter().collect()
    }

    /// How much has not been written yet.
    pub(crate) fn waiting(&self) -> usize {
        self.recent.waiting() + self.scans.waiting() + self.grants.waiting() + self.history.waiting()
    }

    /// Forgets what is over.
    pub(crate) async fn tidy(&self, now: Timestamp) -> Result<(), StoreError> {
        self.grants.tidy(now).await?;
        self.history.tidy(now).await
    }
}

#[cfg(test)]
mod tests {
    use hongyan_wire::{Inbound, OpenId};

    use super::*;
    use crate::cluster::Cluster;
    use crate::window::{Action, Change, Grant};

    /// How many users each part keeps at most; a portion that could not be written may stand in front of them.
    const MOST: usize = 65_536;
    const PORTION: usize = 64;

    #[tokio::test]
    async fn while_nothing_can_be_written_no_more_is_noted_than_there_is_room_for() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("hongyan.db").display());
        let store = Store::open(&url).await.unwrap();
        store.db().close().await;
        let cluster = Cluster::join(None, store.node()).await;
        let behind = Behind::new(&store, cluster.bus.clone(), Some(Duration::from_mins(1)));
        let scan = "<xml><ToUserName>gh_1</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime>\
                    <MsgType>event</MsgType><Event>SCAN</Event><EventKey>7</EventKey><Ticket>t</Ticket></xml>";
        let mut push = Inbound::parse(scan.as_bytes()).unwrap();
        let (account, now): (Arc<str>, _) = ("main".into(), Timestamp(1));
        for number in 0..MOST + 4_000 {
            push.from = OpenId::new(format!("o{number}"));
            behind.recent.acted(&account, &push, now);
            behind.scans.pushed(&account, &push, now);
            behind.history.heard(&account, &push, now);
            let grant = Grant::stored(format!("g{number}"), Action::Scan, Some(3), now);
            behind.grants.note(&account, vec![(push.from.clone(), Change::Granted(grant))]);
            if number % 30_000 == 0 {
                assert!(behind.flush().await.is_err(), "the database is away");
            }
        }
        assert!(behind.flush().await.is_err());
        let waiting = [
            behind.recent.waiting(),
            behind.scans.waiting(),
            behind.grants.waiting(),
            behind.history.waiting(),
        ];
        assert!(waiting.iter().all(|waiting| *waiting <= MOST + PORTION), "{waiting:?}");
        assert!(waiting.iter().all(|waiting| *waiting > MOST / 2), "what fits is kept: {waiting:?}");
    }
}
