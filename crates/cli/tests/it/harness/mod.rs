//! Starts the binary as a user would, and plays the people.

pub(crate) mod browser;
pub(crate) mod person;
pub(crate) mod process;

pub(crate) use person::Person;
pub(crate) use process::{Output, Process, run, run_with_input};

use serde_json::{Value, json};
use std::path::PathBuf;

/// The three ways in which pushes travel.
pub(crate) const MODES: [&str; 3] = ["plain", "compatible", "secure"];

/// A running `hongyan demo`.
pub(crate) struct Demo {
    pub(crate) sandbox: String,
    pub(crate) gateway: String,
    pub(crate) config: PathBuf,
    pub(crate) env: Vec<(String, String)>,
    process: Process,
}

impl Demo {
    pub(crate) async fn start(mode: &str) -> Self {
        Self::start_with(&["--mode", mode]).await
    }

    pub(crate) async fn start_with(arguments: &[&str]) -> Self {
        let mut all = vec!["demo", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"];
        all.extend(arguments);
        let process = Process::start(&all, &[]);
        let lines = process.lines_until(|line| line.trim() == "ready").await;
        let env: Vec<(String, String)> = lines
            .iter()
            .filter_map(|line| line.trim().strip_prefix("export "))
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.trim_matches(['\'', '"']).to_owned()))
            .collect();
        let value = |name: &str| {
            env.iter()
                .find(|(n, _)| n == name)
                .map_or_else(|| panic!("no {name} in {lines:#?}"), |(_, v)| v.clone())
        };
        let sandbox = value("HONGYAN_API_BASE").trim_end_matches('/').to_owned();
        let words: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
        let gateway = words
            .iter()
            .filter_map(|word| word.find("http://").map(|at| &word[at..]))
            .find(|word| !word.starts_with(&sandbox) && word.contains("127.0.0.1"))
            .map_or_else(
                || panic!("no address of the gateway in {lines:#?}"),
                |word| word.split('/').take(3).collect::<Vec<_>>().join("/"),
            );
        let config = words
            .iter()
            .find(|word| word.ends_with("hongyan.toml"))
            .map_or_else(|| panic!("no configuration file in {lines:#?}"), PathBuf::from);
        Self { sandbox, gateway, config, env, process }
    }

    /// A new person who does not follow yet.
    pub(crate) async fn person(&self, nickname: &str) -> Person {
        Person::create(&self.sandbox, nickname).await
    }

    /// A new person who follows and has read the welcome.
    pub(crate) async fn follower(&self, nickname: &str) -> Person {
        let mut person = self.person(nickname).await;
        person.act("follow", json!({})).await;
        person.read().await;
        person
    }

    /// Runs a command against this account with the three variables that the demo prints.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        run(arguments, &self.env).await
    }

    /// Ends it as a power cut does.
    pub(crate) async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Moves the clock that the platform, the gateway and the stand-ins share.
    pub(crate) async fn advance(&self, seconds: u64) {
        self.control("POST", "clock/advance", Some(json!({ "seconds": seconds }))).await;
    }

    /// A call of the sandbox's control API that must succeed.
    pub(crate) async fn control(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        control(&self.sandbox, method, path, body).await
    }
}

/// A call of a sandbox's control API that must succeed.
pub(crate) async fn control(sandbox: &str, method: &str, path: &str, body: Option<Value>) -> Value {
    let method: reqwest::Method = method.parse().unwrap();
    let mut request = reqwest::Client::new().request(method, format!("{sandbox}/_sandbox/{path}"));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

impl Demo {
    /// The name of the account in the demo's configuration.
    pub(crate) fn account(&self) -> String {
        let text = std::fs::read_to_string(&self.config).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("[accounts."))
            .expect("no account in the configuration");
        line.split(']').next().unwrap().to_owned()
    }

    /// Everything that the demo has printed.
    pub(crate) fn log(&self) -> Vec<String> {
        self.process.log()
    }

    /// Waits until a line after the first `before` ones holds `word`; gives all lines after them.
    pub(crate) async fn log_after(&self, before: usize, word: &str) -> Vec<String> {
        for _ in 0..1000 {
            let log = self.log();
            if log[before..].iter().any(|line| line.contains(word)) {
                return log[before..].to_vec();
            }
            tokio::task::yield_now().await;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("no line with {word:?} in {:#?}", self.log());
    }

    /// Sends the account's pushes to another address.
    pub(crate) async fn point_to(&self, callback: &str) {
        let accounts = self.control("GET", "accounts", None).await;
        let app_id = accounts[0]["app_id"].as_str().unwrap().to_owned();
        self.control("PUT", &format!("accounts/{app_id}/callback"), Some(json!({ "url": callback }))).await;
    }
}
