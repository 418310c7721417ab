//! What people send beside text: pictures, voices, videos, places and links.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::act::{Act, Planned, Refusal};
use super::chat::From;
use super::media::{self, MediaKind};
use super::window::Deed;
use super::{Bubble, World};
use crate::picture::draw;
use crate::push::events::{self, Place};
use crate::push::fields::Fields;

impl World {
    /// The person sends a message of any kind.
    pub(crate) fn send(&mut self, at: usize, openid: &str, body: &Value, now_ms: i64) -> Act {
        self.following(at, openid)?;
        let kind = body["msgtype"].as_str().or_else(|| body["type"].as_str()).unwrap_or_default();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match kind {
            "text" => {
                let content = if body["content"].is_string() { text("content") } else { text("text") };
                self.say(at, openid, &content, now_ms)
            }
            "image" => {
                let bytes = data(body)?;
                Ok(vec![self.send_picture(at, openid, bytes, now_ms)])
            }
            "voice" => {
                let bytes = data(body)?.unwrap_or_else(silence);
                let id = self.store(at, MediaKind::Voice, bytes.clone(), now_ms);
                let format = body["format"].as_str().unwrap_or("amr").to_owned();
                let msg_id = self.ids.message(now_ms);
                let own = events::voice(&id, &format, body["recognition"].as_str(), &msg_id);
                let shown = json!({
                    "media_id": id,
                    "seconds": body["seconds"].as_u64().unwrap_or_else(|| media::seconds(&bytes)),
                    "recognition": body["recognition"],
                });
                Ok(vec![self.sent(at, openid, kind, own, shown, now_ms)])
            }
            "video" | "shortvideo" => {
                let bytes = data(body)?.unwrap_or_else(film);
                let id = self.store(at, MediaKind::Video, bytes, now_ms);
                let thumb =
                    self.store(at, MediaKind::Thumb, Bytes::from(draw::pattern(now_ms as u64)), now_ms);
                let own = events::video(&id, &thumb, &self.ids.message(now_ms));
                let shown = json!({"media_id": id, "thumb_media_id": thumb});
                Ok(vec![self.sent(at, openid, kind, own, shown, now_ms)])
            }
            "location" => {
                let place = place(body)?;
                Ok(vec![self.send_place(at, openid, &place, now_ms)])
            }
            "link" => {
                let (title, description, url) = (text("title"), text("description"), text("url"));
                let own = events::link(&title, &description, &url, &self.ids.message(now_ms));
                let shown = json!({"title": title, "description": description, "url": url});
                Ok(vec![self.sent(at, openid, kind, own, shown, now_ms)])
            }
            other => Err(Refusal::new(
                400,
                format!("a person cannot send \"{other}\""),
                "msgtype is one of text image voice video shortvideo location link",
            )),
        }
    }

    /// A picture message; without bytes a stand-in is made.
    pub(crate) fn send_picture(
        &mut self,
        at: usize,
        openid: &str,
        bytes: Option<Bytes>,
        now_ms: i64,
    ) -> Planned {
        let msg_id = self.ids.message(now_ms);
        let bytes = bytes.unwrap_or_else(|| Bytes::from(draw::pattern(msg_id.parse().unwrap_or(0))));
        let id = self.store(at, MediaKind::Image, bytes, now_ms);
        let url = format!("{}{}", self.base, media::path(&id));
        let own = events::image(&url, &id, &msg_id);
        self.sent(at, openid, "image", own, json!({ "media_id": id }), now_ms)
    }

    /// A location message.
    pub(crate) fn send_place(&mut self, at: usize, openid: &str, place: &Place, now_ms: i64) -> Planned {
        let own = events::location(place, &self.ids.message(now_ms));
        let shown = json!({
            "latitude": place.latitude,
            "longitude": place.longitude,
            "scale": place.scale,
            "label": place.label,
        });
        self.sent(at, openid, "location", own, shown, now_ms)
    }

    fn store(&mut self, at: usize, kind: MediaKind, bytes: Bytes, now_ms: i64) -> String {
        let id = self.ids.media();
        self.accounts[at].media.add(id.clone(), kind, bytes, now_ms, &self.settings);
        id
    }

    /// Opens the window, plans the push and shows the person's own bubble.
    fn sent(
        &mut self,
        at: usize,
        openid: &str,
        kind: &str,
        own: Fields,
        shown: Value,
        now_ms: i64,
    ) -> Planned {
        self.open_window(at, openid, Deed::Message, now_ms);
        let planned = self.plan(at, openid, kind, own, now_ms);
        let bubble = Bubble::new(From::User, kind, shown).of(Some(planned.exchange.id));
        self.show(at, openid, bubble, now_ms);
        planned
    }
}

/// The bytes of a body's `data`, when it has any.
pub(crate) fn data(body: &Value) -> Result<Option<Bytes>, Refusal> {
    let Some(text) = body["data"].as_str() else { return Ok(None) };
    // A data URL's heading may stand before the bytes.
    let text = text.split_once(";base64,").map_or(text, |(_, bytes)| bytes);
    match STANDARD.decode(text.trim()) {
        Ok(bytes) => Ok(Some(Bytes::from(bytes))),
        Err(error) => {
            Err(Refusal::new(400, format!("`data` is not base64: {error}"), "encode the file as base64"))
        }
    }
}

/// A place from a body's own fields.
pub(crate) fn place(body: &Value) -> Result<Place, Refusal> {
    let number = |name: &str, limit: f64| {
        body[name].as_f64().filter(|value| value.abs() <= limit).ok_or_else(|| {
            Refusal::new(
                400,
                format!("`{name}` is missing or out of range"),
                "send {\"latitude\": 31.23, \"longitude\": 121.47, \"label\": \"…\"}",
            )
        })
    };
    Ok(Place {
        latitude: number("latitude", 90.0)?,
        longitude: number("longitude", 180.0)?,
        scale: body["scale"].as_i64().unwrap_or(16),
        label: body["label"].as_str().unwrap_or_default().to_owned(),
        poiname: body["poiname"].as_str().unwrap_or_default().to_owned(),
    })
}

/// Two seconds of silence.
fn silence() -> Bytes {
    let mut amr = b"#!AMR\n".to_vec();
    for _ in 0..100 {
        amr.push(0x04);
        amr.extend([0; 12]);
    }
    Bytes::from(amr)
}

/// The smallest thing that is called a film.
fn film() -> Bytes {
    Bytes::from_static(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08mdat")
}
