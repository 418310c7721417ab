//! Adds up what became of the pushes, and writes it as the summary.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::histogram::Histogram;
use super::mix::Action;
use super::sample::{End, Sample};

/// Counts of one action, or of all.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    replied: u64,
    silent: u64,
    failed: u64,
    not_pushed: u64,
    broken: u64,
}

impl Ends {
    fn add(&mut self, end: End) {
        let place = match end {
            End::Replied => &mut self.replied,
            End::Silent => &mut self.silent,
            End::Failed => &mut self.failed,
            End::NotPushed => &mut self.not_pushed,
            End::Broken => &mut self.broken,
        };
        *place += 1;
    }

    fn total(&self) -> u64 {
        self.replied + self.silent + self.failed + self.not_pushed + self.broken
    }

    fn to_json(self) -> Value {
        json!({
            "started": self.total(),
            "replied": self.replied,
            "silent": self.silent,
            "failed": self.failed,
            "not_pushed": self.not_pushed,
            "broken": self.broken,
        })
    }
}

/// Everything counted so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    ends: Ends,
    by_action: [Ends; Action::ALL.len()],
    deliveries: u64,
    retries: u64,
    timeouts: u64,
    wrong: u64,
    sent_twice: u64,
    differing: u64,
    took: Histogram,
    whole: Histogram,
    statuses: BTreeMap<u16, u64>,
    findings: BTreeMap<String, u64>,
    /// Refusals of the back end's own calls by code; a running sandbox tells them.
    pub(crate) errcodes: BTreeMap<String, u64>,
    pub(crate) full: u64,
    pub(crate) nobody_free: u64,
    pub(crate) most_in_flight: u64,
    pub(crate) behind_us: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, sample: &Sample) {
        self.ends.add(sample.end);
        self.by_action[sample.action.place()].add(sample.end);
        self.deliveries += u64::from(sample.tries) + u64::from(sample.twice);
        self.retries += u64::from(sample.tries.saturating_sub(1));
        self.timeouts += u64::from(sample.timeouts);
        self.wrong += u64::from(sample.wrong());
        self.sent_twice += u64::from(sample.twice);
        self.differing += u64::from(sample.differing);
        if let Some(took) = sample.took_us {
            self.took.add(took);
        }
        if sample.tries > 0 {
            self.whole.add(sample.whole_us);
        }
        for status in &sample.statuses {
            *self.statuses.entry(*status).or_default() += 1;
        }
        for code in &sample.findings {
            *self.findings.entry(code.clone()).or_default() += 1;
        }
    }

    pub(crate) fn done(&self) -> u64 {
        self.ends.total()
    }

    pub(crate) fn failed(&self) -> u64 {
        self.ends.failed + self.ends.broken
    }

    /// The summary, for a run that took this long.
    pub(crate) fn summary(&self, seconds: f64, stopped: bool, about: Value) -> Summary {
        let per_push = |count: u64| {
            let pushed = self.ends.total() - self.ends.not_pushed - self.ends.broken;
            (pushed > 0).then(|| (count as f64 / pushed as f64 * 1000.0).round() / 1000.0)
        };
        let used = Action::ALL.into_iter().filter(|action| self.by_action[action.place()].total() > 0);
        let by_action: serde_json::Map<String, Value> =
            used.map(|action| (action.name().to_owned(), self.by_action[action.place()].to_json())).collect();
        let mut summary = about;
        let counted = json!({
            "seconds": (seconds * 1000.0).round() / 1000.0,
            "stopped": stopped,
            "arrivals": self.ends.total() + self.full + self.nobody_free,
            "not_started": {"too_many_in_flight": self.full, "nobody_free": self.nobody_free},
            "pushes": self.ends.to_json(),
            "by_action": by_action,
            "deliveries": self.deliveries,
            "deliveries_per_push": per_push(self.deliveries),
            "retries": self.retries,
            "timeouts": self.timeouts,
            "wrong_answers": self.wrong,
            "sent_twice": self.sent_twice,
            "double_answers": self.differing,
            "answer_ms": spread(&self.took),
            "whole_ms": spread(&self.whole),
            "http_status": named(&self.statuses),
            "findings": named(&self.findings),
            "errcodes": named(&self.errcodes),
            "most_in_flight": self.most_in_flight,
            "behind_schedule_ms": millis(self.behind_us),
        });
        if let (Value::Object(all), Value::Object(counted)) = (&mut summary, counted) {
            all.extend(counted);
        }
        Summary(summary)
    }
}

fn named<K: ToString>(counts: &BTreeMap<K, u64>) -> Value {
    counts
        .iter()
        .map(|(name, count)| (name.to_string(), Value::from(*count)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

fn spread(histogram: &Histogram) -> Value {
    let at = |share: f64| histogram.quantile(share).map(millis);
    json!({
        "count": histogram.count(),
        "mean": histogram.mean().map(millis),
        "p50": at(0.5),
        "p90": at(0.9),
        "p99": at(0.99),
        "p99_9": at(0.999),
        "max": histogram.max().map(millis),
    })
}

/// What a run of load came to, as a JSON object.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary(Value);

impl Summary {
    /// The whole, for `--json`.
    pub fn to_json(&self) -> &Value {
        &self.0
    }

    /// A count, by its path such as `["pushes", "failed"]`; 0 when there is none.
    pub fn count(&self, path: &[&str]) -> u64 {
        path.iter().fold(&self.0, |value, name| &value[*name]).as_u64().unwrap_or(0)
    }

    /// True when an answer was wrong or doubled, or when nothing at all was answered.
    pub fn bad(&self) -> bool {
        let answered = self.count(&["pushes", "replied"]) + self.count(&["pushes", "silent"]);
        let asked = self.count(&["pushes", "started"]);
        self.count(&["wrong_answers"]) + self.count(&["double_answers"]) > 0 || (asked > 0 && answered == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_add_up() {
        let mut tally = Tally { full: 2, nobody_free: 3, ..Tally::default() };
        let late = Sample {
            tries: 3,
            timeouts: 3,
            whole_us: 15_000_000,
            findings: vec!["late".into()],
            ..Sample::new(Action::Click, End::Failed)
        };
        let quick = Sample {
            tries: 1,
            took_us: Some(2500),
            whole_us: 2500,
            ..Sample::new(Action::Text, End::Replied)
        };
        let doubled = Sample { twice: true, differing: true, ..quick.clone() };
        let foreign = Sample {
            tries: 1,
            findings: vec!["swapped_users".into()],
            ..Sample::new(Action::Text, End::Failed)
        };
        for sample in [&late, &quick, &doubled, &foreign] {
            tally.add(sample);
        }
        let summary = tally.summary(1.5, false, json!({"seed": 1}));
        assert_eq!(summary.count(&["arrivals"]), 9);
        assert_eq!(summary.count(&["pushes", "failed"]), 2);
        assert_eq!(summary.count(&["by_action", "text", "replied"]), 2);
        assert_eq!((summary.count(&["deliveries"]), summary.count(&["retries"])), (7, 2));
        assert_eq!((summary.count(&["wrong_answers"]), summary.count(&["double_answers"])), (1, 1));
        assert_eq!(summary.count(&["findings", "late"]), 1);
        assert_eq!(summary.to_json()["answer_ms"]["p50"], 2.5);
        assert_eq!(summary.to_json()["deliveries_per_push"], 1.75);
        assert!(summary.bad());
    }
}
