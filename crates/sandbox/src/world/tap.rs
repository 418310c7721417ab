//! A tap on the menu: finds the button, and does what its type does.

use serde_json::{Value, json};

use super::act::{Act, Planned, Refusal};
use super::chat::From;
use super::media::MediaKind;
use super::send::{data, place};
use super::window::Deed;
use super::{Bubble, World};
use crate::picture::{draw, md5};
use crate::push::events;

impl World {
    /// The menu as this person sees it, with its id.
    pub(crate) fn menu_of(&self, at: usize, openid: &str) -> Option<(u64, Vec<Value>)> {
        let account = &self.accounts[at];
        let follower = account.follower(openid)?;
        let viewer = follower.viewer(&self.people[follower.person]);
        account.menus.seen_by(&viewer).map(|(id, buttons)| (id, buttons.to_vec()))
    }

    /// The person taps a button, named by its path or its key.
    pub(crate) fn tap(&mut self, at: usize, openid: &str, body: &Value, now_ms: i64) -> Act {
        self.following(at, openid)?;
        let Some((menu_id, buttons)) = self.menu_seen(at, openid, now_ms) else {
            return Err(Refusal::new(
                409,
                "the account has no menu",
                "create one first with POST /cgi-bin/menu/create",
            ));
        };
        let button = find(&buttons, body)?.clone();
        let text = |name: &str| button[name].as_str().unwrap_or_default();
        let (kind, key) = (text("type"), text("key"));
        match kind {
            "click" => {
                self.open_window(at, openid, Deed::MenuTap, now_ms);
                Ok(vec![self.plan(at, openid, "event", events::keyed("CLICK", key), now_ms)])
            }
            "view" => {
                let own = events::opened("VIEW", text("url"), menu_id);
                Ok(vec![self.plan(at, openid, "event", own, now_ms)])
            }
            "miniprogram" => {
                let own = events::opened("view_miniprogram", text("pagepath"), menu_id);
                Ok(vec![self.plan(at, openid, "event", own, now_ms)])
            }
            "scancode_push" | "scancode_waitmsg" => {
                let result = body["scan"].as_str().unwrap_or("https://example.com/");
                self.open_window(at, openid, Deed::MenuTap, now_ms);
                Ok(vec![self.plan(at, openid, "event", events::scanned(kind, key, result), now_ms)])
            }
            "pic_sysphoto" | "pic_photo_or_album" | "pic_weixin" => {
                self.tap_pictures(at, openid, (kind, key), body, now_ms)
            }
            "location_select" => self.tap_place(at, openid, key, body, now_ms),
            _ => Ok(vec![self.show_content(at, openid, &button, now_ms)]),
        }
    }

    /// The event with the pictures' digests, then each picture as a message.
    fn tap_pictures(
        &mut self,
        at: usize,
        openid: &str,
        (kind, key): (&str, &str),
        body: &Value,
        now_ms: i64,
    ) -> Act {
        let mut pictures = Vec::new();
        for picture in body["pictures"].as_array().into_iter().flatten() {
            let bytes = data(picture)?;
            pictures.push(bytes.unwrap_or_else(|| draw::pattern(pictures.len() as u64).into()));
        }
        if pictures.is_empty() {
            pictures.push(draw::pattern(now_ms as u64).into());
        }
        if pictures.len() > 9 {
            return Err(Refusal::new(400, "more than 9 pictures", "send at most 9 in `pictures`"));
        }
        let digests: Vec<String> = pictures.iter().map(|picture| md5::hex(picture)).collect();
        let mut pushes = vec![self.plan(at, openid, "event", events::pictures(kind, key, &digests), now_ms)];
        for picture in pictures {
            pushes.push(self.send_picture(at, openid, Some(picture), now_ms));
        }
        Ok(pushes)
    }

