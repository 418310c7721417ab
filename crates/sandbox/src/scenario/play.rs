//! Plays a scenario against a running sandbox: acts, waits by events, and reports.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::link::{Asked, Link};
use super::model::{Cast, Deed, Scenario, Step};
use super::report::{Outcome, Report, StepReport};
use super::steps::OPENID;
use super::troupe::Troupe;
use super::words::Words;

/// How long a back end may take for its handshake before the first step.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a step did not go as it should.
#[derive(Debug)]
pub(crate) struct Missed {
    pub(crate) expected: Words,
    pub(crate) got: Words,
}

/// Somebody who takes part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    /// With the account that steps mean when they name none.
    pub(crate) openid: String,
    /// With each account, in their order.
    pub(crate) views: Vec<View>,
}

/// Somebody's chat with one account, and how far it has been looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) openid: String,
    /// The last message that an expectation has met.
    pub(crate) met: u64,
    /// The last message before the person did something last.
    pub(crate) before_act: u64,
    /// The last notice that was expected.
    pub(crate) noticed: u64,
}

/// Plays scenarios against one sandbox.
pub struct Player {
    pub(crate) link: Link,
    troupe: Troupe,
    /// The account of the present step.
    pub(crate) at: usize,
    pub(crate) people: BTreeMap<String, Person>,
    posters: BTreeMap<(usize, String), String>,
    pub(crate) saved: BTreeMap<String, Value>,
    /// The last push and the last call of each account that an expectation has met.
    pub(crate) last_push: Vec<u64>,
    pub(crate) last_call: Vec<u64>,
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Player").field("troupe", &self.troupe).finish_non_exhaustive()
    }
}

impl Player {
    /// Connects to the sandbox at this address. The AppID says which account steps mean when they name none (the
    /// first when it is not there); the secret is for its `call` steps.
    ///
    /// # Errors
    /// When there is no sandbox.
    pub async fn connect(url: &str, app_id: &str, secret: &str) -> Result<Player, Words> {
        Ok(Player {
            link: Link::connect(url).await?,
            troupe: Troupe::new(app_id, secret),
            at: 0,
            people: BTreeMap::new(),
            posters: BTreeMap::new(),
            saved: BTreeMap::new(),
            last_push: Vec::new(),
            last_call: Vec::new(),
        })
    }

    /// Knows another account's secret, for `call` steps that name it.
    pub fn knows(&mut self, app_id: &str, secret: &str) {
        self.troupe.knows(app_id, secret);
    }

    /// Plays a scenario to its end or its first failure, and tells each step as it ends.
    pub async fn play(&mut self, scenario: &Scenario, mut tell: impl FnMut(&StepReport)) -> Report {
        let mut steps = Vec::new();
        let begun = Instant::now();
        let mut broken = false;
        if let Err(got) = self.begin(scenario).await {
            let expected = Words::new("the people and the account are ready", "人和公众号都已就绪");
            let step = StepReport {
                line: 0,
                step: "begin".to_owned(),
                outcome: Outcome::Failed,
                took_ms: begun.elapsed().as_millis() as u64,
                expected: Some(expected),
                got: Some(got),
            };
            tell(&step);
            steps.push(step);
            broken = true;
        }
        for step in &scenario.steps {
            let begun = Instant::now();
            let missed = if broken { None } else { self.step(step).await.err() };
            let outcome = match (&missed, broken) {
                (Some(_), _) => Outcome::Failed,
                (None, true) => Outcome::Skipped,
                (None, false) => Outcome::Ok,
            };
            broken |= missed.is_some();
            let (expected, got) = missed.map(|missed| (missed.expected, missed.got)).unzip();
            let report = StepReport {
                line: step.place.line,
                step: step.shown.clone(),
                outcome,
                took_ms: begun.elapsed().as_millis() as u64,
                expected,
                got,
            };
            tell(&report);
            steps.push(report);
        }
        if !scenario.steps.iter().any(|step| matches!(step.deed, Deed::Faults(_))) {
            return Report { name: scenario.name().to_owned(), file: scenario.file.clone(), steps };
        }
        // A sandbox that goes on is left without this scenario's faults.
        let _ = self.link.send("DELETE", "faults", None).await;
        Report { name: scenario.name().to_owned(), file: scenario.file.clone(), steps }
    }

