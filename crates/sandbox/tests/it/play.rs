//! A scenario that is sent to the control API: its report, its refusals, one at a time.

use serde_json::{Value, json};

use crate::back_end::{BackEnd, text};
use crate::stand::Stand;

async fn play(stand: &Stand, file: &str) -> (u16, Value) {
    let answer = stand.request("POST", "/_sandbox/scenario").body(file.to_owned()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_scenario_that_is_sent_is_played_and_reported_in_both_languages() {
    let back_end = BackEnd::start(&[text("欢迎"), text("你好"), text("欢迎"), text("再见")]).await;
    let stand = Stand::with(&back_end).await;
    let file = "users: [小明]\nsteps:\n  - 小明: follow\n  - 小明: say 你好\n  - expect: {phone: 小明, text: 你好, within: 1s}\n";
    let (status, report) = play(&stand, file).await;
    assert_eq!((status, &report["passed"], &report["ok"]), (200, &json!(true), &json!(3)), "{report}");
    assert_eq!(report["people"][0]["id"], "小明");
    let (_, report) = play(&stand, file).await;
    assert_eq!(report["passed"], false, "{report}");
    let failed = &report["steps"][2];
    assert_eq!((&failed["line"], &failed["outcome"]), (&json!(5), &json!("failed")));
    assert!(failed["got"]["zh"].as_str().unwrap().contains("再见"), "{failed}");
    assert!(failed["expected"]["en"].as_str().unwrap().contains("你好"), "{failed}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_with_its_line_and_nothing_is_done() {
    let stand = Stand::with(&BackEnd::start(&[text("欢迎")]).await).await;
    let (status, refused) = play(&stand, "users: [小明]\nsteps:\n  - 小明: jump\n").await;
    assert_eq!((status, &refused["line"]), (400, &json!(3)), "{refused}");
    assert_ne!(refused["error"], refused["error_zh"]);
    assert_eq!(stand.get("/_sandbox/users").await, json!([]));
}

#[tokio::test]
async fn one_scenario_plays_at_a_time_and_none_while_something_is_recorded() {
    let stand = Stand::with(&BackEnd::start(&[text("欢迎")]).await).await;
    let slow = "users: [小明]\nsteps:\n  - expect: {phone: 小明, text: never, within: 60s}\n";
    let first = stand.request("POST", "/_sandbox/scenario").body(slow).send();
    let first = tokio::spawn(first);
    let (status, refused) = loop {
        // The slow one has begun when its person is there.
        if stand.get("/_sandbox/users").await.as_array().is_some_and(|users| !users.is_empty()) {
            break play(&stand, "users: [小红]\nsteps: []\n").await;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(status, 409, "{refused}");
    // Whoever hangs up leaves the stage to the next.
    first.abort();
    while play(&stand, "users: [小红]\nsteps: []\n").await.0 == 409 {
        tokio::task::yield_now().await;
    }
    stand.post("/_sandbox/record/start", json!({})).await;
    assert_eq!(play(&stand, "users: [小红]\nsteps: []\n").await.0, 409);
}
