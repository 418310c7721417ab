//! One fault as the control API takes it: what it hits, what it does, how often.

use serde::{Deserialize, Serialize};

use crate::exchange::Direction;
use crate::push::seal::Flaws;

/// What a fault hits; a field left out hits everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct On {
    pub(crate) direction: FaultDirection,
    /// An AppID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
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
    pub(crate) nth: Option<u64>,
}

/// The two directions, as a fault names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FaultDirection {
    Push,
    Api,
}

impl FaultDirection {
    /// The deeds of this direction.
    fn deeds(self) -> &'static str {
        match self {
            FaultDirection::Push => {
                "drop, delay_ms, duplicate (with after_ms), reorder, bad_signature, wrong_token, wrong_app_id, bad_padding, stale_s, replay_nonce, truncate"
            }
            FaultDirection::Api => "errcode, delay_ms, status, hang, reset, truncate, html, drip_ms",
        }
    }
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

    /// The fault in the record of what it struck.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// How many deeds of only the API side, of both sides, and of only the push side are set.
    fn count(&self) -> [usize; 3] {
        let api = [
            self.errcode.is_some(),
            self.status.is_some(),
            self.hang,
            self.reset,
            self.html,
            self.drip_ms.is_some(),
        ];
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
        let set = |list: &[bool]| list.iter().filter(|set| **set).count();
        [set(&api), set(&both), set(&push)]
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
    pub(crate) times: Option<u64>,
    /// How likely it strikes, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) probability: Option<f64>,
    /// What the likelihood is drawn from; the same seed strikes the same ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u64>,
}

/// The longest pause of a fault, in milliseconds: ten minutes.
const MAX_PAUSE_MS: u64 = 600_000;
/// The most extra deliveries of one push.
const MAX_DUPLICATES: u32 = 100;

impl Fault {
    /// What is wrong with the fault itself, and what is allowed.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (on, deed) = (&self.on, &self.deed);
        let [api, both, push] = deed.count();
        if api + both + push != 1 {
            return Err(format!("`do` needs exactly one of {}", on.direction.deeds()));
        }
        let (other, name) = match on.direction {
            FaultDirection::Push => (api, "push"),
            FaultDirection::Api => (push, "api"),
        };
        if other > 0 {
            return Err(format!("that deed is none of direction {name:?}: use {}", on.direction.deeds()));
        }
        match on.direction {
            FaultDirection::Push if on.endpoint.is_some() => {
                return Err("`endpoint` belongs to direction \"api\"; for pushes use `event`".to_owned());
            }
            FaultDirection::Api if on.event.is_some() => {
                return Err("`event` belongs to direction \"push\"; for calls use `endpoint`".to_owned());
            }
            _ => {}
        }
        if deed.after_ms.is_some() && deed.duplicate.is_none() {
            return Err("`after_ms` belongs to `duplicate`".to_owned());
        }
        let pauses = [deed.delay_ms, deed.drip_ms, deed.after_ms];
        let wrong = [
            (deed.errcode == Some(0), "`errcode` is not 0, which means success"),
            (deed.status.is_some_and(|code| !(200..=599).contains(&code)), "`status` is from 200 to 599"),
            (
                deed.duplicate.is_some_and(|n| !(1..=MAX_DUPLICATES).contains(&n)),
                "`duplicate` is from 1 to 100",
            ),
            (pauses.iter().flatten().any(|ms| *ms > MAX_PAUSE_MS), "a pause is at most 600000 ms"),
            (on.nth == Some(0), "`nth` counts from 1"),
            (self.times == Some(0), "`times` is at least 1; leave it out for no end"),
            (
                self.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)),
                "`probability` is a number from 0 to 1",
            ),
        ];
        wrong.iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, why)| Err((*why).to_owned()))
    }
}

/// What a fault may be asked about.
pub(crate) struct Target<'a> {
    pub(crate) direction: Direction,
    pub(crate) account: &'a str,
    /// The path of a call or the kind of a push.
    pub(crate) kind: &'a str,
    pub(crate) user: Option<&'a str>,
}

