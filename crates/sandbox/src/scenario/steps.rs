//! Reads one step: what somebody does, what befalls the account, or what must have happened.

use serde_json::{Map, Value, json};

use super::acts;
use super::bad::Place;
use super::expects;
use super::fields::{Read, Source};
use super::model::{Deed, Step};
use super::read::MOMENT;
use super::tree::{Node, Tree};
use super::words::Words;
use super::{keys, when};

/// What a step may refer to.
pub(crate) struct Stage<'a> {
    pub(crate) source: Source<'a>,
    people: Vec<String>,
    /// The accounts that are listed; without a list those of the sandbox are looked up when the file is played.
    accounts: Vec<String>,
    /// Names of messages that earlier steps saved.
    pub(crate) saved: Vec<String>,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(source: Source<'a>, people: &[&str], accounts: &[&str]) -> Self {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Stage { source, people: own(people), accounts: own(accounts), saved: Vec::new() }
    }

    /// Somebody who takes part.
    pub(crate) fn person(&self, node: &'a Node) -> Read<String> {
        let id = self.source.text(node)?;
        if self.people.iter().any(|person| person == id) {
            return Ok(id.to_owned());
        }
        let what = Words::new(format!("nobody here is called {id:?}"), format!("没有叫 {id:?} 的人"));
        self.source.bad(node.place, what, Some(self.cast()))
    }

    fn cast(&self) -> Words {
        let people = self.people.join(", ");
        Words::new(format!("the users are: {people}"), format!("users 里有：{people}"))
    }
}

/// What stands for somebody's OpenID in bodies and faults until it is known.
pub(crate) const OPENID: &str = "openid:";

/// Reads a step.
pub(crate) fn read<'a>(stage: &mut Stage<'a>, node: &'a Node) -> Read<Step> {
    let source = stage.source;
    let allowed: Vec<&str> =
        stage.people.iter().map(String::as_str).chain(keys::STEP.iter().copied()).collect();
    let Tree::Map(items) = &node.tree else {
        let what = Words::new("a step is `somebody: does something`", "步骤的写法是“某人: 做某事”");
        let list = allowed.join(", ");
        let hint = Words::new(format!("allowed: {list}"), format!("可用：{list}"));
        return source.bad(node.place, what, Some(hint));
    };
    source.fields(node, &allowed)?;
    let named = items.iter().find(|(key, _)| key.name == ACCOUNT);
    let deeds: Vec<_> = items.iter().filter(|(key, _)| key.name != ACCOUNT).collect();
    let [(key, value)] = deeds.as_slice() else {
        let place = deeds.get(1).map_or(node.place, |(key, _)| key.place);
        let what = Words::new("a step does one thing", "一个步骤只做一件事");
        let hint = Words::new("begin the next step with `- `", "下一步请另起一行，以 `- ` 开头");
        return source.bad(place, what, Some(hint));
    };
    let deed = match key.name.as_str() {
        "expect" => expects::read(stage, value)?,
        "clock" => clock(source, value)?,
        "fault" => Deed::Faults(faults(stage, value)?),
        "token" => {
            source.parsed(value, |text| (text == "expire").then_some(()), "expire")?;
            Deed::ExpireToken
        }
        "qrcode" => poster(source, value)?,
        "call" => call(source, value)?,
        person => acts::read(source, person, value)?,
    };
    let names: Vec<&str> = stage.accounts.iter().map(String::as_str).collect();
    let account = named.map(|(_, node)| account(source, node, &names)).transpose()?;
    Ok(Step { place: key.place, shown: shown(source, key.place), account, deed })
}

/// The name of an account, one of those that are listed.
pub(crate) fn account<'a>(source: Source<'a>, node: &'a Node, listed: &[&str]) -> Read<String> {
    let name = source.text(node)?;
    if listed.is_empty() || listed.contains(&name) {
        return Ok(name.to_owned());
    }
    let list = listed.join(", ");
    let what = Words::new(format!("no account here is called {name:?}"), format!("没有叫 {name:?} 的账号"));
    let hint = Words::new(format!("the accounts are: {list}"), format!("accounts 里有：{list}"));
    source.bad(node.place, what, Some(hint))
}

/// Beside a step's deed: the account it concerns.
const ACCOUNT: &str = "account";

/// The line of a step without its dash and its comment.
fn shown(source: Source<'_>, place: Place) -> String {
    let line = source.text.lines().nth(place.line - 1).unwrap_or_default();
    let line: String = line.chars().skip(place.column - 1).collect();
    line.split(" #").next().unwrap_or_default().trim_end().to_owned()
}

