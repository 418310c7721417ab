//! Everything a body says, in the order it says it.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// A field's name. The frequent ones are not copied.
pub(super) type Name = Cow<'static, str>;

/// An ordered tree of fields: all that came, known or not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(Vec<(Name, Node)>);

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A text. Everything without children in XML is one.
    Text(String),
    /// A JSON number, as written.
    Number(String),
    /// A JSON truth value.
    Bool(bool),
    /// JSON's `null`.
    Null,
    /// More fields.
    Tree(Fields),
    /// A JSON array. A list in XML is the same name several times instead.
    List(Vec<Node>),
}

impl Fields {
    /// The first field of this name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, node)| node)
    }

    /// The text or number of the first field of this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    /// What stands at the end of a path of names, such as `SendPicsInfo`, `Count`.
    pub fn path(&self, names: &[&str]) -> Option<&Node> {
        let (first, rest) = names.split_first()?;
        rest.iter().try_fold(self.get(first)?, |node, name| node.fields()?.get(name))
    }

    /// Every field of this name, whether it was written several times or as a list.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.0.iter().filter(move |(known, _)| known == name).flat_map(|(_, node)| node.items())
    }

    /// All fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().map(|(name, node)| (name.as_ref(), node))
    }

    /// How many fields there are, not counting those inside.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same as JSON under the platform's own names. What stands several times becomes an array.
    pub fn to_json(&self) -> Value {
        self.to_json_with(&|_, node| node.to_json())
    }

    /// The same, with `convert` deciding on each field's value.
    pub(super) fn to_json_with(&self, convert: &impl Fn(&str, &Node) -> Value) -> Value {
        let mut object = Map::with_capacity(self.0.len());
        for (name, node) in &self.0 {
            let value = convert(name, node);
            match object.get_mut(name.as_ref()) {
                None => {
                    object.insert(name.clone().into_owned(), value);
                }
                Some(Value::Array(list)) => extend(list, value),
                Some(first) => {
                    let mut list = Vec::new();
                    extend(&mut list, first.take());
                    extend(&mut list, value);
                    *first = Value::Array(list);
                }
            }
        }
        Value::Object(object)
    }

    pub(super) fn push(&mut self, name: Name, node: Node) {
        self.0.push((name, node));
    }
}

fn extend(list: &mut Vec<Value>, value: Value) {
    match value {
        Value::Array(values) => list.extend(values),
        value => list.push(value),
    }
}

impl Node {
    /// The text, or the number as written; nothing for trees, lists and `null`.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Null | Self::Tree(_) | Self::List(_) => None,
        }
    }

    /// The fields inside.
    pub fn fields(&self) -> Option<&Fields> {
        match self {
            Self::Tree(fields) => Some(fields),
            _ => None,
        }
    }

    /// The entries of a list, or the value itself as the only one: a list of one often comes without the list.
    pub fn items(&self) -> std::slice::Iter<'_, Node> {
        match self {
            Self::List(nodes) => nodes.iter(),
            node => std::slice::from_ref(node).iter(),
        }
    }

    /// The same as JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone()),
            Self::Number(text) => number(text),
            Self::Bool(value) => Value::Bool(*value),
            Self::Null => Value::Null,
            Self::Tree(fields) => fields.to_json(),
            Self::List(nodes) => nodes.iter().map(Self::to_json).collect(),
        }
    }
}

/// A JSON number where the text is one, otherwise the text.
pub(super) fn number(text: &str) -> Value {
    let trimmed = text.trim();
    let whole = trimmed.parse::<i64>().map(Value::from).or_else(|_| trimmed.parse::<u64>().map(Value::from));
    if let Ok(value) = whole {
        return value;
    }
    let decimal = trimmed.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
    decimal.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// The name as a field keeps it.
pub(super) fn name(text: &str) -> Name {
    const FREQUENT: [&str; 24] = [
        "ToUserName",
        "FromUserName",
        "CreateTime",
        "MsgType",
        "Content",
        "MsgId",
        "Event",
        "EventKey",
        "Encrypt",
        "Ticket",
        "MediaId",
        "PicUrl",
        "ThumbMediaId",
        "Format",
        "Recognition",
        "bizmsgmenuid",
        "Location_X",
        "Location_Y",
        "Scale",
        "Label",
        "Latitude",
        "Longitude",
        "Precision",
        "MenuId",
    ];
    match FREQUENT.iter().find(|frequent| **frequent == text) {
        Some(frequent) => Cow::Borrowed(frequent),
        None => Cow::Owned(text.to_owned()),
    }
}
