//! Sending by the API: a request that is repeated, one that comes too often, and its name.

use hongyan_gateway::Db;
use hongyan_gateway::message::Message;
use hongyan_gateway::outbox::lanes::LaneKey;
use hongyan_gateway::outbox::{Hold, Outbox};
use reqwest::Method;
use serde_json::{Value, json};

use crate::rest_stage::{MAIN, ask, on_mariadb, on_sqlite, read};
use crate::stage::Stage;

fn text(openid: &str, content: &str) -> Value {
    json!({"touser": openid, "msgtype": "text", "text": {"content": content}})
}

async fn send(gateway: &hongyan_gateway::Running, key: &str, body: Value) -> (u16, Value) {
    let headers = [("idempotency-key", key)];
    read(ask(gateway, Method::POST, &format!("{MAIN}/messages"), &headers, Some(body)).await).await
}

async fn the_same_key_sends_once(stage: Stage) {
    let person = stage.follower("小明").await;
    let gateway = stage.running();
    // Twelve at once, and once more afterwards with the fields in another order.
    let all = (0..12).map(|_| send(gateway, "order-7", text(&person.openid, "once")));
    let answers = futures_util::future::join_all(all).await;
    let again = json!({"text": {"content": "once"}, "msgtype": "text", "touser": person.openid});
    let later = send(gateway, "order-7", again).await;
    let id = later.1["id"].as_str().expect("an id").to_owned();
    for (status, answer) in answers.iter().chain([&later]) {
        assert_eq!((*status, answer["id"].as_str()), (202, Some(id.as_str())), "{answer}");
    }
    let (status, problem) = send(gateway, "order-7", text(&person.openid, "another")).await;
    assert_eq!(status, 422, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("24 hours"), "{problem}");
    let other = send(gateway, "order-8", text(&person.openid, "after")).await;
    assert_eq!(other.0, 202);
    assert_eq!(person.hears(2).await, ["once", "after"]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_sends_once_on_sqlite() {
    the_same_key_sends_once(on_sqlite("").await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn the_same_key_sends_once_on_mariadb() {
    the_same_key_sends_once(on_mariadb("").await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn the_same_key_on_two_gateways_sends_once() {
    let stage = on_mariadb("").await;
    let second = stage.second().await;
    let person = stage.follower("小明").await;
    person.say("begin").await;
    let gateways = [stage.running(), &second];
    for round in 0..10 {
        let key = format!("round-{round}");
        let content = format!("{round}");
        let all = (0..8).map(|index| send(gateways[index % 2], &key, text(&person.openid, &content)));
        let answers = futures_util::future::join_all(all).await;
        let first = &answers[0].1["id"];
        assert!(
            answers.iter().all(|(status, answer)| *status == 202 && answer["id"] == *first),
            "{answers:?}"
        );
        // Five to one action: the person keeps the window open.
        if round % 4 == 3 {
            assert_eq!(person.hears(round + 1).await.len(), round + 1);
            person.say("go on").await;
        }
    }
    let expected: Vec<String> = (0..10).map(|round| round.to_string()).collect();
    assert_eq!(person.hears(10).await, expected);
    second.stop().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_forgotten_after_a_day_and_has_a_limit() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    let gateway = stage.running();
    let first = send(gateway, "k", text(&person.openid, "one")).await.1;
    stage.control("clock/advance", &json!({"seconds": 23 * 3600})).await;
    assert_eq!(send(gateway, "k", text(&person.openid, "one")).await.1["id"], first["id"]);
    stage.control("clock/advance", &json!({"seconds": 2 * 3600})).await;
    let (status, later) = send(gateway, "k", text(&person.openid, "another")).await;
    assert_eq!(status, 202, "{later}");
    assert_ne!(later["id"], first["id"]);
    assert_eq!(send(gateway, &"k".repeat(256), text(&person.openid, "x")).await.0, 400);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_a_name_and_errors_say_it() {
    let stage = Stage::new("").await;
    let path = format!("{MAIN}/messages/none");
    let answer = ask(stage.running(), Method::GET, &path, &[("x-request-id", "mine-7")], None).await;
    assert_eq!(answer.headers()["x-request-id"], "mine-7");
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(read(answer).await.1["request_id"], "mine-7");
    let made = ask(stage.running(), Method::GET, &format!("{MAIN}/users"), &[], None).await;
    assert_eq!(made.headers()["x-request-id"].len(), 16);
    let bad = [("x-request-id", "two words")];
    let made = ask(stage.running(), Method::GET, &path, &bad, None).await;
    assert_ne!(made.headers()["x-request-id"], "two words");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_a_rate_is_told_when_to_come_back() {
    let keys = "[[api_keys]]\nname = \"slow\"\nkey = \"k-1\"\nscopes = [\"*\"]\nrate = \"3/h\"\n\
                [[api_keys]]\nname = \"free\"\nkey = \"k-2\"\nscopes = [\"users\"]";
    let stage = on_sqlite(keys).await;
    let path = format!("{MAIN}/users");
    let get =
        async |key: &str| ask(stage.running(), Method::GET, &path, &[("authorization", key)], None).await;
    for _ in 0..3 {
        assert_eq!(get("Bearer k-1").await.status(), 200);
    }
    let refused = get("Bearer k-1").await;
    assert_eq!(refused.status(), 429);
    let wait: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1100..=1200).contains(&wait), "{wait}");
    assert_eq!(get("Bearer k-2").await.status(), 200);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_cannot_keep_up_with_is_not_accepted() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    let blocker = Db::connect(&crate::stores::file(&stage.folder), 1).await.unwrap();
    blocker.execute("BEGIN IMMEDIATE", &[]).await.unwrap();
    // The gateway's own queue of writes, filled from behind.
    let (outbox, _woken) = Outbox::new(stage.running().store().clone(), stage.sandbox.clock());
    let lane = LaneKey { account: "other".into(), openid: "oNobody".into() };
    let mut writes = tokio::task::JoinSet::new();
    for _ in 0..5000 {
        let (outbox, lane) = (outbox.clone(), lane.clone());
        writes.spawn(async move { outbox.queue(lane, &[Message::text("x")], Hold::No).await.is_ok() });
    }
    assert_eq!(writes.join_next().await.map(Result::unwrap), Some(false), "the first to end is one too many");
    let path = format!("{MAIN}/messages");
    let body = text(&person.openid, "later");
    for headers in [&[][..], &[("idempotency-key", "k")]] {
        let answer = ask(stage.running(), Method::POST, &path, headers, Some(body.clone())).await;
        assert_eq!(answer.headers()["retry-after"], "1");
        let (status, problem) = read(answer).await;
        assert_eq!((status, &problem["title"]), (503, &json!("Busy")), "{problem}");
    }
    blocker.execute("ROLLBACK", &[]).await.unwrap();
    while writes.join_next().await.is_some() {}
    assert_eq!(send(stage.running(), "k", body).await.0, 202);
    assert_eq!(person.hears(1).await, ["later"]);
    stage.end().await;
}
