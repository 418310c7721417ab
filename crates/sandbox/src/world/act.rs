//! What people do: follow, unfollow, say, scan, pay. Each opens its window and says what is to be pushed.

use hongyan_wire::Scene;
use serde_json::{Value, json};

use super::chat::From;
use super::person::Arrival;
use super::rights::{Right, may};
use super::send::place;
use super::window::Deed;
use super::{Bubble, World};
use crate::exchange::{Direction, Exchange};
use crate::push::events;
use crate::push::fields::{Fields, heading};

/// An action that was not possible: the status for the control API, what is wrong, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: String,
    pub(crate) what_to_do: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, error: impl Into<String>, what_to_do: impl Into<String>) -> Self {
        Refusal { status, error: error.into(), what_to_do: what_to_do.into() }
    }

    fn no_user(openid: &str) -> Self {
        Refusal::new(
            404,
            format!("nobody has the OpenID {openid}"),
            "make a person with POST /_sandbox/users, or list them with GET /_sandbox/users",
        )
    }
}

/// An exchange that an action began, and what it pushes; nothing for an action the platform keeps to itself.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) exchange: Exchange,
    pub(crate) fields: Option<Fields>,
    /// The platform has stopped pushing for a while; the person sees the notice.
    pub(crate) paused: bool,
}

/// What an action amounts to: the pushes in order.
pub(crate) type Act = Result<Vec<Planned>, Refusal>;

impl World {
    /// Fails when there is no such person.
    pub(crate) fn known(&self, at: usize, openid: &str) -> Result<(), Refusal> {
        self.accounts[at].follower(openid).map(|_| ()).ok_or_else(|| Refusal::no_user(openid))
    }

    /// Fails when the person does not follow.
    pub(crate) fn following(&self, at: usize, openid: &str) -> Result<(), Refusal> {
        let follower = self.accounts[at].follower(openid).ok_or_else(|| Refusal::no_user(openid))?;
        if follower.following {
            return Ok(());
        }
        Err(Refusal::new(
            409,
            format!("{openid} does not follow the account"),
            format!("follow first: POST /_sandbox/users/{openid}/follow"),
        ))
    }

    /// A push of what a person did, with its exchange; of somebody on the blacklist nothing is heard.
    pub(crate) fn plan(&mut self, at: usize, openid: &str, kind: &str, own: Fields, now_ms: i64) -> Planned {
        let mut planned = self.plan_news(at, openid, kind, own, now_ms);
        let shut = self.accounts[at].follower(openid).is_some_and(|follower| follower.blacklisted);
        if shut && !self.settings.blacklisted_heard {
            planned.fields = None;
            planned.paused = false;
        }
        planned
    }

    /// A push about a person, with its exchange.
    pub(crate) fn plan_news(
        &mut self,
        at: usize,
        openid: &str,
        kind: &str,
        own: Fields,
        now_ms: i64,
    ) -> Planned {
        let fields = heading(&self.accounts[at].original_id, openid, now_ms, kind).and(own);
        let mut exchange = self.begin(at, Direction::Push, fields.kind(), now_ms);
        exchange.user = Some(openid.to_owned());
        let paused = self.accounts[at].mark_fail.paused_until_ms(now_ms).is_some();
        Planned { exchange, fields: (!paused).then_some(fields), paused }
    }

    /// An action that pushes nothing, with its exchange.
    pub(crate) fn plan_nothing(&mut self, at: usize, openid: &str, kind: &str, now_ms: i64) -> Planned {
        let mut exchange = self.begin(at, Direction::Push, kind.to_owned(), now_ms);
        exchange.user = Some(openid.to_owned());
        Planned { exchange, fields: None, paused: false }
    }

    /// Opens the window of an action.
    pub(crate) fn open_window(&mut self, at: usize, openid: &str, deed: Deed, now_ms: i64) {
        let settings = self.settings.clone();
        if let Some(follower) = self.accounts[at].follower_mut(openid) {
            follower.ledger.act(deed, now_ms, &settings);
        }
        self.tell_user(at, openid, now_ms);
    }

    /// The person follows from a search.
    pub(crate) fn follow(&mut self, at: usize, openid: &str, now_ms: i64) -> Act {
        self.begin_following(at, openid, None, now_ms)
    }

    /// The person has followed before anybody looked: nothing is pushed, and no window is open.
    pub(crate) fn already_follows(&mut self, at: usize, openid: &str, now_ms: i64) {
        if let Some(follower) = self.accounts[at].follower_mut(openid) {
            follower.following = true;
            follower.known = true;
            follower.arrival = Arrival { at_ms: now_ms, scene: None };
        }
        self.fetch_menu(at, openid, now_ms);
    }

    fn begin_following(
        &mut self,
        at: usize,
        openid: &str,
        code: Option<(Scene, String)>,
        now_ms: i64,
    ) -> Act {
        self.known(at, openid)?;
        if self.following(at, openid).is_ok() {
            return Err(Refusal::new(
                409,
                format!("{openid} follows the account already"),
                "go on with say, tap or scan, or unfollow first",
            ));
        }
        if let Some(follower) = self.accounts[at].follower_mut(openid) {
            follower.following = true;
            follower.known = true;
            follower.muted = false;
            follower.arrival =
                Arrival { at_ms: now_ms, scene: code.as_ref().map(|(scene, _)| scene.clone()) };
        }
        self.fetch_menu(at, openid, now_ms);
        self.open_window(at, openid, Deed::Follow, now_ms);
        let text = code.as_ref().map(|(scene, ticket)| (scene.to_string(), ticket.as_str()));
        let scan = text.as_ref().map(|(scene, ticket)| (scene.as_str(), *ticket));
        let own = events::subscribe(scan, self.settings.empty_event_key);
        Ok(vec![self.plan(at, openid, "event", own, now_ms)])
    }

