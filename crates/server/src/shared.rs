//! A run where several processes serve the account: whoever claims the push runs it, the others wait for its answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::callback::Inner;
use crate::engine::{Engine, Run};
use crate::handle::{self, Failure};
use crate::render::Rendered;
use crate::{Claim, Handler, Handling, Push};

/// How often a push that another process runs is asked after.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// The platform has given up by now, and so do we.
const GIVE_UP: Duration = Duration::from_secs(20);

/// Claims the push and runs its handler, as a task: the connection may be cut while the store is asked.
pub(crate) fn run<H: Handler>(inner: &Arc<Inner<H>>, run: &Arc<Run>, push: Push) {
    let running = inner.engine.gauge.run();
    let (task, ran) = (Arc::clone(inner), Arc::clone(run));
    let spawned = Engine::spawn(async move {
        claimed(&task, &ran, push).await;
        drop(running);
    });
    if !spawned {
        inner.engine.finish(run, Err(Failure::NoRuntime));
    }
}

async fn claimed<H: Handler>(inner: &Arc<Inner<H>>, run: &Arc<Run>, push: Push) {
    let Some(store) = &inner.store else { return };
    let (account, key) = (Arc::clone(&push.account), push.key.clone());
    let asked = Instant::now();
    loop {
        match store.claim(&account, &key).await {
            Claim::First => break,
            Claim::Answered(reply) => return inner.engine.known(run, &Rendered::from_bytes(reply)),
            Claim::Elsewhere if asked.elapsed() > GIVE_UP => {
                inner.engine.finish(run, Err(Failure::Abandoned));
                return;
            }
            Claim::Elsewhere => sleep(ASK_EVERY).await,
        }
    }
    let outcome = match handle::begin(&inner.handler, push) {
        Ok(Handling::Now(answer)) => Ok(answer),
        Ok(Handling::Later(work)) => handle::end(work).await,
        Err(failure) => Err(failure),
    };
    let rendered = inner.engine.finish(run, outcome);
    store.remember(&account, &key, rendered.bytes()).await;
}
