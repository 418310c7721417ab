//! What is counted, as a collector reads it.

use std::time::Duration;

use reqwest::Method;

use crate::rest_stage::ask;
use crate::stage::{PATIENCE, Stage};

const RULES: &str = r#"
[[accounts.main.rules]]
on = { text = "歌" }
reply = [{ text = "一" }, { text = "二" }]
"#;

async fn page(stage: &Stage) -> String {
    let answer = ask(stage.running(), Method::GET, "/metrics", &[], None).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    answer.text().await.unwrap()
}

fn number(page: &str, sample: &str) -> i64 {
    let line =
        page.lines().find(|line| line.starts_with(sample)).unwrap_or_else(|| panic!("{sample}: {page}"));
    line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as i64
}

#[tokio::test]
async fn a_push_and_what_follows_it_are_counted_without_naming_anybody() {
    let stage = Stage::new(RULES).await;
    let before = page(&stage).await;
    assert_eq!(number(&before, "hongyan_messages_total{account=\"main\",state=\"sent\"}"), 0);
    assert_eq!(number(&before, "hongyan_database_up"), 1);
    assert!(!before.contains("hongyan_redis_up"), "there is none: {before}");
    let person = stage.follower("小明").await;
    person.say("歌").await;
    person.hears(2).await;
    let sent = "hongyan_messages_total{account=\"main\",state=\"sent\"}";
    let began = std::time::Instant::now();
    let mut after = page(&stage).await;
    // The person has it a moment before its ending is written.
    while number(&after, sent) < 1 && began.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
        after = page(&stage).await;
    }
    assert_eq!(number(&after, sent), 1, "{after}");
    let ran = "hongyan_pushes_total{account=\"main\",outcome=\"run\"}";
    assert_eq!(number(&after, ran) - number(&before, ran), 2, "the follow and the text: {after}");
    // Whoever sends holds the lane for a moment longer, so the figure itself is not certain.
    assert!(number(&after, "hongyan_outbox_delay_seconds") < 60, "{after}");
    assert!(!after.contains(&person.openid), "{after}");
    // Every sample stands under the type of its family.
    for line in after.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        assert!(after.contains(&format!("# TYPE {name} ")), "{line}");
    }
    stage.end().await;
}

#[tokio::test]
async fn a_collector_elsewhere_needs_a_key() {
    let keys = "[[api_keys]]\nname = \"ops\"\nkey = \"k-1\"\nscopes = [\"messages\"]\n";
    let head = format!("data = \"sqlite://hongyan.db\"\n{keys}");
    let stage = Stage::under(&head, hongyan_sandbox::Options::default(), "", "").await;
    let from = |headers: &'static [(&'static str, &'static str)]| {
        ask(stage.running(), Method::GET, "/metrics", headers, None)
    };
    assert_eq!(from(&[("host", "gateway.example")]).await.status(), 401);
    assert_eq!(from(&[("host", "gateway.example"), ("authorization", "Bearer k-1")]).await.status(), 200);
    stage.end().await;
}
