//! A callback behind TLS: verified, timed as any other, and trusted when its authority is.

use std::sync::Arc;
use std::time::Duration;

use hongyan_sandbox::{Authority, Options};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::stand::{Stand, findings, options};

/// Echoes handshakes, and answers pushes with `success` after a while; in TLS under the authority's name.
async fn back_end(authority: &Authority, late: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = Arc::new(authority.acceptor().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = Arc::clone(&acceptor);
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut head = vec![0; 8192];
                let read = stream.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let echo =
                    head.split("echostr=").nth(1).map(|rest| rest.split([' ', '&']).next().unwrap_or(""));
                if echo.is_none() {
                    tokio::time::sleep(late).await;
                }
                let body = echo.unwrap_or("success");
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                // Whoever asked may have gone.
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    format!("https://localhost:{port}/callback")
}

async fn stand(authority: &Authority, url: String, trusted: bool) -> Stand {
    let callback_roots = trusted.then(|| authority.certificate_pem());
    let wait = hongyan_sandbox::Settings { handshake_wait_ms: 400, ..Default::default() };
    Stand::start(Options { callback: Some(url), callback_roots, settings: wait, ..options() }).await
}

#[tokio::test]
async fn a_push_in_tls_is_timed_from_its_connection_on() {
    let authority = Authority::temporary().unwrap();
    let stand = stand(&authority, back_end(&authority, Duration::ZERO).await, true).await;
    let user = stand.person().await;
    let exchange = stand.act(&user, "follow", serde_json::json!({})).await;
    assert_eq!(exchange["outcome"], "silent", "{exchange}");
    let one = &exchange["tries"][0];
    assert!(
        one["connect_ms"].is_u64() && one["first_byte_ms"].as_u64() >= one["connect_ms"].as_u64(),
        "{one}"
    );
}

#[tokio::test]
async fn a_late_answer_in_tls_is_timed_after_the_cut() {
    let authority = Authority::temporary().unwrap();
    let stand = stand(&authority, back_end(&authority, Duration::from_millis(300)).await, true).await;
    let user = stand.person().await;
    let exchange = stand.act(&user, "follow", serde_json::json!({})).await;
    assert_eq!(findings(&exchange), ["late"]);
    let late = exchange["tries"][0]["late_by_ms"].as_u64().unwrap_or_else(|| panic!("{exchange}"));
    assert!(late < 400, "{late}");
}

#[tokio::test]
async fn an_authority_nobody_trusts_is_named_as_the_reason() {
    let authority = Authority::temporary().unwrap();
    let url = back_end(&authority, Duration::ZERO).await;
    let stand = stand(&authority, url, false).await;
    let user = stand.person().await;
    let exchange = stand.act(&user, "follow", serde_json::json!({})).await;
    assert_eq!(exchange["outcome"], "none");
    let account = stand.get("/_sandbox/accounts").await[0].clone();
    assert_eq!(account["handshake"], "failed");
    assert!(account["handshake_error"].as_str().unwrap().contains("certificate"), "{account}");
}
