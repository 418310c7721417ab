//! Answers from a web service.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::any;
use tokio::net::TcpListener;

use crate::rules_world::World;

/// A web service that remembers what it was asked.
struct Service {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Service {
    async fn start() -> Service {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = asked.clone();
        let answer = any(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let key = headers.get("x-key").map(|key| key.to_str().unwrap().to_owned()).unwrap_or_default();
            let body = String::from_utf8_lossy(&body).into_owned();
            seen.lock().unwrap().push(format!("{method} {uri} {key}{body}"));
            async move { respond(uri.path()).await }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Service { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// A world whose one rule asks this service; `NUMBER` is what follows the word `ask`.
    fn world(&self, fetch: &str, reply: &str) -> World {
        let fetch = fetch.replace("HOST", &self.address);
        World::new(&format!(
            "[[accounts.main.rules]]\nname = 'ask'\non = {{ regex = '^ask (?<number>.+)$' }}\n\
             fetch = {fetch}\nreply = {{ text = '{reply}' }}\notherwise = {{ text = 'nothing' }}\n"
        ))
    }
}

async fn respond(path: &str) -> Response {
    let json = |text: &str| ([(header::CONTENT_TYPE, "application/json")], text.to_owned()).into_response();
    match path {
        "/404" => (StatusCode::NOT_FOUND, "{\"place\":\"x\"}").into_response(),
        "/500" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "/html" => "<html>".into_response(),
        "/null" => json("null"),
        "/empty" => json("[]"),
        "/object" => json("{}"),
        "/big" => json(&format!("[\"{}\"]", "x".repeat(1 << 20))),
        "/slow" => std::future::pending().await,
        "/here" => Redirect::temporary("/parcel").into_response(),
        "/away" => Redirect::temporary("http://localhost:1/").into_response(),
        "/geo" => json(r#"{"results":[{"latitude":39.9,"longitude":116.4}]}"#),
        "/geo-none" => json(r#"{"generationtime_ms":0.5}"#),
        "/forecast" => json(r#"{"current":{"temperature_2m":21.5}}"#),
        _ => json(r#"{"place":"上海","list":[1,2]}"#),
    }
}

#[tokio::test]
async fn the_answer_is_json_and_the_value_is_encoded() {
    let service = Service::start().await;
    let world = service.world(
        "{ http = 'HOST/parcel/{{ number }}?n={{ number }}' }",
        "{{ fetched.place }} {{ fetched.list[1] }}",
    );
    assert_eq!(world.say("ask a/b?c&d=京 #").await, ["上海 2"]);
    let encoded = "a%2Fb%3Fc%26d%3D%E4%BA%AC%20%23";
    assert_eq!(service.asked(), [format!("GET /parcel/{encoded}?n={encoded} ")]);
}

#[tokio::test]
async fn a_value_cannot_climb_out_of_its_path() {
    let service = Service::start().await;
    let world = service.world("{ http = 'HOST/public/{{ number }}/x' }", "{{ fetched.place }}");
    for bad in ["ask ..", "ask ."] {
        assert_eq!(world.say(bad).await, ["nothing"], "{bad}");
    }
    assert_eq!(service.asked().len(), 0);
    assert_eq!(world.say("ask ../..").await, ["上海"], "an encoded slash is part of the value");
    assert_eq!(service.asked(), ["GET /public/..%2F../x "]);
}

#[tokio::test]
async fn whatever_is_not_an_answer_means_otherwise() {
    let service = Service::start().await;
    for path in ["404", "500", "html", "null", "empty", "object", "big", "away"] {
        let world = service.world(&format!("{{ http = 'HOST/{path}' }}"), "got {{ fetched }}");
        assert_eq!(world.say("ask 1").await, ["nothing"], "{path}");
    }
    let world = service.world("{ http = 'HOST/here' }", "{{ fetched.place }}");
    assert_eq!(world.say("ask 1").await, ["上海"], "a redirect on the same host is followed");
}

#[tokio::test]
async fn a_slow_service_does_not_use_up_the_time() {
    let service = Service::start().await;
    let world = service.world("{ http = 'HOST/slow', timeout = '50ms' }", "{{ fetched.place }}");
    let said = tokio::time::timeout(Duration::from_secs(5), world.say("ask 1")).await.unwrap();
    assert_eq!(said, ["nothing"]);
}

#[tokio::test]
async fn query_headers_and_body_are_sent() {
    let service = Service::start().await;
    let fetch = "{ http = 'HOST/p', query = { key = 'k 1', q = '{{ number }}' }, \
                 headers = { X-Key = 'secret' }, body = { n = '{{ number }}', deep = ['{{ openid }}'] } }";
    assert_eq!(service.world(fetch, "{{ fetched.place }}").say("ask 7&8").await, ["上海"]);
    assert_eq!(service.asked(), [r#"POST /p?key=k+1&q=7%268 secret{"n":"7&8","deep":["oUser"]}"#]);
}

#[tokio::test]
async fn a_second_fetch_uses_what_the_first_found() {
    let service = Service::start().await;
    let forecast = "{ http = 'HOST/forecast?latitude={{ fetched.results[0].latitude }}' }";
    let reply = "{{ fetches[0].results[0].longitude }}: {{ fetched.current.temperature_2m }}";
    let world = service.world(&format!("[{{ http = 'HOST/geo?name={{{{ number }}}}' }}, {forecast}]"), reply);
    assert_eq!(world.say("ask 北京").await, ["116.4: 21.5"]);
    assert_eq!(service.asked(), ["GET /geo?name=%E5%8C%97%E4%BA%AC ", "GET /forecast?latitude=39.9 "]);
    let world = service.world(&format!("[{{ http = 'HOST/geo-none' }}, {forecast}]"), reply);
    assert_eq!(world.say("ask nowhere").await, ["nothing"]);
}

#[tokio::test]
async fn an_unreachable_service_is_logged_once_and_without_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone =
        Service { address: format!("http://{}", listener.local_addr().unwrap()), asked: Arc::default() };
    drop(listener);
    let world = gone.world("{ http = 'HOST/x?key=hunter2' }", "{{ fetched.place }}");
    let log = crate::rules_log::Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    for _ in 0..3 {
        assert_eq!(world.say("ask 1").await, ["nothing"]);
    }
    assert_eq!(log.lines().len(), 1, "{:?}", log.lines());
    assert!(!log.lines()[0].contains("hunter2"), "{:?}", log.lines());
}

#[tokio::test]
async fn an_answer_serves_those_who_ask_the_same_for_a_while() {
    let service = Service::start().await;
    let world = service.world("{ http = 'HOST/parcel/{{ number }}', cache = '5m' }", "{{ fetched.place }}");
    for _ in 0..3 {
        assert_eq!(world.say("ask SF1").await, ["上海"]);
    }
    assert_eq!(service.asked(), ["GET /parcel/SF1 "]);
    assert_eq!(world.say("ask SF2").await, ["上海"]);
    assert_eq!(service.asked().len(), 2, "another question is another answer");
    let failing = service.world("{ http = 'HOST/{{ number }}', cache = '5m' }", "{{ fetched.place }}");
    for _ in 0..2 {
        assert_eq!(failing.say("ask 404").await, ["nothing"]);
    }
    assert_eq!(service.asked().len(), 4, "only answers are kept: {:?}", service.asked());
}
