//! What became of one push.

use serde_json::Value;

use super::mix::Action;

/// How a push ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A message was shown.
    Replied,
    /// Answered with nothing to show.
    Silent,
    /// The person saw a notice.
    Failed,
    /// There was nothing to push to, or nothing to push.
    NotPushed,
    /// The sandbox itself did not answer.
    Broken,
}

/// One push with its tries.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) action: Action,
    pub(crate) end: End,
    /// Deliveries, without the extra one of a push that was sent twice.
    pub(crate) tries: u32,
    /// Tries that were cut.
    pub(crate) timeouts: u32,
    /// How long the try that was answered took.
    pub(crate) took_us: Option<u64>,
    /// From the first try to the end.
    pub(crate) whole_us: u64,
    /// Statuses other than 200.
    pub(crate) statuses: Vec<u16>,
    pub(crate) findings: Vec<String>,
    /// The push was sent twice at once.
    pub(crate) twice: bool,
    /// The two deliveries got different messages.
    pub(crate) differing: bool,
}

impl Sample {
    pub(crate) fn new(action: Action, end: End) -> Self {
        Sample {
            action,
            end,
            tries: 0,
            timeouts: 0,
            took_us: None,
            whole_us: 0,
            statuses: Vec::new(),
            findings: Vec::new(),
            twice: false,
            differing: false,
        }
    }

    /// Reads a finished exchange as the control API gives it; its times are whole milliseconds.
    pub(crate) fn of_exchange(action: Action, exchange: &Value) -> Self {
        let end = match exchange["outcome"].as_str() {
            Some("replied") => End::Replied,
            Some("silent") => End::Silent,
            Some("failed") => End::Failed,
            Some("none") => End::NotPushed,
            _ => End::Broken,
        };
        let mut sample = Sample::new(action, end);
        let tries = exchange["tries"].as_array().map(Vec::as_slice).unwrap_or_default();
        let tries: Vec<&Value> = tries.iter().filter(|one| one["duplicate"] != true).collect();
        let took = |one: &Value| one["took_ms"].as_u64().unwrap_or(0);
        sample.tries = tries.len() as u32;
        sample.timeouts = tries.iter().filter(|one| one["error"] == "timeout").count() as u32;
        let statuses = tries.iter().filter_map(|one| u16::try_from(one["status"].as_u64()?).ok());
        sample.statuses = statuses.filter(|status| *status != 200).collect();
        if let (Some(first), Some(last)) = (tries.first(), tries.last()) {
            let at = |one: &Value| one["at_ms"].as_u64().unwrap_or(0);
            sample.whole_us = (at(last).saturating_sub(at(first)) + took(last)) * 1000;
            let answered = matches!(end, End::Replied | End::Silent);
            sample.took_us = answered.then(|| took(last) * 1000);
        }
        let findings = exchange["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
        sample.findings =
            findings.iter().filter_map(|finding| finding["code"].as_str()).map(str::to_owned).collect();
        sample
    }

    /// True when the answer was meant for somebody else, or sealed so that nobody can trust it.
    pub(crate) fn wrong(&self) -> bool {
        const WRONG: [&str; 5] =
            ["swapped_users", "bad_msg_signature", "wrong_app_id", "bad_padding", "not_encrypted"];
        self.findings.iter().any(|code| WRONG.contains(&code.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_exchange_with_a_late_answer_is_read() {
        let exchange = json!({
            "outcome": "replied",
            "tries": [
                {"at_ms": 1000, "took_ms": 5000, "status": null, "error": "timeout"},
                {"at_ms": 6000, "took_ms": 3, "status": 200, "duplicate": true},
                {"at_ms": 6000, "took_ms": 40, "status": 200},
            ],
            "findings": [{"code": "too_many_articles"}],
        });
        let sample = Sample::of_exchange(Action::Text, &exchange);
        assert_eq!((sample.end, sample.tries, sample.timeouts), (End::Replied, 2, 1));
        assert_eq!((sample.took_us, sample.whole_us), (Some(40_000), 5_040_000));
        assert!(!sample.wrong() && sample.statuses.is_empty());
    }

    #[test]
    fn an_answer_for_somebody_else_is_wrong() {
        let exchange = json!({
            "outcome": "failed",
            "tries": [{"at_ms": 0, "took_ms": 1, "status": 200}],
            "findings": [{"code": "swapped_users"}],
        });
        assert!(Sample::of_exchange(Action::Click, &exchange).wrong());
    }
}
