//! The running platform: the world under one lock, its clock, its event feed, and the client for pushes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hongyan_wire::{OsRandom, Random};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::VirtualClock;
use crate::events::Feed;
use crate::options::Options;
use crate::push::dial::Dialer;
use crate::push::machine::Pace;
use crate::push::order::Order;
use crate::push::seal::Stamp;
use crate::world::World;
use crate::world::account::Handshake;

/// What every route and every push shares.
pub(crate) struct Platform {
    world: Mutex<World>,
    clock: Arc<VirtualClock>,
    feed: Feed,
    changed: watch::Sender<u64>,
    closing: watch::Sender<bool>,
    dialer: Dialer,
    options: Options,
    last_stamp: Mutex<Option<Stamp>>,
    order: Order,
    /// Until when actions wait for each account's handshake, with the callback's version.
    deadlines: Mutex<Vec<Option<(u64, Instant)>>>,
}

impl Platform {
    pub(crate) fn new(options: Options, base: &str, dialer: Dialer) -> Self {
        let world = World::new(&options, base);
        Platform {
            deadlines: Mutex::new(vec![None; world.accounts.len()]),
            world: Mutex::new(world),
            clock: Arc::new(VirtualClock::default()),
            feed: Feed::new(),
            changed: watch::Sender::new(0),
            closing: watch::Sender::new(false),
            dialer,
            options,
            last_stamp: Mutex::new(None),
            order: Order::new(),
        }
    }

    /// Reads or changes the world, with the present time; then tells who listens.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut World, i64) -> R) -> R {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let result = f(&mut world, self.clock.now_ms());
        if !world.news.is_empty() {
            // Published under the lock, so that events keep the order of the changes.
            for news in world.news.drain(..) {
                self.feed.publish(news);
            }
            self.changed.send_modify(|version| *version += 1);
        }
        result
    }

    pub(crate) fn clock(&self) -> &Arc<VirtualClock> {
        &self.clock
    }

    pub(crate) fn feed(&self) -> &Feed {
        &self.feed
    }

    pub(crate) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Changes whenever something in the world has changed.
    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Becomes true when the sandbox stops.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// The pushes that wait to be overtaken.
    pub(crate) fn order(&self) -> &Order {
        &self.order
    }

    /// The pace of ordinary pushes.
    pub(crate) fn pace(&self) -> Pace {
        Pace {
            timeout_ms: self.options.push_timeout_ms,
            spacing_ms: self.options.push_spacing_ms,
            tries: self.options.push_tries.max(1),
        }
    }

    /// Time and nonce of a delivery; the time is real, whatever the sandbox's clock says.
    pub(crate) fn stamp(&self, replay: bool) -> Stamp {
        let mut last = self.last_stamp.lock().unwrap_or_else(PoisonError::into_inner);
        if let (true, Some(old)) = (replay, last.as_ref()) {
            return Stamp { random: OsRandom.array16(), ..old.clone() };
        }
        let stamp = Stamp {
            timestamp: VirtualClock::wall_seconds(),
            nonce: random_digits(10),
            random: OsRandom.array16(),
        };
        *last = Some(stamp.clone());
        stamp
    }

    /// Until when an action waits for the account's handshake; none when there is nothing to wait for.
    pub(crate) fn handshake_deadline(&self, at: usize) -> Option<Instant> {
        let version = self.with(|world, _| {
            let account = &world.accounts[at];
            let open = matches!(account.handshake, Handshake::Pending | Handshake::Failed(_));
            open.then_some(account.callback_version)
        })?;
        let mut deadlines = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh =
            (version, Instant::now() + Duration::from_millis(self.options.settings.handshake_wait_ms));
        // A snapshot may have brought more accounts than there were.
        if deadlines.len() <= at {
            deadlines.resize(at + 1, None);
        }
        let known = deadlines.get_mut(at)?;
        let deadline = known.filter(|(of, _)| *of == version).unwrap_or(fresh);
        *known = Some(deadline);
        Some(deadline.1)
    }
}

/// Digits nobody can guess.
pub(crate) fn random_digits(n: usize) -> String {
    OsRandom.digits(n)
}

/// Hexadecimal digits nobody can guess, for tokens.
pub(crate) fn random_hex(bytes: usize) -> String {
    OsRandom.hex(bytes)
}
