//! The words of the outbox's machine: what it is told, and what it says.

use std::fmt;
use std::sync::Arc;

use hongyan_wire::{ErrCode, Timestamp};

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for its turn.
    Queued,
    /// A request may be under way.
    Sending,
    /// The platform took it.
    Sent,
    /// It will not be sent; the reason is with it.
    Failed,
    /// Its time had passed before it could be sent.
    Expired,
    /// A request left and its answer was lost: the user may have it or not.
    Unknown,
}

impl State {
    /// The word in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }

    /// Reads that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Queued, Self::Sending, Self::Sent, Self::Failed, Self::Expired, Self::Unknown]
            .into_iter()
            .find(|state| state.as_str() == word)
    }

    /// Whether nothing will change any more.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Sending)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What to do with a message whose request may have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUnknown {
    /// It ends as `unknown`: never twice, perhaps not at all.
    #[default]
    Hold,
    /// It is sent again: never lost, perhaps twice.
    Retry,
}

/// One message of the lane, as loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: Arc<str>,
    /// `Queued` or `Sending`.
    pub state: State,
    /// How often a request for it has begun.
    pub attempts: u32,
    /// Not to be sent before.
    pub not_before: Timestamp,
    /// Not to be sent from here on.
    pub expires_at: Timestamp,
    /// Whether it waits for the user's next action where there is no window.
    pub waits: bool,
    /// Until when the platform drops a repeat of it, so that one whose answer was lost can be sent again.
    pub repeats_until: Option<Timestamp>,
}

impl Entry {
    /// Whether a repeat can do no harm at this time.
    pub(super) fn repeatable(&self, now: Timestamp) -> bool {
        self.repeats_until.is_some_and(|until| now < until)
    }
}

/// How one send ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The platform took it.
    Sent {
        /// The platform's number of it, by which its delivery is told.
        msgid: Option<String>,
    },
    /// The platform refused it.
    Refused {
        /// The platform's code.
        code: ErrCode,
        /// The platform's id of the request.
        rid: Option<String>,
    },
    /// Nothing left this machine.
    NotSent(String),
    /// A request left, the answer was lost.
    Unsure(String),
    /// It can never be sent as it is.
    Invalid(String),
}

/// A final state and its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// `Sent`, `Failed`, `Expired` or `Unknown`.
    pub state: State,
    /// The reason, if there is one.
    pub reason: Reason,
}

/// Why a message ended, or waits for another attempt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason {
    /// The platform's code.
    pub errcode: Option<ErrCode>,
    /// The platform's id of the request.
    pub rid: Option<String>,
    /// In words.
    pub detail: Option<String>,
    /// The platform's number of the message it took.
    pub msgid: Option<String>,
}

/// What the shell is to do, and then report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Read the lane's queue; answer [`Event::Loaded`].
    Load,
    /// Lengthen the lease; answer [`Event::Renewed`].
    Renew,
    /// Get everything that the send needs; answer [`Event::Prepared`].
    Prepare {
        /// The message.
        id: Arc<str>,
    },
    /// Write `sending` with this attempt number; answer [`Event::Marked`].
    Mark {
        /// The message.
        id: Arc<str>,
        /// The attempt that begins.
        attempt: u32,
    },
    /// Send it; answer [`Event::Answered`] within [`SEND_LIMIT`](super::machine::SEND_LIMIT).
    Send {
        /// The message.
        id: Arc<str>,
    },
    /// Write its final state; answer [`Event::Written`].
    End {
        /// The message.
        id: Arc<str>,
        /// How often it was tried.
        attempts: u32,
        /// How it ended.
        ending: Ending,
    },
    /// Write it back as queued for later; answer [`Event::Written`].
    Postpone {
        /// The message.
        id: Arc<str>,
        /// How often it was tried.
        attempts: u32,
        /// When it is due.
        not_before: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// Write it back as queued until the user's next action, or until it expires; at once again when an action was
    /// noticed after `since`. Answer [`Event::Written`].
    Park {
        /// The message.
        id: Arc<str>,
        /// How often it was tried.
        attempts: u32,
        /// When the attempt began that was refused.
        since: Timestamp,
        /// When it expires.
        until: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// Wait until then, or until the gateway stops; answer [`Event::Woken`].
    Wait {
        /// The time.
        until: Timestamp,
    },
    /// Give the lease back and write when the lane is due again. The end.
    Release,
    /// The lease is lost: touch nothing. The end.
    Abandon,
}

/// What the shell reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The lane was taken until then.
    Begun {
        /// End of the lease.
        lease_until: Timestamp,
    },
    /// The unfinished messages in order (or the first page of them).
    Loaded(Vec<Entry>),
    /// The lease now ends then; `None` when somebody else has the lane.
    Renewed(Option<Timestamp>),
    /// The send can begin, or it cannot for this reason; then nothing has been sent.
    Prepared(Result<(), Outcome>),
    /// Whether `sending` was written; not, when somebody else has the lane or the message is gone.
    Marked(bool),
    /// How the send ended.
    Answered(Outcome),
    /// Whether the ending was written; not, when somebody else has the lane.
    Written(bool),
    /// The wait is over.
    Woken,
    /// The last action could not be carried out because the database was away.
    StoreAway,
    /// The gateway stops: finish what has begun, begin nothing.
    Stopping,
    /// The account may not send one more at the moment.
    Limited,
}
