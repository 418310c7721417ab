//! A stand-in for Amap's traffic status of one road.
//! [Its documentation](https://lbs.amap.com/api/webservice/guide/api-advanced/trafficstatus)

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Query, State},
    routing::get,
};
use hongyan_wire::Clock;
use serde::Deserialize;
use serde_json::{Value, json};

/// The service's own words for its status numbers 1 to 3.
const STATES: [(&str, &str); 3] = [("1", "整体畅通"), ("2", "整体缓行"), ("3", "整体拥堵")];

pub(super) fn routes(clock: Arc<dyn Clock>) -> Router {
    Router::new().route("/v3/traffic/status/road", get(road)).with_state(clock)
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    key: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    city: String,
}

/// Refusals are told in the body, with status 200, as the real service does.
async fn road(State(clock): State<Arc<dyn Clock>>, Query(wanted): Query<Wanted>) -> Json<Value> {
    if wanted.key.is_empty() {
        return Json(json!({"status": "0", "info": "INVALID_USER_KEY", "infocode": "10001"}));
    }
    if wanted.name.is_empty() || wanted.city.is_empty() {
        return Json(json!({"status": "0", "info": "MISSING_REQUIRED_PARAMS", "infocode": "20001"}));
    }
    let hour = clock.now().0.div_euclid(3_600_000);
    let sum = wanted.name.bytes().chain(wanted.city.bytes()).fold(0_i64, |sum, byte| sum + i64::from(byte));
    let (status, words) = STATES[(sum + hour).rem_euclid(STATES.len() as i64) as usize];
    let blocked = (sum + hour).rem_euclid(20);
    let congested = (sum + hour).rem_euclid(30);
    let description = format!("{}：{words}，部分路段车速约{}公里每小时。", wanted.name, 20 + blocked * 2);
    Json(json!({
        "status": "1",
        "info": "OK",
        "infocode": "10000",
        "trafficinfo": {
            "description": description,
            "evaluation": {
                "expedite": format!("{}.00%", 100 - blocked - congested),
                "congested": format!("{congested}.00%"),
                "blocked": format!("{blocked}.00%"),
                "unknown": "0.00%",
                "status": status,
                "description": words,
            },
        },
    }))
}
