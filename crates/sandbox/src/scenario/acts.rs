//! Reads what a person does: `say 你好`, or `{send: {msgtype: image, file: a.jpg}}`.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fields::{Read, Source};
use super::keys;
use super::model::Deed;
use super::tree::{Node, Tree};
use super::words::Words;

/// Reads an action of a person.
pub(crate) fn read<'a>(source: Source<'a>, person: &str, node: &'a Node) -> Read<Deed> {
    let (verb, body) = match &node.tree {
        Tree::Scalar { text, .. } => {
            let (verb, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            let verb = known(source, node, verb)?;
            (verb, short(source, node, verb, rest.trim())?)
        }
        Tree::Map(items) => {
            source.fields(node, keys::VERB)?;
            let [(key, value)] = items.as_slice() else {
                let what = Words::new("a step does one thing", "一个步骤只做一件事");
                return source.bad(node.place, what, None);
            };
            let verb = known(source, node, &key.name)?;
            (verb, long(source, verb, value)?)
        }
        Tree::List(_) => {
            let what = Words::new("a step does one thing", "一个步骤只做一件事");
            return source.bad(node.place, what, None);
        }
    };
    Ok(Deed::Act { person: person.to_owned(), verb, body })
}

fn known<'a>(source: Source<'a>, node: &'a Node, verb: &str) -> Read<&'static str> {
    match keys::VERB.iter().find(|known| **known == verb) {
        Some(known) => Ok(known),
        None => source.unknown(node.place, verb, keys::VERB),
    }
}

/// The rest of `say 你好`.
fn short<'a>(source: Source<'a>, node: &'a Node, verb: &str, rest: &str) -> Read<Value> {
    let needs = |example: &str| {
        let what = Words::new(format!("{verb} what?"), format!("{verb} 什么？"));
        let hint =
            Words::new(format!("write it like `{verb} {example}`"), format!("写法如 `{verb} {example}`"));
        source.bad(node.place, what, Some(hint))
    };
    match verb {
        "follow" | "unfollow" | "pay" | "mute" | "unmute" if rest.is_empty() => Ok(json!({})),
        "follow" | "unfollow" | "pay" | "mute" | "unmute" => {
            let what =
                Words::new(format!("nothing belongs after {verb}"), format!("{verb} 后面不应再有内容"));
            source.bad(node.place, what, None)
        }
        "say" if !rest.is_empty() => Ok(json!({ "text": rest })),
        "tap" if !rest.is_empty() => Ok(json!({ "button": rest })),
        "menu_click" if !rest.is_empty() => Ok(json!({ "id": rest })),
        "send" if !rest.is_empty() => Ok(json!({ "msgtype": rest })),
        "scan" if !rest.is_empty() => Ok(match rest.strip_prefix("poster:") {
            Some(name) => json!({ "poster": name }),
            None if rest.starts_with("http") => json!({ "url": rest }),
            None => json!({ "ticket": rest }),
        }),
        "subscription" if !rest.is_empty() => Ok(json!({ "template_id": rest })),
        "locate" | "report_location" => {
            let mut parts = rest.splitn(3, |letter: char| letter == ',' || letter.is_whitespace());
            let mut number = || parts.next()?.trim().parse::<f64>().ok();
            match (number(), number()) {
                (Some(latitude), Some(longitude)) if verb == "report_location" => {
                    Ok(json!({"latitude": latitude, "longitude": longitude}))
                }
                (Some(latitude), Some(longitude)) => {
                    let label = parts.next().unwrap_or_default().trim();
                    Ok(json!({"latitude": latitude, "longitude": longitude, "label": label}))
                }
                _ => needs("39.9087,116.3975 天安门"),
            }
        }
        "scan" => needs("poster:spring"),
        "tap" => needs("关于我们/公司简介"),
        "send" => needs("image"),
        "menu_click" => needs("101"),
        "subscription" => needs("subscribe-template-1"),
        _ => needs("你好"),
    }
}

/// The value of `{say: 你好}` or `{tap: {key: …}}`.
fn long<'a>(source: Source<'a>, verb: &str, node: &'a Node) -> Read<Value> {
    if let Some(text) = node.scalar() {
        return short(source, node, verb, text);
    }
    let allowed = match verb {
        "tap" => keys::TAP,
        "locate" => keys::LOCATE,
        "report_location" => keys::REPORT,
        "subscription" => keys::SUBSCRIPTION,
        "scan" => keys::SCAN,
        "send" => return message(source, node),
        _ => {
            let what = Words::new("a text belongs here", "这里应该是文本");
            return source.bad(node.place, what, None);
        }
    };
    source.fields(node, allowed)?;
    Ok(node.to_json())
}

/// A message; `file` is read and sent as its bytes.
fn message<'a>(source: Source<'a>, node: &'a Node) -> Read<Value> {
    let mut body = node.to_json();
    let Tree::Map(items) = &node.tree else {
        return source.bad(node.place, Words::new("a message belongs here", "这里应该是一条消息"), None);
    };
    if let Some((_, file)) = items.iter().find(|(key, _)| key.name == "file") {
        let name = source.text(file)?;
        let folder = Path::new(source.file).parent().unwrap_or(Path::new("."));
        match std::fs::read(folder.join(name)) {
            Ok(bytes) => body["data"] = Value::from(STANDARD.encode(bytes)),
            Err(error) => {
                let what =
                    Words::new(format!("cannot read {name}: {error}"), format!("无法读取 {name}：{error}"));
                return source.bad(file.place, what, None);
            }
        }
        if let Value::Object(body) = &mut body {
            body.remove("file");
        }
    }
    Ok(body)
}
