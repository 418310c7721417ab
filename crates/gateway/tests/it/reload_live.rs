//! The configuration is read again while the gateway answers.

use std::sync::Arc;
use std::time::Duration;

use hongyan_gateway::{Config, Gateway, Parts, Running};
use hongyan_sandbox::{Options, Sandbox};
use hongyan_wire::Lang;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::program::{Program, Says};
use crate::stage::PATIENCE;

/// A sandbox and a gateway whose configuration is a file that a test writes.
pub(crate) struct Play {
    folder: TempDir,
    pub(crate) sandbox: hongyan_sandbox::Running,
    pub(crate) gateway: Option<Running>,
    pub(crate) http: reqwest::Client,
}

/// The account of the sandbox, with a token of the test's choice.
pub(crate) fn account(name: &str, token: &str, api_base: &str, more: &str) -> String {
    let Options { app_id, secret, .. } = Options::default();
    format!(
        "[accounts.{name}]\napp_id = \"{app_id}\"\nsecret = \"{secret}\"\ntoken = \"{token}\"\nmode = \"plain\"\n\
         api_base = \"{api_base}\"\n{more}\n"
    )
}

pub(crate) fn says(account: &str, text: &str) -> String {
    format!(
        "[[accounts.{account}.rules]]\nname = \"hello\"\non = {{ text = \"hi\" }}\nreply = {{ text = \"{text}\" }}\n"
    )
}

