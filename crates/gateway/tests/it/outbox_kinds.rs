//! What goes out beside customer-service messages, and what waits for its user.

use std::time::Duration;

use hongyan_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{PATIENCE, Stage};

const MESSAGES: &str = "/api/v1/accounts/main/messages";

fn template(openid: &str) -> Value {
    json!({
        "touser": openid, "template_id": "template-1", "url": "https://example.com/7",
        "data": {"first": {"value": "你好"}, "keyword1": {"value": "已发货"}},
    })
}

/// Sends a message and gives its id.
async fn accepted(stage: &Stage, body: Value) -> String {
    let (status, answer) = stage.api(Method::POST, MESSAGES, Some(body)).await;
    assert_eq!(status, 202, "{answer}");
    answer["id"].as_str().unwrap().to_owned()
}

/// What becomes of a message, once it is as wanted.
async fn becomes(stage: &Stage, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let began = std::time::Instant::now();
    loop {
        let (_, answer) = stage.api(Method::GET, &format!("{MESSAGES}/{id}"), None).await;
        if wanted(&answer) || began.elapsed() > PATIENCE {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn told(answer: &Value) -> bool {
    answer["delivery"].is_string()
}

async fn a_template_message_is_sent_and_its_arrival_is_told(head: &str) {
    let stage = Stage::under(head, Options::default(), "", "").await;
    let person = stage.follower("小明").await;
    let id = accepted(&stage, template(&person.openid)).await;
    let answer = becomes(&stage, &id, told).await;
    assert_eq!(
        (answer["state"].as_str(), answer["delivery"].as_str()),
        (Some("sent"), Some("delivered")),
        "{answer}"
    );
    assert_eq!(person.heard().await.last().unwrap().0, "template");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_message_is_sent_and_its_arrival_is_told_on_sqlite() {
    a_template_message_is_sent_and_its_arrival_is_told("data = \"sqlite://hongyan.db\"").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn a_template_message_is_sent_and_its_arrival_is_told_on_mariadb() {
    let data = format!("data = \"{}\"", crate::stores::mysql().await);
    a_template_message_is_sent_and_its_arrival_is_told(&data).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_blocks_the_account_is_told_as_blocked() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    let settings = |outcome: &str| json!({"template_outcome": outcome});
    stage.settings(settings("failed:user block")).await;
    let blocked = accepted(&stage, template(&person.openid)).await;
    let answer = becomes(&stage, &blocked, told).await;
    assert_eq!(
        (answer["state"].as_str(), answer["delivery"].as_str()),
        (Some("sent"), Some("blocked")),
        "{answer}"
    );
    stage.settings(settings("failed: system failed")).await;
    let failed = accepted(&stage, template(&person.openid)).await;
    let answer = becomes(&stage, &failed, told).await;
    assert_eq!(
        (answer["delivery"].as_str(), answer["delivery_reason"].as_str()),
        (Some("failed"), Some("system failed"))
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_needs_no_window_and_takes_none_of_it() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    stage.control("clock/advance", &json!({"seconds": 3 * 86_400})).await;
    let id = accepted(&stage, template(&person.openid)).await;
    let answer = becomes(&stage, &id, |answer| answer["state"] == "sent").await;
    assert_eq!(answer["state"], "sent", "{answer}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_message_goes_to_who_has_agreed() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    let body = json!({
        "touser": person.openid, "msgtype": "subscribe", "template_id": "subscribe-template-1",
        "data": {"thing1": {"value": "茶"}, "time2": {"value": "10:00"}, "thing5": {"value": "无"}},
    });
    let id = accepted(&stage, body.clone()).await;
    let refused = becomes(&stage, &id, |answer| answer["state"] == "failed").await;
    assert_eq!(refused["errcode"], 43101, "{refused}");
    person.act("subscription", json!({"template_id": "subscribe-template-1", "accept": true})).await;
    let id = accepted(&stage, body).await;
    let answer =
        becomes(&stage, &id, |answer| answer["state"] == "sent" || answer["state"] == "failed").await;
    assert_eq!(answer["state"], "sent", "{answer}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_between_the_kinds_is_refused() {
    let stage = Stage::new("").await;
    for (body, part) in [
        (json!({"touser": "o1", "template_id": "T", "page": "p", "data": {}}), "subscribe"),
        (
            json!({"touser": "o1", "template_id": "T", "msgtype": "text", "text": {"content": "a"}}),
            "leave one",
        ),
        (json!({"touser": "o1", "text": "a", "when_closed": "later"}), "when_closed"),
    ] {
        let (status, answer) = stage.api(Method::POST, MESSAGES, Some(body)).await;
        assert_eq!(status, 400);
        assert!(answer["detail"].as_str().unwrap().contains(part), "{answer}");
    }
    stage.end().await;
}

async fn a_message_waits_for_its_users_next_word(head: &str) {
    let stage = Stage::under(head, Options::default(), "", "").await;
    let person = stage.follower("小明").await;
    stage.control("clock/advance", &json!({"seconds": 3 * 86_400})).await;
    let body = |text: &str, when: &str| json!({"touser": person.openid, "msgtype": "text", "text": {"content": text}, "when_closed": when});
    let first = accepted(&stage, body("first", "wait")).await;
    let waiting = becomes(&stage, &first, |answer| answer["waits_for_user"] == true).await;
    assert_eq!(
        (waiting["state"].as_str(), waiting["errcode"].as_i64()),
        (Some("queued"), Some(45015)),
        "{waiting}"
    );
    let second = accepted(&stage, body("second", "fail")).await;
    assert!(person.heard().await.is_empty());
    person.say("你好").await;
    assert_eq!(person.hears(2).await, ["first", "second"]);
    for id in [first, second] {
        assert_eq!(becomes(&stage, &id, |answer| answer["state"] == "sent").await["state"], "sent");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_for_its_users_next_word_on_sqlite() {
    a_message_waits_for_its_users_next_word("data = \"sqlite://hongyan.db\"").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn a_message_waits_for_its_users_next_word_on_mariadb() {
    let data = format!("data = \"{}\"", crate::stores::mysql().await);
    a_message_waits_for_its_users_next_word(&data).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_wish_a_closed_window_fails() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    stage.control("clock/advance", &json!({"seconds": 3 * 86_400})).await;
    let id = accepted(&stage, json!({"touser": person.openid, "text": "now or never"})).await;
    let answer = becomes(&stage, &id, |answer| answer["state"] == "failed").await;
    assert_eq!(
        (answer["state"].as_str(), answer["errcode"].as_i64()),
        (Some("failed"), Some(45015)),
        "{answer}"
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_outlives_a_restart() {
    let mut stage = Stage::new("").await;
    let openid = stage.follower("小明").await.openid.clone();
    stage.control("clock/advance", &json!({"seconds": 3 * 86_400})).await;
    let body = json!({"touser": openid, "text": "still here", "when_closed": "wait"});
    let id = accepted(&stage, body).await;
    becomes(&stage, &id, |answer| answer["waits_for_user"] == true).await;
    stage.restart().await;
    let person = stage.person_again(openid);
    person.say("回来了").await;
    assert_eq!(person.hears(1).await, ["still here"]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_with_the_message() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    stage.control("clock/advance", &json!({"seconds": 3 * 86_400})).await;
    let id = accepted(&stage, json!({"touser": person.openid, "text": "a", "when_closed": "wait"})).await;
    becomes(&stage, &id, |answer| answer["waits_for_user"] == true).await;
    stage.control("clock/advance", &json!({"seconds": 2 * 86_400 + 1})).await;
    let answer = becomes(&stage, &id, |answer| answer["state"] == "expired").await;
    assert_eq!(answer["state"], "expired", "{answer}");
    stage.end().await;
}
