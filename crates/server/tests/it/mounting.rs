//! On a real connection: in axum, and behind hyper's own accept loop.

use std::sync::Arc;
use std::time::Duration;

use hongyan_server::{Callback, Handler, Handling, Mode};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::world::*;

/// Serves a callback as the gateway does, and returns its address.
async fn serve<H: Handler>(callback: Callback<H>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(callback.clone());
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    address
}

async fn write(address: std::net::SocketAddr, nonce: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let query = query(&NOW.to_string(), nonce);
    let head = format!("POST /callback/main?{query} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n");
    let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn read(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// Waits for what another task is about to do.
async fn until(what: impl Fn() -> bool) {
    tokio::time::timeout(Duration::from_secs(5), async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .expect("it did not happen within five seconds");
}

#[tokio::test]
async fn a_cut_connection_is_noticed_and_the_next_one_gets_the_answer() {
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    let handler = By(move |_| {
        let gate = gate.clone();
        Handling::later(async move {
            gate.notified().await;
            Ok(text("worth the wait"))
        })
    });
    let callback = callback(account(Mode::Plain), handler);
    let address = serve(callback.clone()).await;
    let first = write(address, "1", &message(1)).await;
    until(|| callback.stats().runs == 1).await;
    drop(first);
    until(|| callback.stats().cut == 1).await;
    let second = write(address, "2", &message(1)).await;
    until(|| callback.stats().deduped == 1).await;
    opened.notify_one();
    let answer = read(second).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("worth the wait"), "{answer}");
    until(|| callback.stats().delivered == 1).await;
    assert_eq!((callback.stats().runs, callback.stats().late), (1, 0));
}

#[tokio::test]
async fn the_word_of_delivery_comes_on_a_real_connection() {
    let callback = callback(account(Mode::Plain), Counting::default());
    let address = serve(callback.clone()).await;
    let answer = read(write(address, "1", &message(1)).await).await;
    assert!(answer.contains("answer 1") && answer.contains("content-length"), "{answer}");
    until(|| callback.stats().delivered == 1).await;
}

#[tokio::test]
async fn it_mounts_in_axum() {
    let callback = callback(account(Mode::Plain), Counting::default());
    let app = axum::Router::new().route_service("/callback/main", callback.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let answer = read(write(address, "1", &message(1)).await).await;
    assert!(answer.contains("answer 1"), "{answer}");
    until(|| callback.stats().delivered == 1).await;
}
