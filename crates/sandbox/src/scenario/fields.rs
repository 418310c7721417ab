//! Takes a mapping apart, name by name, and says where a name or a value is wrong.

use super::bad::{BadScenario, Place};
use super::pattern::{Limit, Pattern};
use super::tree::{Node, Tree};
use super::when;
use super::words::Words;

/// The file that is being read.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
}

pub(crate) type Read<T> = Result<T, BadScenario>;

impl<'a> Source<'a> {
    pub(crate) fn bad<T>(&self, place: Place, what: Words, hint: Option<Words>) -> Read<T> {
        Err(BadScenario::new(self.file, self.text, place, what, hint))
    }

    /// The names and values of a mapping, each allowed and none twice.
    pub(crate) fn fields(&self, node: &'a Node, allowed: &[&str]) -> Read<Fields<'a>> {
        let Tree::Map(items) = &node.tree else {
            let what = Words::new("names with values belong here", "这里应该是“名称: 值”");
            return self.bad(node.place, what, Some(list(allowed)));
        };
        for (index, (key, _)) in items.iter().enumerate() {
            if !allowed.contains(&key.name.as_str()) {
                return self.unknown(key.place, &key.name, allowed);
            }
            if items[..index].iter().any(|(other, _)| other.name == key.name) {
                let what =
                    Words::new(format!("{} stands here twice", key.name), format!("{} 出现了两次", key.name));
                return self.bad(key.place, what, None);
            }
        }
        Ok(Fields { source: *self, place: node.place, items })
    }

    /// A name that is not one of these.
    pub(crate) fn unknown<T>(&self, place: Place, name: &str, allowed: &[&str]) -> Read<T> {
        let what = Words::new(format!("{name:?} is not known here"), format!("这里没有 {name:?} 这一项"));
        self.bad(place, what, Some(list(allowed)))
    }

    pub(crate) fn text(&self, node: &'a Node) -> Read<&'a str> {
        match node.scalar() {
            Some(text) => Ok(text),
            None => self.bad(node.place, Words::new("a text belongs here", "这里应该是文本"), None),
        }
    }

    pub(crate) fn items(&self, node: &'a Node) -> Read<&'a [Node]> {
        match &node.tree {
            Tree::List(items) => Ok(items),
            _ => self.bad(node.place, Words::new("a list belongs here", "这里应该是列表"), None),
        }
    }

    /// A value that a function must understand.
    pub(crate) fn parsed<T>(
        &self,
        node: &'a Node,
        parse: impl Fn(&str) -> Option<T>,
        example: &str,
    ) -> Read<T> {
        let text = self.text(node)?;
        if let Some(value) = parse(text) {
            return Ok(value);
        }
        let what = Words::new(format!("{text:?} cannot be understood"), format!("看不懂 {text:?}"));
        let hint = Words::new(format!("write it like {example}"), format!("写法如 {example}"));
        self.bad(node.place, what, Some(hint))
    }

    /// A text or an expression between slashes; `{is: /…/}` is a text that looks like an expression.
    pub(crate) fn pattern(&self, node: &'a Node) -> Read<Pattern> {
        if let Tree::Map(_) = &node.tree {
            let inner = self.fields(node, &["is"])?;
            return Ok(Pattern::Exact(self.text(inner.must("is")?)?.to_owned()));
        }
        let text = self.text(node)?;
        match Pattern::parse(text) {
            Ok(pattern) => Ok(pattern),
            Err(error) => {
                let what = Words::new(
                    format!("this is no regular expression: {error}"),
                    format!("正则表达式有误：{error}"),
                );
                self.bad(node.place, what, None)
            }
        }
    }

    pub(crate) fn flag(&self, node: &'a Node) -> Read<bool> {
        self.parsed(node, |text| text.parse().ok(), "true")
    }

    pub(crate) fn limit(&self, node: &'a Node) -> Read<Limit> {
        self.parsed(node, Limit::parse, "3, \"<1000\" or \">=2\"")
    }

    pub(crate) fn length(&self, node: &'a Node) -> Read<i64> {
        self.parsed(node, when::length_ms, "5s, 300ms or 48h1m")
    }
}

fn list(allowed: &[&str]) -> Words {
    let list = allowed.join(", ");
    Words::new(format!("allowed: {list}"), format!("可用：{list}"))
}

/// The values of a mapping by name.
pub(crate) struct Fields<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) place: Place,
    items: &'a [(super::tree::Key, Node)],
}

impl<'a> Fields<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&'a Node> {
        self.items.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// The value under a name, read by a method of the source.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        read: impl Fn(&Source<'a>, &'a Node) -> Read<T>,
    ) -> Read<Option<T>> {
        self.get(name).map(|node| read(&self.source, node)).transpose()
    }

    pub(crate) fn text(&self, name: &str) -> Read<Option<&'a str>> {
        self.read(name, Source::text)
    }

    /// A name that must be there.
    pub(crate) fn must(&self, name: &str) -> Read<&'a Node> {
        if let Some(node) = self.get(name) {
            return Ok(node);
        }
        let what = Words::new(format!("{name} is missing"), format!("缺少 {name}"));
        self.source.bad(self.place, what, None)
    }
}
