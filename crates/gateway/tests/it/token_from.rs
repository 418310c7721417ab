//! A company's own token service in the platform's place.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use hongyan_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::Stage;

/// A token service that says what it is told to.
#[derive(Clone, Default)]
struct Service {
    says: Arc<Mutex<Option<(u16, Value)>>>,
    asked: Arc<AtomicUsize>,
}

impl Service {
    async fn start() -> (Self, String) {
        let service = Self::default();
        let router = axum::Router::new().route("/wx", axum::routing::get(answer)).with_state(service.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/wx?key=hunter2", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (service, url)
    }

    fn says(&self, status: u16, body: Value) {
        *self.says.lock().unwrap() = Some((status, body));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn answer(State(service): State<Service>, headers: HeaderMap) -> (StatusCode, axum::Json<Value>) {
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
    if bearer != Some("Bearer s3cret") || headers.get("x-app").is_none() {
        return (StatusCode::UNAUTHORIZED, axum::Json(json!({})));
    }
    service.asked.fetch_add(1, Ordering::Relaxed);
    let said = service.says.lock().unwrap().clone();
    let (status, body) = said.unwrap_or((503, json!({})));
    (StatusCode::from_u16(status).unwrap(), axum::Json(body))
}

/// A gateway whose account has no secret, only the service.
async fn stage(url: &str) -> Stage {
    let from = format!(
        "token_from = {{ http = \"{url}\", pointer = \"/data/token\", expires_in = \"/data/left\", \
         bearer = \"s3cret\", headers = {{ x-app = \"wx\" }} }}\n"
    );
    Stage::under("data = \"sqlite://hongyan.db\"", Options::default(), &from, "").await
}

/// A token of the sandbox's, as the other program fetches it.
async fn fetch(stage: &Stage) -> String {
    let Options { app_id, secret, .. } = Options::default();
    let url = format!(
        "{}/cgi-bin/token?grant_type=client_credential&appid={app_id}&secret={secret}",
        stage.sandbox.url()
    );
    let given: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    given["access_token"].as_str().unwrap().to_owned()
}

async fn call(stage: &Stage) -> (u16, Value) {
    stage.api(Method::GET, "/api/v1/accounts/main/proxy/cgi-bin/get_api_domain_ip", None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_comes_from_the_service_and_never_from_the_platform() {
    let (service, url) = Service::start().await;
    let stage = stage(&url).await;
    let token = fetch(&stage).await;
    service.says(200, json!({"data": {"token": token, "left": 7200}}));
    // The start may have been refused already; from now on it is answered.
    let (status, answer) = call(&stage).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["ip_list"].is_array(), "{answer}");
    let asked = service.asked();
    for _ in 0..5 {
        assert!(call(&stage).await.1["ip_list"].is_array());
    }
    assert_eq!(service.asked(), asked, "kept as long as it says");
    let (_, given) = stage.api(Method::GET, "/api/v1/accounts/main/token", None).await;
    assert_eq!(given["access_token"], token.as_str());
    stage.control("clock/advance", &json!({"seconds": 7100})).await;
    call(&stage).await;
    assert!(service.asked() > asked, "asked again near its end");
    assert_eq!(stage.calls("/cgi-bin/stable_token").await, 0, "our own token was fetched");
    assert_eq!(stage.calls("/cgi-bin/token").await, 1, "only the other program's call");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_asked_for_again_once() {
    let (service, url) = Service::start().await;
    let stage = stage(&url).await;
    service.says(200, json!({"data": {"token": fetch(&stage).await, "left": 7200}}));
    assert!(call(&stage).await.1["ip_list"].is_array());
    let asked = service.asked();
    stage.control("token/expire", &json!({})).await;
    service.says(200, json!({"data": {"token": fetch(&stage).await, "left": "7200"}}));
    let answer = call(&stage).await;
    assert!(answer.1["ip_list"].is_array(), "{answer:?}");
    assert_eq!(service.asked(), asked + 1);
    // A service that has nothing better is not asked in a loop.
    stage.control("token/expire", &json!({})).await;
    assert_eq!(call(&stage).await.1["errcode"], 42001);
    assert_eq!(service.asked(), asked + 2);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_say_what_and_where_without_secrets() {
    let (service, url) = Service::start().await;
    let stage = stage(&url).await;
    for (status, body, word) in [
        (403, json!({"errcode": 7}), "status 403 (errcode 7)"),
        (200, json!({"token": "hunter2"}), "no text at \\\"/data/token\\\""),
        (200, json!({"data": {"token": "hunter2"}}), "no number of seconds at \\\"/data/left\\\""),
    ] {
        service.says(status, body);
        let (status, problem) = stage.api(Method::GET, "/api/v1/accounts/main/token", None).await;
        let text = problem.to_string();
        assert_eq!(status, 503, "{text}");
        assert!(text.contains(word) && text.contains("/wx") && !text.contains("hunter2"), "{text}");
    }
    stage.end().await;
}
