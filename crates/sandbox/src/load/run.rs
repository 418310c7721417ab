//! Starts each arrival when its time has come, whatever became of the ones before, and adds up.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::direct::Direct;
use super::plan::{Arrival, Plan};
use super::sample::{End, Sample};
use super::tally::{Summary, Tally};
use super::target::{LoadError, Target};
use super::through::Through;
use crate::push::machine::Pace;

/// A run of load.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// Who acts when.
    pub plan: Plan,
    /// What is under load.
    pub target: Target,
    /// Other machines may be put under load.
    pub allow_remote: bool,
    /// Pushes that may be open at once; an arrival beyond that is counted and left out.
    pub in_flight: usize,
    /// What people write, in turn; `{n}` becomes a running number.
    pub texts: Vec<String>,
    /// The keys of the buttons that are tapped, in turn; a running sandbox's own menu comes first.
    pub keys: Vec<String>,
    /// How long a push waits for its answer, and how far apart its tries begin.
    pub push_timeout: Duration,
    /// How often a push is tried in all.
    pub push_tries: u32,
}

/// The most arrivals of one run.
const MOST: f64 = 5_000_000.0;

impl LoadOptions {
    /// A run with the platform's own five seconds and three tries.
    pub fn new(plan: Plan, target: Target) -> Self {
        LoadOptions {
            plan,
            target,
            allow_remote: false,
            in_flight: 1000,
            texts: vec!["load {n}".to_owned()],
            keys: vec!["LOAD".to_owned()],
            push_timeout: Duration::from_secs(5),
            push_tries: 3,
        }
    }

    pub(crate) fn pace(&self) -> Pace {
        let millis = self.push_timeout.as_millis() as u64;
        Pace { timeout_ms: millis, spacing_ms: millis, tries: self.push_tries.max(1) }
    }

    fn check(&self) -> Result<(), LoadError> {
        let plan = &self.plan;
        let wrong = if plan.people == 0 {
            "there must be at least one person"
        } else if !(plan.rate > 0.0 && plan.rate.is_finite()) {
            "the rate must be above 0"
        } else if plan.rate * plan.length.as_secs_f64() > MOST {
            "that would be more than five million arrivals: lower the rate or the time"
        } else if self.in_flight == 0 {
            "at least one push must be allowed in flight"
        } else if self.texts.is_empty() || self.keys.is_empty() {
            "there must be a text and a key"
        } else if plan.twice > 0.0 && matches!(self.target, Target::Sandbox(_)) {
            "a running sandbox delivers twice by its faults, not by this: PUT /_sandbox/faults {\"duplicate\": 1}"
        } else {
            return self.target.check(self.allow_remote);
        };
        Err(LoadError::Number(wrong))
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Arrivals that are planned.
    pub planned: u64,
    /// Pushes that have ended.
    pub ended: u64,
    /// Pushes that are open.
    pub open: u64,
    /// Pushes that failed.
    pub failed: u64,
    /// Arrivals that could not be started.
    pub left_out: u64,
}

enum Driver {
    Direct(Box<Direct>),
    Through(Through),
}

impl Driver {
    async fn act(&self, arrival: Arrival) -> Sample {
        match self {
            Driver::Direct(direct) => direct.act(arrival).await,
            Driver::Through(through) => through.act(arrival).await,
        }
    }
}

/// Counts the refusals of the back end's own calls while a running sandbox still keeps them.
struct Refusals {
    seen: Arc<Mutex<(u64, BTreeMap<String, u64>)>>,
    task: tokio::task::JoinHandle<()>,
}

impl Refusals {
    async fn watch(driver: &Arc<Driver>) -> Self {
        let last = match &**driver {
            Driver::Through(through) => through.last_exchange().await,
            Driver::Direct(_) => 0,
        };
        let seen = Arc::new(Mutex::new((last, BTreeMap::new())));
        let (driver, shared) = (Arc::clone(driver), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            while let Driver::Through(through) = &*driver {
                tokio::time::sleep(Duration::from_millis(500)).await;
                let mut seen = shared.lock().await;
                let (last, counts) = &mut *seen;
                *last = through.errcodes(*last, counts).await;
            }
        });
        Refusals { seen, task }
    }

    async fn end(self, driver: &Driver) -> BTreeMap<String, u64> {
        let mut seen = self.seen.lock().await;
        self.task.abort();
        let (last, counts) = &mut *seen;
        if let Driver::Through(through) = driver {
            *last = through.errcodes(*last, counts).await;
        }
        std::mem::take(counts)
    }
}

/// Runs until the plan is carried out, or until `stop`; then waits for what is open.
pub async fn run(
    options: &LoadOptions,
    progress: impl Fn(Progress),
    stop: impl Future<Output = ()>,
) -> Result<Summary, LoadError> {
    options.check()?;
    let driver = match &options.target {
        Target::Callback(account) => Driver::Direct(Box::new(Direct::new(account, options)?)),
        Target::Sandbox(url) => Driver::Through(Through::prepare(url, options).await?),
    };
    let driver = Arc::new(driver);
    let refusals = Refusals::watch(&driver).await;
    let schedule = options.plan.schedule();
    let mut tally = Tally::default();
    tally.nobody_free = schedule.nobody_free;
    let planned = schedule.arrivals.len() as u64;
    let places = Arc::new(Semaphore::new(options.in_flight));
    let mut open: JoinSet<Sample> = JoinSet::new();
    let mut stop = pin!(stop);
    let mut stopped = false;
    let began = Instant::now();
    let tell = |tally: &Tally, open: u64| {
        progress(Progress {
            planned,
            ended: tally.done(),
            open,
            failed: tally.failed(),
            left_out: tally.full,
        });
    };
    'arrivals: for arrival in schedule.arrivals {
        let due = began + arrival.at;
        loop {
            tokio::select! {
                biased;
                () = &mut stop => {
                    stopped = true;
                    break 'arrivals;
                }
                () = tokio::time::sleep_until(due) => break,
                Some(ended) = open.join_next() => tally.add(&sample(ended, arrival)),
            }
        }
        tally.behind_us = tally.behind_us.max(due.elapsed().as_micros() as u64);
        match Arc::clone(&places).try_acquire_owned() {
            Err(_) => tally.full += 1,
            Ok(place) => {
                let driver = Arc::clone(&driver);
                open.spawn(async move {
                    let sample = driver.act(arrival).await;
                    drop(place);
                    sample
                });
                let now_open = (options.in_flight - places.available_permits()) as u64;
                tally.most_in_flight = tally.most_in_flight.max(now_open);
            }
        }
        tell(&tally, open.len() as u64);
    }
    let arriving = began.elapsed();
    while let Some(ended) = open.join_next().await {
        match ended {
            Ok(sample) => tally.add(&sample),
            Err(_) => tally.add(&Sample::new(super::Action::Text, End::Broken)),
        }
        tell(&tally, open.len() as u64);
    }
    tally.errcodes = refusals.end(&driver).await;
    let about = json!({
        "target": options.target.url(),
        "mode": options.target.mode(),
        "seed": options.plan.seed,
        "people": options.plan.people,
        "rate": options.plan.rate,
        "mix": options.plan.mix.to_string(),
        "whole_seconds": began.elapsed().as_millis() as f64 / 1000.0,
    });
    Ok(tally.summary(arriving.as_secs_f64(), stopped, about))
}

/// A task that broke off counts as broken.
fn sample(ended: Result<Sample, tokio::task::JoinError>, arrival: Arrival) -> Sample {
    ended.unwrap_or_else(|_| Sample::new(arrival.action, End::Broken))
}
