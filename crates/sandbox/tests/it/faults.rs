//! Every fault on its own, over raw HTTP.

use std::time::{Duration, Instant};

use hongyan_sandbox::{Mode, Options};
use hongyan_wire::{AesKey, AppId, envelope, signature};
use serde_json::{Value, json};

use crate::back_end::{Answer, BackEnd, Received, body, field, text};
use crate::stand::{APP_ID, Stand, code, findings, options};

const TOKEN: &str = "hongyanDemoToken";

async fn put(stand: &Stand, faults: Value) {
    let (status, answer) = stand.send("PUT", "/_sandbox/faults", faults).await;
    assert_eq!(status, 200, "{answer}");
}

fn on(direction: &str, deed: Value) -> Value {
    json!([{"on": {"direction": direction}, "do": deed}])
}

/// A stand whose next calls meet this fault, and the path of a harmless call.
async fn spoilt(deed: Value) -> (Stand, String) {
    let stand = Stand::start(options()).await;
    let path = format!("/cgi-bin/getcallbackip?access_token={}", stand.token().await);
    put(&stand, json!([{"on": {"direction": "api", "endpoint": "getcallbackip"}, "do": deed}])).await;
    (stand, path)
}

async fn recorded(stand: &Stand) -> Value {
    stand.get("/_sandbox/exchanges?limit=1").await[0].clone()
}

/// A follower whose next push meets this fault, after its first one went well.
async fn pushed(mode: Mode, deed: Value, answer: Answer) -> (Stand, BackEnd, String, Value) {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::start(Options { callback: Some(back_end.url()), mode, ..options() }).await;
    let user = stand.follower().await;
    back_end.answer(&[answer]);
    put(&stand, on("push", deed)).await;
    let said = stand.act(&user, "say", json!({"text": "?"})).await;
    (stand, back_end, user, said)
}

fn signed(push: &Received) -> bool {
    let query = |name: &str| push.query[name].as_str();
    signature::signature(TOKEN, query("timestamp"), query("nonce")).matches(query("signature"))
}

fn opened(push: &Received) -> Result<Vec<u8>, envelope::OpenError> {
    let key = AesKey::parse(&Options::default().aes_key).unwrap();
    envelope::open(&[key], &AppId::new(APP_ID), &field(&push.body, "Encrypt")).map(|opened| opened.message)
}

#[tokio::test]
async fn errcode_refuses_the_call_and_does_nothing() {
    let (stand, path) = spoilt(json!({"errcode": 45011})).await;
    assert_eq!(code(&stand.get(&path).await), 45011);
    let call = recorded(&stand).await;
    assert_eq!(
        (findings(&call), &call["tries"][0]["fault"]),
        (vec!["errcode:45011"], &json!({"errcode": 45011}))
    );
}

#[tokio::test]
async fn delay_holds_the_answer() {
    let (stand, path) = spoilt(json!({"delay_ms": 120})).await;
    let before = Instant::now();
    assert_eq!(code(&stand.get(&path).await), 0);
    assert!(before.elapsed() >= Duration::from_millis(120));
    assert!(recorded(&stand).await["tries"][0]["took_ms"].as_u64().unwrap() >= 120);
}

#[tokio::test]
async fn status_replaces_the_answer() {
    let (stand, path) = spoilt(json!({"status": 502})).await;
    assert_eq!(stand.raw(&path).await.status(), 502);
    let call = recorded(&stand).await;
    assert_eq!((&call["outcome"], findings(&call)), (&json!("failed"), vec!["http_status"]));
    assert_eq!((&call["reply"]["status"], &call["tries"][0]["status"]), (&json!(502), &json!(502)));
}

#[tokio::test]
async fn hang_never_answers() {
    let (stand, path) = spoilt(json!({"hang": true})).await;
    let asked = stand.request("GET", &path).timeout(Duration::from_millis(150)).send().await;
    assert!(asked.unwrap_err().is_timeout());
    assert_eq!(findings(&recorded(&stand).await), ["unreachable"]);
}

