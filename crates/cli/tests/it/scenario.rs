//! Scenario files played by the command: the story of the demo, exit codes, JUnit.

use serde_json::Value;

use crate::harness::{Demo, run};

const ARTICLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/article.yaml");

#[tokio::test]
async fn the_article_is_played_against_the_demo() {
    let demo = Demo::start("secure").await;
    let folder = tempfile::tempdir().unwrap();
    let junit = folder.path().join("out.xml");
    let played = run(
        &["scenario", "run", ARTICLE, "--sandbox", &demo.sandbox, "--junit", junit.to_str().unwrap()],
        &[],
    )
    .await;
    assert_eq!(played.code, 0, "{}\n{}", played.out, played.err);
    assert!(played.out.contains("ok: 1 scenarios"), "{}", played.out);
    let xml = std::fs::read_to_string(junit).unwrap();
    assert!(xml.contains("failures=\"0\" skipped=\"0\"") && xml.contains("tap 技术支持/服务热线"), "{xml}");
}

/// A scenario in a file of its own.
fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("story.yaml");
    std::fs::write(&path, text).unwrap();
    let name = path.to_str().unwrap().to_owned();
    (folder, name)
}

#[tokio::test]
async fn a_failed_step_is_shown_with_what_came_and_ends_with_1() {
    let (_folder, name) = file(
        "name: alone\nusers: [小明]\nsteps:\n  - 小明: follow\n  - expect: {phone: 小明, text: 欢迎, within: 50ms}\n  - 小明: say hi\n",
    );
    let english = run(&["scenario", "run", &name], &[]).await;
    assert_eq!(english.code, 1, "{english:#?}");
    for part in [
        "ok  小明: follow",
        "failed  expect:",
        "expected: on the phone of 小明",
        "no message",
        ":5\n",
        "skipped  小明: say hi",
    ] {
        assert!(english.out.contains(part), "no {part:?} in {}", english.out);
    }
    let chinese = run(&["scenario", "run", &name], &[("HONGYAN_LANG".to_owned(), "zh".to_owned())]).await;
    assert!(chinese.out.contains("失败") && chinese.out.contains("没有消息"), "{}", chinese.out);
    let json = run(&["scenario", "run", &name, "--json"], &[]).await;
    let report: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(
        (json.code, &report[0]["passed"], &report[0]["steps"][1]["line"]),
        (1, &Value::Bool(false), &Value::from(5))
    );
}

#[tokio::test]
async fn a_bad_file_ends_with_2_before_anything_is_played() {
    let (_good_folder, good) = file("users: [小明]\nsteps:\n  - 小明: follow\n");
    let (_folder, name) = file("users: [小明]\nsteps:\n  - 小明: folow\n");
    let bad = run(&["scenario", "run", &good, &name], &[]).await;
    assert_eq!((bad.code, bad.out.as_str()), (2, ""), "{bad:#?}");
    assert!(bad.err.contains("story.yaml:3:9") && bad.err.contains("^^^^^"), "{}", bad.err);
    assert!(bad.err.contains("allowed: follow, unfollow"), "{}", bad.err);
    assert_eq!(run(&["scenario", "run", "/nowhere.yaml"], &[]).await.code, 2);
}

#[tokio::test]
async fn a_callback_nobody_answers_is_a_failure_that_names_it() {
    let (_folder, name) = file("users: [小明]\nsteps:\n  - 小明: follow\n");
    let silent = run(&["scenario", "run", &name, "--callback", "http://127.0.0.1:1/callback"], &[]).await;
    assert_eq!(silent.code, 1, "{silent:#?}");
    assert!(silent.out.contains("http://127.0.0.1:1/callback"), "{}", silent.out);
}
