//! What becomes of a message after a send: the end, or another attempt, and when.

use std::time::Duration;

use hongyan_wire::{Class, ErrCode, Timestamp};

use super::steps::{Action, Ending, Entry, OnUnknown, Outcome, Reason, State};

/// What becomes of a message after a send.
pub(super) fn settle(
    head: &Entry,
    outcome: Outcome,
    began_at: Timestamp,
    on_unknown: OnUnknown,
    now: Timestamp,
    jitter: f64,
) -> Action {
    let (id, attempts) = (head.id.clone(), head.attempts);
    let end = |state, reason| Action::End { id: id.clone(), attempts, ending: Ending { state, reason } };
    let later = |pause: Duration, reason| Action::Postpone {
        id: id.clone(),
        attempts,
        not_before: now + pause,
        reason,
    };
    match outcome {
        Outcome::Sent { msgid } => end(State::Sent, Reason { msgid, ..Reason::default() }),
        Outcome::Refused { code, rid } if head.waits && needs_an_action(code) => {
            let reason = Reason { errcode: Some(code), rid, ..Reason::default() };
            Action::Park { id: head.id.clone(), attempts, since: began_at, until: head.expires_at, reason }
        }
        Outcome::Refused { code, rid } => {
            let reason = Reason { errcode: Some(code), rid, ..Reason::default() };
            match pause_after(code, head.attempts, jitter) {
                Some(pause) => later(pause, reason),
                None => end(State::Failed, reason),
            }
        }
        Outcome::NotSent(detail) => {
            later(backoff(head.attempts, jitter), Reason { detail: Some(detail), ..Reason::default() })
        }
        Outcome::Unsure(detail) => {
            let reason = Reason { detail: Some(detail), ..Reason::default() };
            match on_unknown {
                OnUnknown::Hold if !head.repeatable(now) => end(State::Unknown, reason),
                OnUnknown::Hold | OnUnknown::Retry => later(backoff(head.attempts, jitter), reason),
            }
        }
        Outcome::Invalid(detail) => end(State::Failed, Reason { detail: Some(detail), ..Reason::default() }),
    }
}

/// How often a refusal that may pass is tried again.
const PATIENCE: u32 = 12;
/// How often a token error is: the SDK has refreshed and repeated already each time.
const TOKEN_PATIENCE: u32 = 3;

/// No window, or its allowance is used up: only the user can change that.
fn needs_an_action(code: ErrCode) -> bool {
    matches!(code.0, 45015 | 45047)
}

/// How long to wait after a refusal; `None` when another attempt would end the same way.
fn pause_after(code: ErrCode, attempts: u32, jitter: f64) -> Option<Duration> {
    if needs_an_action(code) {
        return None;
    }
    match code.class() {
        Class::Transient => (attempts < PATIENCE).then(|| backoff(attempts, jitter)),
        Class::Token => (attempts < TOKEN_PATIENCE).then(|| backoff(attempts, jitter)),
        // Per minute or per day: both end by themselves, until the message expires.
        Class::Quota => {
            let base = if code.0 == 45011 { Duration::from_mins(1) } else { Duration::from_mins(10) };
            Some(base.mul_f64(1.0 + jitter / 2.0))
        }
        _ => None,
    }
}

/// 1, 2, 4 … 60 seconds by the number of attempts, between half and the whole of it.
fn backoff(attempts: u32, jitter: f64) -> Duration {
    let whole = Duration::from_secs(1_u64 << attempts.saturating_sub(1).min(6)).min(Duration::from_mins(1));
    whole.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}
