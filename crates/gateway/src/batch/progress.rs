//! How far a batch has come.

use std::collections::BTreeMap;
use std::time::Duration;

use hongyan_wire::Timestamp;

use super::{Batches, Record, State};
use crate::store::row::{integer, text};
use crate::store::{Store, StoreError};

/// A batch's messages by their state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// In the outbox, not begun.
    pub queued: u64,
    /// Waiting for their users' next action.
    pub waiting: u64,
    /// A request is under way.
    pub sending: u64,
    /// Taken by the platform.
    pub sent: u64,
    /// Refused for good.
    pub failed: u64,
    /// Their time was over.
    pub expired: u64,
    /// The answer was lost.
    pub unknown: u64,
}

impl Counts {
    /// How many have come to their end.
    pub fn ended(&self) -> u64 {
        self.sent + self.failed + self.expired + self.unknown
    }

    fn all(&self) -> u64 {
        self.ended() + self.queued + self.waiting + self.sending
    }
}

/// How far a batch has come.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The batch.
    pub record: Record,
    /// Its messages by their state.
    pub counts: Counts,
    /// Lines that are not in the outbox yet.
    pub pending: u64,
    /// Lines that will not be sent because the batch was cancelled.
    pub cancelled: u64,
    /// Messages that ended in a second, since it was last set going.
    pub rate: f64,
    /// When it will be done at this rate.
    pub expected_end: Option<Timestamp>,
    /// What the platform has told about arrivals; only when asked for, or when all is over.
    pub delivery: Option<BTreeMap<String, u64>>,
}

impl Batches {
    /// How far a batch has come; with what is known of arrivals where asked for.
    pub async fn progress(&self, record: Record, delivery: bool) -> Result<Progress, StoreError> {
        let counts = counts(&self.store, &record.id).await?;
        let delivery =
            if delivery || record.state.is_final() { Some(self.arrivals(&record).await?) } else { None };
        Ok(measure(record, counts, delivery, self.clock.now()))
    }

    async fn arrivals(&self, record: &Record) -> Result<BTreeMap<String, u64>, StoreError> {
        let rows = self
            .store
            .query(
                "SELECT d.delivery, COUNT(*) AS n FROM outbox o JOIN deliveries d ON d.account = o.account \
                 AND d.msgid = o.msgid WHERE o.batch = ? GROUP BY d.delivery",
                &[record.id.as_str().into()],
            )
            .await?;
        let mut found = BTreeMap::new();
        for row in &rows {
            let word = crate::outbox::Delivery::parse(text(row, "delivery")).as_str();
            *found.entry(word.to_owned()).or_default() += integer(row, "n").max(0) as u64;
        }
        Ok(found)
    }
}

fn measure(
    record: Record,
    counts: Counts,
    delivery: Option<BTreeMap<String, u64>>,
    now: Timestamp,
) -> Progress {
    let left = record.total.saturating_sub(record.rejected + counts.all());
    let (pending, cancelled) = if record.state == State::Cancelled { (0, left) } else { (left, 0) };
    let until = record.ended_at.unwrap_or(now);
    let seconds = until.saturating_since(record.resumed_at).as_secs_f64().max(0.001);
    let rate = counts.ended().saturating_sub(record.done_before) as f64 / seconds;
    let to_do = pending + counts.queued + counts.sending;
    let expected_end = (record.state == State::Running && rate > 0.0 && to_do > 0)
        .then(|| now + Duration::from_secs_f64((to_do as f64 / rate).min(10.0 * 365.0 * 86_400.0)));
    Progress { record, counts, pending, cancelled, rate, expected_end, delivery }
}

/// A batch's messages by their state, from the index alone.
pub(crate) async fn counts(store: &Store, id: &str) -> Result<Counts, StoreError> {
    let rows = store
        .query(
            "SELECT state, waiting, COUNT(*) AS n FROM outbox WHERE batch = ? GROUP BY state, waiting",
            &[id.into()],
        )
        .await?;
    let mut counts = Counts::default();
    for row in &rows {
        let n = integer(row, "n").max(0) as u64;
        let of = match text(row, "state") {
            "queued" if integer(row, "waiting") != 0 => &mut counts.waiting,
            "queued" => &mut counts.queued,
            "sending" => &mut counts.sending,
            "sent" => &mut counts.sent,
            "failed" => &mut counts.failed,
            "expired" => &mut counts.expired,
            _ => &mut counts.unknown,
        };
        *of += n;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::WhenClosed;

    fn record(state: State) -> Record {
        Record {
            id: "b".to_owned(),
            account: "main".into(),
            name: String::new(),
            state,
            when_closed: WhenClosed::Fail,
            digest: String::new(),
            total: 1_000,
            rejected: 10,
            next_line: 0,
            created_at: Timestamp(0),
            resumed_at: Timestamp(0),
            done_before: 0,
            ended_at: None,
            fence: 0,
        }
    }

    #[test]
    fn the_end_is_expected_by_the_rate_since_it_was_set_going() {
        let counts = Counts { sent: 190, queued: 50, ..Counts::default() };
        let record = Record { done_before: 90, ..record(State::Running) };
        let progress = measure(record, counts, None, Timestamp(10_000));
        assert_eq!((progress.pending, progress.cancelled), (750, 0));
        assert!((progress.rate - 10.0).abs() < 0.01, "{}", progress.rate);
        assert_eq!(progress.expected_end, Some(Timestamp(90_000)));
    }

    #[test]
    fn what_a_cancelled_batch_did_not_send_is_cancelled() {
        let counts = Counts { sent: 100, failed: 1, ..Counts::default() };
        let progress = measure(record(State::Cancelled), counts, None, Timestamp(1));
        assert_eq!((progress.pending, progress.cancelled, progress.expected_end), (0, 889, None));
    }
}
