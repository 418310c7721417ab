//! The ticket, the script, and the check of what a page gives to `wx.config`.

use hongyan_wire::signature;
use serde_json::{Value, json};

use crate::stand::{APP_ID, Stand, code, options};

const HREF: &str = "http://127.0.0.1:3000/pay?order=1#/cart";

/// The SHA-1 of a text, by way of the signature of three parts that sort as given.
fn sha1(text: &str) -> String {
    signature::signature(text, "", "").as_str().to_owned()
}

fn signed(ticket: &str, url: &str) -> String {
    sha1(&format!("jsapi_ticket={ticket}&noncestr=Wm3W&timestamp=1414587457&url={url}"))
}

async fn ticket(stand: &Stand) -> String {
    let answer = stand.ask("/cgi-bin/ticket/getticket?type=jsapi").await;
    assert_eq!((&answer["errcode"], &answer["errmsg"]), (&json!(0), &json!("ok")));
    answer["ticket"].as_str().unwrap().to_owned()
}

async fn config(stand: &Stand, signature: &str) -> Value {
    let body = json!({
        "appId": APP_ID,
        "timestamp": 1_414_587_457,
        "nonceStr": "Wm3W",
        "signature": signature,
        "jsApiList": ["scanQRCode"],
        "href": HREF,
    });
    stand.post("/res/jssdk/config", body).await
}

fn parts(answer: &Value) -> Vec<&str> {
    answer["findings"].as_array().unwrap().iter().map(|finding| finding["where"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_ticket_stays_for_two_hours() {
    let stand = Stand::start(options()).await;
    let first = stand.ask("/cgi-bin/ticket/getticket?type=jsapi").await;
    assert_eq!(first["expires_in"], 7200);
    assert_eq!(ticket(&stand).await, first["ticket"]);
    stand.advance(7200).await;
    assert_ne!(ticket(&stand).await, first["ticket"]);
    assert_eq!(code(&stand.ask("/cgi-bin/ticket/getticket?type=nonsense").await), 40097);
    assert_eq!(code(&stand.get("/cgi-bin/ticket/getticket?type=jsapi").await), 41001);
}

#[tokio::test]
async fn a_page_that_is_signed_right_is_told_so() {
    let stand = Stand::start(options()).await;
    let ticket = ticket(&stand).await;
    let answer = config(&stand, &signed(&ticket, "http://127.0.0.1:3000/pay?order=1")).await;
    assert_eq!((&answer["ok"], &answer["errMsg"]), (&json!(true), &json!("config:ok")), "{answer}");
    let exchange = stand.get("/_sandbox/exchanges?kind=jssdk.config").await;
    assert_eq!(exchange[0]["outcome"], "replied");
}

#[tokio::test]
async fn a_page_that_is_signed_wrong_learns_which_part() {
    let stand = Stand::start(options()).await;
    assert_eq!(parts(&config(&stand, "x").await), ["jsapi_ticket"]);
    let ticket = ticket(&stand).await;
    let with_fragment = config(&stand, &signed(&ticket, HREF)).await;
    assert_eq!((&with_fragment["ok"], parts(&with_fragment)), (&json!(false), vec!["url"]));
    assert_eq!(with_fragment["errMsg"], "config:fail,invalid signature");
    let order = sha1(&format!(
        "jsapi_ticket={ticket}&timestamp=1414587457&noncestr=Wm3W&url=http://127.0.0.1:3000/pay?order=1"
    ));
    assert_eq!(parts(&config(&stand, &order).await), ["order"]);
    assert_eq!(parts(&config(&stand, "x").await), ["signature"]);
    stand.advance(7200).await;
    let old = signed(&ticket, "http://127.0.0.1:3000/pay?order=1");
    assert_eq!(parts(&config(&stand, &old).await), ["jsapi_ticket"]);
    let exchanges = stand.get("/_sandbox/exchanges?kind=jssdk.config").await;
    let last = exchanges.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["outcome"], &last["findings"][0]["code"]),
        (&json!("failed"), &json!("jssdk_signature"))
    );
}

#[tokio::test]
async fn missing_fields_a_strange_account_and_a_strange_domain_are_named() {
    let stand = Stand::start(options()).await;
    let nothing = stand.post("/res/jssdk/config", json!({})).await;
    assert_eq!(parts(&nothing), ["appId", "timestamp", "nonceStr", "signature", "jsApiList"]);
    let strange =
        json!({"appId": "wxnobody", "timestamp": 1, "nonceStr": "a", "signature": "b", "jsApiList": ["c"]});
    assert_eq!(stand.post("/res/jssdk/config", strange).await["errMsg"], "config:fail,invalid appid");
    stand.send("PUT", "/_sandbox/js_domain", json!({"domain": "shop.example"})).await;
    let ticket = ticket(&stand).await;
    let answer = config(&stand, &signed(&ticket, "http://127.0.0.1:3000/pay?order=1")).await;
    assert_eq!(answer["errMsg"], "config:fail,invalid url domain");
}

#[tokio::test]
async fn the_script_is_at_both_places_and_may_be_used_by_any_page() {
    let stand = Stand::start(options()).await;
    for path in ["/res/jweixin-1.6.0.js", "/open/js/jweixin-1.6.0.js", "/open/js/jweixin-1.0.0.js"] {
        let answer = stand.raw(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/javascript; charset=utf-8");
        assert!(answer.text().await.unwrap().contains("/res/jssdk/config"));
    }
    assert_eq!(stand.raw("/res/other.js").await.status(), 404);
    let asked = stand.request("OPTIONS", "/res/jssdk/config").send().await.unwrap();
    assert_eq!(
        (asked.status().as_u16(), &asked.headers()["access-control-allow-origin"]),
        (204, &"*".parse().unwrap())
    );
}
