//! The phone in the browser and the bench around it: a few small files, compiled in and served as they are.
//!
//! The pages are plain ES modules and use nothing but the public control API, so anything a finger can do here
//! a test can do there.

mod assets;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use assets::{ASSETS, Asset, BENCH, INSPECT, PHONE};

// Nothing is loaded from elsewhere but pictures and sound, whose addresses the account chooses. Frames hold
// pages of this machine only: what an H5 developer runs beside the sandbox.
const POLICY: &str = "default-src 'self'; img-src * data: blob:; media-src * blob:; \
                      frame-src 'self' http://127.0.0.1:* http://localhost:*; object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

/// The pages `/` (also `/bench`), `/phone`, `/inspect` and `/inspect/{id}`, and the files they are made of under `/_assets/`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(|headers: HeaderMap| async move { serve(&BENCH, &headers) }))
        .route("/bench", get(|headers: HeaderMap| async move { serve(&BENCH, &headers) }))
        .route("/inspect", get(|headers: HeaderMap| async move { serve(&INSPECT, &headers) }))
        .route("/inspect/{id}", get(|headers: HeaderMap| async move { serve(&INSPECT, &headers) }))
        .route("/phone", get(|headers: HeaderMap| async move { serve(&PHONE, &headers) }))
        .route("/_assets/{name}", get(file))
}

async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => serve(asset, &headers),
        None => (StatusCode::NOT_FOUND, "no such file of the phone page\n").into_response(),
    }
}

fn serve(asset: &Asset, headers: &HeaderMap) -> Response {
    let tag = asset.tag();
    let seen = headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes());
    // `no-cache` lets the browser keep the file but makes it ask, so that a new build is seen at once.
    let common = [
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    if seen {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)], common).into_response();
    }
    ([(header::CONTENT_TYPE, asset.content_type)], [(header::ETAG, tag)], common, asset.text).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn get(path: &str, etag: Option<&str>) -> Response {
        let mut request = Request::get(path);
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        router::<()>().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn every_page_answers_with_html_and_the_policy() {
        for path in ["/", "/bench?phones=2", "/phone", "/inspect", "/inspect/7"] {
            let response = get(path, None).await;
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert!(
                response.headers()[header::CONTENT_SECURITY_POLICY]
                    .to_str()
                    .unwrap()
                    .starts_with("default-src 'self'; img-src * data: blob:; media-src *")
            );
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert!(body.starts_with(b"<!doctype html>"));
        }
    }

    #[tokio::test]
    async fn a_file_the_browser_has_is_not_sent_again() {
        let first = get("/_assets/phone.js", None).await;
        assert_eq!(first.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(get("/_assets/phone.js", Some(&tag)).await.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(get("/_assets/phone.js", Some("\"other\"")).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn an_unknown_file_is_not_found() {
        assert_eq!(get("/_assets/secret.js", None).await.status(), StatusCode::NOT_FOUND);
    }
}
