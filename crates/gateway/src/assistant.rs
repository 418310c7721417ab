//! A language model answers: any endpoint that speaks the OpenAI chat protocol.
//!
//! `chat` asks it, `plain` takes the Markdown out of what it says, `pieces` cuts that into messages. `memory` is what
//! was said before, `usage` what each person has used today, `turns` whose question is being worked on.

mod plain;
mod pieces;
mod memory;
mod usage;
mod turns;
mod typing;
mod chat;
mod answer;

use std::sync::{Arc, Mutex, PoisonError};

use hongyan_wire::{Clock, OpenId, Timestamp};
use tokio::time::Instant;

use crate::config::AssistantConfig;
use crate::forward::Forwarder;
use crate::store::{Store, StoreError};
pub(crate) use answer::Assisted;
use memory::{Memory, Turn};
use turns::Turns;

/// What the models of one account have in common.
pub(crate) struct Assistant {
    account: Arc<str>,
    store: Store,
    clock: Arc<dyn Clock>,
    forwarder: Arc<Forwarder>,
    memory: Mutex<Memory>,
    pub(crate) turns: Arc<Turns>,
}

/// Why there is no answer of the model.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// This is said instead.
    Instead(String),
    /// Something failed.
    Failed(String),
}

impl Assistant {
    pub(crate) fn new(
        account: Arc<str>,
        store: Store,
        clock: Arc<dyn Clock>,
        forwarder: Arc<Forwarder>,
    ) -> Self {
        Self { account, store, clock, forwarder, memory: Mutex::default(), turns: Arc::default() }
    }

    /// Asks the model a person's question; gives the answer as plain text.
    pub(crate) async fn ask(
        &self,
        rule: &Arc<str>,
        openid: &OpenId,
        with: &AssistantConfig,
        question: &str,
        end: Instant,
    ) -> Result<String, NoAnswer> {
        let now = self.clock.now();
        let client = self.forwarder.client();
        let store = |error: StoreError| NoAnswer::Failed(format!("the database failed: {error}"));
        let allowed = usage::ask(&self.store, &self.account, openid, &with.per_day, now).await;
        if !allowed.map_err(store)? {
            return Err(NoAnswer::Instead(with.per_day.reply.clone()));
        }
        self.moderated(with, question, end).await?;
        let before = self.remembered(rule, openid, with.history, now);
        let said = chat::ask(client, with, &before, question, end).await.map_err(NoAnswer::Failed)?;
        let spent = usage::spent(&self.store, &self.account, openid, &with.per_day, said.tokens, now).await;
        if let Err(error) = spent {
            tracing::warn!(account = %self.account, %error, "what an answer took was not counted");
        }
        self.moderated(with, &said.text, end).await?;
        let turn = Turn { question: question.to_owned(), answer: said.text.clone() };
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.add(rule, openid, turn, with.history, now);
        drop(memory);
        Ok(plain::plain(&said.text))
    }

    /// A text that nobody could look at is not permitted either.
    async fn moderated(&self, with: &AssistantConfig, text: &str, end: Instant) -> Result<(), NoAnswer> {
        let Some(moderation) = &with.moderation else { return Ok(()) };
        match chat::permitted(self.forwarder.client(), moderation, text, end).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(NoAnswer::Instead(moderation.reply.clone())),
            Err(why) => Err(NoAnswer::Failed(format!("moderation: {why}"))),
        }
    }

    fn remembered(&self, rule: &Arc<str>, openid: &OpenId, most: usize, now: Timestamp) -> Vec<Turn> {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.turns(rule, openid, most, now)
    }
}

/// Forgets what people used on days long past.
pub(crate) async fn tidy(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    usage::tidy(store, now).await
}
