//! What the tests of rules share: a configuration in a scratch folder, pushes, and the answers to them.

use std::path::Path;
use std::sync::Arc;

use hongyan_gateway::config::{Config, ConfigError};
use hongyan_gateway::db::Db;
use hongyan_gateway::message::Message;
use hongyan_gateway::rules::{MemoryRotation, Plan, RuleParts, Rules};
use hongyan_wire::{Inbound, OsRandom, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A verified service account; rules follow.
pub(crate) const ACCOUNT: &str = r#"
[accounts.main]
app_id = "wx0123456789abcdef"
secret = "app-secret"
token = "push-token"
mode = "plain"
"#;

/// A configuration with these rules, and its folder.
pub(crate) fn config(folder: &Path, head: &str, rules: &str) -> Result<Config, ConfigError> {
    Config::parse(&format!("{head}\n{ACCOUNT}\n{rules}"), &folder.join("hongyan.toml"))
}

/// Rules at work, with the scratch folder they live in.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) rules: Rules,
}

impl World {
    /// Rules that ask no database.
    pub(crate) fn new(rules: &str) -> World {
        World::with("", rules, tempfile::tempdir().unwrap())
    }

    /// Rules behind other settings, in a folder that holds what they need.
    pub(crate) fn with(head: &str, rules: &str, folder: TempDir) -> World {
        let config = config(folder.path(), head, rules).unwrap_or_else(|error| panic!("{error}"));
        let open = |(name, url): (&String, &String)| (name.clone(), Db::connect_lazy(url).unwrap());
        let databases = config.databases.iter().map(open).collect();
        let rotation = Arc::new(MemoryRotation::new(Arc::new(OsRandom), 100));
        let parts = RuleParts::new(databases, rotation).unwrap();
        World { rules: Rules::compile(&config.accounts["main"], &parts).unwrap(), folder }
    }

    /// The rule that answers a push and its messages.
    pub(crate) async fn answer(&self, push: Arc<Inbound>) -> Option<(String, Vec<Value>)> {
        let (rule, messages) = match self.rules.plan(&push, Timestamp(0)) {
            Plan::None => return None,
            Plan::Ready { rule, messages } => (rule, messages),
            Plan::Work { rule, work } => (rule, work.await.unwrap_or_default()),
            Plan::HandOver { rule, otherwise, .. } => (rule, otherwise),
        };
        Some((rule.to_string(), messages.iter().map(Message::to_json).collect()))
    }

    /// The name of the rule that answers, or `-`.
    pub(crate) async fn rule(&self, push: Arc<Inbound>) -> String {
        self.answer(push).await.map_or_else(|| "-".to_owned(), |(rule, _)| rule)
    }

    /// The texts said to somebody who writes a text.
    pub(crate) async fn say(&self, content: &str) -> Vec<String> {
        let answer = self.answer(text(content)).await;
        let messages = answer.map(|(_, messages)| messages).unwrap_or_default();
        messages.iter().map(|message| message["text"]["content"].as_str().unwrap_or("?").to_owned()).collect()
    }
}

/// Somebody writes a text.
pub(crate) fn text(content: &str) -> Arc<Inbound> {
    text_from("oUser", content)
}

/// A certain person writes a text.
pub(crate) fn text_from(user: &str, content: &str) -> Arc<Inbound> {
    push(json!({"FromUserName": user, "MsgType": "text", "Content": content, "MsgId": "1"}))
}

/// An event with these fields.
pub(crate) fn event(name: &str, fields: Value) -> Arc<Inbound> {
    let mut all = json!({"MsgType": "event", "Event": name});
    for (key, value) in fields.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    push(all)
}

/// Any push; sender, receiver and time are added.
pub(crate) fn push(fields: Value) -> Arc<Inbound> {
    let mut all = json!({"ToUserName": "gh_1", "FromUserName": "oUser", "CreateTime": 1_732_000_000});
    for (key, value) in fields.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    Arc::new(Inbound::parse(all.to_string().as_bytes()).unwrap())
}
