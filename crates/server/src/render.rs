//! Step 8, render: from a reply to a body that is not sealed yet.

use bytes::Bytes;
use hongyan_wire::{Inbound, Reply, Timestamp};

/// What the platform reads when there is no reply. It is never sealed.
pub(crate) const SUCCESS: &[u8] = b"success";

/// A written answer, which every try of the push can be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rendered {
    /// No reply.
    Success,
    /// The reply in the push's own format.
    Body(Bytes),
}

impl Rendered {
    /// The bytes, as they are remembered elsewhere.
    pub(crate) fn bytes(&self) -> Bytes {
        match self {
            Self::Success => Bytes::from_static(SUCCESS),
            Self::Body(body) => body.clone(),
        }
    }

    /// The opposite of [`Rendered::bytes`].
    pub(crate) fn from_bytes(body: Bytes) -> Self {
        if body.is_empty() || body == SUCCESS { Self::Success } else { Self::Body(body) }
    }
}

/// Why a reply is not sent.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("the reply breaks a limit of the platform's and is not sent: {0}")]
    Limit(String),
    #[error("the platform takes no reply to this event, so none is sent")]
    NotAnswerable,
}

/// Writes the reply to a message. An empty text is no reply: the platform would show a fault to the user.
pub(crate) fn render(reply: &Reply, to: &Inbound, at: Timestamp) -> Result<Rendered, Unfit> {
    if is_empty(reply) {
        return Ok(Rendered::Success);
    }
    if !to.answerable() {
        return Err(Unfit::NotAnswerable);
    }
    reply.check().map_err(|error| Unfit::Limit(error.to_string()))?;
    let mut out = String::with_capacity(512);
    reply.write(to.format, &to.from, &to.to, at, &mut out);
    Ok(Rendered::Body(out.into()))
}

fn is_empty(reply: &Reply) -> bool {
    match reply {
        Reply::Text(text) => text.trim().is_empty(),
        reply => reply.is_none(),
    }
}
