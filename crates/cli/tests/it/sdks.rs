//! Programs that nobody here wrote, unchanged: wechatpy from PyPI, co-wechat-api and co-wechat from npm.
//!
//! They have the platform's hosts in them, so they reach the sandbox through its proxy and trust its certificate.

use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::{Person, Process, control, run};

pub(crate) const APP_ID: &str = "wx0123456789abcdef";
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "sdksToken2026";
pub(crate) const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// A picture that every fresh sandbox has.
pub(crate) const MEDIA: &str = "material-picture-1";

/// Whose program it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sdk {
    Wechatpy,
    CoWechat,
}

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Where scripts/test has installed the packages.
fn packages(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run scripts/test, which installs the packages of other SDKs")
    })
}

impl Sdk {
    /// A script of the tests/sdks folder, with the account in its environment.
    pub(crate) fn program(self, script: &str) -> Command {
        let folder = root().join("tests/sdks");
        let mut command = match self {
            Sdk::Wechatpy => {
                let mut command = Command::new("python3");
                command.arg(folder.join(format!("wechatpy/{script}.py")));
                command.env("PYTHONPATH", packages("HONGYAN_TEST_PYTHON_PATH"));
                command.env("PYTHONDONTWRITEBYTECODE", "1");
                command
            }
            Sdk::CoWechat => {
                let mut command = Command::new("node");
                if script == "api" {
                    command.arg("--require").arg(root().join("examples/node-proxy.cjs"));
                }
                command.arg(folder.join(format!("co-wechat/{script}.mjs")));
                command.env("HONGYAN_TEST_NODE_PATH", packages("HONGYAN_TEST_NODE_PATH"));
                command
            }
        };
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        command
            .env("HONGYAN_APP_ID", APP_ID)
            .env("HONGYAN_SECRET", SECRET)
            .env("HONGYAN_TOKEN", TOKEN)
            .env("HONGYAN_AES_KEY", AES_KEY)
            .env("HONGYAN_MEDIA", MEDIA)
            .kill_on_drop(true);
        command
    }
}

/// A sandbox with a proxy.
struct Stage {
    sandbox: String,
    proxy: String,
    certificate: String,
    process: Process,
    folder: tempfile::TempDir,
}

impl Stage {
    async fn start(mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().to_str().unwrap();
        let listen = ["--listen", "127.0.0.1:0", "--proxy", "127.0.0.1:0", "--ca-dir", kept, "--mode", mode];
        let account = ["--app-id", APP_ID, "--secret", SECRET, "--token", TOKEN, "--aes-key", AES_KEY];
        let process = Process::start(&[&["sandbox"], &listen[..], &account[..]].concat(), &[]);
        let lines = process.lines_until(|line| line.starts_with("ready ")).await;
        let said = |word: &str| {
            lines
                .iter()
                .find_map(|line| line.strip_prefix(word))
                .unwrap_or_else(|| panic!("no {word:?} in {lines:#?}"))
                .trim()
                .to_owned()
        };
        Self { sandbox: said("ready "), proxy: said("proxy "), certificate: said("ca "), process, folder }
    }

    async fn follower(&self) -> Person {
        let mut person = Person::create(&self.sandbox, "小明").await;
        person.act("follow", json!({})).await;
        person.read().await;
        person
    }

    async fn control(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        control(&self.sandbox, method, path, body).await
    }
}

