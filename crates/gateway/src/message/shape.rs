//! Which fields each kind of message has, and how the short ways of writing one become the full one.

use serde_json::{Map, Value, json};

use crate::config::Words;

/// What is wrong with a message, and in which part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadMessage {
    /// JSON pointer to the part.
    pub pointer: String,
    /// What is wrong.
    pub what: Words,
}

impl std::fmt::Display for BadMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what.en)
    }
}

impl std::error::Error for BadMessage {}

/// The most bytes of a text that the platform takes.
pub(crate) const MAX_TEXT: usize = 2048;
/// The most articles of a passive news reply.
const MAX_ARTICLES: usize = 8;

struct Kind {
    name: &'static str,
    /// What a bare string means.
    short: Option<&'static str>,
    fields: &'static [(&'static str, Need)],
}

#[derive(Clone, Copy, PartialEq)]
enum Need {
    Must,
    May,
}
use Need::{May, Must};

const KINDS: [Kind; 13] = [
    Kind { name: "text", short: Some("content"), fields: &[("content", Must)] },
    Kind { name: "image", short: Some("media_id"), fields: &[("media_id", Must)] },
    Kind { name: "voice", short: Some("media_id"), fields: &[("media_id", Must)] },
    Kind {
        name: "video",
        short: Some("media_id"),
        fields: &[("media_id", Must), ("thumb_media_id", May), ("title", May), ("description", May)],
    },
    Kind {
        name: "music",
        short: Some("musicurl"),
        fields: &[
            ("musicurl", Must),
            ("hqmusicurl", May),
            ("title", May),
            ("description", May),
            ("thumb_media_id", May),
        ],
    },
    Kind { name: "news", short: None, fields: &[("articles", Must)] },
    Kind {
        name: "msgmenu",
        short: None,
        fields: &[("list", Must), ("head_content", May), ("tail_content", May)],
    },
    Kind { name: "mpnews", short: Some("media_id"), fields: &[("media_id", Must)] },
    Kind { name: "mpnewsarticle", short: Some("article_id"), fields: &[("article_id", Must)] },
    Kind { name: "wxcard", short: Some("card_id"), fields: &[("card_id", Must)] },
    Kind {
        name: "miniprogrampage",
        short: None,
        fields: &[("title", May), ("appid", Must), ("pagepath", Must), ("thumb_media_id", Must)],
    },
    Kind { name: "transfer", short: Some("kf_account"), fields: &[("kf_account", May)] },
    Kind { name: "none", short: None, fields: &[] },
];

const ARTICLE: [(&str, Need); 4] = [("title", Must), ("description", May), ("url", May), ("picurl", May)];
const MENU_ITEM: [(&str, Need); 2] = [("id", Must), ("content", Must)];

/// Brings a message into its full form, `{"msgtype": KIND, KIND: {…}}`, or says what is wrong with it.
pub(crate) fn full(value: &Value) -> Result<Map<String, Value>, BadMessage> {
    let message = value.as_object().ok_or_else(|| {
        bad(
            "",
            "a message is an object such as { text = \"hello\" }",
            "消息应写成 { text = \"你好\" } 这样的对象",
        )
    })?;
    let (kind, body) = split(message)?;
    let body = expand(kind, body)?;
    let path = format!("/{}", kind.name);
    fields(&body, kind.fields, &path)?;
    let body = parts(kind, body, &path)?;
    let mut full = Map::new();
    full.insert("msgtype".into(), kind.name.into());
    full.insert(kind.name.into(), Value::Object(body));
    if let Some(agent) = message.get("customservice") {
        full.insert("customservice".into(), agent.clone());
    }
    Ok(full)
}

