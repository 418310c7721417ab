//! The platform's own endpoints: one table, one entry that checks, runs, answers and records.

#![expect(clippy::unnecessary_wraps, reason = "every endpoint has the signature of the table")]

mod desk;
mod table;
mod record;
mod spoil;
mod token;
mod menu;
mod message;
mod message_check;
mod qrcode;
mod media;
mod user;
mod misc;
mod oauth;
mod jssdk;
mod limits;
mod quota;
mod tag;
mod blacklist;
mod template;
mod subscribe;
mod agent;
mod elsewhere;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequest, Multipart, Request, State};
use axum::response::Response;
use http::{Method, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use crate::control::perform;
use crate::exchange::{Direction, Exchange, Outcome, Try, state};
use crate::faults::{Do, Target, Turn};
use crate::platform::Platform;
use crate::reply::findings;
use crate::world::World;
use crate::world::token::BadToken;
use desk::{Answer, Call, Desk, File, Refused};
pub(crate) use elsewhere::Standing;
use hongyan_wire::{ErrCode, Lang};
use table::Route;

/// The largest body of a call.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// Answers any call to the platform.
pub(crate) async fn entry(State(platform): State<Arc<Platform>>, request: Request) -> Response {
    // A browser asks for this by itself; it is no call to the platform.
    if request.uri().path() == "/favicon.ico" {
        return status(StatusCode::NOT_FOUND);
    }
    let Ok(call) = read(request).await else {
        return status(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let began = Instant::now();
    let person = record::person(&call);
    let fault = platform.with(|world, now_ms| {
        let account = world.accounts[account_of(world, &call, now_ms)].app_id.clone();
        let target = Target {
            direction: Direction::Api,
            account: &account,
            kind: &call.path,
            user: person.as_deref(),
        };
        world.faults.strike(&target, &mut Turn::default())
    });
    if let Some(delay) = fault.as_ref().and_then(|deed| deed.delay_ms) {
        tokio::time::sleep(std::time::Duration::from_millis(delay)).await;
    }
    let (answer, outgoing) = platform.with(|world, now_ms| {
        let visit = Visit { call: &call, person: person.as_deref(), fault: fault.as_ref(), began, now_ms };
        (handle(world, &visit), std::mem::take(&mut world.outgoing))
    });
    for push in outgoing {
        perform::later(&platform, push);
    }
    match fault {
        Some(deed) => spoil::spoil(&platform, &deed, answer).await,
        None => answer,
    }
}

/// Reads the whole call, so that it can be recorded.
async fn read(request: Request) -> Result<Call, ()> {
    let (parts, body) = request.into_parts();
    let body = http_body_util::Limited::new(body, MAX_BODY).collect().await.map_err(|_| ())?.to_bytes();
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    // A caller that came through the sandbox's own proxy has no address here, and is on this machine.
    let client = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip());
    let mut call = Call {
        client: client.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect(),
        raw_query: parts.uri.query().map(str::to_owned),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect(),
        body: body.clone(),
        files: Vec::new(),
        content_type,
    };
    if call.content_type.starts_with("multipart/") {
        let request = Request::from_parts(parts, Body::from(body));
        if let Ok(mut form) = Multipart::from_request(request, &()).await {
            while let Ok(Some(field)) = form.next_field().await {
                let (name, file_name) =
                    (field.name().map(str::to_owned), field.file_name().map(str::to_owned));
                if let Ok(bytes) = field.bytes().await {
                    call.files.push(File { field: name.unwrap_or_default(), name: file_name, bytes });
                }
            }
        }
    }
    Ok(call)
}

/// One call with all that goes into its record.
struct Visit<'a> {
    call: &'a Call,
    /// The person the call names.
    person: Option<&'a str>,
    fault: Option<&'a Do>,
    began: Instant,
    now_ms: i64,
}

/// Runs one call, answers it and records it.
fn handle(world: &mut World, visit: &Visit<'_>) -> Response {
    let Visit { call, person, fault, began, now_ms } = *visit;
    let forced = fault.and_then(|deed| deed.errcode);
    let route = table::find(&call.path);
    let elsewhere = if route.is_none() { elsewhere::find(&call.path) } else { None };
    let account = account_of(world, call, now_ms);
    let before = state::of(world, account, person, Some(&call.path), now_ms);
    let mut desk = Desk { at: account, world, call, now_ms, user: None };
    let result = match (forced, route) {
        (Some(code), _) => Err(code.into()),
        (None, Some(route)) => run(route, &mut desk),
        (None, None) if elsewhere.is_some() => {
            elsewhere.as_ref().map_or(Err(40066.into()), |(_, route)| run(route, &mut desk))
        }
        // What the platform says to a path it does not know.
        (None, None) => Err(40066.into()),
    };
    let (at, user) = (desk.at, desk.user.take());
    let mut exchange = world.begin(at, Direction::Api, call.path.clone(), now_ms);
    let known = |openid: &&str| world.accounts[at].follower(openid).is_some();
    exchange.user = user.or_else(|| person.filter(known).map(str::to_owned));
    exchange.request = record::request(call, world.settings.max_recorded_bytes);
    if at == account {
        let after = state::of(world, at, person, Some(&call.path), now_ms);
        exchange.state = state::diff(&before, &after);
    }
    let response = match result {
        Ok(answer) => {
            exchange.outcome = Outcome::Replied;
            exchange.reply = record::reply(&answer);
            respond(answer)
        }
        Err(refused) => {
            let known = route.is_some() || elsewhere.is_some() || forced.is_some();
            let response = refuse(world, &mut exchange, call, refused, known, now_ms);
            if let (None, Some((standing, _))) = (forced, &elsewhere) {
                exchange.findings.push(findings::not_in_sandbox(*standing, &call.path));
            }
            response
        }
    };
    exchange.reply["headers"] = record::headers(&response);
    if let Some(finding) = fault.and_then(|deed| record::spoilt(deed, &mut exchange.reply)) {
        exchange.outcome = Outcome::Failed;
        exchange.findings.push(finding);
    }
    let took_ms = began.elapsed().as_millis() as u64;
    exchange.tries.push(Try {
        at_ms: now_ms - took_ms as i64,
        took_ms,
        status: exchange.reply["status"].as_u64().map(|status| status as u16),
        fault: fault.map(Do::to_json),
        ..Try::default()
    });
    world.end(exchange);
    response
}

/// The account a call's token belongs to.
fn account_of(world: &World, call: &Call, now_ms: i64) -> usize {
    let token = call.query("access_token").unwrap_or_default();
    let known = |at: &usize| world.accounts[*at].tokens.check(token, now_ms) != Err(BadToken::Unknown);
    (0..world.accounts.len()).find(known).unwrap_or(0)
}

/// The checks every call goes through, then the endpoint itself.
fn run(route: &Route, desk: &mut Desk<'_>) -> desk::Result {
    match route.method {
        table::Verb::Get if desk.call.method != Method::GET => return Err(43001.into()),
        table::Verb::Post if desk.call.method != Method::POST => return Err(43002.into()),
        _ => {}
    }
    if route.token {
        let Some(token) = desk.call.query("access_token") else { return Err(41001.into()) };
        let now_ms = desk.now_ms;
        desk.account().tokens.check(token, now_ms).map_err(|bad| match bad {
            BadToken::Unknown => desk.world.settings.unknown_token_code,
            BadToken::NotLatest => 40001,
            BadToken::Expired => 42001,
        })?;
        desk.admitted()?;
        desk.needs(route.right, 48001)?;
        let limit = limits::of(route, desk.account().kind);
        desk.count(route.path, limit)?;
    }
    (route.run)(desk)
}

fn refuse(
    world: &mut World,
    exchange: &mut Exchange,
    call: &Call,
    refused: Refused,
    known: bool,
    now_ms: i64,
) -> Response {
    let code = ErrCode(refused.code);
    // Where the platform's own words are not known, ours say at least what is wrong.
    let words = code.wire_text().or_else(|| code.meaning(Lang::En)).unwrap_or("error");
    let text = refused.text.unwrap_or_else(|| words.to_owned());
    let rid = world.ids.rid(now_ms);
    let body = json!({"errcode": refused.code, "errmsg": format!("{text} rid: {rid}")});
    if let Some(at) = world.account_at(Some(&exchange.app_id)) {
        let recorded = record::refused(call, rid, &body, now_ms);
        world.accounts[at].rids.add(recorded);
    }
    exchange.outcome = Outcome::Failed;
    exchange.reply = json!({"status": 200, "content_type": JSON, "body": body});
    exchange.findings.push(if known {
        let meaning = |lang| code.meaning(lang).unwrap_or(text.as_str());
        findings::errcode(refused.code, &call.path, meaning(Lang::Zh), meaning(Lang::En))
    } else {
        findings::unknown_path(refused.code, call.method.as_str(), &call.path)
    });
    json_response(&body)
}

/// The Content-Type of JSON answers.
const JSON: &str = "application/json; encoding=utf-8";

fn json_response(body: &Value) -> Response {
    build(Response::builder().header(header::CONTENT_TYPE, JSON), Body::from(body.to_string()))
}

fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Json(body) => json_response(&body),
        Answer::File { content_type, name, bytes } => {
            let mut builder = Response::builder().header(header::CONTENT_TYPE, content_type);
            if let Some(name) = name {
                builder =
                    builder.header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
            }
            build(builder, Body::from(bytes))
        }
        Answer::Picture(bytes) => build(
            Response::builder()
                .header(header::CONTENT_TYPE, "image/jpg")
                .header(header::CACHE_CONTROL, "max-age=604800"),
            Body::from(bytes),
        ),
        Answer::Status(code) => status(StatusCode::from_u16(code).unwrap_or(StatusCode::NOT_FOUND)),
    }
}

fn build(builder: http::response::Builder, body: Body) -> Response {
    builder.body(body).unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

fn status(code: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}
