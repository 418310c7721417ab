//! What the machine of a push is told, and what it says.

use std::time::Duration;

#[cfg(doc)]
use super::Machine;

/// One request that brought the push, numbered by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TryId(pub u32);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A request brought the push.
    Arrive(TryId),
    /// Its connection is gone: before the answer, or with the answer not yet handed over.
    Cut(TryId),
    /// Its [deadline](Machine::deadline) has come.
    Due(TryId),
    /// The body of its answer was handed to the socket.
    Handed(TryId),
    /// The run has an answer.
    Finished,
    /// The run ended without one: a panic, or an error.
    Failed,
    /// The time of [`Machine::late_at`] has come.
    Tick,
    /// The server stops: no further try will reach it.
    Closing,
    /// The run is ours: the other processes know, or none of them can be asked.
    Begun,
    /// Another process runs the push, which is older than we knew by so much.
    Joined {
        /// How long before our first request the push came first.
        before: Duration,
    },
    /// All processes together have counted this request; whether it is the platform's last.
    Counted(TryId, bool),
    /// The process that runs the push has an answer, and knows that we give it.
    Known,
    /// Another process has delivered the reply.
    DeliveredElsewhere,
    /// Another process has said something else in the reply's place.
    HeldElsewhere,
    /// The process that runs the push has given the reply to its late sink.
    LateElsewhere,
    /// No other process will give the reply any more: from here on we decide alone.
    Alone,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Begin the run. It comes once.
    Begin,
    /// Answer this request.
    Answer(TryId, Give),
    /// Answer every request that waits.
    AnswerAll(Give),
    /// The reply has left: say so to whoever asked. It comes once, and never with [`Action::Late`].
    Delivered,
    /// The reply can no longer be one: give it to the late sink. It comes once, and never with [`Action::Delivered`].
    Late,
}

/// What a request is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Give {
    /// The run's reply.
    Reply,
    /// What stands in for a reply that is not ready: the holding text, or `success`.
    Held,
    /// `success`.
    Success,
    /// A failure, so that whoever is still listening tries again.
    Close,
}

/// What we are among the processes that serve the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Nobody else decides anything about this push.
    Alone,
    /// It is not known yet who runs it.
    Asking,
    /// We run it; others may hold requests for it.
    Runner,
    /// Another process runs it.
    Joiner,
}
