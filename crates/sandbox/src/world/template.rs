//! Template messages of one account: its templates, what one looks like filled in, and what was sent.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::china_month;
use crate::settings::Settings;

/// One template of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) id: String,
    pub(crate) title: String,
    /// Lines such as `订单：{{keyword1.DATA}}`.
    pub(crate) content: String,
}

impl Template {
    /// The template as the platform lists it.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "template_id": self.id,
            "title": self.title,
            "primary_industry": "IT科技",
            "deputy_industry": "互联网|电子商务",
            "content": self.content,
            "example": "",
        })
    }

    /// The text with the data put in; a key without data leaves its place empty.
    pub(crate) fn filled(&self, data: &Map<String, Value>) -> String {
        fill(&self.content, data)
    }
}

/// A template's text with the data in its places.
pub(crate) fn fill(content: &str, data: &Map<String, Value>) -> String {
    let mut text = String::new();
    let mut rest = content;
    while let Some((before, place)) = rest.split_once("{{") {
        let Some((name, after)) = place.split_once("}}") else { break };
        text.push_str(before);
        text.push_str(value_of(data, name.trim().trim_end_matches(".DATA")));
        rest = after;
    }
    text + rest
}

/// The names of a template's places.
pub(crate) fn places(content: &str) -> Vec<&str> {
    let inner = content.split("{{").skip(1).filter_map(|part| part.split_once("}}"));
    inner.map(|(name, _)| name.trim().trim_end_matches(".DATA")).collect()
}

fn value_of<'a>(data: &'a Map<String, Value>, name: &str) -> &'a str {
    data.get(name).and_then(|entry| entry["value"].as_str()).unwrap_or_default()
}

/// The data of a message: every entry an object with a text under `value`.
pub(crate) fn data(body: &Value) -> Result<Map<String, Value>, String> {
    let Value::Object(data) = body else {
        return Err("data is empty".to_owned());
    };
    match data.iter().find(|(_, entry)| !entry["value"].is_string()) {
        None => Ok(data.clone()),
        Some((name, _)) => Err(format!("data.{name}.value is invalid")),
    }
}

/// The templates and the messages made from them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Templates {
    list: Vec<Template>,
    made: u64,
    sent: u64,
    /// The two trades, and the month they were set in.
    #[serde(default)]
    trades: Option<(usize, usize, i64)>,
    /// The number and time of the message sent with a `client_msg_id`.
    repeats: HashMap<String, (u64, i64)>,
}

/// The template every fresh account has.
pub(crate) const TEMPLATE: &str = "template-1";

impl Default for Templates {
    fn default() -> Self {
        let first = Template {
            id: TEMPLATE.to_owned(),
            title: "通知".to_owned(),
            content: "{{first.DATA}}\n内容：{{keyword1.DATA}}\n时间：{{keyword2.DATA}}\n{{remark.DATA}}"
                .to_owned(),
        };
        Templates { list: vec![first], made: 1, sent: 0, trades: None, repeats: HashMap::new() }
    }
}

impl Templates {
    /// Adds a template; without an id it gets one.
    pub(crate) fn add(
        &mut self,
        id: Option<String>,
        title: String,
        content: String,
        settings: &Settings,
    ) -> Result<Template, i64> {
        self.made += 1;
        let id = id.unwrap_or_else(|| format!("template-{}", self.made));
        self.list.retain(|template| template.id != id);
        if self.list.len() >= settings.templates_max {
            return Err(45026);
        }
        let template = Template { id, title, content };
        self.list.push(template.clone());
        Ok(template)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Result<(), i64> {
        let before = self.list.len();
        self.list.retain(|template| template.id != id);
        if self.list.len() == before { Err(40037) } else { Ok(()) }
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Template> {
        self.list.iter().find(|template| template.id == id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Template> {
        self.list.iter()
    }

    /// Sets the two trades, once a month.
    pub(crate) fn set_trades(&mut self, first: usize, second: usize, now_ms: i64) -> Result<(), i64> {
        let month = china_month(now_ms);
        if self.trades.is_some_and(|(.., set_in)| set_in == month) {
            return Err(43100);
        }
        self.trades = Some((first, second, month));
        Ok(())
    }

    /// The two trades; those every fresh account has until others are set.
    pub(crate) fn trades(&self) -> (usize, usize) {
        self.trades.map_or((1, 2), |(first, second, _)| (first, second))
    }

    /// The number of a new message, or of the one that this repeats.
    pub(crate) fn number(
        &mut self,
        client_msg_id: Option<&str>,
        now_ms: i64,
        settings: &Settings,
    ) -> (u64, bool) {
        let since = now_ms - settings.template_repeat_seconds * 1000;
        self.repeats.retain(|_, (_, at)| *at > since);
        if let Some((number, _)) = client_msg_id.and_then(|id| self.repeats.get(id)) {
            return (*number, true);
        }
        self.sent += 1;
        let number = 3_400_000_000_000_000_000 + self.sent;
        if let Some(id) = client_msg_id {
            self.repeats.insert(id.to_owned(), (number, now_ms));
        }
        (number, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_missing_ones_stay_empty() {
        let template = Template {
            id: "a".into(),
            title: "t".into(),
            content: "{{first.DATA}}\n订单：{{ no.DATA }}，{{gone.DATA}}完{{".into(),
        };
        let data = data(&json!({"first": {"value": "你好"}, "no": {"value": "7", "color": "#fff"}})).unwrap();
        assert_eq!(template.filled(&data), "你好\n订单：7，完{{");
    }

    #[test]
    fn data_must_be_texts_under_value() {
        assert!(data(&json!({})).is_ok());
        assert!(data(&Value::Null).is_err());
        assert_eq!(data(&json!({"a": {"value": 3}})).unwrap_err(), "data.a.value is invalid");
        assert_eq!(data(&json!({"a": "b"})).unwrap_err(), "data.a.value is invalid");
    }

    #[test]
    fn a_repeated_client_number_is_the_same_message_for_ten_minutes() {
        let settings = Settings::default();
        let mut templates = Templates::default();
        let (first, repeated) = templates.number(Some("x"), 0, &settings);
        assert!(!repeated);
        assert_eq!(templates.number(Some("x"), 599_999, &settings), (first, true));
        assert_eq!(templates.number(None, 0, &settings), (first + 1, false));
        assert_eq!(templates.number(Some("x"), 600_000, &settings), (first + 2, false));
    }

    #[test]
    fn twenty_five_templates_are_enough_and_one_can_be_replaced() {
        let settings = Settings { templates_max: 2, ..Settings::default() };
        let mut templates = Templates::default();
        let mut add = |id: Option<&str>| {
            templates.add(id.map(str::to_owned), String::new(), String::new(), &settings).map(|_| ())
        };
        assert_eq!(add(None), Ok(()));
        assert_eq!(add(None), Err(45026));
        assert_eq!(add(Some(TEMPLATE)), Ok(()));
        assert_eq!(templates.remove("none"), Err(40037));
    }
}
