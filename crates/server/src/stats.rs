//! Counts of what became of requests and runs.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Refusal;

/// How often each outcome occurred since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Address checks answered.
    pub handshakes: u64,
    /// Pushes that began a run.
    pub runs: u64,
    /// Requests that joined a run, or got its remembered answer.
    pub deduped: u64,
    /// Answers that left as the reply, `success` among them.
    pub delivered: u64,
    /// Answers that went to the late sink.
    pub late: u64,
    /// Last tries answered with the holding text or `success` while the run went on.
    pub held: u64,
    /// Tries that were cut before they were answered.
    pub cut: u64,
    /// Runs that panicked.
    pub panicked: u64,
    /// Runs that ended with an error.
    pub failed: u64,
    /// Replies not sent since they break a limit of the platform's.
    pub unfit: u64,
    /// Pushes answered without a word from the other processes, since what they share was away.
    pub alone: u64,
    /// Requests refused, by [`Refusal::code`]. Only what occurred is listed.
    pub refused: Vec<(&'static str, u64)>,
}

impl Stats {
    /// How often this refusal occurred.
    pub fn refused(&self, code: &str) -> u64 {
        self.refused.iter().find(|(known, _)| *known == code).map_or(0, |(_, count)| *count)
    }
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) handshakes: Counter,
    pub(crate) runs: Counter,
    pub(crate) deduped: Counter,
    pub(crate) delivered: Counter,
    pub(crate) late: Counter,
    pub(crate) held: Counter,
    pub(crate) cut: Counter,
    pub(crate) panicked: Counter,
    pub(crate) failed: Counter,
    pub(crate) unfit: Counter,
    pub(crate) alone: Counter,
    refused: [Counter; Refusal::CODES.len()],
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(crate) fn refuse(&self, refusal: &Refusal) {
        self.refused[refusal.index()].add();
    }

    pub(crate) fn read(&self) -> Stats {
        let refused = Refusal::CODES.into_iter().zip(self.refused.iter().map(Counter::get));
        Stats {
            handshakes: self.handshakes.get(),
            runs: self.runs.get(),
            deduped: self.deduped.get(),
            delivered: self.delivered.get(),
            late: self.late.get(),
            held: self.held.get(),
            cut: self.cut.get(),
            panicked: self.panicked.get(),
            failed: self.failed.get(),
            unfit: self.unfit.get(),
            alone: self.alone.get(),
            refused: refused.filter(|(_, count)| *count > 0).collect(),
        }
    }
}
