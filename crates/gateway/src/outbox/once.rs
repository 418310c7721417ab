//! Queues a message for a program that may repeat its request.

use std::sync::Arc;

use super::lanes::LaneKey;
use super::outgoing::Outgoing;
use super::place::{self, Place};
use super::{Outbox, WhenClosed, new_id, waiting};
use crate::idempotency::{Earlier, Once};
use crate::store::StoreError;

impl Outbox {
    /// Queues one message, and gives the id of the message that `once` stands for: this one or an earlier one. `None`
    /// when the key stands for another request.
    pub(crate) async fn queue_once(
        &self,
        lane: LaneKey,
        message: &Outgoing,
        when_closed: WhenClosed,
        once: &Once,
    ) -> Result<Option<String>, StoreError> {
        let now = self.clock.now();
        let id = new_id(now);
        let batch: Arc<str> = id.as_str().into();
        // The key is claimed first, and what follows happens only where the claim has our id in it: one transaction
        // decides, on whichever gateway. A repetition moves the lane's counter on and wakes it, which changes nothing.
        let mut statements = once.claim(&self.store, &id, true, now);
        statements.extend(place::make_room(&self.store, &lane, 1, now, false));
        if when_closed == WhenClosed::Wait {
            statements.push(waiting::mark(&self.store, &lane));
        }
        let place =
            Place { id: &id, lane: &lane, batch: &batch, held: false, not_before: now, when_closed, now };
        let (mut sql, mut params) = place.at_the_end(1, message);
        let (ours, ours_params) = once.ours(&id);
        sql.push_str(" AND ");
        sql.push_str(ours);
        params.extend(ours_params);
        statements.push((sql, params));
        let written = self.store.write_if_room(statements).await?;
        if written.last() == Some(&1) {
            self.wake(&lane);
            return Ok(Some(id));
        }
        Ok(match once.earlier(&self.store, now).await? {
            Earlier::Same { answer, .. } => Some(answer),
            Earlier::Other | Earlier::None => None,
        })
    }
}
