//! QR codes: made here, their pictures as links, and who scanned them.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use hongyan::NewQrCode;
use hongyan_wire::{Scene, Timestamp};
use serde_json::{Map, Value, json};

use super::ask::{Paging, idempotency_key, object, other_body};
use super::pictures;
use super::problem::Problem;
use super::routes::Routes;
use super::{Answer, Api, csv};
use crate::account::Account;
use crate::codes::{Code, new_id};
use crate::idempotency::{Earlier, Once};
use crate::scans::Which;

/// How often a repeated request looks whether the first one is done, and how many times.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: u32 = 100;

pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/qrcodes", create)
        .get("/qrcodes", list)
        .get("/qrcodes/{id}", one)
        .get("/qrcodes/{id}/scans", scans)
        .get("/qrcodes/{id}/days", days)
        .get("/scans", all_scans)
        .get("/scans/days", all_days)
}

async fn create(
    State(api): State<Api>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let account = api.account(&headers, "qrcodes", &account)?;
    let body = object(&body)?;
    let wanted = wanted(&body)?;
    let id = new_id(account.now());
    let code = match idempotency_key(&headers)? {
        None => make(&api, &account, &wanted, id, None).await?,
        Some(key) => {
            let once = Once::new(account.name(), key, "qrcodes", &Value::Object(body));
            make_once(&api, &account, &wanted, id, &once).await?
        }
    };
    let answer = shown(&api, &account, &code, &headers).await?;
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Makes the code, or waits for whoever is making it for the same key.
async fn make_once(
    api: &Api,
    account: &Account,
    wanted: &NewQrCode,
    id: String,
    once: &Once,
) -> Result<Code, Problem> {
    let store = &api.shared.store;
    store.write_if_room(once.claim(store, &id, false, account.now())).await?;
    for _ in 0..LOOKS {
        match once.earlier(store, account.now()).await? {
            Earlier::Other => return Err(other_body()),
            Earlier::Same { answer, .. } if answer == id => {
                let made = make(api, account, wanted, id.clone(), Some(once)).await;
                if made.is_err() {
                    store.write(vec![once.give_back(&id)]).await?;
                }
                return made;
            }
            Earlier::Same { answer, done: true } => {
                let code = store.code(account.name(), &answer).await?;
                return code.ok_or_else(|| Problem::not_found("the code of this key is no longer known"));
            }
            Earlier::Same { .. } => tokio::time::sleep(LOOK).await,
            // The one that was making it has failed: the caller may try again.
            Earlier::None => break,
        }
    }
    Err(Problem::conflict("a request with this `Idempotency-Key` is still at work").retry_after(1))
}

async fn make(
    api: &Api,
    account: &Account,
    wanted: &NewQrCode,
    id: String,
    once: Option<&Once>,
) -> Result<Code, Problem> {
    let made = account.client().qrcode().create(wanted).await?;
    let now = account.now();
    let code = Code {
        id,
        scene: wanted.scene().clone(),
        ticket: made.ticket,
        url: made.url,
        created_at: now,
        expires_at: wanted.expires().map(|time| now + made.expire_seconds.map_or(time, Duration::from_secs)),
    };
    let mut statements = vec![code.insert(account.name())];
    statements.extend(once.map(|once| once.done(&code.id)));
    api.shared.store.write(statements).await?;
    Ok(code)
}

/// `{scene, expires_seconds}` or `{scene, permanent: true}`.
fn wanted(body: &Map<String, Value>) -> Result<NewQrCode, Problem> {
    let scene = match body.get("scene") {
        Some(Value::String(text)) => Scene::Text(text.clone()),
        Some(Value::Number(number)) => {
            let number = number.as_u64().and_then(|number| u32::try_from(number).ok());
            Scene::Id(number.ok_or_else(|| Problem::bad_request("`scene` is a number from 1 to 4294967295"))?)
        }
        _ => return Err(Problem::bad_request("`scene` must be a text or a number: what the code carries")),
    };
    let permanent = body.get("permanent").and_then(Value::as_bool).unwrap_or(false);
    let code = match (permanent, body.get("expires_seconds")) {
        (true, None | Some(Value::Null)) => NewQrCode::permanent(scene),
        (false, Some(seconds)) => {
            let seconds = seconds.as_u64().ok_or_else(|| {
                Problem::bad_request("`expires_seconds` must be a whole number from 1 to 2592000 (30 days)")
            })?;
            NewQrCode::temporary(scene, Duration::from_secs(seconds))
        }
        _ => {
            let detail = "say how long it is good for: `expires_seconds`, or `\"permanent\": true`, not both";
            return Err(Problem::bad_request(detail));
        }
    };
    Ok(code?)
}

async fn list(
    State(api): State<Api>,
    Path(account): Path<String>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "qrcodes", &account)?;
    let limit = paging.limit();
    let store = &api.shared.store;
    let mut codes = store.codes(account.name(), paging.scene.as_deref(), paging.before(), limit + 1).await?;
    let more = codes.len() > limit;
    codes.truncate(limit);
    let next = codes.last().filter(|_| more).map(|code| code.id.clone());
    let mut list = Vec::with_capacity(codes.len());
    for code in &codes {
        list.push(shown(&api, &account, code, &headers).await?);
    }
    Ok(Json(json!({"qrcodes": list, "next": next})).into_response())
}

