//! Why a request is turned away, and who can put it right.

use std::time::Duration;

use hongyan_wire::envelope::OpenError;
use hongyan_wire::inbound::ParseError;
use http::StatusCode;

/// Why a request was turned away before any handler saw it.
///
/// The texts go to the log, for the person who runs the server. The caller only gets the status.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Only the platform's GET and POST are answered.
    #[error("the method is neither GET nor POST: this address is for the platform only")]
    Method,
    /// The account has no token here.
    #[error(
        "no token is configured for the account, so nothing can be checked: set the token of the platform's page"
    )]
    NoToken,
    /// One of signature, timestamp and nonce is missing.
    #[error(
        "signature, timestamp or nonce is missing: the caller is not the platform, or a proxy drops the query"
    )]
    Unsigned,
    /// The signature is wrong.
    #[error(
        "the signature does not match: the token here is not the one on the platform's page, or the caller is not the platform"
    )]
    Signature,
    /// The signed time is not a number of seconds.
    #[error("the signed timestamp is not a number of seconds: the caller is not the platform")]
    Timestamp,
    /// The signed time lies too far back.
    #[error("the push was signed {} s ago, more than max_age allows: it is a replay, or this machine's clock is ahead", .age.as_secs())]
    Stale {
        /// How far back.
        age: Duration,
    },
    /// The signed time lies too far ahead.
    #[error("the push was signed {} s in the future: this machine's clock is behind", .ahead.as_secs())]
    Early {
        /// How far ahead.
        ahead: Duration,
    },
    /// The nonce came before, with another message.
    #[error("the nonce was seen before with another message: someone replays a signature they have read")]
    Replayed,
    /// An encrypted body without a signature of its own.
    #[error("msg_signature is missing: the caller is not the platform, or a proxy drops the query")]
    NoMsgSignature,
    /// The signature over the encrypted body is wrong.
    #[error(
        "msg_signature does not match: the body was changed on the way, or the caller is not the platform"
    )]
    MsgSignature,
    /// A plain body where only encrypted ones are taken.
    #[error(
        "the body is plain but the account's mode here is encrypted: the platform's page is set to plain, or the caller is not the platform"
    )]
    Plain,
    /// An encrypted body where plain ones are expected.
    #[error(
        "the body is encrypted but the account's mode here is plain: set mode and aes_key as on the platform's page"
    )]
    Encrypted,
    /// The message was sealed for another account.
    #[error(
        "the message is sealed for the AppID {found:?}: app_id here is another account's, or the platform's page points to the wrong address"
    )]
    AppId {
        /// The AppID found inside.
        found: String,
    },
    /// The envelope cannot be opened.
    #[error(
        "the body cannot be decrypted ({0}): the aes_key here is most likely not the one on the platform's page"
    )]
    Key(#[source] OpenError),
    /// The envelope is damaged.
    #[error("the encrypted body is damaged: {0}")]
    Envelope(#[source] OpenError),
    /// The body cannot be read.
    #[error("the body cannot be read: {0}")]
    Body(#[source] ParseError),
    /// The body is too large.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The most that is taken.
        limit: usize,
    },
    /// The body did not arrive whole.
    #[error("the body did not arrive whole or in time: the connection was cut")]
    Unfinished,
    /// Too many handlers run.
    #[error(
        "too many handlers are running: raise limits.max_runs, or make them faster; the platform tries again"
    )]
    Busy,
    /// The server is stopping.
    #[error("the server is stopping and begins nothing new; the platform tries again")]
    Stopping,
}

/// Who can do something about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// The operator: the configuration here and the platform's page differ. (An outsider's request looks the same.)
    Configuration,
    /// Nobody: the request is not the platform's, or was damaged on the way.
    Sender,
    /// The platform, by trying again.
    Wait,
}

impl Refusal {
    /// Every code, in the order of the variants.
    pub const CODES: [&'static str; 20] = [
        "method",
        "no_token",
        "unsigned",
        "signature",
        "timestamp",
        "stale",
        "early",
        "replayed",
        "no_msg_signature",
        "msg_signature",
        "plain",
        "encrypted",
        "app_id",
        "key",
        "envelope",
        "body",
        "too_large",
        "unfinished",
        "busy",
        "stopping",
    ];

    pub(crate) const fn index(&self) -> usize {
        match self {
            Self::Method => 0,
            Self::NoToken => 1,
            Self::Unsigned => 2,
            Self::Signature => 3,
            Self::Timestamp => 4,
            Self::Stale { .. } => 5,
            Self::Early { .. } => 6,
            Self::Replayed => 7,
            Self::NoMsgSignature => 8,
            Self::MsgSignature => 9,
            Self::Plain => 10,
            Self::Encrypted => 11,
            Self::AppId { .. } => 12,
            Self::Key(_) => 13,
            Self::Envelope(_) => 14,
            Self::Body(_) => 15,
            Self::TooLarge { .. } => 16,
            Self::Unfinished => 17,
            Self::Busy => 18,
            Self::Stopping => 19,
        }
    }

    /// A short name that stays the same, for counting.
    pub const fn code(&self) -> &'static str {
        Self::CODES[self.index()]
    }

    /// The status the caller gets.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoToken
            | Self::Unsigned
            | Self::Signature
            | Self::Timestamp
            | Self::Stale { .. }
            | Self::Early { .. }
            | Self::Replayed
            | Self::NoMsgSignature
            | Self::MsgSignature => StatusCode::FORBIDDEN,
            Self::Plain
            | Self::Encrypted
            | Self::AppId { .. }
            | Self::Key(_)
            | Self::Envelope(_)
            | Self::Body(_)
            | Self::TooLarge { .. }
            | Self::Unfinished => StatusCode::BAD_REQUEST,
            Self::Busy | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Who can do something about it.
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::NoToken
            | Self::Signature
            | Self::Stale { .. }
            | Self::Early { .. }
            | Self::Plain
            | Self::Encrypted
            | Self::AppId { .. }
            | Self::Key(_) => Remedy::Configuration,
            Self::Busy | Self::Stopping => Remedy::Wait,
            _ => Remedy::Sender,
        }
    }
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::AppId { found } => Self::AppId { found },
            OpenError::Padding | OpenError::Layout | OpenError::NoKey => Self::Key(error),
            OpenError::Base64 | OpenError::Length => Self::Envelope(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_in_the_order_of_the_variants() {
        assert_eq!(Refusal::Method.code(), "method");
        assert_eq!(Refusal::Key(OpenError::NoKey).code(), "key");
        assert_eq!(Refusal::Stopping.code(), "stopping");
    }

    #[test]
    fn what_is_signed_wrongly_is_forbidden_and_what_cannot_be_read_is_bad() {
        assert_eq!(Refusal::Stale { age: Duration::from_mins(11) }.status(), 403);
        assert_eq!(Refusal::from(OpenError::AppId { found: "wx1".into() }).status(), 400);
        assert_eq!(Refusal::Plain.remedy(), Remedy::Configuration);
    }
}
