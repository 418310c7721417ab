//! The body of a call on its way to the platform: kept when it is small, passed through when it is not.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::Trouble;

/// A body up to this size is kept, so that the call can be repeated with another token.
const KEPT: usize = 1 << 20;
/// More than any file that the platform takes.
const LARGEST: u64 = 64 << 20;
/// How long a body that is kept may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// What is sent.
pub(crate) enum Load {
    /// All of it is here; it can be sent again.
    Whole(Bytes),
    /// It is sent as it comes, once.
    Passing {
        /// What comes.
        body: Body,
        /// How much.
        length: u64,
    },
}

impl Load {
    /// Takes in a request's body, or gets ready to pass it on.
    pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Trouble> {
        let length = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse::<u64>().ok());
        match length {
            Some(length) if length > LARGEST => return Err(Trouble::TooLarge { limit: LARGEST }),
            Some(length) if length > KEPT as u64 => return Ok(Self::Passing { body, length }),
            _ => {}
        }
        let collected = tokio::time::timeout(ARRIVAL, Limited::new(body, KEPT).collect()).await;
        match collected {
            Ok(Ok(whole)) => Ok(Self::Whole(whole.to_bytes())),
            // How much comes must be known before the first byte goes: the platform takes no chunks.
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Trouble::NoLength),
            Ok(Err(_)) | Err(_) => Err(Trouble::Broken),
        }
    }

    /// The body to send now; `None` when it has been sent and cannot be again.
    pub(super) fn take(&mut self) -> Option<(reqwest::Body, u64)> {
        match self {
            Self::Whole(bytes) => Some((bytes.clone().into(), bytes.len() as u64)),
            Self::Passing { body, length } => {
                let (length, body) = (std::mem::take(length), std::mem::take(body));
                (length > 0).then(|| (reqwest::Body::wrap_stream(body.into_data_stream()), length))
            }
        }
    }

    /// Whether it can be sent again.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self, Self::Whole(_))
    }
}
