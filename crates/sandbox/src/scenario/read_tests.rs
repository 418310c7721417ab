use std::collections::BTreeSet;

use hongyan_wire::Lang;
use serde_json::{Value, json};

use super::*;
use crate::scenario::model::{Deed, Expect};

fn bad(steps: &str) -> String {
    let text = format!("users: [小明]\nsteps:\n{steps}");
    Scenario::parse("a.yaml", &text).map(|_| ()).unwrap_err().text(Lang::En)
}

#[test]
fn every_mistake_has_its_line_its_caret_and_what_may_stand_there() {
    for (steps, line, says) in [
        ("  - 小名: follow\n", "a.yaml:3:5", "allowed: 小明, expect"),
        ("  - 小明: shout hi\n", "a.yaml:3:9", "allowed: follow"),
        ("  - 小明: follow\n  - expect: {fone: 小明}\n", "a.yaml:4:13", "phone, push"),
        ("  - expect: {phone: 小明, txt: hi}\n", "a.yaml:3:25", "allowed: phone, text"),
        ("  - expect: {phone: 小红}\n", "a.yaml:3:21", "the users are: 小明"),
        ("  - expect: {phone: 小明, text: /(/}\n", "a.yaml:3:31", "regular expression"),
        ("  - expect: {phone: 小明, differs: x}\n", "a.yaml:3:34", "save: x"),
        ("  - expect: {push: text, tries: few}\n", "a.yaml:3:33", "write it like"),
        ("  - clock: 48h\n", "a.yaml:3:12", "+48h1m"),
        ("  - fault: {push: text}\n", "a.yaml:3:12", "duplicate"),
        ("  - fault: {duplicate: 2}\n", "a.yaml:3:12", "push"),
        ("  - token: revoke\n", "a.yaml:3:12", "expire"),
        ("  - 小明: follow\n    expect: {no_notice: 小明}\n", "a.yaml:4:5", "- "),
        ("  - 小明: say\n", "a.yaml:3:9", "say 你好"),
        ("  - 小明: follow me\n", "a.yaml:3:9", "follow"),
        ("  - 小明: {send: {msgtype: image, file: none.jpg}}\n", "a.yaml:3:39", "none.jpg"),
    ] {
        let text = bad(steps);
        assert!(text.starts_with(line) && text.contains(says) && text.contains('^'), "{steps}\n{text}");
    }
    let top = Scenario::parse("a.yaml", "users: []\nstep: []\n").unwrap_err().text(Lang::Zh);
    assert!(top.contains("可用：name") && top.starts_with("a.yaml:2:1"), "{top}");
    let twice = Scenario::parse("a.yaml", "users: [a, a]\nsteps: []\n").unwrap_err().text(Lang::En);
    assert!(twice.starts_with("a.yaml:1:12"), "{twice}");
    let account = "accounts: [{mode: loud}]\nusers: []\nsteps: []\n";
    assert!(
        Scenario::parse("a.yaml", account)
            .unwrap_err()
            .text(Lang::En)
            .contains("plain, compatible or secure")
    );
}

