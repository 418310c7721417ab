//! Helpers for tests of the REST API: requests with headers, waiting, one database for two gateways.

use std::time::{Duration, Instant};

use hongyan_gateway::{Gateway, Parts, Running};
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::stage::{PATIENCE, Stage};

/// The prefix of the account's routes.
pub(crate) const MAIN: &str = "/api/v1/accounts/main";

/// A request to a gateway, with headers, and the whole answer.
pub(crate) async fn ask(
    gateway: &Running,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Response {
    let address = gateway.admin_address().unwrap_or(gateway.address());
    let url = if path.starts_with("http") { path.to_owned() } else { format!("http://{address}{path}") };
    let mut request = reqwest::Client::new().request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.unwrap()
}

/// The status and the JSON of an answer.
pub(crate) async fn read(answer: Response) -> (u16, Value) {
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

impl Stage {
    /// The running gateway.
    pub(crate) fn running(&self) -> &Running {
        self.gateway.as_ref().unwrap()
    }

    /// A GET that must succeed.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.api(Method::GET, &format!("{MAIN}{path}"), None).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// The GET's answer once it is as wanted, or the last one.
    pub(crate) async fn get_until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.get(path).await;
            if wanted(&answer) || began.elapsed() > PATIENCE {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A second gateway on the same configuration and the same database, which is not SQLite.
    pub(crate) async fn second(&self) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let parts = Parts { clock: self.sandbox.clock(), listener: Some(listener) };
        Box::pin(Gateway::start(self.config(), parts)).await.unwrap()
    }
}

/// A stage whose data is on the test's MariaDB.
pub(crate) async fn on_mariadb(head: &str) -> Stage {
    let url = crate::stores::mysql().await;
    let head = format!("data = \"{url}\"\n{head}");
    Stage::under(&head, hongyan_sandbox::Options::default(), "", "").await
}

/// A stage on SQLite with further lines at the top of the configuration.
pub(crate) async fn on_sqlite(head: &str) -> Stage {
    let head = format!("data = \"sqlite://hongyan.db\"\n{head}");
    Stage::under(&head, hongyan_sandbox::Options::default(), "", "").await
}
