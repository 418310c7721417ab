//! A message from the account to a person, in the platform's own customer-service JSON.

mod shape;

use std::fmt;

use hongyan_wire::reply::split_text;
use hongyan_wire::{Article, MediaId, OpenId, Reply};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

pub use shape::BadMessage;
pub(crate) use shape::{MAX_TEXT, full, is_template};

/// A message without its receiver: `{"msgtype": "text", "text": {"content": "…"}}`.
///
/// Two kinds exist only as passive replies: `transfer` hands the conversation to the agents, `none` says nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Message(Map<String, Value>);

/// Why a message cannot be a passive reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotPassive {
    /// The message's kind.
    pub kind: String,
}

impl fmt::Display for NotPassive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a message of kind `{}` cannot be a passive reply: it goes by customer service", self.kind)
    }
}

impl std::error::Error for NotPassive {}

impl Message {
    /// A text.
    pub fn text(content: impl Into<String>) -> Message {
        let content = content.into();
        Message(Map::from_iter([
            ("msgtype".to_owned(), json!("text")),
            ("text".to_owned(), json!({"content": content})),
        ]))
    }

    /// Reads a message in the platform's JSON or in one of the short forms of the configuration.
    pub fn from_json(value: &Value) -> Result<Message, BadMessage> {
        full(value).map(Message)
    }

    /// A message that has its full form already.
    pub(crate) fn from_full(map: Map<String, Value>) -> Message {
        Message(map)
    }

    /// The kind, such as `text`.
    pub fn kind(&self) -> &str {
        self.0.get("msgtype").and_then(Value::as_str).unwrap_or("none")
    }

    /// The message as JSON.
    pub fn to_json(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// A field of the message's own object, such as `content` of a text.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.body().and_then(|body| body.get(name)).and_then(Value::as_str)
    }

    /// Whether it can be sent by customer service.
    pub fn can_be_sent(&self) -> bool {
        !matches!(self.kind(), "transfer" | "none")
    }

