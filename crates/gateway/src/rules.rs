//! Rules: what an account answers by itself, from the first look at a push to the messages.
//!
//! A rule that always says the same is answered without a lock, a template or I/O; one with templates without I/O;
//! only one that fetches becomes work to be waited for.

mod template;
mod scope;
mod tree;
mod matcher;
mod sql;
mod http;
mod cache;
mod rotate;
mod fetch;
mod draft;
mod complaints;
mod rule;
mod probe;
mod explain;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hongyan_wire::{Inbound, Timestamp};

pub use explain::{Explanation, explain, explain_push};
pub use rotate::{Cycle, MemoryRotation, Rotation, RotationError, RotationKey, RowId};

use crate::config::{AccountConfig, ConfigError, ForwardConfig, HandOver, Words};
use crate::db::Db;
use crate::message::Message;
use fetch::Outside;
use matcher::{Found, Matcher};
use rule::{Outcome, Rule};
use scope::Captures;
use template::Engine;

/// What rules need from outside.
#[derive(Clone)]
pub struct RuleParts {
    /// The databases by name.
    pub databases: BTreeMap<String, Db>,
    /// The client for web services; it does not follow redirects to other hosts.
    pub http: reqwest::Client,
    /// Who has been shown which rows.
    pub rotation: Arc<dyn Rotation>,
}

impl RuleParts {
    /// The parts, with a client that keeps to the rules' hosts.
    pub fn new(
        databases: BTreeMap<String, Db>,
        rotation: Arc<dyn Rotation>,
    ) -> Result<RuleParts, ConfigError> {
        let http = http::client().map_err(|error| {
            ConfigError::new(Words::new(
                format!("the HTTP client for rules does not start: {error}"),
                format!("规则使用的 HTTP 客户端无法启动：{error}"),
            ))
        })?;
        Ok(RuleParts { databases, http, rotation })
    }
}

/// The rules of one account, ready to answer. Cheap to clone.
#[derive(Clone)]
pub struct Rules(Arc<Book>);

struct Book {
    account: AccountConfig,
    matcher: Matcher,
    engine: Engine,
    rules: Vec<Rule>,
    outside: Outside,
}

/// What to do about a push.
pub enum Plan {
    /// No rule matches.
    None,
    /// The answer is known; no messages mean that nothing is said.
    Ready {
        /// The rule's name.
        rule: Arc<str>,
        /// The messages in order.
        messages: Vec<Message>,
    },
    /// Something must be fetched first.
    Work {
        /// The rule's name.
        rule: Arc<str>,
        /// The fetch and the making of the messages.
        work: BoxFuture<'static, Result<Vec<Message>, WorkError>>,
    },
    /// Somebody else answers.
    HandOver {
        /// The rule's name.
        rule: Arc<str>,
        /// Who answers.
        to: HandOver,
        /// What is said when nobody does.
        otherwise: Vec<Message>,
    },
}

/// What to do about a push, and who gets a copy of it.
pub struct Planned {
    /// What to do.
    pub plan: Plan,
    /// Who gets a copy.
    pub copies: Vec<Arc<ForwardConfig>>,
}

/// A rule could make neither its reply nor `otherwise`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("rule {rule} has no answer: {why}")]
pub struct WorkError {
    /// The rule's name.
    pub rule: Arc<str>,
    /// Why, without a word of the user's.
    pub why: String,
}

impl Rules {
    /// Reads the rules of an account.
    pub fn compile(account: &AccountConfig, parts: &RuleParts) -> Result<Rules, ConfigError> {
        let names: Vec<&str> = parts.databases.keys().map(String::as_str).collect();
        let (matcher, engine, rules) = read(account, &names)?;
        let RuleParts { databases, http, rotation } = parts.clone();
        let outside = Outside { databases, http, rotation };
        Ok(Rules(Arc::new(Book { account: account.clone(), matcher, engine, rules, outside })))
    }

    /// Asks the databases whether they understand the queries: a query that cannot be parsed is refused with its
    /// line, other complaints are warnings, and a database that is away is passed over.
    pub async fn check_queries(&self) -> Result<Vec<Words>, ConfigError> {
        probe::queries(&self.0.account, &self.0.outside.databases).await
    }

