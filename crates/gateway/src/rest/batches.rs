//! Messages to many: the recipients are streamed in, and progress and results come out.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::routes::Routes;
use super::{Answer, Api};
use crate::batch::{
    Batches, Begun, Format, Intake, LineResult, NotTaken, Options, Progress, Record, Refused,
};
use crate::outbox::WhenClosed;

/// The body of a batch is at most this large.
const MOST: usize = 4 * 1024 * 1024 * 1024 - 1;
/// The message that all get is at most this large.
const MESSAGE: usize = 64 * 1024;
/// How many batches are listed.
const LISTED: usize = 100;
/// How many results are read at once.
const PAGE: u64 = 1_000;

pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/batches", create)
        .get("/batches", list)
        .get("/batches/{id}", show)
        .get("/batches/{id}/results", results)
        .post("/batches/{id}/pause", pause)
        .post("/batches/{id}/resume", resume)
        .post("/batches/{id}/cancel", cancel)
        .body_limit(MOST)
}

/// What stands in the address; the message and the recipients are in the body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The same name is the same batch.
    #[serde(default)]
    name: String,
    /// What the sender made it of, to notice that a name stands for something else.
    #[serde(default)]
    digest: String,
    when_closed: Option<String>,
    #[serde(default)]
    strict: bool,
}

impl Asked {
    fn options(&self, format: Format, message: Option<Map<String, Value>>) -> Result<Options, Problem> {
        if self.name.len() > 100 || self.digest.len() > 64 {
            return Err(Problem::bad_request("`name` has at most 100 bytes, `digest` at most 64"));
        }
        let when_closed = match self.when_closed.as_deref() {
            None => WhenClosed::default(),
            Some(word) => WhenClosed::parse(word)
                .ok_or_else(|| Problem::bad_request("`when_closed` is \"fail\" or \"wait\""))?,
        };
        let (name, digest) = (self.name.clone(), self.digest.clone());
        Ok(Options { name, digest, format, message, when_closed, strict: self.strict })
    }
}

async fn create(
    State(api): State<Api>,
    Path(account): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    let account = api.account(&headers, "messages", &account)?;
    let batches = api.shared.outbox.batches();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.to_ascii_lowercase().starts_with("multipart/form-data") {
        let form = Multipart::from_request(request, &api)
            .await
            .map_err(|error| Problem::bad_request(error.to_string()))?;
        return of_form(&batches, account.name(), &asked, form).await;
    }
    let format = Format::of(kind).ok_or_else(|| {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported media type",
            "send application/x-ndjson, a message with its `touser` on each line; or multipart/form-data with the parts \
             `message` (JSON) and `recipients` (text/csv or application/x-ndjson), in this order",
        )
    })?;
    let options = asked.options(format, None)?;
    let body = request.into_body().into_data_stream();
    take(&batches, account.name(), options, Box::pin(body)).await
}

/// A form: first the message, then the recipients as a file.
async fn of_form(batches: &Batches, account: &str, asked: &Asked, mut form: Multipart) -> Answer {
    let broken = |error: axum::extract::multipart::MultipartError| Problem::bad_request(error.body_text());
    let mut message = None;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("message") => {
                let mut text = Vec::new();
                while let Some(chunk) = field.chunk().await.map_err(broken)? {
                    if text.len() + chunk.len() > MESSAGE {
                        return Err(Problem::bad_request("the part `message` is longer than 64 KiB"));
                    }
                    text.extend_from_slice(&chunk);
                }
                let body = serde_json::from_slice(&text).map_err(|error| {
                    Problem::bad_request(format!("the part `message` is not a JSON object: {error}"))
                })?;
                message = Some(body);
            }
            Some("recipients") => {
                let by_type = field.content_type().and_then(Format::of);
                let format = by_type.or_else(|| field.file_name().and_then(Format::of)).ok_or_else(|| {
                    Problem::bad_request(
                        "the part `recipients` needs a file name that ends in .csv or .jsonl, or the type text/csv or \
                         application/x-ndjson",
                    )
                })?;
                let options = asked.options(format, message.take())?;
                return take(batches, account, options, Box::pin(field)).await;
            }
            other => {
                let name = other.unwrap_or_default();
                return Err(Problem::bad_request(format!(
                    "there is no part `{name}`: send `message`, then `recipients`"
                )));
            }
        }
    }
    Err(Problem::bad_request("the part `recipients` is missing"))
}

