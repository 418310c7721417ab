//! A platform that answers what a test tells it to, and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use hongyan::{Client, ClientBuilder, Secret};
use serde_json::Value;

/// The secret of every client here; no error may show it.
pub(crate) const SECRET: &str = "s3cret-of-the-account";

/// One answer of the script.
#[derive(Clone)]
pub(crate) enum Say {
    /// A JSON body with status 200.
    Json(Value),
    /// Any body of any type with any status.
    Raw(u16, &'static str, Vec<u8>),
    /// Less of the body than its length announces, then the connection is cut.
    Cut(&'static str),
    /// Nothing, for longer than the client waits.
    Hang,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub path: String,
    pub raw_query: String,
    pub query: BTreeMap<String, String>,
    pub content_type: String,
    pub body: Bytes,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

struct Script {
    answers: Mutex<BTreeMap<String, VecDeque<Say>>>,
    asked: Mutex<Vec<Asked>>,
    tokens: AtomicU32,
    token_delay: Mutex<Duration>,
}

/// The running stand-in.
#[derive(Clone)]
pub(crate) struct StandIn {
    script: Arc<Script>,
    pub url: String,
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        let script = Arc::new(Script {
            answers: Mutex::default(),
            asked: Mutex::default(),
            tokens: AtomicU32::new(0),
            token_delay: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { script, url }
    }

    /// Adds an answer for a path. The last one is given again and again.
    pub(crate) fn say(&self, path: &str, say: Say) -> &Self {
        self.script.answers.lock().unwrap().entry(path.to_owned()).or_default().push_back(say);
        self
    }

    pub(crate) fn say_json(&self, path: &str, json: Value) -> &Self {
        self.say(path, Say::Json(json))
    }

    pub(crate) fn delay_tokens(&self, delay: Duration) {
        *self.script.token_delay.lock().unwrap() = delay;
    }

    /// The requests to a path, oldest first.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        self.script.asked.lock().unwrap().iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// How many tokens were asked for.
    pub(crate) fn tokens(&self) -> usize {
        self.asked("/cgi-bin/stable_token").len() + self.asked("/cgi-bin/token").len()
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder("wx0123456789abcdef", Secret::new(SECRET))
            .api_base(&self.url)
            .timeout(Duration::from_millis(600))
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }
}

async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let raw_query = parts.uri.query().unwrap_or_default().to_owned();
    let pairs = reqwest::Url::parse(&format!("http://x/?{raw_query}")).unwrap();
    let asked = Asked {
        path: parts.uri.path().to_owned(),
        query: pairs.query_pairs().into_owned().collect(),
        raw_query,
        content_type: parts
            .headers
            .get(header::CONTENT_TYPE)
            .map(|v| v.to_str().unwrap().to_owned())
            .unwrap_or_default(),
        body: axum::body::to_bytes(body, 64 << 20).await.unwrap(),
    };
    let path = asked.path.clone();
    script.asked.lock().unwrap().push(asked);
    let say = {
        let mut answers = script.answers.lock().unwrap();
        answers
            .get_mut(&path)
            .and_then(|queue| if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() })
    };
    match say {
        Some(Say::Json(json)) => body_of(200, "application/json", json.to_string().into()),
        Some(Say::Raw(status, kind, bytes)) => body_of(status, kind, bytes.into()),
        Some(Say::Cut(begin)) => {
            let pieces = [Ok(Bytes::from(begin)), Err(std::io::Error::other("cut"))];
            let mut response =
                body_of(200, "application/json", Body::from_stream(futures_util::stream::iter(pieces)));
            response.headers_mut().insert(header::CONTENT_LENGTH, 10_000.into());
            response
        }
        Some(Say::Hang) => std::future::pending().await,
        None if path.ends_with("token") => {
            let delay = *script.token_delay.lock().unwrap();
            tokio::time::sleep(delay).await;
            let number = script.tokens.fetch_add(1, Ordering::SeqCst) + 1;
            let json =
                serde_json::json!({"access_token": format!("token-number-{number}"), "expires_in": 7200});
            body_of(200, "application/json", json.to_string().into())
        }
        None => body_of(
            200,
            "application/json",
            format!(r#"{{"errcode":-404,"errmsg":"no script for {path}"}}"#).into(),
        ),
    }
}

fn body_of(status: u16, kind: &str, body: Body) -> Response {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header(header::CONTENT_TYPE, kind)
        .body(body)
        .unwrap()
}
