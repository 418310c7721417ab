//! How a sandbox starts: what it says, and what it refuses.

use crate::harness::{Process, run};

fn chinese() -> Vec<(String, String)> {
    vec![("HONGYAN_LANG".to_owned(), "zh".to_owned())]
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused_in_both_languages() {
    for (flags, english, chinese_words) in [
        (["--token", "!!"], "3 to 32", "3 到 32"),
        (["--app-id", ""], "app id", "AppID"),
        (["--secret", ""], "secret", "AppSecret"),
        (["--aes-key", "short"], "43", "43"),
        (["--callback", "localhost:8080"], "http://", "http://"),
    ] {
        let arguments = [&["sandbox", "--listen", "127.0.0.1:0"][..], &flags].concat();
        let refused = run(&arguments, &[]).await;
        assert_eq!(refused.code, 2, "{flags:?}: {refused:#?}");
        assert!(refused.err.contains(english) && refused.out.is_empty(), "{refused:#?}");
        let refused = run(&arguments, &chinese()).await;
        assert!(refused.code == 2 && refused.err.contains(chinese_words), "{refused:#?}");
        assert!(!refused.err.contains("wrong"), "{}", refused.err);
    }
}

#[tokio::test]
async fn the_line_for_programs_is_on_standard_output_and_the_rest_is_not() {
    let callback = "http://127.0.0.1:9/callback";
    let arguments = [
        "sandbox",
        "--listen",
        "127.0.0.1:0",
        "--callback",
        callback,
        "--max-exchanges",
        "50",
        "--secret",
        "hunter2hunter2",
    ];
    let sandbox = Process::start(&arguments, &[]);
    let lines = sandbox.lines_until(|line| line.starts_with("ready ")).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    let url = lines[0].strip_prefix("ready ").unwrap().to_owned();
    let mut said = String::new();
    while !said.contains("has not passed the handshake") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        said = sandbox.log().join("\n");
    }
    for part in [&format!("{url}/phone"), "wx0123456789abcdef", "api.weixin.qq.com", callback] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    let settings = reqwest::get(format!("{url}/_sandbox/settings")).await.unwrap();
    let settings: serde_json::Value = settings.json().await.unwrap();
    assert_eq!(settings["max_exchanges"], 50);
}
