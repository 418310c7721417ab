//! The proxy: it leads from the platform's names to the sandbox, and nowhere else.

use std::net::SocketAddr;

use hongyan_sandbox::{Authority, Running, Sandbox};
use reqwest::{Client, Proxy};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::stand::{APP_ID, SECRET, code, options};
use crate::tls::trusting;

struct Way {
    _sandbox: Running,
    address: SocketAddr,
    /// A program that trusts the authority and uses the proxy.
    program: Client,
}

async fn start() -> Way {
    let authority = Authority::temporary().unwrap();
    let mut sandbox = Sandbox::start_local(options()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    sandbox.serve_proxy(listener, &authority).unwrap();
    let proxy = Proxy::all(format!("http://{address}")).unwrap();
    Way { _sandbox: sandbox, address, program: trusting(&authority).proxy(proxy).build().unwrap() }
}

/// Says something to the proxy and reads until it hangs up.
async fn say(address: SocketAddr, words: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(words.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_hosts_written_in_a_program_are_the_sandbox() {
    let way = start().await;
    let get =
        async |url: String| -> Value { way.program.get(url).send().await.unwrap().json().await.unwrap() };
    let token = get(format!(
        "https://api.weixin.qq.com/cgi-bin/token?grant_type=client_credential&appid={APP_ID}&secret={SECRET}"
    ))
    .await;
    let token = token["access_token"].as_str().unwrap();
    for base in
        ["https://api.weixin.qq.com", "https://file.api.weixin.qq.com", "http://file.api.weixin.qq.com"]
    {
        let answer = get(format!("{base}/cgi-bin/menu/get?access_token={token}")).await;
        assert_eq!(code(&answer), 46003, "{base}: {answer}");
    }
}

#[tokio::test]
async fn no_other_host_is_reached() {
    let way = start().await;
    let error = way.program.get("https://bank.example/").send().await.unwrap_err();
    assert!(error.is_connect(), "{error}");
    let answer =
        say(way.address, "CONNECT bank.example:443 HTTP/1.1\r\nHost: bank.example:443\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    for word in ["bank.example", "api.weixin.qq.com", "NO_PROXY", "拒绝"] {
        assert!(answer.contains(word), "{answer}");
    }
    for near in
        ["api.weixin.qq.com.evil.example:443", "weixin.qq.com:443", "127.0.0.1:443", "api.weixin.qq.com:22"]
    {
        let answer = say(way.address, &format!("CONNECT {near} HTTP/1.1\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{near}: {answer}");
    }
}

#[tokio::test]
async fn a_plain_request_for_another_host_is_refused_in_words() {
    let way = start().await;
    for url in ["http://bank.example/", &format!("http://{}/cgi-bin/menu/get", way.address)] {
        let answer = way.program.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{url}");
        assert!(answer.text().await.unwrap().contains("NO_PROXY"), "{url}");
    }
    // The control API cannot be had by giving one name in the line and another in the header.
    for (line, host) in [("http://api.weixin.qq.com", "127.0.0.1"), ("http://127.0.0.1", "api.weixin.qq.com")]
    {
        let words =
            format!("GET {line}/_sandbox/users HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = say(way.address, &words).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{line} {host}: {answer}");
    }
}

#[tokio::test]
async fn a_tunnel_may_carry_plain_requests_too() {
    let way = start().await;
    let mut stream = TcpStream::connect(way.address).await.unwrap();
    // Both at once: what follows the head belongs to the tunnel.
    let words = "CONNECT file.api.weixin.qq.com:80 HTTP/1.1\r\n\r\nGET /cgi-bin/menu/get HTTP/1.1\r\nHost: file.api.weixin.qq.com\r\nConnection: close\r\n\r\n";
    stream.write_all(words.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (tunnel, within) = answer.split_once("\r\n\r\n").unwrap();
    assert!(tunnel.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(within.starts_with("HTTP/1.1 200 ") && within.contains("\"errcode\":41001"), "{answer}");
}

#[tokio::test]
async fn nonsense_is_told_what_is_wanted() {
    let way = start().await;
    let answer = say(way.address, "CONNECT api.weixin.qq.com HTTP/1.1\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("HOST:PORT"), "{answer}");
}