fn split(message: &Map<String, Value>) -> Result<(&'static Kind, &Value), BadMessage> {
    let names = || KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    let mut found = None;
    for (key, body) in message {
        if matches!(key.as_str(), "msgtype" | "customservice" | "touser") {
            continue;
        }
        let kind = KINDS.iter().find(|kind| kind.name == key).ok_or_else(|| {
            let list = names();
            bad(
                &format!("/{key}"),
                format!("there is no message kind `{key}`; allowed: {list}"),
                format!("没有 `{key}` 这种消息；允许：{list}"),
            )
        })?;
        if found.replace((kind, body)).is_some() {
            return Err(bad(
                &format!("/{key}"),
                "a message has one kind: write a list to send several",
                "一条消息只能有一种类型：要发多条请写成列表",
            ));
        }
    }
    let none = || {
        let list = names();
        bad("", format!("the message has no kind; allowed: {list}"), format!("消息没有类型；允许：{list}"))
    };
    let found = match (found, message.get("msgtype")) {
        (None, Some(Value::String(name))) => {
            KINDS.iter().find(|kind| kind.name == name).map(|kind| (kind, &Value::Null))
        }
        (found, _) => found,
    };
    let (kind, body) = found.ok_or_else(none)?;
    match message.get("msgtype") {
        Some(stated) if stated != kind.name => Err(bad(
            "/msgtype",
            format!("`msgtype` says {stated}, the message is `{}`", kind.name),
            format!("`msgtype` 是 {stated}，而消息内容是 `{}`", kind.name),
        )),
        _ => Ok((kind, body)),
    }
}

/// A bare string, `true`, a single article and a bare list stand for the full object.
fn expand(kind: &Kind, body: &Value) -> Result<Map<String, Value>, BadMessage> {
    let path = format!("/{}", kind.name);
    let one = |key: &str, value: Value| Map::from_iter([(key.to_owned(), value)]);
    match (kind.name, kind.short, body) {
        ("news", _, Value::Array(articles)) => Ok(one("articles", json!(articles))),
        ("news", _, Value::Object(article)) if !article.contains_key("articles") => {
            Ok(one("articles", json!([article])))
        }
        (_, _, Value::Object(body)) => Ok(body.clone()),
        (_, Some(short), Value::String(text)) => Ok(one(short, json!(text))),
        ("none" | "transfer", _, Value::Bool(true) | Value::Null) => Ok(Map::new()),
        _ => Err(bad(
            &path,
            format!(
                "`{}` must be {}",
                kind.name,
                if kind.short.is_some() { "a string or an object" } else { "an object" }
            ),
            format!("`{}` 必须是{}", kind.name, if kind.short.is_some() { "字符串或对象" } else { "对象" }),
        )),
    }
}

/// Only known fields, and all that must be there.
fn fields(body: &Map<String, Value>, known: &[(&str, Need)], path: &str) -> Result<(), BadMessage> {
    let list = || known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let owner = path.trim_start_matches('/').replace('/', ".");
    if let Some(key) = body.keys().find(|key| !known.iter().any(|(name, _)| name == key)) {
        let list = list();
        return Err(bad(
            &format!("{path}/{key}"),
            format!("`{owner}` has no field `{key}`; allowed: {list}"),
            format!("`{owner}` 没有字段 `{key}`；允许：{list}"),
        ));
    }
    for (name, _) in known.iter().filter(|(_, need)| *need == Must) {
        if body.get(*name).is_none_or(|value| value.is_null() || value == "") {
            return Err(bad(path, format!("`{owner}` needs `{name}`"), format!("`{owner}` 缺少 `{name}`")));
        }
    }
    Ok(())
}

/// Checks the parts of lists, makes every field a string, and checks limits that can be known now.
fn parts(kind: &Kind, mut body: Map<String, Value>, path: &str) -> Result<Map<String, Value>, BadMessage> {
    let (list, item, most): (&str, &[(&str, Need)], usize) = match kind.name {
        "news" => ("articles", &ARTICLE, MAX_ARTICLES),
        "msgmenu" => ("list", &MENU_ITEM, usize::MAX),
        _ => ("", &[], 0),
    };
    for (key, value) in &mut body {
        let path = format!("{path}/{key}");
        if key != list {
            *value = string(value, &path)?;
            continue;
        }
        let items = value.as_array_mut().filter(|items| !items.is_empty() && items.len() <= most);
        let Some(items) = items else {
            return Err(match kind.name {
                "news" => {
                    bad(&path, "`news` has 1 to 8 articles in a list", "`news` 应是 1 到 8 篇文章的列表")
                }
                _ => bad(&path, "`msgmenu.list` is a list of items", "`msgmenu.list` 应是菜单项的列表"),
            });
        };
        for (index, one) in items.iter_mut().enumerate() {
            let path = format!("{path}/{index}");
            let Value::Object(object) = one else {
                return Err(bad(&path, "this must be an object", "这里必须是对象"));
            };
            fields(object, item, &path)?;
            for (key, value) in object {
                *value = string(value, &format!("{path}/{key}"))?;
            }
        }
    }
    limits(&body, path)?;
    Ok(body)
}