    /// The person stops following; every window closes.
    pub(crate) fn unfollow(&mut self, at: usize, openid: &str, now_ms: i64) -> Act {
        self.following(at, openid)?;
        if let Some(follower) = self.accounts[at].follower_mut(openid) {
            follower.following = false;
            follower.ledger.close();
            follower.tags.clear();
            follower.remark.clear();
        }
        self.tell_user(at, openid, now_ms);
        let own = events::unsubscribe(self.settings.empty_event_key);
        Ok(vec![self.plan(at, openid, "event", own, now_ms)])
    }

    /// The person writes.
    pub(crate) fn say(&mut self, at: usize, openid: &str, text: &str, now_ms: i64) -> Act {
        self.write(at, openid, text, None, now_ms)
    }

    /// The person taps an item of a msgmenu.
    pub(crate) fn menu_click(&mut self, at: usize, openid: &str, id: &str, now_ms: i64) -> Act {
        self.following(at, openid)?;
        let item = self.accounts[at].follower(openid).and_then(|follower| follower.chat.menu_item(id));
        let Some(text) = item else {
            return Err(Refusal::new(
                404,
                format!("no msgmenu in this chat has an item with id {id}"),
                "look at the list of the msgmenu message in GET users/{openid}/chat",
            ));
        };
        self.write(at, openid, &text, Some(id), now_ms)
    }

    fn write(&mut self, at: usize, openid: &str, text: &str, item: Option<&str>, now_ms: i64) -> Act {
        self.following(at, openid)?;
        if text.is_empty() {
            return Err(Refusal::new(400, "the text is empty", "send {\"text\": \"…\"}"));
        }
        // A tap on an item opens the window of a menu tap, not of a message.
        self.open_window(at, openid, if item.is_some() { Deed::MenuTap } else { Deed::Message }, now_ms);
        let msg_id = self.ids.message(now_ms);
        let planned = self.plan(at, openid, "text", events::text(text, &msg_id, item), now_ms);
        let bubble =
            Bubble::new(From::User, "text", json!({ "content": text })).of(Some(planned.exchange.id));
        self.show(at, openid, bubble, now_ms);
        Ok(vec![planned])
    }

    /// The person scans a code, given by ticket or by the address in the picture.
    pub(crate) fn scan(&mut self, at: usize, openid: &str, code: &str, now_ms: i64) -> Act {
        self.known(at, openid)?;
        let Some(code) = self.accounts[at].qrcodes.find(code).cloned() else {
            return Err(Refusal::new(
                404,
                "no QR code of this account has that ticket or address",
                "list the codes with GET /_sandbox/qrcodes",
            ));
        };
        if code.expired(now_ms) {
            let planned = self.plan_nothing(at, openid, "event.SCAN", now_ms);
            let text = self.settings.expired_notice.clone();
            self.notice(at, openid, &text, Some(planned.exchange.id), now_ms);
            return Ok(vec![planned]);
        }
        if self.following(at, openid).is_err() {
            return self.begin_following(at, openid, Some((code.scene, code.ticket)), now_ms);
        }
        self.open_window(at, openid, Deed::Scan, now_ms);
        let own = events::scan(&code.scene.to_string(), &code.ticket);
        Ok(vec![self.plan(at, openid, "event", own, now_ms)])
    }

    /// The person pays, which the platform does not push.
    pub(crate) fn pay(&mut self, at: usize, openid: &str, now_ms: i64) -> Act {
        self.following(at, openid)?;
        self.open_window(at, openid, Deed::Pay, now_ms);
        Ok(vec![self.plan_nothing(at, openid, "action.pay", now_ms)])
    }

    /// The phone reports where the person is, by itself: on entering the chat, or every five seconds in it.
    pub(crate) fn report_location(&mut self, at: usize, openid: &str, body: &Value, now_ms: i64) -> Act {
        self.following(at, openid)?;
        let account = &self.accounts[at];
        if !may(account.kind, account.verified, Right::LocationReports) {
            return Err(Refusal::new(
                409,
                "this kind of account gets no reports of where people are",
                "use a verified service account or a test account; a place sent as a message is `locate`",
            ));
        }
        let place = place(body)?;
        let precision = match &body["precision"] {
            Value::Null => 40.0,
            given => given.as_f64().filter(|metres| *metres >= 0.0).ok_or_else(|| {
                Refusal::new(400, "`precision` is not a number of metres", "send {\"precision\": 40}")
            })?,
        };
        let own = events::location_report(place.latitude, place.longitude, precision);
        Ok(vec![self.plan(at, openid, "event", own, now_ms)])
    }

    /// The person turns the account's messages off or on again, which the platform does not push.
    pub(crate) fn mute(&mut self, at: usize, openid: &str, muted: bool, now_ms: i64) -> Act {
        self.following(at, openid)?;
        if let Some(follower) = self.accounts[at].follower_mut(openid) {
            follower.muted = muted;
        }
        self.tell_user(at, openid, now_ms);
        let kind = if muted { "action.mute" } else { "action.unmute" };
        Ok(vec![self.plan_nothing(at, openid, kind, now_ms)])
    }
}
