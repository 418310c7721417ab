//! What the outbox carries: a customer-service message, a template message or a subscription message.
//!
//! All three are written in the platform's own JSON. A body with `template_id` is a template message; with
//! `"msgtype": "subscribe"` beside it, a subscription message; every other body is a customer-service message. So one
//! kind is never taken for another: a template's body has no `msgtype` of the customer-service kinds, and those have no
//! `template_id`.

use std::time::Duration;

use hongyan_wire::OpenId;
use serde_json::{Map, Value, json};

use crate::message::Message;

/// Names of ours that stand beside the platform's own and never travel.
const OURS: [&str; 3] = ["touser", "msgtype", "when_closed"];
/// What a template message has.
const TEMPLATE: [&str; 6] = ["template_id", "url", "miniprogram", "data", "client_msg_id", "topcolor"];
/// What a subscription message has.
const SUBSCRIPTION: [&str; 5] = ["template_id", "page", "miniprogram", "data", "client_msg_id"];

/// One message for one user.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// By customer service, inside a reply window.
    Service(Message),
    /// A template message: no window needed; how it ended is told later.
    Template(Map<String, Value>),
    /// A subscription message, to who has agreed to it.
    Subscription(Map<String, Value>),
}

impl Outgoing {
    /// Reads a body that another program gave, without its receiver; the sentence says what is wrong with it.
    pub fn from_api(body: &Map<String, Value>) -> Result<Self, String> {
        let kind = body.get("msgtype").and_then(Value::as_str);
        match (body.contains_key("template_id"), kind) {
            (true, None | Some("template")) => checked(body, &TEMPLATE, "template").map(Self::Template),
            (true, Some("subscribe")) => checked(body, &SUBSCRIPTION, "subscription").map(Self::Subscription),
            (true, Some(other)) => Err(format!(
                "`template_id` belongs to a template message, and `msgtype` says \"{other}\": leave one of them out"
            )),
            (false, Some("template" | "subscribe")) => Err("the message needs `template_id`".to_owned()),
            (false, _) => service(body).map(Self::Service),
        }
    }

    /// Reads what [`stored`](Self::stored) wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        let mut body: Map<String, Value> = serde_json::from_str(text).ok()?;
        let kind = body.get("msgtype").and_then(Value::as_str);
        Some(match kind {
            Some("template") => {
                body.remove("msgtype");
                Self::Template(body)
            }
            Some("subscribe") => {
                body.remove("msgtype");
                Self::Subscription(body)
            }
            _ => Self::Service(Message::from_full(body)),
        })
    }

    /// The message as it is kept in the database.
    pub fn stored(&self) -> String {
        let marked = |kind: &str, body: &Map<String, Value>| {
            let mut marked = Map::from_iter([("msgtype".to_owned(), json!(kind))]);
            marked.extend(body.clone());
            Value::Object(marked).to_string()
        };
        match self {
            Self::Service(message) => serde_json::to_string(message).unwrap_or_default(),
            Self::Template(body) => marked("template", body),
            Self::Subscription(body) => marked("subscribe", body),
        }
    }

    /// The kind in a word.
    pub fn kind(&self) -> &str {
        match self {
            Self::Service(message) => message.kind(),
            Self::Template(_) => "template",
            Self::Subscription(_) => "subscribe",
        }
    }

    /// The customer-service message, if it is one.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Service(message) => Some(message),
            Self::Template(_) | Self::Subscription(_) => None,
        }
    }

    /// How long after it was queued a repeat can do no harm: the platform drops a template message with the same
    /// `client_msg_id` for ten minutes. Counted from before the first attempt, and a little less.
    pub(super) fn repeatable_for(&self) -> Option<Duration> {
        match self {
            Self::Template(_) => Some(Duration::from_mins(9)),
            Self::Service(_) | Self::Subscription(_) => None,
        }
    }

    /// The platform's path and the body that goes there. `id` lets the platform drop a repeat of the same message.
    pub(crate) fn call(&self, to: &OpenId, id: &str) -> (&'static str, Value) {
        let addressed = |body: &Map<String, Value>| {
            let mut call = Map::from_iter([("touser".to_owned(), json!(to.as_str()))]);
            call.extend(body.clone());
            call
        };
        match self {
            Self::Service(message) => ("/cgi-bin/message/custom/send", message.to_send(to)),
            Self::Template(body) => {
                let mut call = addressed(body);
                call.entry("client_msg_id").or_insert_with(|| json!(id));
                ("/cgi-bin/message/template/send", Value::Object(call))
            }
            Self::Subscription(body) => {
                ("/cgi-bin/message/subscribe/bizsend", Value::Object(addressed(body)))
            }
        }
    }
}