impl Play {
    /// `file` makes the configuration from the sandbox's address.
    pub(crate) async fn start(file: impl Fn(&str) -> String) -> Play {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let options =
            Options { callback: Some(format!("http://{address}/callback/main")), ..Options::default() };
        let sandbox = Box::pin(Sandbox::start_local(options)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let play = Play { folder, sandbox, gateway: None, http: reqwest::Client::new() };
        play.write(&file(&play.sandbox.url()));
        let config = Config::load(&play.path()).unwrap_or_else(|error| panic!("{}", error.text(Lang::En)));
        let parts = Parts { clock: play.sandbox.clock(), listener: Some(listener) };
        let gateway = Box::pin(Gateway::start(config, parts)).await.unwrap();
        Play { gateway: Some(gateway), ..play }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("hongyan.toml")
    }

    /// Writes the file so that only who is told reads it: its time and its size stay as they were.
    pub(crate) fn write(&self, text: &str) {
        self.put(&format!("{text}{}", "\n".repeat(8192 - text.len())), std::time::UNIX_EPOCH);
    }

    /// Writes the file as anybody does.
    fn write_openly(&self, text: &str) {
        self.put(text, std::time::SystemTime::now());
    }

    fn put(&self, text: &str, time: std::time::SystemTime) {
        // In one step, as editors do: nobody reads half of it.
        let new = self.folder.path().join("new.toml");
        std::fs::write(&new, format!("data = \"sqlite://hongyan.db\"\n{text}")).unwrap();
        std::fs::File::options().write(true).open(&new).unwrap().set_modified(time).unwrap();
        std::fs::rename(new, self.path()).unwrap();
    }

    pub(crate) fn gateway(&self) -> &Running {
        self.gateway.as_ref().unwrap()
    }

    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_sandbox/{path}", self.sandbox.url());
        self.http.post(url).json(&body).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn follower(&self) -> String {
        let made = self.control("users", json!({"nickname": "小明"})).await;
        let openid = made["openid"].as_str().unwrap().to_owned();
        self.control(&format!("users/{openid}/follow"), json!({})).await;
        openid
    }

    pub(crate) async fn say(&self, openid: &str, text: &str) -> Value {
        self.control(&format!("users/{openid}/say"), json!({"text": text})).await
    }

    /// The texts that a person has got.
    pub(crate) async fn heard(&self, openid: &str) -> Vec<String> {
        let url = format!("{}/_sandbox/users/{openid}/chat", self.sandbox.url());
        let chat: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        let messages = chat["messages"].as_array().unwrap().iter();
        let from_account = messages.filter(|message| message["from"] == "account");
        from_account.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    }

    /// The answer to `hi`.
    pub(crate) async fn hi(&self, openid: &str) -> String {
        let before = self.heard(openid).await.len();
        self.say(openid, "hi").await;
        self.heard(openid).await.get(before).cloned().unwrap_or_default()
    }

    pub(crate) async fn end(mut self) {
        if let Some(gateway) = self.gateway.take() {
            gateway.stop().await;
        }
        self.sandbox.stop().await;
    }
}

fn token() -> String {
    Options::default().token
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_rules_answer_the_next_message_and_runs_end_as_they_began() {
    let program = Program::start([Says::json(json!({"text": "慢"})).held()]).await;
    let slow = format!(
        "[[accounts.main.rules]]\nname = \"slow\"\non = {{ text = \"slow\" }}\n\
         forward = {{ url = \"{}\", secret = \"0123456789abcdef\" }}\n",
        program.url()
    );
    let base = |api: &str| account("main", &token(), api, "");
    let play = Play::start(|api| format!("{}{slow}{}", base(api), says("main", "one"))).await;
    let person = play.follower().await;
    assert_eq!(play.hi(&person).await, "one");
    let handled = play.gateway().stats("main").unwrap();

    let api = play.sandbox.url();
    let (_, ()) = tokio::join!(play.say(&person, "slow"), async {
        program.asked_times(1).await;
        play.write(&format!("{}{}", base(&api), says("main", "two")));
        let done = play.gateway().reload().await.unwrap();
        assert_eq!(done, hongyan_gateway::Reloaded::default(), "nothing came, went or needs a restart");
        program.go();
    });
    assert_eq!(play.heard(&person).await.last().map(String::as_str), Some("慢"));
    assert_eq!(play.hi(&person).await, "two");
    let later = play.gateway().stats("main").unwrap();
    assert_ne!(format!("{handled:?}"), format!("{later:?}"));
    play.say(&person, "slow").await;
    assert_eq!(program.asked().len(), 1, "the rule is gone");
    play.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_written_is_read_by_itself() {
    let base = |api: &str| account("main", &token(), api, "");
    let play = Play::start(|api| format!("{}{}", base(api), says("main", "one"))).await;
    let person = play.follower().await;
    assert_eq!(play.hi(&person).await, "one");
    play.write_openly(&format!("{}{}", base(&play.sandbox.url()), says("main", "two or more")));
    let came = async {
        while play.hi(&person).await != "two or more" {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, came).await.expect("the new rules answer");
    play.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_keeps_the_old_rules_and_says_why_and_where() {
    let base = |api: &str| account("main", &token(), api, "");
    let play = Play::start(|api| format!("{}{}", base(api), says("main", "one"))).await;
    let person = play.follower().await;
    for (broken, line, word, zh) in [
        (says("main", "{{ oops"), "reply = { text = \"{{ oops\" }", "template", "模板"),
        (says("main", "x").replace("reply", "repli"), "repli = …", "unknown key `repli`", "未知的键"),
        ("[[".to_owned(), "[[", "not TOML", "不是有效的 TOML"),
    ] {
        play.write(&format!("{}{broken}", base(&play.sandbox.url())));
        let error = play.gateway().reload().await.expect_err(&broken);
        let (en, zh_text) = (error.text(Lang::En), error.text(Lang::Zh));
        assert!(en.contains(word) && en.contains(line) && en.contains('^'), "{en}");
        assert!(en.contains("hongyan.toml:"), "{en}");
        assert!(zh_text.contains(zh) || zh == "模板", "{zh_text}");
        assert_eq!(play.hi(&person).await, "one");
    }
    std::fs::remove_file(play.path()).unwrap();
    assert!(play.gateway().reload().await.is_err());
    assert_eq!(play.hi(&person).await, "one");
    play.write(&format!("{}{}", base(&play.sandbox.url()), says("main", "mended")));
    play.gateway().reload().await.unwrap();
    assert_eq!(play.hi(&person).await, "mended");
    play.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_replies_and_pushes_that_were_answered_outlast_a_reload() {
    let base = |api: &str| account("main", &token(), api, "late = \"next_message\"\nwait = \"one\"");
    let program = Program::start([Says::json(json!({"text": "kept"})).held()]).await;
    let slow = format!(
        "[[accounts.main.rules]]\nname = \"slow\"\non = {{ text = \"slow\" }}\n\
         forward = {{ url = \"{}\", secret = \"0123456789abcdef\", timeout = \"1m\" }}\n",
        program.url()
    );
    let play = Play::start(|api| format!("{}{slow}{}", base(api), says("main", "one"))).await;
    let person = play.follower().await;
    // Late: the answer is kept, and a reload comes between.
    play.say(&person, "slow").await;
    program.go();
    let api = play.sandbox.url();
    play.write(&format!("{}{}", base(&api), says("main", "two")));
    play.gateway().reload().await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    play.say(&person, "hi").await;
    let both = async {
        while play.heard(&person).await.len() < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, both).await.expect("the kept reply and the new one");
    assert_eq!(play.heard(&person).await, ["kept", "two"]);

    // The same push again, sent while another set of rules is in force, gets the same answer and begins no run.
    let exchange = play.say(&person, "hi").await;
    let sent = |exchange: &Value| exchange["request"]["url"].as_str().unwrap().to_owned();
    play.write(&format!("{}{}", base(&api), says("main", "three")));
    play.gateway().reload().await.unwrap();
    let body = exchange["request"]["body"].as_str().unwrap().to_owned();
    let again = play.http.post(sent(&exchange)).body(body).send().await.unwrap();
    let again = again.text().await.unwrap();
    assert!(again.contains("two") && !again.contains("three"), "{again}");
    play.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_menu_that_changes_is_applied_again() {
    let play = Play::start(|api| account("main", &token(), api, "")).await;
    let menu = |name: &str| json!({"button": [{"type": "click", "name": name, "key": "K"}]}).to_string();
    let file = play.path().with_file_name("menu.json");
    let buttons = async || {
        let person = play.follower().await;
        let url = format!("{}/_sandbox/users/{person}/menu", play.sandbox.url());
        play.http.get(url).send().await.unwrap().json::<Value>().await.unwrap()["button"][0]["name"].clone()
    };
    let becomes = async |name: &str| {
        let came = async {
            while buttons().await != name {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, came).await.unwrap_or_else(|_| panic!("the menu is not {name}"));
    };
    std::fs::write(&file, menu("甲")).unwrap();
    let text = account("main", &token(), &play.sandbox.url(), "menu = \"menu.json\"\nmenu_at_start = true");
    play.write(&text);
    play.gateway().reload().await.unwrap();
    becomes("甲").await;
    // Only the menu's own file changes now, and nobody says so.
    std::fs::write(&file, menu("乙乙")).unwrap();
    becomes("乙乙").await;
    play.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stops_is_not_ready_any_more() {
    let program = Program::start([Says::json(json!({"text": "done"})).held()]).await;
    let slow = format!(
        "[[accounts.main.rules]]\nname = \"slow\"\non = {{ text = \"slow\" }}\n\
         forward = {{ url = \"{}\", secret = \"0123456789abcdef\" }}\n",
        program.url()
    );
    let mut play = Play::start(|api| format!("{}{slow}", account("main", &token(), api, ""))).await;
    let person = play.follower().await;
    let address = play.gateway().address();
    // A connection that stands already, as a load balancer's does.
    let mut probe = tokio::net::TcpStream::connect(address).await.unwrap();
    assert_eq!(ready(&mut probe).await, 200);
    let gateway = play.gateway.take().unwrap();
    let play = Arc::new(play);
    let asking = tokio::spawn({
        let (play, person) = (Arc::clone(&play), person.clone());
        async move { play.say(&person, "slow").await }
    });
    program.asked_times(1).await;
    let stopping = tokio::spawn(gateway.stop());
    let told = async {
        while ready(&mut probe).await != 503 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("/readyz says 503 while it stops");
    program.go();
    let exchange = asking.await.unwrap();
    assert_eq!(exchange["outcome"], "replied", "what had begun was finished: {exchange}");
    stopping.await.unwrap();
}

/// The status of `/readyz` over a connection that stays open; 0 when it does not.
async fn ready(stream: &mut tokio::net::TcpStream) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    if stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.is_err() {
        return 0;
    }
    let mut head = vec![0; 4096];
    let read = stream.read(&mut head).await.unwrap_or(0);
    let text = String::from_utf8_lossy(&head[..read]).into_owned();
    text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn api_keys_change_and_what_needs_a_restart_is_named() {
    let key = |key: &str| format!("[[api_keys]]\nname = \"ops\"\nkey = \"{key}\"\nscopes = [\"*\"]\n");
    let base = |api: &str| account("main", &token(), api, "");
    let play = Play::start(|api| format!("{}{}", key("k-1"), base(api))).await;
    let users = async |key: &str| {
        let url = format!("{}/api/v1/accounts/main/users", play.gateway().url());
        play.http.request(Method::GET, url).bearer_auth(key).send().await.unwrap().status().as_u16()
    };
    assert_eq!((users("k-1").await, users("k-2").await), (200, 401));
    let listen = "listen = \"127.0.0.1:1\"\nhistory = \"7d\"\n";
    play.write(&format!("{listen}{}{}", key("k-2"), base(&play.sandbox.url())));
    let done = play.gateway().reload().await.unwrap();
    assert_eq!(done.needs_restart, ["listen", "history"]);
    assert_eq!((users("k-1").await, users("k-2").await), (401, 200));
    play.end().await;
}
