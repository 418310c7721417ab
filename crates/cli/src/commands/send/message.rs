//! The platform's message JSON from what people write on a command line.

use hongyan_wire::Lang;
use serde_json::{Map, Value, json};

use crate::pairs;

/// The most bytes of UTF-8 that a text message may have.
const TEXT_BYTES: usize = 2048;

pub(super) fn text(content: &str, lang: Lang) -> Result<Value, String> {
    let length = content.len();
    if length == 0 || length > TEXT_BYTES {
        return Err(lang.pick(
            format!(
                "The text has {length} bytes; 1 to {TEXT_BYTES} are allowed, and a Chinese character takes 3"
            ),
            format!("文本有 {length} 字节；允许 1 到 {TEXT_BYTES} 字节，一个汉字占 3 字节"),
        ));
    }
    Ok(json!({"msgtype": "text", "text": {"content": content}}))
}

/// The song without its cover, and the cover as it was given.
pub(super) fn music(given: &str, lang: Lang) -> Result<(Map<String, Value>, Option<String>), String> {
    if let Some(body) = own_json(given, "music", lang)? {
        return Ok((body, None));
    }
    let keys = ["title", "description", "url", "hqurl", "thumb"];
    let mut body = Map::new();
    let mut thumb = None;
    for (key, value) in known(given, &keys, lang)? {
        match key {
            "thumb" => thumb = Some(value.to_owned()),
            "url" => drop(body.insert("musicurl".to_owned(), json!(value))),
            "hqurl" => drop(body.insert("hqmusicurl".to_owned(), json!(value))),
            _ => drop(body.insert(key.to_owned(), json!(value))),
        }
    }
    let Some(url) = body.get("musicurl").cloned() else {
        return Err(lang.pick("A song needs url=".to_owned(), "音乐消息需要 url=".to_owned()));
    };
    body.entry("hqmusicurl").or_insert(url);
    Ok((body, thumb))
}

pub(super) fn news(given: &str, lang: Lang) -> Result<Value, String> {
    if let Some(body) = own_json(given, "news", lang)? {
        let body =
            if body.contains_key("articles") { Value::Object(body) } else { json!({"articles": [body]}) };
        if body["articles"].as_array().map(Vec::len) != Some(1) {
            return Err(lang.pick(
                "A customer-service news message has exactly one article".to_owned(),
                "客服图文消息只能有一篇文章".to_owned(),
            ));
        }
        return Ok(json!({"msgtype": "news", "news": body}));
    }
    let mut article = Map::new();
    for (key, value) in known(given, &["title", "description", "url", "pic"], lang)? {
        let key = if key == "pic" { "picurl" } else { key };
        article.insert(key.to_owned(), json!(value));
    }
    for (key, shown) in [("title", "title="), ("url", "url=")] {
        if !article.contains_key(key) {
            return Err(lang.pick(format!("A card needs {shown}"), format!("图文消息需要 {shown}")));
        }
    }
    Ok(json!({"msgtype": "news", "news": {"articles": [article]}}))
}

/// `head|id:content|id:content|tail`; the tail may be left out.
pub(super) fn menu(given: &str, lang: Lang) -> Result<Value, String> {
    if let Some(body) = own_json(given, "msgmenu", lang)? {
        return Ok(json!({"msgtype": "msgmenu", "msgmenu": body}));
    }
    let mut parts: Vec<&str> = given.split('|').collect();
    let head = parts.remove(0);
    let item = |part: &str| {
        let (id, content) = part.split_once(':')?;
        let plain = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        (plain && !content.is_empty()).then(|| json!({"id": id, "content": content}))
    };
    let tail = match parts.last() {
        Some(last) if item(last).is_none() => parts.pop().unwrap_or_default(),
        _ => "",
    };
    let items: Option<Vec<Value>> = parts.into_iter().map(item).collect();
    match items {
        Some(list) if !list.is_empty() => Ok(json!({
            "msgtype": "msgmenu",
            "msgmenu": {"head_content": head, "list": list, "tail_content": tail},
        })),
        _ => Err(lang.pick(
            "Write a menu as 'head|id:content|id:content|tail'".to_owned(),
            "菜单消息请写成 '开头|编号:选项|编号:选项|结尾'".to_owned(),
        )),
    }
}

pub(super) fn template(given: &str, lang: Lang) -> Result<Value, String> {
    if given.trim_start().starts_with('{') {
        let body: Value = serde_json::from_str(given).map_err(|error| not_json(&error, lang))?;
        return if body.get("template_id").is_some() { Ok(body) } else { Err(needs_template(lang)) };
    }
    let mut body = Map::new();
    let mut data = Map::new();
    for (key, value) in pairs::any(given).map_err(|_| needs_template(lang))? {
        match key {
            "id" => drop(body.insert("template_id".to_owned(), json!(value))),
            "url" => drop(body.insert("url".to_owned(), json!(value))),
            _ => drop(data.insert(key.to_owned(), json!({"value": value}))),
        }
    }
    if !body.contains_key("template_id") {
        return Err(needs_template(lang));
    }
    body.insert("data".to_owned(), Value::Object(data));
    Ok(Value::Object(body))
}

