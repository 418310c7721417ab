//! Writes a push's fields as the platform's XML, or as JSON.

use serde_json::{Map, Value as Json};

use super::fields::{Fields, Value};

/// The whole message as one line of XML.
pub(crate) fn xml(fields: &Fields) -> String {
    let mut out = String::from("<xml>");
    write_fields(fields, &mut out);
    out.push_str("</xml>");
    out
}

/// The fields alone, without the root.
pub(crate) fn write_fields(fields: &Fields, out: &mut String) {
    for (name, value) in &fields.0 {
        out.push('<');
        out.push_str(name);
        out.push('>');
        match value {
            Value::Text(text) => cdata(text, out),
            Value::Number(number) | Value::Digits(number) => out.push_str(number),
            Value::Tree(inner) => write_fields(inner, out),
        }
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }
}

/// Text in CDATA; a `]]>` in it ends one section and begins another.
fn cdata(text: &str, out: &mut String) {
    out.push_str("<![CDATA[");
    out.push_str(&text.replace("]]>", "]]]]><![CDATA[>"));
    out.push_str("]]>");
}

/// The whole message as a JSON object.
pub(crate) fn json(fields: &Fields) -> Json {
    let mut object = Map::new();
    for (name, value) in &fields.0 {
        let value = match value {
            Value::Text(text) | Value::Digits(text) => Json::String(text.clone()),
            Value::Number(number) => {
                serde_json::from_str(number).unwrap_or_else(|_| Json::String(number.clone()))
            }
            Value::Tree(inner) => json(inner),
        };
        match object.get_mut(name) {
            None => {
                object.insert(name.clone(), value);
            }
            Some(Json::Array(list)) => list.push(value),
            Some(first) => *first = Json::Array(vec![first.take(), value]),
        }
    }
    Json::Object(object)
}

#[cfg(test)]
mod tests {
    use super::super::fields::heading;
    use super::*;

    #[test]
    fn a_text_message_is_written_as_the_reference_shows_it() {
        let fields = heading("gh_a1b2c3d4e5f6", "oEmu0000000000000000000user1", 1_732_000_000_000, "text")
            .text("Content", "order 42?")
            .digits("MsgId", "24801000000000001");
        assert_eq!(
            xml(&fields),
            "<xml><ToUserName><![CDATA[gh_a1b2c3d4e5f6]]></ToUserName><FromUserName><![CDATA[oEmu0000000000000000000user1]]></FromUserName><CreateTime>1732000000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[order 42?]]></Content><MsgId>24801000000000001</MsgId></xml>"
        );
        assert_eq!(fields.kind(), "message.text");
    }

    #[test]
    fn the_end_of_a_cdata_section_in_a_text_is_split() {
        let fields = Fields::default().text("Content", "a]]>b");
        assert_eq!(xml(&fields), "<xml><Content><![CDATA[a]]]]><![CDATA[>b]]></Content></xml>");
    }

    #[test]
    fn a_repeated_field_is_a_json_list() {
        let item = |md5: &str| Fields::default().text("PicMd5Sum", md5);
        let list = Fields::default().tree("item", item("1")).tree("item", item("2"));
        let fields = Fields::default().number("Count", 2).tree("PicList", list);
        assert_eq!(
            json(&fields).to_string(),
            r#"{"Count":2,"PicList":{"item":[{"PicMd5Sum":"1"},{"PicMd5Sum":"2"}]}}"#
        );
    }
}
