//! People by the API: lists, profile, tags, the reply window and what lasts of it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::rest_stage::{MAIN, on_mariadb, on_sqlite};
use crate::stage::Stage;

async fn send(stage: &Stage, openid: &str) -> Value {
    let body = json!({"touser": openid, "msgtype": "text", "text": {"content": "x"}});
    let (status, answer) = stage.api(Method::POST, &format!("{MAIN}/messages"), Some(body)).await;
    assert_eq!(status, 202, "{answer}");
    let path = format!("/messages/{}", answer["id"].as_str().unwrap());
    stage.get_until(&path, |state| !matches!(state["state"].as_str(), Some("queued" | "sending"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_are_listed_from_the_platform() {
    let stage = Stage::new("").await;
    let (one, two) = (stage.follower("一").await, stage.follower("二").await);
    let page = stage.get("/users?followers=true").await;
    let listed: Vec<_> =
        page["users"].as_array().unwrap().iter().map(|user| user["openid"].as_str().unwrap()).collect();
    assert!(listed.contains(&one.openid.as_str()) && listed.contains(&two.openid.as_str()), "{page}");
    let behind = stage.get(&format!("/users?followers=true&next_openid={}", listed.last().unwrap())).await;
    assert_eq!(
        (behind["users"].as_array().unwrap().len(), &behind["next_openid"]),
        (0, &Value::Null),
        "{behind}"
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_has_profile_tags_and_remark() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    let path = format!("{MAIN}/users/{}", person.openid);
    let token = stage.get("/token").await;
    let url = format!(
        "{}/cgi-bin/tags/create?access_token={}",
        stage.sandbox.url(),
        token["access_token"].as_str().unwrap()
    );
    let made: Value = reqwest::Client::new()
        .post(url)
        .json(&json!({"tag": {"name": "常客"}}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let tag = made["tag"]["id"].clone();
    let (status, tagged) =
        stage.api(Method::PUT, &format!("{path}/tags"), Some(json!({"tags": [tag]}))).await;
    assert_eq!((status, &tagged["tags"][0]["name"]), (200, &json!("常客")), "{tagged}");
    let (status, _) =
        stage.api(Method::PUT, &format!("{path}/remark"), Some(json!({"remark": "老王"}))).await;
    assert_eq!(status, 200);
    let user = stage.get(&format!("/users/{}", person.openid)).await;
    assert_eq!((&user["following"], &user["profile"]["remark"]), (&json!(true), &json!("老王")), "{user}");
    assert_eq!(user["tags"][0], json!({"id": tag, "name": "常客"}));
    assert_eq!(user["window"]["state"], "open");
    let (_, none) = stage.api(Method::PUT, &format!("{path}/tags"), Some(json!({"tags": []}))).await;
    assert_eq!(none, json!({"tags": []}));
    let (status, _) = stage.api(Method::GET, &format!("{MAIN}/users/oNobody"), None).await;
    assert_eq!(status, 404);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_told_opens_the_window() {
    let stage = Stage::new("").await;
    let person = stage.person("小明").await;
    let path = format!("{MAIN}/users/{}/window", person.openid);
    let (_, before) = stage.api(Method::GET, &path, None).await;
    assert_eq!(before["state"], "unknown");
    let (status, problem) = stage.api(Method::POST, &path, Some(json!({"action": "dance"}))).await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().contains("\"pay\""), "{problem}");
    let (status, after) = stage.api(Method::POST, &path, Some(json!({"action": "pay"}))).await;
    assert_eq!(
        (status, after["state"].as_str(), &after["left"]),
        (200, Some("open"), &Value::Null),
        "{after}"
    );
    assert_eq!(after["allowances"][0]["action"], "pay");
    stage.end().await;
}

async fn a_window_outlasts_the_gateway(mut stage: Stage) {
    let openid = {
        let person = stage.follower("小明").await;
        person.say("hi").await;
        assert_eq!(send(&stage, &person.openid).await["state"], "sent");
        person.openid.clone()
    };
    let path = format!("/users/{openid}/window");
    let before = stage.get(&path).await;
    assert_eq!((before["state"].as_str(), before["left"].as_i64()), (Some("open"), Some(7)), "{before}");
    stage.restart().await;
    assert_eq!(stage.get(&path).await, before, "the same after a restart");
    // The follow's three go first, its minute being over sooner, then the message's five.
    for left in (0..7).rev() {
        assert_eq!(send(&stage, &openid).await["state"], "sent");
        let window = stage.get(&path).await;
        assert_eq!(window["left"].as_i64().unwrap_or(0), left, "{window}");
    }
    let before = stage.calls("/cgi-bin/message/custom/send").await;
    let refused = send(&stage, &openid).await;
    assert_eq!(
        (refused["state"].as_str(), refused["errcode"].as_i64()),
        (Some("failed"), Some(45047)),
        "{refused}"
    );
    let after = stage.calls("/cgi-bin/message/custom/send").await;
    assert_eq!(after - before, 1, "another process saw it open: the platform decides");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_outlasts_the_gateway_on_sqlite() {
    a_window_outlasts_the_gateway(on_sqlite("").await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn a_window_outlasts_the_gateway_on_mariadb() {
    a_window_outlasts_the_gateway(on_mariadb("").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_seen_open_and_empty_is_not_asked_for_again() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    person.say("hi").await;
    for _ in 0..8 {
        assert_eq!(send(&stage, &person.openid).await["state"], "sent");
    }
    let before = stage.calls("/cgi-bin/message/custom/send").await;
    assert_eq!(send(&stage, &person.openid).await["errcode"], 45047);
    assert_eq!(stage.calls("/cgi-bin/message/custom/send").await, before);
    let window = stage.get(&format!("/users/{}/window", person.openid)).await;
    assert_eq!(
        (window["state"].as_str(), window["reason"].as_str()),
        (Some("closed"), Some("empty")),
        "{window}"
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn what_another_gateway_saw_opens_the_window_here() {
    let stage = on_mariadb("").await;
    let second = stage.second().await;
    let person = stage.follower("小明").await;
    person.say("hi").await;
    for _ in 0..8 {
        assert_eq!(send(&stage, &person.openid).await["state"], "sent");
    }
    // The next push goes to the other gateway only.
    let url = format!("{}/_sandbox/callback", stage.sandbox.url());
    let callback = json!({"url": format!("{}/callback/main", second.url())});
    let moved = reqwest::Client::new().put(&url).json(&callback).send().await.unwrap();
    assert!(moved.status().is_success(), "{}", moved.text().await.unwrap());
    person.say("again").await;
    assert_eq!(send(&stage, &person.openid).await["state"], "sent");
    second.stop().await;
    stage.end().await;
}
