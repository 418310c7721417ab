//! One rule, ready to answer: fetch, then the reply, or `otherwise`.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use hongyan_wire::Inbound;

use super::complaints::Complaints;
use super::draft::Draft;
use super::fetch::{Asker, Fetch, Nothing, Outside};
use super::matcher::capture_names;
use super::scope::{Captures, Scope};
use super::template::{Engine, NoText};
use crate::capability::fit;
use crate::config::{AccountConfig, ConfigError, MessageConfig, Place, RuleConfig, Words};
use crate::message::Message;

/// A rule with everything read that it needs.
pub(crate) struct Rule {
    pub(crate) name: Arc<str>,
    fetch: Vec<Fetch>,
    reply: Vec<Draft>,
    otherwise: Vec<Draft>,
    /// The messages of a rule that always says the same.
    fixed: Option<Vec<Message>>,
    /// Where it stands.
    place: Place,
    complaints: Complaints,
}

/// What a rule came up with.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) messages: Vec<Message>,
    /// Why it was not the reply, when it was not.
    pub(crate) instead: Option<Words>,
    /// The reply could not be made and neither could anything else.
    pub(crate) failed: bool,
}

impl Rule {
    pub(crate) fn read(
        config: &RuleConfig,
        account: &AccountConfig,
        engine: &mut Engine,
        databases: &[&str],
        folder: &Path,
    ) -> Result<Rule, ConfigError> {
        let names = capture_names(config)?;
        let fetch: Vec<Fetch> = config
            .fetch
            .iter()
            .map(|fetch| Fetch::read(fetch, engine, &names, databases))
            .collect::<Result<_, _>>()?;
        if let Some(place) = config.fetch.first().map(|first| &first.place)
            && fetch.first().is_some_and(uses_fetched)
        {
            return Err(ConfigError::at(
                place.clone(),
                Words::new(
                    "the first fetch cannot use what is fetched later",
                    "第一个 fetch 不能使用之后才获取的值",
                ),
            ));
        }
        let mut drafts = |list: &[MessageConfig]| -> Result<Vec<Draft>, ConfigError> {
            list.iter().map(|one| Draft::read(one, &config.place, engine, &names, folder)).collect()
        };
        let reply = drafts(&config.reply)?;
        let otherwise = drafts(&config.otherwise)?;
        if fetch.is_empty() {
            nothing_fetched(config, &config.reply, &reply, "the rule has no `fetch`", "规则没有 `fetch`")?;
        }
        let (en, zh) = ("`otherwise` answers when nothing was fetched", "`otherwise` 在没有获取到内容时回复");
        nothing_fetched(config, &config.otherwise, &otherwise, en, zh)?;
        order(config, &config.reply, &reply)?;
        order(config, &config.otherwise, &otherwise)?;
        let mut rule = Rule {
            name: config.name.clone(),
            fetch,
            reply,
            otherwise,
            fixed: None,
            place: config.place.clone(),
            complaints: Complaints::default(),
        };
        if rule.fetch.is_empty() && rule.reply.iter().all(Draft::is_fixed) {
            let nobody = minijinja::Value::default();
            rule.fixed = render(&rule.reply, account, engine, &nobody).ok();
        }
        Ok(rule)
    }

    /// The messages, when they are always the same.
    pub(crate) fn fixed(&self) -> Option<&[Message]> {
        self.fixed.as_deref()
    }

    /// Whether something must be fetched first.
    pub(crate) fn fetches(&self) -> bool {
        !self.fetch.is_empty()
    }

    /// The answer of a rule that fetches nothing.
    pub(crate) fn answer(
        &self,
        account: &AccountConfig,
        engine: &Engine,
        push: &Inbound,
        captures: &Captures,
    ) -> Outcome {
        let values = Scope::new(push, captures).to_template();
        match render(&self.reply, account, engine, &values) {
            Ok(messages) => Outcome { messages, instead: None, failed: false },
            Err(NoText(why)) => self.otherwise(why, true, account, engine, &values),
        }
    }

    /// The answer of a rule that fetches.
    pub(crate) async fn work(
        &self,
        account: &AccountConfig,
        engine: &Engine,
        outside: &Outside,
        push: &Inbound,
        captures: &Captures,
        exchange: &str,
    ) -> Outcome {
        let mut scope = Scope::new(push, captures);
        let asker = Asker { account: &account.name, rule: &self.name, user: push.from.as_str(), exchange };
        for fetch in &self.fetch {
            match fetch.run(outside, engine, &scope, &asker).await {
                Ok(value) => scope.add_fetched(value),
                // Nobody answers in its place: the run fails, is counted, and is told with its exchange.
                Err(Nothing::Failed(why)) if self.otherwise.is_empty() => {
                    return Outcome { messages: Vec::new(), instead: Some(why), failed: true };
                }
                Err(Nothing::Empty(why) | Nothing::Failed(why)) => {
                    // An outage has been logged by the fetch, once; this answer is as good as it gets.
                    return self.otherwise(why, false, account, engine, &scope.to_template());
                }
            }
        }
        let values = scope.to_template();
        match render(&self.reply, account, engine, &values) {
            Ok(messages) => Outcome { messages, instead: None, failed: false },
            Err(NoText(why)) => self.otherwise(why, true, account, engine, &values),
        }
    }

