//! How often a call may be made, and what a request id tells.

use hongyan_sandbox::{Kind, Options};
use serde_json::json;

use crate::stand::{APP_ID, SECRET, Stand, code, options};

async fn used_up(stand: &Stand, path: &str, used: u32) {
    let (status, answer) = stand.send("PUT", "/_sandbox/quotas", json!({"path": path, "used": used})).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_days_calls_end_and_begin_again_at_midnight_in_china() {
    let stand = Stand::start(options()).await;
    // 2026-01-01T23:59:00+08:00
    stand.post("/_sandbox/clock/set", json!({"at_ms": 1_767_283_140_000_i64})).await;
    let user = stand.follower().await;
    used_up(&stand, "/cgi-bin/user/get", 499).await;
    assert_eq!(code(&stand.ask("/cgi-bin/user/get").await), 0);
    let refused = stand.ask("/cgi-bin/user/get").await;
    assert_eq!(code(&refused), 45009);
    assert!(refused["errmsg"].as_str().unwrap().starts_with("reach max api daily quota limit rid: "));
    assert_eq!(stand.text(&user, "another path goes on").await, 0);
    let moved = stand.post("/_sandbox/clock/advance", json!({"seconds": 60})).await;
    assert!(moved["fired"].as_array().unwrap().iter().any(|one| one["what"] == "quota"), "{moved}");
    assert_eq!(code(&stand.ask("/cgi-bin/user/get").await), 0);
}

#[tokio::test]
async fn counters_are_read_and_cleared_ten_times_a_month() {
    let stand = Stand::start(options()).await;
    used_up(&stand, "/cgi-bin/menu/get", 7).await;
    used_up(&stand, "/cgi-bin/user/get", 500).await;
    let path = json!({"cgi_path": "/cgi-bin/menu/get"});
    let quota = stand.call("/cgi-bin/openapi/quota/get", path.clone()).await;
    assert_eq!(quota["quota"], json!({"daily_limit": 10_000, "used": 7, "remain": 9993}));
    assert_eq!(code(&stand.call("/cgi-bin/openapi/quota/clear", path).await), 0);
    assert_eq!(code(&stand.ask("/cgi-bin/user/get").await), 45009);
    assert_eq!(code(&stand.call("/cgi-bin/clear_quota", json!({"appid": "wx2"})).await), 40013);
    assert_eq!(code(&stand.call("/cgi-bin/clear_quota", json!({"appid": APP_ID})).await), 0);
    assert_eq!(code(&stand.ask("/cgi-bin/user/get").await), 0);
    let by_secret = json!({"appid": APP_ID, "appsecret": SECRET});
    for _ in 2..10 {
        assert_eq!(code(&stand.post("/cgi-bin/clear_quota/v2", by_secret.clone()).await), 0);
    }
    assert_eq!(code(&stand.post("/cgi-bin/clear_quota/v2", by_secret.clone()).await), 48006);
    assert_eq!(
        code(&stand.post("/cgi-bin/clear_quota/v2", json!({"appid": APP_ID, "appsecret": "x"})).await),
        40125
    );
    let unknown = json!({"cgi_path": "/cgi-bin/none"});
    assert_eq!(code(&stand.call("/cgi-bin/openapi/quota/get", unknown.clone()).await), 76021);
    assert_eq!(code(&stand.call("/cgi-bin/openapi/quota/clear", unknown).await), 76021);
}

#[tokio::test]
async fn an_unverified_account_clears_nothing() {
    let stand = Stand::start(Options { verified: false, ..options() }).await;
    assert_eq!(code(&stand.call("/cgi-bin/clear_quota", json!({"appid": APP_ID})).await), 48001);
    let test = Stand::start(Options { kind: Kind::Test, verified: false, ..options() }).await;
    assert_eq!(code(&test.call("/cgi-bin/clear_quota", json!({"appid": APP_ID})).await), 0);
}

#[tokio::test]
async fn a_minutes_calls_end_with_the_minute() {
    let stand = Stand::start(options()).await;
    // The clock stands still, or the minute could end in the middle.
    stand.post("/_sandbox/clock/freeze", json!({})).await;
    let limit = json!({"per_minute": {"/cgi-bin/user/get": 2}});
    stand.send("PUT", "/_sandbox/settings", limit).await;
    assert_eq!(code(&stand.ask("/cgi-bin/user/get").await), 0);
    assert_eq!(code(&stand.ask("/cgi-bin/user/get").await), 0);
    assert_eq!(code(&stand.ask("/cgi-bin/user/get").await), 45011);
    let rate = stand.call("/cgi-bin/openapi/quota/get", json!({"cgi_path": "/cgi-bin/user/get"})).await;
    assert_eq!(rate["rate_limit"], json!({"call_count": 2, "refresh_second": 60}));
    stand.advance(60).await;
    assert_eq!(code(&stand.ask("/cgi-bin/user/get").await), 0);
}

#[tokio::test]
async fn a_request_id_tells_the_refused_call_without_its_secrets() {
    let stand = Stand::start(options()).await;
    let refused = stand.call("/cgi-bin/tags/getidlist", json!({"openid": "nobody"})).await;
    let message = refused["errmsg"].as_str().unwrap();
    let rid = message.rsplit(' ').next().unwrap();
    let found = stand.call("/cgi-bin/openapi/rid/get", json!({ "rid": rid })).await;
    assert_eq!(code(&found), 0);
    let request = &found["request"];
    assert_eq!(request["request_url"], "/cgi-bin/tags/getidlist");
    assert_eq!(request["request_body"], r#"{"openid":"nobody"}"#);
    assert_eq!(request["client_ip"], "127.0.0.1");
    assert!(request["response_body"].as_str().unwrap().contains("40003"));
    let ask = |rid: &str| json!({ "rid": rid });
    assert_eq!(code(&stand.call("/cgi-bin/openapi/rid/get", ask("64a774ce-020c072d-6c820ec0")).await), 76001);
    assert_eq!(code(&stand.call("/cgi-bin/openapi/rid/get", ask("x")).await), 76003);
    stand.advance(7 * 86_400).await;
    assert_eq!(code(&stand.call("/cgi-bin/openapi/rid/get", ask(rid)).await), 76001);
}
