//! Spoils an answer as a fault asks: another status, a page, a cut, or nothing at all.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;

use crate::faults::Do;
use crate::platform::Platform;

/// The page that stands for an answer.
pub(crate) const PAGE: &str = "<!DOCTYPE html><html><body>Bad gateway</body></html>";

type Piece = Result<Bytes, std::io::Error>;

/// Gives the answer as the fault leaves it.
pub(crate) async fn spoil(platform: &Platform, deed: &Do, mut answer: Response) -> Response {
    if deed.hang {
        let mut closing = platform.closing();
        // Ends only when the sandbox does; a caller's own time limit comes first.
        let _ = closing.wait_for(|closing| *closing).await;
    }
    if deed.reset {
        *answer.body_mut() = Body::from_stream(stream::iter([Piece::Err(cut())]));
    }
    if let Some(code) = deed.status {
        *answer.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        *answer.body_mut() = Body::from(format!("status {code}\n"));
    }
    if deed.html {
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        *answer.body_mut() = Body::from(PAGE);
    }
    if let Some(bytes) = deed.truncate {
        let whole = whole(&mut answer).await;
        answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
        let begun = whole.slice(..bytes.min(whole.len()));
        // A moment between the two, or the cut would take the beginning with it.
        let late = stream::once(async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Piece::Err(cut())
        });
        *answer.body_mut() = Body::from_stream(stream::iter([Piece::Ok(begun)]).chain(late));
    }
    if let Some(pause) = deed.drip_ms {
        let whole = whole(&mut answer).await;
        let drops = stream::unfold((whole, 0), move |(whole, at)| async move {
            if at >= whole.len() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
            Some((Piece::Ok(whole.slice(at..=at)), (whole, at + 1)))
        });
        *answer.body_mut() = Body::from_stream(drops);
    }
    answer
}

async fn whole(answer: &mut Response) -> Bytes {
    let body = std::mem::take(answer.body_mut());
    // The body was made here, in memory: collecting it cannot fail.
    body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default()
}

fn cut() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut by a fault")
}
