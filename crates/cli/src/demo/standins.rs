//! The services behind the demo's rules, on a loopback port of their own: parcels, weather, traffic, melodies, pictures, pages.

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use hongyan_wire::Clock;
use tokio::{net::TcpListener, task::AbortHandle};

use super::{media, parcel, traffic, tune, weather};

/// The running stand-ins; dropped, they stop.
pub(super) struct Standins {
    pub(super) url: String,
    task: AbortHandle,
}

impl Standins {
    /// Starts them on a free port; `clock` is the sandbox's.
    pub(super) async fn start(clock: Arc<dyn Clock>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = Router::new()
            .merge(parcel::routes(clock.clone()))
            .merge(weather::routes(clock.clone()))
            .merge(traffic::routes(clock))
            .route("/music/{file}", get(music))
            .route("/pictures/{file}", get(picture))
            .route("/pages/{name}", get(page));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the stand-in services stopped");
            }
        });
        Ok(Self { url, task: task.abort_handle() })
    }
}

impl Drop for Standins {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn music(Path(file): Path<String>) -> Response {
    match file.strip_suffix(".wav").and_then(|number| number.parse().ok()) {
        Some(number) => ([(header::CONTENT_TYPE, "audio/wav")], tune::wav(number)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn picture(Path(file): Path<String>) -> Response {
    match media::FILES.iter().find(|known| known.name == file && known.kind.starts_with("image/")) {
        Some(known) => ([(header::CONTENT_TYPE, known.kind)], known.bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn page(Path(name): Path<String>) -> Response {
    // The name goes into the page, so only what cannot be markup is taken.
    if name.is_empty() || name.contains(['<', '>', '&', '"', '\'']) {
        return StatusCode::NOT_FOUND.into_response();
    }
    Html(format!(
        "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{name}</title><body style=\"font-family:sans-serif;margin:2em\"><h1>{name}</h1>\
         <p>演示页面。A page of the demo.</p></body></html>"
    ))
    .into_response()
}

#[cfg(test)]
mod tests {
    use hongyan_wire::Timestamp;
    use serde_json::Value;

    use super::*;

    struct Fixed(i64);

    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp(self.0)
        }
    }

    async fn start() -> Standins {
        Standins::start(Arc::new(Fixed(1_732_000_000_000))).await.expect("a free port")
    }

    async fn json(standins: &Standins, path: &str) -> (u16, Value) {
        let answer = reqwest::get(format!("{}{path}", standins.url)).await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    #[tokio::test]
    async fn a_place_is_found_and_has_a_forecast() {
        let standins = start().await;
        let (_, found) = json(&standins, "/v1/search?name=北京&count=1&language=zh&format=json").await;
        let place = &found["results"][0];
        assert_eq!(place["name"], "北京");
        let spot = format!("latitude={}&longitude={}", place["latitude"], place["longitude"]);
        let (status, forecast) =
            json(&standins, &format!("/v1/forecast?{spot}&current=temperature_2m")).await;
        assert_eq!(status, 200);
        assert!(forecast["current"]["temperature_2m"].is_f64(), "{forecast}");
        assert_eq!(forecast["current"]["time"], "2024-11-19T15:06");
    }

    #[tokio::test]
    async fn what_is_not_known_is_told_as_the_real_services_do() {
        let standins = start().await;
        assert!(json(&standins, "/v1/search?name=亚特兰蒂斯").await.1.get("results").is_none());
        assert_eq!(json(&standins, "/v1/forecast?latitude=x").await.0, 400);
        assert_eq!(json(&standins, "/parcels/0000").await.0, 404);
        assert_eq!(
            json(&standins, "/v3/traffic/status/road?name=三环&city=北京").await.1["infocode"],
            "10001"
        );
        let (_, road) = json(&standins, "/v3/traffic/status/road?name=三环&city=北京&key=k").await;
        assert!(
            road["trafficinfo"]["description"].as_str().is_some_and(|text| text.contains("三环")),
            "{road}"
        );
    }

    #[tokio::test]
    async fn songs_and_pictures_are_real_files() {
        let standins = start().await;
        let bytes = |path: &str| {
            let url = format!("{}{path}", standins.url);
            async move { reqwest::get(url).await.expect("an answer").bytes().await.expect("bytes") }
        };
        assert!(bytes("/music/3.wav").await.starts_with(b"RIFF"));
        assert!(bytes("/pictures/card.jpg").await.starts_with(&[0xff, 0xd8]));
        assert!(bytes("/pictures/goose.mp4").await.is_empty());
        assert!(!bytes("/pages/%3Cscript%3E").await.starts_with(b"<"));
    }
}
