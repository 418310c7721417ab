//! Recording: listens to the control API while people are played, and gives a scenario file.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body as HttpBody, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use serde_json::Value;

use super::problem::Problem;
use crate::platform::Platform;
use crate::scenario::record::{Done, Recorder, Seen, Witness};
use crate::world::World;
use crate::world::chat::Message;

/// `POST record/start`: begins anew, whatever was recorded before.
pub(crate) async fn start(
    State(platform): State<Arc<Platform>>,
    Extension(recorder): Extension<Arc<Recorder>>,
) -> Json<Value> {
    recorder.start(platform.with(|_, now_ms| now_ms));
    Json(recorder.state())
}

/// `GET record`
pub(crate) async fn state(Extension(recorder): Extension<Arc<Recorder>>) -> Json<Value> {
    Json(recorder.state())
}

/// `GET record/file`: the scenario file as far as it has grown.
pub(crate) async fn file(
    State(platform): State<Arc<Platform>>,
    Extension(recorder): Extension<Arc<Recorder>>,
) -> Result<Response, Problem> {
    written(recorder.written(&InWorld(&platform)))
}

/// `POST record/stop`: the scenario file.
pub(crate) async fn stop(
    State(platform): State<Arc<Platform>>,
    Extension(recorder): Extension<Arc<Recorder>>,
) -> Result<Response, Problem> {
    written(recorder.stop(&InWorld(&platform)))
}

fn written(file: Option<String>) -> Result<Response, Problem> {
    match file {
        Some(file) => Ok(([(header::CONTENT_TYPE, "application/yaml; charset=utf-8")], file).into_response()),
        None => Err(Problem::new(
            StatusCode::CONFLICT,
            "nothing is being recorded",
            "begin with POST /_sandbox/record/start",
        )),
    }
}

struct InWorld<'a>(&'a Platform);

impl Witness for InWorld<'_> {
    fn chat(&self, openid: &str) -> Vec<Value> {
        self.0.with(|world, _| {
            let follower = world.accounts[0].follower(openid);
            follower
                .map(|follower| follower.chat.after(0).iter().map(Message::to_json).collect())
                .unwrap_or_default()
        })
    }

    fn scene(&self, code: &str) -> Option<String> {
        self.0.with(|world, _| Some(world.accounts[0].qrcodes.find(code)?.scene.to_string()))
    }
}

/// The largest request that is looked at while recording.
const LARGEST: usize = 32 * 1024 * 1024;

/// Lets requests through and keeps what they did, while recording.
pub(crate) async fn watch(
    State((platform, recorder)): State<(Arc<Platform>, Arc<Recorder>)>,
    request: Request,
    next: Next,
) -> Response {
    if !recorder.running() || request.method() == Method::GET {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return Problem::bad("the body cannot be read", "send JSON, at most 32 MB").into_response();
    };
    let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let noted = platform.with(|world, now_ms| noted(world, now_ms, &parts.method, parts.uri.path(), json));
    let place = noted.and_then(|(done, who)| recorder.note(done, who));
    let response = next.run(Request::from_parts(parts, HttpBody::from(body))).await;
    let Some(place) = place else { return response };
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, LARGEST).await.unwrap_or_default();
    let answer = parts.status.is_success().then(|| serde_json::from_slice(&bytes).unwrap_or(Value::Null));
    recorder.complete(place, answer);
    Response::from_parts(parts, HttpBody::from(bytes))
}

/// What a request does, when it belongs into a scenario of the first account.
fn noted(
    world: &World,
    now_ms: i64,
    method: &Method,
    path: &str,
    body: Value,
) -> Option<(Done, Option<Seen>)> {
    let first = format!("/accounts/{}", world.accounts.first()?.app_id);
    let path = path.strip_prefix(first.as_str()).unwrap_or(path);
    match (method.as_str(), path) {
        ("POST", "/clock/advance") => {
            Some((Done::Advance((body["seconds"].as_f64()? * 1000.0) as i64), None))
        }
        ("POST", "/clock/set") => Some((Done::Advance((body["at_ms"].as_i64()? - now_ms).max(0)), None)),
        ("POST", "/token/expire") => Some((Done::ExpireToken, None)),
        ("DELETE", "/faults") => Some((Done::Faults(Vec::new()), None)),
        ("PUT", "/faults") => {
            let list = body.get("faults").unwrap_or(&body).as_array()?.clone();
            Some((Done::Faults(list), None))
        }
        ("POST", path) => {
            let (openid, verb) = path.strip_prefix("/users/")?.split_once('/')?;
            if !crate::scenario::VERBS.contains(&verb) {
                return None;
            }
            let follower = world.accounts[0].follower(openid)?;
            let person = &world.people[follower.person];
            let before = follower.chat.after(0).last().map_or(0, |message| message.id);
            let who = Seen {
                openid: openid.to_owned(),
                nickname: person.nickname.clone(),
                platform: person.platform,
                following: follower.following,
            };
            let (openid, verb, exchange) = (openid.to_owned(), verb.to_owned(), Value::Null);
            Some((Done::Act { openid, verb, body, before, exchange }, Some(who)))
        }
        _ => None,
    }
}
