//! What a push says, as named fields in order, before it is written as XML or JSON.

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Text, which XML puts in CDATA.
    Text(String),
    /// A number, which stands bare.
    Number(String),
    /// Digits that stand bare in XML and quoted in JSON, such as a message number of 17 digits.
    Digits(String),
    /// Fields inside a field; a repeated name is a list.
    Tree(Fields),
}

/// Named fields in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields(pub(crate) Vec<(String, Value)>);

impl Fields {
    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), Value::Text(value.to_owned())));
        self
    }

    pub(crate) fn number(mut self, name: &str, value: impl ToString) -> Self {
        self.0.push((name.to_owned(), Value::Number(value.to_string())));
        self
    }

    pub(crate) fn digits(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), Value::Digits(value.to_owned())));
        self
    }

    pub(crate) fn tree(mut self, name: &str, fields: Fields) -> Self {
        self.0.push((name.to_owned(), Value::Tree(fields)));
        self
    }

    pub(crate) fn and(mut self, more: Fields) -> Self {
        self.0.extend(more.0);
        self
    }

    /// The text of a field at the top.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).and_then(|(_, value)| match value {
            Value::Text(text) | Value::Number(text) | Value::Digits(text) => Some(text.as_str()),
            Value::Tree(_) => None,
        })
    }

    /// `message.text`, `event.CLICK`: the kind of the exchange it makes.
    pub(crate) fn kind(&self) -> String {
        match (self.get("MsgType"), self.get("Event")) {
            (Some("event"), Some(event)) => format!("event.{event}"),
            (Some(message), _) => format!("message.{message}"),
            (None, _) => "message.unknown".to_owned(),
        }
    }
}

/// The four fields every push begins with.
pub(crate) fn heading(original_id: &str, openid: &str, now_ms: i64, msg_type: &str) -> Fields {
    Fields::default()
        .text("ToUserName", original_id)
        .text("FromUserName", openid)
        .number("CreateTime", now_ms.div_euclid(1000))
        .text("MsgType", msg_type)
}
