//! Customer-service messages: what an account may say in the window that a user's action opens.

use hongyan_wire::{MediaId, OpenId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use crate::answer::Done;
use crate::endpoint::endpoints;
use crate::error::Error;

/// The most bytes that a text may have.
const TEXT: usize = 2048;

endpoints! {
    /// Customer-service messages to one person.
    message: Messages {
        /// Sends a message to a person whose window is open. [Page](https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage.html)
        ///
        /// Takes an [`OutMessage`], checked first, or a `serde_json::Value` as it is. A message from the person
        /// opens 5 in 48 h; a tap on the menu, a follow or a scan 3 in one minute. Else 45015, or 45047 when all
        /// are used up. 500,000 calls a day.
        POST "/cgi-bin/message/custom/send" send(body message: &(impl MessageBody + ?Sized)) -> Done, check(message.check());
        /// Shows or hides the sign that an answer is being written. [Page](https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing.html)
        ///
        /// Lasts 15 s and ends with the next message. Refused with 45080 when the last exchange is over 30 s ago.
        POST "/cgi-bin/message/custom/typing" typing(field touser: &OpenId, field command: Typing) -> Done;
    }
}

/// Whether the sign that an answer is being written shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Typing {
    /// It shows, for 15 s.
    #[serde(rename = "Typing")]
    On,
    /// It is taken away.
    #[serde(rename = "CancelTyping")]
    Off,
}

/// What can be sent as a customer-service message: an [`OutMessage`], checked first, or any JSON as it is.
pub trait MessageBody: Serialize {
    /// Whether the platform's limits are kept.
    fn check(&self) -> Result<(), Error>;
}

/// A message on its way to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutMessage {
    /// Whom it is for.
    pub touser: OpenId,
    /// What it says.
    pub message: CustomMessage,
    /// The agent whose name and picture it shows, as `name@account`; the account's own when left out.
    pub kf_account: Option<String>,
}

impl OutMessage {
    /// A message from the account itself.
    pub fn new(touser: impl Into<OpenId>, message: impl Into<CustomMessage>) -> Self {
        Self { touser: touser.into(), message: message.into(), kf_account: None }
    }

    /// Lets it show an agent's name and picture.
    pub fn kf_account(mut self, kf_account: impl Into<String>) -> Self {
        self.kf_account = Some(kf_account.into());
        self
    }
}

impl Serialize for OutMessage {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire<'a> {
            touser: &'a OpenId,
            #[serde(flatten)]
            message: &'a CustomMessage,
            #[serde(skip_serializing_if = "Option::is_none")]
            customservice: Option<Agent<'a>>,
        }
        #[derive(Serialize)]
        struct Agent<'a> {
            kf_account: &'a str,
        }
        let customservice = self.kf_account.as_deref().map(|kf_account| Agent { kf_account });
        Wire { touser: &self.touser, message: &self.message, customservice }.serialize(to)
    }
}

impl MessageBody for OutMessage {
    fn check(&self) -> Result<(), Error> {
        if self.touser.is_empty() {
            return Err(Error::invalid(
                "the message has no receiver",
                "an OpenID is needed",
                "消息没有接收者：请给出 OpenID",
            ));
        }
        self.message.check()
    }
}

