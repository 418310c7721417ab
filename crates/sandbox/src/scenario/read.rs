//! Reads a scenario file: its head and its people; the steps follow in their own files.

use super::bad::BadScenario;
use super::fields::{Fields, Read, Source};
use super::model::{Account, Cast, Scenario};
use super::steps::{self, Stage};
use super::tree::{self, Node, Tree};
use super::words::Words;
use super::{keys, when};
use crate::options::{AccountOptions, Format, Kind, Mode};

impl Scenario {
    /// Reads a scenario; `file` is the name that messages give.
    pub fn parse(file: &str, text: &str) -> Result<Scenario, BadScenario> {
        let root = tree::read(file, text)?;
        let source = Source { file, text };
        let fields = source.fields(&root, keys::TOP)?;
        let accounts = accounts(&fields)?;
        let names: Vec<&str> = accounts.iter().map(|account| account.id.as_str()).collect();
        let people = people(&fields, &names)?;
        let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
        let mut stage = Stage::new(source, &ids, &names);
        let steps = source.items(fields.must("steps")?)?;
        let steps = steps.iter().map(|node| steps::read(&mut stage, node)).collect::<Read<_>>()?;
        Ok(Scenario {
            file: file.to_owned(),
            name: fields.text("name")?.unwrap_or_default().to_owned(),
            seed: fields.read("seed", |source, node| source.parsed(node, |text| text.parse().ok(), "7"))?,
            clock_ms: fields.read("clock", |source, node| source.parsed(node, when::moment_ms, MOMENT))?,
            accounts,
            people,
            steps,
        })
    }
}

pub(crate) const MOMENT: &str = "2026-01-01T09:00:00+08:00";

fn people(fields: &Fields<'_>, accounts: &[&str]) -> Read<Vec<Cast>> {
    let source = fields.source;
    let mut people: Vec<Cast> = Vec::new();
    for node in source.items(fields.must("users")?)? {
        let person = if let Some(id) = node.scalar() {
            Cast { id: id.to_owned(), nickname: id.to_owned(), platform: 2, follows: Vec::new() }
        } else {
            let fields = source.fields(node, keys::USER)?;
            let id = source.text(fields.must("id")?)?;
            let code = |text: &str| text.parse().ok().filter(|code| (1..=3).contains(code));
            Cast {
                id: id.to_owned(),
                nickname: fields.text("nickname")?.unwrap_or(id).to_owned(),
                platform: fields
                    .read("platform", |source, node| source.parsed(node, code, "1, 2 or 3"))?
                    .unwrap_or(2),
                follows: fields
                    .get("following")
                    .map_or(Ok(Vec::new()), |node| follows(source, node, accounts))?,
            }
        };
        if keys::STEP.contains(&person.id.as_str()) || people.iter().any(|other| other.id == person.id) {
            let id = &person.id;
            let what =
                Words::new(format!("nobody can be called {id:?} here"), format!("这里不能有人叫 {id:?}"));
            let hint =
                Words::new("take a name that is not a kind of step and not taken", "请换一个没被占用的名字");
            return source.bad(node.place, what, Some(hint));
        }
        people.push(person);
    }
    Ok(people)
}

/// `true`, or the accounts that are followed.
fn follows<'a>(source: Source<'a>, node: &'a Node, accounts: &[&str]) -> Read<Vec<Option<String>>> {
    let Tree::List(items) = &node.tree else {
        return Ok(if source.flag(node)? { vec![None] } else { Vec::new() });
    };
    items.iter().map(|item| steps::account(source, item, accounts).map(Some)).collect()
}

fn accounts(fields: &Fields<'_>) -> Read<Vec<Account>> {
    let Some(node) = fields.get("accounts") else { return Ok(Vec::new()) };
    let source = fields.source;
    let mut accounts: Vec<Account> = Vec::new();
    for (index, node) in source.items(node)?.iter().enumerate() {
        let account = account(source, node, index)?;
        let same = |other: &Account| other.id == account.id || other.options.app_id == account.options.app_id;
        if accounts.iter().any(same) {
            let what =
                Words::new("another account has this id or app_id", "另一个账号已有相同的 id 或 app_id");
            return source.bad(node.place, what, None);
        }
        accounts.push(account);
    }
    Ok(accounts)
}

fn account<'a>(source: Source<'a>, node: &'a Node, index: usize) -> Read<Account> {
    let fields = source.fields(node, keys::ACCOUNT)?;
    let mut account = AccountOptions::default();
    if index > 0 {
        // The first one without an AppID is the demo account.
        account.app_id = format!("wx{index:016x}");
    }
    let texts = [
        ("app_id", &mut account.app_id),
        ("secret", &mut account.secret),
        ("token", &mut account.token),
        ("aes_key", &mut account.aes_key),
    ];
    for (name, target) in texts {
        if let Some(text) = given(&fields, name)? {
            *target = text;
        }
    }
    if let Some(name) = given(&fields, "name")?.or(given(&fields, "id")?) {
        account.name = name;
    }
    account.callback = given(&fields, "callback")?.or(given(&fields, "url")?);
    account.original_id = given(&fields, "original_id")?;
    account.open_platform = given(&fields, "open_platform")?;
    let mode = |text: &str| match text {
        "plain" => Some(Mode::Plain),
        "compatible" => Some(Mode::Compatible),
        "secure" | "safe" => Some(Mode::Secure),
        _ => None,
    };
    let format = |text: &str| match text {
        "xml" => Some(Format::Xml),
        "json" => Some(Format::Json),
        _ => None,
    };
    let kind = |text: &str| match text {
        "service" => Some(Kind::Service),
        "subscription" => Some(Kind::Subscription),
        "test" => Some(Kind::Test),
        _ => None,
    };
    if let Some(node) = fields.get("mode") {
        account.mode = source.parsed(node, mode, "plain, compatible or secure")?;
    }
    if let Some(node) = fields.get("format") {
        account.format = source.parsed(node, format, "xml or json")?;
    }
    if let Some(node) = fields.get("kind") {
        account.kind = source.parsed(node, kind, "service, subscription or test")?;
    }
    if let Some(node) = fields.get("verified") {
        account.verified = source.flag(node)?;
    }
    let id = given(&fields, "id")?.unwrap_or_else(|| account.name.clone());
    Ok(Account { id, options: account })
}

/// A text, or with `$NAME` the environment's.
fn given(fields: &Fields<'_>, name: &str) -> Read<Option<String>> {
    let Some(node) = fields.get(name) else { return Ok(None) };
    let text = fields.source.text(node)?;
    let Some(variable) = text.strip_prefix('$') else { return Ok(Some(text.to_owned())) };
    if let Ok(value) = std::env::var(variable) {
        return Ok(Some(value));
    }
    let what =
        Words::new(format!("the environment has no {variable}"), format!("没有设置环境变量 {variable}"));
    let hint = Words::new(format!("set it: export {variable}=…"), format!("请先设置：export {variable}=…"));
    fields.source.bad(node.place, what, Some(hint))
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
