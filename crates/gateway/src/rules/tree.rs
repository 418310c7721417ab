//! JSON in which every string may be a template.

use serde_json::{Map, Value};

use super::template::{Encode, Engine, NoText, Text};
use crate::config::Words;

/// A JSON value with its templates read.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    /// Anything that has no strings.
    Fixed(Value),
    Text(Text),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    pub(crate) fn read(value: &Value, engine: &mut Engine, names: &[String]) -> Result<Tree, Words> {
        Ok(match value {
            Value::String(text) => Tree::Text(engine.read(text, Encode::Nothing, names)?),
            Value::Array(list) => {
                Tree::List(list.iter().map(|one| Tree::read(one, engine, names)).collect::<Result<_, _>>()?)
            }
            Value::Object(object) => Tree::Object(
                object
                    .iter()
                    .map(|(key, one)| Ok((key.clone(), Tree::read(one, engine, names)?)))
                    .collect::<Result<_, Words>>()?,
            ),
            other => Tree::Fixed(other.clone()),
        })
    }

    pub(crate) fn render(&self, engine: &Engine, values: &minijinja::Value) -> Result<Value, NoText> {
        Ok(match self {
            Tree::Fixed(value) => value.clone(),
            Tree::Text(text) => Value::String(engine.render(text, values)?),
            Tree::List(list) => {
                Value::Array(list.iter().map(|one| one.render(engine, values)).collect::<Result<_, _>>()?)
            }
            Tree::Object(object) => {
                let mut out = Map::new();
                for (key, one) in object {
                    out.insert(key.clone(), one.render(engine, values)?);
                }
                Value::Object(out)
            }
        })
    }

    /// Whether it is the same for every message.
    pub(crate) fn is_fixed(&self) -> bool {
        self.texts().iter().all(|text| text.is_fixed())
    }

    /// Whether any string uses a name.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.texts().iter().any(|text| text.uses(name))
    }

    fn texts(&self) -> Vec<&Text> {
        match self {
            Tree::Fixed(_) => Vec::new(),
            Tree::Text(text) => vec![text],
            Tree::List(list) => list.iter().flat_map(Tree::texts).collect(),
            Tree::Object(object) => object.iter().flat_map(|(_, one)| one.texts()).collect(),
        }
    }
}
