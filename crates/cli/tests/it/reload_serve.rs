//! `hongyan serve` reads its file again, told by a signal or by nobody.

use std::time::Duration;

use crate::harness::Process;

fn file(rules: &str) -> String {
    format!(
        "listen = \"127.0.0.1:0\"\ndata = \"sqlite://hongyan.db\"\n[accounts.main]\napp_id = \"wx0123456789abcdef\"\n\
         secret = \"s\"\ntoken = \"t\"\nmode = \"plain\"\napi_base = \"http://127.0.0.1:9\"\n{rules}\n"
    )
}

const RULE: &str = "[[accounts.main.rules]]\non = { text = \"hi\" }\nreply = { text = \"hello\" }";

/// Waits for a line of the log; gives all lines.
async fn says(process: &Process, words: &str) -> Vec<String> {
    for _ in 0..600 {
        let log = process.log();
        if log.iter().any(|line| line.contains(words)) {
            return log;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {words:?} in {:#?}", process.log());
}

#[tokio::test]
async fn a_signal_and_a_written_file_are_both_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hongyan.toml");
    std::fs::write(&path, file("")).unwrap();
    let mut process = Process::start(&["serve", "--config", path.to_str().unwrap()], &[]);
    process.lines_until(|line| line.starts_with("listening ")).await;
    process.signal("HUP").await;
    says(&process, "the configuration was read again").await;
    std::fs::write(&path, file(&RULE.replace("reply", "repply"))).unwrap();
    let log = says(&process, "what was read before stays in force").await.join("\n");
    assert!(log.contains("hongyan.toml:11:") && log.contains("unknown key `repply`"), "{log}");
    assert!(log.contains('^'), "the line with a caret: {log}");
    assert_eq!(process.terminate().await, Some(0), "{:#?}", process.log());
}
