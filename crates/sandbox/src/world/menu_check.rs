//! The platform's checks of a menu: counts, bytes, types, and what each type needs.

use serde_json::{Map, Value};

use super::media::{MediaKind, MediaStore};
use crate::settings::Settings;

/// What a check may look at beside the menu.
pub(crate) struct Around<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) media: &'a MediaStore,
    pub(crate) now_ms: i64,
}

/// The codes that differ between a top button and one below it.
struct Codes {
    kind: i64,
    name: i64,
    key: i64,
    url: i64,
    media_id: i64,
    name_bytes: usize,
}

/// Checks the `button` list of a body and gives it as it is stored.
pub(crate) fn check(body: &Value, around: &Around<'_>) -> Result<Vec<Value>, i64> {
    let buttons = body["button"].as_array().filter(|list| (1..=3).contains(&list.len())).ok_or(40016)?;
    buttons.iter().map(|button| top_button(button, around)).collect()
}

fn top_button(button: &Value, around: &Around<'_>) -> Result<Value, i64> {
    let codes = Codes {
        kind: 40017,
        name: 40018,
        key: 40019,
        url: 40020,
        media_id: 40117,
        name_bytes: around.settings.menu_top_name_bytes,
    };
    let name = name(button, &codes)?;
    let subs = match &button["sub_button"] {
        Value::Null => None,
        Value::Array(list) => Some(list),
        _ => return Err(40023),
    };
    let has_type = button["type"].is_string();
    match subs {
        Some(list) if !list.is_empty() && has_type => Err(40017),
        Some(list) if !has_type => {
            if !(1..=5).contains(&list.len()) {
                return Err(40023);
            }
            let below = list.iter().map(|sub| sub_button(sub, around)).collect::<Result<Vec<_>, _>>()?;
            let mut parent = Map::new();
            parent.insert("name".to_owned(), Value::from(name));
            parent.insert("sub_button".to_owned(), Value::Array(below));
            Ok(Value::Object(parent))
        }
        _ => leaf(button, name, &codes, around),
    }
}

fn sub_button(button: &Value, around: &Around<'_>) -> Result<Value, i64> {
    let codes = Codes {
        kind: 40024,
        name: 40025,
        key: 40026,
        url: 40027,
        media_id: 40118,
        name_bytes: around.settings.menu_sub_name_bytes,
    };
    if button["sub_button"].as_array().is_some_and(|list| !list.is_empty()) {
        return Err(40022);
    }
    let name = name(button, &codes)?;
    leaf(button, name, &codes, around)
}

fn name<'a>(button: &'a Value, codes: &Codes) -> Result<&'a str, i64> {
    sized(&button["name"], codes.name_bytes, codes.name)
}

/// A text of 1 to `max` bytes.
fn sized(value: &Value, max: usize, code: i64) -> Result<&str, i64> {
    value.as_str().filter(|text| (1..=max).contains(&text.len())).ok_or(code)
}

fn leaf(button: &Value, name: &str, codes: &Codes, around: &Around<'_>) -> Result<Value, i64> {
    let kind = match &button["type"] {
        Value::Null => return Err(65308),
        Value::String(kind) => kind.as_str(),
        _ => return Err(codes.kind),
    };
    let mut kept = vec!["key"];
    match kind {
        "click" | "scancode_push" | "scancode_waitmsg" | "pic_sysphoto" | "pic_photo_or_album"
        | "pic_weixin" | "location_select" => {
            sized(&button["key"], 128, codes.key)?;
        }
        "view" => {
            url(button, codes)?;
            kept = vec!["url"];
        }
        "media_id" | "view_limited" => {
            material(button, kind, codes, around)?;
            kept = vec!["media_id"];
        }
        "article_id" | "article_view_limited" => {
            let id = button["article_id"].as_str().unwrap_or_default();
            around.media.article(id).ok_or(53600)?;
            kept = vec!["article_id"];
        }
        "miniprogram" => {
            url(button, codes)?;
            let app_id = sized(&button["appid"], 64, 40166)?;
            sized(&button["pagepath"], 1024, 40165)?;
            if around
                .settings
                .linked_mini_programs
                .as_ref()
                .is_some_and(|list| !list.iter().any(|l| l == app_id))
            {
                return Err(45064);
            }
            kept = vec!["url", "appid", "pagepath"];
        }
        _ => return Err(codes.kind),
    }
    let mut stored = Map::new();
    stored.insert("type".to_owned(), Value::from(kind));
    stored.insert("name".to_owned(), Value::from(name));
    for field in kept {
        stored.insert(field.to_owned(), button[field].clone());
    }
    stored.insert("sub_button".to_owned(), Value::Array(Vec::new()));
    Ok(Value::Object(stored))
}

fn url<'a>(button: &'a Value, codes: &Codes) -> Result<&'a str, i64> {
    let url = sized(&button["url"], 1024, codes.url)?;
    let known = ["http://", "https://", "weixin://"].iter().any(|scheme| url.starts_with(scheme));
    if known { Ok(url) } else { Err(65317) }
}

fn material(button: &Value, kind: &str, codes: &Codes, around: &Around<'_>) -> Result<(), i64> {
    let id = sized(&button["media_id"], 256, codes.media_id)?;
    let media = around.media.get(id, around.now_ms).ok_or(40007)?;
    if media.expires_at_ms.is_some() {
        return Err(40128);
    }
    if kind == "view_limited" && media.kind != MediaKind::News {
        return Err(40121);
    }
    Ok(())
}

