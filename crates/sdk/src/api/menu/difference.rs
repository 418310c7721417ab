//! What must change to make one menu another.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

/// One difference between the menu there is and the menu wanted. Prints as a line that begins with `+`, `-`, `~`
/// or `>`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// A button is new.
    Added {
        /// Its name, behind its parent's: `关于我们/公司简介`.
        path: String,
        /// The button as it will be.
        button: Value,
    },
    /// A button goes.
    Removed {
        /// Its name, behind its parent's.
        path: String,
        /// The button as it is.
        button: Value,
    },
    /// A button gets another value in one field.
    Changed {
        /// Its name, behind its parent's.
        path: String,
        /// The field, such as `key`.
        field: String,
        /// What it holds; null when it is new.
        from: Value,
        /// What it will hold; null when it goes.
        to: Value,
    },
    /// A button stands elsewhere among its neighbours.
    Moved {
        /// Its name, behind its parent's.
        path: String,
        /// Where it stands, from 1.
        from: usize,
        /// Where it will stand, from 1.
        to: usize,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { path, button } => write!(f, "+ {path}{}", Brief(button)),
            Self::Removed { path, button } => write!(f, "- {path}{}", Brief(button)),
            Self::Changed { path, field, from, to } => {
                write!(f, "~ {path} {field}: {} -> {}", Bare(from), Bare(to))
            }
            Self::Moved { path, from, to } => write!(f, "> {path} {from} -> {to}"),
        }
    }
}

/// What must change to make `current` into `wanted`; empty when they show and do the same.
///
/// Both are the platform's menu JSON, `{"button": […]}`, with or without `{"menu": …}` around it; null is no menu.
/// Buttons are told apart by name. `menuid` and empty `sub_button` lists, which only answers have, do not count.
pub fn diff(current: &Value, wanted: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare("", buttons(current), buttons(wanted), &mut changes);
    changes
}

fn buttons(menu: &Value) -> &[Value] {
    list(menu.get("menu").unwrap_or(menu), "button")
}

fn list<'a>(of: &'a Value, field: &str) -> &'a [Value] {
    of.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn compare(parent: &str, current: &[Value], wanted: &[Value], changes: &mut Vec<Change>) {
    let mut left: Vec<(usize, &Value)> = current.iter().enumerate().collect();
    let mut pairs = Vec::new();
    let mut added = Vec::new();
    for (to, button) in wanted.iter().enumerate() {
        match left.iter().position(|(_, candidate)| name(candidate) == name(button)) {
            Some(found) => {
                let (from, candidate) = left.remove(found);
                pairs.push((from, to, candidate, button));
            }
            None => added.push(button),
        }
    }
    for (_, button) in left {
        changes.push(Change::Removed { path: path(parent, button), button: button.clone() });
    }
    for button in added {
        changes.push(Change::Added { path: path(parent, button), button: button.clone() });
    }
    // Only those that passed a neighbour have moved; the rest shifted because something came or went before them.
    let mut order: Vec<usize> = pairs.iter().map(|(from, ..)| *from).collect();
    order.sort_unstable();
    for (place, (from, to, candidate, button)) in pairs.into_iter().enumerate() {
        let path = path(parent, button);
        if order.get(place) != Some(&from) {
            changes.push(Change::Moved { path: path.clone(), from: from + 1, to: to + 1 });
        }
        fields(&path, candidate, button, changes);
        compare(&path, list(candidate, "sub_button"), list(button, "sub_button"), changes);
    }
}

fn fields(path: &str, current: &Value, wanted: &Value, changes: &mut Vec<Change>) {
    let none = Map::new();
    let current = current.as_object().unwrap_or(&none);
    let wanted = wanted.as_object().unwrap_or(&none);
    let names: BTreeSet<_> = current.keys().chain(wanted.keys()).collect();
    for field in names {
        // The buttons below are compared one by one.
        if field == "name" || field == "sub_button" {
            continue;
        }
        let (from, to) = (current.get(field), wanted.get(field));
        if from != to {
            let value = |value: Option<&Value>| value.cloned().unwrap_or_default();
            changes.push(Change::Changed {
                path: path.to_owned(),
                field: field.clone(),
                from: value(from),
                to: value(to),
            });
        }
    }
}

fn name(button: &Value) -> &str {
    button.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn path(parent: &str, button: &Value) -> String {
    if parent.is_empty() { name(button).to_owned() } else { format!("{parent}/{}", name(button)) }
}

/// A value without the quotes of a text.
struct Bare<'a>(&'a Value);

impl fmt::Display for Bare<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("-"),
            Value::String(text) => f.write_str(text),
            other => write!(f, "{other}"),
        }
    }
}

/// What a button does, in brackets.
struct Brief<'a>(&'a Value);

impl fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below = list(self.0, "sub_button");
        if !below.is_empty() {
            let names: Vec<_> = below.iter().map(name).collect();
            return write!(f, " [{}]", names.join(", "));
        }
        let kind = self.0.get("type").and_then(Value::as_str).unwrap_or("?");
        let what =
            ["key", "url", "media_id", "article_id"].iter().find_map(|field| self.0.get(field)?.as_str());
        write!(f, " ({kind}{}{})", if what.is_some() { " " } else { "" }, what.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(current: &Value, wanted: &Value) -> Vec<String> {
        diff(current, wanted).iter().map(Change::to_string).collect()
    }

    #[test]
    fn what_the_platform_adds_is_no_difference() {
        let wanted = json!({"button": [{"name": "a", "type": "click", "key": "k"}]});
        let current = json!({"menu": {"menuid": 7, "button": [{"type": "click", "name": "a", "key": "k", "sub_button": []}]}});
        assert_eq!(diff(&current, &wanted), []);
        assert_eq!(diff(&Value::Null, &Value::Null), []);
    }

    #[test]
    fn additions_removals_and_changes_are_named_by_path() {
        let current = json!({"button": [
            {"name": "关于我们", "sub_button": [{"name": "公司简介", "type": "click", "key": "about"}, {"name": "旧", "type": "view", "url": "u"}]},
        ]});
        let wanted = json!({"button": [
            {"name": "关于我们", "sub_button": [{"name": "公司简介", "type": "click", "key": "intro"}]},
            {"name": "服务", "type": "view", "url": "https://x"},
        ]});
        assert_eq!(
            lines(&current, &wanted),
            ["+ 服务 (view https://x)", "- 关于我们/旧 (view u)", "~ 关于我们/公司简介 key: about -> intro"]
        );
    }

    #[test]
    fn order_counts_but_shifting_does_not() {
        let button = |name: &str| json!({"name": name, "type": "click", "key": name});
        let menu =
            |names: &[&str]| json!({"button": names.iter().map(|name| button(name)).collect::<Vec<_>>()});
        assert_eq!(lines(&menu(&["a", "b"]), &menu(&["b", "a"])), ["> b 2 -> 1", "> a 1 -> 2"]);
        assert_eq!(lines(&menu(&["a", "b"]), &menu(&["b"])), ["- a (click a)"]);
        assert_eq!(lines(&menu(&["b"]), &menu(&["a", "b"])), ["+ a (click a)"]);
    }

    #[test]
    fn a_leaf_that_becomes_a_parent_loses_its_type() {
        let leaf = json!({"button": [{"name": "a", "type": "click", "key": "k"}]});
        let parent =
            json!({"button": [{"name": "a", "sub_button": [{"name": "b", "type": "click", "key": "k"}]}]});
        assert_eq!(lines(&leaf, &parent), ["~ a key: k -> -", "~ a type: click -> -", "+ a/b (click k)"]);
    }
}
