//! One conversation as the person sees it: bubbles and notices in order.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::media;

/// Who a message is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum From {
    User,
    Account,
    Notice,
}

impl From {
    fn name(self) -> &'static str {
        match self {
            From::User => "user",
            From::Account => "account",
            From::Notice => "notice",
        }
    }
}

/// One bubble or notice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) from: From,
    pub(crate) kind: String,
    pub(crate) at_ms: i64,
    pub(crate) exchange: Option<u64>,
    pub(crate) passive: bool,
    pub(crate) fields: Map<String, Value>,
}

impl Message {
    /// The message as the control API gives it.
    pub(crate) fn to_json(&self) -> Value {
        let mut out = json!({
            "id": self.id,
            "from": self.from.name(),
            "type": self.kind,
            "text": readable(&self.kind, &self.fields),
            "at_ms": self.at_ms,
            "exchange": self.exchange,
            "passive": self.passive,
        });
        if let Value::Object(object) = &mut out {
            for (name, value) in &self.fields {
                if !object.contains_key(name) {
                    object.insert(name.clone(), value.clone());
                }
            }
            if !object.contains_key(&self.kind) {
                object.insert(self.kind.clone(), Value::Object(self.fields.clone()));
            }
        }
        out
    }

    /// The message as a line of a transcript.
    pub(crate) fn to_line(&self, account: &str, person: &str) -> String {
        let text = readable(&self.kind, &self.fields).replace('\n', "\n    ");
        match self.from {
            From::Notice => format!("-- {text}"),
            From::User => format!("[{}] {person}: {text}", self.id),
            From::Account => format!("[{}] {account}: {text}", self.id),
        }
    }
}

/// Puts the addresses of the sandbox's own files beside their ids.
pub(crate) fn with_addresses(mut fields: Map<String, Value>) -> Map<String, Value> {
    for (id, url) in [("media_id", "url"), ("thumb_media_id", "thumb_url")] {
        let path = fields.get(id).and_then(Value::as_str).filter(|id| !id.is_empty()).map(media::path);
        if let Some(path) = path
            && !fields.contains_key(url)
        {
            fields.insert(url.to_owned(), Value::from(path));
        }
    }
    fields
}

/// One readable line for any kind of message.
pub(crate) fn readable(kind: &str, fields: &Map<String, Value>) -> String {
    let get = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let named = |label: &str, rest: String| format!("[{label}] {}", rest.trim()).trim_end().to_owned();
    match kind {
        "text" | "notice" => get("content").to_owned(),
        "image" => "[图片]".to_owned(),
        "voice" => named("语音", get("recognition").to_owned()),
        "video" | "shortvideo" => named("视频", format!("{} {}", get("title"), get("description"))),
        "music" => named("音乐", format!("{} {}", get("title"), get("description"))),
        "news" | "mpnews" | "mpnewsarticle" => {
            let titles: Vec<&str> = fields
                .get("articles")
                .and_then(Value::as_array)
                .map(|list| list.iter().filter_map(|article| article["title"].as_str()).collect())
                .unwrap_or_default();
            named("图文", titles.join(" / "))
        }
        "msgmenu" => {
            let items: Vec<&str> = fields
                .get("list")
                .and_then(Value::as_array)
                .map(|list| list.iter().filter_map(|item| item["content"].as_str()).collect())
                .unwrap_or_default();
            format!("{} {{menu {}}} {}", get("head_content"), items.join("|"), get("tail_content"))
                .trim()
                .to_owned()
        }
        "location" => named("位置", get("label").to_owned()),
        "link" => named("链接", format!("{} {}", get("title"), get("url"))),
        "miniprogrampage" => named("小程序", get("title").to_owned()),
        "template" => named("模板", format!("{}\n{}", get("title"), get("content"))),
        "wxcard" => named("卡券", get("card_id").to_owned()),
        other => format!("[{other}]"),
    }
}

/// A conversation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Chat {
    messages: Vec<Message>,
}

impl Chat {
    /// Adds a message and keeps no more than `limit` in all.
    pub(crate) fn push(&mut self, message: Message, limit: usize) {
        let surplus = (self.messages.len() + 1).saturating_sub(limit.max(1));
        self.messages.drain(..surplus);
        self.messages.push(message);
    }

    /// The messages after the one with this id.
    pub(crate) fn after(&self, id: u64) -> &[Message] {
        let from = self.messages.partition_point(|message| message.id <= id);
        &self.messages[from..]
    }

    /// The text of the newest msgmenu item with this id.
    pub(crate) fn menu_item(&self, id: &str) -> Option<String> {
        let menus = self.messages.iter().rev().filter(|message| message.kind == "msgmenu");
        let mut items = menus.filter_map(|menu| menu.fields.get("list")?.as_array()).flatten();
        items
            .find(|item| id_text(&item["id"]) == id)
            .and_then(|item| Some(item["content"].as_str()?.to_owned()))
    }
}

/// An id that may be written as text or number.
pub(crate) fn id_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: &str, fields: Value) -> Message {
        let Value::Object(fields) = fields else { panic!("not an object") };
        Message {
            id: 3,
            from: From::Account,
            kind: kind.into(),
            at_ms: 5,
            exchange: Some(1),
            passive: true,
            fields: with_addresses(fields),
        }
    }

    #[test]
    fn a_message_has_its_fields_twice_and_a_readable_text() {
        let music = message(
            "music",
            json!({"title": "晴天", "description": "周杰伦", "musicurl": "http://a", "thumb_media_id": "t"}),
        );
        let json = music.to_json();
        assert_eq!(json["text"], "[音乐] 晴天 周杰伦");
        assert_eq!((&json["title"], &json["music"]["musicurl"]), (&json!("晴天"), &json!("http://a")));
        assert_eq!(json["thumb_url"], "/_sandbox/media/t");
        let text = message("text", json!({"content": "你好"})).to_json();
        assert_eq!((&text["text"], &text["content"]), (&json!("你好"), &json!("你好")));
    }

    #[test]
    fn a_transcript_can_be_searched() {
        let menu = message(
            "msgmenu",
            json!({"head_content": "满意吗", "list": [{"id": "101", "content": "满意"}, {"id": 102, "content": "不满意"}], "tail_content": ""}),
        );
        assert_eq!(menu.to_line("shop", "alice"), "[3] shop: 满意吗 {menu 满意|不满意}");
        let mut chat = Chat::default();
        chat.push(menu, 10);
        assert_eq!(chat.menu_item("102").as_deref(), Some("不满意"));
        assert_eq!(chat.menu_item("103"), None);
        assert_eq!((chat.after(2).len(), chat.after(3).len()), (1, 0));
    }
}
