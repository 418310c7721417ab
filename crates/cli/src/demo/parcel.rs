//! A stand-in for a parcel service: the same number is somewhere else every day.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use hongyan_wire::Clock;
use serde_json::{Value, json};

use super::calendar;

/// Where a parcel can be, in the order in which it travels.
const PLACES: [&str; 13] = [
    "杭州分拨中心",
    "嘉兴",
    "上海转运中心",
    "苏州",
    "南京转运中心",
    "滁州",
    "徐州",
    "济南转运中心",
    "德州",
    "天津",
    "廊坊",
    "北京转运中心",
    "北京海淀营业部",
];

pub(super) fn routes(clock: Arc<dyn Clock>) -> Router {
    Router::new().route("/parcels/{number}", get(place)).with_state(clock)
}

/// Numbers of four zeros and more in front are not known, so that the rule's `otherwise` can be seen.
async fn place(State(clock): State<Arc<dyn Clock>>, Path(number): Path<String>) -> (StatusCode, Json<Value>) {
    if number.starts_with("0000") {
        return (StatusCode::NOT_FOUND, Json(json!({"number": number, "error": "no such parcel"})));
    }
    let now = clock.now();
    let answer = json!({
        "number": number,
        "date": calendar::date(now),
        "place": place_on(&number, calendar::day(now)),
    });
    (StatusCode::OK, Json(answer))
}

/// One place further each day.
fn place_on(number: &str, day: i64) -> &'static str {
    let start = number.bytes().fold(0_i64, |sum, byte| sum + i64::from(byte));
    let at = (start + day).rem_euclid(PLACES.len() as i64);
    PLACES[at as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_moves_from_one_day_to_the_next() {
        for day in 20_000..20_020 {
            assert_eq!(place_on("SF1024", day), place_on("SF1024", day));
            assert_ne!(place_on("SF1024", day), place_on("SF1024", day + 1));
        }
    }
}
