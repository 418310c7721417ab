//! Conversations by the API: kept, read page by page, and live.

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::rest_stage::{MAIN, ask, on_sqlite};
use crate::stage::{PATIENCE, Stage};

const RULES: &str = "[[accounts.main.rules]]\nname = \"hi\"\non = { text = \"hi\" }\nreply = { text = \"hello\" }\n\
                     [[accounts.main.rules]]\nname = \"two\"\non = { text = \"two\" }\nreply = [{ text = \"one\" }, { text = \"more\" }]\n";

async fn keeping(rules: &str) -> Stage {
    let head = "data = \"sqlite://hongyan.db\"\nhistory = \"30d\"";
    Stage::under(head, hongyan_sandbox::Options::default(), "", rules).await
}

fn said(lines: &Value) -> Vec<(String, String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let lines = lines["lines"].as_array().unwrap();
    lines.iter().map(|line| (text(line, "direction"), text(line, "way"), text(line, "text"))).collect()
}

fn line(direction: &str, way: &str, text: &str) -> (String, String, String) {
    (direction.to_owned(), way.to_owned(), text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_of_a_conversation_are_kept_in_order() {
    let mut stage = keeping(RULES).await;
    let openid = {
        let person = stage.follower("小明").await;
        person.say("hi").await;
        person.say("two").await;
        assert_eq!(person.hears(3).await, ["hello", "one", "more"]);
        person.openid.clone()
    };
    let path = format!("/conversations/{openid}");
    let lines = stage.get_until(&path, |lines| lines["lines"].as_array().unwrap().len() == 6).await;
    let expected = [
        line("in", "push", "[subscribe]"),
        line("in", "push", "hi"),
        line("out", "passive", "hello"),
        line("in", "push", "two"),
        line("out", "passive", "one"),
        line("out", "customer_service", "more"),
    ];
    assert_eq!(said(&lines), expected);
    assert_eq!(
        (&lines["lines"][5]["state"], &lines["lines"][5]["kind"]),
        (&json!("sent"), &json!("message.text"))
    );
    stage.restart().await;
    let last = stage.get(&format!("{path}?limit=2")).await;
    assert_eq!(said(&last), expected[4..]);
    let earlier = stage.get(&format!("{path}?limit=2&before={}", last["next"].as_str().unwrap())).await;
    assert_eq!(said(&earlier), expected[2..4]);
    let list = stage.get("/conversations").await;
    assert_eq!(
        (&list["conversations"][0]["openid"], &list["conversations"][0]["last_text"]),
        (&json!(openid), &json!("more"))
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_conversation_stands_first_and_old_ones_go() {
    let stage = keeping("").await;
    let (one, two) = (stage.follower("一").await, stage.follower("二").await);
    one.say("later").await;
    let list = stage.get("/conversations?limit=1").await;
    assert_eq!(list["conversations"][0]["openid"], one.openid, "{list}");
    let next = stage.get(&format!("/conversations?limit=1&before={}", list["next"].as_str().unwrap())).await;
    assert_eq!(next["conversations"][0]["openid"], two.openid, "{next}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_the_time_of_keeping_is_forgotten() {
    let mut stage = keeping("").await;
    let openid = stage.follower("小明").await.openid.clone();
    let path = format!("/conversations/{openid}");
    assert_eq!(stage.get(&path).await["lines"].as_array().unwrap().len(), 1);
    stage.control("clock/advance", &json!({"seconds": 31 * 86_400})).await;
    stage.restart().await;
    let lines = stage.get_until(&path, |lines| lines["lines"] == json!([])).await;
    assert_eq!(lines["lines"], json!([]));
    let list = stage.get_until("/conversations", |list| list["conversations"] == json!([])).await;
    assert_eq!(list["conversations"], json!([]));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_heard_live() {
    let stage = keeping(RULES).await;
    let (person, other) = (stage.follower("小明").await, stage.follower("二").await);
    let path = format!("{MAIN}/conversations/{}/events", person.openid);
    let answer = ask(stage.running(), Method::GET, &path, &[], None).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    other.say("not this").await;
    person.say("hi").await;
    let mut heard = String::new();
    let mut parts = answer.bytes_stream();
    let listen = async {
        while !heard.contains("hello") {
            heard.push_str(&String::from_utf8_lossy(&parts.next().await.unwrap().unwrap()));
        }
    };
    tokio::time::timeout(PATIENCE, listen).await.expect("the reply is heard");
    assert!(heard.contains("event: line") && heard.contains("\"text\":\"hi\""), "{heard}");
    assert!(!heard.contains("not this"), "{heard}");
    drop(parts);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_unless_asked_for() {
    let stage = on_sqlite("").await;
    let person = stage.follower("小明").await;
    for path in ["/conversations", &format!("/conversations/{}", person.openid), "/conversations/events"] {
        let (status, problem) = stage.api(Method::GET, &format!("{MAIN}{path}"), None).await;
        assert_eq!(status, 409, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("history = \"30d\""), "{problem}");
    }
    let rows = stage.running().store().db().query("SELECT id FROM history", &[]).await.unwrap();
    assert!(rows.is_empty(), "{rows:?}");
    stage.end().await;
}
