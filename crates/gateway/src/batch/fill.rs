//! One message body for many: its texts are templates, filled with each recipient's values.

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use serde_json::{Map, Value};

use crate::message::is_template;

/// The work one text may do.
const FUEL: u64 = 20_000;

/// The body of a batch.
#[derive(Debug)]
pub(crate) struct Body {
    environment: Environment<'static>,
    body: Map<String, Value>,
}

impl Body {
    /// Reads the body; the sentence says which template is broken.
    pub(crate) fn new(body: Map<String, Value>) -> Result<Self, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        let this = Self { environment, body };
        for text in texts(&Value::Object(this.body.clone())) {
            this.environment.template_from_str(&text).map_err(|error| sentence(&error, &text))?;
        }
        Ok(this)
    }

    /// The body with these values put in.
    pub(crate) fn fill(&self, values: &Map<String, Value>) -> Result<Map<String, Value>, String> {
        let scope = minijinja::Value::from(minijinja::value::Serde(values));
        let mut filled = Map::new();
        for (key, value) in &self.body {
            filled.insert(key.clone(), self.value(value, &scope)?);
        }
        Ok(filled)
    }

    fn value(&self, value: &Value, scope: &minijinja::Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) if is_template(text) => {
                let made =
                    self.environment.render_str(text, scope).map_err(|error| sentence(&error, text))?;
                Value::String(made)
            }
            Value::Array(list) => {
                Value::Array(list.iter().map(|one| self.value(one, scope)).collect::<Result<_, _>>()?)
            }
            Value::Object(map) => {
                let fields = map.iter().map(|(key, one)| Ok((key.clone(), self.value(one, scope)?)));
                Value::Object(fields.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if is_template(text) => vec![text.clone()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn sentence(error: &Error, text: &str) -> String {
    let text: String = text.chars().take(80).collect();
    match error.kind() {
        ErrorKind::UndefinedError => format!("a value that `{text}` uses is missing"),
        ErrorKind::OutOfFuel => format!("the template `{text}` does too much work"),
        _ => format!("the template `{text}` is wrong: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("an object") };
        map
    }

    #[test]
    fn every_text_is_filled_and_nothing_is_escaped() {
        let body = Body::new(map(json!({
            "template_id": "T",
            "data": {"first": {"value": "{{ name }}，你好"}, "n": {"value": 3}},
            "articles": [{"title": "{{ order.no }}"}],
        })))
        .unwrap();
        let filled = body.fill(&map(json!({"name": "<小明>", "order": {"no": 7}}))).unwrap();
        assert_eq!(
            Value::Object(filled),
            json!({
                "template_id": "T",
                "data": {"first": {"value": "<小明>，你好"}, "n": {"value": 3}},
                "articles": [{"title": "7"}],
            })
        );
    }

    #[test]
    fn a_missing_value_is_an_error_and_not_a_gap() {
        let body = Body::new(map(json!({"text": {"content": "{{ name }}"}}))).unwrap();
        assert!(body.fill(&map(json!({"nme": "x"}))).unwrap_err().contains("missing"));
    }

    #[test]
    fn a_broken_template_is_found_before_the_first_line() {
        let error = Body::new(map(json!({"text": "{{ name"}))).unwrap_err();
        assert!(error.contains("{{ name"), "{error}");
    }

    #[test]
    fn endless_work_is_stopped() {
        let text = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        let body = Body::new(map(json!({"text": text}))).unwrap();
        assert!(body.fill(&Map::new()).unwrap_err().contains("too much work"));
    }
}
