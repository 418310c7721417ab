//! QR codes that carry a scene, so that a scan tells where it was made.

use std::time::Duration;

use bytes::Bytes;
use hongyan_wire::{Scene, SceneError, Ticket};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::endpoint::endpoints;
use crate::error::Error;

/// The longest time that a temporary code may be good for.
const LONGEST: Duration = Duration::from_hours(30 * 24);

endpoints! {
    /// QR codes with a scene.
    qrcode: QrCodes {
        /// Makes a QR code and gives its ticket. [Page](https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.html)
        ///
        /// Verified service accounts only. 100,000 permanent codes in all; 100,000 calls a day.
        POST "/cgi-bin/qrcode/create" create(body code: &NewQrCode) -> QrCode;
        /// Gives a ticket's picture, a JPEG. [Page](https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.html)
        ///
        /// Needs no token. An unknown or expired ticket is answered with HTTP status 404.
        GET mp "/cgi-bin/showqrcode" picture(query ticket: &Ticket) -> Bytes, no_token, safe;
    }
}

/// A QR code to be made. Its scene and time have been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewQrCode {
    scene: Scene,
    expires: Option<Duration>,
}

impl NewQrCode {
    /// A code that is good for 1 s to 30 days, whose scene is a number from 1 or a text of 1 to 64 characters.
    pub fn temporary(scene: Scene, expires: Duration) -> Result<Self, Error> {
        check(&scene, false)?;
        if expires < Duration::from_secs(1) || expires > LONGEST {
            let what = format!("the QR code's time is {} s", expires.as_secs());
            let zh = format!("二维码的有效期是 {} 秒：应为 1 秒到 2592000 秒（30 天）", expires.as_secs());
            return Err(Error::invalid(what, "1 s to 2592000 s (30 days) are possible", zh));
        }
        Ok(Self { scene, expires: Some(expires) })
    }

    /// A code that is good for ever, whose scene is a number from 1 to 100000 or a text of 1 to 64 characters.
    pub fn permanent(scene: Scene) -> Result<Self, Error> {
        check(&scene, true)?;
        Ok(Self { scene, expires: None })
    }

    /// What the code carries.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// How long it is good for; for ever when `None`.
    pub fn expires(&self) -> Option<Duration> {
        self.expires
    }
}

fn check(scene: &Scene, permanent: bool) -> Result<(), Error> {
    let most = if permanent { 100_000 } else { u32::MAX };
    scene.check(permanent).map_err(|error| {
        let (what, zh) = match error {
            SceneError::Zero => ("the scene number is 0".to_owned(), "场景值是数字 0".to_owned()),
            SceneError::TooLarge { id } => (
                format!("the scene number {id} is too large for a permanent code"),
                format!("场景值 {id} 对永久二维码来说太大"),
            ),
            SceneError::Empty => ("the scene text is empty".to_owned(), "场景值是空的".to_owned()),
            SceneError::TooLong { chars } => {
                (format!("the scene text has {chars} characters"), format!("场景值有 {chars} 个字符"))
            }
        };
        Error::invalid(
            what,
            format!("a number from 1 to {most}, or a text of 1 to 64 characters, is needed"),
            format!("{zh}：应为 1 到 {most} 的数字，或 1 到 64 个字符的文本"),
        )
    })
}

impl Serialize for NewQrCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (action, scene) = match (&self.scene, self.expires) {
            (Scene::Id(id), Some(_)) => ("QR_SCENE", json!({"scene_id": id})),
            (Scene::Id(id), None) => ("QR_LIMIT_SCENE", json!({"scene_id": id})),
            (Scene::Text(text), Some(_)) => ("QR_STR_SCENE", json!({"scene_str": text})),
            (Scene::Text(text), None) => ("QR_LIMIT_STR_SCENE", json!({"scene_str": text})),
        };
        let mut body = json!({"action_name": action, "action_info": {"scene": scene}});
        if let Some(expires) = self.expires {
            body["expire_seconds"] = expires.as_secs().into();
        }
        body.serialize(to)
    }
}

/// A QR code that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrCode {
    /// What its picture is fetched by, and what its scans carry.
    pub ticket: Ticket,
    /// What the picture encodes: enough to draw it oneself.
    pub url: String,
    /// How many seconds it is good for; missing for a permanent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_seconds: Option<u64>,
    /// Other fields.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use hongyan_wire::Lang;

    use super::*;

    #[test]
    fn the_four_kinds_have_the_platforms_shapes() {
        let shape = |code: NewQrCode| serde_json::to_value(code).unwrap();
        let hour = Duration::from_hours(1);
        assert_eq!(
            shape(NewQrCode::temporary(Scene::Id(7), hour).unwrap()),
            json!({"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 7}}, "expire_seconds": 3600})
        );
        let text = || Scene::Text("poster-7".into());
        assert_eq!(shape(NewQrCode::temporary(text(), hour).unwrap())["action_name"], "QR_STR_SCENE");
        assert_eq!(shape(NewQrCode::permanent(Scene::Id(7)).unwrap())["action_name"], "QR_LIMIT_SCENE");
        assert_eq!(
            shape(NewQrCode::permanent(text()).unwrap()),
            json!({"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "poster-7"}}})
        );
    }

    #[test]
    fn what_is_refused_reads_as_one_sentence_in_both_languages() {
        let error = NewQrCode::permanent(Scene::Text(String::new())).unwrap_err();
        assert_eq!(
            error.text(Lang::En),
            "the scene text is empty: a number from 1 to 100000, or a text of 1 to 64 characters, is needed"
        );
        assert_eq!(error.text(Lang::Zh), "场景值是空的：应为 1 到 100000 的数字，或 1 到 64 个字符的文本");
        let error = NewQrCode::temporary(Scene::Id(1), LONGEST * 2).unwrap_err().text(Lang::Zh);
        assert!(error.contains("应为 1 秒到 2592000 秒"), "{error}");
    }

    #[test]
    fn scenes_and_times_beyond_the_limits_are_refused_with_the_limit() {
        let said = |code: Result<NewQrCode, Error>| code.unwrap_err().to_string();
        assert!(said(NewQrCode::permanent(Scene::Id(100_001))).contains("100000"));
        assert!(said(NewQrCode::temporary(Scene::Text(String::new()), LONGEST)).contains("64 characters"));
        assert!(
            said(NewQrCode::temporary(Scene::Id(1), LONGEST + Duration::from_secs(1))).contains("2592000")
        );
        assert!(said(NewQrCode::temporary(Scene::Id(1), Duration::ZERO)).contains("1 s to"));
        assert!(NewQrCode::temporary(Scene::Id(u32::MAX), LONGEST).is_ok());
    }
}