    /// What to do about a push. Does no I/O itself.
    pub fn plan(&self, push: &Arc<Inbound>, _now: Timestamp) -> Plan {
        self.planned(push, "").plan
    }

    /// The same, with those who get a copy: of every push by the account, of this one by its rule.
    /// `exchange` is what the log calls this push.
    pub fn planned(&self, push: &Arc<Inbound>, exchange: &str) -> Planned {
        let account = &self.0.account;
        let mut copies = account.copy_to.clone();
        let Some(Found { rule, captures }) = self.0.matcher.find(push) else {
            return Planned { plan: Plan::None, copies };
        };
        copies.extend(account.rules.get(rule).iter().flat_map(|rule| rule.copy_to.iter().cloned()));
        Planned { plan: self.plan_of(rule, captures, push, exchange), copies }
    }

    fn plan_of(&self, number: usize, captures: Captures, push: &Arc<Inbound>, exchange: &str) -> Plan {
        let Some(rule) = self.0.rules.get(number) else { return Plan::None };
        let name = rule.name.clone();
        if let Some(to) = self.0.account.rules.get(number).and_then(|rule| rule.hand_over.clone()) {
            let otherwise = rule.instead(&self.0.account, &self.0.engine, push, &captures);
            return Plan::HandOver { rule: name, to, otherwise };
        }
        if let Some(messages) = rule.fixed() {
            return Plan::Ready { rule: name, messages: messages.to_vec() };
        }
        if !rule.fetches() {
            let outcome = rule.answer(&self.0.account, &self.0.engine, push, &captures);
            // What failed has been logged; nothing is said then.
            return Plan::Ready { rule: name, messages: outcome.messages };
        }
        let (book, push, exchange) = (self.0.clone(), push.clone(), exchange.to_owned());
        let work = async move {
            let outcome = book.work(number, &push, &captures, &exchange).await;
            outcome.map_or(Ok(Vec::new()), |outcome| match book.rules.get(number) {
                Some(rule) => finish(rule.name.clone(), outcome),
                None => Ok(Vec::new()),
            })
        };
        Plan::Work { rule: name, work: Box::pin(work) }
    }

    /// The rule's number and what it came up with, fetches included.
    async fn outcome(&self, push: &Inbound) -> Option<(usize, Outcome)> {
        let Found { rule, captures } = self.0.matcher.find(push)?;
        let outcome = self.0.work(rule, push, &captures, "").await?;
        Some((rule, outcome))
    }
}

impl Book {
    async fn work(
        &self,
        number: usize,
        push: &Inbound,
        captures: &Captures,
        exchange: &str,
    ) -> Option<Outcome> {
        let rule = self.rules.get(number)?;
        Some(rule.work(&self.account, &self.engine, &self.outside, push, captures, exchange).await)
    }
}

fn finish(rule: Arc<str>, outcome: Outcome) -> Result<Vec<Message>, WorkError> {
    let Outcome { messages, instead, failed } = outcome;
    if failed {
        return Err(WorkError { rule, why: instead.map(|words| words.en).unwrap_or_default() });
    }
    Ok(messages)
}

fn read(account: &AccountConfig, databases: &[&str]) -> Result<(Matcher, Engine, Vec<Rule>), ConfigError> {
    let mut engine = Engine::new();
    let matcher = Matcher::new(&account.rules)?;
    let rules = account
        .rules
        .iter()
        .map(|rule| Rule::read(rule, account, &mut engine, databases, &account.folder))
        .collect::<Result<_, _>>()?;
    Ok((matcher, engine, rules))
}

/// Refuses rules that could not answer: bad expressions, templates, queries, unknown databases, missing files.
pub(crate) fn check(
    account: &AccountConfig,
    databases: &BTreeMap<String, String>,
) -> Result<(), ConfigError> {
    let names: Vec<&str> = databases.keys().map(String::as_str).collect();
    read(account, &names).map(drop)
}