/// The outside hosts a menu's buttons lead to.
pub(crate) fn hosts(buttons: &[Value]) -> Vec<String> {
    let subs = |button: &Value| button["sub_button"].as_array().cloned().unwrap_or_default();
    let mut hosts: Vec<String> = buttons
        .iter()
        .flat_map(|button| subs(button).into_iter().chain([button.clone()]))
        .filter_map(|button| url::Url::parse(button["url"].as_str()?).ok()?.host_str().map(str::to_owned))
        .filter(|host| !host.ends_with(".qq.com"))
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(body: &Value) -> Result<Vec<Value>, i64> {
        let settings = Settings::default();
        let media = MediaStore::fresh(bytes::Bytes::from_static(&[0xff, 0xd8, 0xff]));
        check(body, &Around { settings: &settings, media: &media, now_ms: 0 })
    }

    fn top(button: Value) -> Result<Vec<Value>, i64> {
        checked(&json!({ "button": [button] }))
    }

    fn sub(button: Value) -> Result<Vec<Value>, i64> {
        top(json!({"name": "上", "sub_button": [button]}))
    }

    #[test]
    fn every_button_type_is_accepted_with_what_it_needs() {
        let keyed = [
            "click",
            "scancode_push",
            "scancode_waitmsg",
            "pic_sysphoto",
            "pic_photo_or_album",
            "pic_weixin",
            "location_select",
        ];
        for kind in keyed {
            let button = json!({"name": "钮", "type": kind, "key": "K"});
            assert!(top(button.clone()).is_ok() && sub(button).is_ok(), "{kind}");
        }
        for button in [
            json!({"name": "钮", "type": "view", "url": "https://example.test/"}),
            json!({"name": "钮", "type": "media_id", "media_id": "material-picture-1"}),
            json!({"name": "钮", "type": "view_limited", "media_id": "material-news-1"}),
            json!({"name": "钮", "type": "article_id", "article_id": "article-1"}),
            json!({"name": "钮", "type": "article_view_limited", "article_id": "article-1"}),
            json!({"name": "钮", "type": "miniprogram", "url": "http://a.test", "appid": "wx1", "pagepath": "p"}),
            json!({"name": "钮", "type": "click", "key": "K", "sub_button": []}),
        ] {
            assert!(top(button.clone()).is_ok() && sub(button.clone()).is_ok(), "{button}");
        }
    }

    #[test]
    fn limits_are_counted_in_bytes_and_differ_by_level() {
        let click = |name: &str, key: &str| json!({"name": name, "type": "click", "key": key});
        let view = |url: String| json!({"name": "n", "type": "view", "url": url});
        let url = |bytes: usize| format!("https://a.test/{}", "u".repeat(bytes - 15));
        assert!(top(click("五个汉字呀", &"k".repeat(128))).is_ok());
        assert_eq!(top(click("六个汉字太长", "k")), Err(40018));
        assert_eq!(top(click("", "k")), Err(40018));
        assert_eq!(top(click("n", &"k".repeat(129))), Err(40019));
        assert_eq!(top(json!({"name": "n", "type": "click"})), Err(40019));
        assert_eq!(top(json!({"name": "n", "type": "view"})), Err(40020));
        assert!(top(view(url(1024))).is_ok());
        assert_eq!(top(view(url(1025))), Err(40020));
        assert!(sub(click(&"字".repeat(20), "k")).is_ok());
        assert_eq!(sub(click(&"字".repeat(21), "k")), Err(40025));
        assert_eq!(sub(click("n", &"k".repeat(129))), Err(40026));
        assert_eq!(sub(view(url(1025))), Err(40027));
        assert_eq!(sub(json!({"name": "n", "type": "view"})), Err(40027));
    }

    #[test]
    fn counts_levels_and_types_have_their_codes() {
        let click = json!({"name": "n", "type": "click", "key": "k"});
        let cases = [
            (json!({"button": []}), 40016),
            (json!({"menu": {"button": [click]}}), 40016),
            (json!({"button": [click, click, click, click]}), 40016),
            (json!({"button": [{"name": "n", "sub_button": []}]}), 40023),
            (
                json!({"button": [{"name": "n", "sub_button": [click, click, click, click, click, click]}]}),
                40023,
            ),
            (json!({"button": [{"name": "n", "type": "click", "key": "k", "sub_button": [click]}]}), 40017),
            (json!({"button": [{"name": "n", "sub_button": [{"name": "m", "sub_button": [click]}]}]}), 40022),
            (json!({"button": [{"name": "n"}]}), 65308),
            (json!({"button": [{"name": "n", "sub_button": [{"name": "m"}]}]}), 65308),
            (json!({"button": [{"name": "n", "type": "clack", "key": "k"}]}), 40017),
            (json!({"button": [{"name": "n", "sub_button": [{"name": "m", "type": "clack"}]}]}), 40024),
            (json!({"button": [{"name": "n", "type": "view", "url": "ftp://a.test"}]}), 65317),
            (json!({"button": [{"name": "n", "type": "media_id"}]}), 40117),
            (json!({"button": [{"name": "n", "type": "media_id", "media_id": "none"}]}), 40007),
            (
                json!({"button": [{"name": "n", "type": "view_limited", "media_id": "material-picture-1"}]}),
                40121,
            ),
            (json!({"button": [{"name": "n", "type": "article_id", "article_id": "none"}]}), 53600),
            (json!({"button": [{"name": "n", "type": "miniprogram", "url": "http://a.test"}]}), 40166),
        ];
        for (body, code) in cases {
            assert_eq!(checked(&body), Err(code), "{body}");
        }
    }

    #[test]
    fn outside_hosts_are_counted_once() {
        let view = |url: &str| json!({"name": "n", "type": "view", "url": url});
        let buttons = [
            view("https://a.test/1"),
            json!({"name": "n", "sub_button": [view("https://a.test/2"), view("https://b.test"), view("https://mp.weixin.qq.com/s")]}),
        ];
        assert_eq!(hosts(&buttons), ["a.test", "b.test"]);
    }
}
