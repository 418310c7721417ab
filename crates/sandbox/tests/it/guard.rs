//! Who may use the control API.

use hongyan_sandbox::Options;
use serde_json::{Value, json};

use crate::stand::{Stand, options};

async fn status(stand: &Stand, name: &str, value: &str) -> u16 {
    let request = stand.request("GET", "/_sandbox/accounts").header(name, value);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn other_hosts_and_origins_are_kept_out() {
    let stand = Stand::start(Options { allowed_hosts: vec!["box.lan".into()], ..options() }).await;
    assert_eq!(status(&stand, "host", "localhost:7070").await, 200);
    assert_eq!(status(&stand, "host", "box.lan").await, 200);
    assert_eq!(status(&stand, "host", "rebound.example").await, 403);
    assert_eq!(status(&stand, "origin", "http://localhost:9").await, 200);
    assert_eq!(status(&stand, "origin", "https://evil.example").await, 403);
    assert_eq!(status(&stand, "origin", "null").await, 403);
}

#[tokio::test]
async fn mistakes_are_answered_with_an_error_and_what_to_do() {
    let stand = Stand::start(options()).await;
    let cases = [
        ("GET", "/_sandbox/nothing", json!(null), 404),
        ("POST", "/_sandbox/clock/advance", json!({"seconds": -1}), 400),
        ("PUT", "/_sandbox/snapshot", json!(3), 400),
        ("POST", "/_sandbox/decode", json!("no picture"), 422),
        ("POST", "/_sandbox/push", json!({"xml": "<xml></xml>"}), 409),
    ];
    for (method, path, body, want) in cases {
        let (status, answer) = stand.send(method, path, body).await;
        assert_eq!(status, want, "{path}");
        assert!(answer["error"].is_string() && answer["what_to_do"].is_string(), "{answer}");
    }
    let broken = stand.request("POST", "/_sandbox/users").body("{").send().await.unwrap();
    assert_eq!(broken.status(), 400);
    assert!(broken.json::<Value>().await.unwrap()["error"].as_str().unwrap().contains("JSON"));
}

#[tokio::test]
async fn the_pages_are_served() {
    let stand = Stand::start(options()).await;
    for path in ["/", "/phone"] {
        assert_eq!(stand.raw(path).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn a_page_from_elsewhere_does_not_read_the_sandboxs_pages() {
    let stand = Stand::start(options()).await;
    for path in ["/", "/bench", "/phone", "/inspect", "/inspect/7", "/_assets/phone.js"] {
        for (host, want) in [("localhost:7070", 200), ("127.0.0.1", 200), ("rebound.example", 403)] {
            let answer = stand.request("GET", path).header("host", host).send().await.unwrap();
            assert_eq!(answer.status(), want, "{path} {host}");
        }
    }
    // The platform's own paths answer under whatever name a program calls them by.
    let call =
        stand.request("GET", "/cgi-bin/menu/get").header("host", "api.weixin.qq.com").send().await.unwrap();
    assert_eq!(call.status(), 200);
}

#[tokio::test]
async fn a_listener_on_every_address_keeps_the_same_names() {
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let own = Options { allowed_hosts: vec!["box.lan".into()], ..options() };
    let sandbox = hongyan_sandbox::Sandbox::start_on(own, listener).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (host, want) in [("127.0.0.1", 200), ("localhost", 200), ("box.lan", 200), ("10.1.2.3", 403)] {
        let url = format!("http://127.0.0.1:{port}/phone");
        let answer = http.get(url).header("host", format!("{host}:{port}")).send().await.unwrap();
        assert_eq!(answer.status(), want, "{host}");
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn stopping_ends_open_streams() {
    let stand = Stand::start(options()).await;
    let stream = stand.raw("/_sandbox/events").await;
    let before = std::time::Instant::now();
    stand.sandbox.stop().await;
    drop(stream);
    assert!(before.elapsed().as_millis() < 1500, "{:?}", before.elapsed());
}
