//! Several accounts in one sandbox, and who may call for them.

use std::path::Path;

use hongyan_sandbox::{Options, Settings};
use serde_json::{Value, json};

use crate::back_end::{Answer, BackEnd, body};
use crate::stand::{APP_ID, NOTICE, SECRET, Stand, code, options};

async fn put(stand: &Stand, path: &str, body: Value) -> Value {
    let (status, answer) = stand.send("PUT", &format!("/_sandbox/{path}"), body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn the_accounts_of_the_example_files_live_side_by_side() {
    for name in ["accounts.toml", "accounts.json"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
        let text = std::fs::read_to_string(file).unwrap();
        let stand = Stand::start(Options::default().with_accounts(&text).unwrap()).await;
        let accounts = stand.get("/_sandbox/accounts").await;
        let kinds: Vec<&str> =
            accounts.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["service", "subscription", "test"], "{name}");
        let mut openids = Vec::new();
        for account in accounts.as_array().unwrap() {
            let app_id = account["app_id"].as_str().unwrap();
            let users = format!("/_sandbox/accounts/{app_id}/users");
            if openids.is_empty() {
                stand.post(&users, json!({"nickname": "小明"})).await;
            }
            openids.push(stand.get(&users).await[0]["openid"].as_str().unwrap().to_owned());
        }
        openids.sort();
        openids.dedup();
        assert_eq!(openids.len(), 3, "one person has an OpenID for each account");
        let secret = "11111111111111111111111111111111";
        let ask = json!({"grant_type": "client_credential", "appid": "wx1111111111111111", "secret": secret});
        let token =
            stand.post("/cgi-bin/stable_token", ask).await["access_token"].as_str().unwrap().to_owned();
        let made = stand.post(&format!("/cgi-bin/menu/create?access_token={token}"), json!({})).await;
        assert_eq!(code(&made), 48001, "an unverified subscription account has no menu");
    }
}

#[tokio::test]
async fn a_wrong_list_of_addresses_does_not_start() {
    let wrong = Options { ip_list: Some(vec!["1.2.3.*".into()]), ..options() };
    let error = hongyan_sandbox::Sandbox::start_local(wrong).await.unwrap_err().to_string();
    assert!(error.contains("1.2.3.*") && error.contains(APP_ID), "{error}");
}

#[tokio::test]
async fn every_call_from_an_address_that_is_not_listed_is_refused() {
    let stand = Stand::start(options()).await;
    let token = stand.token().await;
    put(&stand, &format!("accounts/{APP_ID}/ip_list"), json!({"list": ["10.0.0.0/8"]})).await;
    let ask = json!({"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET});
    let classic = format!("/cgi-bin/token?grant_type=client_credential&appid={APP_ID}&secret={SECRET}");
    let answers = [
        stand.post("/cgi-bin/stable_token", ask.clone()).await,
        stand.get(&classic).await,
        stand.get(&format!("/cgi-bin/getcallbackip?access_token={token}")).await,
        stand.post("/cgi-bin/clear_quota/v2", json!({"appid": APP_ID, "appsecret": SECRET})).await,
    ];
    for answer in answers {
        assert_eq!(code(&answer), 40164);
        let message = answer["errmsg"].as_str().unwrap();
        let text = "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: ";
        assert!(message.starts_with(text), "{message}");
    }
    let (status, _) = stand.send("PUT", "/_sandbox/ip_list", json!({"list": ["1.2.3.*"]})).await;
    assert_eq!(status, 400);
    put(&stand, "ip_list", json!({"list": ["127.0.0.0/8", "10.0.0.0/8"]})).await;
    assert!(stand.post("/cgi-bin/stable_token", ask.clone()).await["access_token"].is_string());
    put(&stand, "ip_list", json!({"list": []})).await;
    assert_eq!(code(&stand.post("/cgi-bin/stable_token", ask.clone()).await), 40164);
    put(&stand, "ip_list", json!({"list": null})).await;
    assert!(stand.post("/cgi-bin/stable_token", ask).await["access_token"].is_string());
}

#[tokio::test]
async fn a_secret_is_frozen_and_changed_while_tokens_stay_good() {
    let stand = Stand::start(options()).await;
    let token = stand.token().await;
    let ask = |secret: &str| json!({"grant_type": "client_credential", "appid": APP_ID, "secret": secret});
    put(&stand, "secret", json!({"frozen": true})).await;
    assert_eq!(code(&stand.post("/cgi-bin/stable_token", ask(SECRET)).await), 40243);
    assert_eq!(code(&stand.get(&format!("/cgi-bin/getcallbackip?access_token={token}")).await), 0);
    let changed = put(&stand, "secret", json!({"frozen": false, "rotate": true})).await;
    let fresh = changed["secret"].as_str().unwrap();
    assert_eq!(fresh.len(), 32);
    assert_eq!(code(&stand.post("/cgi-bin/stable_token", ask(SECRET)).await), 40125);
    assert_eq!(stand.post("/cgi-bin/stable_token", ask(fresh)).await["access_token"], token.as_str());
}

#[tokio::test]
async fn a_token_fetched_by_another_program_is_not_the_latest() {
    let stand = Stand::start(options()).await;
    let classic = format!("/cgi-bin/token?grant_type=client_credential&appid={APP_ID}&secret={SECRET}");
    let token = stand.get(&classic).await["access_token"].as_str().unwrap().to_owned();
    stand.post("/_sandbox/token/replace", json!({})).await;
    assert_eq!(code(&stand.get(&format!("/cgi-bin/getcallbackip?access_token={token}")).await), 40001);
    assert_eq!(code(&stand.ask("/cgi-bin/getcallbackip").await), 0);
}

#[tokio::test]
async fn the_profile_of_2021_allows_twenty() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    stand.act(&user, "say", json!({"text": "hi"})).await;
    // The follow's three and the message's five.
    for _ in 0..8 {
        assert_eq!(stand.text(&user, "x").await, 0);
    }
    assert_eq!(stand.text(&user, "x").await, 45047);
    assert_eq!(put(&stand, "settings", json!({"profile": "legacy-2021"})).await["profile"], "legacy-2021");
    stand.act(&user, "say", json!({"text": "again"})).await;
    for _ in 0..20 {
        assert_eq!(stand.text(&user, "x").await, 0);
    }
    assert_eq!(stand.text(&user, "x").await, 45047);
    let profiles = stand.get("/_sandbox/profiles").await;
    assert_eq!(profiles[1]["windows"]["message"], json!({"messages": 20, "seconds": 172_800}));
    let (status, answer) = stand.send("PUT", "/_sandbox/settings", json!({"profile": "2019"})).await;
    assert_eq!(status, 400);
    assert!(answer["error"].as_str().unwrap().contains("legacy-2021"), "{answer}");
}

#[tokio::test]
async fn a_payment_opens_a_window_without_limit_and_pushes_nothing() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    stand.advance(61).await;
    assert_eq!(stand.text(&user, "closed").await, 45015);
    let paid = stand.act(&user, "pay", json!({})).await;
    assert_eq!((&paid["kind"], &paid["tries"]), (&json!("action.pay"), &json!([])));
    for _ in 0..30 {
        assert_eq!(stand.text(&user, "x").await, 0);
    }
    stand.advance(48 * 3600).await;
    assert_eq!(stand.text(&user, "x").await, 45015);
}

#[tokio::test]
async fn a_phone_shows_its_old_menu_for_five_minutes() {
    let settings = Settings { menu_cache_seconds: 300, ..Settings::default() };
    let stand = Stand::start(Options { settings, ..options() }).await;
    let user = stand.follower().await;
    let menu = |name: &str| json!({"button": [{"type": "click", "name": name, "key": name}]});
    let seen = async || {
        let menu = stand.get(&format!("/_sandbox/users/{user}/menu")).await;
        menu["button"][0]["name"].as_str().unwrap_or("none").to_owned()
    };
    stand.advance(301).await;
    stand.call("/cgi-bin/menu/create", menu("old")).await;
    assert_eq!(seen().await, "old");
    stand.call("/cgi-bin/menu/create", menu("new")).await;
    assert_eq!(seen().await, "old");
    let tapped = stand.act(&user, "tap", json!({"button": "old"})).await;
    assert_eq!(tapped["kind"], "event.CLICK");
    let refreshed = stand.act(&user, "menu/refresh", json!({})).await;
    assert_eq!(refreshed["button"][0]["name"], "new");
    assert_eq!(seen().await, "new");
    stand.call("/cgi-bin/menu/create", menu("third")).await;
    assert_eq!(seen().await, "new");
    stand.act(&user, "unfollow", json!({})).await;
    stand.act(&user, "follow", json!({})).await;
    assert_eq!(seen().await, "third");
    stand.call("/cgi-bin/menu/create", menu("fourth")).await;
    stand.advance(301).await;
    assert_eq!(seen().await, "fourth");
}

#[tokio::test]
async fn the_cap_of_permanent_codes_can_be_tried_out() {
    let stand = Stand::start(options()).await;
    put(&stand, "qrcodes/permanent", json!({"count": 99_999})).await;
    let permanent =
        |id: u32| json!({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": id}}});
    assert_eq!(code(&stand.call("/cgi-bin/qrcode/create", permanent(1)).await), 0);
    assert_eq!(code(&stand.call("/cgi-bin/qrcode/create", permanent(2)).await), 45029);
    assert_eq!(code(&stand.call("/cgi-bin/qrcode/create", permanent(1)).await), 0);
}

#[tokio::test]
async fn a_back_end_that_keeps_failing_is_left_alone_for_a_minute() {
    let back_end = BackEnd::start(&[Answer::Status(500)]).await;
    let settings = Settings { mark_fail_after: 2, ..Settings::default() };
    let callback = Some(back_end.url());
    let stand = Stand::start(Options { settings, callback, push_tries: 1, ..options() }).await;
    let user = stand.follower().await;
    stand.act(&user, "say", json!({"text": "one"})).await;
    back_end.answer(&[body("success")]);
    let paused = stand.act(&user, "say", json!({"text": "two"})).await;
    assert_eq!((&paused["outcome"], &paused["tries"]), (&json!("none"), &json!([])), "{paused}");
    let last = stand.texts(&user).await.pop().unwrap();
    assert_eq!(last, ("notice".to_owned(), NOTICE.to_owned()));
    stand.advance(60).await;
    let heard = stand.act(&user, "say", json!({"text": "three"})).await;
    assert_eq!(heard["outcome"], "silent", "{heard}");
}
