//! Looks whether what is expected has happened, and waits for it by events.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::describe;
use super::link::Asked;
use super::model::{Expect, PushWanted, Wanted};
use super::pattern::{Limit, Pattern};
use super::play::{Missed, Player, View, id};
use super::words::Words;

/// How long a message or a call may take, in milliseconds.
const PATIENCE_MS: i64 = 5_000;
/// Pushes have ended when the action that brought them has; a little is for those of somebody else.
const PUSH_MS: i64 = 1_000;
/// How long a count must stay as it is.
const QUIET: Duration = Duration::from_millis(300);

fn until(within: Option<i64>, usual: i64) -> Instant {
    Instant::now() + Duration::from_millis(within.unwrap_or(usual).max(0) as u64)
}

/// What a look at the world has shown.
enum Look {
    Met,
    /// Not yet; this is what there is.
    Missing(Words),
    /// It can no longer be.
    Broken(Words),
    /// It is so, and must stay so until then.
    Holding(Instant),
}

impl Player {
    /// Looks until it is so, or the time is over.
    pub(crate) async fn expect(&mut self, expect: &Expect, within: Option<i64>) -> Result<(), Missed> {
        let usual = match expect {
            Expect::Push(_) | Expect::Notice { .. } => PUSH_MS,
            Expect::NoNotice { .. } => 0,
            Expect::Phone { .. } | Expect::Count { .. } | Expect::Api { .. } => PATIENCE_MS,
        };
        let until = until(within, usual);
        let missed = |got| Missed { expected: describe::expected(expect), got };
        loop {
            self.link.mark();
            match self.look(expect, until).await.map_err(missed)? {
                Look::Met => return Ok(()),
                Look::Broken(got) => return Err(missed(got)),
                Look::Missing(got) => {
                    if !self.link.change_before(until).await {
                        return Err(missed(got));
                    }
                }
                Look::Holding(until) => {
                    if !self.link.change_before(until).await {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn look(&mut self, expect: &Expect, until: Instant) -> Asked<Look> {
        match expect {
            Expect::Phone { person, message, save } => self.phone(person, message, save.as_deref()).await,
            Expect::Count { person, message, number } => self.count(person, message, number).await,
            Expect::Push(wanted) => self.push(wanted).await,
            Expect::Api { path, person, errcode } => self.api(path, person.as_deref(), *errcode).await,
            Expect::Notice { person, text } => self.notice(person, text.as_ref()).await,
            Expect::NoNotice { person } => self.no_notice(person, until).await,
        }
    }

    /// The messages of somebody's chat after the one the view names.
    async fn messages(&mut self, person: &str, after: impl Fn(&View) -> u64) -> Asked<Vec<Value>> {
        let base = self.base();
        let Some(view) = self.view(person).cloned() else { return Ok(Vec::new()) };
        self.link.chat(&base, &view.openid, after(&view)).await
    }

    fn openid(&mut self, person: Option<&str>) -> Option<String> {
        self.view(person?).map(|view| view.openid.clone())
    }

    /// A message that fits, after the last one that was met.
    async fn phone(&mut self, person: &str, wanted: &Wanted, save: Option<&str>) -> Asked<Look> {
        let messages = self.messages(person, |view| view.met).await?;
        let Some(message) = messages.iter().find(|message| fits(message, wanted, &self.saved)) else {
            return Ok(Look::Missing(describe::messages(&messages)));
        };
        if let Some(view) = self.view(person) {
            view.met = id(message);
        }
        if let Some(name) = save {
            self.saved.insert(name.to_owned(), message.clone());
        }
        Ok(Look::Met)
    }

    async fn count(&mut self, person: &str, wanted: &Wanted, number: &Limit) -> Asked<Look> {
        let messages = self.messages(person, |view| view.before_act).await?;
        let count = messages.iter().filter(|message| fits(message, wanted, &self.saved)).count();
        let got = || describe::counted(count, &messages);
        Ok(if number.exceeded_by(count as f64) {
            Look::Broken(got())
        } else if number.fits(count as f64) {
            Look::Holding(Instant::now() + QUIET)
        } else {
            Look::Missing(got())
        })
    }

    async fn push(&mut self, wanted: &PushWanted) -> Asked<Look> {
        let at = self.at;
        let pushes = self.link.exchanges(&self.base(), "push", self.last_push[at]).await?;
        let openid = self.openid(wanted.person.as_deref());
        let ours = |push: &&Value| openid.as_ref().is_none_or(|openid| push["user"] == openid.as_str());
        let met = pushes.iter().filter(ours).find(|push| push_fits(push, wanted));
        let Some(push) = met else { return Ok(Look::Missing(describe::pushes(&pushes))) };
        self.last_push[at] = id(push);
        Ok(Look::Met)
    }

    async fn api(&mut self, path: &str, person: Option<&str>, errcode: Option<i64>) -> Asked<Look> {
        let at = self.at;
        let calls = self.link.exchanges(&self.base(), "api", self.last_call[at]).await?;
        let openid = self.openid(person);
        let met = calls.iter().find(|call| {
            call["kind"] == path
                && openid.as_ref().is_none_or(|openid| call["user"] == openid.as_str())
                && errcode.is_none_or(|code| describe::errcode(call) == code)
        });
        let Some(call) = met else { return Ok(Look::Missing(describe::calls(&calls))) };
        self.last_call[at] = id(call);
        Ok(Look::Met)
    }

    async fn notice(&mut self, person: &str, text: Option<&Pattern>) -> Asked<Look> {
        let messages = self.messages(person, |view| view.noticed).await?;
        let met = messages.iter().find(|message| {
            message["from"] == "notice" && text.is_none_or(|text| text.fits(describe::text(message)))
        });
        let Some(notice) = met else { return Ok(Look::Missing(describe::messages(&messages))) };
        if let Some(view) = self.view(person) {
            view.noticed = id(notice);
        }
        Ok(Look::Met)
    }

    /// None since the beginning, or since the last one that was expected.
    async fn no_notice(&mut self, person: &str, until: Instant) -> Asked<Look> {
        let messages = self.messages(person, |view| view.noticed).await?;
        Ok(match messages.iter().find(|message| message["from"] == "notice") {
            Some(notice) => Look::Broken(describe::messages(std::slice::from_ref(notice))),
            None => Look::Holding(until),
        })
    }
}

/// True for a message of the account that is as wanted.
fn fits(message: &Value, wanted: &Wanted, saved: &std::collections::BTreeMap<String, Value>) -> bool {
    let alike = |name: &String| {
        saved.get(name).is_some_and(|other| {
            message["type"] == other["type"] && describe::text(message) == describe::text(other)
        })
    };
    message["from"] == "account"
        && wanted.text.as_ref().is_none_or(|text| text.fits(describe::text(message)))
        && wanted.kind.as_ref().is_none_or(|kind| message["type"] == kind.as_str())
        && wanted.title.as_ref().is_none_or(|title| title.fits(describe::title(message)))
        && wanted.passive.is_none_or(|passive| message["passive"] == passive)
        && !wanted.differs.iter().any(alike)
        && wanted.same.as_ref().is_none_or(alike)
}

fn push_fits(push: &Value, wanted: &PushWanted) -> bool {
    let kind = push["kind"].as_str().unwrap_or_default();
    let named = kind == wanted.kind || kind.split_once('.').is_some_and(|(_, name)| name == wanted.kind);
    named
        && wanted.event_key.as_ref().is_none_or(|key| key.fits(&describe::event_key(push)))
        && wanted.outcome.as_ref().is_none_or(|outcome| push["outcome"] == outcome.as_str())
        && wanted.finding.as_ref().is_none_or(|code| describe::findings(push).any(|found| found == code))
        && wanted.tries.as_ref().is_none_or(|tries| tries.fits(describe::tries(push) as f64))
        && wanted.reply_ms.as_ref().is_none_or(|ms| ms.fits(describe::reply_ms(push) as f64))
}
