//! The way of a request: receive, verify, open, replay, parse, dedup, handle, render, seal.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use tokio::time::Instant;
use tracing::Instrument;

use crate::callback::Inner;
use crate::engine::{Arrival, Engine, OpenTry, Verdict};
use crate::handle;
use crate::receive::Query;
use crate::{Handler, Handling, Push, PushKey, Refusal, ReplyBody};
use crate::{open, parse, receive, render, seal, shared, verify};

/// Answers one request. A refusal is logged here, and nowhere else.
pub(crate) async fn answer<H, B>(inner: Arc<Inner<H>>, request: Request<B>) -> Response<ReplyBody>
where
    H: Handler,
    B: Body,
{
    let exchange = inner.exchange();
    match serve(&inner, &exchange, request).await {
        Ok(response) => response,
        Err(refusal) => {
            inner.counters.refuse(&refusal);
            let (account, reason) = (&*inner.name, refusal.code());
            tracing::warn!(account, reason, exchange, "request refused: {refusal}");
            respond(refusal.status(), Bytes::from_static(b"refused"), "text/plain", None)
        }
    }
}

async fn serve<H, B>(
    inner: &Arc<Inner<H>>,
    exchange: &str,
    request: Request<B>,
) -> Result<Response<ReplyBody>, Refusal>
where
    H: Handler,
    B: Body,
{
    let (head, body) = request.into_parts();
    let account = &inner.account;
    let query = Query::parse(head.uri.query().unwrap_or_default());
    match head.method {
        Method::GET => return handshake(inner, &query),
        Method::POST => {}
        _ => return Err(Refusal::Method),
    }
    // Whoever cannot sign does not get a body read.
    let signed = verify::signature(account, &query)?;
    verify::age(account.max_age, signed, inner.signing_clock.now())?;
    let body = receive::body(body, inner.engine.limits()).await?;
    let opened = open::open(account, &query, signed, body)?;
    let now = Instant::now();
    inner.replays.check(signed.nonce, &opened.message, now)?;
    let message = parse::parse(&opened.message)?;
    let key = PushKey::of(&message, &opened.message);
    tracing::debug!(
        account = &*inner.name,
        exchange,
        kind = message.kind(),
        event = message.event(),
        body = %String::from_utf8_lossy(&opened.message),
        "push"
    );
    let (open, verdict) = match inner.engine.arrive(&key, now)? {
        Arrival::First(open) => {
            let push = Push {
                account: Arc::clone(&inner.name),
                message: Arc::new(message),
                body: opened.message.clone(),
                key,
                exchange: exchange.to_owned(),
                deadline: (now + inner.engine.patience()).into_std(),
            };
            run(inner, open, push).await
        }
        Arrival::Wait(open, receiver) => inner.engine.verdict(open, receiver).await,
        Arrival::Decided(open, verdict) => (open, verdict),
    };
    let Verdict::Give(rendered) = verdict else {
        return Ok(respond(
            StatusCode::SERVICE_UNAVAILABLE,
            Bytes::from_static(b"too late"),
            "text/plain",
            None,
        ));
    };
    let (body, format) = seal::seal(account, &*inner.random, opened.sealing, signed, rendered);
    let kind = format.map_or("text/plain; charset=utf-8", |format| format.content_type());
    Ok(respond(StatusCode::OK, body, kind, Some(open)))
}

/// The check of the address when it is saved on the platform's page: proves that we know the token.
fn handshake<H>(inner: &Inner<H>, query: &Query<'_>) -> Result<Response<ReplyBody>, Refusal> {
    verify::signature(&inner.account, query)?;
    inner.counters.handshakes.add();
    let echo = query.echostr.as_deref().unwrap_or_default().to_owned();
    let mut response = respond(StatusCode::OK, echo.into(), "text/plain; charset=utf-8", None);
    // The text is the caller's: no browser may take it for anything else.
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// Runs the handler for a push seen for the first time. An answer that is there at once goes straight back.
async fn run<H: Handler>(inner: &Arc<Inner<H>>, open: OpenTry, push: Push) -> (OpenTry, Verdict) {
    let engine = &inner.engine;
    Engine::begin(&open, push.clone());
    if inner.store.is_some() {
        let receiver = Engine::wait(&open);
        shared::run(inner, open.run(), push);
        return engine.verdict(open, receiver).await;
    }
    let rendered: render::Rendered = match handle::begin(&inner.handler, push) {
        Ok(Handling::Now(answer)) => engine.finish(open.run(), Ok(answer)),
        Ok(Handling::Later(work)) => {
            let receiver = Engine::wait(&open);
            let running = engine.gauge.run();
            let (task, run) = (Arc::clone(engine), Arc::clone(open.run()));
            let span = run.span();
            let spawned = Engine::spawn(
                async move {
                    let outcome = handle::end(work).await;
                    drop(running);
                    task.finish(&run, outcome);
                }
                .instrument(span),
            );
            if !spawned {
                engine.finish(open.run(), Err(handle::Failure::NoRuntime));
            }
            return engine.verdict(open, receiver).await;
        }
        Err(failure) => engine.finish(open.run(), Err(failure)),
    };
    (open, Verdict::Give(rendered))
}

fn respond(
    status: StatusCode,
    body: Bytes,
    kind: &'static str,
    open: Option<OpenTry>,
) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::new(body, open));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
