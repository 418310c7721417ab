//! Line 12: what an unverified account and a test account may not do, and what happens instead.

use serde_json::json;

use crate::harness::{Person, Process, control, run};

const APP_ID: &str = "wx0123456789abcdef";
const SECRET: &str = "s3cret-of-the-test";
const TOKEN: &str = "tokenOfTheTest";

/// A sandbox with one account and a gateway in front of it, each in its own process.
pub(crate) struct Pair {
    pub(crate) sandbox: String,
    pub(crate) gateway: Process,
    pub(crate) folder: tempfile::TempDir,
    _sandbox: Process,
}

impl Pair {
    pub(crate) async fn start(accounts: &[&str], account: &str, rules: &str) -> Self {
        let mut arguments = vec![
            "sandbox",
            "--listen",
            "127.0.0.1:0",
            "--app-id",
            APP_ID,
            "--secret",
            SECRET,
            "--token",
            TOKEN,
            "--mode",
            "plain",
        ];
        arguments.extend(accounts);
        let process = Process::start(&arguments, &[]);
        let lines = process.lines_until(|line| line.starts_with("ready ")).await;
        let sandbox =
            lines.last().unwrap().split_whitespace().nth(1).unwrap().trim_end_matches('/').to_owned();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("hongyan.toml");
        let text = format!(
            "listen = \"127.0.0.1:0\"\ndata = \"sqlite://hongyan.db\"\n\n[accounts.main]\napp_id = \"{APP_ID}\"\nsecret = \"{SECRET}\"\ntoken = \"{TOKEN}\"\nmode = \"plain\"\napi_base = \"{sandbox}\"\n{account}\n\n{rules}\n"
        );
        std::fs::write(&config, text).unwrap();
        let gateway = Process::start(&["serve", "--config", config.to_str().unwrap()], &[]);
        let address = listening(&gateway).await;
        let callback = json!({ "url": format!("{address}/callback/main") });
        control(&sandbox, "PUT", &format!("accounts/{APP_ID}/callback"), Some(callback)).await;
        Self { sandbox, gateway, folder, _sandbox: process }
    }

    /// A new gateway with the same configuration file; the platform is told its address.
    pub(crate) async fn restart(&mut self) {
        let config = self.folder.path().join("hongyan.toml");
        self.gateway = Process::start(&["serve", "--config", config.to_str().unwrap()], &[]);
        let address = listening(&self.gateway).await;
        let callback = json!({ "url": format!("{address}/callback/main") });
        control(&self.sandbox, "PUT", &format!("accounts/{APP_ID}/callback"), Some(callback)).await;
    }

    pub(crate) async fn follower(&self, nickname: &str) -> Person {
        let mut person = Person::create(&self.sandbox, nickname).await;
        person.act("follow", json!({})).await;
        person.read().await;
        person
    }
}

/// The address that `hongyan serve` says it listens on.
pub(crate) async fn listening(gateway: &Process) -> String {
    let lines = gateway.lines_until(|line| line.contains("listening http://")).await;
    let line = lines.last().unwrap();
    line[line.find("http://").unwrap()..].split_whitespace().next().unwrap().trim_end_matches('/').to_owned()
}

const LIST: &str = r#"
[[accounts.main.rules]]
name = "list"
on = { text = "全部" }
reply = [{ text = "第一条" }, { text = "第二条" }, { text = "第三条" }]

[[accounts.main.rules]]
name = "rest"
on = { any = true }
reply = { text = "收到" }
"#;

#[tokio::test]
async fn an_unverified_account_is_told_and_still_answers_passively() {
    let pair = Pair::start(
        &["--kind", "subscription", "--unverified"],
        "kind = \"subscription\"\nverified = false",
        LIST,
    )
    .await;
    let started = pair.gateway.log().join("\n");
    assert!(
        started.contains("customer-service"),
        "start-up does not say what the account may not do: {started}"
    );
    let config = pair.folder.path().join("hongyan.toml");
    let tested = run(&["rules", "test", "全部", "--config", config.to_str().unwrap()], &[]).await;
    assert_eq!(tested.code, 0, "{tested:#?}");
    let said = format!("{}{}", tested.out, tested.err);
    assert!(said.contains("list") && said.contains("第一条"), "{said}");
    assert!(said.contains("customer-service"), "{said}");
    let mut person = pair.follower("小明").await;
    let exchange = person.say("全部").await;
    assert_eq!(exchange["outcome"], "replied", "{exchange:#}");
    let text = person.receives_one().await["text"].as_str().unwrap().to_owned();
    for part in ["第一条", "第二条", "第三条"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn the_sandbox_itself_refuses_what_an_unverified_account_may_not_do() {
    let pair = Pair::start(
        &["--kind", "subscription", "--unverified"],
        "kind = \"subscription\"\nverified = false",
        LIST,
    )
    .await;
    let mut person = pair.follower("小明").await;
    person.ask("你好").await;
    let config = pair.folder.path().join("hongyan.toml").display().to_string();
    let refused = run(&["send", &person.openid, "--text", "你好", "--config", &config], &[]).await;
    assert_eq!(refused.code, 1, "{refused:#?}");
    assert!(refused.err.contains("48001"), "{}", refused.err);
    crate::users::recently(&config, &person.openid).await;
}

#[tokio::test]
async fn the_example_for_a_test_account_works_in_plain_mode() {
    let example =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/test-account.toml"))
            .unwrap();
    let process = Process::start(
        &[
            "sandbox",
            "--listen",
            "127.0.0.1:0",
            "--app-id",
            APP_ID,
            "--secret",
            SECRET,
            "--token",
            TOKEN,
            "--mode",
            "plain",
            "--kind",
            "test",
        ],
        &[],
    );
    let lines = process.lines_until(|line| line.starts_with("ready ")).await;
    let sandbox = lines.last().unwrap().split_whitespace().nth(1).unwrap().trim_end_matches('/').to_owned();
    let folder = tempfile::tempdir().unwrap();
    // Only what a user must fill in is filled in.
    let filled = |line: &str| match line.split('=').next().unwrap_or_default().trim() {
        "listen" => "listen = \"127.0.0.1:0\"".to_owned(),
        "app_id" => format!("app_id = \"{APP_ID}\"\napi_base = \"{sandbox}\""),
        "secret" => format!("secret = \"{SECRET}\""),
        "token" => format!("token = \"{TOKEN}\""),
        _ => line.to_owned(),
    };
    let text = example.lines().map(filled).collect::<Vec<_>>().join("\n");
    let config = folder.path().join("hongyan.toml");
    std::fs::write(&config, text).unwrap();
    std::fs::copy(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/menu.json"),
        folder.path().join("menu.json"),
    )
    .unwrap();
    let gateway = Process::start(&["serve", "--config", config.to_str().unwrap()], &[]);
    let address = listening(&gateway).await;
    let account = example
        .lines()
        .find_map(|line| line.strip_prefix("[accounts."))
        .unwrap()
        .trim_end_matches(']')
        .to_owned();
    let callback = json!({ "url": format!("{address}/callback/{account}") });
    control(&sandbox, "PUT", &format!("accounts/{APP_ID}/callback"), Some(callback)).await;
    let mut person = Person::create(&sandbox, "小明").await;
    person.act("follow", json!({})).await;
    person.receives_one().await;
}
