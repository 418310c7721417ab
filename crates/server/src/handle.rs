//! Step 7, handle: calls the program's own code, and keeps its panics to itself.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::{Answer, Handler, HandlerError, Handling, Push};

/// Why a run ended without an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the handler panicked: {0}")]
    Panic(String),
    #[error("the handler failed: {0}")]
    Error(#[source] HandlerError),
    #[error("there is no runtime to run the handler on")]
    NoRuntime,
}

impl Failure {
    /// What was thrown, as far as it is text.
    pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self::Panic(text.unwrap_or("(not a text)").to_owned())
    }
}

/// Begins to answer a push.
pub(crate) fn begin<H: Handler>(handler: &H, push: Push) -> Result<Handling, Failure> {
    catch_unwind(AssertUnwindSafe(|| handler.handle(push)))
        .map_err(|payload| Failure::panicked(payload.as_ref()))
}

/// Sees a long answer through.
pub(crate) async fn end(work: BoxFuture<'static, Result<Answer, HandlerError>>) -> Result<Answer, Failure> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(answer) => answer.map_err(Failure::Error),
        Err(payload) => Err(Failure::panicked(payload.as_ref())),
    }
}
