//! The gateway as a program: start, API, stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hongyan_gateway::message::Message;
use hongyan_gateway::outbox::lanes::{self, LaneKey};
use hongyan_gateway::outbox::{Hold, Outbox};
use hongyan_gateway::{Config, Db, Gateway, Parts, StartError, Store, client_with_store};
use hongyan_sandbox::Options;
use hongyan_wire::{Lang, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::stage::{PATIENCE, Stage};

/// A gateway on a scratch folder whose platform is wherever `api_base` says.
async fn alone(
    folder: &std::path::Path,
    head: &str,
    api_base: &str,
    listener: Option<TcpListener>,
) -> Result<hongyan_gateway::Running, StartError> {
    let text = format!(
        "{head}\ndata = \"sqlite://hongyan.db\"\n[accounts.main]\napp_id = \"wx0123456789abcdef\"\nsecret = \"s\"\n\
         token = \"token\"\nmode = \"plain\"\napi_base = \"{api_base}\"\n"
    );
    let config = Config::parse(&text, &folder.join("hongyan.toml")).unwrap();
    Gateway::start(config, Parts { clock: Arc::new(SystemClock), listener }).await
}

/// An address at which nothing listens.
async fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// One request by hand; the status and the body.
async fn raw(address: SocketAddr, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_and_answers_while_the_platform_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let platform = nowhere().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = alone(folder.path(), "", &format!("http://{platform}"), Some(listener)).await.unwrap();
    for path in ["/livez", "/readyz"] {
        assert_eq!(reqwest::get(format!("{}{path}", gateway.url())).await.unwrap().status(), 200, "{path}");
    }
    assert_eq!(reqwest::get(format!("{}/callback/nobody", gateway.url())).await.unwrap().status(), 404);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named_with_the_way_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let started = alone(folder.path(), &format!("listen = \"{address}\""), "http://127.0.0.1:1", None).await;
    let Err(error) = started else { panic!("it started on a port that is taken") };
    let (en, zh) = (error.text(Lang::En), error.text(Lang::Zh));
    assert!(en.contains(&address.to_string()) && en.contains("`listen = "), "{en}");
    assert!(zh.contains(&address.to_string()) && zh.contains("换一个地址"), "{zh}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_file_takes_one_gateway_and_the_commands_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let start = async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        alone(folder.path(), "", "http://127.0.0.1:1", Some(listener)).await
    };
    let first = start().await.unwrap();
    let Err(error) = start().await else { panic!("two gateways use one file") };
    let (en, zh) = (error.text(Lang::En), error.text(Lang::Zh));
    assert!(en.contains("hongyan.db") && en.contains("stop the other one"), "{en}");
    assert!(zh.contains("hongyan.db") && zh.contains("请停止另一个网关"), "{zh}");
    Store::open(&crate::stores::file(&folder)).await.unwrap().db().close().await;
    first.stop().await;
    start().await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_database_of_the_rules_stops_the_start_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let head = "databases.music = \"sqlite://sogns.db\"";
    let started = alone(folder.path(), head, "http://127.0.0.1:1", Some(listener)).await;
    let Err(error) = started else { panic!("it started without its database") };
    let (en, zh) = (error.text(Lang::En), error.text(Lang::Zh));
    assert!(en.contains("sogns.db") && en.contains("\"music\" in [databases]"), "{en}");
    assert!(zh.contains("sogns.db") && zh.contains("不存在"), "{zh}");
    assert!(!folder.path().join("sogns.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_in_time_while_the_database_cannot_be_written() {
    let mut stage = Stage::new("").await;
    let person = stage.follower("小明").await.openid.clone();
    let blocker = Db::connect(&crate::stores::file(&stage.folder), 1).await.unwrap();
    blocker.execute("BEGIN IMMEDIATE", &[]).await.unwrap();
    stage.person_again(person).say("not written").await;
    let began = Instant::now();
    stage.gateway.take().unwrap().stop_within(Duration::from_millis(100)).await;
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_by_the_api_arrives_and_can_be_looked_up() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    let body = json!({"touser": person.openid, "msgtype": "text", "text": {"content": "鸿雁传书"}});
    let (status, answer) = stage.api(Method::POST, "/api/v1/accounts/main/messages", Some(body)).await;
    assert_eq!((status, answer["state"].as_str()), (202, Some("queued")), "{answer}");
    assert_eq!(person.hears(1).await, ["鸿雁传书"]);
    let id = answer["id"].as_str().unwrap();
    let state = settled(&stage, id).await;
    assert_eq!(state, json!({"id": id, "state": "sent", "attempts": 1}));
    let (status, problem) = stage.api(Method::GET, "/api/v1/accounts/main/messages/none", None).await;
    assert_eq!((status, problem["status"].as_u64()), (404, Some(404)), "{problem}");
    stage.end().await;
}

/// The message's status once nothing will change any more.
async fn settled(stage: &Stage, id: &str) -> Value {
    let began = Instant::now();
    loop {
        let (_, status) = stage.api(Method::GET, &format!("/api/v1/accounts/main/messages/{id}"), None).await;
        let open = matches!(status["state"].as_str(), Some("queued" | "sending"));
        if !open || began.elapsed() > PATIENCE {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_without_a_window_fails_with_the_platforms_code() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    stage.control("clock/advance", &json!({"seconds": 49 * 3600})).await;
    let body = json!({"touser": person.openid, "msgtype": "text", "text": {"content": "too late"}});
    let (_, answer) = stage.api(Method::POST, "/api/v1/accounts/main/messages", Some(body)).await;
    let state = settled(&stage, answer["id"].as_str().unwrap()).await;
    assert_eq!(
        (state["state"].as_str(), state["errcode"].as_i64()),
        (Some("failed"), Some(45015)),
        "{state}"
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_refuses_what_it_cannot_send() {
    let stage = Stage::new("").await;
    let path = "/api/v1/accounts/main/messages";
    let text = json!({"content": "x"});
    for (body, word) in [
        (json!({"msgtype": "text", "text": text}), "touser"),
        (json!({"touser": "o1"}), "kind"),
        (json!({"touser": "o1", "msgtype": "text", "text": {}}), "content"),
        (
            json!({"touser": "o1", "msgtype": "image", "image": {"media_id": "file:/etc/passwd"}}),
            "uploaded first",
        ),
        (json!([1]), "JSON object"),
    ] {
        let (status, problem) = stage.api(Method::POST, path, Some(body)).await;
        assert_eq!(status, 400, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
    }
    let (status, _) = stage.api(Method::POST, "/api/v1/accounts/other/messages", Some(json!({}))).await;
    assert_eq!(status, 404);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_the_api_answers_only_to_localhost() {
    let stage = Stage::new("").await;
    let address = stage.gateway.as_ref().unwrap().address();
    let get = |host: &str, more: &str| {
        format!("GET /api/v1/accounts/main/users HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n")
    };
    assert_eq!(raw(address, &get("localhost", "")).await.0, 200);
    let (status, answer) = raw(address, &get("rebound.example", "")).await;
    assert_eq!(status, 403);
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert_eq!(raw(address, &get("localhost", "Origin: https://evil.example\r\n")).await.0, 403);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recent_users_are_listed_with_what_they_did() {
    let mut stage = Stage::new("").await;
    let openid = {
        let person = stage.follower("小明").await;
        person.say("hi").await;
        person.openid.clone()
    };
    let (status, answer) = stage.api(Method::GET, "/api/v1/accounts/main/users", None).await;
    assert_eq!(status, 200);
    let users = answer["users"].as_array().unwrap();
    assert_eq!((users.len(), &users[0]["openid"]), (1, &json!(openid)));
    assert_eq!(users[0]["last_action"], "message.text");
    stage.restart().await;
    let store = stage.gateway.as_ref().unwrap().store();
    assert_eq!(store.recent_users("main", 10).await.unwrap()[0].openid.as_str(), openid);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_was_accepted() {
    let slow = crate::slow::Server::start(Duration::from_secs(2)).await;
    let rules = format!(
        r#"
[[accounts.main.rules]]
name = "slow"
on = {{ text = "slow" }}
fetch = {{ http = "{}/place", timeout = "10s" }}
reply = [{{ text = "{{{{ fetched.place }}}}" }}, {{ text = "after" }}]
"#,
        slow.url()
    );
    let mut stage = Stage::with(Options::default(), "", &rules).await;
    let gateway = stage.gateway.take().unwrap();
    let address = gateway.address();
    let openid = {
        let person = stage.follower("小明").await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        let ready = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        idle.write_all(ready.as_bytes()).await.unwrap();
        let mut seen = [0; 12];
        idle.read_exact(&mut seen).await.unwrap();
        assert_eq!(&seen, b"HTTP/1.1 200");
        let (exchange, ()) = tokio::join!(person.say("slow"), async {
            slow.asked.notified().await;
            gateway.stop().await;
        });
        assert_eq!(exchange["outcome"], "replied", "{exchange}");
        person.openid.clone()
    };
    assert!(TcpStream::connect(address).await.is_err(), "nothing listens any more");
    stage.start_again(address).await;
    let person = stage.person_again(openid);
    assert_eq!(person.hears(2).await, ["上海", "after"]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_is_applied_at_start() {
    let stage = Stage::with(Options::default(), "menu = \"menu.json\"\nmenu_at_start = true\n", "").await;
    let began = Instant::now();
    while stage.calls("/cgi-bin/menu/create").await == 0 && began.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let person = stage.follower("小明").await;
    let menu = stage.watch(&format!("users/{}/menu", person.openid)).await;
    assert_eq!(menu["button"][0]["name"], "公司简介", "{menu}");
    stage.end().await;
}

async fn many_callers_fetch_one_token(url: impl AsyncFn() -> String) {
    let mut stage = Stage::new("").await;
    // The stage's own gateway has a store and a token of its own.
    stage.gateway.take().unwrap().stop().await;
    let before = stage.calls("/cgi-bin/stable_token").await;
    let config = stage.config();
    let account = config.account(None).unwrap();
    let url = url().await;
    // Two processes on one database, as far as it can tell.
    let mut calls = Vec::new();
    for _ in 0..2 {
        let store = Store::open(&url).await.unwrap();
        let client = client_with_store(&config, account, &store, stage.sandbox.clock()).unwrap();
        for _ in 0..20 {
            let client = client.clone();
            calls.push(tokio::spawn(async move { client.token().await.map(|token| token.token) }));
        }
    }
    let mut tokens = Vec::new();
    for call in calls {
        tokens.push(call.await.unwrap().unwrap());
    }
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(stage.calls("/cgi-bin/stable_token").await - before, 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_fetch_one_token_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = crate::stores::file(&folder);
    many_callers_fetch_one_token(async || url.clone()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn many_callers_fetch_one_token_on_mariadb() {
    many_callers_fetch_one_token(crate::stores::mysql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_being_sent_in_a_crash_is_unknown_and_not_sent_again() {
    let mut stage = Stage::new("").await;
    let openid = stage.follower("小明").await.openid.clone();
    let gateway = stage.gateway.take().unwrap();
    let address = gateway.address();
    gateway.stop().await;
    let store = Store::open(&crate::stores::file(&stage.folder)).await.unwrap();
    let clock = stage.sandbox.clock();
    let (outbox, _woken) = Outbox::new(store.clone(), Arc::clone(&clock));
    let lane = LaneKey { account: "main".into(), openid: openid.as_str().into() };
    let messages = [Message::text("perhaps"), Message::text("surely")];
    let batch = outbox.queue(lane.clone(), &messages, Hold::No).await.unwrap();
    let held = lanes::claim(&store, &lane, clock.now()).await.unwrap().unwrap();
    assert!(lanes::mark(&store, &held, &batch.ids[0], 1, clock.now()).await.unwrap());
    store.db().close().await;

    stage.start_again(address).await;
    let state = settled(&stage, &batch.ids[0]).await;
    assert_eq!((state["state"].as_str(), state["attempts"].as_u64()), (Some("unknown"), Some(1)), "{state}");
    let state = settled(&stage, &batch.ids[1]).await;
    assert_eq!(state["state"], "sent", "{state}");
    assert_eq!(stage.person_again(openid).hears(1).await, ["surely"]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_admin_listen_and_keys_the_front_door_has_only_the_callback() {
    let admin = nowhere().await;
    let head = format!(
        "data = \"sqlite://hongyan.db\"\nadmin_listen = \"{admin}\"\n[[api_keys]]\nname = \"ops\"\n\
         key = \"k-1\"\nscopes = [\"users\"]"
    );
    let stage = Stage::under(&head, Options::default(), "", "").await;
    let users = "/api/v1/accounts/main/users";
    assert_eq!(stage.api_with_key("k-1", Method::GET, users, None).await.0, 200);
    assert_eq!(stage.api_with_key("k-2", Method::GET, users, None).await.0, 401);
    assert_eq!(stage.api(Method::GET, users, None).await.0, 401);
    let send = "/api/v1/accounts/main/messages";
    assert_eq!(stage.api_with_key("k-1", Method::POST, send, Some(json!({}))).await.0, 403);
    let public = stage.gateway.as_ref().unwrap().url();
    assert_eq!(reqwest::get(format!("{public}/readyz")).await.unwrap().status(), 200);
    assert_eq!(reqwest::get(format!("{public}{users}")).await.unwrap().status(), 404);
    assert_eq!(reqwest::get(format!("http://{admin}/callback/main")).await.unwrap().status(), 404);
    stage.end().await;
}
