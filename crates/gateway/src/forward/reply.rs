//! A back end's passive reply as one of our messages.

use hongyan_wire::Inbound;
use hongyan_wire::inbound::{Fields, Node};
use serde_json::{Map, Value, json};

use crate::message::Message;

/// Which field of a reply is which of a message.
const MEDIA: &[(&str, &str)] = &[("MediaId", "media_id")];
const VIDEO: &[(&str, &str)] = &[("MediaId", "media_id"), ("Title", "title"), ("Description", "description")];
const MUSIC: &[(&str, &str)] = &[
    ("Title", "title"),
    ("Description", "description"),
    ("MusicUrl", "musicurl"),
    ("HQMusicUrl", "hqmusicurl"),
    ("ThumbMediaId", "thumb_media_id"),
];
const ARTICLE: &[(&str, &str)] =
    &[("Title", "title"), ("Description", "description"), ("PicUrl", "picurl"), ("Url", "url")];

/// The reply to a push; `None` when there is nothing in it. An error says what the platform would not take.
pub(crate) fn reply(push: &Inbound, fields: &Fields) -> Result<Option<Message>, String> {
    let text = |name: &str| fields.text(name).unwrap_or_default().trim();
    if text("ToUserName") != push.from.as_str() || text("FromUserName") != push.to.as_str() {
        return Err(
            "ToUserName and FromUserName of the answer are not those of the push, exchanged".to_owned()
        );
    }
    let value = match text("MsgType") {
        "text" => {
            let content = fields.text("Content").unwrap_or_default();
            if content.trim().is_empty() {
                return Ok(None);
            }
            json!({"text": {"content": content}})
        }
        "image" => json!({"image": inside(fields, "Image", MEDIA)}),
        "voice" => json!({"voice": inside(fields, "Voice", MEDIA)}),
        "video" => json!({"video": inside(fields, "Video", VIDEO)}),
        "music" => json!({"music": inside(fields, "Music", MUSIC)}),
        "news" => json!({"news": {"articles": articles(fields)}}),
        "transfer_customer_service" => {
            let agent = fields.path(&["TransInfo", "KfAccount"]).and_then(Node::text);
            json!({"transfer": agent.map_or_else(|| json!({}), |agent| json!({"kf_account": agent}))})
        }
        other => return Err(format!("the answer's MsgType is {other:?}, which is no reply")),
    };
    let message =
        Message::from_json(&value).map_err(|error| format!("the answer cannot be used: {error}"))?;
    if message.needs_upload() {
        return Err("the answer has a file or an address where a media id must stand".to_owned());
    }
    Ok(Some(message))
}

fn inside(fields: &Fields, name: &str, names: &[(&str, &str)]) -> Value {
    fields.get(name).and_then(Node::fields).map_or_else(|| json!({}), |fields| renamed(fields, names))
}

fn renamed(fields: &Fields, names: &[(&str, &str)]) -> Value {
    let mut out = Map::new();
    for (theirs, ours) in names {
        if let Some(text) = fields.text(theirs).filter(|text| !text.is_empty()) {
            out.insert((*ours).to_owned(), json!(text));
        }
    }
    Value::Object(out)
}

/// Articles stand in `item` elements; in JSON the list is one field.
fn articles(fields: &Fields) -> Vec<Value> {
    let Some(list) = fields.get("Articles") else { return Vec::new() };
    let items: Vec<&Node> = match list {
        Node::Tree(inside) => inside.all("item").collect(),
        other => other.items().collect(),
    };
    items.into_iter().filter_map(Node::fields).map(|article| renamed(article, ARTICLE)).collect()
}