    async fn begin(&mut self, scenario: &Scenario) -> Asked<()> {
        self.people.clear();
        self.posters.clear();
        self.saved.clear();
        self.troupe.enter(scenario, &self.link.get("accounts").await?);
        if let Some(moment) = scenario.clock_ms {
            self.move_to(moment).await?;
        }
        let named = scenario.steps.iter().filter_map(|step| step.account.as_ref());
        let followed = scenario.people.iter().flat_map(|cast| &cast.follows);
        let mut in_use = vec![self.troupe.usual()];
        for name in named.chain(followed.filter_map(Option::as_ref)) {
            in_use.push(self.troupe.find(name)?);
        }
        in_use.sort_unstable();
        in_use.dedup();
        for at in in_use {
            let app_id = self.troupe.app_id(at).to_owned();
            self.link.ready(&app_id, PATIENCE).await?;
        }
        for cast in &scenario.people {
            let person = self.create(cast).await?;
            self.people.insert(cast.id.clone(), person);
        }
        (self.last_push, self.last_call) = (Vec::new(), Vec::new());
        for at in 0..self.troupe.len() {
            self.at = at;
            let (push, call) = (self.last("push").await?, self.last("api").await?);
            self.last_push.push(push);
            self.last_call.push(call);
        }
        Ok(())
    }

    async fn last(&self, direction: &str) -> Asked<u64> {
        let limited = format!("{}exchanges?direction={direction}&limit=1", self.base());
        Ok(self.link.get(&limited).await?[0]["id"].as_u64().unwrap_or_default())
    }

    /// How the control API's paths for the present account begin.
    pub(crate) fn base(&self) -> String {
        format!("accounts/{}/", self.troupe.app_id(self.at))
    }

    /// Somebody's chat with the present account.
    pub(crate) fn view(&mut self, person: &str) -> Option<&mut View> {
        self.people.get_mut(person)?.views.get_mut(self.at)
    }

    async fn create(&mut self, cast: &Cast) -> Asked<Person> {
        self.at = self.troupe.usual();
        let body = json!({"nickname": cast.nickname, "platform": cast.platform});
        let made = self.link.post(&format!("{}users", self.base()), body).await?;
        let mut views = Vec::new();
        for at in 0..self.troupe.len() {
            let openid = made["openids"][self.troupe.app_id(at)].as_str().unwrap_or_default();
            views.push(View { openid: openid.to_owned(), ..View::default() });
        }
        for account in &cast.follows {
            self.at = account.as_ref().map_or(Ok(self.troupe.usual()), |name| self.troupe.find(name))?;
            let openid = &views[self.at].openid;
            self.link.post(&format!("{}users/{openid}/follow", self.base()), json!({})).await?;
            let read = self.link.chat(&self.base(), openid, 0).await?.last().map_or(0, id);
            let view = &mut views[self.at];
            (view.met, view.before_act, view.noticed) = (read, read, read);
        }
        Ok(Person { openid: views[self.troupe.usual()].openid.clone(), views })
    }

    async fn step(&mut self, step: &Step) -> Result<(), Missed> {
        let possible =
            |got| Missed { expected: Words::new("the step is possible", "这一步可以执行"), got };
        let at = step.account.as_ref().map_or(Ok(self.troupe.usual()), |name| self.troupe.find(name));
        self.at = at.map_err(possible)?;
        match &step.deed {
            Deed::Act { person, verb, body } => self.act(person, verb, body).await.map_err(possible),
            Deed::Poster { name, scene, seconds } => {
                self.poster(name, scene, *seconds).await.map(|_| ()).map_err(possible)
            }
            Deed::Faults(list) => {
                let mut list: Vec<Value> = list.iter().map(|fault| self.with_openids(fault)).collect();
                if step.account.is_some() {
                    for fault in &mut list {
                        fault["on"]["account"] = self.troupe.app_id(self.at).into();
                    }
                }
                self.link.send("PUT", "faults", Some(json!(list))).await.map(|_| ()).map_err(possible)
            }
            Deed::Advance(ms) => self.advance(*ms).await.map_err(possible),
            Deed::MoveTo(moment) => self.move_to(*moment).await.map_err(possible),
            Deed::ExpireToken => {
                let path = format!("{}token/expire", self.base());
                self.link.post(&path, json!({})).await.map(|_| ()).map_err(possible)
            }
            Deed::Call { path, body } => self.call(path, body.as_ref()).await.map_err(possible),
            Deed::Expect(expect, within) => self.expect(expect, *within).await,
        }
    }

