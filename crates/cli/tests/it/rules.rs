//! `hongyan sandbox` with accounts from a file, rules of another year, and a template message from the command line.

use serde_json::json;

use crate::harness::{Person, Process, control, run};

#[tokio::test]
async fn accounts_profile_and_seed_come_from_the_command_line_and_a_template_is_sent() {
    let accounts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/accounts.toml");
    let process = Process::start(
        &[
            "sandbox",
            "--listen",
            "127.0.0.1:0",
            "--accounts",
            accounts,
            "--mode",
            "plain",
            "--profile",
            "legacy-2021",
            "--seed",
            "7",
        ],
        &[],
    );
    let lines = process.lines_until(|line| line.starts_with("ready ")).await;
    let sandbox = lines.last().unwrap()["ready ".len()..].trim_end_matches('/').to_owned();
    let listed = control(&sandbox, "GET", "accounts", None).await;
    assert_eq!(listed.as_array().unwrap().len(), 3, "{listed}");
    assert_eq!((&listed[0]["mode"], &listed[2]["kind"]), (&json!("plain"), &json!("test")));
    let settings = control(&sandbox, "GET", "settings", None).await;
    assert_eq!(settings["window_message"]["messages"], 20);

    control(&sandbox, "PUT", "callback", Some(json!({"url": null}))).await;
    let mut person = Person::create(&sandbox, "小明").await;
    person.act("follow", json!({})).await;
    let env = [
        ("HONGYAN_APP_ID".to_owned(), "wx0123456789abcdef".to_owned()),
        ("HONGYAN_SECRET".to_owned(), "0123456789abcdef0123456789abcdef".to_owned()),
        ("HONGYAN_API_BASE".to_owned(), sandbox.clone()),
    ];
    let template = "id=template-1,url=https://example.com/,first=到货了,keyword1=晴天";
    let sent = run(&["send", &person.openid, "--template", template], &env).await.ok();
    assert!(sent.trim().parse::<u64>().is_ok(), "{sent}");
    let shown = person.read().await;
    let last = shown.last().unwrap();
    assert_eq!((&last["type"], &last["data"]["first"]["value"]), (&json!("template"), &json!("到货了")));
}

#[tokio::test]
async fn a_wrong_accounts_file_or_profile_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.toml");
    std::fs::write(&file, "[[accounts]]\napp_idd = \"wx1\"\n").unwrap();
    let listen = ["sandbox", "--listen", "127.0.0.1:0"];
    let with = |more: [&'static str; 2]| [listen.as_slice(), &more].concat();
    let path: &'static str = Box::leak(file.to_str().unwrap().to_owned().into_boxed_str());
    let refused = run(&with(["--accounts", path]), &[]).await;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("accounts.toml") && refused.err.contains("app_idd"), "{refused:?}");
    let refused = run(&with(["--profile", "2019"]), &[]).await;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("legacy-2021"), "{refused:?}");
}
