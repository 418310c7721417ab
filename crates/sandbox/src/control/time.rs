//! The clock, and the world as a whole.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::asked::Body;
use super::problem::Problem;
use crate::clock::VirtualClock;
use crate::platform::Platform;

fn described(platform: &Platform) -> Value {
    let clock = platform.clock();
    let rate = clock.rate();
    let mode = if rate == 0.0 {
        "frozen"
    } else if (rate - 1.0).abs() < f64::EPSILON {
        "real"
    } else {
        "scaled"
    };
    json!({"now_ms": clock.now_ms(), "ahead_ms": clock.ahead_ms(), "mode": mode, "factor": rate})
}

/// Changes the clock, tells who listens, and gives the clock with what fell due by the change, in order.
fn changed(platform: &Platform, change: impl FnOnce(&VirtualClock)) -> Json<Value> {
    let before = platform.clock().now_ms();
    change(platform.clock());
    let mut clock = described(platform);
    platform.with(|world, now_ms| {
        world.tell("clock", clock.clone());
        clock["fired"] = world.due(before, now_ms).into();
    });
    Json(clock)
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
    Ok(changed(&platform, |clock| clock.advance((seconds * 1000.0) as i64)))
}

/// `POST clock/freeze`: time stands still until it is moved or resumed.
pub(crate) async fn freeze(State(platform): State<Arc<Platform>>) -> Json<Value> {
    changed(&platform, |clock| clock.pace(0.0))
}

/// `POST clock/resume`: time runs at its ordinary speed, from where it is.
pub(crate) async fn resume(State(platform): State<Arc<Platform>>) -> Json<Value> {
    changed(&platform, |clock| clock.pace(1.0))
}

/// The fastest the clock runs: a day in less than a second.
const MAX_FACTOR: f64 = 100_000.0;

/// `POST clock/scale {factor}`
pub(crate) async fn scale(
    State(platform): State<Arc<Platform>>,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let factor = body["factor"].as_f64().filter(|factor| (0.0..=MAX_FACTOR).contains(factor));
    let factor = factor.ok_or_else(|| {
        Problem::bad("`factor` is missing, negative or more than 100000", "send {\"factor\": 60}")
    })?;
    Ok(changed(&platform, |clock| clock.pace(factor)))
}

/// The latest time the clock can be set to: the end of the year 2199.
const MAX_MS: i64 = 7_258_118_400_000;

/// `POST clock/set {at_ms}`
pub(crate) async fn set(
    State(platform): State<Arc<Platform>>,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let at_ms = body["at_ms"].as_i64().filter(|at_ms| (0..MAX_MS).contains(at_ms)).ok_or_else(|| {
        Problem::bad(
            "`at_ms` is missing, before 1970 or after 2199",
            "send {\"at_ms\": 1767229200000}, milliseconds since 1970",
        )
    })?;
    Ok(changed(&platform, |clock| clock.set(at_ms)))
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
