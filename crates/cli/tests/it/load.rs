//! `hongyan sandbox load`, on the demo and on a back end that sleeps.

use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};

use crate::harness::{Demo, run};

const LOAD: [&str; 4] = ["sandbox", "load", "--json", "--seed=7"];

async fn load(arguments: &[&str]) -> (i32, Value) {
    let output = run(&[&LOAD, arguments].concat(), &[]).await;
    let summary = serde_json::from_str(&output.out).unwrap_or_else(|_| panic!("{output:#?}"));
    (output.code, summary)
}

/// Every arrival is accounted for.
fn adds_up(summary: &Value) {
    let count = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{summary:#}"));
    let pushes = &summary["pushes"];
    let ended: u64 =
        ["replied", "silent", "failed", "not_pushed", "broken"].iter().map(|end| count(&pushes[end])).sum();
    assert_eq!(ended, count(&pushes["started"]), "{summary:#}");
    let left_out = &summary["not_started"];
    let left_out = count(&left_out["too_many_in_flight"]) + count(&left_out["nobody_free"]);
    assert_eq!(count(&summary["arrivals"]), ended + left_out, "{summary:#}");
    let by_action = summary["by_action"].as_object().unwrap();
    assert_eq!(by_action.values().map(|one| count(&one["started"])).sum::<u64>(), ended, "{summary:#}");
    let pushed = ended - count(&pushes["not_pushed"]) - count(&pushes["broken"]);
    let deliveries = pushed + count(&summary["retries"]) + count(&summary["sent_twice"]);
    assert_eq!(count(&summary["deliveries"]), deliveries, "{summary:#}");
}

#[tokio::test]
async fn the_gateway_answers_everybody_plain_and_secure() {
    for mode in ["plain", "secure"] {
        let demo = Demo::start(mode).await;
        let (code, summary) = load(&[
            "--callback",
            &format!("{}/callback/demo", demo.gateway),
            &format!("--mode={mode}"),
            "--rate=30/s",
            "--for=2s",
            "--users=200",
            "--mix=text=60,click=20,scan=10,location=10",
            "--text=在吗",
            "--twice=20%",
        ])
        .await;
        assert_eq!(code, 0, "{summary:#}");
        adds_up(&summary);
        assert!(summary["pushes"]["started"].as_u64().unwrap() > 30, "{summary:#}");
        assert_eq!(summary["pushes"]["failed"], 0, "{mode}: {summary:#}");
        assert_eq!((&summary["wrong_answers"], &summary["double_answers"]), (&json!(0), &json!(0)));
        assert!(summary["sent_twice"].as_u64().unwrap() > 0, "{summary:#}");
    }
}

#[tokio::test]
async fn the_demos_own_people_act() {
    let demo = Demo::start("plain").await;
    let (code, summary) =
        load(&["--sandbox", &demo.sandbox, "--rate=20/s", "--for=2s", "--users=40", "--mix=text=3,click=1"])
            .await;
    assert_eq!(code, 0, "{summary:#}");
    adds_up(&summary);
    assert_eq!(summary["pushes"]["failed"], 0, "{summary:#}");
    assert!(summary["pushes"]["started"].as_u64().unwrap() > 15, "{summary:#}");
}

/// A back end that takes this long for every answer.
async fn sleeper(pause: Duration) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(move || async move {
        tokio::time::sleep(pause).await;
        "success"
    });
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("http://{address}/callback")
}

#[tokio::test]
async fn a_back_end_that_sleeps_is_tried_three_times() {
    let callback = sleeper(Duration::from_mins(1)).await;
    let arguments = ["--callback", &callback, "--rate=50/s", "--for=1s", "--push-timeout=300ms", "--think=0"];
    let (code, summary) = load(&arguments).await;
    adds_up(&summary);
    assert_eq!(code, 1, "nothing was answered");
    let pushes = summary["pushes"]["failed"].as_u64().unwrap();
    assert!(pushes > 20, "{summary:#}");
    assert_eq!(summary["retries"], 2 * pushes, "{summary:#}");
    assert_eq!(summary["timeouts"], 3 * pushes, "{summary:#}");
    assert_eq!(summary["findings"]["late"], pushes, "{summary:#}");
}

#[tokio::test]
async fn other_machines_are_left_alone() {
    let output = run(&["sandbox", "load", "--callback", "http://192.0.2.1/callback", "--for=1s"], &[]).await;
    assert_eq!(output.code, 2);
    assert!(output.err.contains("--allow-remote"), "{}", output.err);
    let nobody = run(&["sandbox", "load", "--sandbox", "http://127.0.0.1:1", "--for=1s"], &[]).await;
    assert_eq!(nobody.code, 1);
    assert!(nobody.err.contains("http://127.0.0.1:1"), "{}", nobody.err);
}