    /// The event with the place, then the place as a message.
    fn tap_place(&mut self, at: usize, openid: &str, key: &str, body: &Value, now_ms: i64) -> Act {
        let chosen = match &body["location"] {
            Value::Null => json!({"latitude": 39.9087, "longitude": 116.3975, "label": "天安门广场"}),
            given => given.clone(),
        };
        let place = place(&chosen)?;
        let own = events::location_select(key, &place);
        let mut pushes = vec![self.plan(at, openid, "event", own, now_ms)];
        if self.settings.location_follows_select {
            pushes.push(self.send_place(at, openid, &place, now_ms));
        }
        Ok(pushes)
    }

    /// Buttons whose content the platform shows by itself: nothing is pushed.
    fn show_content(&mut self, at: usize, openid: &str, button: &Value, now_ms: i64) -> Planned {
        let kind = button["type"].as_str().unwrap_or_default();
        let planned = self.plan_nothing(at, openid, &format!("action.{kind}"), now_ms);
        let account = &self.accounts[at];
        let media_id = button["media_id"].as_str().unwrap_or_default();
        let (shown, fields) = match account.media.get(media_id, now_ms).map(|media| media.kind) {
            Some(MediaKind::Image | MediaKind::Thumb) => ("image", json!({ "media_id": media_id })),
            Some(MediaKind::Voice) => ("voice", json!({ "media_id": media_id })),
            Some(MediaKind::Video) => ("video", json!({ "media_id": media_id })),
            Some(MediaKind::News) => ("mpnews", json!({ "media_id": media_id })),
            None => ("mpnewsarticle", json!({ "article_id": button["article_id"] })),
        };
        let bubble = Bubble::new(From::Account, shown, fields).of(Some(planned.exchange.id));
        let fields = self.enriched(at, shown, bubble.fields.clone(), now_ms);
        self.show(at, openid, Bubble { fields, ..bubble }, now_ms);
        planned
    }
}

/// The button that a tap means.
fn find<'a>(buttons: &'a [Value], body: &Value) -> Result<&'a Value, Refusal> {
    let leaves = || {
        buttons.iter().flat_map(|button| {
            let below = button["sub_button"].as_array().map(Vec::as_slice).unwrap_or_default();
            if below.is_empty() { std::slice::from_ref(button) } else { below }
        })
    };
    let found = match (body["button"].as_str(), body["key"].as_str()) {
        (Some(path), _) => by_path(buttons, path),
        // What a push calls its key is the address of a page, where the button has no key.
        (None, Some(key)) => {
            leaves().find(|button| ["key", "url", "pagepath"].iter().any(|name| button[*name] == key))
        }
        (None, None) => {
            return Err(Refusal::new(
                400,
                "which button?",
                "send {\"button\": \"关于我们/公司简介\"} or {\"key\": \"…\"}",
            ));
        }
    };
    let leaf = found.filter(|button| button["type"].is_string());
    leaf.ok_or_else(|| {
        let names: Vec<String> = buttons.iter().flat_map(paths).collect();
        Refusal::new(404, "the menu has no such button", format!("the buttons are: {}", names.join(", ")))
    })
}

fn by_path<'a>(buttons: &'a [Value], path: &str) -> Option<&'a Value> {
    // A name may hold a slash itself, so the whole name is tried first.
    if let Some(button) = buttons.iter().find(|button| button["name"] == path) {
        return Some(button);
    }
    buttons.iter().find_map(|button| {
        let rest = path.strip_prefix(button["name"].as_str()?)?.strip_prefix('/')?;
        button["sub_button"].as_array()?.iter().find(|sub| sub["name"] == rest)
    })
}

fn paths(button: &Value) -> Vec<String> {
    let name = button["name"].as_str().unwrap_or_default();
    match button["sub_button"].as_array() {
        Some(below) if !below.is_empty() => {
            below.iter().map(|sub| format!("{name}/{}", sub["name"].as_str().unwrap_or_default())).collect()
        }
        _ => vec![name.to_owned()],
    }
}
