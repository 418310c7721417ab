//! A YAML (or JSON) file as a tree in which everything knows its place.
//!
//! Scalars keep the text they were written with, so that an order number `0010` stays one.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use super::bad::{BadScenario, Place};
use super::words::Words;

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) tree: Tree,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Scalar { text: String, quoted: bool },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A name in a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) place: Place,
    pub(crate) name: String,
}

/// How deep a file may nest; deeper ones are a mistake or an attack on the stack.
const DEPTH: usize = 32;

/// Reads a whole file.
pub(crate) fn read(file: &str, source: &str) -> Result<Node, BadScenario> {
    let mut reader = Reader { file, source, events: Parser::new_from_str(source) };
    while let Some((event, span)) = reader.next()? {
        match event {
            Event::StreamStart | Event::DocumentStart(..) => {}
            Event::StreamEnd | Event::DocumentEnd => break,
            event => {
                let root = reader.node(event, span, 0)?;
                reader.nothing_follows()?;
                return Ok(root);
            }
        }
    }
    let what = Words::new("the file is empty", "文件是空的");
    Err(BadScenario::new(file, source, Place { line: 1, column: 1, width: 1 }, what, None))
}

struct Reader<'a, I: Iterator<Item = Result<(Event<'a>, Span), ScanError>>> {
    file: &'a str,
    source: &'a str,
    events: I,
}

impl<'a, I: Iterator<Item = Result<(Event<'a>, Span), ScanError>>> Reader<'a, I> {
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, BadScenario> {
        self.events.next().transpose().map_err(|error| {
            let marker = error.marker();
            let place = Place { line: marker.line(), column: marker.col() + 1, width: 1 };
            let what = Words::new(
                format!("this is not YAML: {}", error.info()),
                format!("不是正确的 YAML：{}", error.info()),
            );
            BadScenario::new(self.file, self.source, place, what, None)
        })
    }

    fn refuse<T>(&self, place: Place, en: &str, zh: &str) -> Result<T, BadScenario> {
        Err(BadScenario::new(self.file, self.source, place, Words::new(en, zh), None))
    }

    fn must(&mut self) -> Result<(Event<'a>, Span), BadScenario> {
        match self.next()? {
            Some(next) => Ok(next),
            None => self.refuse(Place::default(), "the file ends too early", "文件不完整"),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, BadScenario> {
        let place = place(&span);
        if depth > DEPTH {
            return self.refuse(place, "this nests too deep", "嵌套太深");
        }
        let tree = match event {
            Event::Scalar(text, style, ..) => {
                Tree::Scalar { text: Cow::into_owned(text), quoted: style != ScalarStyle::Plain }
            }
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    let (event, span) = self.must()?;
                    if matches!(event, Event::SequenceEnd) {
                        break Tree::List(items);
                    }
                    items.push(self.node(event, span, depth + 1)?);
                }
            }
            Event::MappingStart(..) => {
                let mut items = Vec::new();
                loop {
                    let (event, span) = self.must()?;
                    if matches!(event, Event::MappingEnd) {
                        break Tree::Map(items);
                    }
                    let key = self.node(event, span, depth + 1)?;
                    let Tree::Scalar { text: name, .. } = key.tree else {
                        return self.refuse(key.place, "a name must be a word", "名称必须是一个词");
                    };
                    let (event, span) = self.must()?;
                    let value = self.node(event, span, depth + 1)?;
                    items.push((Key { place: key.place, name }, value));
                }
            }
            _ => return self.refuse(place, "anchors and aliases are not used here", "这里不支持锚点和别名"),
        };
        Ok(Node { place, tree })
    }

    fn nothing_follows(&mut self) -> Result<(), BadScenario> {
        while let Some((event, span)) = self.next()? {
            if event.is_node() {
                return self.refuse(place(&span), "one file holds one scenario", "一个文件只能有一个场景");
            }
        }
        Ok(())
    }
}

fn place(span: &Span) -> Place {
    let (start, end) = (span.start, span.end);
    let width = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Place { line: start.line(), column: start.col() + 1, width: width.max(1) }
}

impl Node {
    /// The text of a scalar.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.tree {
            Tree::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The value as JSON, where a message's own fields are wanted.
    pub(crate) fn to_json(&self) -> Value {
        match &self.tree {
            Tree::Scalar { text, quoted: true } => Value::from(text.as_str()),
            Tree::Scalar { text, quoted: false } => plain(text),
            Tree::List(items) => items.iter().map(Node::to_json).collect(),
            Tree::Map(items) => Value::Object(
                items.iter().map(|(key, node)| (key.name.clone(), node.to_json())).collect::<Map<_, _>>(),
            ),
        }
    }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        // A number that would be written otherwise, such as 0010, is a text.
        _ => match text.parse::<Number>() {
            Ok(number) if number.to_string() == text => Value::Number(number),
            _ => Value::from(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use hongyan_wire::Lang;
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_lines_and_columns_from_1() {
        let root = read("a.yaml", "name: x\nsteps:\n  - 小明: say 你好\n").unwrap();
        let Tree::Map(items) = root.tree else { panic!("not a map") };
        let Tree::List(steps) = &items[1].1.tree else { panic!("not a list") };
        let Tree::Map(step) = &steps[0].tree else { panic!("not a map") };
        assert_eq!((step[0].0.place.line, step[0].0.place.column), (3, 5));
        assert_eq!(step[0].1.scalar(), Some("say 你好"));
        assert_eq!((step[0].1.place.line, step[0].1.place.column, step[0].1.place.width), (3, 9, 6));
    }

    #[test]
    fn values_become_json_without_losing_zeros() {
        let root = read("a", "{a: 1, b: 0010, c: 'true', d: true, e: [1.5, x], f: ~}").unwrap();
        assert_eq!(
            root.to_json(),
            json!({"a": 1, "b": "0010", "c": "true", "d": true, "e": [1.5, "x"], "f": null})
        );
    }

    #[test]
    fn what_is_no_yaml_is_shown_with_its_line() {
        let error = read("a.yaml", "name: x\nsteps: [a, b\n").unwrap_err().text(Lang::En);
        assert!(error.starts_with("a.yaml:") && error.contains('^'), "{error}");
        for bad in ["", "a: &x 1\nb: *x\n", "a: 1\n---\nb: 2\n"] {
            assert!(read("a.yaml", bad).is_err(), "{bad}");
        }
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert!(read("a.yaml", &deep).is_err());
    }
}
