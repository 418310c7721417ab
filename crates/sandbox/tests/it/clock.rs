//! The clock that moves, and the world that is saved and put back.

use hongyan_sandbox::Options;
use serde_json::{Value, json};

use crate::back_end::{Answer, BackEnd};
use crate::stand::{SECRET, Stand, code, options};

async fn clock(stand: &Stand) -> Value {
    stand.get("/_sandbox/clock").await
}

#[tokio::test]
async fn a_clock_is_set_frozen_scaled_and_resumed() {
    let stand = Stand::start(options()).await;
    assert_eq!(clock(&stand).await["mode"], "real");
    stand.post("/_sandbox/clock/freeze", json!({})).await;
    stand.post("/_sandbox/clock/set", json!({"at_ms": 1_767_229_200_000_i64})).await;
    let frozen = clock(&stand).await;
    assert_eq!((&frozen["mode"], &frozen["now_ms"]), (&json!("frozen"), &json!(1_767_229_200_000_i64)));
    let user = stand.follower().await;
    stand.act(&user, "say", json!({"text": "hi"})).await;
    assert_eq!(stand.chat(&user).await[0]["at_ms"], 1_767_229_200_000_i64);
    stand.advance(60).await;
    assert_eq!(clock(&stand).await["now_ms"], 1_767_229_260_000_i64);
    let scaled = stand.post("/_sandbox/clock/scale", json!({"factor": 100_000})).await;
    assert_eq!((&scaled["mode"], &scaled["factor"]), (&json!("scaled"), &json!(100_000.0)));
    let mut later = clock(&stand).await;
    while later["now_ms"].as_i64().unwrap() < 1_767_229_260_000 + 60_000 {
        later = clock(&stand).await;
    }
    let resumed = stand.post("/_sandbox/clock/resume", json!({})).await;
    assert_eq!(resumed["mode"], "real");
    let gone = clock(&stand).await["now_ms"].as_i64().unwrap() - resumed["now_ms"].as_i64().unwrap();
    assert!(gone < 60_000, "{gone}");
    stand.post("/_sandbox/reset", json!({})).await;
    assert!(clock(&stand).await["ahead_ms"].as_i64().unwrap().abs() < 1000);
}

#[tokio::test]
async fn wrong_times_are_refused() {
    let stand = Stand::start(options()).await;
    for (path, body) in [
        ("set", json!({})),
        ("set", json!({"at_ms": -1})),
        ("scale", json!({"factor": -1})),
        ("scale", json!({"factor": 1e9})),
        ("advance", json!({"seconds": -1})),
    ] {
        let (status, answer) = stand.send("POST", &format!("/_sandbox/clock/{path}"), body).await;
        assert_eq!(status, 400, "{path}");
        assert!(answer["what_to_do"].is_string());
    }
}

#[tokio::test]
async fn what_falls_due_is_listed_in_order() {
    let stand = Stand::start(options()).await;
    stand.post("/_sandbox/clock/freeze", json!({})).await;
    // 2026-01-01T09:00:00+08:00
    let start = 1_767_229_200_000_i64;
    stand.post("/_sandbox/clock/set", json!({ "at_ms": start })).await;
    let user = stand.follower().await;
    stand.act(&user, "say", json!({"text": "hi"})).await;
    let code = json!({"expire_seconds": 3600, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "poster"}}});
    stand.call("/cgi-bin/qrcode/create", code).await;
    let moved = stand.post("/_sandbox/clock/advance", json!({"seconds": 48 * 3600})).await;
    let fired: Vec<(i64, &str)> = moved["fired"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| ((one["at_ms"].as_i64().unwrap() - start) / 1000, one["what"].as_str().unwrap()))
        .collect();
    let due =
        [(60, "window"), (3600, "qrcode"), (7200, "token"), (15 * 3600, "quota"), (48 * 3600, "window")];
    assert_eq!(fired, due, "{moved}");
    assert_eq!(moved["fired"][1]["scene"], "poster");
    assert_eq!(moved["fired"][4]["openid"], user.as_str());
    assert_eq!(stand.text(&user, "too late").await, 45015);
    let again = stand.post("/_sandbox/clock/advance", json!({"seconds": 1})).await;
    assert!(again["fired"].as_array().unwrap().is_empty(), "{again}");
}

