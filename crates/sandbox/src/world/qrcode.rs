//! QR codes with a scene: what a request may ask for, and the codes an account has.

use hongyan_wire::Scene;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::settings::Settings;

/// A checked request for a code.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) scene: Scene,
    /// How long it lives; permanent when none.
    pub(crate) seconds: Option<i64>,
}

/// A code that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct QrCode {
    pub(crate) ticket: String,
    pub(crate) url: String,
    pub(crate) scene: Scene,
    pub(crate) expires_at_ms: Option<i64>,
}

impl QrCode {
    pub(crate) fn expired(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|at| at <= now_ms)
    }
}

/// Reads and checks the body of `qrcode/create`.
pub(crate) fn check(body: &Value, settings: &Settings) -> Result<Wanted, i64> {
    let (permanent, text) = match body["action_name"].as_str() {
        Some("QR_SCENE") => (false, false),
        Some("QR_STR_SCENE") => (false, true),
        Some("QR_LIMIT_SCENE") => (true, false),
        Some("QR_LIMIT_STR_SCENE") => (true, true),
        _ => return Err(40052),
    };
    let scene = &body["action_info"]["scene"];
    if !scene.is_object() {
        return Err(40053);
    }
    let scene =
        if text { text_scene(&scene["scene_str"])? } else { number_scene(&scene["scene_id"], permanent)? };
    let seconds = match &body["expire_seconds"] {
        _ if permanent => None,
        Value::Null => Some(settings.qrcode_default_seconds),
        given => Some(
            given
                .as_i64()
                .filter(|seconds| (1..=settings.qrcode_max_seconds).contains(seconds))
                .ok_or(40097)?,
        ),
    };
    Ok(Wanted { scene, seconds })
}

fn text_scene(value: &Value) -> Result<Scene, i64> {
    let text = value.as_str().ok_or(40129)?;
    if !(1..=64).contains(&text.chars().count()) {
        return Err(40169);
    }
    Ok(Scene::Text(text.to_owned()))
}

fn number_scene(value: &Value, permanent: bool) -> Result<Scene, i64> {
    let id = value.as_u64().filter(|id| *id > 0).ok_or(40129)?;
    if permanent && id > 100_000 {
        return Err(40129);
    }
    // A number beyond 32 bits has been seen to come back as the largest one.
    Ok(Scene::Id(u32::try_from(id).unwrap_or(u32::MAX)))
}

/// The codes of one account, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct QrCodes {
    list: Vec<QrCode>,
    /// Permanent codes that count without being here, so that the cap can be tried out.
    permanent_elsewhere: usize,
}

impl QrCodes {
    /// Makes a code; a permanent scene that has one already gets the same again.
    pub(crate) fn create(
        &mut self,
        wanted: Wanted,
        now_ms: i64,
        settings: &Settings,
        fresh: (String, String),
    ) -> Result<QrCode, i64> {
        if wanted.seconds.is_none() {
            let permanent = |code: &&QrCode| code.expires_at_ms.is_none();
            if let Some(same) = self.list.iter().filter(permanent).find(|code| code.scene == wanted.scene) {
                return Ok(same.clone());
            }
            if self.permanent() >= settings.qrcode_permanent_max {
                return Err(45029);
            }
        }
        let code = QrCode {
            ticket: fresh.0,
            url: fresh.1,
            scene: wanted.scene,
            expires_at_ms: wanted.seconds.map(|seconds| now_ms + seconds * 1000),
        };
        self.list.push(code.clone());
        Ok(code)
    }

