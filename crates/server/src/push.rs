//! What a handler is given.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use hongyan_wire::Inbound;

use crate::PushKey;

/// One push: something a user did, or something the platform has to say.
///
/// However often the platform tries, a push reaches the handler once.
#[derive(Debug, Clone)]
pub struct Push {
    /// The account's name.
    pub account: Arc<str>,
    /// The message or event.
    pub message: Arc<Inbound>,
    /// The message as it came, out of its envelope: XML or JSON.
    pub body: Bytes,
    /// What makes it the same push when it comes again.
    pub key: PushKey,
    /// Our own number for the request that brought it; it stands in every log line about it.
    pub exchange: String,
    /// Until when an answer can still go out as the reply. Later ones go to the late sink.
    pub deadline: Instant,
}
