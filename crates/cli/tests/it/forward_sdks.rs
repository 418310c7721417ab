//! Programs that nobody here wrote, unchanged, behind the gateway: wechatpy and co-wechat answer what its rules do not.

use serde_json::{Value, json};

use crate::harness::{Person, Process, control};
use crate::sdks::{AES_KEY, APP_ID, SECRET, Sdk, TOKEN};

/// The account's own token and key, which are not those of the program behind.
const OUTER_TOKEN: &str = "outerToken2026";
const OUTER_KEY: &str = "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba";

/// A sandbox, a gateway with one rule of its own, and the program behind it.
struct Stage {
    sandbox: String,
    folder: tempfile::TempDir,
    processes: Vec<Process>,
}

async fn said(process: &Process, word: &str) -> String {
    let lines = process.lines_until(|line| line.starts_with(word)).await;
    lines.last().unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

impl Stage {
    async fn start(sdk: Sdk, mode: &str) -> Stage {
        let program = Process::of(sdk.program("callback"));
        let behind = said(&program, "ready ").await;
        let listen = ["sandbox", "--listen", "127.0.0.1:0", "--mode", mode];
        let account =
            ["--app-id", APP_ID, "--secret", SECRET, "--token", OUTER_TOKEN, "--aes-key", OUTER_KEY];
        let platform = Process::start(&[&listen[..], &account[..]].concat(), &[]);
        let sandbox = said(&platform, "ready ").await;
        let folder = tempfile::tempdir().unwrap();
        let sealing = if mode == "plain" { String::new() } else { format!(", aes_key = \"{AES_KEY}\"") };
        let file = folder.path().join("hongyan.toml");
        let text = format!(
            "listen = \"127.0.0.1:0\"\ndata = \"sqlite://hongyan.db\"\n[accounts.main]\napp_id = \"{APP_ID}\"\n\
             secret = \"{SECRET}\"\ntoken = \"{OUTER_TOKEN}\"\naes_key = \"{OUTER_KEY}\"\nmode = \"{mode}\"\n\
             api_base = \"{sandbox}\"\n\
             [[accounts.main.rules]]\non = {{ text = \"网关\" }}\nreply = {{ text = \"网关自己回复\" }}\n\
             [[accounts.main.rules]]\non = {{ any = true }}\n\
             forward = {{ url = \"{behind}\", as = \"platform\", token = \"{TOKEN}\"{sealing} }}\n"
        );
        std::fs::write(&file, text).unwrap();
        let gateway = Process::start(&["serve", "--config", file.to_str().unwrap()], &[]);
        let url = said(&gateway, "listening ").await;
        let callback = json!({ "url": format!("{url}/callback/main") });
        control(&sandbox, "PUT", "callback", Some(callback)).await;
        Stage { sandbox, folder, processes: vec![program, gateway, platform] }
    }

    fn log(&self) -> String {
        self.processes.iter().flat_map(Process::log).collect::<Vec<_>>().join("\n")
    }
}

async fn conversation(sdk: Sdk, mode: &str) {
    let stage = Stage::start(sdk, mode).await;
    let mut person = Person::create(&stage.sandbox, "小明").await;
    let mut ask = async |action: &str, body: Value| -> Value {
        let exchange = person.act(action, body.clone()).await;
        assert_eq!(
            exchange["outcome"],
            "replied",
            "{action} {body} in {mode}: {exchange:#}\n{}",
            stage.log()
        );
        assert_eq!(exchange["findings"], json!([]), "{action} {body} in {mode}: {exchange:#}");
        person.receives_one().await
    };
    assert_eq!(ask("follow", json!({})).await["text"], "subscribe");
    assert_eq!(ask("say", json!({"text": "网关"})).await["text"], "网关自己回复");
    assert_eq!(ask("say", json!({"text": "你好 <b> & 😀"})).await["text"], "text 你好 <b> & 😀");
    let place = json!({"latitude": 23.134_521, "longitude": 113.358_803, "label": "广州 天河"});
    let place = ask("locate", place).await;
    assert!(
        place["text"].as_str().unwrap().starts_with("location 23.134521 113.358803 广州 天河"),
        "{place}"
    );
    let news = ask("say", json!({"text": "图文"})).await;
    assert_eq!(news["news"]["articles"][0]["title"], "标题", "{news:#}");
    assert_eq!(ask("say", json!({"text": "图片"})).await["media_id"], crate::sdks::MEDIA);
    let music = ask("say", json!({"text": "音乐"})).await;
    assert_eq!(music["music"]["musicurl"], "http://www.example.com/a.mp3", "{music:#}");
    let silent = person.say("不用回复").await;
    assert_eq!(silent["outcome"], "silent", "{silent:#}");
    assert_eq!(person.read().await, Vec::<Value>::new());
    assert!(stage.folder.path().exists());
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn wechatpy_answers_behind_the_gateway_in_plain_mode() {
    conversation(Sdk::Wechatpy, "plain").await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn wechatpy_answers_behind_the_gateway_in_secure_mode() {
    conversation(Sdk::Wechatpy, "secure").await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn co_wechat_answers_behind_the_gateway_in_plain_mode() {
    conversation(Sdk::CoWechat, "plain").await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn co_wechat_answers_behind_the_gateway_in_secure_mode() {
    conversation(Sdk::CoWechat, "secure").await;
}