impl MessageBody for Value {
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// What a customer-service message says. In JSON `{"msgtype": "text", "text": {…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", remote = "Self")]
#[non_exhaustive]
pub enum CustomMessage {
    /// A text, which may hold links.
    Text {
        /// 1 to 2048 bytes of UTF-8.
        content: String,
    },
    /// A picture.
    Image {
        /// The file, temporary or permanent.
        media_id: MediaId,
    },
    /// A voice.
    Voice {
        /// The file, temporary or permanent.
        media_id: MediaId,
    },
    /// A video.
    Video {
        /// The file, temporary or permanent.
        media_id: MediaId,
        /// Its cover; the platform asks for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thumb_media_id: Option<MediaId>,
        /// What stands under it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What stands under the title.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// A piece of music.
    Music {
        /// Its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What stands under the name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Where it is.
        musicurl: String,
        /// Where it is in better quality, used on Wi-Fi.
        hqmusicurl: String,
        /// Its picture; the platform asks for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thumb_media_id: Option<MediaId>,
    },
    /// A card with a link to a web page.
    News {
        /// Exactly one.
        articles: Vec<CustomArticle>,
    },
    /// An article of the old material library; use `MpNewsArticle`.
    MpNews {
        /// The material.
        media_id: MediaId,
    },
    /// A published article.
    MpNewsArticle {
        /// The article.
        article_id: String,
    },
    /// A question with answers to tap; service accounts only.
    MsgMenu {
        /// What stands above.
        head_content: String,
        /// What can be tapped; a tap comes back as a text message with the item's id.
        list: Vec<MenuItem>,
        /// What stands below.
        tail_content: String,
    },
    /// A card or coupon.
    WxCard {
        /// The card.
        card_id: String,
    },
    /// A card that opens a mini program linked to the account.
    MiniProgramPage {
        /// Its title.
        title: String,
        /// The mini program.
        appid: String,
        /// Its page.
        pagepath: String,
        /// Its picture.
        thumb_media_id: MediaId,
    },
}

/// A card with a link to a web page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomArticle {
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// What stands under the title.
    #[serde(default)]
    pub description: String,
    /// Where a tap leads.
    #[serde(default)]
    pub url: String,
    /// Its picture.
    #[serde(default)]
    pub picurl: String,
}

/// One answer to tap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuItem {
    /// What comes back as `bizmsgmenuid`.
    pub id: String,
    /// What it shows.
    pub content: String,
}

impl CustomMessage {
    /// A text.
    pub fn text(content: impl Into<String>) -> Self {
        Self::Text { content: content.into() }
    }

    /// The platform's name of the kind, such as `text`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Image { .. } => "image",
            Self::Voice { .. } => "voice",
            Self::Video { .. } => "video",
            Self::Music { .. } => "music",
            Self::News { .. } => "news",
            Self::MpNews { .. } => "mpnews",
            Self::MpNewsArticle { .. } => "mpnewsarticle",
            Self::MsgMenu { .. } => "msgmenu",
            Self::WxCard { .. } => "wxcard",
            Self::MiniProgramPage { .. } => "miniprogrampage",
        }
    }

    /// Whether the platform's limits are kept.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::Text { content } => match content.len() {
                1..=TEXT => Ok(()),
                bytes => Err(Error::invalid(
                    format!("the text has {bytes} bytes"),
                    format!("1 to {TEXT} bytes of UTF-8"),
                    format!("文本有 {bytes} 字节：应为 1 到 {TEXT} 字节（UTF-8，一个汉字占 3 字节）"),
                )),
            },
            Self::Image { media_id }
            | Self::Voice { media_id }
            | Self::Video { media_id, .. }
            | Self::MpNews { media_id } => present("media_id", media_id.as_str()),
            Self::Music { musicurl, hqmusicurl, .. } => {
                present("musicurl", musicurl)?;
                present("hqmusicurl", hqmusicurl)
            }
            Self::News { articles } if articles.len() == 1 => Ok(()),
            Self::News { articles } => Err(Error::invalid(
                format!("the news message has {} articles", articles.len()),
                "exactly one",
                format!("图文消息有 {} 篇文章：只能有一篇", articles.len()),
            )),
            Self::MpNewsArticle { article_id } => present("article_id", article_id),
            Self::MsgMenu { list, .. } if list.is_empty() => Err(Error::invalid(
                "the message menu has no items",
                "at least one",
                "菜单消息没有选项：至少一个",
            )),
            Self::MsgMenu { list, .. } => list.iter().try_for_each(|item| {
                named("the id of a menu item", "菜单消息选项的 id", &item.id)?;
                named("the content of a menu item", "菜单消息选项的 content", &item.content)
            }),
            Self::WxCard { card_id } => present("card_id", card_id),
            Self::MiniProgramPage { appid, pagepath, thumb_media_id, .. } => {
                present("appid", appid)?;
                present("pagepath", pagepath)?;
                present("thumb_media_id", thumb_media_id.as_str())
            }
        }
    }
}

fn present(field: &str, text: &str) -> Result<(), Error> {
    named(field, field, text)
}