    /// The code with this ticket or this address.
    pub(crate) fn find(&self, ticket_or_url: &str) -> Option<&QrCode> {
        self.list.iter().find(|code| code.ticket == ticket_or_url || code.url == ticket_or_url)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &QrCode> {
        self.list.iter()
    }

    /// How many permanent codes count.
    pub(crate) fn permanent(&self) -> usize {
        self.list.iter().filter(|code| code.expires_at_ms.is_none()).count() + self.permanent_elsewhere
    }

    /// Says how many permanent codes count, those that are here among them.
    pub(crate) fn set_permanent(&mut self, count: usize) {
        self.permanent_elsewhere = 0;
        self.permanent_elsewhere = count.saturating_sub(self.permanent());
    }

    /// Ends every temporary code now.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        for end in self.list.iter_mut().filter_map(|code| code.expires_at_ms.as_mut()) {
            *end = (*end).min(now_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(body: Value) -> Result<Wanted, i64> {
        check(&body, &Settings::default())
    }

    #[test]
    fn the_four_actions_are_understood() {
        let temporary = json!({"expire_seconds": 1800, "action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 123}}});
        assert_eq!(checked(temporary), Ok(Wanted { scene: Scene::Id(123), seconds: Some(1800) }));
        let unsaid =
            json!({"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "poster-7"}}});
        assert_eq!(checked(unsaid), Ok(Wanted { scene: Scene::Text("poster-7".into()), seconds: Some(60) }));
        let permanent =
            json!({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 100_000}}});
        assert_eq!(checked(permanent), Ok(Wanted { scene: Scene::Id(100_000), seconds: None }));
        let text = json!({"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "a"}}});
        assert_eq!(checked(text), Ok(Wanted { scene: Scene::Text("a".into()), seconds: None }));
    }

    #[test]
    fn bad_requests_get_their_codes() {
        let scene =
            |action: &str, scene: Value| json!({"action_name": action, "action_info": {"scene": scene}});
        let long = "x".repeat(65);
        let cases = [
            (json!({}), 40052),
            (json!({"action_name": "QR_SCENE"}), 40053),
            (scene("QR_SCENE", json!({})), 40129),
            (scene("QR_SCENE", json!({"scene_id": 0})), 40129),
            (scene("QR_LIMIT_SCENE", json!({"scene_id": 100_001})), 40129),
            (scene("QR_STR_SCENE", json!({"scene_str": ""})), 40169),
            (scene("QR_LIMIT_STR_SCENE", json!({"scene_str": long})), 40169),
            (
                json!({"expire_seconds": 2_592_001, "action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 1}}}),
                40097,
            ),
        ];
        for (body, code) in cases {
            assert_eq!(checked(body.clone()), Err(code), "{body}");
        }
    }

    #[test]
    fn a_permanent_scene_keeps_its_code_and_a_temporary_one_ends() {
        let settings = Settings::default();
        let mut codes = QrCodes::default();
        let wanted = |seconds| Wanted { scene: Scene::Id(7), seconds };
        let first = codes.create(wanted(None), 0, &settings, ("t1".into(), "u1".into())).unwrap();
        let again = codes.create(wanted(None), 0, &settings, ("t2".into(), "u2".into())).unwrap();
        assert_eq!(first.ticket, again.ticket);
        let short = codes.create(wanted(Some(60)), 0, &settings, ("t3".into(), "u3".into())).unwrap();
        assert!(!short.expired(59_999) && short.expired(60_000) && !first.expired(i64::MAX));
        assert_eq!(codes.find("u3").unwrap().ticket, "t3");
    }

    #[test]
    fn the_hundred_thousandth_permanent_code_is_the_last() {
        let settings = Settings::default();
        let mut codes = QrCodes::default();
        codes.set_permanent(99_999);
        let wanted = |id, seconds| Wanted { scene: Scene::Id(id), seconds };
        let fresh = || ("t".to_owned(), "u".to_owned());
        assert!(codes.create(wanted(1, None), 0, &settings, fresh()).is_ok());
        assert_eq!(codes.create(wanted(2, None), 0, &settings, fresh()).unwrap_err(), 45029);
        assert!(codes.create(wanted(1, None), 0, &settings, fresh()).is_ok());
        assert!(codes.create(wanted(2, Some(60)), 0, &settings, fresh()).is_ok());
        codes.expire(5);
        assert_eq!(codes.iter().filter(|code| code.expired(5)).count(), 1);
    }
}
