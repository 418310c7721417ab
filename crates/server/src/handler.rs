//! What a program gives to the callback: a handler and its answers.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hongyan_wire::Reply;

use crate::Push;

/// What answers pushes.
///
/// [`Router`](crate::Router) is one; a program with its own way of choosing writes another.
pub trait Handler: Send + Sync + 'static {
    /// Begins to answer. This must return quickly: what takes time belongs into [`Handling::Later`].
    fn handle(&self, push: Push) -> Handling;
}

impl<H: Handler + ?Sized> Handler for Arc<H> {
    fn handle(&self, push: Push) -> Handling {
        (**self).handle(push)
    }
}

/// How a push is being answered.
pub enum Handling {
    /// The answer is there. Nothing is spawned and no timer is set.
    Now(Answer),
    /// The answer takes time. The future runs as a task of its own, and goes on when the platform cuts the connection.
    Later(BoxFuture<'static, Result<Answer, HandlerError>>),
}

impl Handling {
    /// An answer that takes time.
    pub fn later(work: impl Future<Output = Result<Answer, HandlerError>> + Send + 'static) -> Self {
        Self::Later(Box::pin(work))
    }
}

impl fmt::Debug for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(answer) => f.debug_tuple("Now").field(answer).finish(),
            Self::Later(_) => f.write_str("Later(..)"),
        }
    }
}

/// Called exactly once, after the answer has left: its body was handed to the socket, or the late sink took the reply.
pub type Delivered = Box<dyn FnOnce() + Send>;

/// The answer to a push.
pub struct Answer {
    /// What the user reads.
    pub reply: Reply,
    /// What to do once it has left.
    pub delivered: Option<Delivered>,
}

impl Answer {
    /// No reply: the platform gets `success`.
    pub fn none() -> Self {
        Self { reply: Reply::None, delivered: None }
    }

    /// The answer, with something to do once it has left.
    pub fn on_delivered(mut self, then: impl FnOnce() + Send + 'static) -> Self {
        self.delivered = Some(Box::new(then));
        self
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self { reply, delivered: None }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let delivered = self.delivered.as_ref().map(|_| "..");
        f.debug_struct("Answer").field("reply", &self.reply).field("delivered", &delivered).finish()
    }
}

/// Why a handler gave no answer. It is logged; the user gets nothing.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct HandlerError(String);

impl HandlerError {
    /// An error that says this in the log.
    pub fn new(message: impl fmt::Display) -> Self {
        Self(message.to_string())
    }
}