impl On {
    pub(crate) fn hits(&self, target: &Target<'_>) -> bool {
        let direction = match self.direction {
            FaultDirection::Push => Direction::Push,
            FaultDirection::Api => Direction::Api,
        };
        let endpoint = |wanted: &String| {
            let wanted = wanted.trim_matches('/');
            let path = target.kind.trim_start_matches('/');
            path == wanted || path.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('/'))
        };
        let event = |wanted: &String| {
            target.kind == wanted || target.kind.split_once('.').is_some_and(|(_, name)| name == wanted)
        };
        direction == target.direction
            && self.account.as_ref().is_none_or(|account| target.account == account)
            && self.endpoint.as_ref().is_none_or(endpoint)
            && self.event.as_ref().is_none_or(event)
            && self.user.as_ref().is_none_or(|user| target.user == Some(user))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(fault: Value) -> String {
        serde_json::from_value::<Fault>(fault).unwrap().check().unwrap_err()
    }

    fn one(direction: &str, deed: Value) -> Value {
        json!({"on": {"direction": direction}, "do": deed})
    }

    #[test]
    fn every_deed_of_the_design_is_taken_in_its_direction() {
        let api = [
            json!({"errcode": 45009}),
            json!({"delay_ms": 5}),
            json!({"status": 502}),
            json!({"hang": true}),
            json!({"reset": true}),
            json!({"truncate": 3}),
            json!({"html": true}),
            json!({"drip_ms": 5}),
        ];
        let push = [
            json!({"drop": true}),
            json!({"delay_ms": 5}),
            json!({"duplicate": 2}),
            json!({"duplicate": 2, "after_ms": 50}),
            json!({"reorder": true}),
            json!({"bad_signature": true}),
            json!({"wrong_token": true}),
            json!({"wrong_app_id": true}),
            json!({"bad_padding": true}),
            json!({"stale_s": 900}),
            json!({"replay_nonce": true}),
            json!({"truncate": 3}),
        ];
        for (direction, deeds) in [("api", api.as_slice()), ("push", push.as_slice())] {
            for deed in deeds {
                let fault: Fault = serde_json::from_value(one(direction, deed.clone())).unwrap();
                assert_eq!(fault.check(), Ok(()), "{direction} {deed}");
                assert_eq!(serde_json::to_value(&fault).unwrap()["do"], *deed);
            }
        }
    }

    #[test]
    fn a_wrong_fault_is_refused_with_what_is_allowed() {
        for (fault, says) in [
            (one("push", json!({})), "replay_nonce"),
            (one("push", json!({"drop": true, "truncate": 1})), "exactly one"),
            (one("push", json!({"hang": true})), "replay_nonce"),
            (one("api", json!({"drop": true})), "drip_ms"),
            (one("api", json!({"errcode": 0})), "success"),
            (one("api", json!({"status": 99})), "200 to 599"),
            (one("api", json!({"delay_ms": 1, "after_ms": 1})), "after_ms"),
            (one("api", json!({"delay_ms": 600_001})), "600000"),
            (one("push", json!({"duplicate": 0})), "1 to 100"),
            (json!({"on": {"direction": "push", "nth": 0}, "do": {"drop": true}}), "from 1"),
            (json!({"on": {"direction": "push"}, "do": {"drop": true}, "times": 0}), "at least 1"),
            (json!({"on": {"direction": "push"}, "do": {"drop": true}, "probability": 2}), "0 to 1"),
            (json!({"on": {"direction": "push", "endpoint": "/a"}, "do": {"drop": true}}), "event"),
            (json!({"on": {"direction": "api", "event": "CLICK"}, "do": {"hang": true}}), "endpoint"),
        ] {
            let why = refused(fault.clone());
            assert!(why.contains(says), "{fault}: {why}");
        }
        let unknown = serde_json::from_value::<Fault>(one("push", json!({"explode": true}))).unwrap_err();
        assert!(unknown.to_string().contains("bad_signature"), "{unknown}");
    }

    #[test]
    fn an_endpoint_is_named_whole_or_by_its_last_parts() {
        let on = |endpoint: &str| On {
            direction: FaultDirection::Api,
            account: None,
            endpoint: Some(endpoint.to_owned()),
            event: None,
            user: None,
            nth: None,
        };
        let target = Target {
            direction: Direction::Api,
            account: "wx1",
            kind: "/cgi-bin/message/custom/send",
            user: None,
        };
        for good in ["/cgi-bin/message/custom/send", "message/custom/send", "/custom/send", "send"] {
            assert!(on(good).hits(&target), "{good}");
        }
        let of = |account: &str| On { account: Some(account.to_owned()), ..on("send") };
        assert!(of("wx1").hits(&target) && !of("wx2").hits(&target));
        for bad in ["end", "/cgi-bin/message", "custom"] {
            assert!(!on(bad).hits(&target), "{bad}");
        }
    }
}