#[tokio::test]
async fn reset_closes_without_an_answer() {
    let (stand, path) = spoilt(json!({"reset": true})).await;
    assert!(stand.request("GET", &path).send().await.is_err());
    assert_eq!(recorded(&stand).await["tries"][0]["status"], Value::Null);
}

#[tokio::test]
async fn truncate_breaks_off_inside_the_answer() {
    let (stand, path) = spoilt(json!({"truncate": 5})).await;
    let mut answer = stand.raw(&path).await;
    assert_eq!(&answer.chunk().await.unwrap().unwrap()[..], b"{\"ip_");
    assert!(answer.chunk().await.is_err());
}

#[tokio::test]
async fn html_stands_for_json() {
    let (stand, path) = spoilt(json!({"html": true})).await;
    let answer = stand.raw(&path).await;
    assert_eq!(answer.headers()["content-type"], "text/html");
    assert!(answer.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(findings(&recorded(&stand).await), ["html_reply"]);
}

#[tokio::test]
async fn drip_gives_byte_after_byte() {
    let (stand, path) = spoilt(json!({"drip_ms": 2})).await;
    let before = Instant::now();
    let answer = stand.raw(&path).await;
    assert!(answer.headers().get("content-length").is_none());
    let answer = answer.bytes().await.unwrap();
    assert!(before.elapsed() >= Duration::from_millis(2 * answer.len() as u64));
    assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["ip_list"][0], "127.0.0.1");
}

#[tokio::test]
async fn calls_are_struck_by_person_and_number() {
    let stand = Stand::start(options()).await;
    let (one, two) = (stand.follower().await, stand.follower().await);
    put(&stand, json!([{"on": {"direction": "api", "user": two, "nth": 2}, "do": {"errcode": 45047}}])).await;
    let mut codes = Vec::new();
    for user in [&one, &two, &two, &two] {
        codes.push(stand.text(user, "x").await);
    }
    assert_eq!(codes, [0, 0, 45047, 0]);
}

#[tokio::test]
async fn drop_keeps_the_push_from_leaving() {
    let (stand, back_end, user, said) = pushed(Mode::Plain, json!({"drop": true}), text("不会来")).await;
    assert_eq!((back_end.pushes().len(), said["tries"].as_array().unwrap().len()), (1, 3));
    assert_eq!(said["tries"][0]["error"], "dropped by a fault");
    assert_eq!(findings(&said), ["unreachable"]);
    assert_eq!(stand.texts(&user).await.last().unwrap().0, "notice");
}

#[tokio::test]
async fn a_push_dropped_once_arrives_at_the_second_try() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    put(&stand, json!([{"on": {"direction": "push", "user": user}, "do": {"drop": true}, "times": 1}])).await;
    let said = stand.act(&user, "say", json!({"text": "?"})).await;
    let statuses: Vec<&Value> = said["tries"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [&Value::Null, &json!(200)]);
    assert_eq!(said["outcome"], "silent");
}

#[tokio::test]
async fn delay_holds_the_push_and_not_its_limit() {
    let (_stand, back_end, _, said) = pushed(Mode::Plain, json!({"delay_ms": 300}), body("success")).await;
    let pushes = back_end.pushes();
    assert!(pushes[1].at - pushes[0].at >= Duration::from_millis(300));
    assert_eq!((&said["outcome"], said["tries"].as_array().unwrap().len()), (&json!("silent"), 1));
}