type Chunks<'a, E> = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, E>> + Send + 'a>>;

async fn take<E: std::fmt::Display>(
    batches: &Batches,
    account: &str,
    options: Options,
    mut body: Chunks<'_, E>,
) -> Answer {
    let begun = batches.begin(account, options).await.map_err(problem)?;
    let mut intake = match begun {
        Begun::Fresh(intake) => intake,
        Begun::There(record) => {
            // Read to its end, or the sender would see a broken connection in the place of the answer.
            while body.next().await.is_some() {}
            return Ok((StatusCode::ACCEPTED, Json(json!({"id": record.id, "state": record.state.as_str(), "total": record.total, "rejected": record.rejected, "repeated": true}))).into_response());
        }
    };
    let done = fill(&mut intake, &mut body).await;
    if let Err(error) = done {
        while body.next().await.is_some_and(|chunk| chunk.is_ok()) {}
        return Err(error);
    }
    let taken = intake.finish().await.map_err(problem)?;
    let bad: Vec<Value> = taken.bad.iter().map(|bad| json!({"line": bad.line, "error": bad.error})).collect();
    let answer = json!({
        "id": taken.record.id,
        "state": taken.record.state.as_str(),
        "total": taken.record.total,
        "rejected": taken.record.rejected,
        "first_rejected": bad,
    });
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

async fn fill<E: std::fmt::Display>(intake: &mut Intake, body: &mut Chunks<'_, E>) -> Result<(), Problem> {
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| Problem::bad_request(format!("the body broke off: {error}")))?;
        intake.push(&chunk).await.map_err(problem)?;
    }
    Ok(())
}

fn problem(error: NotTaken) -> Problem {
    match error {
        NotTaken::Store(error) => error.into(),
        NotTaken::Wrong(why) => Problem::bad_request(why),
        NotTaken::Other(_) | NotTaken::Overtaken => {
            Problem::new(StatusCode::CONFLICT, "Conflict", error.to_string())
        }
    }
}

async fn list(State(api): State<Api>, Path(account): Path<String>, headers: HeaderMap) -> Answer {
    let account = api.account(&headers, "messages", &account)?;
    let batches = api.shared.outbox.batches().list(account.name(), LISTED).await?;
    let list: Vec<Value> = batches
        .iter()
        .map(|batch| {
            json!({
                "id": batch.id,
                "name": batch.name,
                "state": batch.state.as_str(),
                "total": batch.total,
                "rejected": batch.rejected,
                "created_at_ms": batch.created_at.millis(),
            })
        })
        .collect();
    Ok(Json(json!({"batches": list})).into_response())
}

#[derive(Debug, Deserialize)]
struct Shown {
    #[serde(default)]
    delivery: bool,
}

async fn show(
    State(api): State<Api>,
    Path((account, id)): Path<(String, String)>,
    Query(shown): Query<Shown>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "messages", &account)?;
    let batches = api.shared.outbox.batches();
    let record = found(batches.find(account.name(), &id).await?)?;
    progress(&batches, record, shown.delivery).await
}

async fn pause(
    State(api): State<Api>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "messages", &account)?;
    let batches = api.shared.outbox.batches();
    let record = changed(batches.pause(account.name(), &id).await?, "paused")?;
    progress(&batches, record, false).await
}

async fn resume(
    State(api): State<Api>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "messages", &account)?;
    let batches = api.shared.outbox.batches();
    let record = changed(batches.resume(account.name(), &id).await?, "resumed")?;
    progress(&batches, record, false).await
}

