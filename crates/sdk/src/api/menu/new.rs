//! A menu to be made, with the platform's limits.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use crate::error::Error;

/// The most bytes that a top button's name may have.
const TOP_NAME: usize = 16;
/// The most bytes that a lower button's name may have.
const SUB_NAME: usize = 60;
/// The most bytes that a key may have.
const KEY: usize = 128;
/// The most bytes that an address may have.
const URL: usize = 1024;

/// What can be sent as a menu: a [`NewMenu`] or [`NewConditionalMenu`], checked first, or any JSON as it is.
pub trait MenuBody: Serialize {
    /// Whether the platform's limits are kept.
    fn check(&self) -> Result<(), Error>;
}

/// A menu to be made: 1 to 3 buttons.
///
/// ```
/// use hongyan::{Button, NewMenu};
/// let menu = NewMenu::new([
///     Button::click("今日歌曲", "song"),
///     Button::menu("菜单", [Button::view("搜索", "https://www.soso.com/"), Button::click("赞一下", "good")]),
/// ]);
/// assert_eq!(serde_json::to_value(&menu)?["button"][1]["sub_button"][0]["type"], "view");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewMenu {
    /// The buttons, left to right.
    pub button: Vec<Button>,
}

/// A menu for the people that a rule matches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewConditionalMenu {
    /// The buttons, left to right.
    pub button: Vec<Button>,
    /// Who sees them; at least one of its fields is set.
    pub matchrule: MatchRule,
}

/// Whom a conditional menu is for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MatchRule {
    /// The people with this tag. Answers call it `group_id`.
    #[serde(
        default,
        alias = "group_id",
        deserialize_with = "crate::api::number::as_optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub tag_id: Option<String>,
    /// The people with this kind of phone: `1` iOS, `2` Android, `3` others.
    #[serde(
        default,
        deserialize_with = "crate::api::number::as_optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub client_platform_type: Option<String>,
    /// Other fields. `sex`, `country`, `province`, `city` and `language` of old rules no longer match anybody.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// One button: its name and what a tap does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Button {
    /// What it shows: up to 16 bytes of UTF-8 at the top, up to 60 below; phones show 4 and 8 Chinese characters.
    pub name: String,
    /// What a tap does.
    #[serde(flatten)]
    pub action: Action,
}

/// What a tap on a button does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Pushes a `CLICK` event with the key.
    Click {
        /// Up to 128 bytes.
        key: String,
    },
    /// Opens an address and pushes a `VIEW` event.
    View {
        /// Up to 1024 bytes.
        url: String,
    },
    /// Opens the scanner, shows what it read, and pushes it.
    ScancodePush {
        /// Up to 128 bytes.
        key: String,
    },
    /// Opens the scanner, pushes what it read, and waits for the reply.
    ScancodeWaitmsg {
        /// Up to 128 bytes.
        key: String,
    },
    /// Opens the camera and pushes the pictures.
    PicSysphoto {
        /// Up to 128 bytes.
        key: String,
    },
    /// Lets the person choose camera or album and pushes the pictures.
    PicPhotoOrAlbum {
        /// Up to 128 bytes.
        key: String,
    },
    /// Opens the album and pushes the pictures.
    PicWeixin {
        /// Up to 128 bytes.
        key: String,
    },
    /// Opens the map and pushes the chosen place.
    LocationSelect {
        /// Up to 128 bytes.
        key: String,
    },
    /// Makes the platform send a permanent picture, voice, video or article; pushes nothing.
    MediaId {
        /// The material.
        media_id: String,
    },
    /// Opens a permanent article.
    ViewLimited {
        /// The material.
        media_id: String,
    },
    /// Makes the platform send the card of a published article; pushes nothing.
    ArticleId {
        /// The published article.
        article_id: String,
    },
    /// Opens a published article.
    ArticleViewLimited {
        /// The published article.
        article_id: String,
    },
    /// Opens a mini program and pushes a `view_miniprogram` event.
    Miniprogram {
        /// What old clients open instead; up to 1024 bytes.
        url: String,
        /// The mini program, linked to the account.
        appid: String,
        /// Its page.
        pagepath: String,
    },
    /// Opens the buttons below it.
    #[serde(untagged)]
    Sub {
        /// 1 to 5 buttons, none with buttons of its own.
        sub_button: Vec<Button>,
    },
    /// A kind that this version does not know, as it came.
    #[serde(untagged)]
    Other(Map<String, Value>),
}

impl NewMenu {
    /// A menu of these buttons, checked when it is sent.
    pub fn new(button: impl IntoIterator<Item = Button>) -> Self {
        Self { button: button.into_iter().collect() }
    }

    /// Reads the platform's menu JSON, with or without `{"menu": …}` around it, and checks it.
    pub fn from_value(value: &Value) -> Result<Self, Error> {
        let value = value.get("menu").unwrap_or(value);
        let menu: Self = serde_path_to_error::deserialize(value).map_err(|error| {
            Error::invalid(
                format!("the menu at {}: {}", error.path(), error.inner()),
                "{\"button\": [1 to 3 buttons]}",
                format!(
                    "菜单的 {} 处不对（{}）：应为 {{\"button\": [1 到 3 个按钮]}}",
                    error.path(),
                    error.inner()
                ),
            )
        })?;
        menu.check()?;
        Ok(menu)
    }
}

