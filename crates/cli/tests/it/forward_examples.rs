//! The programs of examples/forward, run as their first line says, behind a gateway.

use std::path::PathBuf;

use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use crate::harness::{Person, Process, control};
use crate::sdks::{APP_ID, SECRET, TOKEN};

/// What signs the messages.
const SIGNS: &str = "whsec_aHVuZHJlZHMgb2YgYnl0ZXMgb3IgdHdlbnR5";

fn example(file: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/forward")).join(file)
}

/// Whether a program is installed here.
async fn installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().await.is_ok()
}

async fn said(process: &Process, word: &str) -> String {
    let lines = process.lines_until(|line| line.starts_with(word)).await;
    lines.last().unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

/// Starts the example on a free port, and talks to it through a sandbox and a gateway.
async fn answers(program: &str, file: &str) {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mut command = Command::new(program);
    command.arg(example(file)).arg(port.to_string()).env("SECRET", SIGNS);
    let example = Process::of(command);
    for _ in 0..600 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let unsigned = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}/"))
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", "1700000000")
        .header("webhook-signature", "v1,AAAA")
        .body("{\"message\": {\"Content\": \"x\"}}");
    assert_eq!(unsigned.send().await.unwrap().status(), 401, "{:#?}", example.log());

    let listen = ["sandbox", "--listen", "127.0.0.1:0", "--mode", "plain"];
    let account = ["--app-id", APP_ID, "--secret", SECRET, "--token", TOKEN];
    let platform = Process::start(&[&listen[..], &account[..]].concat(), &[]);
    let sandbox = said(&platform, "ready ").await;
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("hongyan.toml");
    let text = format!(
        "listen = \"127.0.0.1:0\"\ndata = \"sqlite://hongyan.db\"\n[accounts.main]\napp_id = \"{APP_ID}\"\n\
         secret = \"{SECRET}\"\ntoken = \"{TOKEN}\"\nmode = \"plain\"\napi_base = \"{sandbox}\"\n\
         [[accounts.main.rules]]\non = {{ type = \"text\" }}\n\
         forward = {{ url = \"http://127.0.0.1:{port}/\", secret = \"env:SIGNS\" }}\n"
    );
    std::fs::write(&config, text).unwrap();
    let signs = [("SIGNS".to_owned(), SIGNS.to_owned())];
    let gateway = Process::start(&["serve", "--config", config.to_str().unwrap()], &signs);
    let url = said(&gateway, "listening ").await;
    control(&sandbox, "PUT", "callback", Some(json!({ "url": format!("{url}/callback/main") }))).await;
    let mut person = Person::create(&sandbox, "小明").await;
    person.act("follow", json!({})).await;
    let exchange = person.say("你好 \"引号\" 😀").await;
    let log = || format!("{exchange:#}\n{:#?}\n{:#?}", gateway.log(), example.log());
    assert_eq!(exchange["outcome"], "replied", "{}", log());
    assert_eq!(person.receives_one().await["text"], "你说：你好 \"引号\" 😀");
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn the_python_program_answers() {
    answers("python3", "python/app.py").await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn the_node_program_answers() {
    answers("node", "node/app.mjs").await;
}

#[tokio::test]
async fn the_java_program_answers_where_java_is_installed() {
    if installed("java").await {
        answers("java", "java/App.java").await;
    }
}
