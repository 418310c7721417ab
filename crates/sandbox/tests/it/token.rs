//! Both token endpoints.

use serde_json::{Value, json};

use crate::stand::{APP_ID, SECRET, Stand, code, options};

async fn classic(stand: &Stand) -> Value {
    stand.get(&format!("/cgi-bin/token?grant_type=client_credential&appid={APP_ID}&secret={SECRET}")).await
}

async fn works(stand: &Stand, token: &Value) -> i64 {
    let token = token["access_token"].as_str().unwrap();
    code(&stand.get(&format!("/cgi-bin/get_api_domain_ip?access_token={token}")).await)
}

#[tokio::test]
async fn a_classic_token_replaces_the_last_after_five_minutes() {
    let stand = Stand::start(options()).await;
    let first = classic(&stand).await;
    assert_eq!(first["expires_in"], 7200);
    let second = classic(&stand).await;
    assert_ne!(first["access_token"], second["access_token"]);
    assert_eq!(works(&stand, &first).await, 0);
    stand.advance(300).await;
    assert_eq!(works(&stand, &first).await, 40001);
    assert_eq!(works(&stand, &second).await, 0);
    stand.advance(6900).await;
    assert_eq!(works(&stand, &second).await, 42001);
}

#[tokio::test]
async fn a_stable_token_stays_and_can_be_forced() {
    let stand = Stand::start(options()).await;
    let body = |force: bool| json!({"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, "force_refresh": force});
    let first = stand.post("/cgi-bin/stable_token", body(false)).await;
    let again = stand.post("/cgi-bin/stable_token", body(false)).await;
    assert_eq!(first["access_token"], again["access_token"]);
    let other = classic(&stand).await;
    let forced = stand.post("/cgi-bin/stable_token", body(true)).await;
    assert_ne!(forced["access_token"], first["access_token"]);
    assert_eq!(works(&stand, &first).await, 40001);
    assert_eq!((works(&stand, &forced).await, works(&stand, &other).await), (0, 0));
}

#[tokio::test]
async fn wrong_asking_has_its_codes() {
    let stand = Stand::start(options()).await;
    let cases = [
        ("grant_type=password", 40002),
        ("grant_type=client_credential", 41002),
        ("grant_type=client_credential&appid=wx0123456789abcdef", 41004),
        ("grant_type=client_credential&appid=wxnobody&secret=x", 40013),
        ("grant_type=client_credential&appid=wx0123456789abcdef&secret=x", 40125),
    ];
    for (query, want) in cases {
        let answer = stand.get(&format!("/cgi-bin/token?{query}")).await;
        assert_eq!(code(&answer), want, "{query}: {answer}");
    }
    assert_eq!(code(&stand.get("/cgi-bin/stable_token").await), 43002);
    let not_json = stand.request("POST", "/cgi-bin/stable_token").body("x").send().await.unwrap();
    assert_eq!(code(&not_json.json().await.unwrap()), 47001);
    assert_eq!(code(&stand.get("/cgi-bin/get_api_domain_ip").await), 41001);
    assert_eq!(code(&stand.get("/cgi-bin/get_api_domain_ip?access_token=made-up").await), 40001);
}

#[tokio::test]
async fn tokens_expire_when_told_and_never_stand_in_the_record() {
    let stand = Stand::start(options()).await;
    let token = classic(&stand).await;
    stand.post("/_sandbox/token/expire", json!({})).await;
    assert_eq!(works(&stand, &token).await, 42001);
    let record = stand.get("/_sandbox/exchanges").await.to_string();
    assert!(
        !record.contains(SECRET) && !record.contains(token["access_token"].as_str().unwrap()),
        "{record}"
    );
    assert!(record.contains("\"errcode:42001\""), "{record}");
}

#[tokio::test]
async fn the_daily_limit_of_the_classic_endpoint_is_2000() {
    let stand = Stand::start(options()).await;
    for _ in 0..2000 {
        assert_eq!(code(&classic(&stand).await), 0);
    }
    assert_eq!(code(&classic(&stand).await), 45009);
    stand.advance(86_400).await;
    assert_eq!(code(&classic(&stand).await), 0);
}
