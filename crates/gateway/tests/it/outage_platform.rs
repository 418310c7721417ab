//! The platform's own API goes away under load and comes back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::outage_load::{Ends, Load, Posted, Pushed, settle};
use crate::stage::Stage;

const RULES: &str = "[[accounts.main.rules]]\non = { any = true }\nreply = { text = \"at once\" }\n";
const TOKEN: &str = "/cgi-bin/stable_token";

fn all_answered(pushed: &[Pushed], posted: &[Posted]) {
    for one in pushed {
        let Some((200, body)) = &one.answer else { panic!("{one:?}") };
        assert!(one.tries == 1 && body.contains("at once"), "{one:?}");
    }
    for one in posted {
        assert!(one.is(202), "{one:?}");
    }
}

async fn load(stage: &Stage, people: usize) -> Load {
    let people = stage.people_to_write_to(people).await;
    Load::start(vec![stage.gateway.as_ref().unwrap().url()], &["hello"], &people)
}

#[tokio::test(flavor = "multi_thread")]
async fn outage_of_the_platform_makes_messages_wait_and_then_go_in_order() {
    let mut stage = Stage::new(RULES).await;
    let load = load(&stage, 12).await;
    load.until(202, 40).await;
    // Nobody has a token when it comes back.
    stage.control("token/expire", &json!({})).await;
    let gone = stage.platform_goes().await;
    load.until(202, 100).await;
    load.lasts(Duration::from_secs(3)).await;
    stage.platform_comes_back(gone).await;
    load.until(202, 40).await;
    let (pushed, posted) = load.end().await;
    all_answered(&pushed, &posted);
    let ends = settle(&stage, &posted).await;
    // Only what was being sent in the moment it went: one of each lane.
    assert!(ends.get("unknown").is_none_or(|unknown| *unknown <= 12), "{ends:?}");
    let refreshed = stage.calls(TOKEN).await;
    assert!((1..=2).contains(&refreshed), "twelve lanes that waited asked {refreshed} times for a token");
    stage.end().await;
}

/// Load while calls fail like this; how often a token was asked for meanwhile, and how messages ended.
async fn spoilt(on: Value, deed: Value) -> (usize, Ends) {
    let stage = Stage::new(RULES).await;
    let load = load(&stage, 12).await;
    load.until(202, 40).await;
    stage.control("token/expire", &json!({})).await;
    let before = stage.calls(TOKEN).await;
    stage.faults(json!([{"on": on, "do": deed}])).await;
    load.until(202, 100).await;
    load.lasts(Duration::from_secs(4)).await;
    let asked = stage.calls(TOKEN).await - before;
    stage.faults(json!([])).await;
    load.until(202, 40).await;
    let (pushed, posted) = load.end().await;
    all_answered(&pushed, &posted);
    let ends = settle(&stage, &posted).await;
    stage.end().await;
    (asked, ends)
}

#[tokio::test(flavor = "multi_thread")]
async fn outage_of_the_platforms_tokens_makes_messages_wait_and_no_storm() {
    let (asked, ends) = spoilt(json!({"direction": "api", "endpoint": TOKEN}), json!({"status": 500})).await;
    // Twelve lanes try again after 1, 2, 4 seconds each: together they ask five times, and then once a second.
    assert!((1..=16).contains(&asked), "{asked} calls for a token while none was given");
    assert_eq!(ends.len(), 1, "all were sent: {ends:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn outage_of_the_platform_that_cuts_calls_sends_nothing_twice() {
    let (asked, ends) = spoilt(json!({"direction": "api"}), json!({"reset": true})).await;
    assert!(asked <= 12, "{asked} calls for a token");
    // Whether a call that was cut was carried out nobody can say: it is not made again.
    assert!(ends.contains_key("unknown") && ends["sent"] >= 40, "{ends:?}");
}
