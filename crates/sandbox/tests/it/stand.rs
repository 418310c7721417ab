//! A running sandbox and short ways to ask it things.

use hongyan_sandbox::{Options, Running, Sandbox};
use serde_json::{Value, json};

use crate::back_end::BackEnd;

pub(crate) struct Stand {
    pub(crate) sandbox: Running,
    http: reqwest::Client,
}

pub(crate) const APP_ID: &str = "wx0123456789abcdef";
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const NOTICE: &str = "该公众号提供的服务出现故障，请稍后再试";

/// The demo account, with tries a fifth of a second apart.
pub(crate) fn options() -> Options {
    Options {
        push_timeout_ms: 200,
        push_spacing_ms: 200,
        original_id: Some("gh_a1b2c3d4e5f6".into()),
        ..Options::default()
    }
}

impl Stand {
    pub(crate) async fn start(options: Options) -> Stand {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Stand { sandbox: Sandbox::start_local(options).await.unwrap(), http }
    }

    /// With a back end behind the callback.
    pub(crate) async fn with(back_end: &BackEnd) -> Stand {
        Self::start(Options { callback: Some(back_end.url()), ..options() }).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.http.get(self.url(path)).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn raw(&self, path: &str) -> reqwest::Response {
        self.http.get(self.url(path)).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.send("POST", path, body).await.1
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = method.parse().unwrap();
        let answer = self.http.request(method, self.url(path)).body(body.to_string()).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().unwrap(), self.url(path))
    }

    pub(crate) async fn token(&self) -> String {
        let body = json!({"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET});
        self.post("/cgi-bin/stable_token", body).await["access_token"].as_str().unwrap().to_owned()
    }

    /// Calls an endpoint with a good token.
    pub(crate) async fn call(&self, path: &str, body: Value) -> Value {
        self.post(&format!("{path}?access_token={}", self.token().await), body).await
    }

    /// The same with the body's text as it is.
    pub(crate) async fn call_raw(&self, path: &str, body: &str) -> Value {
        let url = self.url(&format!("{path}?access_token={}", self.token().await));
        self.http.post(url).body(body.to_owned()).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn ask(&self, path: &str) -> Value {
        let mark = if path.contains('?') { '&' } else { '?' };
        self.get(&format!("{path}{mark}access_token={}", self.token().await)).await
    }

    /// A person who does not follow yet.
    pub(crate) async fn person(&self) -> String {
        let user = self.post("/_sandbox/users", json!({"nickname": "小明"})).await;
        user["openid"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn follower(&self) -> String {
        let openid = self.person().await;
        self.act(&openid, "follow", json!({})).await;
        openid
    }

    pub(crate) async fn act(&self, openid: &str, verb: &str, body: Value) -> Value {
        self.post(&format!("/_sandbox/users/{openid}/{verb}"), body).await
    }

    pub(crate) async fn chat(&self, openid: &str) -> Vec<Value> {
        self.get(&format!("/_sandbox/users/{openid}/chat")).await["messages"].as_array().unwrap().clone()
    }

    /// The texts of the chat, each with who it is from.
    pub(crate) async fn texts(&self, openid: &str) -> Vec<(String, String)> {
        let text = |message: &Value, name: &str| message[name].as_str().unwrap().to_owned();
        self.chat(openid).await.iter().map(|message| (text(message, "from"), text(message, "text"))).collect()
    }

    pub(crate) async fn advance(&self, seconds: i64) {
        self.post("/_sandbox/clock/advance", json!({ "seconds": seconds })).await;
    }

    /// Sends a customer-service text and gives the code.
    pub(crate) async fn text(&self, openid: &str, content: &str) -> i64 {
        let body = json!({"touser": openid, "msgtype": "text", "text": {"content": content}});
        self.call("/cgi-bin/message/custom/send", body).await["errcode"].as_i64().unwrap()
    }
}

/// The code of an answer, after a look at its shape.
pub(crate) fn code(answer: &Value) -> i64 {
    let code = answer["errcode"].as_i64().unwrap_or(0);
    if code != 0 {
        let message = answer["errmsg"].as_str().unwrap();
        assert!(message.contains(" rid: "), "{message}");
    }
    code
}

/// The finding codes of an exchange.
pub(crate) fn findings(exchange: &Value) -> Vec<&str> {
    exchange["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}
