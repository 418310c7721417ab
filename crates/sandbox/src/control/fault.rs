//! The list of faults.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::asked::Body;
use super::problem::Problem;
use crate::faults::Fault;
use crate::platform::Platform;

/// `GET faults`
pub(crate) async fn list(State(platform): State<Arc<Platform>>) -> Json<Value> {
    Json(platform.with(|world, _| json!(world.faults.list())))
}

/// `PUT faults`: takes the whole list.
pub(crate) async fn replace(
    State(platform): State<Arc<Platform>>,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    const EXAMPLE: &str = "send a list such as [{\"on\": {\"direction\": \"api\"}, \"do\": {\"errcode\": 45009}, \"times\": 1}]";
    let list = if body.get("faults").is_some() { body["faults"].clone() } else { body };
    let list: Vec<Fault> = serde_json::from_value(list)
        .map_err(|error| Problem::bad(format!("the list of faults is wrong: {error}"), EXAMPLE))?;
    for (index, fault) in list.iter().enumerate() {
        fault.check().map_err(|why| Problem::bad(format!("fault {}: {why}", index + 1), EXAMPLE))?;
    }
    Ok(Json(platform.with(|world, _| {
        world.faults.replace(list);
        json!(world.faults.list())
    })))
}

/// `DELETE faults`
pub(crate) async fn clear(State(platform): State<Arc<Platform>>) -> Json<Value> {
    platform.with(|world, _| world.faults.replace(Vec::new()));
    Json(json!([]))
}
