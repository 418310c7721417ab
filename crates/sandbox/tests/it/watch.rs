//! Waiting for messages, the event stream and the transcript.

use std::time::{Duration, Instant};

use hongyan_sandbox::{AccountOptions, Options};
use serde_json::{Value, json};

use crate::back_end::{BackEnd, body, text};
use crate::stand::{APP_ID, Stand, options};

#[tokio::test]
async fn a_long_poll_ends_with_the_message() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    let path = format!("/_sandbox/users/{user}/chat?after=0&wait_ms=10000");
    let (answer, sent) = tokio::join!(stand.get(&path), stand.text(&user, "到了"));
    assert_eq!((sent, &answer["messages"][0]["text"]), (0, &json!("到了")));
    let id = answer["messages"][0]["id"].as_u64().unwrap();
    let before = Instant::now();
    let nothing = stand.get(&format!("/_sandbox/users/{user}/chat?after={id}&wait_ms=100")).await;
    assert_eq!(nothing, json!({"messages": []}));
    assert!(before.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn a_transcript_reads_like_the_chat() {
    let back_end = BackEnd::start(&[text("欢迎"), body("oops")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    stand.act(&user, "say", json!({"text": "你好"})).await;
    let text = stand.raw(&format!("/_sandbox/users/{user}/chat?format=text")).await.text().await.unwrap();
    assert_eq!(text, "[1] 鸿雁: 欢迎\n[2] 小明: 你好\n-- 该公众号提供的服务出现故障，请稍后再试\n");
}

/// Reads events until one has this name and gives its lines.
async fn next(stream: &mut reqwest::Response, name: &str) -> (u64, Value) {
    let mut buffer = String::new();
    loop {
        buffer.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
        while let Some(end) = buffer.find("\n\n") {
            let event: String = buffer.drain(..end + 2).collect();
            let line = |field: &str| event.lines().find_map(|line| line.strip_prefix(field)).map(str::trim);
            if line("event:") == Some(name) {
                let id = line("id:").unwrap().parse().unwrap();
                return (id, serde_json::from_str(line("data:").unwrap()).unwrap());
            }
        }
    }
}

#[tokio::test]
async fn events_are_streamed_and_can_be_taken_up_again() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    let mut stream = stand.raw("/_sandbox/events").await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    stand.text(&user, "一").await;
    let (id, message) = next(&mut stream, "message").await;
    assert_eq!((&message["openid"], &message["message"]["text"]), (&json!(user), &json!("一")));
    drop(stream);
    stand.text(&user, "二").await;
    let request = stand.request("GET", "/_sandbox/events").header("Last-Event-ID", id.to_string());
    let mut stream = request.send().await.unwrap();
    let (later, message) = next(&mut stream, "message").await;
    assert!(later > id);
    assert_eq!(message["message"]["text"], "二");
    stand.advance(5).await;
    assert!(next(&mut stream, "clock").await.1["ahead_ms"].as_i64().unwrap() >= 5000);
}

#[tokio::test]
async fn exchanges_are_filtered_and_continued() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let (one, two) = (stand.follower().await, stand.follower().await);
    stand.act(&one, "say", json!({"text": "1"})).await;
    stand.text(&two, "hi").await;
    let all = stand.get("/_sandbox/exchanges").await;
    let kinds: Vec<&str> = all.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "event.subscribe",
            "event.subscribe",
            "message.text",
            "/cgi-bin/stable_token",
            "/cgi-bin/message/custom/send"
        ]
    );
    let count = async |query: &str| {
        stand.get(&format!("/_sandbox/exchanges?{query}")).await.as_array().unwrap().len()
    };
    assert_eq!(count(&format!("user={one}")).await, 2);
    assert_eq!(count(&format!("user={two}&kind=event.subscribe")).await, 1);
    assert_eq!(count("kind=event").await, 2);
    assert_eq!(count("direction=api").await, 2);
    assert_eq!(count(&format!("after={}", all[2]["id"])).await, 2);
    let send = &all[4];
    assert_eq!(
        (&send["user"], &send["outcome"], &send["request"]["body"]["text"]["content"]),
        (&json!(two), &json!("replied"), &json!("hi"))
    );
    assert_eq!(send["reply"]["body"]["errcode"], 0);
}

#[tokio::test]
async fn a_second_account_has_its_own_openids_and_chats() {
    let second = AccountOptions {
        app_id: "wxfedcba9876543210".into(),
        name: "另一个".into(),
        ..AccountOptions::default()
    };
    let stand = Stand::start(Options { more_accounts: vec![second], ..options() }).await;
    let one = stand.follower().await;
    let users = stand.get("/_sandbox/accounts/wxfedcba9876543210/users").await;
    let other = users[0]["openid"].as_str().unwrap();
    assert_ne!(one, other);
    assert_eq!((&users[0]["nickname"], &users[0]["following"]), (&json!("小明"), &json!(false)));
    stand.post(&format!("/_sandbox/accounts/wxfedcba9876543210/users/{other}/follow"), json!({})).await;
    assert_eq!(
        stand.get(&format!("/_sandbox/accounts/{APP_ID}/exchanges")).await.as_array().unwrap().len(),
        1
    );
    assert_eq!(stand.send("POST", "/_sandbox/accounts/wxnone/users", json!({})).await.0, 404);
}