async fn cancel(
    State(api): State<Api>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "messages", &account)?;
    let batches = api.shared.outbox.batches();
    let record = changed(batches.cancel(account.name(), &id).await?, "cancelled")?;
    progress(&batches, record, false).await
}

fn found(record: Option<Record>) -> Result<Record, Problem> {
    record.ok_or_else(|| Problem::not_found("there is no batch with this id, or no longer"))
}

fn changed(changed: Result<Record, Refused>, to: &str) -> Result<Record, Problem> {
    changed.map_err(|refused| match refused {
        Refused::Unknown => Problem::not_found("there is no batch with this id, or no longer"),
        Refused::State(state) => Problem::new(
            StatusCode::CONFLICT,
            "Conflict",
            format!("the batch is {} and cannot be {to}", state.as_str()),
        ),
    })
}

async fn progress(batches: &Batches, record: Record, delivery: bool) -> Answer {
    let progress = batches.progress(record, delivery).await?;
    Ok(Json(progress_json(&progress)).into_response())
}

fn progress_json(progress: &Progress) -> Value {
    let (record, counts) = (&progress.record, &progress.counts);
    let mut answer = json!({
        "id": record.id,
        "name": record.name,
        "state": record.state.as_str(),
        "total": record.total,
        "counts": {
            "rejected": record.rejected,
            "pending": progress.pending,
            "queued": counts.queued,
            "waiting": counts.waiting,
            "sending": counts.sending,
            "sent": counts.sent,
            "failed": counts.failed,
            "expired": counts.expired,
            "unknown": counts.unknown,
            "cancelled": progress.cancelled,
        },
        "rate_per_second": (progress.rate * 10.0).round() / 10.0,
        "created_at_ms": record.created_at.millis(),
    });
    if let Some(at) = progress.expected_end {
        answer["expected_end_ms"] = at.millis().into();
    }
    if let Some(at) = record.ended_at {
        answer["ended_at_ms"] = at.millis().into();
    }
    if let Some(delivery) = &progress.delivery {
        answer["delivery"] = json!(delivery);
    }
    answer
}

#[derive(Debug, Deserialize)]
struct Wanted {
    format: Option<String>,
}

async fn results(
    State(api): State<Api>,
    Path((account, id)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "messages", &account)?;
    let batches = api.shared.outbox.batches();
    let record = found(batches.find(account.name(), &id).await?)?;
    let csv = super::csv::wanted(&headers, wanted.format.as_deref());
    let head = if csv { LineResult::CSV_HEADING.to_owned() } else { String::new() };
    let pages = stream::unfold(Some(0), move |after| {
        let (batches, record) = (batches.clone(), record.clone());
        async move {
            let page = match batches.results(&record, after?, PAGE).await {
                Ok(page) => page,
                Err(error) => return Some((Err(error), None)),
            };
            let last = page.last()?.line;
            let text: String =
                page.iter().map(|line| if csv { line.csv() } else { json_line(line) }).collect();
            Some((Ok(text), Some(last)))
        }
    });
    let body = Body::from_stream(stream::once(async move { Ok(head) }).chain(pages));
    let kind = if csv { "text/csv; charset=utf-8" } else { "application/x-ndjson" };
    let name =
        if csv { "attachment; filename=\"results.csv\"" } else { "attachment; filename=\"results.jsonl\"" };
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)];
    Ok(Response::new(body).into_response()).map(|response: Response| (headers, response).into_response())
}

fn json_line(line: &LineResult) -> String {
    let mut value = json!({"line": line.line, "openid": line.openid, "state": line.state});
    let mut put = |name: &str, given: Option<Value>| {
        if let Some(given) = given {
            value[name] = given;
        }
    };
    put("errcode", line.errcode.map(Value::from));
    put("rid", line.rid.as_deref().map(Value::from));
    put("delivery", line.delivery.as_ref().map(|delivery| delivery.as_str().into()));
    put("detail", line.detail.as_deref().map(Value::from));
    format!("{value}\n")
}
