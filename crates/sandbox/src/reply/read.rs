//! Reads a passive reply into the message a person would see.

use serde_json::{Map, Value};

use super::findings::{self, Finding};
use super::xml::Element;
use crate::settings::{Settings, UnknownMedia};
use crate::world::media::MediaKind;

/// What the reply must fit to.
pub(crate) struct Frame<'a> {
    pub(crate) openid: &'a str,
    pub(crate) original_id: &'a str,
    /// The push was an event, which allows more articles.
    pub(crate) to_event: bool,
    pub(crate) settings: &'a Settings,
    /// Whether the account has a file with this id, of one of these kinds.
    pub(crate) has_media: &'a dyn Fn(&str, &[MediaKind]) -> bool,
}

impl std::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame").field("openid", &self.openid).finish_non_exhaustive()
    }
}

/// A reply that can be shown: the message's kind and its own fields, as the chat has them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) kind: String,
    pub(crate) fields: Map<String, Value>,
}

/// Reads the fields of a reply.
pub(crate) fn read(root: &Element, frame: &Frame<'_>) -> (Option<Shown>, Vec<Finding>) {
    let mut wrong = Vec::new();
    for (field, want) in [("ToUserName", frame.openid), ("FromUserName", frame.original_id)] {
        let got = root.text(field).unwrap_or_default();
        if got != want {
            wrong.push(findings::swapped_users(field, want, got));
        }
    }
    let kind = root.text("MsgType").unwrap_or_default();
    let mut warnings = Vec::new();
    warnings.extend(root.stray.map(findings::cdata_not_split));
    let fields = match kind {
        "text" => text(root, frame),
        "image" => media(root, "Image"),
        "voice" => media(root, "Voice"),
        "video" => video(root),
        "music" => music(root, frame),
        "news" => news(root, frame, &mut warnings),
        "transfer_customer_service" => Ok(Map::new()),
        other => Err(findings::unknown_msgtype(other)),
    };
    let lost = fields.as_ref().ok().and_then(|fields| lost_media(kind, fields, frame));
    match fields {
        Ok(fields) if wrong.is_empty() => {
            let hidden = lost.is_some() && frame.settings.unknown_media_in_reply != UnknownMedia::Shown;
            warnings.extend(lost);
            ((!hidden).then(|| Shown { kind: kind.to_owned(), fields }), warnings)
        }
        Ok(_) => (None, wrong),
        Err(finding) => {
            wrong.push(finding);
            (None, wrong)
        }
    }
}

/// A file the reply names that the account does not have, or not of that kind.
fn lost_media(kind: &str, fields: &Map<String, Value>, frame: &Frame<'_>) -> Option<Finding> {
    use MediaKind::{Image, Thumb, Video, Voice};
    let (name, field, kinds): (_, _, &[MediaKind]) = match kind {
        "image" => ("media_id", "Image/MediaId", &[Image]),
        "voice" => ("media_id", "Voice/MediaId", &[Voice]),
        "video" => ("media_id", "Video/MediaId", &[Video]),
        "music" => ("thumb_media_id", "Music/ThumbMediaId", &[Thumb, Image]),
        _ => return None,
    };
    let id = fields.get(name).and_then(Value::as_str).filter(|id| !id.is_empty())?;
    (!(frame.has_media)(id, kinds))
        .then(|| findings::unknown_media(field, id, frame.settings.unknown_media_in_reply))
}

type Read = Result<Map<String, Value>, Finding>;

fn text(root: &Element, frame: &Frame<'_>) -> Read {
    let content = root.text("Content").unwrap_or_default();
    if content.is_empty() {
        return Err(findings::empty_content("Content"));
    }
    if content.len() > frame.settings.text_bytes {
        return Err(findings::content_too_long(content.len(), frame.settings.text_bytes));
    }
    Ok(object([("content", Some(content))]))
}

fn media(root: &Element, wrapper: &'static str) -> Read {
    let id = root.child(wrapper).and_then(|inner| inner.text("MediaId")).unwrap_or_default();
    if id.is_empty() {
        return Err(findings::empty_content(&format!("{wrapper}/MediaId")));
    }
    Ok(object([("media_id", Some(id))]))
}

fn video(root: &Element) -> Read {
    let mut fields = media(root, "Video")?;
    if let Some(inner) = root.child("Video") {
        fields.extend(object([("title", inner.text("Title")), ("description", inner.text("Description"))]));
    }
    Ok(fields)
}

fn music(root: &Element, frame: &Frame<'_>) -> Read {
    let Some(inner) = root.child("Music") else { return Err(findings::empty_content("Music")) };
    let thumb = inner.text("ThumbMediaId");
    if frame.settings.thumb_required && thumb.is_none_or(str::is_empty) {
        return Err(findings::empty_content("Music/ThumbMediaId"));
    }
    Ok(object([
        ("title", inner.text("Title")),
        ("description", inner.text("Description")),
        ("musicurl", inner.text("MusicUrl")),
        ("hqmusicurl", inner.text("HQMusicUrl")),
        ("thumb_media_id", thumb),
    ]))
}

fn news(root: &Element, frame: &Frame<'_>, warnings: &mut Vec<Finding>) -> Read {
    let articles = root.child("Articles").map(|list| list.children.as_slice()).unwrap_or_default();
    let items: Vec<&Element> = articles.iter().filter(|child| child.name == "item").collect();
    if items.is_empty() {
        return Err(findings::empty_content("Articles/item"));
    }
    let settings = frame.settings;
    let limit = if frame.to_event { settings.articles_to_event } else { settings.articles_to_message };
    if items.len() > limit {
        warnings.push(findings::too_many_articles(items.len(), limit));
    }
    let shown = items.iter().take(limit).map(|item| {
        Value::Object(object([
            ("title", item.text("Title")),
            ("description", item.text("Description")),
            ("url", item.text("Url")),
            ("picurl", item.text("PicUrl")),
        ]))
    });
    let mut fields = Map::new();
    fields.insert("articles".to_owned(), shown.collect());
    Ok(fields)
}

fn object<const N: usize>(fields: [(&str, Option<&str>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?)))).collect()
}

/// A JSON reply, read as if its members were elements.
pub(crate) fn from_json(name: &str, value: &Value) -> Element {
    let mut element = Element { name: name.to_owned(), ..Element::default() };
    match value {
        Value::Object(fields) => {
            for (field, inner) in fields {
                match inner {
                    Value::Array(list) => element.children.push(Element {
                        name: field.clone(),
                        children: list.iter().map(|one| from_json("item", one)).collect(),
                        ..Element::default()
                    }),
                    one => element.children.push(from_json(field, one)),
                }
            }
        }
        Value::Array(list) => element.children.extend(list.iter().map(|one| from_json("item", one))),
        Value::String(text) => element.text.clone_from(text),
        Value::Null => {}
        other => element.text = other.to_string(),
    }
    // `{"Articles": {"item": [..]}}` and `{"Articles": [..]}` mean the same.
    if let [only] = element.children.as_slice()
        && only.name == "item"
        && only.children.iter().all(|child| child.name == "item")
        && !only.children.is_empty()
    {
        element.children = only.children.clone();
    }
    element
}
