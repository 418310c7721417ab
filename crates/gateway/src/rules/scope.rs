//! What templates and placeholders of a rule can see.

use hongyan_wire::Inbound;
use serde_json::{Map, Value, json};

/// The parts of a text that a regular expression took out; a part that did not take part is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Captures {
    /// By number; 0 is the whole match.
    pub(crate) list: Vec<String>,
    /// By name.
    pub(crate) named: Vec<(String, String)>,
}

/// The values in scope.
#[derive(Clone, Debug)]
pub(crate) struct Scope(Map<String, Value>);

impl Scope {
    pub(crate) fn new(push: &Inbound, captures: &Captures) -> Scope {
        let mut values = Map::new();
        for (name, value) in &captures.named {
            values.insert(name.clone(), json!(value));
        }
        values.insert("captures".into(), json!(captures.list));
        values.insert("message".into(), push.to_json());
        values.insert("openid".into(), json!(push.from.as_str()));
        // Empty where there is none, as on a follow without a QR code.
        let scene = push.scene().map(|scene| scene.to_string()).unwrap_or_default();
        values.insert("scene".into(), json!(scene));
        Scope(values)
    }

    /// Adds what was fetched; `fetched` is always the newest.
    pub(crate) fn add_fetched(&mut self, value: Value) {
        if let Value::Array(all) = self.0.entry("fetches").or_insert_with(|| json!([])) {
            all.push(value.clone());
        }
        self.0.insert("fetched".into(), value);
    }

    /// The value of a dotted path such as `message.Content` or `fetched.results.0.id`.
    pub(crate) fn get(&self, path: &str) -> Option<&Value> {
        let mut parts = path.split('.');
        let first = self.0.get(parts.next()?)?;
        parts.try_fold(first, |value, part| match value {
            Value::Array(list) => list.get(part.parse::<usize>().ok()?),
            value => value.get(part),
        })
    }

    /// The values as the template engine wants them.
    pub(crate) fn to_template(&self) -> minijinja::Value {
        minijinja::Value::from(minijinja::value::Serde(&self.0))
    }
}
