//! Line 9: only the platform's own pushes are answered.

use serde_json::{Value, json};

use crate::harness::{Demo, Person};

/// A push with one thing wrong with it, delivered by the sandbox; gives the exchange.
async fn wrong_push(demo: &Demo, person: &Person, fault: &str) -> Value {
    let fields = json!({ "MsgType": "text", "Content": "快递 SF1001" });
    let body = json!({ "openid": person.openid, "fields": fields, "faults": [fault] });
    demo.control("POST", "push", Some(body)).await
}

#[tokio::test]
async fn a_push_that_is_not_the_platforms_is_refused_with_its_status() {
    let demo = Demo::start("secure").await;
    let mut person = demo.follower("小明").await;
    for (fault, status) in [
        ("bad_signature", 403),
        ("no_signature", 403),
        ("wrong_app_id", 400),
        ("wrong_key", 400),
        ("plain_body", 400),
        ("truncate", 400),
    ] {
        let exchange = wrong_push(&demo, &person, fault).await;
        let tries = exchange["tries"].as_array().unwrap_or_else(|| panic!("{exchange:#}"));
        assert!(!tries.is_empty(), "{fault}: {exchange:#}");
        assert!(tries.iter().all(|a| a["status"] == status), "{fault} should get {status}: {exchange:#}");
        let said: Vec<Value> =
            person.read().await.into_iter().filter(|message| message["from"] == "account").collect();
        assert!(said.is_empty(), "{fault}: a handler ran and answered {said:?}");
    }
}

#[tokio::test]
async fn each_refusal_is_logged_once_with_its_reason() {
    let demo = Demo::start("plain").await;
    let person = demo.follower("小明").await;
    let nonce = "7411";
    let address = format!("{}/callback/{}", demo.gateway, demo.account());
    let before = demo.log().len();
    let answer = reqwest::Client::new()
        .post(format!("{address}?signature=0000&timestamp=1732000000&nonce={nonce}"))
        .body(format!("<xml><FromUserName>{}</FromUserName></xml>", person.openid))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 403);
    let log = demo.log_after(before, "signature").await;
    let about: Vec<&String> = log.iter().filter(|line| line.contains("refused")).collect();
    assert_eq!(about.len(), 1, "{log:#?}");
    assert!(!about[0].contains(&person.openid), "the log names the person: {}", about[0]);
}

#[tokio::test]
async fn the_handshake_is_answered_only_when_it_is_signed() {
    let demo = Demo::start("secure").await;
    let address = format!("{}/callback/{}", demo.gateway, demo.account());
    let forged = format!("{address}?signature={}&timestamp=1&nonce=2&echostr=hello", "0".repeat(40));
    let answer = reqwest::get(forged).await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(!answer.text().await.unwrap().contains("hello"));
    let accounts = demo.control("GET", "accounts", None).await;
    assert_eq!(accounts[0]["handshake"], "ok", "{accounts:#}");
}

#[tokio::test]
async fn broken_xml_with_a_right_signature_is_refused() {
    let demo = Demo::start("plain").await;
    let person = demo.follower("小明").await;
    let exchange = wrong_push(&demo, &person, "truncate").await;
    assert!(exchange["tries"].as_array().unwrap().iter().all(|a| a["status"] == 400), "{exchange:#}");
}
