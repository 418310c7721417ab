//! A language model that answers, behind any endpoint that speaks the OpenAI chat protocol.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use hongyan_wire::Secret;
use url::Url;

use super::forward::{address, timeout};
use super::reader::{Item, Reader};
use super::secrets::Lookup;
use super::{ConfigError, Words};

/// How long a model may take for one answer.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How many earlier questions and answers a model is shown.
const HISTORY: u64 = 5;
/// What ends a piece whose continuation waits for the user's next message.
const MORE: &str = "（回复任意内容继续）";
/// What a person reads who has asked enough for a day.
const ENOUGH: &str = "今天的提问次数已用完，请明天再来。";
/// What a person reads whose question, or the answer to it, is not permitted.
const REFUSED: &str = "抱歉，这个问题我不能回答。";

/// A model that answers.
#[derive(Clone)]
pub struct AssistantConfig {
    /// The endpoint of chat completions.
    pub url: Url,
    /// The key for it.
    pub key: Option<Secret>,
    /// The model's name.
    pub model: String,
    /// What the model is told first.
    pub system: Option<String>,
    /// How many earlier questions with their answers it is shown.
    pub history: usize,
    /// How long it may take, repeated attempts included.
    pub timeout: Duration,
    /// The most tokens of one answer.
    pub max_tokens: Option<u64>,
    /// Whether the person sees that an answer is being written.
    pub typing: bool,
    /// What ends a piece whose continuation waits for the person's next message.
    pub more: String,
    /// What one person may ask in a day.
    pub per_day: PerDay,
    /// Who looks at questions and answers.
    pub moderation: Option<ModerationConfig>,
}

/// What one person may use in a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerDay {
    /// Questions.
    pub messages: Option<u64>,
    /// The model's tokens, as it counts them.
    pub tokens: Option<u64>,
    /// What is said when it is used up.
    pub reply: String,
}

/// An endpoint that says whether a text is permitted.
#[derive(Clone)]
pub struct ModerationConfig {
    /// Its address.
    pub url: Url,
    /// The key for it.
    pub key: Option<Secret>,
    /// Its model, where it wants one.
    pub model: Option<String>,
    /// What is said in place of what is not permitted.
    pub reply: String,
}

impl AssistantConfig {
    /// The address without what may be a key.
    pub fn shown(&self) -> String {
        format!("{}{}", self.url.origin().ascii_serialization(), self.url.path())
    }
}

impl fmt::Debug for AssistantConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssistantConfig")
            .field("url", &self.shown())
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ModerationConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModerationConfig")
            .field("host", &self.url.host_str())
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

const KEYS: [&str; 11] = [
    "url",
    "model",
    "key",
    "system",
    "history",
    "timeout",
    "max_tokens",
    "typing",
    "more",
    "per_day",
    "moderation",
];

pub(super) fn assistant(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<AssistantConfig, ConfigError> {
    let table = item.table()?;
    table.only(&KEYS)?;
    let url_hint = Words::new(
        "the address of an OpenAI-compatible service, such as \"https://api.deepseek.com/v1\"",
        "兼容 OpenAI 接口的服务地址，例如 \"https://api.deepseek.com/v1\"",
    );
    let model_hint =
        Words::new("the model's name, such as \"deepseek-chat\"", "模型的名字，例如 \"deepseek-chat\"");
    let mut url = address(&table.need("url", &url_hint)?, lookup)?;
    complete(&mut url);
    Ok(AssistantConfig {
        url,
        model: filled(&table.need("model", &model_hint)?)?,
        key: table.get("key").map(|item| lookup.secret(&item)).transpose()?,
        system: table.get("system").map(|item| lookup.resolve(&item)).transpose()?,
        history: whole(&table, "history", 0..=100)?.unwrap_or(HISTORY) as usize,
        timeout: table.get("timeout").map(|item| timeout(&item)).transpose()?.unwrap_or(TIMEOUT),
        max_tokens: whole(&table, "max_tokens", 1..=1_000_000)?,
        typing: table.bool("typing")?.unwrap_or(true),
        more: more(&table)?,
        per_day: per_day(&table)?,
        moderation: table.get("moderation").map(|item| moderation(&item, lookup)).transpose()?,
    })
}

/// People write the service's base address; the path behind it is always the same.
fn complete(url: &mut Url) {
    let path = url.path().trim_end_matches('/').to_owned();
    if !path.ends_with("/chat/completions") {
        url.set_path(&format!("{path}/chat/completions"));
    }
}

fn more(table: &Reader<'_>) -> Result<String, ConfigError> {
    let Some(item) = table.get("more") else { return Ok(MORE.to_owned()) };
    let text = item.string()?;
    if text.len() > 200 {
        return Err(item.fail(Words::new(
            "`more` is longer than 200 bytes: it stands at the end of every piece",
            "`more` 超过 200 字节：它会出现在每段的末尾",
        )));
    }
    Ok(text.to_owned())
}

fn per_day(table: &Reader<'_>) -> Result<PerDay, ConfigError> {
    let Some(item) = table.get("per_day") else {
        return Ok(PerDay { messages: None, tokens: None, reply: ENOUGH.to_owned() });
    };
    let table = item.table()?;
    table.only(&["messages", "tokens", "reply"])?;
    let most = 1..=1_000_000_000;
    let cap = PerDay {
        messages: whole(&table, "messages", most.clone())?,
        tokens: whole(&table, "tokens", most)?,
        reply: table.get("reply").map_or_else(|| Ok(ENOUGH.to_owned()), |item| filled(&item))?,
    };
    if cap.messages.is_none() && cap.tokens.is_none() {
        return Err(item.fail(Words::new("`per_day` sets no limit", "`per_day` 没有设置上限")).hint(
            Words::new(
                "per_day = { messages = 50 } or { tokens = 100000 }",
                "per_day = { messages = 50 } 或 { tokens = 100000 }",
            ),
        ));
    }
    Ok(cap)
}

fn moderation(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<ModerationConfig, ConfigError> {
    let refused = || REFUSED.to_owned();
    if !item.is_table() {
        return Ok(ModerationConfig {
            url: address(item, lookup)?,
            key: None,
            model: None,
            reply: refused(),
        });
    }
    let table = item.table()?;
    table.only(&["url", "key", "model", "reply"])?;
    let hint = Words::new("the address of the moderation endpoint", "内容审核接口的地址");
    Ok(ModerationConfig {
        url: address(&table.need("url", &hint)?, lookup)?,
        key: table.get("key").map(|item| lookup.secret(&item)).transpose()?,
        model: table.string("model")?,
        reply: table.get("reply").map_or_else(|| Ok(refused()), |item| filled(&item))?,
    })
}

/// A text that is not empty and fits into one message.
fn filled(item: &Item<'_>) -> Result<String, ConfigError> {
    let text = item.string()?;
    if text.trim().is_empty() || text.len() > 2048 {
        let key = &item.key;
        return Err(item.fail(Words::new(
            format!("`{key}` must have 1 to 2048 bytes"),
            format!("`{key}` 必须有 1 到 2048 个字节"),
        )));
    }
    Ok(text.to_owned())
}

fn whole(table: &Reader<'_>, key: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, ConfigError> {
    let Some(item) = table.get(key) else { return Ok(None) };
    let (first, last) = (*range.start(), *range.end());
    let number = item.json()?.0.as_u64().filter(|number| range.contains(number));
    number.map(Some).ok_or_else(|| {
        item.fail(Words::new(
            format!("`{key}` must be a whole number from {first} to {last}"),
            format!("`{key}` 必须是 {first} 到 {last} 的整数"),
        ))
    })
}
