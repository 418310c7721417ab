//! The body of an answer, which knows whether it left.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::engine::OpenTry;

/// The body of an answer: one piece, or nothing.
///
/// Once the piece has been taken and the body is done with, the answer counts as delivered. A body that is dropped
/// before belonged to a connection that was cut.
#[derive(Debug, Default)]
pub struct ReplyBody {
    data: Option<Bytes>,
    open: Option<OpenTry>,
    taken: bool,
}

impl ReplyBody {
    pub(crate) fn new(data: Bytes, open: Option<OpenTry>) -> Self {
        Self { data: Some(data), open, taken: false }
    }

    fn left(&mut self) {
        if let Some(open) = self.open.take() {
            open.handed();
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(data) = self.data.take() {
            self.taken = true;
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        self.left();
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}

impl Drop for ReplyBody {
    fn drop(&mut self) {
        if self.taken {
            self.left();
        }
    }
}