    /// The message as a passive reply.
    pub fn to_reply(&self) -> Result<Reply, NotPassive> {
        let text = |name: &str| self.field(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let media = || MediaId::new(self.field("media_id").unwrap_or_default());
        Ok(match self.kind() {
            "none" => Reply::None,
            "text" => Reply::Text(text("content").unwrap_or_default()),
            "image" => Reply::Image { media_id: media() },
            "voice" => Reply::Voice { media_id: media() },
            "video" => {
                Reply::Video { media_id: media(), title: text("title"), description: text("description") }
            }
            "music" => Reply::Music {
                title: text("title"),
                description: text("description"),
                music_url: text("musicurl"),
                hq_music_url: text("hqmusicurl"),
                thumb_media_id: text("thumb_media_id").map(MediaId::new),
            },
            "news" => Reply::News(self.articles().map(article).collect()),
            "transfer" => Reply::Transfer { kf_account: text("kf_account") },
            kind => return Err(NotPassive { kind: kind.to_owned() }),
        })
    }

    /// The body of a customer-service call that sends this message.
    pub fn to_send(&self, to: &OpenId) -> Value {
        let mut call = Map::from_iter([("touser".to_owned(), json!(to.as_str()))]);
        call.extend(self.0.clone());
        if let Some(Value::Object(music)) = call.get_mut("music")
            && !music.contains_key("hqmusicurl")
            && let Some(url) = music.get("musicurl").cloned()
        {
            // A passive reply may leave it out, a customer-service message must not.
            music.insert("hqmusicurl".to_owned(), url);
        }
        Value::Object(call)
    }

    /// Every media id that is a file or an address still to be uploaded.
    pub fn media_refs_mut(&mut self) -> Vec<&mut String> {
        let kind = self.kind().to_owned();
        let Some(Value::Object(body)) = self.0.get_mut(&kind) else { return Vec::new() };
        body.iter_mut()
            .filter(|(key, _)| matches!(key.as_str(), "media_id" | "thumb_media_id"))
            .filter_map(|(_, value)| match value {
                Value::String(text) if is_upload(text) => Some(text),
                _ => None,
            })
            .collect()
    }

    /// Whether something must be uploaded before it can go.
    pub fn needs_upload(&self) -> bool {
        ["media_id", "thumb_media_id"].iter().filter_map(|name| self.field(name)).any(is_upload)
    }

    /// Whether a field that the message cannot do without came out empty.
    pub fn is_empty(&self) -> bool {
        let empty = |name: &str| self.field(name).is_none_or(|text| text.trim().is_empty());
        match self.kind() {
            "text" => empty("content"),
            "image" | "voice" | "video" | "mpnews" => empty("media_id"),
            "music" => empty("musicurl"),
            "mpnewsarticle" => empty("article_id"),
            "wxcard" => empty("card_id"),
            "news" => self
                .articles()
                .all(|article| article["title"].as_str().is_none_or(|title| title.trim().is_empty())),
            _ => false,
        }
    }

    /// A text that is too long, in pieces that are not; any other message alone.
    pub fn pieces(self) -> Vec<Message> {
        match self.field("content") {
            Some(content) if self.kind() == "text" && content.len() > MAX_TEXT => {
                split_text(content, MAX_TEXT)
                    .map(|piece| piece.trim_end_matches('\n'))
                    .filter(|piece| !piece.trim().is_empty())
                    .map(Message::text)
                    .collect()
            }
            _ => vec![self],
        }
    }

    /// A message menu as a text whose lines can be tapped, for accounts that may not send message menus.
    pub fn menu_as_text(&self) -> Message {
        let mut lines: Vec<String> = self.field("head_content").map(str::to_owned).into_iter().collect();
        let items = self.body().and_then(|body| body.get("list")).and_then(Value::as_array);
        for item in items.into_iter().flatten() {
            let (id, content) =
                (item["id"].as_str().unwrap_or_default(), item["content"].as_str().unwrap_or_default());
            let tapped = percent_encoded(content);
            let id = percent_encoded(id);
            lines.push(format!(
                "<a href=\"weixin://bizmsgmenu?msgmenucontent={tapped}&msgmenuid={id}\">{content}</a>"
            ));
        }
        lines.extend(self.field("tail_content").map(str::to_owned));
        Message::text(lines.join("\n"))
    }

    /// The message as customer service takes it: of several articles only the first.
    pub(crate) fn by_service(mut self) -> Message {
        let articles = self.0.get_mut("news").and_then(|news| news.get_mut("articles"));
        if let Some(articles) = articles.and_then(Value::as_array_mut) {
            articles.truncate(1);
        }
        self
    }

    /// The same message without one of its fields.
    pub(crate) fn without(mut self, name: &str) -> Message {
        let kind = self.kind().to_owned();
        if let Some(Value::Object(body)) = self.0.get_mut(&kind) {
            body.remove(name);
        }
        self
    }

    fn body(&self) -> Option<&Map<String, Value>> {
        self.0.get(self.kind()).and_then(Value::as_object)
    }

    fn articles(&self) -> impl Iterator<Item = &Value> {
        self.body().and_then(|body| body.get("articles")).and_then(Value::as_array).into_iter().flatten()
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Whether a media id is a file or an address instead of an id.
pub(crate) fn is_upload(text: &str) -> bool {
    text.starts_with("file:") || text.starts_with("https:")
}

fn article(value: &Value) -> Article {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    Article {
        title: text("title"),
        description: text("description"),
        pic_url: text("picurl"),
        url: text("url"),
    }
}

/// Everything but letters, digits and `-._~` as `%XX`.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(value: Value) -> Message {
        Message::from_json(&value).expect("a good message")
    }

    #[test]
    fn every_passive_kind_becomes_its_reply() {
        assert_eq!(Message::text("hi").to_reply(), Ok(Reply::Text("hi".into())));
        assert_eq!(message(json!({"none": true})).to_reply(), Ok(Reply::None));
        assert_eq!(message(json!({"image": "M"})).to_reply(), Ok(Reply::Image { media_id: "M".into() }));
        assert_eq!(message(json!({"voice": "M"})).to_reply(), Ok(Reply::Voice { media_id: "M".into() }));
        assert_eq!(
            message(json!({"transfer": "a@b"})).to_reply(),
            Ok(Reply::Transfer { kf_account: Some("a@b".into()) })
        );
        assert_eq!(
            message(json!({"music": {"title": "t", "musicurl": "u"}})).to_reply(),
            Ok(Reply::Music {
                title: Some("t".into()),
                description: None,
                music_url: Some("u".into()),
                hq_music_url: None,
                thumb_media_id: None,
            })
        );
        let article =
            Article { title: "t".into(), description: String::new(), pic_url: "p".into(), url: "u".into() };
        assert_eq!(
            message(json!({"news": {"title": "t", "picurl": "p", "url": "u"}})).to_reply(),
            Ok(Reply::News(vec![article]))
        );
    }

    #[test]
    fn a_message_menu_cannot_go_passively() {
        let menu =
            message(json!({"msgmenu": {"head_content": "ok?", "list": [{"id": "1", "content": "是 & 否"}]}}));
        let refused = menu.to_reply().expect_err("not passive");
        assert!(refused.to_string().contains("customer service"));
        let text = menu.menu_as_text();
        assert_eq!(
            text.field("content"),
            Some(
                "ok?\n<a href=\"weixin://bizmsgmenu?msgmenucontent=%E6%98%AF%20%26%20%E5%90%A6&msgmenuid=1\">是 & 否</a>"
            )
        );
    }

    #[test]
    fn sending_puts_the_receiver_first_and_completes_music() {
        let sent = message(json!({"music": {"musicurl": "u"}})).to_send(&OpenId::new("o1"));
        assert_eq!(
            sent.to_string(),
            r#"{"touser":"o1","msgtype":"music","music":{"musicurl":"u","hqmusicurl":"u"}}"#
        );
    }

    #[test]
    fn only_files_and_addresses_are_to_be_uploaded() {
        let mut video = message(json!({"video": {"media_id": "file:a.mp4", "thumb_media_id": "T1"}}));
        assert!(video.needs_upload());
        for media in video.media_refs_mut() {
            *media = "V1".into();
        }
        assert_eq!(video.field("media_id"), Some("V1"));
        assert!(!video.needs_upload());
        assert!(!Message::text("file:a.mp4").needs_upload());
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = "字".repeat(1500);
        let pieces = Message::text(text.clone()).pieces();
        let contents: Vec<_> = pieces.iter().filter_map(|piece| piece.field("content")).collect();
        assert!(contents.iter().all(|content| content.len() <= MAX_TEXT));
        assert_eq!(contents.concat(), text);
        assert_eq!(Message::text("short").pieces(), [Message::text("short")]);
    }

    #[test]
    fn a_blank_text_is_empty() {
        assert!(Message::text(" \n").is_empty());
        assert!(!Message::text("x").is_empty());
    }
}
