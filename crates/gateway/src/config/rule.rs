//! A rule as the file says it: when it answers, what it fetches, what it replies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::assistant::{AssistantConfig, assistant};
use super::forward::{ForwardConfig, forward, forwards};
use super::reader::{Item, Reader};
use super::secrets::Lookup;
use super::{ConfigError, Place, Words};

/// How long a fetch may take when the rule says nothing: the user's five seconds are spent on more than the fetch.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// One rule.
#[derive(Clone, Debug)]
pub struct RuleConfig {
    /// Its name in logs and in `rules test`; without one its number in the file.
    pub name: Arc<str>,
    /// What it answers.
    pub on: On,
    /// What it fetches first, in order.
    pub fetch: Vec<FetchConfig>,
    /// The messages it answers with.
    pub reply: Vec<MessageConfig>,
    /// Who answers in the rule's place.
    pub hand_over: Option<HandOver>,
    /// Who gets a copy.
    pub copy_to: Vec<Arc<ForwardConfig>>,
    /// The messages when nothing was fetched, or when nobody else answered.
    pub otherwise: Vec<MessageConfig>,
    /// Where the rule stands.
    pub place: Place,
    /// Where its `on` stands.
    pub on_place: Place,
}

/// Who answers in a rule's place.
#[derive(Clone, Debug)]
pub enum HandOver {
    /// A program.
    Forward(Arc<ForwardConfig>),
    /// A language model.
    Assistant(Arc<AssistantConfig>),
}

/// What a rule answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// A text that is exactly one of these.
    Text(Vec<String>),
    /// A text that holds one of these.
    Contains(Vec<String>),
    /// A text that matches one of these regular expressions.
    Regex(Vec<String>),
    /// A tap on a menu button with one of these keys.
    Click(Vec<String>),
    /// A scan of a QR code with one of these scenes, by somebody who follows or by somebody who now does.
    Scan(Vec<String>),
    /// One of these events.
    Event(Vec<String>),
    /// One of these message types.
    Type(Vec<String>),
    /// Somebody follows.
    Subscribe,
    /// Everything a person sends or does on purpose.
    Any,
}

/// Something to fetch before the reply.
#[derive(Clone, Debug)]
pub struct FetchConfig {
    /// Where from.
    pub source: FetchSource,
    /// How long it may take.
    pub timeout: Duration,
    /// How long an answer serves those who ask the same; not at all when left out.
    pub cache: Option<Duration>,
    /// Where it stands.
    pub place: Place,
}

/// Where a rule fetches from.
#[derive(Clone, Debug)]
pub enum FetchSource {
    /// A query in one of the databases.
    Sql {
        /// The query with its `:name` placeholders.
        sql: String,
        /// The database's name in `[databases]`.
        database: String,
        /// Which of the rows.
        pick: Pick,
    },
    /// A web service that answers in JSON.
    Http(HttpConfig),
}

/// A web service to ask.
#[derive(Clone)]
pub struct HttpConfig {
    /// The address, templated behind the host.
    pub url: String,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Added to the address as query values.
    pub query: BTreeMap<String, String>,
    /// Request headers.
    pub headers: BTreeMap<String, String>,
    /// A JSON body.
    pub body: Option<Value>,
}

/// Which of the rows a query gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The first row.
    First,
    /// Another row each time for each user, all of them before a repeat.
    Rotate,
    /// A list of all rows.
    All,
}

/// A message as the file says it, with the place of every value.
#[derive(Clone, Debug)]
pub struct MessageConfig {
    /// The message, such as `{"text": "hello"}`.
    pub value: Value,
    /// JSON pointer to place.
    pub places: Vec<(String, Place)>,
}

impl MessageConfig {
    /// Where a part of the message stands, or the nearest thing around it.
    pub fn place(&self, pointer: &str) -> Option<&Place> {
        let around = self.places.iter().filter(|(one, _)| pointer.starts_with(one.as_str()));
        around.max_by_key(|(one, _)| one.len()).map(|(_, place)| place)
    }
}

impl std::fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Address, headers and query may hold somebody's API key.
        let host = self.url.split(['?', '{']).next().unwrap_or_default();
        f.debug_struct("HttpConfig").field("method", &self.method).field("url", &host).finish_non_exhaustive()
    }
}

