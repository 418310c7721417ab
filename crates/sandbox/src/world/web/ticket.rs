//! Tickets that web pages sign with: `jsapi` and `wx_card`.

use serde::{Deserialize, Serialize};

use crate::settings::WebSettings;

/// What a ticket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Use {
    JsApi,
    Card,
}

/// A ticket the account has been given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) value: String,
    pub(crate) for_: Use,
    pub(crate) expires_at_ms: i64,
}

/// All tickets of one account, the newest last.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tickets(Vec<Ticket>);

/// Old tickets are remembered so that a page signed with one can be told so.
const REMEMBERED: usize = 8;

impl Tickets {
    /// The ticket in use, or a fresh one, with the seconds it has left.
    pub(crate) fn get(
        &mut self,
        for_: Use,
        fresh: String,
        now_ms: i64,
        settings: &WebSettings,
    ) -> (String, i64) {
        let live = self.0.iter().rev().find(|ticket| ticket.for_ == for_ && ticket.expires_at_ms > now_ms);
        if let (true, Some(live)) = (settings.ticket_stays, live) {
            return (live.value.clone(), (live.expires_at_ms - now_ms) / 1000);
        }
        if self.0.len() >= REMEMBERED {
            self.0.remove(0);
        }
        let expires_at_ms = now_ms + settings.ticket_seconds * 1000;
        self.0.push(Ticket { value: fresh.clone(), for_, expires_at_ms });
        (fresh, settings.ticket_seconds)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Ticket> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_stays_for_two_hours() {
        let (mut tickets, settings) = (Tickets::default(), WebSettings::default());
        assert_eq!(tickets.get(Use::JsApi, "a".into(), 0, &settings), ("a".to_owned(), 7200));
        assert_eq!(tickets.get(Use::JsApi, "b".into(), 7_199_000, &settings), ("a".to_owned(), 1));
        assert_eq!(tickets.get(Use::Card, "c".into(), 0, &settings), ("c".to_owned(), 7200));
        assert_eq!(tickets.get(Use::JsApi, "d".into(), 7_200_000, &settings), ("d".to_owned(), 7200));
        assert_eq!(tickets.iter().count(), 3);
    }
}
