//! The line to a running sandbox: its control API, and its event stream to wait by.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::words::Words;

/// A connection to a sandbox.
pub(crate) struct Link {
    http: reqwest::Client,
    base: String,
    changed: watch::Receiver<u64>,
    listener: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

pub(crate) type Asked<T> = Result<T, Words>;

impl Link {
    /// Connects; comes back when the event stream is open, so that nothing after this is missed.
    pub(crate) async fn connect(url: &str) -> Asked<Link> {
        let base = url.trim_end_matches('/').to_owned();
        let http = reqwest::Client::builder().no_proxy().build().map_err(|error| away(&base, &error))?;
        let (sender, changed) = watch::channel(0);
        let stream = listen(&http, &base).await?;
        let (of_listener, at) = (http.clone(), base.clone());
        let listener = tokio::spawn(async move {
            let mut stream = Some(stream);
            while let Some(mut open) = stream.take() {
                while let Ok(Some(_)) = open.chunk().await {
                    sender.send_modify(|version| *version += 1);
                }
                // A stream that broke is opened again; what was missed meanwhile is looked for once.
                stream = listen(&of_listener, &at).await.ok();
                sender.send_modify(|version| *version += 1);
            }
        });
        Ok(Link { http, base, changed, listener })
    }

    /// Notes the present, before a look at the world.
    pub(crate) fn mark(&mut self) {
        self.changed.borrow_and_update();
    }

    /// Waits until something has changed since the mark; false when the time is over first.
    pub(crate) async fn change_before(&mut self, until: Instant) -> bool {
        tokio::time::timeout_at(until, self.changed.changed()).await.is_ok_and(|heard| heard.is_ok())
    }

    pub(crate) async fn get(&self, path: &str) -> Asked<Value> {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Asked<Value> {
        self.send("POST", path, Some(body)).await
    }

    /// A call of the control API; a refusal is what it says and what to do.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Asked<Value> {
        let (status, answer) = self.raw(method, &format!("/_sandbox/{path}"), body).await?;
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        let error = answer["error"].as_str().map_or_else(|| format!("HTTP status {status}"), str::to_owned);
        let hint = answer["what_to_do"].as_str().unwrap_or_default();
        let text = if hint.is_empty() { error } else { format!("{error}; {hint}") };
        Err(Words::new(text.clone(), format!("沙箱拒绝：{text}")))
    }

    /// A text of the control API.
    pub(crate) async fn text(&self, path: &str) -> Asked<String> {
        let answer = self.http.get(format!("{}/_sandbox/{path}", self.base)).send().await;
        answer
            .map_err(|error| away(&self.base, &error))?
            .text()
            .await
            .map_err(|error| away(&self.base, &error))
    }

    /// Any path of the sandbox, the platform's own among them.
    pub(crate) async fn raw(&self, method: &str, path: &str, body: Option<Value>) -> Asked<(u16, Value)> {
        let method = method.parse().unwrap_or(reqwest::Method::GET);
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.map_err(|error| away(&self.base, &error))?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.map_err(|error| away(&self.base, &error))?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// The messages of a chat after one; `base` is how the account's paths begin, empty for the first one.
    pub(crate) async fn chat(&self, base: &str, openid: &str, after: u64) -> Asked<Vec<Value>> {
        Ok(list(self.get(&format!("{base}users/{openid}/chat?after={after}")).await?["messages"].take()))
    }

    /// The exchanges of a direction after one, in the order they ended.
    pub(crate) async fn exchanges(&self, base: &str, direction: &str, after: u64) -> Asked<Vec<Value>> {
        Ok(list(self.get(&format!("{base}exchanges?direction={direction}&after={after}")).await?))
    }

    /// Waits until an account's callback has answered its handshake, when it has one; no AppID means the first.
    pub(crate) async fn ready(&mut self, app_id: &str, patience: Duration) -> Asked<()> {
        let until = Instant::now() + patience;
        loop {
            self.mark();
            let accounts = self.get("accounts").await?;
            let listed = accounts.as_array().map(Vec::as_slice).unwrap_or_default();
            let account = listed.iter().find(|one| one["app_id"] == app_id).unwrap_or(&accounts[0]);
            if account["handshake"].is_null() || account["handshake"] == "ok" {
                return Ok(());
            }
            if !self.change_before(until).await {
                let url = account["callback"].as_str().unwrap_or_default();
                let why = account["handshake_error"].as_str().unwrap_or("no answer yet");
                return Err(Words::new(
                    format!("the back end at {url} did not pass the handshake: {why}"),
                    format!("{url} 的后端没有通过握手校验：{why}"),
                ));
            }
        }
    }

    /// A valid token of the account, without disturbing the one the back end uses.
    pub(crate) async fn token(&self, app_id: &str, secret: &str) -> Asked<String> {
        let body = json!({"grant_type": "client_credential", "appid": app_id, "secret": secret});
        let (_, answer) = self.raw("POST", "/cgi-bin/stable_token", Some(body)).await?;
        answer["access_token"].as_str().map(str::to_owned).ok_or_else(|| {
            let why = answer["errmsg"].as_str().unwrap_or("no token");
            Words::new(
                format!("no token for {app_id}: {why}; give the account with --app-id and --secret"),
                format!("{app_id} 取不到 access_token：{why}；请用 --app-id 和 --secret 指定账号"),
            )
        })
    }
}

async fn listen(http: &reqwest::Client, base: &str) -> Asked<reqwest::Response> {
    let answer = http
        .get(format!("{base}/_sandbox/events?accounts=all"))
        .send()
        .await
        .map_err(|error| away(base, &error))?;
    answer.error_for_status().map_err(|error| away(base, &error))
}

fn away(base: &str, error: &reqwest::Error) -> Words {
    Words::new(format!("no sandbox at {base}: {error}"), format!("{base} 没有沙箱：{error}"))
}

fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list,
        _ => Vec::new(),
    }
}