    async fn act(&mut self, id_of: &str, verb: &str, body: &Value) -> Asked<()> {
        let mut body = self.with_openids(body);
        if let Some(name) = body["poster"].as_str().map(str::to_owned) {
            body = json!({ "ticket": self.find_poster(&name).await? });
        }
        let base = self.base();
        let Some(View { openid, before_act, .. }) = self.view(id_of).cloned() else { return Ok(()) };
        let read = self.link.chat(&base, &openid, before_act).await?;
        if let (Some(last), Some(view)) = (read.last().map(id), self.view(id_of)) {
            view.before_act = last;
        }
        self.link.post(&format!("{base}users/{openid}/{verb}"), body).await.map(|_| ())
    }

    /// The ticket of a poster: this scenario's, the platform's newest with that scene, or a new one.
    async fn find_poster(&mut self, name: &str) -> Asked<String> {
        if let Some(ticket) = self.posters.get(&(self.at, name.to_owned())) {
            return Ok(ticket.clone());
        }
        let known = self.link.get(&format!("{}qrcodes", self.base())).await?;
        let hanging = known.as_array().into_iter().flatten().rev().find(|code| {
            code["expired"] == false
                && code["scene"].as_str().map_or_else(|| code["scene"].to_string(), str::to_owned) == name
        });
        if let Some(ticket) = hanging.and_then(|code| code["ticket"].as_str()) {
            return Ok(ticket.to_owned());
        }
        self.poster(name, name, Some(30 * 86_400)).await
    }

    async fn poster(&mut self, name: &str, scene: &str, seconds: Option<i64>) -> Asked<String> {
        let scene = scene.parse::<u32>().map_or_else(|_| Value::from(scene), Value::from);
        let body = match seconds {
            Some(seconds) => json!({"scene": scene, "expire_seconds": seconds}),
            None => json!({"scene": scene, "permanent": true}),
        };
        let made = self.link.post(&format!("{}qrcodes", self.base()), body).await?;
        let ticket = made["ticket"].as_str().unwrap_or_default().to_owned();
        self.posters.insert((self.at, name.to_owned()), ticket.clone());
        Ok(ticket)
    }

    async fn advance(&mut self, ms: i64) -> Asked<()> {
        self.link.post("clock/advance", json!({ "seconds": ms as f64 / 1000.0 })).await.map(|_| ())
    }

    async fn move_to(&mut self, moment: i64) -> Asked<()> {
        let now = self.link.get("clock").await?["now_ms"].as_i64().unwrap_or_default();
        if moment >= now {
            return self.advance(moment - now).await;
        }
        self.link.post("clock/set", json!({ "at_ms": moment })).await.map(|_| ())
    }

    async fn call(&mut self, path: &str, body: Option<&Value>) -> Asked<()> {
        let (app_id, secret) = self.troupe.credentials(self.at)?;
        let token = self.link.token(app_id, secret).await?;
        let mark = if path.contains('?') { '&' } else { '?' };
        let body = body.map(|body| self.with_openids(body));
        let method = if body.is_some() { "POST" } else { "GET" };
        self.link.raw(method, &format!("{path}{mark}access_token={token}"), body).await.map(|_| ())
    }

    /// The value with people's OpenIDs in place of `openid:NAME`.
    fn with_openids(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let person = text.strip_prefix(OPENID).and_then(|id| self.people.get(id));
                let view = person.and_then(|person| person.views.get(self.at));
                view.map_or_else(|| value.clone(), |view| Value::from(view.openid.as_str()))
            }
            Value::Array(list) => list.iter().map(|one| self.with_openids(one)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, one)| (name.clone(), self.with_openids(one))).collect()
            }
            other => other.clone(),
        }
    }
}

pub(crate) fn id(value: &Value) -> u64 {
    value["id"].as_u64().unwrap_or_default()
}
