//! What one lane of the outbox does next: a plain state machine, no I/O and no clock of its own.
//!
//! A lane is the queue of one user of one account. Whoever holds the lane's lease feeds events in and carries out the
//! action that comes back, one at a time: load the queue, prepare (token, media), write `sending`, send, write how it
//! ended. The order of these is the promise: `sending` with its attempt number is on disk before the first byte of the
//! request leaves, so that whoever finds it after a crash knows that it may have arrived; and whatever may take long
//! and harms nobody when it is lost comes before.

use std::collections::VecDeque;
use std::time::Duration;

use hongyan_wire::Timestamp;

use super::retry::settle;
pub use super::steps::{Action, Ending, Entry, Event, OnUnknown, Outcome, Reason, State};

/// How long a lane may be held without renewing.
pub const LEASE: Duration = Duration::from_secs(15);
/// How long one send may take; a lease always has this much left when a send begins.
pub const SEND_LIMIT: Duration = Duration::from_secs(10);
/// A message that is due within this time is waited for; for a later one the lane is given back.
const HOLD: Duration = Duration::from_secs(2);
/// Pause before a failed write is tried again.
const STORE_PAUSE: Duration = Duration::from_millis(500);

/// One lane while it is held.
#[derive(Debug)]
pub struct Lane {
    on_unknown: OnUnknown,
    lease_until: Timestamp,
    queue: VecDeque<Entry>,
    /// When the queue was read.
    loaded_at: Timestamp,
    /// Whether the first message can be sent.
    prepared: bool,
    /// When the attempt at the first message began.
    began_at: Timestamp,
    /// The write of an ending that has not been confirmed yet.
    unwritten: Option<Action>,
    stopping: bool,
}

impl Lane {
    /// A lane that is about to be worked on.
    pub fn new(on_unknown: OnUnknown) -> Self {
        Self {
            on_unknown,
            lease_until: Timestamp(0),
            queue: VecDeque::new(),
            loaded_at: Timestamp(0),
            prepared: false,
            began_at: Timestamp(0),
            unwritten: None,
            stopping: false,
        }
    }

    /// Takes in what happened and says what to do next. `jitter` is a fresh random number from 0 up to 1.
    pub fn step(&mut self, event: Event, now: Timestamp, jitter: f64) -> Action {
        match event {
            Event::Begun { lease_until } => {
                self.lease_until = lease_until;
                Action::Load
            }
            Event::Loaded(entries) if entries.is_empty() => Action::Release,
            Event::Loaded(entries) => {
                self.queue = entries.into();
                self.loaded_at = now;
                self.prepared = false;
                self.next(now)
            }
            Event::Renewed(Some(until)) => {
                self.lease_until = until;
                self.next(now)
            }
            Event::Renewed(None) | Event::Written(false) => Action::Abandon,
            Event::Prepared(Ok(())) => {
                self.prepared = true;
                self.next(now)
            }
            Event::Prepared(Err(outcome)) => match self.queue.front_mut() {
                Some(head) => {
                    head.attempts += 1;
                    let write = settle(head, outcome, self.began_at, self.on_unknown, now, jitter);
                    self.write(write)
                }
                None => Action::Release,
            },
            // Perhaps cancelled, perhaps another's lane by now: giving back is conditional and harmless either way. And
            // nobody holds a lane that may not send.
            Event::Marked(false) | Event::Limited => Action::Release,
            Event::Marked(true) => match self.queue.front_mut() {
                Some(head) => {
                    head.state = State::Sending;
                    head.attempts += 1;
                    if self.lease_until < now + SEND_LIMIT {
                        // Writing took so long that the send could outlive the lease: not begun, not sent.
                        let detail = "the database was too slow".to_owned();
                        let write = settle(head, Outcome::NotSent(detail), now, self.on_unknown, now, jitter);
                        return self.write(write);
                    }
                    Action::Send { id: head.id.clone() }
                }
                None => Action::Release,
            },
            Event::Answered(outcome) => match self.queue.front() {
                Some(head) => {
                    let write = settle(head, outcome, self.began_at, self.on_unknown, now, jitter);
                    self.write(write)
                }
                None => Action::Release,
            },
            // Whether it is due at once or much later stands in the database.
            Event::Written(true) if matches!(self.unwritten, Some(Action::Park { .. })) => Action::Release,
            Event::Written(true) => {
                self.written();
                self.next(now)
            }
            Event::Woken if self.unwritten.is_some() => self.unwritten.clone().unwrap_or(Action::Release),
            Event::Woken if self.stopping => Action::Release,
            Event::Woken => Action::Load,
            Event::StoreAway => self.store_away(now),
            Event::Stopping => {
                self.stopping = true;
                match &self.unwritten {
                    Some(write) => write.clone(),
                    None => Action::Release,
                }
            }
        }
    }

