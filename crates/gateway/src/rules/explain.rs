//! Says which rule would answer a text, and what, for `hongyan rules test`.

use std::sync::Arc;

use hongyan_wire::{Clock, Inbound, Lang, OsRandom, SystemClock};
use serde::Serialize;
use serde_json::json;

use super::{MemoryRotation, RuleParts, Rules};
use crate::capability::{Right, passive_only, rule_notes};
use crate::config::{Config, ConfigError, ForwardStyle, HandOver, Words};
use crate::db::Db;
use crate::message::Message;

/// The person who writes the text that is tried.
const NOBODY: &str = "oRulesTest000000000000000000";

/// What would happen to a text.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The rule that answers; none means the text is not answered.
    pub rule: Option<String>,
    /// Who answers in the rule's place; nobody is asked here.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "english")]
    pub handed_to: Option<Words>,
    /// The messages as they go out, in order.
    pub messages: Vec<Message>,
    /// What waits for the user's next message, because the account can only reply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Message>,
    /// Why the messages are those of `otherwise`, or why there are none.
    #[serde(serialize_with = "english")]
    pub instead: Option<Words>,
    /// What the account may not do of what the rule asks for, and what happens instead.
    #[serde(serialize_with = "all_english")]
    pub notes: Vec<Words>,
}

/// Tries a text on the rules of an account. Fetches are made for real.
pub async fn explain(config: &Config, account: &str, text: &str) -> Result<Explanation, ConfigError> {
    let now = SystemClock.now().seconds();
    let push = json!({
        "ToUserName": "gh_rules_test", "FromUserName": NOBODY, "CreateTime": now,
        "MsgType": "text", "Content": text, "MsgId": "1",
    });
    let push = Inbound::parse(push.to_string().as_bytes()).map_err(|error| {
        ConfigError::new(Words::new(
            format!("the text cannot be tried: {error}"),
            format!("无法测试这段文本：{error}"),
        ))
    })?;
    explain_push(config, account, &push).await
}

/// Tries any push on the rules of an account. Fetches are made for real.
pub async fn explain_push(
    config: &Config,
    account: &str,
    push: &Inbound,
) -> Result<Explanation, ConfigError> {
    let account = config.account(Some(account))?;
    let mut databases = std::collections::BTreeMap::new();
    for (name, url) in &config.databases {
        let db = Db::connect_lazy(url).map_err(|error| {
            ConfigError::new(Words::new(
                format!("database {name}: {error}"),
                format!("数据库 {name}：{}", error.text(Lang::Zh)),
            ))
        })?;
        databases.insert(name.clone(), db);
    }
    let rotation = MemoryRotation::new(Arc::new(OsRandom), 16);
    let rules = Rules::compile(account, &RuleParts::new(databases, Arc::new(rotation))?)?;
    let warnings = rules.check_queries().await?;
    let Some((number, outcome)) = rules.outcome(push).await else {
        return Ok(Explanation {
            rule: None,
            handed_to: None,
            messages: Vec::new(),
            kept: Vec::new(),
            instead: None,
            notes: warnings,
        });
    };
    let (messages, kept) = if account.may(Right::CustomerService) {
        (outcome.messages, Vec::new())
    } else {
        let passive = passive_only(outcome.messages);
        (passive.now.into_iter().collect(), passive.kept)
    };
    let rule = account.rules.get(number);
    Ok(Explanation {
        rule: rule.map(|rule| rule.name.to_string()),
        handed_to: rule.and_then(|rule| rule.hand_over.as_ref()).map(handed_to),
        messages,
        kept,
        instead: outcome.instead,
        notes: rule.map(|rule| rule_notes(account, rule)).into_iter().flatten().chain(warnings).collect(),
    })
}

impl Explanation {
    /// The explanation for a person.
    pub fn text(&self, lang: Lang) -> String {
        let Some(rule) = &self.rule else {
            return lang.pick("no rule answers this", "没有规则回复此消息").to_owned();
        };
        let mut lines = vec![format!("{}{rule}", lang.pick("rule: ", "规则："))];
        if let Some(instead) = &self.instead {
            lines.push(format!("{}{}", lang.pick("not its reply: ", "没有使用 reply："), instead.text(lang)));
        }
        if let Some(to) = &self.handed_to {
            lines.push(to.text(lang).to_owned());
        } else if self.messages.is_empty() {
            lines.push(lang.pick("nothing is said", "不作回复").to_owned());
        }
        lines.extend(self.messages.iter().map(line));
        if !self.kept.is_empty() {
            lines.push(lang.pick("with the user's next message:", "随用户的下一条消息发出：").to_owned());
            lines.extend(self.kept.iter().map(line));
        }
        lines.extend(
            self.notes.iter().map(|note| format!("{}{}", lang.pick("note: ", "注意："), note.text(lang))),
        );
        lines.join("\n")
    }
}

fn handed_to(to: &HandOver) -> Words {
    match to {
        HandOver::Forward(to) => {
            let (to_en, to_zh) = match to.style {
                ForwardStyle::Json { .. } => ("as signed JSON", "以签名 JSON 的形式"),
                ForwardStyle::Platform { .. } => ("as the platform would send it", "以平台推送的形式"),
            };
            let address = to.shown();
            Words::new(
                format!("the message goes to {address} {to_en}; its answer is the reply"),
                format!("消息{to_zh}转发到 {address}，由它的应答作为回复"),
            )
        }
        HandOver::Assistant(to) => {
            let (model, address) = (&to.model, to.shown());
            Words::new(
                format!("the model {model} at {address} answers"),
                format!("由 {address} 的模型 {model} 回复"),
            )
        }
    }
}

fn line(message: &Message) -> String {
    match message.field("content") {
        Some(text) if message.kind() == "text" => text.to_owned(),
        _ => message.to_json().to_string(),
    }
}

#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
fn english<S: serde::Serializer>(words: &Option<Words>, serializer: S) -> Result<S::Ok, S::Error> {
    words.as_ref().map(|words| &words.en).serialize(serializer)
}

fn all_english<S: serde::Serializer>(words: &[Words], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(words.iter().map(|words| &words.en))
}
