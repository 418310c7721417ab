//! What is counted, in Prometheus' text format.
//!
//! Labels hold accounts, outcomes and codes, never an OpenID: their number stays small.

mod page;

use std::sync::atomic::{AtomicU64, Ordering};

use hongyan_server::Stats;

use crate::outbox::machine::State;
pub(crate) use page::{Kind, Page};

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How messages of one account ended on this gateway.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    sent: Counter,
    failed: Counter,
    expired: Counter,
    unknown: Counter,
    /// Attempts after which the message will be tried again.
    pub(crate) postponed: Counter,
}

impl Endings {
    /// A message has come to its end.
    pub(crate) fn ended(&self, state: State) {
        match state {
            State::Sent => self.sent.add(),
            State::Failed => self.failed.add(),
            State::Expired => self.expired.add(),
            State::Unknown => self.unknown.add(),
            State::Queued | State::Sending => {}
        }
    }

    fn by_state(&self) -> [(&'static str, u64); 4] {
        let pairs = [
            (State::Sent, &self.sent),
            (State::Failed, &self.failed),
            (State::Expired, &self.expired),
            (State::Unknown, &self.unknown),
        ];
        pairs.map(|(state, counter)| (state.as_str(), counter.get()))
    }
}

/// Answers of the API by the first digit of their status.
#[derive(Debug, Default)]
pub(crate) struct Answers([Counter; 6]);

impl Answers {
    pub(crate) fn add(&self, status: u16) {
        self.0[usize::from(status / 100).min(5)].add();
    }
}

/// One account as the page shows it.
pub(crate) struct Account<'a> {
    pub(crate) name: &'a str,
    pub(crate) stats: Stats,
    pub(crate) running: usize,
    pub(crate) endings: &'a Endings,
}

/// What the page shows beside the accounts.
pub(crate) struct Rest<'a> {
    pub(crate) answers: &'a Answers,
    /// How long the message that has waited longest beyond its time does so, in seconds; `None` without an answer.
    pub(crate) outbox_delay: Option<f64>,
    /// Whether Redis answers, where there is one.
    pub(crate) redis: Option<bool>,
    /// Copies sent, failed, and dropped because too many waited.
    pub(crate) copies: [u64; 3],
}

/// The whole page.
pub(crate) fn page(accounts: &[Account<'_>], rest: &Rest<'_>) -> String {
    let mut page = Page::default();
    pushes(&mut page, accounts);
    page.family("hongyan_runs_open", Kind::Gauge, "Handlers that run at this moment.");
    for account in accounts {
        page.sample("hongyan_runs_open", &[("account", account.name)], account.running as f64);
    }
    page.family(
        "hongyan_messages_total",
        Kind::Counter,
        "Messages of the outbox by how they ended on this gateway.",
    );
    for account in accounts {
        for (state, count) in account.endings.by_state() {
            page.sample(
                "hongyan_messages_total",
                &[("account", account.name), ("state", state)],
                count as f64,
            );
        }
    }
    page.family(
        "hongyan_send_retries_total",
        Kind::Counter,
        "Attempts after which a message waits for another.",
    );
    for account in accounts {
        let count = account.endings.postponed.get() as f64;
        page.sample("hongyan_send_retries_total", &[("account", account.name)], count);
    }
    page.family(
        "hongyan_outbox_delay_seconds",
        Kind::Gauge,
        "How long the longest-waiting lane is beyond its time.",
    );
    if let Some(delay) = rest.outbox_delay {
        page.sample("hongyan_outbox_delay_seconds", &[], delay);
    }
    page.family("hongyan_database_up", Kind::Gauge, "Whether the gateway's database answered just now.");
    page.sample("hongyan_database_up", &[], f64::from(u8::from(rest.outbox_delay.is_some())));
    if let Some(up) = rest.redis {
        page.family("hongyan_redis_up", Kind::Gauge, "Whether there is a connection to Redis.");
        page.sample("hongyan_redis_up", &[], f64::from(u8::from(up)));
    }
    page.family("hongyan_copies_total", Kind::Counter, "Copies of pushes for second systems.");
    for (outcome, count) in ["sent", "failed", "dropped"].into_iter().zip(rest.copies) {
        page.sample("hongyan_copies_total", &[("outcome", outcome)], count as f64);
    }
    page.family("hongyan_api_answers_total", Kind::Counter, "Answers of the API by class of status.");
    for (digit, counter) in rest.answers.0.iter().enumerate().skip(1) {
        page.sample("hongyan_api_answers_total", &[("status", &format!("{digit}xx"))], counter.get() as f64);
    }
    page.text()
}

fn pushes(page: &mut Page, accounts: &[Account<'_>]) {
    const OUTCOMES: &str = "Pushes and tries by what became of them; a push can count in several.";
    page.family("hongyan_pushes_total", Kind::Counter, OUTCOMES);
    for account in accounts {
        let stats = &account.stats;
        let outcomes = [
            ("run", stats.runs),
            ("repeated", stats.deduped),
            ("delivered", stats.delivered),
            ("late", stats.late),
            ("held", stats.held),
            ("cut", stats.cut),
            ("panicked", stats.panicked),
            ("failed", stats.failed),
            ("unfit", stats.unfit),
            ("alone", stats.alone),
            ("handshake", stats.handshakes),
        ];
        for (outcome, count) in outcomes {
            page.sample(
                "hongyan_pushes_total",
                &[("account", account.name), ("outcome", outcome)],
                count as f64,
            );
        }
    }
    page.family(
        "hongyan_pushes_refused_total",
        Kind::Counter,
        "Requests to the callback that were refused, by reason.",
    );
    for account in accounts {
        for (reason, count) in &account.stats.refused {
            let labels = [("account", account.name), ("reason", reason)];
            page.sample("hongyan_pushes_refused_total", &labels, *count as f64);
        }
    }
}