#[test]
fn what_people_do_becomes_the_control_apis_bodies() {
    let text = "users: [小明]\nsteps:\n  - 小明: say 1024\n  - 小明: {say: \"a: b\"}\n  - 小明: tap 服务/查订单\n  - 小明: scan poster:spring\n  - 小明: locate 39.9 116.4 天安门\n  - 小明: {tap: {key: K, scan: x}}\n  - 小明: send image\n";
    let scenario = Scenario::parse("a.yaml", text).unwrap();
    let acts: Vec<(&str, Value)> = scenario
        .steps
        .iter()
        .map(|step| match &step.deed {
            Deed::Act { verb, body, .. } => (*verb, body.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        ("say", json!({"text": "1024"})),
        ("say", json!({"text": "a: b"})),
        ("tap", json!({"button": "服务/查订单"})),
        ("scan", json!({"poster": "spring"})),
        ("locate", json!({"latitude": 39.9, "longitude": 116.4, "label": "天安门"})),
        ("tap", json!({"key": "K", "scan": "x"})),
        ("send", json!({"msgtype": "image"})),
    ];
    assert_eq!(acts, expected);
    assert_eq!((scenario.steps[0].shown.as_str(), scenario.steps[0].place.line), ("小明: say 1024", 3));
}

#[test]
fn faults_expectations_and_the_head_are_read() {
    let text = "name: x\nseed: 7\nclock: 2026-01-01T09:00:00+08:00\naccounts: [{id: shop, kind: subscription, mode: safe, verified: false, url: 'http://127.0.0.1:1/'}]\nusers: [{id: bob, following: true}]\nsteps:\n  - fault: {push: text, user: bob, duplicate: 2, times: 1}\n  - fault: none\n  - clock: +48h1m\n  - expect: {phone: bob, count: {text: /1024/}, is: 1}\n  - expect: {api: message/custom/send, errcode: 45015, within: 5s}\n";
    let scenario = Scenario::parse("a.yaml", text).unwrap();
    let deeds: Vec<&Deed> = scenario.steps.iter().map(|step| &step.deed).collect();
    let Deed::Faults(list) = deeds[0] else { panic!("{:?}", deeds[0]) };
    assert_eq!(
        list[0],
        json!({"on": {"direction": "push", "event": "text", "user": "openid:bob"}, "do": {"duplicate": 2}, "times": 1})
    );
    assert!(matches!(deeds[1], Deed::Faults(list) if list.is_empty()));
    assert!(matches!(deeds[2], Deed::Advance(172_860_000)));
    assert!(matches!(deeds[3], Deed::Expect(Expect::Count { number, .. }, None) if number.fits(1.0)));
    assert!(matches!(
        deeds[4],
        Deed::Expect(Expect::Api { path, errcode: Some(45015), .. }, Some(5000)) if path == "/cgi-bin/message/custom/send"
    ));
    let options = scenario.options(crate::Options::default());
    assert_eq!(
        (options.seed, options.mode, options.kind, options.verified),
        (7, Mode::Secure, Kind::Subscription, false)
    );
    assert_eq!((options.name.as_str(), options.callback.as_deref()), ("shop", Some("http://127.0.0.1:1/")));
    assert_eq!(scenario.clock_ms, Some(1_767_229_200_000));
    assert_eq!(scenario.people[0].follows, [None]);
}

/// The property names of an object of the schema.
fn names(object: &Value) -> BTreeSet<&str> {
    object["properties"].as_object().expect("properties").keys().map(String::as_str).collect()
}

#[test]
fn the_published_schema_has_the_same_names() {
    let text = include_str!("../../../../docs/scenario.schema.json");
    let schema: Value = serde_json::from_str(text).unwrap();
    let of = |name: &str| names(&schema["$defs"][name]);
    let set = |list: &[&'static str]| list.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(names(&schema), set(keys::TOP));
    for (name, list) in [
        ("account", keys::ACCOUNT.to_vec()),
        ("user", keys::USER.to_vec()),
        ("step", keys::STEP.to_vec()),
        ("act", keys::VERB.to_vec()),
        ("tap", keys::TAP.to_vec()),
        ("locate", keys::LOCATE.to_vec()),
        ("report", keys::REPORT.to_vec()),
        ("subscription", keys::SUBSCRIPTION.to_vec()),
        ("scan", keys::SCAN.to_vec()),
        ("qrcode", keys::QRCODE.to_vec()),
        ("call", keys::CALL.to_vec()),
        ("fault", [keys::FAULT_ON, keys::FAULT_DO].concat()),
        ("phone", keys::PHONE.to_vec()),
        ("count", keys::COUNT.to_vec()),
        ("push", keys::PUSH.to_vec()),
        ("api", keys::API.to_vec()),
        ("notice", keys::NOTICE.to_vec()),
        ("no_notice", keys::NO_NOTICE.to_vec()),
    ] {
        assert_eq!(of(name), set(&list), "{name}");
        if name != "step" {
            assert_eq!(schema["$defs"][name]["additionalProperties"], false, "{name}");
        }
    }
}

#[test]
fn a_step_names_its_account_and_a_wrong_name_is_shown() {
    let head = "accounts: [{id: shop}, {id: club, kind: subscription}]\nusers: [{id: a, following: [club]}]\nsteps:\n";
    let scenario =
        Scenario::parse("x", &format!("{head}  - a: say hi\n    account: club\n  - a: follow\n")).unwrap();
    let named: Vec<_> = scenario.steps.iter().map(|step| step.account.as_deref()).collect();
    assert_eq!(named, [Some("club"), None]);
    assert_eq!(scenario.people[0].follows, [Some("club".to_owned())]);
    let options = scenario.options(crate::Options::default());
    assert_eq!(options.more_accounts.len(), 1);
    assert_ne!(options.app_id, options.more_accounts[0].app_id);
    let wrong = Scenario::parse("x", &format!("{head}  - a: say hi\n    account: pub\n")).unwrap_err();
    assert!(wrong.text(Lang::En).contains("shop, club") && wrong.line() == 5, "{wrong}");
    assert!(Scenario::parse("x", &format!("{head}  - account: club\n")).is_err());
    // Without a list the names are those of the sandbox.
    assert!(Scenario::parse("x", "users: [a]\nsteps:\n  - {a: follow, account: any}\n").is_ok());
}

#[test]
fn the_example_is_a_scenario() {
    let text = include_str!("../../../../examples/article.yaml");
    let scenario = Scenario::parse("examples/article.yaml", text).unwrap();
    assert_eq!(scenario.people.len(), 2);
    assert!(scenario.steps.len() > 60, "{}", scenario.steps.len());
}
