//! Temporary media: up, down, and pictures for articles.

use serde_json::json;

use super::desk::{Answer, Desk, File, Refused, Result};
use crate::world::media::{self, Media, MediaKind};

/// Stores a file for three days.
pub(crate) fn upload(desk: &mut Desk<'_>) -> Result {
    let kind = desk.call.query("type").and_then(MediaKind::of_upload).ok_or(40004)?;
    let bytes = file(desk)?.bytes.clone();
    media::check(kind, &bytes)?;
    let (settings, now_ms, id) = (desk.settings(), desk.now_ms, desk.world.ids.media());
    desk.account().media.add(id.clone(), kind, bytes, now_ms, &settings);
    let field = if kind == MediaKind::Thumb { "thumb_media_id" } else { "media_id" };
    Ok(Answer::Json(json!({
        "type": desk.call.query("type"),
        field: id,
        "created_at": now_ms.div_euclid(1000),
    })))
}

/// Gives a file back; a video as an address.
pub(crate) fn get(desk: &mut Desk<'_>) -> Result {
    let media = found(desk)?.clone();
    if media.kind == MediaKind::Video {
        let url = format!("{}{}", desk.world.base, media::path(&media.id));
        return Ok(Answer::Json(json!({ "video_url": url })));
    }
    Ok(Answer::File { content_type: media.content_type(), name: Some(media.file_name()), bytes: media.bytes })
}

/// Gives a voice in its better quality; here it is the same file.
pub(crate) fn get_voice(desk: &mut Desk<'_>) -> Result {
    let media = found(desk)?.clone();
    if media.kind != MediaKind::Voice {
        return Err(40007.into());
    }
    Ok(Answer::File {
        content_type: "voice/speex",
        name: Some(format!("{}.speex", media.id)),
        bytes: media.bytes,
    })
}

/// Stores a picture for articles and gives its address.
pub(crate) fn upload_picture(desk: &mut Desk<'_>) -> Result {
    let bytes = file(desk)?.bytes.clone();
    media::check_article_picture(&bytes)?;
    let (settings, now_ms, id) = (desk.settings(), desk.now_ms, desk.world.ids.media());
    desk.account().media.add(id.clone(), MediaKind::Image, bytes, now_ms, &settings);
    Ok(Answer::Json(json!({"url": format!("{}{}", desk.world.base, media::path(&id))})))
}

fn file<'a>(desk: &'a Desk<'_>) -> std::result::Result<&'a File, Refused> {
    desk.call.files.iter().find(|file| file.field == "media").ok_or_else(|| 41005.into())
}

fn found<'a>(desk: &'a mut Desk<'_>) -> std::result::Result<&'a Media, Refused> {
    let id = desk.call.query("media_id").ok_or(41006)?;
    let now_ms = desk.now_ms;
    desk.account().media.get(id, now_ms).ok_or_else(|| 40007.into())
}

/// How much permanent material there is: what every account here begins with.
pub(crate) fn material_count(_: &mut Desk<'_>) -> Result {
    let kinds = json!({"voice_count": 0, "video_count": 0, "image_count": 1, "news_count": 1});
    Ok(Answer::Json(kinds))
}
