//! Checks a customer-service message by its kind and gives what the phone shows.

use serde_json::{Map, Value};

use super::desk::Refused;
use crate::settings::Settings;
use crate::world::media::{MediaKind, MediaStore};

/// What a check may look at beside the message.
pub(crate) struct Around<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) media: &'a MediaStore,
    pub(crate) now_ms: i64,
    /// The account may send a menu of choices.
    pub(crate) msgmenu: bool,
}

type Fields = Map<String, Value>;

/// Checks the object of a message of this kind.
pub(crate) fn check(kind: &str, body: &Value, around: &Around<'_>) -> Result<Fields, Refused> {
    let object = body[kind].as_object().cloned().unwrap_or_default();
    match kind {
        "text" => text(&object, around)?,
        "image" => media(&object, "media_id", &[MediaKind::Image], around)?,
        "voice" => media(&object, "media_id", &[MediaKind::Voice], around)?,
        "video" => {
            media(&object, "media_id", &[MediaKind::Video], around)?;
            thumb(&object, around)?;
        }
        "music" => {
            required(&object, "musicurl", 41010)?;
            thumb(&object, around)?;
        }
        "news" => return news(&object),
        "mpnews" => media(&object, "media_id", &[MediaKind::News], around)?,
        "mpnewsarticle" => {
            around.media.article(string(&object, "article_id")).ok_or(53600)?;
        }
        "msgmenu" => msgmenu(&object, around)?,
        "wxcard" => required(&object, "card_id", 40101)?,
        "miniprogrampage" => {
            required(&object, "appid", 40166)?;
            required(&object, "pagepath", 40165)?;
            thumb(&object, around)?;
        }
        _ => return Err(40008.into()),
    }
    Ok(object)
}

fn string<'a>(object: &'a Fields, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn required(object: &Fields, name: &str, code: i64) -> Result<(), Refused> {
    if string(object, name).is_empty() { Err(code.into()) } else { Ok(()) }
}

fn text(object: &Fields, around: &Around<'_>) -> Result<(), Refused> {
    required(object, "content", 44004)?;
    if string(object, "content").len() > around.settings.text_bytes {
        return Err(45002.into());
    }
    Ok(())
}

fn media(object: &Fields, name: &str, kinds: &[MediaKind], around: &Around<'_>) -> Result<(), Refused> {
    required(object, name, 41006)?;
    let found = around.media.get(string(object, name), around.now_ms);
    if found.is_some_and(|media| kinds.contains(&media.kind)) { Ok(()) } else { Err(40007.into()) }
}

fn thumb(object: &Fields, around: &Around<'_>) -> Result<(), Refused> {
    if string(object, "thumb_media_id").is_empty() && !around.settings.thumb_required {
        return Ok(());
    }
    media(object, "thumb_media_id", &[MediaKind::Thumb, MediaKind::Image], around)
}

fn news(object: &Fields) -> Result<Fields, Refused> {
    let articles = object.get("articles").and_then(Value::as_array).ok_or(45162)?;
    match articles.len() {
        0 => Err(44003.into()),
        1 => Ok(object.clone()),
        _ => Err(45008.into()),
    }
}

fn msgmenu(object: &Fields, around: &Around<'_>) -> Result<(), Refused> {
    if !around.msgmenu {
        return Err(40200.into());
    }
    let list = object.get("list").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !(1..=around.settings.msgmenu_items).contains(&list.len()) {
        return Err(45098.into());
    }
    let fits = |item: &Value| {
        let content = item["content"].as_str().unwrap_or_default();
        (1..=around.settings.msgmenu_item_bytes).contains(&content.len())
    };
    if list.iter().all(fits) { Ok(()) } else { Err(45099.into()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(body: &Value) -> Result<Fields, i64> {
        let settings = Settings::default();
        let mut media = MediaStore::fresh(bytes::Bytes::from_static(&[0xff, 0xd8, 0xff]));
        for (id, kind) in
            [("voice", MediaKind::Voice), ("video", MediaKind::Video), ("thumb", MediaKind::Thumb)]
        {
            media.add(id.into(), kind, bytes::Bytes::from_static(b"x"), 0, &settings);
        }
        let around = Around { settings: &settings, media: &media, now_ms: 0, msgmenu: true };
        check(body["msgtype"].as_str().unwrap(), body, &around).map_err(|refused| refused.code)
    }

    #[test]
    fn all_eleven_kinds_are_accepted() {
        let bodies = [
            json!({"msgtype": "text", "text": {"content": "hi"}}),
            json!({"msgtype": "image", "image": {"media_id": "material-picture-1"}}),
            json!({"msgtype": "voice", "voice": {"media_id": "voice"}}),
            json!({"msgtype": "video", "video": {"media_id": "video", "thumb_media_id": "thumb", "title": "t"}}),
            json!({"msgtype": "music", "music": {"musicurl": "http://a", "hqmusicurl": "http://a", "thumb_media_id": "thumb"}}),
            json!({"msgtype": "news", "news": {"articles": [{"title": "t"}]}}),
            json!({"msgtype": "mpnews", "mpnews": {"media_id": "material-news-1"}}),
            json!({"msgtype": "mpnewsarticle", "mpnewsarticle": {"article_id": "article-1"}}),
            json!({"msgtype": "msgmenu", "msgmenu": {"head_content": "?", "list": [{"id": "1", "content": "yes"}], "tail_content": ""}}),
            json!({"msgtype": "wxcard", "wxcard": {"card_id": "c"}}),
            json!({"msgtype": "miniprogrampage", "miniprogrampage": {"title": "t", "appid": "wx", "pagepath": "p", "thumb_media_id": "thumb"}}),
        ];
        for body in bodies {
            assert!(checked(&body).is_ok(), "{body}");
        }
    }

    #[test]
    fn each_mistake_has_its_code() {
        let cases = [
            (json!({"msgtype": "text", "text": {"content": ""}}), 44004),
            (json!({"msgtype": "text"}), 44004),
            (json!({"msgtype": "text", "text": {"content": "长".repeat(683)}}), 45002),
            (json!({"msgtype": "image", "image": {}}), 41006),
            (json!({"msgtype": "image", "image": {"media_id": "none"}}), 40007),
            (json!({"msgtype": "image", "image": {"media_id": "voice"}}), 40007),
            (json!({"msgtype": "news", "news": {"articles": {"title": "t"}}}), 45162),
            (json!({"msgtype": "news", "news": {"articles": [{}, {}]}}), 45008),
            (json!({"msgtype": "mpnewsarticle", "mpnewsarticle": {"article_id": "none"}}), 53600),
            (json!({"msgtype": "msgmenu", "msgmenu": {"list": []}}), 45098),
            (
                json!({"msgtype": "msgmenu", "msgmenu": {"list": [{"id": "1", "content": "x".repeat(501)}]}}),
                45099,
            ),
            (json!({"msgtype": "sticker"}), 40008),
        ];
        for (body, code) in cases {
            assert_eq!(checked(&body), Err(code), "{body}");
        }
    }
}