    /// Tells the lane that the gateway stops, while an action is under way: the next step begins nothing new.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    fn next(&mut self, now: Timestamp) -> Action {
        if self.stopping {
            return Action::Release;
        }
        let Some(head) = self.queue.front() else { return Action::Load };
        let id = head.id.clone();
        if head.state == State::Sending && self.on_unknown == OnUnknown::Hold && !head.repeatable(now) {
            let detail = "the gateway stopped while this message was being sent".to_owned();
            let reason = Reason { detail: Some(detail), ..Reason::default() };
            let ending = Ending { state: State::Unknown, reason };
            return self.write(Action::End { id, attempts: head.attempts, ending });
        }
        if head.expires_at <= now {
            let ending = Ending { state: State::Expired, reason: Reason::default() };
            return self.write(Action::End { id, attempts: head.attempts, ending });
        }
        if head.not_before > now {
            let until = head.not_before;
            return if until <= now + HOLD { Action::Wait { until } } else { Action::Release };
        }
        if head.not_before > self.loaded_at {
            // Not due when it was read: it may have been let go since, and the answer it follows put before it.
            return Action::Load;
        }
        if !self.prepared {
            // An action from here on may open the window that the attempt does not find.
            self.began_at = now;
            return Action::Prepare { id };
        }
        // A send must never outlive the lease it began under.
        if self.lease_until < now + SEND_LIMIT + HOLD {
            return Action::Renew;
        }
        Action::Mark { id, attempt: head.attempts + 1 }
    }

    fn write(&mut self, write: Action) -> Action {
        self.unwritten = Some(write.clone());
        write
    }

    fn written(&mut self) {
        self.prepared = false;
        match self.unwritten.take() {
            Some(Action::Postpone { not_before, .. }) => {
                if let Some(head) = self.queue.front_mut() {
                    head.state = State::Queued;
                    head.not_before = not_before;
                }
            }
            _ => {
                self.queue.pop_front();
            }
        }
    }

    fn store_away(&mut self, now: Timestamp) -> Action {
        // What was sent must be written down while the lane is still ours, or it ends as unknown.
        if self.unwritten.is_some() && now + STORE_PAUSE < self.lease_until {
            return Action::Wait { until: now + STORE_PAUSE };
        }
        Action::Abandon
    }
}

#[cfg(test)]
mod tests {
    use hongyan_wire::ErrCode;

    use super::*;

    fn entry(id: &str) -> Entry {
        Entry {
            id: id.into(),
            state: State::Queued,
            attempts: 0,
            not_before: Timestamp(0),
            expires_at: Timestamp(1_000_000_000),
            waits: false,
            repeats_until: None,
        }
    }

    /// A lane with one message whose send has just begun.
    fn sending(now: Timestamp) -> Lane {
        sending_first(vec![entry("a")], now)
    }

    /// A lane whose first message, `a`, is being sent.
    fn sending_first(entries: Vec<Entry>, now: Timestamp) -> Lane {
        let mut lane = Lane::new(OnUnknown::Hold);
        lane.step(Event::Begun { lease_until: now + LEASE }, now, 0.0);
        lane.step(Event::Loaded(entries), now, 0.0);
        lane.step(Event::Prepared(Ok(())), now, 0.0);
        assert_eq!(lane.step(Event::Marked(true), now, 0.0), Action::Send { id: "a".into() });
        lane
    }

    fn refused(code: i64) -> Event {
        Event::Answered(Outcome::Refused { code: ErrCode(code), rid: None })
    }

    #[test]
    fn sending_is_written_before_the_request() {
        let mut lane = Lane::new(OnUnknown::Hold);
        let now = Timestamp(1_000);
        assert_eq!(lane.step(Event::Begun { lease_until: now + LEASE }, now, 0.0), Action::Load);
        let prepare = lane.step(Event::Loaded(vec![entry("a")]), now, 0.0);
        assert_eq!(prepare, Action::Prepare { id: "a".into() });
        let mark = lane.step(Event::Prepared(Ok(())), now, 0.0);
        assert_eq!(mark, Action::Mark { id: "a".into(), attempt: 1 });
        assert_eq!(lane.step(Event::Marked(true), now, 0.0), Action::Send { id: "a".into() });
    }

    #[test]
    fn a_closed_window_fails_with_its_code() {
        for code in [45015, 45047] {
            let now = Timestamp(1_000);
            let Action::End { ending, .. } = sending(now).step(refused(code), now, 0.5) else {
                panic!("{code}")
            };
            assert_eq!((ending.state, ending.reason.errcode), (State::Failed, Some(ErrCode(code))));
        }
    }

    #[test]
    fn a_message_that_may_wait_is_parked_and_the_later_ones_stay_behind_it() {
        for code in [45015, 45047] {
            let now = Timestamp(1_000);
            let mut lane = sending_first(vec![Entry { waits: true, ..entry("a") }, entry("b")], now);
            let step = lane.step(refused(code), now, 0.5);
            let Action::Park { id, since, until, reason, .. } = step else { panic!("{step:?}") };
            assert_eq!((&*id, since, until), ("a", now, Timestamp(1_000_000_000)));
            assert_eq!(reason.errcode, Some(ErrCode(code)));
            assert_eq!(lane.step(Event::Written(true), now, 0.5), Action::Release);
        }
    }

