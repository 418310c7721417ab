//! Takes connections and hands each request to who answers it: `/callback/{account}` first, everything else after.
//!
//! The accept loop is our own, for what a front door needs: a bound on connections, a time within which a request's
//! head must have come, and a stop that lets answers finish.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use axum::response::IntoResponse;
use hongyan_server::{Callback, ReplyBody};
use http_body_util::Either;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use crate::account::Account;
use crate::rest::problem::Problem;
use crate::swap::Swap;
use crate::tasks::stopped;

/// How many connections are open at once; further ones wait in the listener's queue.
const CONNECTIONS: usize = 4096;
/// How long a request's head may take, and a connection may stand idle.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// Pause after an accept that failed, which most often means that there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What one listener serves.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) callbacks: Swap<HashMap<String, Callback<Account>>>,
    pub(crate) rest: Swap<Router>,
}

impl Door {
    async fn answer(self, request: Request<Incoming>) -> Response<Either<ReplyBody, Body>> {
        if let Some(name) = request.uri().path().strip_prefix("/callback/") {
            if let Some(callback) = self.callbacks.get().get(name.trim_end_matches('/')) {
                return callback.answer(request).await.map(Either::Left);
            }
            let detail = "no account of this name is configured; the address is /callback/ACCOUNT";
            return Problem::not_found(detail).into_response().map(Either::Right);
        }
        let Ok(response) = Router::clone(&self.rest.get()).oneshot(request.map(Body::new)).await;
        response.map(Either::Right)
    }
}

/// Accepts until `stopping` turns true; what then is still open can be waited for.
pub(crate) async fn serve(
    listener: TcpListener,
    door: Door,
    mut stopping: watch::Receiver<bool>,
) -> GracefulShutdown {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stopped(&mut stopping) => return graceful,
            accepted = accept(&listener, &places) => accepted,
        };
        let (stream, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Small answers that somebody waits five seconds for must not wait for company.
        let _ = stream.set_nodelay(true);
        let door = door.clone();
        let service = service_fn(move |request| {
            let door = door.clone();
            async move { Ok::<_, Infallible>(door.answer(request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}
