//! Subscription messages (订阅通知): the account's templates, and what each person has agreed to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::act::{Act, Refusal};
use super::rights::{Right, may};
use super::{World, template};
use crate::push::events;

/// The template every fresh account has.
pub(crate) const TEMPLATE: &str = "subscribe-template-1";

/// One template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) id: String,
    pub(crate) title: String,
    /// Lines such as `内容:{{thing1.DATA}}`.
    pub(crate) content: String,
    /// Agreed to once and for all; otherwise each agreement is good for one message.
    pub(crate) long_term: bool,
}

impl Notice {
    /// The template as the platform lists it.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "priTmplId": self.id,
            "title": self.title,
            "content": self.content,
            "example": "",
            "type": if self.long_term { 3 } else { 2 },
        })
    }

    /// The text with the data put in.
    pub(crate) fn filled(&self, data: &Map<String, Value>) -> String {
        template::fill(&self.content, data)
    }
}

/// The templates of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Notices {
    list: Vec<Notice>,
    made: u64,
    sent: u64,
}

impl Default for Notices {
    fn default() -> Self {
        let first = Notice {
            id: TEMPLATE.to_owned(),
            title: "到货通知".to_owned(),
            content: "商品:{{thing1.DATA}}\n时间:{{time2.DATA}}\n".to_owned(),
            long_term: false,
        };
        Notices { list: vec![first], made: 1, sent: 0 }
    }
}

/// Keywords a template may be made of, by their numbers: the name, and the key their value goes by.
pub(crate) const KEYWORDS: [(u64, &str, &str); 5] = [
    (1, "商品", "thing1"),
    (2, "时间", "time2"),
    (3, "单号", "character_string3"),
    (4, "金额", "amount4"),
    (5, "备注", "thing5"),
];

impl Notices {
    /// Adds a template made of these keywords.
    pub(crate) fn add(&mut self, title: &str, keywords: &[u64], most: usize) -> Result<String, i64> {
        if self.list.len() >= most {
            return Err(200_012);
        }
        let line = |number: &u64| {
            let (_, name, key) = KEYWORDS.iter().find(|(known, ..)| known == number)?;
            Some(format!("{name}:{{{{{key}.DATA}}}}\n"))
        };
        let content = keywords.iter().map(line).collect::<Option<String>>().ok_or(200_020_i64)?;
        self.made += 1;
        let id = format!("subscribe-template-{}", self.made);
        self.list.push(Notice { id: id.clone(), title: title.to_owned(), content, long_term: false });
        Ok(id)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Result<(), i64> {
        let before = self.list.len();
        self.list.retain(|notice| notice.id != id);
        if self.list.len() == before { Err(200_014) } else { Ok(()) }
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Notice> {
        self.list.iter().find(|notice| notice.id == id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Notice> {
        self.list.iter()
    }

    /// The number of a new message.
    pub(crate) fn number(&mut self) -> u64 {
        self.sent += 1;
        2_400_000_000_000_000_000 + self.sent
    }
}

/// What one person has answered, by template: messages that may still be sent; none after a refusal.
pub(crate) type Agreed = BTreeMap<String, u32>;

/// The most agreements of one person to one template that are kept.
const MOST: u32 = 1000;

impl World {
    /// The person answers a pop-up, or changes their mind in the settings; the platform pushes which.
    pub(crate) fn answer_subscription(&mut self, at: usize, openid: &str, body: &Value, now_ms: i64) -> Act {
        const EXAMPLE: &str = "send {\"template_id\": \"subscribe-template-1\", \"accept\": true, \"where\": \"page\"}; `where` is page, article or settings";
        self.known(at, openid)?;
        let account = &self.accounts[at];
        if !may(account.kind, account.verified, Right::Subscriptions) {
            return Err(Refusal::new(
                409,
                "this kind of account has no subscription messages",
                "use a verified account",
            ));
        }
        let many = body["template_ids"].as_array().map(Vec::as_slice);
        let ids: Vec<String> = many
            .unwrap_or(std::slice::from_ref(&body["template_id"]))
            .iter()
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect();
        if ids.is_empty() {
            return Err(Refusal::new(400, "which template?", EXAMPLE));
        }
        if let Some(id) = ids.iter().find(|id| account.notices.find(id).is_none()) {
            let known: Vec<&str> = account.notices.iter().map(|notice| notice.id.as_str()).collect();
            let hint = format!("the templates are: {}", known.join(", "));
            return Err(Refusal::new(404, format!("the account has no subscription template {id}"), hint));
        }
        let accept = body["accept"].as_bool().unwrap_or(true);
        let scene = match body["where"].as_str().unwrap_or("page") {
            "page" => Some(1),
            "article" => Some(2),
            "settings" => None,
            other => return Err(Refusal::new(400, format!("there is no place {other:?}"), EXAMPLE)),
        };
        if let Some(follower) = self.accounts[at].follower_mut(openid) {
            for id in &ids {
                match (accept, scene) {
                    (false, _) => drop(follower.agreed.remove(id)),
                    // In the settings one only takes back a refusal; it allows no message by itself.
                    (true, None) => drop(follower.agreed.entry(id.clone()).or_default()),
                    (true, Some(_)) => {
                        let left = follower.agreed.entry(id.clone()).or_default();
                        *left = (*left + 1).min(MOST);
                    }
                }
            }
        }
        self.tell_user(at, openid, now_ms);
        let own = events::subscription_answered(&ids, accept, scene);
        Ok(vec![self.plan(at, openid, "event", own, now_ms)])
    }
}