pub(super) fn rules(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<Vec<RuleConfig>, ConfigError> {
    if !item.is_array() {
        let account = "[[accounts.NAME.rules]]";
        return Err(item.wrong(&format!("a list: write {account}"), &format!("列表：请写 {account}")));
    }
    let mut rules: Vec<RuleConfig> = Vec::new();
    for (index, one) in item.elements().iter().enumerate() {
        let rule = rule(&one.table()?, index + 1, lookup)?;
        if let Some(first) = rules.iter().find(|other| other.name == rule.name) {
            let line = first.place.line();
            let name = &rule.name;
            return Err(ConfigError::at(
                rule.place,
                Words::new(
                    format!("a second rule is named \"{name}\" (the first is at line {line})"),
                    format!("有两条规则都叫 \"{name}\"（第一条在第 {line} 行）"),
                ),
            )
            .hint(Words::new("give each rule its own name", "请给每条规则起不同的名字")));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn rule(table: &Reader<'_>, number: usize, lookup: &Lookup<'_>) -> Result<RuleConfig, ConfigError> {
    table.only(&["name", "on", "fetch", "reply", "otherwise", "forward", "assistant", "copy_to"])?;
    let name = table.get("name").map(|item| item.string()).transpose()?;
    let place = table.get("name").map_or_else(|| table.place(), |item| item.place());
    let on = table.need(
        "on",
        &Words::new(
            "say when the rule answers: on = { text = \"hello\" }",
            "请写明何时回复：on = { text = \"你好\" }",
        ),
    )?;
    let answers = answers(table, lookup)?;
    Ok(RuleConfig {
        name: name.map_or_else(|| format!("rule {number}").into(), Into::into),
        on_place: on.place(),
        on: matcher(&on.table()?, &on)?,
        fetch: table.get("fetch").map(|item| fetches(&item, lookup)).transpose()?.unwrap_or_default(),
        reply: answers.reply,
        hand_over: answers.hand_over,
        copy_to: table.get("copy_to").map(|item| forwards(&item, lookup)).transpose()?.unwrap_or_default(),
        otherwise: table.get("otherwise").map(|item| messages(&item)).transpose()?.unwrap_or_default(),
        place,
    })
}

/// Who answers: the rule itself, a program, or a model.
struct Answers {
    reply: Vec<MessageConfig>,
    hand_over: Option<HandOver>,
}

fn answers(table: &Reader<'_>, lookup: &Lookup<'_>) -> Result<Answers, ConfigError> {
    let others = [table.get("forward"), table.get("assistant")].into_iter().flatten().collect::<Vec<_>>();
    let Some(other) = others.first() else {
        let reply = table.need(
            "reply",
            &Words::new(
                "say what it answers: reply = { text = \"hello\" }",
                "请写明回复内容：reply = { text = \"你好\" }",
            ),
        )?;
        return Ok(Answers { reply: messages(&reply)?, hand_over: None });
    };
    // Whoever gets the message fetches and answers; the rule does not do it too.
    let beside = others.get(1).map(|item| item.key.clone());
    let beside = beside
        .or_else(|| ["reply", "fetch"].into_iter().find(|key| table.get(key).is_some()).map(str::to_owned));
    if let Some(key) = beside {
        let first = &other.key;
        return Err(ConfigError::at(
            table.get(&key).map_or_else(|| table.place(), |item| item.key_place()),
            Words::new(
                format!("`{key}` cannot stand beside `{first}` in one rule"),
                format!("同一条规则中 `{key}` 不能与 `{first}` 并存"),
            ),
        )
        .hint(Words::new(
            format!("`{first}` answers; `otherwise` is said when it cannot"),
            format!("由 `{first}` 回复；它无法回复时使用 `otherwise`"),
        )));
    }
    let hand_over = if other.key == "forward" {
        HandOver::Forward(Arc::new(forward(other, lookup)?))
    } else {
        HandOver::Assistant(Arc::new(assistant(other, lookup)?))
    };
    Ok(Answers { reply: Vec::new(), hand_over: Some(hand_over) })
}

fn matcher(table: &Reader<'_>, item: &Item<'_>) -> Result<On, ConfigError> {
    const KEYS: [&str; 9] =
        ["text", "contains", "regex", "click", "scan", "event", "type", "subscribe", "any"];
    table.only(&KEYS)?;
    let items = table.items();
    let [one] = items.as_slice() else {
        let count = items.len();
        let list = KEYS.join(", ");
        return Err(item
            .fail(Words::new(
                format!("`on` has {count} keys and must have exactly one"),
                format!("`on` 有 {count} 个键，必须恰好有一个"),
            ))
            .hint(Words::new(format!("one of: {list}"), format!("以下之一：{list}"))));
    };
    let yes = |on: On| {
        if one.is_true() {
            return Ok(on);
        }
        let key = &one.key;
        Err(one
            .fail(Words::new(format!("`{key}` must be true"), format!("`{key}` 必须是 true")))
            .hint(Words::new("a rule that should not answer is left out", "不需要的规则请直接删去")))
    };
    let list = || -> Result<Vec<String>, ConfigError> {
        if one.key == "scan" {
            return scenes(one);
        }
        let list = one.strings()?;
        if list.iter().any(|text| text.is_empty()) {
            let key = &one.key;
            return Err(one.fail(Words::new(format!("`{key}` is empty"), format!("`{key}` 是空的"))));
        }
        Ok(list.into_iter().map(str::to_owned).collect())
    };
    match one.key.as_str() {
        "text" => list().map(On::Text),
        "contains" => list().map(On::Contains),
        "regex" => list().map(On::Regex),
        "click" => list().map(On::Click),
        "scan" => list().map(On::Scan),
        "event" => list().map(On::Event),
        "type" => list().map(On::Type),
        "subscribe" => yes(On::Subscribe),
        _ => yes(On::Any),
    }
}

/// Scenes may be written as numbers too.
fn scenes(item: &Item<'_>) -> Result<Vec<String>, ConfigError> {
    let elements = item.elements();
    if elements.is_empty() {
        return Err(item.empty_list());
    }
    elements
        .iter()
        .map(|one| match one.json()?.0 {
            Value::String(text) if !text.is_empty() => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(one.wrong("a scene: a text or a number", "场景值：文本或数字")),
        })
        .collect()
}

fn fetches(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<Vec<FetchConfig>, ConfigError> {
    item.elements().iter().map(|one| fetch(one, lookup)).collect()
}

fn fetch(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<FetchConfig, ConfigError> {
    let table = item.table()?;
    let timeout = table.duration("timeout")?.unwrap_or(FETCH_TIMEOUT);
    let cache = table.duration("cache")?.filter(|life| !life.is_zero());
    let (source, place) = match (table.get("sql"), table.get("http")) {
        (Some(sql), None) => {
            table.only(&["sql", "database", "pick", "timeout", "cache"])?;
            let names = Words::new("name one of [databases]", "请写 [databases] 中的一个名字");
            let picks = [("first", Pick::First), ("rotate", Pick::Rotate), ("all", Pick::All)];
            let source = FetchSource::Sql {
                sql: sql.string()?.to_owned(),
                database: table.need("database", &names)?.string()?.to_owned(),
                pick: table.get("pick").map_or(Ok(Pick::First), |item| item.one_of(&picks))?,
            };
            (source, sql.place())
        }
        (None, Some(http)) => {
            table.only(&["http", "method", "query", "headers", "body", "timeout", "cache"])?;
            let methods = [("GET", "GET"), ("POST", "POST")];
            let body = table.get("body").map(|item| item.json()).transpose()?.map(|(body, _)| body);
            let method = table.get("method").map(|item| item.one_of(&methods)).transpose()?;
            let source = FetchSource::Http(HttpConfig {
                url: http.string()?.to_owned(),
                method: method.unwrap_or(if body.is_some() { "POST" } else { "GET" }),
                query: strings(&table, "query", lookup)?,
                headers: strings(&table, "headers", lookup)?,
                body,
            });
            (source, http.place())
        }
        _ => {
            return Err(item
                .fail(Words::new("`fetch` needs either `sql` or `http`", "`fetch` 需要 `sql` 或 `http` 之一"))
                .hint(Words::new(
                    "fetch = { sql = \"SELECT …\", database = \"NAME\" } or fetch = { http = \"https://…\" }",
                    "fetch = { sql = \"SELECT …\", database = \"名字\" } 或 fetch = { http = \"https://…\" }",
                )));
        }
    };
    Ok(FetchConfig { source, timeout, cache, place })
}

/// A table of strings, each of which may also be `env:NAME` or `file:PATH`.
fn strings(
    table: &Reader<'_>,
    key: &str,
    lookup: &Lookup<'_>,
) -> Result<BTreeMap<String, String>, ConfigError> {
    let Some(item) = table.get(key) else { return Ok(BTreeMap::new()) };
    item.table()?.items().iter().map(|one| Ok((one.key.clone(), lookup.resolve(one)?))).collect()
}

fn messages(item: &Item<'_>) -> Result<Vec<MessageConfig>, ConfigError> {
    let elements = item.elements();
    if elements.is_empty() {
        return Err(item.empty_list().hint(Words::new(
            "write a message such as { text = \"hello\" }, or { none = true } to say nothing",
            "请写一条消息，例如 { text = \"你好\" }；不作回复请写 { none = true }",
        )));
    }
    elements
        .iter()
        .map(|one| {
            if !one.is_table() {
                return Err(one.wrong(
                    "a message such as { text = \"hello\" }, or a list of them",
                    "消息，例如 { text = \"你好\" }，或消息的列表",
                ));
            }
            let (value, places) = one.json()?;
            Ok(MessageConfig { value, places })
        })
        .collect()
}
