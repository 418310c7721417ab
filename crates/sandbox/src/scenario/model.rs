//! A scenario: the accounts, the people, and what happens in order.

use serde_json::Value;

use super::bad::Place;
use super::pattern::{Limit, Pattern};
use crate::options::{AccountOptions, Options};

/// A scenario that has been read and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file it is from, as it was given.
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) seed: Option<u64>,
    /// What the sandbox's clock shows at the beginning.
    pub(crate) clock_ms: Option<i64>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) people: Vec<Cast>,
    pub(crate) steps: Vec<Step>,
}

impl Scenario {
    /// Its name; the file's when it has none.
    pub fn name(&self) -> &str {
        if self.name.is_empty() { &self.file } else { &self.name }
    }

    /// The file it was read from.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The sandbox it is meant for: its own accounts and seed over what is given.
    pub fn options(&self, given: Options) -> Options {
        let options = Options { seed: self.seed.unwrap_or(given.seed), ..given };
        let accounts: Vec<AccountOptions> =
            self.accounts.iter().map(|account| account.options.clone()).collect();
        options.clone().play(accounts).unwrap_or(options)
    }
}

/// An account that takes part.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// What steps call it.
    pub(crate) id: String,
    pub(crate) options: AccountOptions,
}

/// Somebody who takes part.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    pub(crate) id: String,
    pub(crate) nickname: String,
    /// 1 is iOS, 2 Android, 3 anything else.
    pub(crate) platform: u8,
    /// Accounts followed before the first step; none is the one that steps mean when they name none.
    pub(crate) follows: Vec<Option<String>>,
}

/// One step with its place.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) place: Place,
    /// The step as its first line says it.
    pub(crate) shown: String,
    /// The account it concerns, when it names one.
    pub(crate) account: Option<String>,
    pub(crate) deed: Deed,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// A person acts; the body is the control API's.
    Act {
        person: String,
        verb: &'static str,
        body: Value,
    },
    /// A QR code is made.
    Poster {
        name: String,
        scene: String,
        seconds: Option<i64>,
    },
    /// The faults from here on.
    Faults(Vec<Value>),
    /// The clock moves ahead by so much.
    Advance(i64),
    /// The clock moves to a moment.
    MoveTo(i64),
    /// Every token ends.
    ExpireToken,
    /// The account's own credentials call an endpoint.
    Call {
        path: String,
        body: Option<Value>,
    },
    Expect(Expect, Option<i64>),
}

/// What must have happened.
#[derive(Clone, Debug)]
pub(crate) enum Expect {
    /// A message of the account on somebody's phone.
    Phone {
        person: String,
        message: Wanted,
        save: Option<String>,
    },
    /// How many such messages came since the person last did something.
    Count {
        person: String,
        message: Wanted,
        number: Limit,
    },
    Push(PushWanted),
    Api {
        path: String,
        person: Option<String>,
        errcode: Option<i64>,
    },
    Notice {
        person: String,
        text: Option<Pattern>,
    },
    NoNotice {
        person: String,
    },
}

/// What a message must be; what is left out is not looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) text: Option<Pattern>,
    pub(crate) kind: Option<String>,
    pub(crate) title: Option<Pattern>,
    pub(crate) passive: Option<bool>,
    /// Names of messages it must differ from.
    pub(crate) differs: Vec<String>,
    /// The name of a message it must be like.
    pub(crate) same: Option<String>,
}

/// What a push must have been.
#[derive(Clone, Debug, Default)]
pub(crate) struct PushWanted {
    pub(crate) kind: String,
    pub(crate) person: Option<String>,
    pub(crate) event_key: Option<Pattern>,
    pub(crate) outcome: Option<String>,
    pub(crate) finding: Option<String>,
    pub(crate) tries: Option<Limit>,
    pub(crate) reply_ms: Option<Limit>,
}
