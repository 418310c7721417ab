//! Faults on purpose: which pushes and calls they hit, and what they do.

use serde::{Deserialize, Serialize};

use crate::exchange::Direction;
use crate::push::seal::Flaws;
use crate::seed::Seeded;

/// What a fault hits; a field left out hits everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct On {
    pub(crate) direction: FaultDirection,
    /// The path of a call, or its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    /// An event's name, a message's type, or the whole kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    /// An OpenID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Only the n-th that fits, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nth: Option<u64>,
}

/// The two directions, as a fault names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FaultDirection {
    Push,
    Api,
}

/// What a fault does: exactly one of the fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Do {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) errcode: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delay_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) hang: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) reset: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) html: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drip_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) truncate: Option<usize>,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) drop: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duplicate: Option<u32>,
    /// Beside `duplicate`: the extra deliveries begin this much later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after_ms: Option<u64>,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) reorder: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) bad_signature: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) wrong_token: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) wrong_app_id: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) bad_padding: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stale_s: Option<i64>,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) replay_nonce: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Do {
    /// What is put wrong in a delivery.
    pub(crate) fn flaws(&self) -> Flaws {
        Flaws {
            bad_signature: self.bad_signature,
            wrong_token: self.wrong_token,
            wrong_app_id: self.wrong_app_id,
            bad_padding: self.bad_padding,
            stale_s: self.stale_s,
            truncate: self.truncate,
            ..Flaws::default()
        }
    }

    fn deeds(&self) -> usize {
        let api = [self.errcode.is_some(), self.status.is_some(), self.hang, self.reset, self.html, self.drip_ms.is_some()];
        let both = [self.delay_ms.is_some(), self.truncate.is_some()];
        let push = [
            self.drop,
            self.duplicate.is_some(),
            self.reorder,
            self.bad_signature,
            self.wrong_token,
            self.wrong_app_id,
            self.bad_padding,
            self.stale_s.is_some(),
            self.replay_nonce,
        ];
        api.iter().chain(&both).chain(&push).filter(|set| **set).count()
    }
}

/// One fault, as the control API takes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) on: On,
    #[serde(rename = "do")]
    pub(crate) deed: Do,
    /// How often it strikes; without end when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    /// How likely it strikes, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
}

impl Fault {
    /// What is wrong with the fault itself.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.deed.deeds() != 1 {
            return Err("`do` needs exactly one deed");
        }
        if self.deed.after_ms.is_some() && self.deed.duplicate.is_none() {
            return Err("`after_ms` belongs to `duplicate`");
        }
        if self.deed.reorder {
            return Err("`reorder` is not offered yet");
        }
        if self.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return Err("`probability` is a number from 0 to 1");
        }
        Ok(())
    }
}

/// What a fault may be asked about.
pub(crate) struct Target<'a> {
    pub(crate) direction: Direction,
    /// The path of a call or the kind of a push.
    pub(crate) kind: &'a str,
    pub(crate) user: Option<&'a str>,
}

impl On {
    fn hits(&self, target: &Target<'_>) -> bool {
        let direction = match self.direction {
            FaultDirection::Push => Direction::Push,
            FaultDirection::Api => Direction::Api,
        };
        let endpoint = |wanted: &String| target.kind.ends_with(wanted.trim_start_matches('/'));
        let event = |wanted: &String| {
            target.kind == wanted || target.kind.split_once('.').is_some_and(|(_, name)| name == wanted)
        };
        direction == target.direction
            && self.endpoint.as_ref().is_none_or(endpoint)
            && self.event.as_ref().is_none_or(event)
            && self.user.as_ref().is_none_or(|user| target.user == Some(user))
    }
}

#[derive(Clone, Debug)]
struct Armed {
    fault: Fault,
    seen: u64,
    struck: u64,
    random: Seeded,
}

/// The list of faults in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Vec<Armed>);

impl Faults {
    pub(crate) fn new(list: Vec<Fault>) -> Self {
        let arm = |fault: Fault| {
            let random = Seeded::new(fault.seed.unwrap_or(0), "fault");
            Armed { fault, seen: 0, struck: 0, random }
        };
        Faults(list.into_iter().map(arm).collect())
    }

    pub(crate) fn list(&self) -> Vec<&Fault> {
        self.0.iter().map(|armed| &armed.fault).collect()
    }

    /// The deed that strikes this delivery or call; the first fault that fits wins.
    ///
    /// `again` is a further try of a push that was counted already.
    pub(crate) fn strike(&mut self, target: &Target<'_>, again: bool) -> Option<Do> {
        for armed in &mut self.0 {
            if !armed.fault.on.hits(target) {
                continue;
            }
            if !again {
                armed.seen += 1;
            }
            let spent = armed.fault.times.is_some_and(|times| armed.struck >= times);
            if spent || armed.fault.on.nth.is_some_and(|nth| nth != armed.seen) {
                continue;
            }
            if armed.fault.probability.is_some_and(|p| armed.random.fraction() >= p) {
                continue;
            }
            armed.struck += 1;
            return Some(armed.fault.deed.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(list: serde_json::Value) -> Faults {
        Faults::new(serde_json::from_value(list).unwrap())
    }

    fn push(kind: &str) -> Target<'_> {
        Target { direction: Direction::Push, kind, user: Some("o1") }
    }

    fn call(kind: &str) -> Target<'_> {
        Target { direction: Direction::Api, kind, user: None }
    }

    #[test]
    fn a_fault_strikes_what_it_names() {
        let mut faults = faults(json!([
            {"on": {"direction": "api", "endpoint": "message/custom/send"}, "do": {"errcode": 45009}},
            {"on": {"direction": "push", "event": "CLICK"}, "do": {"drop": true}}
        ]));
        assert_eq!(faults.strike(&call("/cgi-bin/message/custom/send"), false).unwrap().errcode, Some(45009));
        assert_eq!(faults.strike(&call("/cgi-bin/token"), false), None);
        assert!(faults.strike(&push("event.CLICK"), false).unwrap().drop);
        assert_eq!(faults.strike(&push("message.text"), false), None);
    }

    #[test]
    fn times_and_nth_are_counted() {
        let mut once = faults(json!([{"on": {"direction": "push"}, "do": {"drop": true}, "times": 1}]));
        assert!(once.strike(&push("message.text"), false).is_some());
        assert!(once.strike(&push("message.text"), true).is_none());
        let mut second = faults(json!([{"on": {"direction": "push", "nth": 2}, "do": {"drop": true}}]));
        let struck: Vec<bool> =
            (0..3).map(|_| second.strike(&push("message.text"), false).is_some()).collect();
        assert_eq!(struck, [false, true, false]);
    }

    #[test]
    fn a_fault_with_no_deed_or_two_is_refused() {
        let fault = |deed: serde_json::Value| -> Fault {
            serde_json::from_value(json!({"on": {"direction": "push"}, "do": deed})).unwrap()
        };
        assert!(fault(json!({})).check().is_err());
        assert!(fault(json!({"drop": true, "hang": true})).check().is_err());
        assert!(fault(json!({"duplicate": 2, "after_ms": 50})).check().is_ok());
        let unknown = json!({"on": {"direction": "push"}, "do": {"explode": true}});
        assert!(serde_json::from_value::<Fault>(unknown).is_err());
    }
}