    /// What is said when whoever answers in the rule's place does not.
    pub(crate) fn instead(
        &self,
        account: &AccountConfig,
        engine: &Engine,
        push: &Inbound,
        captures: &Captures,
    ) -> Vec<Message> {
        if self.otherwise.is_empty() {
            return Vec::new();
        }
        let values = Scope::new(push, captures).to_template();
        render(&self.otherwise, account, engine, &values).unwrap_or_else(|NoText(why)| {
            self.complain(account, &why, "a template of `otherwise` fails; nothing is said");
            Vec::new()
        })
    }

    /// Logs what is wrong with the rule itself, which neither `otherwise` nor the user tells anybody.
    fn complain(&self, account: &AccountConfig, why: &Words, what: &'static str) {
        if self.complaints.new_one(&why.en, Instant::now()) {
            let at = &self.place;
            tracing::warn!(account = account.name, rule = &*self.name, %at, why = why.en, "{what}");
        }
    }

    /// The answer in place of the reply; `failed` means that the rule's own template is at fault.
    fn otherwise(
        &self,
        why: Words,
        failed: bool,
        account: &AccountConfig,
        engine: &Engine,
        values: &minijinja::Value,
    ) -> Outcome {
        if self.otherwise.is_empty() {
            if failed {
                self.complain(account, &why, "a template of the rule fails; nothing is said");
            }
            return Outcome { messages: Vec::new(), instead: Some(why), failed };
        }
        if failed {
            self.complain(account, &why, "a template of the rule fails; `otherwise` answers");
        }
        match render(&self.otherwise, account, engine, values) {
            Ok(messages) => Outcome { messages, instead: Some(why), failed: false },
            Err(NoText(also)) => {
                self.complain(account, &also, "a template of `otherwise` fails; nothing is said");
                let both = Words::new(
                    format!("{}; `otherwise` failed too: {}", why.en, also.en),
                    format!("{}；`otherwise` 也失败了：{}", why.zh, also.zh),
                );
                Outcome { messages: Vec::new(), instead: Some(both), failed: true }
            }
        }
    }
}

/// The messages that are left when empty ones and those the account may not send are gone.
fn render(
    drafts: &[Draft],
    account: &AccountConfig,
    engine: &Engine,
    values: &minijinja::Value,
) -> Result<Vec<Message>, NoText> {
    let mut messages =
        drafts.iter().map(|draft| draft.render(engine, values)).collect::<Result<Vec<_>, _>>()?;
    messages.retain(|message| !message.is_empty());
    Ok(fit(account, messages))
}

fn uses_fetched(fetch: &Fetch) -> bool {
    fetch.uses("fetched") || fetch.uses("fetches")
}

/// Refuses templates that use what cannot be there.
fn nothing_fetched(
    config: &RuleConfig,
    messages: &[MessageConfig],
    drafts: &[Draft],
    en: &str,
    zh: &str,
) -> Result<(), ConfigError> {
    let uses = |draft: &Draft| draft.uses("fetched") || draft.uses("fetches");
    let Some(message) = drafts.iter().position(uses).and_then(|index| messages.get(index)) else {
        return Ok(());
    };
    Err(ConfigError::at(
        message.place("").unwrap_or(&config.place).clone(),
        Words::new(format!("the template uses `fetched`, but {en}"), format!("模板用到了 `fetched`，但{zh}")),
    ))
}

/// `none` stands alone, `transfer` only comes first, and only the first news has several articles.
fn order(config: &RuleConfig, messages: &[MessageConfig], drafts: &[Draft]) -> Result<(), ConfigError> {
    for (index, (draft, message)) in drafts.iter().zip(messages).enumerate() {
        let articles = message.value.pointer("/news/articles").or_else(|| message.value.pointer("/news"));
        let articles = articles.and_then(serde_json::Value::as_array).map_or(1, Vec::len);
        let what = match draft.kind() {
            "none" if drafts.len() > 1 => Words::new(
                "`none` cannot stand in a list with other messages",
                "`none` 不能与其他消息同在一个列表",
            ),
            "transfer" if index > 0 => {
                Words::new("`transfer` can only be the first message", "`transfer` 只能是第一条消息")
            }
            "news" if index > 0 && articles > 1 => Words::new(
                "only the first message of a list can be news with several articles: customer service takes exactly one",
                "只有列表的第一条消息可以是多篇图文：客服消息只能有一篇",
            ),
            _ => continue,
        };
        return Err(ConfigError::at(message.place("").unwrap_or(&config.place).clone(), what));
    }
    Ok(())
}
