//! A batch sent by this process alone, with a SQLite file of its own: for the command line.
//!
//! The same outbox and the same decisions as in the gateway, without callbacks: so nothing is known of windows
//! beforehand, and nothing of arrivals afterwards.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hongyan::Client;
use hongyan_wire::Clock;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Batches;
use crate::behind::Behind;
use crate::cluster::{Bus, Limiter};
use crate::courier::Courier;
use crate::media::Media;
use crate::notes::Notes;
use crate::outbox::machine::OnUnknown;
use crate::outbox::sender::{Desk, Sender};
use crate::outbox::{Outbox, Woken};
use crate::store::file::Claim;
use crate::store::{Store, StoreError, file};
use crate::swap::Swap;
use crate::tasks::stopped;
use crate::windows::Windows;

/// A sender of batches in this process.
pub struct Local {
    batches: Batches,
    account: Arc<str>,
    store: Store,
    /// Until it is started.
    ready: Option<(Sender, Woken)>,
    behind: Arc<Behind>,
    stop: watch::Sender<bool>,
    works: Vec<JoinHandle<()>>,
    _claim: Claim,
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Local {
    /// Opens the file, made when it is missing. Nothing is sent before [`start`](Self::start).
    pub async fn open(
        file: &Path,
        account: &str,
        client: Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let url = format!("sqlite://{}", file.display());
        let claim = file::claim(&url)?;
        let store = Store::open(&url).await?;
        let (outbox, woken) = Outbox::new(store.clone(), Arc::clone(&clock));
        outbox.recover().await?;
        let account: Arc<str> = account.into();
        let behind = Arc::new(Behind::new(&store, Bus::default(), None));
        let folder = file.parent().unwrap_or(Path::new(".")).to_path_buf();
        let courier = Courier {
            media: Arc::new(Media::new(
                client.clone(),
                store.clone(),
                Arc::clone(&account),
                folder,
                Arc::clone(&clock),
            )),
            client,
            windows: Arc::new(Windows::new(Arc::clone(&account), Arc::clone(&behind.grants))),
            notes: Arc::new(Notes::new(store.clone(), Arc::clone(&account), Arc::clone(&clock))),
            behind: Arc::clone(&behind),
            clock: Arc::clone(&clock),
            endings: Arc::default(),
        };
        let desk = Desk { courier: Arc::new(courier), on_unknown: OnUnknown::Hold, limit: None };
        let desks = Swap::new(HashMap::from([(Arc::clone(&account), desk)]));
        let sender = Sender::new(store.clone(), clock, desks, Limiter::new(None));
        let batches = outbox.batches();
        let stop = watch::Sender::new(false);
        let ready = Some((sender, woken));
        Ok(Self { batches, account, store, ready, behind, stop, works: Vec::new(), _claim: claim })
    }

    /// Sends what is running in the file.
    pub fn start(&mut self) {
        let Some((sender, woken)) = self.ready.take() else { return };
        let stopping = self.stop.subscribe();
        let mut flushing = stopping.clone();
        let behind = Arc::clone(&self.behind);
        self.works.push(tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = stopped(&mut flushing) => return,
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
                // What it notes matters only to a gateway; it must not gather in memory.
                let _ = behind.flush().await;
            }
        }));
        self.works.push(tokio::spawn(sender.run(woken, stopping.clone())));
        self.works.push(tokio::spawn(self.batches.clone().run(stopping)));
    }

    /// What it sends.
    pub fn batches(&self) -> &Batches {
        &self.batches
    }

    /// The account's name in it.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Lets what has begun come to its end, and closes the file.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for work in self.works {
            // A panic in it has been told already.
            let _ = work.await;
        }
        self.store.db().close().await;
    }
}