impl MenuBody for NewMenu {
    fn check(&self) -> Result<(), Error> {
        check(&self.button)
    }
}

impl MenuBody for NewConditionalMenu {
    fn check(&self) -> Result<(), Error> {
        let MatchRule { tag_id, client_platform_type, more } = &self.matchrule;
        if tag_id.is_none() && client_platform_type.is_none() && more.is_empty() {
            return Err(Error::invalid(
                "the match rule is empty",
                "tag_id or client_platform_type",
                "matchrule 是空的：应有 tag_id 或 client_platform_type",
            ));
        }
        check(&self.button)
    }
}

impl MenuBody for Value {
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Button {
    /// A button with any action.
    pub fn new(name: impl Into<String>, action: Action) -> Self {
        Self { name: name.into(), action }
    }

    /// A button that pushes a `CLICK` event.
    pub fn click(name: impl Into<String>, key: impl Into<String>) -> Self {
        Self::new(name, Action::Click { key: key.into() })
    }

    /// A button that opens an address.
    pub fn view(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(name, Action::View { url: url.into() })
    }

    /// A button that opens others.
    pub fn menu(name: impl Into<String>, sub_button: impl IntoIterator<Item = Self>) -> Self {
        Self::new(name, Action::Sub { sub_button: sub_button.into_iter().collect() })
    }
}

impl<'de> Deserialize<'de> for Button {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut map = Map::deserialize(from)?;
        let Some(Value::String(name)) = map.remove("name") else {
            return Err(de::Error::custom("a button without a name"));
        };
        let typed = map.get("type").is_some_and(|kind| kind.as_str().is_none_or(|kind| !kind.is_empty()));
        if typed {
            // Leaves come with an empty list below them.
            map.remove("sub_button");
        } else {
            map.remove("type");
        }
        let action = Action::deserialize(Value::Object(map)).map_err(de::Error::custom)?;
        Ok(Self { name, action })
    }
}

fn check(buttons: &[Button]) -> Result<(), Error> {
    if !(1..=3).contains(&buttons.len()) {
        let count = buttons.len();
        let zh = format!("菜单有 {count} 个一级按钮：应为 1 到 3 个");
        return Err(Error::invalid(format!("the menu has {count} top buttons"), "1 to 3", zh));
    }
    for button in buttons {
        within(button, "name", &button.name, TOP_NAME)?;
        match &button.action {
            Action::Sub { sub_button } => {
                if !(1..=5).contains(&sub_button.len()) {
                    let what =
                        format!("button 「{}」 has {} buttons below it", button.name, sub_button.len());
                    let zh =
                        format!("按钮「{}」有 {} 个二级按钮：应为 1 到 5 个", button.name, sub_button.len());
                    return Err(Error::invalid(what, "1 to 5", zh));
                }
                for below in sub_button {
                    within(below, "name", &below.name, SUB_NAME)?;
                    if let Action::Sub { .. } = below.action {
                        let what = format!(
                            "button 「{}」 under 「{}」 has buttons below it",
                            below.name, button.name
                        );
                        let zh =
                            format!("「{}」下的按钮「{}」还有下级按钮：只能有两级", button.name, below.name);
                        return Err(Error::invalid(what, "two levels", zh));
                    }
                    leaf(below)?;
                }
            }
            _ => leaf(button)?,
        }
    }
    Ok(())
}

fn leaf(button: &Button) -> Result<(), Error> {
    match &button.action {
        Action::Click { key }
        | Action::ScancodePush { key }
        | Action::ScancodeWaitmsg { key }
        | Action::PicSysphoto { key }
        | Action::PicPhotoOrAlbum { key }
        | Action::PicWeixin { key }
        | Action::LocationSelect { key } => within(button, "key", key, KEY),
        Action::View { url } => within(button, "url", url, URL),
        Action::Miniprogram { url, appid, pagepath } => {
            within(button, "url", url, URL)?;
            within(button, "appid", appid, usize::MAX)?;
            within(button, "pagepath", pagepath, usize::MAX)
        }
        Action::MediaId { media_id } | Action::ViewLimited { media_id } => {
            within(button, "media_id", media_id, usize::MAX)
        }
        Action::ArticleId { article_id } | Action::ArticleViewLimited { article_id } => {
            within(button, "article_id", article_id, usize::MAX)
        }
        Action::Other(fields) if !fields.contains_key("type") => {
            let what = format!("button 「{}」 has neither a type nor buttons below it", button.name);
            let zh = format!("按钮「{}」既没有 type，也没有二级按钮：两者应有其一", button.name);
            Err(Error::invalid(what, "a type, or sub_button with 1 to 5 buttons", zh))
        }
        Action::Other(_) | Action::Sub { .. } => Ok(()),
    }
}

