//! Reads an expectation.

use super::fields::{Fields, Read, Source};
use super::keys;
use super::model::{Deed, Expect, PushWanted, Wanted};
use super::steps::{Stage, api_path};
use super::tree::{Node, Tree};
use super::words::Words;

/// Reads what stands under `expect`.
pub(crate) fn read<'a>(stage: &mut Stage<'a>, node: &'a Node) -> Read<Deed> {
    let source = stage.source;
    let subject = match &node.tree {
        Tree::Map(items) => {
            keys::EXPECT.iter().find(|subject| items.iter().any(|(key, _)| key.name == **subject))
        }
        _ => None,
    };
    let Some(subject) = subject else {
        let what = Words::new("what is expected?", "期望什么？");
        let list = keys::EXPECT.join(", ");
        let hint = Words::new(format!("name one of: {list}"), format!("写出其中之一：{list}"));
        return source.bad(node.place, what, Some(hint));
    };
    let allowed = match *subject {
        "phone" => keys::PHONE,
        "push" => keys::PUSH,
        "api" => keys::API,
        "notice" => keys::NOTICE,
        _ => keys::NO_NOTICE,
    };
    let fields = source.fields(node, allowed)?;
    let within = fields.read("within", Source::length)?;
    let expect = match *subject {
        "phone" => phone(stage, &fields)?,
        "push" => Expect::Push(PushWanted {
            kind: source.text(fields.must("push")?)?.to_owned(),
            person: fields.get("user").map(|node| stage.person(node)).transpose()?,
            event_key: fields.read("event_key", Source::pattern)?,
            outcome: fields.text("outcome")?.map(str::to_owned),
            finding: fields.text("finding")?.map(str::to_owned),
            tries: fields.read("tries", Source::limit)?,
            reply_ms: fields.read("reply_ms", Source::limit)?,
        }),
        "api" => Expect::Api {
            path: api_path(source.text(fields.must("api")?)?),
            person: fields.get("user").map(|node| stage.person(node)).transpose()?,
            errcode: fields
                .read("errcode", |source, node| source.parsed(node, |text| text.parse().ok(), "45015"))?,
        },
        "notice" => Expect::Notice {
            person: stage.person(fields.must("notice")?)?,
            text: fields.read("text", Source::pattern)?,
        },
        _ => Expect::NoNotice { person: stage.person(fields.must("no_notice")?)? },
    };
    Ok(Deed::Expect(expect, within))
}

fn phone<'a>(stage: &mut Stage<'a>, fields: &Fields<'a>) -> Read<Expect> {
    let source = stage.source;
    let person = stage.person(fields.must("phone")?)?;
    let mut message = wanted(fields)?;
    if let Some(node) = fields.get("count") {
        // Either `count: 2`, or `count: {text: …}` with `is: 2`.
        let number = match &node.tree {
            Tree::Map(_) => {
                message = wanted(&source.fields(node, keys::COUNT)?)?;
                source.limit(fields.must("is")?)?
            }
            _ => source.limit(node)?,
        };
        return Ok(Expect::Count { person, message, number });
    }
    if fields.get("is").is_some() {
        let what = Words::new("`is` belongs to `count`", "is 要和 count 一起用");
        return source.bad(fields.place, what, None);
    }
    for (name, many) in [("differs", true), ("same", false)] {
        let Some(node) = fields.get(name) else { continue };
        let names = match &node.tree {
            Tree::List(items) if many => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for node in names {
            let saved = source.text(node)?;
            if !stage.saved.iter().any(|known| known == saved) {
                let what = Words::new(
                    format!("no step before this one saves {saved:?}"),
                    format!("前面没有步骤保存过 {saved:?}"),
                );
                let hint = Words::new(
                    format!("add `save: {saved}` to an earlier expectation"),
                    format!("请在前面的 expect 里加上 `save: {saved}`"),
                );
                return source.bad(node.place, what, Some(hint));
            }
            if many {
                message.differs.push(saved.to_owned());
            } else {
                message.same = Some(saved.to_owned());
            }
        }
    }
    let save = fields.text("save")?.map(str::to_owned);
    stage.saved.extend(save.clone());
    Ok(Expect::Phone { person, message, save })
}

fn wanted(fields: &Fields<'_>) -> Read<Wanted> {
    Ok(Wanted {
        text: fields.read("text", Source::pattern)?,
        kind: fields.text("type")?.map(str::to_owned),
        title: fields.read("title", Source::pattern)?,
        passive: fields.read("passive", Source::flag)?,
        ..Wanted::default()
    })
}
