//! The agents (客服) of an account: their names, and whether somebody sits behind each.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::settings::Settings;

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Agent {
    /// `prefix@wechat-id`
    pub(crate) account: String,
    pub(crate) nickname: String,
    id: u64,
    /// The WeChat id of who was asked, and whether they have said yes.
    worker: Option<(String, bool)>,
    /// The address of the picture.
    picture: String,
}

impl Agent {
    /// The agent as the platform lists it.
    pub(crate) fn to_json(&self) -> Value {
        let mut out = json!({
            "kf_account": self.account,
            "kf_nick": self.nickname,
            "kf_id": self.id.to_string(),
            "kf_headimgurl": self.picture,
        });
        match &self.worker {
            Some((worker, true)) => out["kf_wx"] = json!(worker),
            Some((worker, false)) => {
                out["invite_wx"] = json!(worker);
                out["invite_status"] = json!("waiting");
            }
            None => {}
        }
        out
    }

    /// The agent among those that are at work.
    fn online(&self) -> Option<Value> {
        let id = self.id.to_string();
        self.bound()
            .then(|| json!({"kf_account": self.account, "status": 1, "kf_id": id, "accepted_case": 0}))
    }

    /// True when somebody has accepted the invitation.
    pub(crate) fn bound(&self) -> bool {
        matches!(self.worker, Some((_, true)))
    }
}

/// All agents of an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Agents {
    list: Vec<Agent>,
    made: u64,
}

/// The longest part before the `@`.
const PREFIX: usize = 10;
/// The longest nickname, in characters.
const NICKNAME: usize = 16;

fn legal(account: &str) -> bool {
    account.split_once('@').is_some_and(|(prefix, of)| {
        (1..=PREFIX).contains(&prefix.len())
            && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && !of.is_empty()
    })
}

fn check(account: &str, nickname: &str) -> Result<(), i64> {
    if !legal(account) {
        return Err(65404);
    }
    if (1..=NICKNAME).contains(&nickname.chars().count()) { Ok(()) } else { Err(65403) }
}

impl Agents {
    pub(crate) fn add(&mut self, account: &str, nickname: &str, settings: &Settings) -> Result<(), i64> {
        check(account, nickname)?;
        if self.find(account).is_some() {
            return Err(65406);
        }
        if self.list.len() >= settings.agents_max {
            return Err(65405);
        }
        self.made += 1;
        self.list.push(Agent {
            account: account.to_owned(),
            nickname: nickname.to_owned(),
            id: 1000 + self.made,
            worker: None,
            picture: String::new(),
        });
        Ok(())
    }

    pub(crate) fn rename(&mut self, account: &str, nickname: &str) -> Result<(), i64> {
        check(account, nickname)?;
        nickname.clone_into(&mut self.find_mut(account)?.nickname);
        Ok(())
    }

    pub(crate) fn remove(&mut self, account: &str) -> Result<(), i64> {
        self.find_mut(account)?;
        self.list.retain(|agent| agent.account != account);
        Ok(())
    }

    /// Asks somebody to sit behind an agent.
    pub(crate) fn invite(&mut self, account: &str, worker: &str) -> Result<(), i64> {
        self.find_mut(account)?;
        if worker.is_empty() {
            return Err(65409);
        }
        let same = |agent: &&Agent| agent.worker.as_ref().is_some_and(|(known, _)| known == worker);
        if let Some(agent) = self.list.iter().find(same) {
            return Err(if agent.bound() { 65407 } else { 65408 });
        }
        self.find_mut(account)?.worker = Some((worker.to_owned(), false));
        Ok(())
    }

    /// Who was asked says yes; the one named, or else whoever the invitation went to.
    pub(crate) fn accept(&mut self, account: &str, worker: Option<&str>) -> Result<&Agent, i64> {
        let agent = self.find_mut(account)?;
        let asked = agent.worker.as_ref().map(|(asked, _)| asked.clone());
        let worker = worker.map(str::to_owned).or(asked).ok_or(65402)?;
        agent.worker = Some((worker, true));
        Ok(agent)
    }

    pub(crate) fn picture(&mut self, account: &str, address: String) -> Result<(), i64> {
        self.find_mut(account)?.picture = address;
        Ok(())
    }

    pub(crate) fn find(&self, account: &str) -> Option<&Agent> {
        self.list.iter().find(|agent| agent.account == account)
    }

    fn find_mut(&mut self, account: &str) -> Result<&mut Agent, i64> {
        self.list.iter_mut().find(|agent| agent.account == account).ok_or(65401)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Agent> {
        self.list.iter()
    }

    /// Those that are at work.
    pub(crate) fn online(&self) -> Vec<Value> {
        self.list.iter().filter_map(Agent::online).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_added_renamed_and_removed() {
        let settings = Settings { agents_max: 2, ..Settings::default() };
        let mut agents = Agents::default();
        assert_eq!(agents.add("a1@shop", "小雁", &settings), Ok(()));
        assert_eq!(agents.add("a1@shop", "小雁", &settings), Err(65406));
        for (account, nickname, code) in [
            ("a1", "n", 65404),
            ("@shop", "n", 65404),
            ("a-1@shop", "n", 65404),
            ("abcdefghijk@shop", "n", 65404),
            ("a2@shop", "", 65403),
            ("a2@shop", "十七个字的名字太长了所以不能用它了", 65403),
        ] {
            assert_eq!(agents.add(account, nickname, &settings), Err(code), "{account} {nickname}");
        }
        assert_eq!(agents.add("a2@shop", "n", &settings), Ok(()));
        assert_eq!(agents.add("a3@shop", "n", &settings), Err(65405));
        assert_eq!(agents.rename("a2@shop", "新名"), Ok(()));
        assert_eq!(agents.find("a2@shop").unwrap().nickname, "新名");
        assert_eq!((agents.remove("a2@shop"), agents.remove("a2@shop")), (Ok(()), Err(65401)));
    }

    #[test]
    fn an_agent_is_bound_once_the_invitation_is_accepted() {
        let settings = Settings::default();
        let mut agents = Agents::default();
        agents.add("a1@shop", "一", &settings).unwrap();
        agents.add("a2@shop", "二", &settings).unwrap();
        assert_eq!(agents.invite("a9@shop", "wx_li"), Err(65401));
        assert_eq!(agents.accept("a1@shop", None).map(|_| ()), Err(65402));
        assert_eq!(agents.invite("a1@shop", "wx_li"), Ok(()));
        assert_eq!(agents.invite("a2@shop", "wx_li"), Err(65408));
        assert_eq!(agents.find("a1@shop").unwrap().to_json()["invite_status"], "waiting");
        assert!(agents.accept("a1@shop", None).unwrap().bound());
        assert_eq!(agents.invite("a2@shop", "wx_li"), Err(65407));
        assert_eq!(agents.online()[0]["kf_account"], "a1@shop");
    }
}
