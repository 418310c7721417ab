//! Files for messages: put at the platform, and fetched from there.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use hongyan::{MediaKind, TemporaryMedia, Upload};
use hongyan_wire::{MediaId, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::problem::Problem;
use super::routes::Routes;
use super::{Answer, Api};

/// The largest kind has 10 MB; the rest is the form around it.
const LARGEST: usize = 11 * 1024 * 1024;
/// The platform keeps it for three days.
const KEPT_S: i64 = 3 * 86_400;

pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/media", put)
        .put("/media", put)
        .body_limit(LARGEST)
        .merge(Routes::new().get("/media/{id}", get))
}

/// What a raw body does not say itself.
#[derive(Deserialize, Default)]
struct About {
    kind: Option<String>,
    name: Option<String>,
}

async fn put(
    State(api): State<Api>,
    Path(account): Path<String>,
    Query(mut about): Query<About>,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    let account = api.account(&headers, "media", &account)?;
    let form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("multipart/form-data"));
    let bytes = if form {
        let form =
            Multipart::from_request(request, &()).await.map_err(|error| unread(error.status(), error))?;
        file(form, &mut about).await?
    } else {
        Bytes::from_request(request, &()).await.map_err(|error| unread(error.status(), error))?
    };
    let kind = kind(about.kind.as_deref())?;
    let upload = Upload::bytes(about.name.unwrap_or_else(|| "media".to_owned()), bytes);
    let uploaded = account.client().media().upload(kind, upload).await?;
    let created = match uploaded.created_at {
        0 => account.now(),
        seconds => Timestamp::from_seconds(seconds),
    };
    let body = json!({
        "media_id": uploaded.media_id,
        "kind": kind,
        "created_at_ms": created.millis(),
        "expires_at_ms": created.millis() + KEPT_S * 1000,
    });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

async fn get(
    State(api): State<Api>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "media", &account)?;
    match account.client().media().get(&MediaId::new(id)).await? {
        TemporaryMedia::Video { video_url } => Ok(Json(json!({"video_url": video_url})).into_response()),
        TemporaryMedia::File(file) => {
            let mut response = file.bytes.into_response();
            let kind = file.content_type.and_then(|kind| HeaderValue::from_str(&kind).ok());
            let headers = response.headers_mut();
            headers.insert(
                header::CONTENT_TYPE,
                kind.unwrap_or(HeaderValue::from_static("application/octet-stream")),
            );
            // It came from a user's phone: a browser must not take it for a page of ours.
            headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
            Ok(response)
        }
    }
}

/// The file of a form, and what the form's other fields say about it.
async fn file(mut form: Multipart, about: &mut About) -> Result<Bytes, Problem> {
    let mut bytes = None;
    while let Some(field) = form.next_field().await.map_err(|error| unread(error.status(), error))? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        if name == "kind" || name == "type" {
            about.kind = Some(field.text().await.map_err(|error| unread(error.status(), error))?);
        } else if name == "name" && file_name.is_none() {
            about.name = Some(field.text().await.map_err(|error| unread(error.status(), error))?);
        } else if file_name.is_some() || matches!(name.as_str(), "media" | "file") {
            if about.name.is_none() {
                about.name = file_name;
            }
            bytes = Some(field.bytes().await.map_err(|error| unread(error.status(), error))?);
        }
    }
    bytes.ok_or_else(|| Problem::bad_request("the form has no file: put it in the field `media`"))
}

fn kind(word: Option<&str>) -> Result<MediaKind, Problem> {
    Ok(match word {
        Some("image") => MediaKind::Image,
        Some("voice") => MediaKind::Voice,
        Some("video") => MediaKind::Video,
        Some("thumb") => MediaKind::Thumb,
        Some(other) => {
            let detail = format!("there is no kind of media \"{other}\"; known: image, voice, video, thumb");
            return Err(Problem::bad_request(detail));
        }
        None => {
            let detail = "say what it is: `?kind=image`, or the form's field `kind`; known: image, voice, video, thumb";
            return Err(Problem::bad_request(detail));
        }
    })
}

fn unread(status: StatusCode, error: impl std::fmt::Display) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(status, "Too large", format!("a file has at most {LARGEST} bytes"));
    }
    Problem::bad_request(format!("the body cannot be read: {error}"))
}
