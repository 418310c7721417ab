//! Playing a scenario file in the running sandbox: the answer is the report, the event stream tells each step.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::Json;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hongyan_wire::Lang;
use http::StatusCode;
use serde_json::{Value, json};

use super::problem::Problem;
use crate::platform::Platform;
use crate::scenario::record::Recorder;
use crate::scenario::{BadScenario, Outcome, Player, Report, Scenario, StepReport, Words};

/// Where scenarios are played, one at a time.
pub(crate) struct Stage {
    url: String,
    busy: AtomicBool,
    runs: AtomicU64,
}

impl Stage {
    pub(crate) fn new(address: SocketAddr) -> Self {
        // Whoever listens everywhere also listens on the loopback.
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let url = format!("http://{}", SocketAddr::new(ip, address.port()));
        Stage { url, busy: AtomicBool::new(false), runs: AtomicU64::new(0) }
    }

    /// Takes the stage; none while another scenario is being played.
    fn take(&self) -> Option<Taken<'_>> {
        let free = self.busy.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).is_ok();
        free.then(|| Taken { stage: self, run: self.runs.fetch_add(1, Ordering::Relaxed) + 1 })
    }
}

/// The stage is given back also when whoever asked hangs up in the middle.
struct Taken<'a> {
    stage: &'a Stage,
    run: u64,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.stage.busy.store(false, Ordering::Release);
    }
}

/// `POST scenario`: plays the file in the body with people of its own; answers the report.
pub(crate) async fn run(
    State(platform): State<Arc<Platform>>,
    Extension(stage): Extension<Arc<Stage>>,
    Extension(recorder): Extension<Arc<Recorder>>,
    body: Bytes,
) -> Response {
    match play(&platform, &stage, &recorder, &body).await {
        Ok(report) => Json(report).into_response(),
        Err(refusal) => refusal,
    }
}

async fn play(
    platform: &Platform,
    stage: &Stage,
    recorder: &Recorder,
    body: &[u8],
) -> Result<Value, Response> {
    let refused = |problem: Problem| problem.into_response();
    let text = std::str::from_utf8(body).map_err(|_| {
        refused(Problem::bad("the scenario is not UTF-8", "send the text of a scenario file as the body"))
    })?;
    let scenario = Scenario::parse("scenario.yaml", text).map_err(|bad| unreadable(&bad))?;
    let busy =
        |error: &str, what_to_do: &str| Problem::new(StatusCode::CONFLICT, error, what_to_do).into_response();
    if recorder.running() {
        return Err(busy("a recording is running", "end it with POST /_sandbox/record/stop"));
    }
    let taken = stage.take().ok_or_else(|| {
        busy("another scenario is being played", "wait for its end: the event stream tells it")
    })?;
    let (app_id, secret) = platform.with(|world, _| {
        let account = &world.accounts[0];
        (account.app_id.clone(), account.secret.clone())
    });
    let away = |words: Words| {
        refused(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, words.en, "look whether the sandbox stops"))
    };
    let mut player = Player::connect(&stage.url, &app_id, &secret).await.map_err(away)?;
    let (run, all) = (taken.run, scenario.steps.len());
    let tell = |mut data: Value| {
        data["run"] = run.into();
        platform.with(|world, _| world.tell("scenario", data));
    };
    tell(json!({"state": "began", "name": scenario.name(), "steps": all}));
    let mut played = 0;
    let report = player
        .play(&scenario, |step| {
            // What goes wrong before the first step has line 0 and is no step of the file.
            played += usize::from(step.line > 0);
            tell(json!({"state": "step", "played": played, "steps": all, "step": described(step)}));
        })
        .await;
    tell(json!({"state": "ended", "passed": report.passed(), "steps": all}));
    Ok(whole(&report, &player))
}

fn whole(report: &Report, player: &Player) -> Value {
    let people = player.people.iter().map(|(id, person)| json!({"id": id, "openid": person.openid}));
    json!({
        "name": report.name,
        "passed": report.passed(),
        "took_ms": report.took_ms(),
        "ok": report.count(Outcome::Ok),
        "steps": report.steps.iter().map(described).collect::<Vec<_>>(),
        "people": people.collect::<Vec<_>>(),
    })
}

/// A step with both languages, because the page can change its language afterwards.
fn described(step: &StepReport) -> Value {
    let both = |words: &Option<Words>| {
        words.as_ref().map(|words| json!({"en": words.text(Lang::En), "zh": words.text(Lang::Zh)}))
    };
    json!({
        "line": step.line,
        "step": step.step,
        "outcome": step.outcome.name(),
        "took_ms": step.took_ms,
        "expected": both(&step.expected),
        "got": both(&step.got),
    })
}

fn unreadable(bad: &BadScenario) -> Response {
    let body = json!({
        "error": bad.text(Lang::En),
        "error_zh": bad.text(Lang::Zh),
        "line": bad.line(),
        "what_to_do": "put the line right and send the file again",
    });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
