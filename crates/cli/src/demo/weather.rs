//! A stand-in for Open-Meteo: geocoding and forecast in the shapes of its answers.
//! [Its documentation](https://open-meteo.com/en/docs)

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use hongyan_wire::Clock;
use serde::Deserialize;
use serde_json::{Value, json};

use super::calendar;

/// A place the stand-in knows: name in Chinese and English, latitude, longitude, province.
struct City(&'static str, &'static str, f64, f64, &'static str);

const CITIES: [City; 10] = [
    City("北京", "Beijing", 39.9075, 116.397_23, "北京市"),
    City("上海", "Shanghai", 31.222_22, 121.458_06, "上海市"),
    City("广州", "Guangzhou", 23.116_67, 113.25, "广东"),
    City("深圳", "Shenzhen", 22.545_54, 114.0683, "广东"),
    City("成都", "Chengdu", 30.666_67, 104.066_67, "四川"),
    City("杭州", "Hangzhou", 30.293_65, 120.161_42, "浙江"),
    City("武汉", "Wuhan", 30.583_33, 114.266_67, "湖北"),
    City("西安", "Xi'an", 34.258_33, 108.928_61, "陕西"),
    City("南京", "Nanjing", 32.061_67, 118.777_78, "江苏"),
    City("重庆", "Chongqing", 29.560_26, 106.557_71, "重庆市"),
];

/// Codes of the World Meteorological Organization that the demo's days draw from: clear, cloudy, fog, rain, snow showers.
const CODES: [u8; 6] = [0, 1, 3, 45, 61, 80];

pub(super) fn routes(clock: Arc<dyn Clock>) -> Router {
    Router::new().route("/v1/search", get(search)).route("/v1/forecast", get(forecast)).with_state(clock)
}

#[derive(Deserialize)]
struct Wanted {
    name: String,
}

/// A name that is not known gives an answer without `results`, as the real service does.
async fn search(Query(wanted): Query<Wanted>) -> Json<Value> {
    let found = CITIES.iter().enumerate().find(|(_, city)| {
        wanted.name == city.0
            || wanted.name.trim_end_matches('市') == city.0
            || wanted.name.eq_ignore_ascii_case(city.1)
    });
    let Some((at, city)) = found else {
        return Json(json!({"generationtime_ms": 0.3}));
    };
    Json(json!({
        "results": [{
            "id": 1_800_000 + at,
            "name": city.0,
            "latitude": city.2,
            "longitude": city.3,
            "elevation": 40.0,
            "feature_code": "PPLC",
            "country_code": "CN",
            "timezone": "Asia/Shanghai",
            "country": "中国",
            "admin1": city.4,
        }],
        "generationtime_ms": 0.3,
    }))
}

#[derive(Deserialize)]
struct Spot {
    latitude: f64,
    longitude: f64,
}

async fn forecast(
    State(clock): State<Arc<dyn Clock>>,
    spot: Result<Query<Spot>, axum::extract::rejection::QueryRejection>,
) -> (StatusCode, Json<Value>) {
    let Ok(Query(spot)) = spot else {
        let reason = "Parameter 'latitude' and 'longitude' must have the same number of elements";
        return (StatusCode::BAD_REQUEST, Json(json!({"error": true, "reason": reason})));
    };
    let now = clock.now();
    let day = calendar::day(now);
    let turn = (day + spot.longitude as i64).unsigned_abs() as usize;
    // Warmer towards the south, with a swing from day to day.
    let temperature = (42.0 - spot.latitude + (turn % 7) as f64 * 1.3) * 10.0;
    let code = CODES[turn % CODES.len()];
    let answer = json!({
        "latitude": spot.latitude,
        "longitude": spot.longitude,
        "generationtime_ms": 0.05,
        "utc_offset_seconds": 28_800,
        "timezone": "Asia/Shanghai",
        "timezone_abbreviation": "GMT+8",
        "elevation": 40.0,
        "current_units": {
            "time": "iso8601", "interval": "seconds", "temperature_2m": "°C", "relative_humidity_2m": "%",
            "weather_code": "wmo code", "wind_speed_10m": "km/h",
        },
        "current": {
            "time": format!("{}T{}", calendar::date(now), calendar::time(now)),
            "interval": 900,
            "temperature_2m": temperature.round() / 10.0,
            "relative_humidity_2m": 40 + turn % 45,
            "weather_code": code,
            "wind_speed_10m": 4.0 + (turn % 9) as f64,
        },
    });
    (StatusCode::OK, Json(answer))
}
