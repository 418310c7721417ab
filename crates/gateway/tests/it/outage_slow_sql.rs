//! A database that takes its time: the platform is answered in time all the same.

use futures_util::future::join_all;
use hongyan_sandbox::Options;
use serde_json::{Value, json};

use crate::rules_log::Log;
use crate::stage::Stage;

/// Slower than a fetch may be, with and without another answer; slower than the platform waits; and one that needs nothing.
const RULES: &str = r#"
[[accounts.main.rules]]
name = "plain"
on = { text = "plain" }
reply = { text = "at once" }
[[accounts.main.rules]]
name = "slow"
on = { text = "slow" }
fetch = { sql = "SELECT SLEEP(7) AS slept", database = "slow" }
reply = { text = "never" }
otherwise = { text = "另一个" }
[[accounts.main.rules]]
name = "silent"
on = { text = "silent" }
fetch = { sql = "SELECT SLEEP(7) AS slept", database = "slow" }
reply = { text = "never" }
[[accounts.main.rules]]
name = "patient"
on = { text = "patient" }
fetch = { sql = "SELECT SLEEP(6) AS slept", database = "slow", timeout = "12s" }
reply = { text = "slept {{ fetched.slept }}" }
"#;

async fn stage(account: &str) -> Stage {
    let head =
        format!("data = \"sqlite://hongyan.db\"\ndatabases.slow = \"{}\"", crate::stores::mysql().await);
    Box::pin(Stage::under(&head, Options::default(), account, RULES)).await
}

fn in_time(exchange: &Value, outcome: &str) {
    assert_eq!(exchange["outcome"], outcome, "{exchange}");
    assert_eq!(exchange["findings"], json!([]), "{exchange}");
}

// One thread, so that the log of this test is the log of its gateway.
#[tokio::test]
#[ignore = "scripts/test"]
async fn outage_slow_sql_is_answered_in_time_and_told_once_with_its_exchange() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let stage = stage("").await;
    let mut people = Vec::new();
    for number in 0..12 {
        people.push(stage.follower(&format!("{number}")).await.openid.clone());
    }
    let say = |text: &'static str| {
        let stage = &stage;
        join_all(
            people
                .iter()
                .map(move |openid| async move { stage.person_again(openid.clone()).say(text).await }),
        )
    };
    // More at once than the database gets connections.
    let (slow, silent, plain) = tokio::join!(say("slow"), say("silent"), say("plain"));
    for (exchanges, outcome, text) in
        [(slow, "replied", "另一个"), (silent, "silent", ""), (plain, "replied", "at once")]
    {
        for exchange in exchanges {
            in_time(&exchange, outcome);
            assert!(exchange["reply"].to_string().contains(text), "{exchange}");
            assert_eq!(exchange["tries"].as_array().map(Vec::len), Some(1), "{exchange}");
        }
    }
    let stats = stage.gateway.as_ref().unwrap().stats("main").unwrap();
    assert_eq!((stats.failed, stats.late, stats.cut), (12, 0, 0), "{stats:?}");
    let lines = log.lines();
    let told: Vec<&String> = lines.iter().filter(|line| line.contains("a fetch fails")).collect();
    for rule in ["slow", "silent"] {
        let own: Vec<_> = told.iter().filter(|line| line.contains(&format!("rule=\"{rule}\""))).collect();
        assert!(own.len() == 1 && own[0].contains("exchange=\""), "{told:#?}");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn outage_slow_sql_that_is_waited_for_holds_the_platform_and_answers_late() {
    let stage = stage("wait = \"one\"\nholding = \"稍候\"\n").await;
    let person = stage.follower("小明").await;
    let exchange = person.say("patient").await;
    in_time(&exchange, "replied");
    assert_eq!(person.hears(2).await, ["稍候", "slept 0"]);
    let stats = stage.gateway.as_ref().unwrap().stats("main").unwrap();
    assert_eq!((stats.held, stats.late, stats.failed), (1, 1, 0), "{stats:?}");
    stage.end().await;
}
