//! Hands messages over to the developer's own program, or to a back end that expects the platform.
//!
//! `letter` is what is sent, `webhook` and `platform` how it is written, `post` sends it once; here it is tried until
//! it arrives or its time is up. What does not arrive is kept (`dead`); copies have queues of their own (`copies`).

mod breaker;
mod letter;
mod webhook;
mod reply;
mod platform;
mod post;
mod copies;
mod dead;
mod answer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hongyan_wire::{Clock, OsRandom, Random};
use reqwest::Client;
use tokio::time::Instant;

use crate::config::ForwardConfig;
use crate::message::Message;
use crate::store::Store;
pub(crate) use answer::ReplayFailed;
pub(crate) use breaker::Breaker;
use copies::Copies;
pub(crate) use dead::Dead;
pub use dead::DeadLetter;
pub(crate) use letter::Letter;
pub(crate) use post::{Missed, plain};

/// The pause before the second attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(2);
/// Between two clearings that make room among the kept messages, as many can be added.
const ADDED: u32 = 1000;

/// What the programs of all rules have in common.
pub(crate) struct Forwarder {
    client: Client,
    programs: Mutex<HashMap<String, Program>>,
    pub(crate) dead: Dead,
    /// How many were kept since it was looked whether they are too many.
    added: Mutex<u32>,
}

/// One program, by its address.
#[derive(Default)]
struct Program {
    breaker: Breaker,
    copies: Option<Arc<Copies>>,
}

/// A message that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) attempts: u32,
    pub(crate) why: Missed,
}

/// What became of copies since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopyCounts {
    /// They arrived.
    pub sent: u64,
    /// The program did not take them.
    pub failed: u64,
    /// There was no room for them in the queue.
    pub dropped: u64,
}

impl Missed {
    /// The reason in words.
    pub(crate) fn why(&self) -> &str {
        match self {
            Self::Away(why) | Self::Refused(why) | Self::Unusable(why) => why,
        }
    }
}

impl Forwarder {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Result<Self, reqwest::Error> {
        Ok(Self {
            client: post::client()?,
            programs: Mutex::default(),
            dead: Dead::new(store, clock),
            added: Mutex::new(0),
        })
    }

    /// The client, for others who call addresses from the configuration.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a message until it arrives, is refused, or its time is up; gives the answer's messages.
    pub(crate) async fn send(&self, to: &ForwardConfig, letter: &Letter) -> Result<Vec<Message>, Failed> {
        let address = to.url.as_str();
        if !self.program(address, |program| program.breaker.may(Instant::now())) {
            let why = "it failed several times in a row and is left alone for a while".to_owned();
            return Err(Failed { attempts: 0, why: Missed::Away(why) });
        }
        let sent = self.attempts(to, letter).await;
        let away = matches!(&sent, Err(Failed { why: Missed::Away(_), .. }));
        self.program(address, |program| {
            let now = Instant::now();
            let news = if away { program.breaker.failed(now) } else { program.breaker.succeeded() };
            match (news, away) {
                (true, true) => tracing::error!(
                    to = to.shown(),
                    "a program does not answer; it is left alone for a while"
                ),
                (true, false) => tracing::info!(to = to.shown(), "a program answers again"),
                (false, _) => {}
            }
        });
        sent
    }

    async fn attempts(&self, to: &ForwardConfig, letter: &Letter) -> Result<Vec<Message>, Failed> {
        let end = Instant::now() + to.timeout;
        let mut pause = PAUSE;
        let mut attempts = 0;
        let mut last = None;
        loop {
            attempts += 1;
            let missed = match tokio::time::timeout_at(end, post::post(&self.client, to, letter)).await {
                Ok(Ok(messages)) => return Ok(messages),
                Ok(Err(Missed::Away(why))) => why,
                Ok(Err(why)) => return Err(Failed { attempts, why }),
                Err(_) => {
                    // What was wrong before the last attempt ran out of time says more.
                    let why =
                        last.unwrap_or_else(|| format!("no answer within {} ms", to.timeout.as_millis()));
                    return Err(Failed { attempts, why: Missed::Away(why) });
                }
            };
            let wait = jittered(pause);
            if Instant::now() + wait >= end {
                return Err(Failed { attempts, why: Missed::Away(missed) });
            }
            last = Some(missed);
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST);
        }
    }

    /// Queues a copy.
    pub(crate) fn copy(&self, to: &Arc<ForwardConfig>, letter: Letter) {
        let client = &self.client;
        let copies = self.program(to.url.as_str(), |program| {
            Arc::clone(program.copies.get_or_insert_with(|| Arc::new(Copies::start(client.clone()))))
        });
        copies.offer(to, letter);
    }

    /// What became of all copies.
    pub(crate) fn copies(&self) -> CopyCounts {
        let programs = self.programs();
        let counts =
            programs.values().filter_map(|program| program.copies.as_ref()).map(|copies| copies.counts());
        counts.fold(CopyCounts::default(), |sum, (sent, failed, dropped)| CopyCounts {
            sent: sum.sent + sent,
            failed: sum.failed + failed,
            dropped: sum.dropped + dropped,
        })
    }

    /// Keeps a message that did not arrive. The log says so when it cannot be kept either.
    pub(crate) async fn bury(&self, letter: &Letter, rule: &str, to: &ForwardConfig, failed: &Failed) {
        let kept = self.dead.keep(letter, rule, &to.shown(), failed.attempts, failed.why.why()).await;
        if let Err(error) = kept {
            tracing::error!(account = &*letter.account, id = letter.id, %error, "a message for a program is lost");
            return;
        }
        let full = {
            let mut added = self.added.lock().unwrap_or_else(PoisonError::into_inner);
            *added += 1;
            let full = *added >= ADDED;
            if full {
                *added = 0;
            }
            full
        };
        if full && let Err(error) = self.dead.tidy(&[letter.account.to_string()]).await {
            tracing::warn!(%error, "messages that were kept for programs cannot be cleared");
        }
    }

    /// Forgets programs that the configuration no longer names; their queues end.
    pub(crate) fn keep_only(&self, addresses: &std::collections::BTreeSet<String>) {
        self.programs().retain(|address, _| addresses.contains(address));
    }

    fn program<T>(&self, address: &str, work: impl FnOnce(&mut Program) -> T) -> T {
        work(self.programs().entry(address.to_owned()).or_default())
    }

    fn programs(&self) -> MutexGuard<'_, HashMap<String, Program>> {
        self.programs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pause, a quarter longer or shorter, so that runs that failed together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [0];
    OsRandom.fill(&mut byte);
    pause.mul_f64(0.75 + f64::from(byte[0]) / 512.0)
}
