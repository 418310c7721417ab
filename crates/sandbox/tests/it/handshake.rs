//! The check of a callback's address.

use hongyan_sandbox::Options;
use serde_json::{Value, json};

use crate::back_end::{BackEnd, body, text};
use crate::stand::{Stand, options};

async fn account(stand: &Stand) -> Value {
    stand.get("/_sandbox/accounts").await[0].clone()
}

#[tokio::test]
async fn the_first_action_waits_for_a_handshake_that_needs_several_tries() {
    let back_end = BackEnd::start(&[text("好")]).await;
    back_end.refuse_handshakes(3);
    let stand = Stand::with(&back_end).await;
    let user = stand.person().await;
    let follow = stand.act(&user, "follow", json!({})).await;
    assert_eq!(follow["outcome"], "replied");
    assert_eq!(back_end.handshakes().len(), 4);
    let asked = &back_end.handshakes()[3].query;
    let signed = hongyan_wire::signature::signature("hongyanDemoToken", &asked["timestamp"], &asked["nonce"]);
    assert_eq!(signed.as_str(), asked["signature"]);
    assert_eq!(account(&stand).await["handshake"], "ok");
}

#[tokio::test]
async fn without_a_handshake_nothing_is_pushed() {
    let back_end = BackEnd::start(&[text("好")]).await;
    back_end.refuse_handshakes(usize::MAX);
    let mut options = Options { callback: Some(back_end.url()), ..options() };
    options.settings.handshake_wait_ms = 100;
    let stand = Stand::start(options).await;
    let user = stand.person().await;
    let follow = stand.act(&user, "follow", json!({})).await;
    assert_eq!((&follow["outcome"], &follow["tries"]), (&json!("none"), &json!([])));
    assert_eq!(back_end.pushes().len(), 0);
    assert_eq!(account(&stand).await["handshake"], "failed");
    assert_eq!(account(&stand).await["handshake_error"], "HTTP status 403");
    assert_eq!(stand.text(&user, "窗口开着").await, 0);
}

#[tokio::test]
async fn a_callback_can_come_later_and_go_again() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::start(options()).await;
    assert_eq!(account(&stand).await["handshake"], Value::Null);
    let path = format!("/_sandbox/accounts/{}/callback", crate::stand::APP_ID);
    let (status, set) = stand.send("PUT", &path, json!({"url": back_end.url()})).await;
    assert_eq!((status, &set["handshake"]), (200, &json!("ok")));
    let user = stand.follower().await;
    assert_eq!(back_end.pushes().len(), 1);
    stand.send("PUT", &path, json!({"url": null})).await;
    assert_eq!(stand.act(&user, "say", json!({"text": "?"})).await["outcome"], "none");
    assert_eq!(stand.send("PUT", &path, json!({"url": "nonsense"})).await.0, 400);
}
