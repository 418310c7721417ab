//! The whole play: a sandbox for the platform, a gateway for the back end, and people who act.

use std::time::{Duration, Instant};

use hongyan_gateway::{Config, Gateway, Parts, Running};
use hongyan_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// How long a test waits for something that must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The sandbox and the gateway, wired together.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) sandbox: hongyan_sandbox::Running,
    pub(crate) gateway: Option<Running>,
    http: reqwest::Client,
    options: Options,
    account: String,
    /// What stands before the account in the configuration.
    head: String,
}

impl Stage {
    /// The demo account in plain mode with these rules.
    pub(crate) async fn new(rules: &str) -> Self {
        Self::with(Options::default(), "", rules).await
    }

    /// An account of one's own: the sandbox's options, further lines of `[accounts.main]`, and rules.
    pub(crate) async fn with(options: Options, account: &str, rules: &str) -> Self {
        Self::under("data = \"sqlite://hongyan.db\"", options, account, rules).await
    }

    /// The same below a head of one's own, which says at least where the data is.
    pub(crate) async fn under(head: &str, options: Options, account: &str, rules: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let options = Options { callback: Some(format!("http://{address}/callback/main")), ..options };
        let sandbox = Box::pin(Sandbox::start_local(options.clone())).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("logo.png"), PNG).unwrap();
        std::fs::write(folder.path().join("menu.json"), MENU).unwrap();
        let mut stage = Self {
            folder,
            sandbox,
            gateway: None,
            http: reqwest::Client::new(),
            options,
            account: format!("{account}\n{rules}"),
            head: head.to_owned(),
        };
        stage.start(listener).await;
        stage
    }

    /// The configuration of the gateway.
    pub(crate) fn config(&self) -> Config {
        let Options { app_id, secret, token, aes_key, mode, .. } = &self.options;
        let mode = mode.name();
        let api_base = self.sandbox.url();
        let text = format!(
            "{}\n[accounts.main]\napp_id = \"{app_id}\"\nsecret = \"{secret}\"\n\
             token = \"{token}\"\naes_key = \"{aes_key}\"\nmode = \"{mode}\"\napi_base = \"{api_base}\"\n{}",
            self.head, self.account
        );
        let file = self.folder.path().join("hongyan.toml");
        Config::parse(&text, &file).unwrap_or_else(|error| panic!("{}", error.text(hongyan_wire::Lang::En)))
    }

    async fn start(&mut self, listener: TcpListener) {
        let parts = Parts { clock: self.sandbox.clock(), listener: Some(listener) };
        self.gateway = Some(Box::pin(Gateway::start(self.config(), parts)).await.unwrap());
    }

    /// Stops the gateway and starts another one at the same address, on the same data.
    pub(crate) async fn restart(&mut self) {
        let gateway = self.gateway.take().unwrap();
        let address = gateway.address();
        gateway.stop().await;
        self.start_again(address).await;
    }

    /// Starts a gateway at an address where one was before, on the same data.
    pub(crate) async fn start_again(&mut self, address: std::net::SocketAddr) {
        self.start(TcpListener::bind(address).await.unwrap()).await;
    }

    /// Somebody who was there before.
    pub(crate) fn person_again(&self, openid: String) -> Person<'_> {
        Person { stage: self, openid }
    }

    /// Somebody who follows; the answers to the follow have come.
    pub(crate) async fn follower(&self, nickname: &str) -> Person<'_> {
        let person = self.person(nickname).await;
        person.act("follow", json!({})).await;
        person
    }

    /// Somebody who does not follow yet.
    pub(crate) async fn person(&self, nickname: &str) -> Person<'_> {
        let made = self.control("users", &json!({"nickname": nickname})).await;
        let openid = made["openid"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        Person { stage: self, openid }
    }

    /// A POST to the sandbox's control API.
    pub(crate) async fn control(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/_sandbox/{path}", self.sandbox.url());
        let answer = self.http.post(&url).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{url}: {} {}", answer.status(), answer.text().await.unwrap());
        answer.json().await.unwrap_or(Value::Null)
    }

    /// A GET from the sandbox's control API.
    pub(crate) async fn watch(&self, path: &str) -> Value {
        let url = format!("{}/_sandbox/{path}", self.sandbox.url());
        self.http.get(&url).send().await.unwrap().json().await.unwrap()
    }

    /// Sets the sandbox's faults.
    pub(crate) async fn faults(&self, faults: Value) {
        let url = format!("{}/_sandbox/faults", self.sandbox.url());
        let answer = self.http.put(&url).json(&faults).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Changes the sandbox's settings.
    pub(crate) async fn settings(&self, settings: Value) {
        let url = format!("{}/_sandbox/settings", self.sandbox.url());
        let answer = self.http.put(&url).json(&settings).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// How often the platform's call was made.
    pub(crate) async fn calls(&self, path: &str) -> usize {
        let exchanges = self.watch(&format!("exchanges?kind={path}")).await;
        let exchanges = exchanges.as_array().unwrap();
        exchanges.iter().filter(|exchange| exchange["kind"] == path).count()
    }

    /// A request to the gateway's API.
    pub(crate) async fn api(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value) {
        self.api_with_key("", method, path, body).await
    }

    /// The same with an API key.
    pub(crate) async fn api_with_key(
        &self,
        key: &str,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let gateway = self.gateway.as_ref().unwrap();
        let address = gateway.admin_address().unwrap_or(gateway.address());
        let mut request = self.http.request(method, format!("http://{address}{path}"));
        if !key.is_empty() {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// Stops both.
    pub(crate) async fn end(mut self) {
        if let Some(gateway) = self.gateway.take() {
            gateway.stop().await;
        }
        self.sandbox.stop().await;
    }
}

/// Somebody with a phone.
pub(crate) struct Person<'a> {
    stage: &'a Stage,
    pub(crate) openid: String,
}

impl Person<'_> {
    /// Does something; gives the finished exchange.
    pub(crate) async fn act(&self, what: &str, body: Value) -> Value {
        self.stage.control(&format!("users/{}/{what}", self.openid), &body).await
    }

    /// Writes a text.
    pub(crate) async fn say(&self, text: &str) -> Value {
        self.act("say", json!({"text": text})).await
    }

    /// What the account has said: kind and text of each message.
    pub(crate) async fn heard(&self) -> Vec<(String, String)> {
        let chat = self.stage.watch(&format!("users/{}/chat", self.openid)).await;
        let from_account = |message: &&Value| message["from"] == "account";
        let text = |message: &Value, name: &str| message[name].as_str().unwrap_or_default().to_owned();
        let messages = chat["messages"].as_array().unwrap_or_else(|| panic!("{chat}"));
        messages
            .iter()
            .filter(from_account)
            .map(|message| (text(message, "type"), text(message, "text")))
            .collect()
    }

    /// The texts of what the account has said, once there are so many.
    pub(crate) async fn hears(&self, count: usize) -> Vec<String> {
        let began = Instant::now();
        loop {
            let heard = self.heard().await;
            if heard.len() >= count || began.elapsed() > PATIENCE {
                return heard.into_iter().map(|(_, text)| text).collect();
            }
            // The sandbox's own clock decides nothing here: a real request is under way.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A menu with one button.
const MENU: &str = r#"{"button": [{"type": "click", "name": "公司简介", "key": "公司简介"}]}"#;

/// The smallest picture there is: one pixel.
pub(crate) const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0,
    0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63,
    0x60, 0, 0, 0, 2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60,
    0x82,
];
