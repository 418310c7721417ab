//! A back end that answers as a test tells it to, and remembers what it was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};

/// How a push is answered.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// This body with status 200; `{to}` and `{from}` stand for the push's users.
    Body(String),
    Status(u16),
    /// Never.
    Silence,
}

#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

#[derive(Default)]
struct Inner {
    /// Answers to come, the last one again and again.
    answers: Vec<Answer>,
    received: Vec<Received>,
    /// Handshakes to refuse first.
    refuse: usize,
}

#[derive(Clone)]
pub(crate) struct BackEnd {
    inner: Arc<Mutex<Inner>>,
    port: u16,
}

/// A passive text reply.
pub(crate) fn text(content: &str) -> Answer {
    reply(&format!("<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content>"))
}

/// A passive reply with these fields.
pub(crate) fn reply(fields: &str) -> Answer {
    Answer::Body(format!(
        "<xml><ToUserName><![CDATA[{{from}}]]></ToUserName><FromUserName><![CDATA[{{to}}]]></FromUserName><CreateTime>1732000001</CreateTime>{fields}</xml>"
    ))
}

pub(crate) fn body(body: &str) -> Answer {
    Answer::Body(body.to_owned())
}

impl BackEnd {
    pub(crate) async fn start(answers: &[Answer]) -> BackEnd {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Mutex::new(Inner { answers: answers.to_vec(), ..Inner::default() }));
        let app = Router::new().fallback(handle).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        BackEnd { inner, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/callback/main", self.port)
    }

    pub(crate) fn answer(&self, answers: &[Answer]) {
        self.inner.lock().unwrap().answers = answers.to_vec();
    }

    pub(crate) fn refuse_handshakes(&self, times: usize) {
        self.inner.lock().unwrap().refuse = times;
    }

    /// The pushes so far, without handshakes.
    pub(crate) fn pushes(&self) -> Vec<Received> {
        let all = self.inner.lock().unwrap().received.clone();
        all.into_iter().filter(|one| one.method == Method::POST).collect()
    }

    pub(crate) fn handshakes(&self) -> Vec<Received> {
        let all = self.inner.lock().unwrap().received.clone();
        all.into_iter().filter(|one| one.method == Method::GET).collect()
    }

    /// The body of the last push.
    pub(crate) fn last(&self) -> String {
        self.pushes().last().unwrap().body.clone()
    }
}

/// The text of a field of a push in XML.
pub(crate) fn field(xml: &str, name: &str) -> String {
    let begin =
        xml.find(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {xml}")) + name.len() + 2;
    let end = begin + xml[begin..].find(&format!("</{name}>")).unwrap();
    xml[begin..end].trim_start_matches("<![CDATA[").trim_end_matches("]]>").to_owned()
}

async fn handle(
    State(inner): State<Arc<Mutex<Inner>>>,
    method: Method,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let answer = {
        let mut inner = inner.lock().unwrap();
        inner.received.push(Received {
            method: method.clone(),
            query: query.clone(),
            headers,
            body: body.clone(),
            at: Instant::now(),
        });
        if method == Method::GET {
            if inner.refuse > 0 {
                inner.refuse -= 1;
                return StatusCode::FORBIDDEN.into_response();
            }
            return query.get("echostr").cloned().unwrap_or_default().into_response();
        }
        if inner.answers.len() > 1 { inner.answers.remove(0) } else { inner.answers[0].clone() }
    };
    match answer {
        Answer::Body(template) if template.contains("{to}") => {
            let (to, from) = (field(&body, "ToUserName"), field(&body, "FromUserName"));
            template.replace("{to}", &to).replace("{from}", &from).into_response()
        }
        Answer::Body(template) => template.into_response(),
        Answer::Status(code) => StatusCode::from_u16(code).unwrap().into_response(),
        Answer::Silence => std::future::pending().await,
    }
}