fn clock<'a>(source: Source<'a>, node: &'a Node) -> Read<Deed> {
    let parse = |text: &str| match text.strip_prefix('+') {
        Some(length) => when::length_ms(length).map(Deed::Advance),
        None => when::moment_ms(text).map(Deed::MoveTo),
    };
    source.parsed(node, parse, &format!("+48h1m or {MOMENT}"))
}

fn poster<'a>(source: Source<'a>, node: &'a Node) -> Read<Deed> {
    const DAYS_30: i64 = 30 * 86_400;
    let fields = source.fields(node, keys::QRCODE)?;
    let name = source.text(fields.must("poster")?)?.to_owned();
    let permanent = fields.read("permanent", Source::flag)?.unwrap_or(false);
    let length = fields.read("expires", Source::length)?;
    Ok(Deed::Poster {
        scene: fields.text("scene")?.unwrap_or(&name).to_owned(),
        seconds: (!permanent).then(|| length.map_or(DAYS_30, |ms| ms / 1000)),
        name,
    })
}

fn call<'a>(source: Source<'a>, node: &'a Node) -> Read<Deed> {
    let fields = source.fields(node, keys::CALL)?;
    let path = source.text(fields.must("api")?)?;
    Ok(Deed::Call { path: api_path(path), body: fields.get("body").map(Node::to_json) })
}

/// The path of an endpoint, also without its first part.
pub(crate) fn api_path(path: &str) -> String {
    let whole = path.starts_with('/');
    let path = path.trim_start_matches('/');
    let known = ["cgi-bin/", "customservice/", "sns/", "wxa/", "wxaapi/", "connect/", "datacube/"];
    if whole || known.iter().any(|first| path.starts_with(first)) {
        format!("/{path}")
    } else {
        format!("/cgi-bin/{path}")
    }
}

fn faults<'a>(stage: &Stage<'a>, node: &'a Node) -> Read<Vec<Value>> {
    match &node.tree {
        Tree::Scalar { text, .. } if text == "none" => Ok(Vec::new()),
        Tree::List(items) => items.iter().map(|item| fault(stage, item)).collect(),
        _ => Ok(vec![fault(stage, node)?]),
    }
}

/// `{push: text, duplicate: 2}`: what it hits and what it does, side by side.
fn fault<'a>(stage: &Stage<'a>, node: &'a Node) -> Read<Value> {
    let source = stage.source;
    let allowed = [keys::FAULT_ON, keys::FAULT_DO].concat();
    let fields = source.fields(node, &allowed)?;
    let mut on = Map::new();
    match (fields.text("push")?, fields.text("api")?) {
        (Some(event), None) => {
            on.insert("direction".into(), "push".into());
            if event != "any" {
                on.insert("event".into(), event.into());
            }
        }
        (None, Some(endpoint)) => {
            on.insert("direction".into(), "api".into());
            if endpoint != "any" {
                on.insert("endpoint".into(), endpoint.into());
            }
        }
        _ => {
            let what = Words::new("a fault hits either `push` or `api`", "故障要么针对 push，要么针对 api");
            let hint = Words::new(
                "write {push: text, …}, {api: message/custom/send, …}, or `any` for all",
                "写法如 {push: text, …}、{api: message/custom/send, …}，全部用 any",
            );
            return source.bad(node.place, what, Some(hint));
        }
    }
    if let Some(user) = fields.get("user") {
        on.insert("user".into(), format!("{OPENID}{}", stage.person(user)?).into());
    }
    if let Some(nth) = fields.get("nth") {
        on.insert("nth".into(), nth.to_json());
    }
    let given = |names: &[&str]| -> Map<String, Value> {
        names.iter().filter_map(|name| Some(((*name).to_owned(), fields.get(name)?.to_json()))).collect()
    };
    let deed = given(keys::FAULT_DO);
    if deed.is_empty() {
        let what = Words::new("what does the fault do?", "故障要做什么？");
        let list = keys::FAULT_DO.join(", ");
        return source.bad(
            node.place,
            what,
            Some(Words::new(format!("one of: {list}"), format!("可用：{list}"))),
        );
    }
    let mut fault = json!({"on": on, "do": deed});
    if let Value::Object(fault) = &mut fault {
        fault.extend(given(&["times", "probability", "seed"]));
    }
    Ok(fault)
}
