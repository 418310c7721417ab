//! Finds the rule that answers a push: the first in file order that matches.

use std::collections::HashMap;

use hongyan_wire::Inbound;
use hongyan_wire::inbound::{Content, Event};
use regex::{Regex, RegexBuilder};

use super::scope::Captures;
use crate::config::{ConfigError, On, RuleConfig, Words};

/// The compiled automaton of one expression; a rule needs kilobytes.
const REGEX_SIZE: usize = 1 << 20;

/// Lookups for the conditions of an account's rules. Numbers are positions in the file.
#[derive(Default)]
pub(crate) struct Matcher {
    text: HashMap<String, usize>,
    click: HashMap<String, usize>,
    scan: HashMap<String, usize>,
    /// In lower case.
    event: HashMap<String, usize>,
    /// In lower case.
    kind: HashMap<String, usize>,
    /// Conditions that must look into the text, in file order.
    searched: Vec<(usize, Search)>,
    subscribe: Option<usize>,
    any: Option<usize>,
}

enum Search {
    Contains(Vec<String>),
    /// The expressions, and the names that any of them captures.
    Regex(Vec<Regex>, Vec<String>),
}

/// The rule that answers and what its expression captured.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) rule: usize,
    pub(crate) captures: Captures,
}

impl Matcher {
    pub(crate) fn new(rules: &[RuleConfig]) -> Result<Matcher, ConfigError> {
        let mut matcher = Matcher::default();
        for (number, rule) in rules.iter().enumerate() {
            matcher.add(number, rule)?;
        }
        Ok(matcher)
    }

    fn add(&mut self, number: usize, rule: &RuleConfig) -> Result<(), ConfigError> {
        // The first rule in the file keeps the place.
        let put = |map: &mut HashMap<String, usize>, keys: &[String], lower: bool| {
            for key in keys {
                let key = if lower { key.to_lowercase() } else { key.clone() };
                map.entry(key).or_insert(number);
            }
        };
        match &rule.on {
            On::Text(texts) => {
                let trimmed: Vec<String> = texts.iter().map(|text| text.trim().to_owned()).collect();
                put(&mut self.text, &trimmed, false);
            }
            On::Click(keys) => put(&mut self.click, keys, false),
            On::Scan(scenes) => put(&mut self.scan, scenes, false),
            On::Event(events) => put(&mut self.event, events, true),
            On::Type(kinds) => put(&mut self.kind, kinds, true),
            On::Contains(parts) => self.searched.push((number, Search::Contains(parts.clone()))),
            On::Regex(_) => self.searched.push((number, Search::Regex(regexes(rule)?, capture_names(rule)?))),
            On::Subscribe => {
                self.subscribe.get_or_insert(number);
            }
            On::Any => {
                self.any.get_or_insert(number);
            }
        }
        Ok(())
    }

    /// The rule for a push.
    pub(crate) fn find(&self, push: &Inbound) -> Option<Found> {
        let kind = push.kind().to_lowercase();
        let mut first = Lowest(self.kind.get(&kind).copied());
        if for_everyone(push) {
            first.lower(self.any);
        }
        match &push.content {
            Content::Text { content, .. } => {
                let content = content.trim();
                first.lower(self.text.get(content).copied());
                return self.search(content, first.0);
            }
            Content::Event(event) => self.find_event(push, event, &mut first),
            _ => {}
        }
        first.0.map(|rule| Found { rule, captures: Captures::default() })
    }

    fn find_event(&self, push: &Inbound, event: &Event, first: &mut Lowest) {
        let name = push.event().unwrap_or_default().to_lowercase();
        let scene = push.scene().map(|scene| scene.to_string());
        let scanned = scene.and_then(|scene| self.scan.get(&scene).copied());
        let named = self.event.get(&name).copied();
        if let Event::Subscribe { .. } = event {
            let mut follow = Lowest(named);
            follow.lower(self.subscribe);
            let follow_first = follow.0.is_some_and(|follow| first.0.is_none_or(|other| follow < other));
            if follow_first && scanned.is_some() {
                // A follow through a QR code is first of all a scan.
                *first = Lowest(scanned);
            } else {
                first.lower(follow.0);
                first.lower(scanned);
            }
            return;
        }
        first.lower(named);
        first.lower(scanned);
        if has_menu_key(&name) {
            first.lower(event.key().and_then(|key| self.click.get(key).copied()));
        }
    }

