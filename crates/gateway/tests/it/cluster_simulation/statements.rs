//! What the gateway's statements do to lanes, messages, windows and the token: each is one conditional change.

use std::time::Duration;

use hongyan::token::StoredToken;
use hongyan::token::machine::Event as TokenEvent;
use hongyan_gateway::outbox::machine::{Action, Entry, Event, LEASE, State};
use hongyan_gateway::window::Change;
use hongyan_wire::Timestamp;

use super::database::{LaneRow, Message, NEVER, Queued, plain};
use super::{Broken, TokenErrand, World};

/// How long a message after a reply is held when nobody releases it.
const HELD_AT_MOST: Duration = Duration::from_secs(20);

impl World {
    pub(super) fn apply_claim(&mut self, user: usize, now: Timestamp) -> Option<(u64, Timestamp)> {
        let lane = self.database.lanes.get_mut(&user)?;
        if lane.lease_until > now || lane.due_at > now {
            return None;
        }
        lane.fence += 1;
        lane.lease_until = now + LEASE;
        Some((lane.fence, lane.lease_until))
    }

    pub(super) fn apply_lane(
        &mut self,
        user: usize,
        fence: u64,
        action: &Action,
        now: Timestamp,
    ) -> Result<Event, Broken> {
        let ours = self.database.ours(user, fence);
        let id = |id: &str| id.parse::<usize>().map_err(|_| format!("no message {id}"));
        Ok(match action {
            Action::Load => {
                let open: Vec<usize> = self.database.unfinished(user).into_iter().take(20).collect();
                for at in &open {
                    // Its answer may be slow, and what is due by then is due.
                    let message = &mut self.database.messages[*at];
                    message.read_when_due |= message.not_before <= now + Duration::from_secs(5);
                }
                Event::Loaded(open.into_iter().map(|at| entry(at, &self.database.messages[at])).collect())
            }
            Action::Renew => {
                let lane = self.database.lanes.get_mut(&user).filter(|_| ours);
                Event::Renewed(lane.map(|lane| {
                    lane.lease_until = now + LEASE;
                    lane.lease_until
                }))
            }
            Action::Mark { id: name, attempt } => {
                let at = id(name)?;
                let marked = ours && !self.database.messages[at].state.is_final();
                if marked {
                    self.may_mark(at)?;
                    let message = &mut self.database.messages[at];
                    message.state = State::Sending;
                    message.waiting = false;
                    message.attempts = *attempt;
                }
                Event::Marked(marked)
            }
            Action::End { id: name, attempts, ending } => {
                let at = id(name)?;
                if ours {
                    self.may_end(at, ending.state)?;
                    let message = &mut self.database.messages[at];
                    (message.state, message.attempts, message.waiting) = (ending.state, *attempts, false);
                }
                Event::Written(ours)
            }
            Action::Postpone { id: name, attempts, not_before, .. } => {
                let at = id(name)?;
                if ours {
                    self.may_end(at, State::Queued)?;
                    let message = &mut self.database.messages[at];
                    (message.state, message.attempts, message.waiting) = (State::Queued, *attempts, false);
                    message.not_before = *not_before;
                }
                Event::Written(ours)
            }
            Action::Park { id: name, attempts, since, until, .. } => {
                let at = id(name)?;
                if ours {
                    self.may_end(at, State::Queued)?;
                    self.note("message waits for its user");
                    let acted = self.database.waits.get(&user).is_some_and(|acted_at| acted_at >= since);
                    let message = &mut self.database.messages[at];
                    (message.state, message.attempts, message.waiting) = (State::Queued, *attempts, true);
                    message.not_before = if acted { now + Duration::from_secs(1) } else { *until };
                }
                Event::Written(ours)
            }
            Action::Release => {
                let first = self.database.unfinished(user).first().copied();
                let due = first.map_or(NEVER, |at| self.database.messages[at].not_before);
                if let Some(lane) = self.database.lanes.get_mut(&user).filter(|_| ours) {
                    lane.lease_until = Timestamp(0);
                    lane.due_at = due;
                }
                Event::Woken
            }
            other => return Err(format!("{other:?} is nothing for the database")),
        })
    }

    pub(super) fn apply_queue(
        &mut self,
        user: usize,
        messages: &[Queued],
        held: bool,
        now: Timestamp,
    ) -> usize {
        let batch = self.batches;
        self.batches += 1;
        let not_before = if held { now + HELD_AT_MOST } else { now };
        let first = LaneRow { fence: 0, lease_until: Timestamp(0), due_at: NEVER, next_seq: 0 };
        let lane = self.database.lanes.entry(user).or_insert(first);
        let seq = lane.next_seq + i64::from(held);
        lane.next_seq = seq + messages.len() as i64;
        lane.due_at = lane.due_at.min(not_before);
        for (index, queued) in messages.iter().enumerate() {
            if queued.waits {
                self.database.waits.entry(user).or_insert(Timestamp(0));
            }
            self.database.messages.push(Message {
                seq: seq + index as i64,
                batch,
                not_before,
                held,
                waits: queued.waits,
                expires_at: now + queued.patience,
                repeats_until: queued.template.then(|| now + Duration::from_mins(9)),
                ..plain(user, now)
            });
        }
        batch
    }

    pub(super) fn apply_changes(&mut self, changes: &[(usize, Change)]) {
        let grants = &mut self.database.grants;
        for (user, change) in changes {
            match change {
                Change::Granted(grant) => {
                    let row = (grant.action, grant.left.map(i64::from), grant.ends_at);
                    grants.entry((*user, grant.id.clone())).or_insert(row);
                }
                Change::Used(id, count) => {
                    if let Some((_, Some(left), _)) = grants.get_mut(&(*user, id.clone())) {
                        *left -= count;
                    }
                }
                Change::Over(id) => {
                    grants.remove(&(*user, id.clone()));
                }
                Change::AllOver => grants.retain(|(whose, _), _| whose != user),
            }
        }
    }

    pub(super) fn apply_token(&mut self, errand: &TokenErrand, now: Timestamp) -> Result<TokenEvent, Broken> {
        let row = &mut self.database.token;
        Ok(match errand {
            TokenErrand::Load => TokenEvent::Loaded(row.token.clone()),
            TokenErrand::Lease(_) if row.lease_until > now => TokenEvent::Leased(None),
            TokenErrand::Lease(length) => {
                row.fence += 1;
                row.lease_until = now + *length;
                TokenEvent::Leased(Some(row.fence))
            }
            TokenErrand::Save(fence, token) => {
                let newer = row.token.as_ref().is_some_and(|kept| kept.fence > *fence);
                if !newer {
                    if row.fence == *fence {
                        row.lease_until = Timestamp(0);
                    }
                    self.may_save(*fence, token)?;
                    self.database.token.token = Some(StoredToken { fence: *fence, ..token.clone() });
                }
                TokenEvent::Saved(!newer)
            }
            TokenErrand::Release(fence) => {
                if row.fence == *fence {
                    row.lease_until = Timestamp(0);
                }
                TokenEvent::Released
            }
        })
    }
}

fn entry(at: usize, message: &Message) -> Entry {
    Entry {
        id: at.to_string().into(),
        state: message.state,
        attempts: message.attempts,
        not_before: message.not_before,
        expires_at: message.expires_at,
        waits: message.waits,
        repeats_until: message.repeats_until,
    }
}
