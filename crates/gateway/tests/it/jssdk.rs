//! A page asks the gateway for the values of `wx.config`, and the platform checks them.

use hongyan_gateway::{Gateway, Parts};
use hongyan_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::stage::Stage;

const TICKET: &str = "/cgi-bin/ticket/getticket";

async fn signed(stage: &Stage, page: &str) -> (u16, Value) {
    let url: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
    stage.api(Method::GET, &format!("/api/v1/accounts/main/jssdk?url={url}"), None).await
}

/// What the platform's script finds on the page.
async fn checked(stage: &Stage, values: &Value, href: &str) -> Value {
    let mut asked = values.clone();
    asked["jsApiList"] = json!(["scanQRCode"]);
    asked["href"] = href.into();
    let url = format!("{}/res/jssdk/config", stage.sandbox.url());
    reqwest::Client::new().post(url).json(&asked).send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_signed_as_the_platform_checks_it() {
    let stage = Stage::new("").await;
    for page in [
        "http://127.0.0.1:3000/pay?order=1&n=%E4%BD%A0",
        "https://shop.example/a%20b/?x=1+2",
        "https://shop.example",
        "https://shop.example/?q=你好",
    ] {
        for href in [page.to_owned(), format!("{page}#/cart?x=1")] {
            let (status, values) = signed(&stage, &href).await;
            assert_eq!(status, 200, "{values}");
            assert_eq!(
                values.as_object().unwrap().keys().collect::<Vec<_>>(),
                ["appId", "timestamp", "nonceStr", "signature"]
            );
            let found = checked(&stage, &values, &href).await;
            assert_eq!(found["errMsg"], "config:ok", "{href}: {found}");
            let elsewhere = checked(&stage, &values, "https://shop.example/other").await;
            assert_ne!(elsewhere["errMsg"], "config:ok", "a signature is for its page");
        }
    }
    assert_eq!(stage.calls(TICKET).await, 1, "one ticket for all pages");
    for bad in ["", "shop.example/a", "javascript:alert(1)"] {
        assert_eq!(signed(&stage, bad).await.0, 400, "{bad}");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_lasts_through_a_restart_and_is_renewed_when_it_ends() {
    let mut stage = Stage::new("").await;
    signed(&stage, "https://shop.example/").await;
    stage.restart().await;
    signed(&stage, "https://shop.example/").await;
    assert_eq!(stage.calls(TICKET).await, 1, "it is in the store");
    stage.control("clock/advance", &json!({"seconds": 7300})).await;
    let (_, values) = signed(&stage, "https://shop.example/").await;
    assert_eq!(checked(&stage, &values, "https://shop.example/").await["errMsg"], "config:ok");
    assert_eq!(stage.calls(TICKET).await, 2);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pages_at_once_fetch_one_ticket() {
    let stage = Stage::new("").await;
    let asked = (0..40).map(|_| signed(&stage, "https://shop.example/"));
    for (status, values) in futures_util::future::join_all(asked).await {
        assert_eq!(status, 200, "{values}");
    }
    assert_eq!(stage.calls(TICKET).await, 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn two_gateways_share_a_ticket() {
    let head = format!("data = \"{}\"", crate::stores::mysql().await);
    let stage = Stage::under(&head, Options::default(), "", "").await;
    let listener = Some(TcpListener::bind("127.0.0.1:0").await.unwrap());
    let other = Box::pin(Gateway::start(stage.config(), Parts { clock: stage.sandbox.clock(), listener }))
        .await
        .unwrap();
    let url = format!("{}/api/v1/accounts/main/jssdk?url=https%3A%2F%2Fshop.example%2F", other.url());
    let elsewhere =
        (0..20).map(|_| async { reqwest::get(&url).await.unwrap().json::<Value>().await.unwrap() });
    let here = (0..20).map(|_| signed(&stage, "https://shop.example/"));
    let (here, elsewhere) =
        tokio::join!(futures_util::future::join_all(here), futures_util::future::join_all(elsewhere));
    for values in here.iter().map(|(_, values)| values).chain(&elsewhere) {
        assert_eq!(checked(&stage, values, "https://shop.example/").await["errMsg"], "config:ok", "{values}");
    }
    assert_eq!(stage.calls(TICKET).await, 1);
    other.stop().await;
    stage.end().await;
}
