//! Writes replies as JSON, with the names and the nesting of the XML.

use serde_json::{Map, Value, json};

use crate::reply::{Article, Reply};
use crate::{OpenId, OriginalId, Timestamp};

pub(super) fn write(reply: &Reply, to: &OpenId, from: &OriginalId, at: Timestamp, out: &mut String) {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| {
        body.insert(name.to_owned(), value);
    };
    put("ToUserName", json!(to));
    put("FromUserName", json!(from));
    put("CreateTime", json!(at.seconds()));
    put("MsgType", json!(reply.kind()));
    match reply {
        Reply::None | Reply::Transfer { kf_account: None } => {}
        Reply::Text(text) => put("Content", json!(text)),
        Reply::Image { media_id } => put("Image", json!({ "MediaId": media_id })),
        Reply::Voice { media_id } => put("Voice", json!({ "MediaId": media_id })),
        Reply::Video { media_id, title, description } => put(
            "Video",
            given([
                ("MediaId", Some(media_id.as_str())),
                ("Title", title.as_deref()),
                ("Description", description.as_deref()),
            ]),
        ),
        Reply::Music { title, description, music_url, hq_music_url, thumb_media_id } => put(
            "Music",
            given([
                ("Title", title.as_deref()),
                ("Description", description.as_deref()),
                ("MusicUrl", music_url.as_deref()),
                ("HQMusicUrl", hq_music_url.as_deref()),
                ("ThumbMediaId", thumb_media_id.as_ref().map(AsRef::as_ref)),
            ]),
        ),
        Reply::News(articles) => {
            put("ArticleCount", json!(articles.len()));
            put("Articles", articles.iter().map(article).collect());
        }
        Reply::Transfer { kf_account: Some(name) } => put("TransInfo", json!({ "KfAccount": name })),
    }
    out.push_str(&Value::Object(body).to_string());
}

fn article(article: &Article) -> Value {
    json!({
        "Title": article.title,
        "Description": article.description,
        "PicUrl": article.pic_url,
        "Url": article.url,
    })
}

/// An object of those members that have a value.
fn given<const N: usize>(members: [(&str, Option<&str>); N]) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