#[tokio::test]
async fn a_world_is_saved_and_put_back() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    stand.act(&user, "say", json!({"text": "before"})).await;
    let token = stand.token().await;
    let saved = stand.get("/_sandbox/snapshot").await;
    for _ in 0..5 {
        assert_eq!(stand.text(&user, "spent").await, 0);
    }
    stand.act(&user, "unfollow", json!({})).await;
    stand.post("/_sandbox/token/expire", json!({})).await;
    stand.advance(86_400).await;
    let (status, answer) = stand.send("PUT", "/_sandbox/snapshot", saved).await;
    assert_eq!((status, &answer["restored"]), (200, &json!(true)));
    let texts = stand.texts(&user).await;
    assert_eq!(texts, [("user".to_owned(), "before".to_owned())]);
    let works = stand.get(&format!("/cgi-bin/user/info?access_token={token}&openid={user}")).await;
    assert_eq!((code(&works), &works["subscribe"]), (0, &json!(1)));
    assert_eq!(stand.text(&user, "allowed again").await, 0);
    assert!(clock(&stand).await["ahead_ms"].as_i64().unwrap().abs() < 60_000);
}

#[tokio::test]
async fn a_snapshot_moves_to_another_sandbox() {
    let one = Stand::start(Options { app_id: "wxother".into(), ..options() }).await;
    let user = one.follower().await;
    let other = Stand::start(options()).await;
    other.send("PUT", "/_sandbox/snapshot", one.get("/_sandbox/snapshot").await).await;
    let accounts = other.get("/_sandbox/accounts").await;
    assert_eq!(accounts[0]["app_id"], "wxother");
    assert_eq!(other.get(&format!("/_sandbox/users/{user}")).await["following"], true);
    let body = json!({"grant_type": "client_credential", "appid": "wxother", "secret": SECRET});
    assert!(other.post("/cgi-bin/stable_token", body).await["access_token"].is_string());
    let (status, answer) = other.send("PUT", "/_sandbox/snapshot", json!({"version": 1})).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(other.get("/_sandbox/accounts").await, accounts);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids() {
    let run = async || {
        let stand = Stand::start(options()).await;
        stand.post("/_sandbox/clock/freeze", json!({})).await;
        stand.post("/_sandbox/clock/set", json!({"at_ms": 1_767_229_200_000_i64})).await;
        let user = stand.follower().await;
        let said = stand.act(&user, "say", json!({"text": "hi"})).await;
        let code = json!({"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 1}}});
        let ticket = stand.call("/cgi-bin/qrcode/create", code).await["ticket"].clone();
        let refused = stand.call("/cgi-bin/menu/trymatch", json!({"user_id": "x"})).await["errmsg"].clone();
        (user, said["request"]["plain"].clone(), ticket, refused)
    };
    assert_eq!(run().await, run().await);
}

#[tokio::test]
async fn a_pushs_five_seconds_go_by_the_sandboxs_clock_when_told_so() {
    let back_end = BackEnd::start(&[Answer::Silence]).await;
    let settings = hongyan_sandbox::Settings {
        push_time: hongyan_sandbox::PushTime::Virtual,
        ..hongyan_sandbox::Settings::default()
    };
    // Ten minutes a try: only the sandbox's clock can end it.
    let slow = Options { push_timeout_ms: 600_000, push_spacing_ms: 600_000, ..options() };
    let stand = Stand::start(Options { callback: Some(back_end.url()), settings, ..slow }).await;
    let user = stand.person().await;
    let moving = async {
        for tries in 1..=3 {
            while back_end.pushes().len() < tries {
                tokio::task::yield_now().await;
            }
            stand.advance(600).await;
        }
    };
    let (exchange, ()) = tokio::join!(stand.act(&user, "follow", json!({})), moving);
    assert_eq!((&exchange["outcome"], exchange["tries"].as_array().unwrap().len()), (&json!("failed"), 3));
    assert!(exchange["tries"][0]["took_ms"].as_u64().unwrap() >= 600_000, "{exchange}");
}