/// The whole tour of the API, through the hosts that are written in the SDK.
async fn tour(sdk: Sdk) {
    let stage = Stage::start("plain").await;
    let mut person = stage.follower().await;
    // What was said opens the window for the messages.
    person.say("你好").await;
    person.read().await;
    let output = sdk
        .program("api")
        .env("HTTP_PROXY", &stage.proxy)
        .env("HTTPS_PROXY", &stage.proxy)
        .env("REQUESTS_CA_BUNDLE", &stage.certificate)
        .env("NODE_EXTRA_CA_CERTS", &stage.certificate)
        .env("HONGYAN_OPENID", &person.openid)
        .env("HONGYAN_PICTURE", root().join("crates/cli/demo/media/goose.jpg"))
        .output()
        .await
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}\n{}\n{:#?}",
        text(&output.stdout),
        text(&output.stderr),
        stage.process.log()
    );
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();

    assert_eq!(told["token"], true, "{told:#}");
    assert_eq!(told["no_menu"], 46003, "{told:#}");
    assert_eq!(told["menu"]["menu"]["button"][1]["sub_button"][1]["key"], "V1001_GOOD", "{told:#}");
    assert_eq!(told["media_type"], "image");
    assert_eq!(told["same_picture"], true, "the picture came back changed");
    assert_eq!(told["unknown_openid"], 40003, "{told:#}");
    assert_eq!(told["qrcode"]["expire_seconds"], 1800);
    assert_eq!(told["qrcode"]["content_type"], "image/jpg");
    assert_eq!(told["user"]["openid"], person.openid.as_str());
    assert_eq!(told["user"]["subscribe"], 1);
    assert_eq!(told["followers"], json!([person.openid]));
    assert_eq!(told["remark"], "老朋友");

    // What it did is what the person sees.
    let menu = stage.control("GET", &format!("users/{}/menu", person.openid), None).await;
    assert_eq!(menu["button"][0]["name"], "今日歌曲", "{menu:#}");
    let seen = person.read().await;
    let kinds: Vec<&str> = seen.iter().map(|message| message["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["text", "image", "news"], "{seen:#?}");
    assert_eq!(seen[0]["text"], "你好，“引号”与 <标签> & 😀");
    assert_eq!(seen[1]["media_id"], told["media_id"]);
    assert_eq!(seen[2]["news"]["articles"][0]["title"], "标题", "{:#}", seen[2]);
    let ticket = told["qrcode"]["ticket"].as_str().unwrap();
    let scanned = person.act("scan", json!({ "ticket": ticket })).await;
    assert!(scanned.to_string().contains("poster-7"), "{scanned:#}");
}

/// The SDK's own parts behind the callback: what they understand, and what the phone makes of their answers.
async fn conversation(sdk: Sdk, mode: &str) {
    let stage = Stage::start(mode).await;
    let program = Process::of(sdk.program("callback"));
    let lines = program.lines_until(|line| line.starts_with("ready ")).await;
    let url = lines.last().unwrap().split_whitespace().nth(1).unwrap().to_owned();
    stage.control("PUT", "callback", Some(json!({ "url": url }))).await;
    publish(&stage).await;

    let mut person = Person::create(&stage.sandbox, "小明").await;
    let mut ask = async |action: &str, body: Value| -> Value {
        let exchange = person.act(action, body.clone()).await;
        let context = || format!("{action} {body} in {mode} mode: {exchange:#}\n{:#?}", program.log());
        assert_eq!(exchange["outcome"], "replied", "{}", context());
        assert_eq!(exchange["findings"], json!([]), "{}", context());
        assert_eq!(exchange["tries"].as_array().map(Vec::len), Some(1), "{}", context());
        person.receives_one().await
    };
    let code = stage.control("GET", "qrcodes", None).await[0].clone();

    assert_eq!(ask("scan", json!({"ticket": code["ticket"]})).await["text"], "subscribe_scan poster-7");
    assert_eq!(ask("scan", json!({"ticket": code["ticket"]})).await["text"], "scan poster-7");
    assert_eq!(ask("say", json!({"text": "你好 <b> & 😀"})).await["text"], "text 你好 <b> & 😀");
    assert_eq!(ask("tap", json!({"button": "今日歌曲"})).await["text"], "click V1001_TODAY_MUSIC");
    let place = json!({"latitude": 23.134_521, "longitude": 113.358_803, "label": "广州 天河"});
    let place = ask("locate", place).await;
    assert!(
        place["text"].as_str().unwrap().starts_with("location 23.134521 113.358803 广州 天河"),
        "{place}"
    );
    let picture = std::fs::read(root().join("crates/cli/demo/media/thumb.jpg")).unwrap();
    let picture = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, picture);
    let picture = ask("send", json!({"msgtype": "image", "data": picture})).await;
    assert!(picture["text"].as_str().unwrap().len() > "image ".len(), "{picture}");

    let news = ask("say", json!({"text": "图文"})).await;
    assert_eq!(news["news"]["articles"][0]["title"], "标题", "{news:#}");
    assert_eq!(ask("say", json!({"text": "图片"})).await["media_id"], MEDIA);
    let music = ask("say", json!({"text": "音乐"})).await;
    assert_eq!(music["music"]["musicurl"], "http://www.example.com/a.mp3", "{music:#}");

    let silent = person.say("不用回复").await;
    assert_eq!(silent["outcome"], "silent", "{silent:#}");
    assert_eq!(silent["findings"], json!([]), "{silent:#}");
    assert_eq!(person.read().await, Vec::<Value>::new());
    // The answers to these two are not shown, but they were understood.
    for (action, body, words) in [
        ("tap", json!({"button": "菜单/搜索"}), "view http://www.example.com/"),
        ("unfollow", json!({}), "unsubscribe"),
    ] {
        let exchange = person.act(action, body).await;
        let reply = if mode == "plain" { &exchange["reply"]["body"] } else { &exchange["reply"]["plain"] };
        assert!(reply.as_str().is_some_and(|reply| reply.contains(words)), "{exchange:#}");
        assert_eq!(exchange["outcome"], "silent", "{exchange:#}");
    }
}

/// A menu and a QR code, by plain calls.
async fn publish(stage: &Stage) {
    let http = reqwest::Client::new();
    let post = async |path: String, body: Value| -> Value {
        http.post(format!("{}{path}", stage.sandbox)).json(&body).send().await.unwrap().json().await.unwrap()
    };
    let asked = json!({"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET});
    let token =
        post("/cgi-bin/stable_token".to_owned(), asked).await["access_token"].as_str().unwrap().to_owned();
    let search = json!({"type": "view", "name": "搜索", "url": "http://www.example.com/"});
    let song = json!({"type": "click", "name": "今日歌曲", "key": "V1001_TODAY_MUSIC"});
    let menu = json!({"button": [song, {"name": "菜单", "sub_button": [search]}]});
    let made = post(format!("/cgi-bin/menu/create?access_token={token}"), menu).await;
    assert_eq!(made["errcode"], 0, "{made}");
    let scene = json!({"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "poster-7"}}});
    let made = post(format!("/cgi-bin/qrcode/create?access_token={token}"), scene).await;
    assert!(made["ticket"].is_string(), "{made}");
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn wechatpy_calls_the_platform_by_its_own_names() {
    tour(Sdk::Wechatpy).await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn wechatpy_answers_in_plain_mode() {
    conversation(Sdk::Wechatpy, "plain").await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn wechatpy_answers_in_compatible_mode() {
    conversation(Sdk::Wechatpy, "compatible").await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn wechatpy_answers_in_secure_mode() {
    conversation(Sdk::Wechatpy, "secure").await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn co_wechat_api_calls_the_platform_by_its_own_names() {
    tour(Sdk::CoWechat).await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn co_wechat_answers_in_plain_mode() {
    conversation(Sdk::CoWechat, "plain").await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn co_wechat_answers_in_compatible_mode() {
    conversation(Sdk::CoWechat, "compatible").await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn co_wechat_answers_in_secure_mode() {
    conversation(Sdk::CoWechat, "secure").await;
}

#[tokio::test]
async fn the_certificate_is_printed_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let (kept, file) = (kept.to_str().unwrap(), folder.path().join("ca.pem"));
    let printed = run(&["sandbox", "ca", "--ca-dir", kept], &[]).await.ok();
    assert!(printed.starts_with("-----BEGIN CERTIFICATE-----"), "{printed}");
    assert!(!printed.contains("PRIVATE"), "{printed}");
    let written = run(&["sandbox", "ca", "--ca-dir", kept, "-o", file.to_str().unwrap()], &[]).await;
    assert!(written.err.contains("ca.pem"), "{written:#?}");
    assert_eq!(written.ok(), "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), printed);
    let nowhere = run(&["sandbox", "ca", "--ca-dir", kept, "-o", "/nowhere/at/all.pem"], &[]).await;
    assert_eq!(nowhere.code, 2, "{nowhere:#?}");
    assert!(nowhere.err.contains("/nowhere/at/all.pem"), "{nowhere:#?}");
}

#[tokio::test]
async fn the_certificate_of_a_run_is_the_one_that_is_printed() {
    let stage = Stage::start("plain").await;
    let folder = stage.folder.path().to_str().unwrap();
    let printed = run(&["sandbox", "ca", "--ca-dir", folder], &[]).await.ok();
    let certificate = reqwest::Certificate::from_pem(printed.as_bytes()).unwrap();
    let proxy = reqwest::Proxy::all(&stage.proxy).unwrap();
    let client = reqwest::Client::builder().proxy(proxy).tls_certs_only([certificate]).build().unwrap();
    let answer: Value =
        client.get("https://api.weixin.qq.com/cgi-bin/menu/get").send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["errcode"], 41001, "{answer}");
    assert_eq!(std::fs::read_to_string(&stage.certificate).unwrap(), printed);
}
