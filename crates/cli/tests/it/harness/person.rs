//! Somebody with a phone, played through the sandbox's control API.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::control;

/// A person and what they have read so far.
pub(crate) struct Person {
    sandbox: String,
    pub(crate) openid: String,
    read_to: Value,
}

impl Person {
    pub(crate) async fn create(sandbox: &str, nickname: &str) -> Self {
        let made = control(sandbox, "POST", "users", Some(json!({ "nickname": nickname }))).await;
        let openid = made["openid"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        Self { sandbox: sandbox.to_owned(), openid, read_to: Value::Null }
    }

    /// Does something on the phone; gives the finished exchange.
    pub(crate) async fn act(&self, action: &str, body: Value) -> Value {
        control(&self.sandbox, "POST", &format!("users/{}/{action}", self.openid), Some(body)).await
    }

    pub(crate) async fn say(&self, text: &str) -> Value {
        self.act("say", json!({ "text": text })).await
    }

    pub(crate) async fn tap(&self, button: &str) -> Value {
        self.act("tap", json!({ "button": button })).await
    }

    /// Everything new from the account, read at once, without waiting.
    pub(crate) async fn read(&mut self) -> Vec<Value> {
        self.fetch(0).await.into_iter().filter(|message| message["from"] != "user").collect()
    }

    /// Waits for exactly `count` new messages from the account.
    pub(crate) async fn receives(&mut self, count: usize) -> Vec<Value> {
        let start = Instant::now();
        let mut seen = Vec::new();
        while seen.len() < count {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "only {} of {count} came: {seen:#?}",
                seen.len()
            );
            seen.extend(self.fetch(1000).await.into_iter().filter(|message| message["from"] != "user"));
        }
        assert_eq!(seen.len(), count, "{seen:#?}");
        seen
    }

    /// Waits for the passive reply among new messages; what comes by customer service is left out.
    pub(crate) async fn receives_reply(&mut self) -> Value {
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < Duration::from_secs(30), "no reply came");
            if let Some(reply) = self.fetch(1000).await.into_iter().find(|message| message["passive"] == true)
            {
                return reply;
            }
        }
    }

    /// Waits for one new message from the account.
    pub(crate) async fn receives_one(&mut self) -> Value {
        self.receives(1).await.remove(0)
    }

    /// Says something and gives the text of the one answer.
    pub(crate) async fn ask(&mut self, text: &str) -> String {
        self.say(text).await;
        text_of(&self.receives_one().await)
    }

    async fn fetch(&mut self, wait_ms: u64) -> Vec<Value> {
        let after = match &self.read_to {
            Value::Null => String::new(),
            Value::String(id) => format!("after={id}&"),
            id => format!("after={id}&"),
        };
        let path = format!("users/{}/chat?{after}wait_ms={wait_ms}", self.openid);
        let chat = control(&self.sandbox, "GET", &path, None).await;
        let messages = chat
            .as_array()
            .or_else(|| chat["messages"].as_array())
            .unwrap_or_else(|| panic!("{chat}"))
            .clone();
        if let Some(last) = messages.last() {
            self.read_to = last["id"].clone();
        }
        messages
    }
}

/// The text of a message from the account; notices are not messages.
pub(crate) fn text_of(message: &Value) -> String {
    assert_eq!(message["from"], "account", "{message}");
    message["text"].as_str().unwrap_or_else(|| panic!("{message}")).to_owned()
}