#[tokio::test]
async fn duplicates_go_out_at_once_and_their_answers_are_kept() {
    let (stand, back_end, user, said) = pushed(Mode::Plain, json!({"duplicate": 2}), text("一次")).await;
    let pushes = back_end.pushes().split_off(1);
    assert_eq!(pushes.len(), 3);
    assert!(pushes.iter().all(|push| field(&push.body, "MsgId") == field(&pushes[0].body, "MsgId")));
    assert!(pushes.iter().all(signed));
    let extra: Vec<&Value> =
        said["tries"].as_array().unwrap().iter().filter(|one| one["duplicate"] == true).collect();
    assert_eq!(extra.len(), 2);
    assert!(extra[0]["reply"]["body"].as_str().unwrap().contains("一次"));
    assert_eq!(stand.texts(&user).await.iter().filter(|(_, text)| text == "一次").count(), 1);
}

#[tokio::test]
async fn duplicates_reach_a_busy_back_end_together() {
    let (_stand, back_end, _, said) = pushed(Mode::Plain, json!({"duplicate": 3}), Answer::Silence).await;
    // All four were there before the first was cut.
    let pushes = back_end.pushes().split_off(1);
    assert!(pushes[3].at - pushes[0].at < Duration::from_millis(190), "{pushes:?}");
    assert_eq!(said["tries"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn a_late_duplicate_comes_after_the_answer() {
    let (_stand, back_end, _, said) =
        pushed(Mode::Plain, json!({"duplicate": 1, "after_ms": 250}), text("一次")).await;
    let pushes = back_end.pushes().split_off(1);
    assert_eq!(pushes.len(), 2);
    // Counted from when the first one began, which it reached the back end a little after.
    assert!(pushes[1].at - pushes[0].at >= Duration::from_millis(100));
    assert_eq!((&said["outcome"], &said["tries"][1]["duplicate"]), (&json!("replied"), &json!(true)));
}

#[tokio::test]
async fn reorder_lets_the_next_push_overtake() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    put(&stand, json!([{"on": {"direction": "push"}, "do": {"reorder": true}, "times": 1}])).await;
    let one = stand.act(&user, "say", json!({"text": "一"}));
    let two = async {
        while stand.chat(&user).await.is_empty() {}
        stand.act(&user, "say", json!({"text": "二"})).await
    };
    let (one, two) = tokio::join!(one, two);
    assert!(one["id"].as_u64() < two["id"].as_u64());
    let said: Vec<String> = back_end.pushes()[1..].iter().map(|push| field(&push.body, "Content")).collect();
    assert_eq!(said, ["二", "一"]);
}

#[tokio::test]
async fn reorder_turns_the_two_pushes_of_one_action_round() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let menu = json!({"button": [{"type": "location_select", "name": "位置", "key": "where"}]});
    assert_eq!(code(&stand.call("/cgi-bin/menu/create", menu).await), 0);
    put(&stand, json!([{"on": {"direction": "push"}, "do": {"reorder": true}, "times": 1}])).await;
    let tap = json!({"button": "位置", "location": {"latitude": 31.2, "longitude": 121.4, "label": "家"}});
    let tapped = stand.act(&user, "tap", tap).await;
    assert_eq!(
        (&tapped["kind"], tapped["then"].as_array().map(Vec::len)),
        (&json!("event.location_select"), Some(1))
    );
    let kinds: Vec<String> = back_end.pushes()[1..].iter().map(|push| field(&push.body, "MsgType")).collect();
    assert_eq!(kinds, ["location", "event"]);
}

#[tokio::test]
async fn bad_signature_and_wrong_token_do_not_verify() {
    for deed in ["bad_signature", "wrong_token"] {
        let (_stand, back_end, _, said) =
            pushed(Mode::Plain, json!({ deed: true }), Answer::Status(403)).await;
        let pushes = back_end.pushes();
        assert!(signed(&pushes[0]) && !signed(&pushes[1]), "{deed}");
        assert_eq!(said["tries"][0]["fault"], json!({ deed: true }));
    }
}

#[tokio::test]
async fn wrong_app_id_is_inside_the_envelope() {
    let (_stand, back_end, ..) = pushed(Mode::Secure, json!({"wrong_app_id": true}), body("success")).await;
    let push = back_end.pushes().pop().unwrap();
    assert!(signed(&push));
    assert!(matches!(opened(&push), Err(envelope::OpenError::AppId { .. })));
    assert!(opened(&back_end.pushes()[0]).is_ok());
}

#[tokio::test]
async fn bad_padding_cannot_be_opened() {
    let (_stand, back_end, ..) = pushed(Mode::Secure, json!({"bad_padding": true}), body("success")).await;
    assert!(matches!(opened(&back_end.pushes()[1]), Err(envelope::OpenError::Padding)));
}

#[tokio::test]
async fn stale_is_signed_at_an_earlier_time() {
    let (_stand, back_end, ..) = pushed(Mode::Plain, json!({"stale_s": 900}), body("success")).await;
    let pushes = back_end.pushes();
    let at = |push: &Received| push.query["timestamp"].parse::<i64>().unwrap();
    assert!((895..=900).contains(&(at(&pushes[0]) - at(&pushes[1]))), "{pushes:?}");
    assert!(signed(&pushes[1]));
}

#[tokio::test]
async fn replay_uses_the_nonce_of_the_push_before() {
    let (_stand, back_end, ..) = pushed(Mode::Plain, json!({"replay_nonce": true}), body("success")).await;
    let pushes = back_end.pushes();
    for name in ["nonce", "timestamp", "signature"] {
        assert_eq!(pushes[0].query[name], pushes[1].query[name]);
    }
    assert_ne!(pushes[0].body, pushes[1].body);
}

#[tokio::test]
async fn truncate_cuts_the_message() {
    let (_stand, back_end, _, said) = pushed(Mode::Plain, json!({"truncate": 20}), body("success")).await;
    assert_eq!(back_end.last().len(), 20);
    assert!(said["request"]["plain"].as_str().unwrap().ends_with("</xml>"));
}

#[tokio::test]
async fn the_same_seed_strikes_the_same_pushes() {
    let run = async |seed: u64| {
        let back_end = BackEnd::start(&[body("success")]).await;
        let stand = Stand::with(&back_end).await;
        let user = stand.follower().await;
        put(
            &stand,
            json!([{"on": {"direction": "push"}, "do": {"truncate": 9}, "probability": 0.5, "seed": seed}]),
        )
        .await;
        for _ in 0..16 {
            stand.act(&user, "say", json!({"text": "?"})).await;
        }
        back_end.pushes().iter().map(|push| push.body.len() == 9).collect::<Vec<_>>()
    };
    let first = run(3).await;
    assert_eq!(first, run(3).await);
    assert_ne!(first, run(4).await);
}

#[tokio::test]
async fn a_put_takes_the_whole_list_and_a_wrong_one_changes_nothing() {
    let stand = Stand::start(options()).await;
    put(&stand, on("api", json!({"errcode": 45009}))).await;
    for (faults, says) in [
        (on("api", json!({"drop": true})), "drip_ms"),
        (on("push", json!({"hang": true})), "replay_nonce"),
        (on("push", json!({"explode": true})), "bad_signature"),
        (json!([{"on": {"direction": "push", "path": "x"}, "do": {"drop": true}}]), "endpoint"),
    ] {
        let (status, answer) = stand.send("PUT", "/_sandbox/faults", faults).await;
        assert_eq!(status, 400);
        assert!(answer["error"].as_str().unwrap().contains(says), "{answer}");
    }
    assert_eq!(stand.get("/_sandbox/faults").await, on("api", json!({"errcode": 45009})));
    put(&stand, on("api", json!({"errcode": 45011}))).await;
    assert_eq!(stand.get("/_sandbox/faults").await, on("api", json!({"errcode": 45011})));
    assert_eq!(stand.send("DELETE", "/_sandbox/faults", json!(null)).await, (200, json!([])));
    assert_eq!(stand.get("/_sandbox/faults").await, json!([]));
}
