//! `/metrics`: what is counted, for Prometheus.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;

use super::{Answer, Api};
use crate::metrics::{Account, Rest, page};
use crate::outbox::lanes;

pub(super) async fn metrics(State(api): State<Api>, headers: HeaderMap) -> Answer {
    api.guard.check_open(&headers)?;
    let shared = &api.shared;
    let accounts = shared.accounts.all();
    let callbacks = shared.callbacks.get();
    let shown: Vec<Account<'_>> = accounts
        .iter()
        .filter_map(|(name, account)| {
            let callback = callbacks.get(name)?;
            let endings = &account.inner.courier.endings;
            Some(Account { name, stats: callback.stats(), running: callback.running(), endings })
        })
        .collect();
    let copies = shared.forwarder.copies();
    let rest = Rest {
        answers: &shared.answers,
        outbox_delay: lanes::delay(&shared.store, shared.outbox.now())
            .await
            .ok()
            .map(|delay| delay.as_secs_f64()),
        redis: shared.cluster.redis_up(),
        copies: [copies.sent, copies.failed, copies.dropped],
    };
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page(&shown, &rest))
        .into_response())
}