fn within(button: &Button, field: &str, text: &str, limit: usize) -> Result<(), Error> {
    if text.is_empty() {
        let (what, zh) = if field == "name" {
            ("a button has no name".to_owned(), "有一个按钮没有名称：不能为空".to_owned())
        } else {
            let name = &button.name;
            (format!("button 「{name}」 has no {field}"), format!("按钮「{name}」没有 {field}：不能为空"))
        };
        return Err(Error::invalid(what, "it may not be empty", zh));
    }
    if text.len() > limit {
        let what = format!("the {field} of button 「{}」 is {} bytes long", button.name, text.len());
        let zh = format!(
            "按钮「{}」的 {field} 有 {} 字节：最多 {limit} 字节（UTF-8，一个汉字占 3 字节）",
            button.name,
            text.len()
        );
        return Err(Error::invalid(what, format!("{limit} bytes of UTF-8 at most"), zh));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hongyan_wire::Lang;
    use serde_json::json;

    use super::*;

    fn refusal(menu: &NewMenu) -> String {
        menu.check().unwrap_err().to_string()
    }

    #[test]
    fn limits_count_bytes_and_name_the_button() {
        assert!(NewMenu::new([Button::click("关于我们!", "k")]).check().is_ok());
        let said = refusal(&NewMenu::new([Button::click("技术支持中心", "k")]));
        assert!(said.contains("「技术支持中心」 is 18 bytes long") && said.contains("16 bytes"), "{said}");
        let below = |button| NewMenu::new([Button::menu("上", [button])]);
        let said = NewMenu::new([Button::click("技术支持中心", "k")]).check().unwrap_err().text(Lang::Zh);
        assert!(said.contains("按钮「技术支持中心」的 name 有 18 字节：最多 16 字节"), "{said}");
        assert!(below(Button::click("二".repeat(20), "k")).check().is_ok());
        assert!(refusal(&below(Button::click("二".repeat(21), "k"))).contains("60 bytes"));
        assert!(refusal(&below(Button::click("a", "k".repeat(129)))).contains("the key of button 「a」"));
        assert!(refusal(&below(Button::view("a", "u".repeat(1025)))).contains("1024 bytes"));
        assert!(refusal(&below(Button::view("a", ""))).contains("「a」 has no url"));
        assert!(refusal(&below(Button::menu("a", [Button::click("b", "k")]))).contains("two levels"));
    }

    #[test]
    fn counts_are_checked() {
        assert!(refusal(&NewMenu::new([])).contains("0 top buttons"));
        let four: Vec<_> = (0..4).map(|n| Button::click(n.to_string(), "k")).collect();
        assert!(refusal(&NewMenu::new(four)).contains("4 top buttons"));
        assert!(refusal(&NewMenu::new([Button::menu("a", [])])).contains("0 buttons below"));
    }

    #[test]
    fn every_type_is_read_and_written_the_same() {
        let menu = json!({"button": [
            {"name": "a", "type": "click", "key": "k"},
            {"name": "b", "sub_button": [
                {"name": "1", "type": "scancode_push", "key": "k"}, {"name": "2", "type": "scancode_waitmsg", "key": "k"},
                {"name": "3", "type": "pic_sysphoto", "key": "k"}, {"name": "4", "type": "pic_photo_or_album", "key": "k"},
                {"name": "5", "type": "pic_weixin", "key": "k"}]},
            {"name": "c", "sub_button": [
                {"name": "1", "type": "location_select", "key": "k"}, {"name": "2", "type": "media_id", "media_id": "m"},
                {"name": "3", "type": "view_limited", "media_id": "m"}, {"name": "4", "type": "article_id", "article_id": "a"},
                {"name": "5", "type": "miniprogram", "url": "u", "appid": "x", "pagepath": "p"}]},
        ]});
        let read = NewMenu::from_value(&json!({"menu": menu})).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), menu);
        for known in read.button.iter().flat_map(|button| match &button.action {
            Action::Sub { sub_button } => sub_button.as_slice(),
            _ => std::slice::from_ref(button),
        }) {
            assert!(!matches!(known.action, Action::Other(_)), "{known:?}");
        }
    }

    #[test]
    fn what_is_new_to_us_is_kept() {
        let text = json!({"button": [{"name": "a", "type": "hologram", "depth": 3, "sub_button": []}]});
        let menu: NewMenu = serde_json::from_value(text).unwrap();
        let back = serde_json::to_value(&menu).unwrap();
        assert_eq!(back, json!({"button": [{"name": "a", "type": "hologram", "depth": 3}]}));
        assert!(menu.check().is_ok());
    }

    #[test]
    fn a_button_that_does_nothing_is_refused() {
        let said = NewMenu::from_value(&json!({"button": [{"name": "a"}]})).unwrap_err().to_string();
        assert!(said.contains("neither a type"), "{said}");
        let said = NewMenu::from_value(&json!({"button": [{"type": "click"}]})).unwrap_err().to_string();
        assert!(said.contains("button[0]"), "{said}");
    }
}
