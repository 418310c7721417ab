//! A QR code made by hand, without a call of the platform's own API.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::asked::{Asked, Body};
use super::problem::Problem;
use crate::platform::Platform;
use crate::world::qrcode;

/// `POST qrcodes {scene, expire_seconds | permanent}`: a poster on the wall.
pub(crate) async fn create(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let permanent = body["permanent"] == true;
    let (action, scene) = match (&body["scene"], permanent) {
        (scene @ Value::Number(_), false) => ("QR_SCENE", json!({ "scene_id": scene })),
        (scene @ Value::Number(_), true) => ("QR_LIMIT_SCENE", json!({ "scene_id": scene })),
        (scene, false) => ("QR_STR_SCENE", json!({ "scene_str": scene })),
        (scene, true) => ("QR_LIMIT_STR_SCENE", json!({ "scene_str": scene })),
    };
    let wanted = json!({
        "action_name": action,
        "expire_seconds": body["expire_seconds"],
        "action_info": { "scene": scene },
    });
    platform.with(|world, now_ms| {
        let settings = world.settings.clone();
        let refused = |code: i64| {
            Problem::bad(
                format!("the platform would refuse this code with {code}"),
                "send {\"scene\": \"spring\", \"expire_seconds\": 3600} or {\"scene\": 42, \"permanent\": true}",
            )
        };
        let wanted = qrcode::check(&wanted, &settings).map_err(refused)?;
        let fresh = world.ids.ticket();
        let account = &mut world.accounts[asked.at];
        let code = account.qrcodes.create(wanted, now_ms, &settings, fresh).map_err(refused)?;
        let app_id = account.app_id.clone();
        world.tell("qrcode", json!({"app_id": app_id, "ticket": code.ticket, "url": code.url}));
        Ok(Json(json!({
            "ticket": code.ticket,
            "url": code.url,
            "scene": code.scene,
            "permanent": code.expires_at_ms.is_none(),
            "expires_at_ms": code.expires_at_ms,
        })))
    })
}