impl From<Message> for Outgoing {
    fn from(message: Message) -> Self {
        Self::Service(message)
    }
}

fn service(body: &Map<String, Value>) -> Result<Message, String> {
    let body: Map<String, Value> = body
        .iter()
        .filter(|(key, _)| *key != "when_closed")
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let message = Message::from_json(&Value::Object(body)).map_err(|error| error.to_string())?;
    if !message.can_be_sent() {
        return Err(format!("a message of kind {} exists only as a passive reply", message.kind()));
    }
    // A program with a key must not read this machine's files, or reach its network, through us.
    if message.needs_upload() {
        return Err("media must be uploaded first: give its media id".to_owned());
    }
    Ok(message)
}

fn checked(body: &Map<String, Value>, known: &[&str], name: &str) -> Result<Map<String, Value>, String> {
    let mut kept = Map::new();
    for (key, value) in body {
        if OURS.contains(&key.as_str()) {
            continue;
        }
        if !known.contains(&key.as_str()) {
            let hint = match key.as_str() {
                "page" => {
                    "; for a subscription message write \"msgtype\": \"subscribe\" beside it".to_owned()
                }
                _ => format!("; known: {}", known.join(", ")),
            };
            return Err(format!("a {name} message has no field `{key}`{hint}"));
        }
        kept.insert(key.clone(), value.clone());
    }
    if !kept.get("template_id").and_then(Value::as_str).is_some_and(|id| !id.is_empty() && id.len() <= 128) {
        return Err("`template_id` must be the template's id".to_owned());
    }
    let Some(Value::Object(data)) = kept.get_mut("data") else {
        return Err(format!("a {name} message needs `data`, such as {{\"first\": {{\"value\": \"…\"}}}}"));
    };
    for (key, entry) in data.iter_mut() {
        match entry.get_mut("value") {
            Some(Value::String(_)) => {}
            Some(value @ Value::Number(_)) => *value = json!(value.to_string()),
            _ => return Err(format!("`data.{key}` must be {{\"value\": \"…\"}}")),
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<Outgoing, String> {
        let Value::Object(body) = body else { panic!("an object") };
        Outgoing::from_api(&body)
    }

    #[test]
    fn the_kinds_are_told_apart() {
        let kind = |body| read(body).unwrap().kind().to_owned();
        let data = json!({"first": {"value": "x"}});
        assert_eq!(kind(json!({"touser": "o", "msgtype": "text", "text": {"content": "a"}})), "text");
        assert_eq!(
            kind(json!({"touser": "o", "template_id": "T", "data": data, "url": "https://a"})),
            "template"
        );
        assert_eq!(
            kind(json!({"msgtype": "subscribe", "template_id": "T", "page": "https://a", "data": data})),
            "subscribe"
        );
    }

    #[test]
    fn what_is_between_the_kinds_is_refused_with_the_way_out() {
        let data = json!({"first": {"value": "x"}});
        for (body, part) in [
            (
                json!({"template_id": "T", "msgtype": "text", "text": {"content": "a"}}),
                "leave one of them out",
            ),
            (json!({"template_id": "T", "page": "p", "data": data}), "\"msgtype\": \"subscribe\""),
            (json!({"msgtype": "template", "data": data}), "needs `template_id`"),
            (json!({"template_id": "T"}), "needs `data`"),
            (json!({"template_id": "T", "data": {"first": "x"}}), "`data.first`"),
            (json!({"template_id": "", "data": data}), "template's id"),
            (json!({"text": "a", "template": "b"}), "no message kind"),
            (json!({"transfer": true}), "passive reply"),
            (json!({"image": "file:a.png"}), "uploaded first"),
        ] {
            let error = read(body.clone()).unwrap_err();
            assert!(error.contains(part), "{body}: {error}");
        }
    }

    #[test]
    fn every_kind_comes_back_from_the_database() {
        for body in [
            json!({"text": "a"}),
            json!({"template_id": "T", "data": {"n": {"value": 3}}}),
            json!({"msgtype": "subscribe", "template_id": "T", "data": {}}),
        ] {
            let message = read(body).unwrap();
            assert_eq!(Outgoing::from_stored(&message.stored()), Some(message));
        }
    }

    #[test]
    fn a_template_travels_without_our_words_and_with_an_id_against_repeats() {
        let message =
            read(json!({"touser": "o1", "template_id": "T", "when_closed": "wait", "data": {}})).unwrap();
        let (path, body) = message.call(&OpenId::new("o1"), "m1");
        assert_eq!(path, "/cgi-bin/message/template/send");
        assert_eq!(body, json!({"touser": "o1", "template_id": "T", "data": {}, "client_msg_id": "m1"}));
    }
}