    #[test]
    fn only_a_missing_window_is_waited_out() {
        let now = Timestamp(1_000);
        let mut lane = sending_first(vec![Entry { waits: true, ..entry("a") }], now);
        assert!(matches!(lane.step(refused(43004), now, 0.5), Action::End { .. }));
    }

    #[test]
    fn a_parked_message_expires() {
        let now = Timestamp(1_000);
        let mut lane = Lane::new(OnUnknown::Hold);
        lane.step(Event::Begun { lease_until: now + LEASE }, now, 0.0);
        let over = Entry { waits: true, not_before: now, expires_at: now, ..entry("a") };
        let Action::End { ending, .. } = lane.step(Event::Loaded(vec![over]), now, 0.0) else { panic!() };
        assert_eq!(ending.state, State::Expired);
    }

    #[test]
    fn a_busy_platform_is_asked_again_later_and_later() {
        let mut now = Timestamp(1_000);
        let mut lane = sending(now);
        let mut pauses = Vec::new();
        for _ in 0..4 {
            let Action::Postpone { not_before, .. } = lane.step(refused(-1), now, 1.0) else { panic!() };
            pauses.push(not_before.saturating_since(now).as_secs());
            assert!(lane.step(Event::Written(true), now, 0.0) != Action::Abandon);
            now = not_before;
            lane.step(Event::Begun { lease_until: now + LEASE }, now, 0.0);
            let mut again = entry("a");
            again.attempts = pauses.len() as u32;
            lane.step(Event::Loaded(vec![again]), now, 0.0);
            lane.step(Event::Prepared(Ok(())), now, 0.0);
            lane.step(Event::Marked(true), now, 0.0);
        }
        assert_eq!(pauses, [1, 2, 4, 8]);
    }

    #[test]
    fn a_lost_answer_is_unknown_and_not_repeated() {
        let now = Timestamp(1_000);
        let step = sending(now).step(Event::Answered(Outcome::Unsure("cut".to_owned())), now, 0.0);
        let Action::End { ending, .. } = step else { panic!("{step:?}") };
        assert_eq!(ending.state, State::Unknown);
    }

    #[test]
    fn what_the_platform_does_not_take_twice_is_repeated_while_that_holds() {
        let until = Timestamp(600_000);
        let template = || Entry { repeats_until: Some(until), ..entry("a") };
        let unsure = || Event::Answered(Outcome::Unsure("cut".to_owned()));
        let now = Timestamp(1_000);
        let step = sending_first(vec![template()], now).step(unsure(), now, 0.0);
        assert!(matches!(step, Action::Postpone { .. }), "{step:?}");
        let step = sending_first(vec![template()], until).step(unsure(), until, 0.0);
        assert!(matches!(step, Action::End { ref ending, .. } if ending.state == State::Unknown), "{step:?}");
        // The same for one that an earlier process left in the middle of its send.
        for (at, again) in [(now, true), (until, false)] {
            let mut lane = Lane::new(OnUnknown::Hold);
            lane.step(Event::Begun { lease_until: at + LEASE }, at, 0.0);
            let step = lane.step(Event::Loaded(vec![Entry { state: State::Sending, ..template() }]), at, 0.0);
            assert_eq!(matches!(step, Action::Prepare { .. }), again, "{step:?}");
        }
    }

    #[test]
    fn what_was_not_due_when_it_was_read_is_read_again_before_it_is_sent() {
        let now = Timestamp(1_000);
        let held = Entry { not_before: now + Duration::from_secs(5), ..entry("b") };
        let mut lane = sending_first(vec![entry("a"), held.clone()], now);
        let later = now + Duration::from_secs(6);
        lane.step(Event::Answered(Outcome::Sent { msgid: None }), later, 0.0);
        assert_eq!(lane.step(Event::Written(true), later, 0.0), Action::Load);
        let first = lane.step(Event::Loaded(vec![entry("late reply"), held]), later, 0.0);
        assert_eq!(first, Action::Prepare { id: "late reply".into() });
    }

    #[test]
    fn a_short_lease_is_renewed_before_a_send() {
        let now = Timestamp(1_000);
        let mut lane = Lane::new(OnUnknown::Hold);
        lane.step(Event::Begun { lease_until: now + LEASE }, now, 0.0);
        let later = now + Duration::from_secs(5);
        lane.step(Event::Loaded(vec![entry("a")]), later, 0.0);
        assert_eq!(lane.step(Event::Prepared(Ok(())), later, 0.0), Action::Renew);
        assert_eq!(lane.step(Event::Renewed(None), later, 0.0), Action::Abandon);
    }

    #[test]
    fn what_was_sent_is_written_again_when_the_store_was_away() {
        let now = Timestamp(1_000);
        let mut lane = sending(now);
        let write = lane.step(Event::Answered(Outcome::Sent { msgid: None }), now, 0.0);
        assert!(matches!(lane.step(Event::StoreAway, now, 0.0), Action::Wait { .. }));
        assert_eq!(lane.step(Event::Woken, now + STORE_PAUSE, 0.0), write);
    }
}