async fn one(
    State(api): State<Api>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "qrcodes", &account)?;
    let code = find(&api, &account, &id).await?;
    let mut answer = shown(&api, &account, &code, &headers).await?;
    let total = api.shared.behind.scans.total(account.name(), &through(&code)).await?;
    if let (Some(answer), Value::Object(total)) = (answer.as_object_mut(), total) {
        answer.extend(total);
    }
    Ok(Json(answer).into_response())
}

async fn scans(
    State(api): State<Api>,
    Path((account, id)): Path<(String, String)>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "qrcodes", &account)?;
    let code = find(&api, &account, &id).await?;
    scans_of(&api, &account, &through(&code), &paging, &headers).await
}

async fn days(
    State(api): State<Api>,
    Path((account, id)): Path<(String, String)>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "qrcodes", &account)?;
    let code = find(&api, &account, &id).await?;
    days_of(&api, &account, &through(&code), &paging, &headers).await
}

/// Scans of any code of the account, those that another program made among them.
async fn all_scans(
    State(api): State<Api>,
    Path(account): Path<String>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "qrcodes", &account)?;
    scans_of(&api, &account, &any(&paging), &paging, &headers).await
}

async fn all_days(
    State(api): State<Api>,
    Path(account): Path<String>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "qrcodes", &account)?;
    days_of(&api, &account, &any(&paging), &paging, &headers).await
}

fn any(paging: &Paging) -> Which {
    Which { scene: paging.scene.clone(), ticket: None, openid: paging.openid.clone() }
}

/// The scans of one code: another code may carry the same scene.
fn through(code: &Code) -> Which {
    let ticket = Some(code.ticket.as_str().to_owned());
    Which { scene: Some(code.scene.to_string()), ticket, openid: None }
}

async fn scans_of(
    api: &Api,
    account: &Account,
    which: &Which,
    paging: &Paging,
    headers: &HeaderMap,
) -> Answer {
    let scans = &api.shared.behind.scans;
    let page = scans.page(account.name(), which, paging.before(), paging.limit()).await?;
    if csv::wanted(headers, paging.format.as_deref()) {
        let mut answer = csv::answer("scans", &["at_ms", "openid", "scene", "followed"], &page.scans);
        if let Some(next) = page.next.and_then(|next| next.parse().ok()) {
            answer.headers_mut().insert("x-next", next);
        }
        return Ok(answer);
    }
    Ok(Json(json!({"scans": page.scans, "next": page.next})).into_response())
}

async fn days_of(
    api: &Api,
    account: &Account,
    which: &Which,
    paging: &Paging,
    headers: &HeaderMap,
) -> Answer {
    let days = api.shared.behind.scans.days(account.name(), which).await?;
    if csv::wanted(headers, paging.format.as_deref()) {
        return Ok(csv::answer("days", &["day", "scans", "follows", "users"], &days));
    }
    Ok(Json(json!({"days": days})).into_response())
}

async fn find(api: &Api, account: &Account, id: &str) -> Result<Code, Problem> {
    let code = api.shared.store.code(account.name(), id).await?;
    code.ok_or_else(|| {
        Problem::not_found("no QR code with this id was made here; ask by scene with `…/scans?scene=`")
    })
}

async fn shown(api: &Api, account: &Account, code: &Code, headers: &HeaderMap) -> Result<Value, Problem> {
    let picture = pictures::link(api, account, code, origin(api, account, headers)).await?;
    let mut shown = json!({
        "id": code.id,
        "scene": code.scene,
        "ticket": code.ticket,
        "url": code.url,
        "picture": picture,
        "permanent": code.expires_at.is_none(),
        "created_at_ms": code.created_at.millis(),
    });
    if let Some(expires_at) = code.expires_at {
        shown["expires_at_ms"] = expires_at.millis().into();
        shown["expired"] = (expires_at <= account.now()).into();
    }
    Ok(shown)
}

/// Where pictures are served, as the caller can reach it: where it called us, or our public listener.
fn origin(api: &Api, account: &Account, headers: &HeaderMap) -> String {
    // Where people's phones reach the gateway is known where web logins are set up.
    if let Some(base) = account.config().oauth.as_ref().and_then(|oauth| oauth.base.clone()) {
        return base.trim_end_matches('/').to_owned();
    }
    if let Some(public) = &api.shared.public_listener {
        return format!("http://{public}");
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| is_plain(text));
    let host = text("host").unwrap_or("localhost");
    let scheme = text("x-forwarded-proto").filter(|scheme| matches!(*scheme, "http" | "https"));
    format!("{}://{host}", scheme.unwrap_or("http"))
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

/// The time until which a link to a code's picture is good.
pub(super) fn link_ends(code: &Code, now: Timestamp) -> Timestamp {
    let day = now + Duration::from_hours(24);
    code.expires_at.map_or(day, |expires_at| expires_at.min(day))
}
