//! One push on its way to a program.

use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use hongyan_server::Push;
use hongyan_wire::{AppId, Inbound};
use sha2::{Digest, Sha256};

/// A push and what a program must know of where it came from.
#[derive(Clone)]
pub(crate) struct Letter {
    /// The same however often the push is sent, by whichever gateway.
    pub(crate) id: String,
    pub(crate) account: Arc<str>,
    pub(crate) app_id: AppId,
    pub(crate) message: Arc<Inbound>,
    /// The message as it came.
    pub(crate) body: Bytes,
}

impl Letter {
    pub(crate) fn new(push: &Push, app_id: &AppId) -> Letter {
        let digest = Sha256::digest(format!("{}\n{}", push.account, push.key));
        let mut id = "msg_".to_owned();
        for byte in digest.iter().take(16) {
            // Writing into a String cannot fail.
            let _ = write!(id, "{byte:02x}");
        }
        Letter {
            id,
            account: Arc::clone(&push.account),
            app_id: app_id.clone(),
            message: Arc::clone(&push.message),
            body: push.body.clone(),
        }
    }
}