fn named(what: &str, zh: &str, text: &str) -> Result<(), Error> {
    if text.is_empty() {
        let zh = format!("{zh} 是空的：必须填写");
        return Err(Error::invalid(format!("{what} is empty"), "it is needed", zh));
    }
    Ok(())
}

impl From<&str> for CustomMessage {
    fn from(content: &str) -> Self {
        Self::text(content)
    }
}

impl From<String> for CustomMessage {
    fn from(content: String) -> Self {
        Self::text(content)
    }
}

impl Serialize for CustomMessage {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        struct Inner<'a>(&'a CustomMessage);
        impl Serialize for Inner<'_> {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                CustomMessage::serialize(self.0, to)
            }
        }
        #[derive(Serialize)]
        struct Wire<'a> {
            msgtype: &'static str,
            #[serde(flatten)]
            inner: Inner<'a>,
        }
        Wire { msgtype: self.kind(), inner: Inner(self) }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for CustomMessage {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut map: Map<String, Value> = Map::deserialize(from)?;
        let Some(Value::String(kind)) = map.remove("msgtype") else {
            return Err(de::Error::custom("no msgtype"));
        };
        let Some(inner) = map.remove(&kind) else {
            return Err(de::Error::custom(format_args!("msgtype is {kind}, and there is no object {kind}")));
        };
        let outer = Value::Object(Map::from_iter([(kind, inner)]));
        CustomMessage::deserialize(outer).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_has_the_platforms_shape() {
        let shapes = json!([
            {"msgtype": "text", "text": {"content": "你好"}},
            {"msgtype": "image", "image": {"media_id": "m"}},
            {"msgtype": "voice", "voice": {"media_id": "m"}},
            {"msgtype": "video", "video": {"media_id": "m", "thumb_media_id": "t", "title": "a", "description": "b"}},
            {"msgtype": "music", "music": {"title": "a", "description": "b", "musicurl": "u", "hqmusicurl": "h", "thumb_media_id": "t"}},
            {"msgtype": "news", "news": {"articles": [{"title": "a", "description": "b", "url": "u", "picurl": "p"}]}},
            {"msgtype": "mpnews", "mpnews": {"media_id": "m"}},
            {"msgtype": "mpnewsarticle", "mpnewsarticle": {"article_id": "a"}},
            {"msgtype": "msgmenu", "msgmenu": {"head_content": "h", "list": [{"id": "1", "content": "好"}], "tail_content": "t"}},
            {"msgtype": "wxcard", "wxcard": {"card_id": "c"}},
            {"msgtype": "miniprogrampage", "miniprogrampage": {"title": "a", "appid": "x", "pagepath": "p", "thumb_media_id": "t"}},
        ]);
        for shape in shapes.as_array().unwrap() {
            let message: CustomMessage = serde_json::from_value(shape.clone()).unwrap();
            assert_eq!(&serde_json::to_value(&message).unwrap(), shape);
            assert_eq!(message.kind(), shape["msgtype"]);
            message.check().unwrap();
        }
        assert_eq!(shapes.as_array().unwrap().len(), 11);
    }

    #[test]
    fn receiver_and_agent_stand_beside_the_message() {
        let message = OutMessage::new("o1", "hi").kf_account("a@b");
        assert_eq!(
            serde_json::to_value(&message).unwrap(),
            json!({"touser": "o1", "msgtype": "text", "text": {"content": "hi"}, "customservice": {"kf_account": "a@b"}})
        );
    }

    #[test]
    fn limits_are_named() {
        let said = |message: CustomMessage| message.check().unwrap_err().to_string();
        assert!(said("".into()).contains("1 to 2048 bytes"));
        assert!(said("二".repeat(683).into()).contains("2049 bytes"));
        assert!(CustomMessage::from("二".repeat(682)).check().is_ok());
        assert!(
            said(CustomMessage::News { articles: vec![CustomArticle::default(); 2] }).contains("exactly one")
        );
        assert!(OutMessage::new("", "hi").check().is_err());
    }

    #[test]
    fn a_kind_without_its_object_is_refused() {
        let error =
            serde_json::from_value::<CustomMessage>(json!({"msgtype": "text", "image": {}})).unwrap_err();
        assert!(error.to_string().contains("no object text"), "{error}");
    }
}
