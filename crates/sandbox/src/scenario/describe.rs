//! Puts into words what was expected and what there was.

use serde_json::Value;

use super::model::{Expect, Wanted};
use super::words::Words;

/// The readable line of a message.
pub(crate) fn text(message: &Value) -> &str {
    message["text"].as_str().unwrap_or_default()
}

/// The title of a message, or of its first article.
pub(crate) fn title(message: &Value) -> &str {
    message["title"].as_str().or_else(|| message["articles"][0]["title"].as_str()).unwrap_or_default()
}

/// The EventKey of a push; empty when it has none.
pub(crate) fn event_key(push: &Value) -> String {
    let plain = push["request"]["plain"].as_str().unwrap_or_default();
    if let Ok(json) = serde_json::from_str::<Value>(plain) {
        return json["EventKey"].as_str().unwrap_or_default().to_owned();
    }
    let root = crate::reply::xml::read(plain).unwrap_or_default();
    root.text("EventKey").unwrap_or_default().to_owned()
}

/// The deliveries the platform makes by itself; those of a fault are not counted.
pub(crate) fn tries(push: &Value) -> usize {
    own_tries(push).count()
}

fn own_tries(push: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    push["tries"].as_array().into_iter().flatten().filter(|one| one["duplicate"] != true)
}

/// How long the last try took.
pub(crate) fn reply_ms(push: &Value) -> u64 {
    own_tries(push).next_back().and_then(|one| one["took_ms"].as_u64()).unwrap_or_default()
}

/// The codes of what is wrong with an exchange.
pub(crate) fn findings(exchange: &Value) -> impl Iterator<Item = &str> {
    exchange["findings"].as_array().into_iter().flatten().filter_map(|finding| finding["code"].as_str())
}

/// The errcode of a call's answer; 0 when it has none.
pub(crate) fn errcode(call: &Value) -> i64 {
    call["reply"]["body"]["errcode"].as_i64().unwrap_or_default()
}

/// At most this many of anything are listed.
const LISTED: usize = 5;

fn list(items: Vec<String>, none: (&str, &str)) -> Words {
    if items.is_empty() {
        return Words::new(none.0, none.1);
    }
    let more = items.len().saturating_sub(LISTED);
    let mut text = items[more..].join("; ");
    if more > 0 {
        text = format!("… {text}");
    }
    Words::same(text)
}

/// The messages that are there, without the person's own.
pub(crate) fn messages(messages: &[Value]) -> Words {
    let lines = messages.iter().filter(|message| message["from"] != "user").map(|message| {
        let kind = message["type"].as_str().unwrap_or_default();
        let passive = if message["passive"] == true { ", passive" } else { "" };
        format!("{kind} {:?}{passive}", text(message))
    });
    list(lines.collect(), ("no message", "没有消息"))
}

pub(crate) fn counted(count: usize, all: &[Value]) -> Words {
    let there = messages(all);
    Words::new(format!("{count}; {}", there.en), format!("{count} 条；{}", there.zh))
}

pub(crate) fn pushes(pushes: &[Value]) -> Words {
    let lines = pushes.iter().map(|push| {
        let mut line = format!(
            "{} {}",
            push["kind"].as_str().unwrap_or_default(),
            push["outcome"].as_str().unwrap_or_default()
        );
        let key = event_key(push);
        if !key.is_empty() {
            line.extend([format!(", event_key {key}")]);
        }
        line.extend([format!(", tries {}, reply_ms {}", tries(push), reply_ms(push))]);
        findings(push).for_each(|code| line.extend([format!(", finding {code}")]));
        line
    });
    list(lines.collect(), ("no push", "没有推送"))
}

pub(crate) fn calls(calls: &[Value]) -> Words {
    let lines = calls
        .iter()
        .map(|call| format!("{} errcode {}", call["kind"].as_str().unwrap_or_default(), errcode(call)));
    list(lines.collect(), ("no call", "没有接口调用"))
}

/// What an expectation asks for.
pub(crate) fn expected(expect: &Expect) -> Words {
    match expect {
        Expect::Phone { person, message, .. } => {
            let what = wanted(message);
            Words::new(format!("on the phone of {person}: {what}"), format!("{person} 的手机上：{what}"))
        }
        Expect::Count { person, message, number } => {
            let what = wanted(message);
            Words::new(
                format!("on the phone of {person}, {number} times: {what}"),
                format!("{person} 的手机上 {number} 条：{what}"),
            )
        }
        Expect::Push(push) => {
            let mut parts = vec![push.kind.clone()];
            parts.extend(push.person.as_ref().map(|person| format!("user {person}")));
            parts.extend(push.event_key.as_ref().map(|key| format!("event_key {key}")));
            parts.extend(push.outcome.as_ref().map(|outcome| format!("outcome {outcome}")));
            parts.extend(push.finding.as_ref().map(|finding| format!("finding {finding}")));
            parts.extend(push.tries.as_ref().map(|tries| format!("tries {tries}")));
            parts.extend(push.reply_ms.as_ref().map(|ms| format!("reply_ms {ms}")));
            let what = parts.join(", ");
            Words::new(format!("a push {what}"), format!("推送 {what}"))
        }
        Expect::Api { path, person, errcode } => {
            let mut what = path.clone();
            if let Some(person) = person {
                what.extend([format!(" user {person}")]);
            }
            if let Some(code) = errcode {
                what.extend([format!(" errcode {code}")]);
            }
            Words::new(format!("a call of {what}"), format!("接口调用 {what}"))
        }
        Expect::Notice { person, text } => {
            let what = text.as_ref().map(|text| format!(" {text}")).unwrap_or_default();
            Words::new(
                format!("a notice on the phone of {person}{what}"),
                format!("{person} 的手机上有系统提示{what}"),
            )
        }
        Expect::NoNotice { person } => Words::new(
            format!("no notice on the phone of {person}"),
            format!("{person} 的手机上没有系统提示"),
        ),
    }
}

fn wanted(message: &Wanted) -> String {
    let mut parts = Vec::new();
    parts.extend(message.kind.as_ref().map(|kind| format!("type {kind}")));
    parts.extend(message.text.as_ref().map(|text| format!("text {text}")));
    parts.extend(message.title.as_ref().map(|title| format!("title {title}")));
    parts.extend(message.passive.map(|passive| format!("passive {passive}")));
    parts.extend(message.differs.iter().map(|name| format!("differs {name}")));
    parts.extend(message.same.as_ref().map(|name| format!("same {name}")));
    if parts.is_empty() { "a message".to_owned() } else { parts.join(", ") }
}
