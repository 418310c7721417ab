//! What happened: the list of exchanges, one of them, and one as a command or as scenario steps.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query as Asking, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::Value;

use super::asked::Asked;
use super::problem::Problem;
use crate::exchange::log::Query;
use crate::exchange::{Direction, Outcome, curl, step};
use crate::platform::Platform;

/// `GET exchanges?after=&before=&user=&kind=&direction=&outcome=&errcode=&finding=&text=&limit=`
pub(crate) async fn list(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Asking(query): Asking<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let mut wanted = read(&query)?;
    let candidates = platform.with(|world, _| {
        wanted.app_id.clone_from(&world.accounts[asked.at].app_id);
        world.log.candidates(&wanted)
    });
    // A text is looked for in everything that is kept, which must hold up nothing else.
    let found = tokio::task::spawn_blocking(move || wanted.pick(candidates)).await.unwrap_or_default();
    let mut body = String::with_capacity(2 + found.iter().map(|one| one.len() + 1).sum::<usize>());
    body.push('[');
    for (index, one) in found.iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(one);
    }
    body.push(']');
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

fn read(query: &HashMap<String, String>) -> Result<Query, Problem> {
    let given = |name: &str| query.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let number = |name: &str, what: &str| match given(name) {
        None => Ok(None),
        Some(text) => text
            .parse::<i64>()
            .map(Some)
            .map_err(|_| Problem::bad(format!("`{name}` is not a number: {text:?}"), what)),
    };
    let id = |name: &str| {
        number(name, "use the id of an exchange you have, or 0").map(|id| id.map(i64::unsigned_abs))
    };
    let direction = given("direction").map(|name| {
        let what = "`direction` is push or api";
        Direction::parse(name).ok_or_else(|| Problem::bad(format!("there is no direction {name:?}"), what))
    });
    let outcome = given("outcome").map(|name| {
        let what = "`outcome` is replied, silent, failed or none";
        Outcome::parse(name).ok_or_else(|| Problem::bad(format!("there is no outcome {name:?}"), what))
    });
    let limit = number("limit", "say how many you want at most")?;
    Ok(Query {
        app_id: String::new(),
        after: id("after")?,
        before: id("before")?,
        user: given("user").map(str::to_owned),
        kind: given("kind").map(str::to_owned),
        direction: direction.transpose()?,
        outcome: outcome.transpose()?,
        errcode: number("errcode", "use a code such as 45015, or 0 for calls that succeeded")?,
        finding: given("finding").map(str::to_owned),
        text: given("text").map(str::to_owned),
        limit: limit.map(|limit| usize::try_from(limit).unwrap_or(0)),
    })
}

/// The exchange that the path names.
pub(crate) fn find(platform: &Platform, asked: &Asked) -> Result<Arc<str>, Problem> {
    let id = asked.name("id").parse::<u64>().unwrap_or(0);
    platform.with(|world, _| world.log.get(id)).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "there is no such exchange, or it has not ended, or it is so old that it was dropped",
            "list them with GET /_sandbox/exchanges",
        )
    })
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// `GET exchanges/{id}`
pub(crate) async fn one(State(platform): State<Arc<Platform>>, asked: Asked) -> Result<Json<Value>, Problem> {
    find(&platform, &asked).map(|text| Json(parsed(&text)))
}

/// `GET exchanges/{id}/curl`: a command that repeats it.
pub(crate) async fn as_curl(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
) -> Result<Response, Problem> {
    let exchange = parsed(&find(&platform, &asked)?);
    let base = platform.with(|world, _| world.base.clone());
    Ok(text("text/plain; charset=utf-8", curl::command(&exchange, &base)))
}

/// `GET exchanges/{id}/step`: the same as steps of a scenario.
pub(crate) async fn as_step(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
) -> Result<Response, Problem> {
    let exchange = parsed(&find(&platform, &asked)?);
    let person = platform.with(|world, _| {
        let openid = exchange["user"].as_str().unwrap_or_default();
        let followers = world.accounts.iter().find_map(|account| account.follower(openid));
        followers.map_or_else(|| "user".to_owned(), |follower| world.people[follower.person].nickname.clone())
    });
    Ok(text("application/yaml; charset=utf-8", step::steps(&exchange, &person)))
}

fn text(content_type: &'static str, body: String) -> Response {
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}