    /// Looks into the text with every condition that stands before the one already found.
    fn search(&self, content: &str, before: Option<usize>) -> Option<Found> {
        for (number, search) in &self.searched {
            if before.is_some_and(|before| before < *number) {
                break;
            }
            let captures = match search {
                Search::Contains(parts) => {
                    parts.iter().any(|part| content.contains(part.as_str())).then(Captures::default)
                }
                Search::Regex(regexes, names) => {
                    regexes.iter().find_map(|regex| captures(regex, names, content))
                }
            };
            if let Some(captures) = captures {
                return Some(Found { rule: *number, captures });
            }
        }
        before.map(|rule| Found { rule, captures: Captures::default() })
    }
}

/// The least of the positions seen so far.
struct Lowest(Option<usize>);

impl Lowest {
    fn lower(&mut self, other: Option<usize>) {
        self.0 = match (self.0, other) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
    }
}

/// What `any` answers: what a person does on purpose and the platform takes a reply to. Location reports come by
/// themselves every few seconds.
fn for_everyone(push: &Inbound) -> bool {
    push.answerable() && !push.event().is_some_and(|event| event.eq_ignore_ascii_case("LOCATION"))
}

/// Menu buttons whose push holds the key that the account gave them.
fn has_menu_key(event: &str) -> bool {
    matches!(
        event,
        "click"
            | "scancode_push"
            | "scancode_waitmsg"
            | "pic_sysphoto"
            | "pic_photo_or_album"
            | "pic_weixin"
            | "location_select"
    )
}

fn captures(regex: &Regex, names: &[String], content: &str) -> Option<Captures> {
    let found = regex.captures(content)?;
    let text =
        |part: Option<regex::Match<'_>>| part.map_or_else(String::new, |part| part.as_str().to_owned());
    Some(Captures {
        list: found.iter().map(text).collect(),
        named: names.iter().map(|name| (name.clone(), text(found.name(name)))).collect(),
    })
}

/// The names that a rule's expressions capture.
pub(crate) fn capture_names(rule: &RuleConfig) -> Result<Vec<String>, ConfigError> {
    let On::Regex(_) = &rule.on else { return Ok(Vec::new()) };
    let mut names: Vec<String> = Vec::new();
    for regex in regexes(rule)? {
        names.extend(regex.capture_names().flatten().map(str::to_owned));
    }
    if let Some(taken) = names.iter().find(|name| super::template::SCOPE.contains(&name.as_str())) {
        return Err(ConfigError::at(
            rule.on_place.clone(),
            Words::new(
                format!("the capture `{taken}` has a name that templates use for something else"),
                format!("捕获组 `{taken}` 的名字已被模板占用"),
            ),
        )
        .hint(Words::new("choose another name", "请换一个名字")));
    }
    Ok(names)
}

fn regexes(rule: &RuleConfig) -> Result<Vec<Regex>, ConfigError> {
    let On::Regex(sources) = &rule.on else { return Ok(Vec::new()) };
    sources
        .iter()
        .map(|source| {
            RegexBuilder::new(source).size_limit(REGEX_SIZE).build().map_err(|error| {
                // The last line says what is wrong; those before it draw the expression, which is shown anyway.
                let text = error.to_string();
                let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                ConfigError::at(
                    rule.on_place.clone(),
                    Words::new(
                        format!("rule {}: the regular expression is wrong: {why}", rule.name),
                        format!("规则 {}：正则表达式有误：{why}", rule.name),
                    ),
                )
                .hint(Words::new(
                    "in TOML write it between single quotes, so that backslashes stay as they are",
                    "在 TOML 中请用单引号书写，反斜杠才会保持原样",
                ))
            })
        })
        .collect()
}