fn string(value: &Value, path: &str) -> Result<Value, BadMessage> {
    match value {
        Value::String(_) => Ok(value.clone()),
        Value::Number(number) => Ok(number.to_string().into()),
        _ => Err(bad(path, "this must be a string", "这里必须是字符串")),
    }
}

fn limits(body: &Map<String, Value>, path: &str) -> Result<(), BadMessage> {
    let Some(Value::String(content)) = body.get("content") else { return Ok(()) };
    let bytes = content.len();
    if bytes > MAX_TEXT && !is_template(content) {
        return Err(bad(
            &format!("{path}/content"),
            format!(
                "the text has {bytes} bytes; the platform takes {MAX_TEXT} at most: make it a list of two"
            ),
            format!("文本有 {bytes} 个字节；平台最多接受 {MAX_TEXT} 个：请拆成两条"),
        ));
    }
    Ok(())
}

/// Whether a string is made anew for every message.
pub(crate) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

fn bad(pointer: &str, en: impl Into<String>, zh: impl Into<String>) -> BadMessage {
    BadMessage { pointer: pointer.to_owned(), what: Words::new(en, zh) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Value) -> Value {
        Value::Object(full(&value).expect("a good message"))
    }

    #[test]
    fn short_forms_become_the_platforms_own() {
        assert_eq!(check(json!({"text": "hi"})), json!({"msgtype": "text", "text": {"content": "hi"}}));
        assert_eq!(check(json!({"image": "M"})), json!({"msgtype": "image", "image": {"media_id": "M"}}));
        assert_eq!(check(json!({"transfer": true})), json!({"msgtype": "transfer", "transfer": {}}));
        assert_eq!(
            check(json!({"news": {"title": "T", "url": "U"}})),
            json!({"msgtype": "news", "news": {"articles": [{"title": "T", "url": "U"}]}})
        );
        assert_eq!(
            check(json!({"msgmenu": {"list": [{"id": 1, "content": "yes"}]}})),
            json!({"msgtype": "msgmenu", "msgmenu": {"list": [{"id": "1", "content": "yes"}]}})
        );
    }

    #[test]
    fn the_full_form_stays_as_it_is() {
        let full =
            json!({"msgtype": "text", "text": {"content": "hi"}, "customservice": {"kf_account": "a@b"}});
        assert_eq!(check(full.clone()), full);
    }

    #[test]
    fn mistakes_name_the_part_and_what_is_allowed() {
        for (message, pointer, part) in [
            (json!({"txt": "hi"}), "/txt", "allowed: text, image"),
            (json!({"text": "a", "image": "b"}), "/image", "one kind"),
            (json!({"image": {"mediaid": "b"}}), "/image/mediaid", "allowed: media_id"),
            (json!({"image": {}}), "/image", "needs `media_id`"),
            (json!({"news": {"articles": []}}), "/news/articles", "1 to 8"),
            (json!({"news": [{"title": "a", "link": "b"}]}), "/news/articles/0/link", "allowed: title"),
            (json!({"text": "字".repeat(683)}), "/text/content", "2049 bytes"),
            (json!({"msgtype": "image", "text": "a"}), "/msgtype", "msgtype"),
            (json!({"text": 5}), "/text", "a string or an object"),
            (json!({}), "", "no kind"),
            (json!("hi"), "", "object"),
        ] {
            let bad = full(&message).expect_err("refused");
            assert_eq!(bad.pointer, pointer, "{message}");
            assert!(bad.what.en.contains(part), "{}", bad.what.en);
        }
    }
}
