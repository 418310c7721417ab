//! Line 1: a person follows and is welcomed; a person who left hears nothing more.

use serde_json::json;

use crate::harness::{Demo, MODES, person::text_of};

#[tokio::test]
async fn a_new_follower_is_welcomed_passively() {
    for mode in MODES {
        let demo = Demo::start(mode).await;
        let mut person = demo.person("小明").await;
        let exchange = person.act("follow", json!({})).await;
        assert_eq!(exchange["kind"], "event.subscribe", "{mode}");
        assert_eq!(exchange["outcome"], "replied", "{mode}: {exchange:#}");
        assert_eq!(exchange["findings"], json!([]), "{mode}: {exchange:#}");
        let welcome = person.receives_one().await;
        assert!(text_of(&welcome).contains("欢迎"), "{mode}: {welcome}");
        assert_eq!(welcome["passive"], true, "{mode}: {welcome}");
    }
}

#[tokio::test]
async fn who_unfollows_gets_no_reply_and_no_later_message() {
    let demo = Demo::start("secure").await;
    let mut person = demo.follower("小红").await;
    let exchange = person.act("unfollow", json!({})).await;
    assert_eq!(exchange["kind"], "event.unsubscribe");
    assert_eq!(exchange["outcome"], "silent", "{exchange:#}");
    let sent = demo.run(&["send", &person.openid, "--text", "别走"]).await;
    assert_eq!(sent.code, 1, "{sent:#?}");
    assert!(sent.err.contains("45015") || sent.err.contains("43004"), "{}", sent.err);
    assert!(person.read().await.is_empty());
}
