//! The clock, and the world as a whole.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};

use super::asked::Body;
use super::problem::Problem;
use crate::platform::Platform;

fn described(platform: &Platform) -> Value {
    json!({"now_ms": platform.clock().now_ms(), "ahead_ms": platform.clock().ahead_ms()})
}

/// `GET clock`
pub(crate) async fn now(State(platform): State<Arc<Platform>>) -> Json<Value> {
    Json(described(&platform))
}

/// The furthest the clock moves at once: ten years.
const MAX_SECONDS: f64 = 10.0 * 366.0 * 86_400.0;

/// `POST clock/advance {seconds}`
pub(crate) async fn advance(
    State(platform): State<Arc<Platform>>,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let seconds = body["seconds"].as_f64().filter(|seconds| (0.0..=MAX_SECONDS).contains(seconds));
    let seconds = seconds.ok_or_else(|| {
        Problem::bad("`seconds` is missing, negative or more than ten years", "send {\"seconds\": 172800}")
    })?;
    platform.clock().advance((seconds * 1000.0) as i64);
    let clock = described(&platform);
    platform.with(|world, _| world.tell("clock", clock.clone()));
    Ok(Json(clock))
}

/// `POST reset`: nobody and nothing is left but the accounts, and the clock shows real time.
pub(crate) async fn reset(State(platform): State<Arc<Platform>>) -> Json<Value> {
    platform.clock().reset();
    let options = platform.options().clone();
    platform.with(|world, _| world.reset(&options));
    let clock = described(&platform);
    platform.with(|world, _| world.tell("clock", clock));
    Json(json!({"reset": true}))
}

/// `GET|PUT snapshot`
pub(crate) async fn snapshot() -> Problem {
    Problem::new(
        StatusCode::NOT_IMPLEMENTED,
        "snapshots are not offered yet",
        "use POST /_sandbox/reset for a fresh world, and the same seed for the same people",
    )
}