/// A whole message in the platform's JSON: its kind must be named, and the object of that name be there.
pub(super) fn checked(message: Value, lang: Lang) -> Result<Value, String> {
    let kind = message.get("msgtype").and_then(Value::as_str).unwrap_or_default();
    if !kind.is_empty() && message.get(kind).is_some_and(Value::is_object) {
        return Ok(message);
    }
    Err(lang.pick(
        r#"The message needs "msgtype" and an object of that name, such as {"msgtype":"text","text":{"content":"hi"}}"#,
        r#"消息需要 "msgtype" 以及同名的对象，例如 {"msgtype":"text","text":{"content":"你好"}}"#,
    )
    .to_owned())
}

/// The object of one kind, with or without the message around it.
fn own_json(given: &str, kind: &str, lang: Lang) -> Result<Option<Map<String, Value>>, String> {
    if !given.trim_start().starts_with('{') {
        return Ok(None);
    }
    let mut body: Map<String, Value> = serde_json::from_str(given).map_err(|error| not_json(&error, lang))?;
    match body.get_mut(kind) {
        Some(Value::Object(inner)) => Ok(Some(std::mem::take(inner))),
        _ => Ok(Some(body)),
    }
}

fn known<'a>(given: &'a str, keys: &[&str], lang: Lang) -> Result<Vec<(&'a str, &'a str)>, String> {
    pairs::known(given, keys).map_err(|found| {
        let keys = keys.iter().map(|key| format!("{key}=")).collect::<Vec<_>>().join(", ");
        lang.pick(
            format!("`{found}` is not understood here; write {keys} separated by commas, or JSON"),
            format!("无法理解 `{found}`；请用逗号分隔 {keys}，或写 JSON"),
        )
    })
}

fn not_json(error: &serde_json::Error, lang: Lang) -> String {
    lang.pick(format!("This is not JSON: {error}"), format!("不是合法的 JSON：{error}"))
}

fn needs_template(lang: Lang) -> String {
    lang.pick(
        "A template message needs id=TEMPLATE_ID and the template's keys, or JSON with template_id and data"
            .to_owned(),
        "模板消息需要 id=模板ID 和模板中的各个键，或带 template_id 与 data 的 JSON".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_in_bytes() {
        assert!(text(&"汉".repeat(682), Lang::En).is_ok());
        assert!(text(&"汉".repeat(683), Lang::En).unwrap_err().contains("2049 bytes"));
        assert!(text("", Lang::Zh).is_err());
    }

    #[test]
    fn a_song_takes_pairs_or_json() {
        let (body, thumb) = music("title=晴天,url=http://a/1.mp3,thumb=c.jpg", Lang::En).unwrap();
        assert_eq!(
            Value::Object(body),
            json!({"title": "晴天", "musicurl": "http://a/1.mp3", "hqmusicurl": "http://a/1.mp3"})
        );
        assert_eq!(thumb.as_deref(), Some("c.jpg"));
        let (body, _) = music(r#"{"music":{"musicurl":"u"}}"#, Lang::En).unwrap();
        assert_eq!(Value::Object(body), json!({"musicurl": "u"}));
        assert!(music("title=x", Lang::En).unwrap_err().contains("url="));
        assert!(music("song=x", Lang::En).unwrap_err().contains("`song`"));
    }

    #[test]
    fn a_card_is_one_article() {
        let made = news("title=T,description=a, b,url=http://a/?b=1,pic=http://p", Lang::En).unwrap();
        let article =
            json!({"title": "T", "description": "a, b", "url": "http://a/?b=1", "picurl": "http://p"});
        assert_eq!(made, json!({"msgtype": "news", "news": {"articles": [article]}}));
        assert_eq!(
            news(r#"{"title":"T","url":"u"}"#, Lang::En).unwrap()["news"]["articles"][0]["title"],
            "T"
        );
        assert!(news(r#"{"articles":[{},{}]}"#, Lang::En).is_err());
    }

    #[test]
    fn a_menu_has_a_head_items_and_perhaps_a_tail() {
        let made = menu("满意吗？|1:满意|2:不满意|谢谢", Lang::En).unwrap();
        assert_eq!(made["msgmenu"]["head_content"], "满意吗？");
        assert_eq!(
            made["msgmenu"]["list"],
            json!([{"id": "1", "content": "满意"}, {"id": "2", "content": "不满意"}])
        );
        assert_eq!(made["msgmenu"]["tail_content"], "谢谢");
        assert_eq!(menu("h|1:a|2:b", Lang::En).unwrap()["msgmenu"]["tail_content"], "");
        assert!(menu("only a head", Lang::En).is_err());
        assert!(menu("h|no item|1:a|t", Lang::En).is_err());
    }

    #[test]
    fn a_template_keeps_its_own_keys() {
        let made = template("id=T1,url=http://a,first=你好,remark=x=y", Lang::En).unwrap();
        assert_eq!(made["template_id"], "T1");
        assert_eq!(made["data"], json!({"first": {"value": "你好"}, "remark": {"value": "x=y"}}));
        assert!(template("first=x", Lang::En).is_err());
        assert!(template(r#"{"data":{}}"#, Lang::En).is_err());
    }

    #[test]
    fn a_whole_message_names_its_kind() {
        assert!(checked(json!({"msgtype": "text", "text": {"content": "x"}}), Lang::En).is_ok());
        assert!(checked(json!({"msgtype": "text"}), Lang::En).is_err());
        assert!(checked(json!([]), Lang::En).is_err());
    }
}
