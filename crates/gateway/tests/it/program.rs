//! A program behind the gateway: it writes down what it is asked and answers as the test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use serde_json::Value;
use tokio::sync::Notify;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Says {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    /// The answer waits until the test says so.
    held: bool,
}

impl Says {
    pub(crate) fn text(body: impl Into<String>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into(), held: false }
    }

    pub(crate) fn json(body: Value) -> Self {
        Self::text(body.to_string())
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::text("no") }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with another body made from this one.
    pub(crate) fn with(mut self, change: impl FnOnce(String) -> String) -> Self {
        self.body = change(self.body);
        self
    }

    pub(crate) fn held(self) -> Self {
        Self { held: true, ..self }
    }
}

#[derive(Default)]
struct Book {
    asked: Vec<Asked>,
    /// The answers in order; the last one is repeated.
    says: VecDeque<Says>,
}

#[derive(Clone, Default)]
struct Shared {
    book: Arc<Mutex<Book>>,
    /// Lets one held answer go.
    go: Arc<Notify>,
    came: Arc<Notify>,
}

/// The program.
pub(crate) struct Program {
    address: std::net::SocketAddr,
    shared: Shared,
}

impl Program {
    pub(crate) async fn start(says: impl IntoIterator<Item = Says>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, says)
    }

    /// The same on a listener that is bound already.
    pub(crate) fn on(listener: tokio::net::TcpListener, says: impl IntoIterator<Item = Says>) -> Self {
        let address = listener.local_addr().unwrap();
        let shared = Shared::default();
        shared.book.lock().unwrap().says = says.into_iter().collect();
        let app = Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it says from now on.
    pub(crate) fn says(&self, says: impl IntoIterator<Item = Says>) {
        self.shared.book.lock().unwrap().says = says.into_iter().collect();
    }

    /// Everything it was asked.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.book.lock().unwrap().asked.clone()
    }

    /// The requests, once there are so many.
    pub(crate) async fn asked_times(&self, count: usize) -> Vec<Asked> {
        let enough = async {
            loop {
                let came = self.shared.came.notified();
                if self.asked().len() >= count {
                    return;
                }
                let _ = tokio::time::timeout(Duration::from_millis(50), came).await;
            }
        };
        let _ = tokio::time::timeout(crate::stage::PATIENCE, enough).await;
        let asked = self.asked();
        assert!(asked.len() >= count, "asked {} times, not {count}", asked.len());
        asked
    }

    /// Lets one held answer go.
    pub(crate) fn go(&self) {
        self.shared.go.notify_one();
    }
}

async fn answer(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let says = {
        let mut book = shared.book.lock().unwrap();
        book.asked.push(Asked { path: uri.to_string(), headers, body });
        if book.says.len() > 1 { book.says.pop_front() } else { book.says.front().cloned() }
    };
    shared.came.notify_waiters();
    let says = says.unwrap_or_else(|| Says::status(500));
    if says.held {
        shared.go.notified().await;
    }
    let mut out = HeaderMap::new();
    for (name, value) in says.headers {
        out.insert(name, value.parse().unwrap());
    }
    (StatusCode::from_u16(says.status).unwrap(), out, says.body)
}
