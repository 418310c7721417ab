//! Looks whether what is expected has happened, and waits for it by events.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::describe;
use super::link::Asked;
use super::model::{Expect, PushWanted, Wanted};
use super::pattern::{Limit, Pattern};
use super::play::{Missed, Player, id};
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

impl Player {
    pub(crate) async fn expect(&mut self, expect: &Expect, within: Option<i64>) -> Result<(), Missed> {
        let outcome = match expect {
            Expect::Phone { person, message, save } => {
                self.phone(person, message, save.as_deref(), within).await
            }
            Expect::Count { person, message, number } => self.count(person, message, number, within).await,
            Expect::Push(wanted) => self.push(wanted, within).await,
            Expect::Api { path, person, errcode } => {
                self.api(path, person.as_deref(), *errcode, within).await
            }
            Expect::Notice { person, text } => self.notice(person, text.as_ref(), within).await,
            Expect::NoNotice { person } => self.no_notice(person, within).await,
        };
        match outcome {
            Ok(None) => Ok(()),
            Ok(Some(got)) | Err(got) => Err(Missed { expected: describe::expected(expect), got }),
        }
    }

    /// A message that fits, after the last one that was met; gives what is there otherwise.
    async fn phone(
        &mut self,
        person: &str,
        wanted: &Wanted,
        save: Option<&str>,
        within: Option<i64>,
    ) -> Asked<Option<Words>> {
        let until = until(within, PATIENCE_MS);
        loop {
            self.link.mark();
            let Some(who) = self.people.get(person) else { return Ok(None) };
            let messages = self.link.chat(&who.openid, who.met).await?;
            let met = messages.iter().find(|message| fits(message, wanted, &self.saved)).cloned();
            if let Some(message) = met {
                if let Some(who) = self.people.get_mut(person) {
                    who.met = id(&message);
                }
                if let Some(name) = save {
                    self.saved.insert(name.to_owned(), message);
                }
                return Ok(None);
            }
            if !self.link.change_before(until).await {
                return Ok(Some(describe::messages(&messages)));
            }
        }
    }

    async fn count(
        &mut self,
        person: &str,
        wanted: &Wanted,
        number: &Limit,
        within: Option<i64>,
    ) -> Asked<Option<Words>> {
        let until = until(within, PATIENCE_MS);
        loop {
            self.link.mark();
            let Some(who) = self.people.get(person) else { return Ok(None) };
            let messages = self.link.chat(&who.openid, who.before_act).await?;
            let count = messages.iter().filter(|message| fits(message, wanted, &self.saved)).count();
            let good = number.fits(count as f64);
            if number.exceeded_by(count as f64) {
                return Ok(Some(describe::counted(count, &messages)));
            }
            let wait = if good { Instant::now() + QUIET } else { until };
            if !self.link.change_before(wait).await {
                return Ok((!good).then(|| describe::counted(count, &messages)));
            }
        }
    }

    async fn push(&mut self, wanted: &PushWanted, within: Option<i64>) -> Asked<Option<Words>> {
        let until = until(within, PUSH_MS);
        loop {
            self.link.mark();
            let pushes = self.link.exchanges("push", self.last_push).await?;
            let openid = wanted.person.as_ref().and_then(|person| self.people.get(person));
            let met = pushes.iter().find(|push| {
                openid.is_none_or(|who| push["user"] == who.openid.as_str()) && push_fits(push, wanted)
            });
            if let Some(push) = met {
                self.last_push = id(push);
                return Ok(None);
            }
            if !self.link.change_before(until).await {
                return Ok(Some(describe::pushes(&pushes)));
            }
        }
    }

    async fn api(
        &mut self,
        path: &str,
        person: Option<&str>,
        errcode: Option<i64>,
        within: Option<i64>,
    ) -> Asked<Option<Words>> {
        let until = until(within, PATIENCE_MS);
        let openid = person.and_then(|person| self.people.get(person)).map(|who| who.openid.clone());
        loop {
            self.link.mark();
            let calls = self.link.exchanges("api", self.last_call).await?;
            let met = calls.iter().find(|call| {
                call["kind"] == path
                    && openid.as_ref().is_none_or(|openid| call["user"] == openid.as_str())
                    && errcode.is_none_or(|code| describe::errcode(call) == code)
            });
            if let Some(call) = met {
                self.last_call = id(call);
                return Ok(None);
            }
            if !self.link.change_before(until).await {
                return Ok(Some(describe::calls(&calls)));
            }
        }
    }

    async fn notice(
        &mut self,
        person: &str,
        text: Option<&Pattern>,
        within: Option<i64>,
    ) -> Asked<Option<Words>> {
        let until = until(within, PUSH_MS);
        loop {
            self.link.mark();
            let Some(who) = self.people.get(person) else { return Ok(None) };
            let messages = self.link.chat(&who.openid, who.noticed).await?;
            let met = messages.iter().find(|message| {
                message["from"] == "notice" && text.is_none_or(|text| text.fits(describe::text(message)))
            });
            if let (Some(notice), Some(who)) = (met, self.people.get_mut(person)) {
                who.noticed = id(notice);
                return Ok(None);
            }
            if !self.link.change_before(until).await {
                return Ok(Some(describe::messages(&messages)));
            }
        }
    }

    /// None since the beginning, or since the last one that was expected.
    async fn no_notice(&mut self, person: &str, within: Option<i64>) -> Asked<Option<Words>> {
        let until = until(within, 0);
        loop {
            self.link.mark();
            let Some(who) = self.people.get(person) else { return Ok(None) };
            let messages = self.link.chat(&who.openid, who.noticed).await?;
            if let Some(notice) = messages.iter().find(|message| message["from"] == "notice") {
                return Ok(Some(describe::messages(std::slice::from_ref(notice))));
            }
            if !self.link.change_before(until).await {
                return Ok(None);
            }
        }
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
