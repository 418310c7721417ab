//! Load on back ends of every temper: what is counted must add up to what they saw.

use std::time::Duration;

use hongyan_sandbox::load::{self, LoadError, LoadOptions, Plan, Summary, Target};
use hongyan_sandbox::{AccountOptions, Mode, Options};

use crate::back_end::{Answer, BackEnd, reply, text};
use crate::stand::{Stand, options};

fn plan(mix: &str) -> Plan {
    Plan {
        people: 50,
        rate: 100.0,
        length: Duration::from_millis(500),
        mix: mix.parse().unwrap(),
        think: (Duration::ZERO, Duration::ZERO),
        twice: 0.0,
        seed: 11,
    }
}

fn straight(back_end: &BackEnd, mode: Mode) -> Target {
    Target::Callback(Box::new(AccountOptions {
        mode,
        callback: Some(back_end.url()),
        ..AccountOptions::default()
    }))
}

/// For back ends that answer: longer than a busy machine takes.
fn patient(plan: Plan, target: Target) -> LoadOptions {
    let mut options = LoadOptions::new(plan, target);
    options.push_timeout = Duration::from_secs(30);
    options
}

/// For back ends that do not: every try fails soon.
fn hasty(plan: Plan, target: Target) -> LoadOptions {
    let mut options = LoadOptions::new(plan, target);
    options.push_timeout = Duration::from_millis(300);
    options
}

async fn run(options: &LoadOptions) -> Summary {
    load::run(options, |_| {}, std::future::pending()).await.unwrap()
}

/// Everything that arrived is accounted for.
fn adds_up(summary: &Summary) {
    let count = |path: &[&str]| summary.count(path);
    let ended: u64 = ["replied", "silent", "failed", "not_pushed", "broken"]
        .iter()
        .map(|end| count(&["pushes", end]))
        .sum();
    assert_eq!(ended, count(&["pushes", "started"]));
    let left_out = count(&["not_started", "too_many_in_flight"]) + count(&["not_started", "nobody_free"]);
    assert_eq!(count(&["arrivals"]), ended + left_out);
}

/// Nothing was delivered that is not counted, and nothing is counted that was not delivered.
fn delivered(summary: &Summary, pushes: usize) {
    adds_up(summary);
    assert_eq!(summary.count(&["deliveries"]), pushes as u64, "{:#}", summary.to_json());
}

#[tokio::test]
async fn a_quick_back_end_is_asked_once_for_each_arrival() {
    let back_end = BackEnd::start(&[text("hi")]).await;
    let options = patient(
        plan("text=3,click=1,view=1,scan=1,location=1,follow=1,unfollow=1"),
        straight(&back_end, Mode::Plain),
    );
    let summary = run(&options).await;
    delivered(&summary, back_end.pushes().len());
    assert!(summary.count(&["pushes", "replied"]) > 25, "{:#}", summary.to_json());
    assert_eq!(summary.count(&["retries"]), 0);
    assert_eq!(summary.count(&["answer_ms", "count"]), summary.count(&["pushes", "replied"]));
    assert!(!summary.bad());
    let again = run(&options).await;
    for path in [["by_action", "text", "started"], ["by_action", "scan", "started"]] {
        assert_eq!(again.count(&path), summary.count(&path), "the seed decides");
    }
}

#[tokio::test]
async fn a_silent_back_end_brings_three_times_the_deliveries() {
    let back_end = BackEnd::start(&[Answer::Silence]).await;
    let summary = run(&hasty(plan("text=1"), straight(&back_end, Mode::Secure))).await;
    let pushes = summary.count(&["pushes", "failed"]);
    adds_up(&summary);
    // A try may be cut before a busy machine has read it.
    assert!(back_end.pushes().len() as u64 <= summary.count(&["deliveries"]));
    assert!(pushes > 25);
    assert_eq!((summary.count(&["timeouts"]), summary.count(&["retries"])), (3 * pushes, 2 * pushes));
    assert_eq!(summary.count(&["findings", "late"]), pushes);
    assert_eq!(summary.to_json()["deliveries_per_push"], 3.0);
    assert!(summary.bad(), "nothing was answered");
}

#[tokio::test]
async fn refusals_are_retried_and_wrong_users_are_not() {
    let back_end = BackEnd::start(&[Answer::Status(500)]).await;
    let summary = run(&hasty(plan("text=1"), straight(&back_end, Mode::Plain))).await;
    let pushes = summary.count(&["pushes", "started"]);
    assert_eq!(summary.count(&["retries"]), 2 * pushes, "{:#}", summary.to_json());
    // On a busy machine a refusal may come too late to be one.
    let (refused, late) = (summary.count(&["http_status", "500"]), summary.count(&["timeouts"]));
    assert!(refused > 0 && refused + late == 3 * pushes, "{:#}", summary.to_json());

    let foreign = "<xml><ToUserName>oSomebody</ToUserName><FromUserName>{to}</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>a</Content></xml>";
    back_end.answer(&[Answer::Body(foreign.to_owned())]);
    let summary = run(&patient(plan("text=1"), straight(&back_end, Mode::Plain))).await;
    assert_eq!(summary.count(&["wrong_answers"]), summary.count(&["pushes", "started"]));
    assert_eq!(summary.count(&["retries"]), 0);
    assert!(summary.bad());
}

#[tokio::test]
async fn a_plain_answer_in_secure_mode_is_wrong() {
    let plain = "<xml><MsgType>text</MsgType><Content>hi</Content></xml>";
    let back_end = BackEnd::start(&[Answer::Body(plain.to_owned())]).await;
    let summary = run(&patient(plan("text=1"), straight(&back_end, Mode::Secure))).await;
    assert_eq!(summary.count(&["findings", "not_encrypted"]), summary.count(&["pushes", "failed"]));
    assert!(summary.count(&["wrong_answers"]) > 25);
}

#[tokio::test]
async fn two_answers_to_one_push_are_counted_when_they_differ() {
    let twice = |target| patient(Plan { twice: 1.0, ..plan("text=1") }, target);
    let same = BackEnd::start(&[text("hi")]).await;
    let summary = run(&twice(straight(&same, Mode::Plain))).await;
    delivered(&summary, same.pushes().len());
    assert_eq!(summary.count(&["sent_twice"]), summary.count(&["pushes", "started"]));
    assert_eq!(summary.count(&["double_answers"]), 0);

    let other: Vec<Answer> = (0..500).map(|number| text(&format!("answer {number}"))).collect();
    let other = BackEnd::start(&other).await;
    let summary = run(&twice(straight(&other, Mode::Plain))).await;
    assert_eq!(summary.count(&["double_answers"]), summary.count(&["pushes", "started"]));
    assert!(summary.bad());
}

#[tokio::test]
async fn arrivals_beyond_the_bound_are_counted_and_left_out() {
    let back_end = BackEnd::start(&[Answer::Silence]).await;
    let mut options = LoadOptions::new(plan("text=1"), straight(&back_end, Mode::Plain));
    (options.in_flight, options.push_tries) = (4, 1);
    options.push_timeout = Duration::from_secs(3);
    let summary = run(&options).await;
    adds_up(&summary);
    assert_eq!(summary.count(&["most_in_flight"]), 4);
    assert!(summary.count(&["not_started", "too_many_in_flight"]) > 0, "{:#}", summary.to_json());
}

#[tokio::test]
async fn a_running_sandbox_plays_its_own_people() {
    let back_end = BackEnd::start(&[reply("<MsgType>text</MsgType><Content>hi</Content>")]).await;
    let callback = Some(back_end.url());
    let stand = Stand::start(Options { callback, push_timeout_ms: 30_000, ..options() }).await;
    let target = Target::Sandbox(stand.sandbox.url());
    let mut options = patient(plan("text=4,click=1,scan=1,location=1"), target);
    options.plan.people = 5;
    let summary = run(&options).await;
    // Five people followed first.
    delivered(&summary, back_end.pushes().len() - 5);
    let (replied, started) = (summary.count(&["pushes", "replied"]), summary.count(&["pushes", "started"]));
    assert_eq!(replied, started, "{:#}", summary.to_json());
    assert_eq!(stand.get("/_sandbox/users").await.as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_load_that_cannot_be_says_why() {
    let run = |options: LoadOptions| async move {
        load::run(&options, |_| {}, std::future::pending()).await.unwrap_err()
    };
    let away = || Target::Sandbox("http://10.1.2.3:7070".to_owned());
    assert_eq!(
        run(LoadOptions::new(plan("text=1"), away())).await,
        LoadError::Remote("http://10.1.2.3:7070".into())
    );
    let nobody = Plan { people: 0, ..plan("text=1") };
    assert!(matches!(run(LoadOptions::new(nobody, away())).await, LoadError::Number(_)));
    let no_key = AccountOptions {
        mode: Mode::Secure,
        aes_key: "short".into(),
        callback: Some("http://127.0.0.1:1/".into()),
        ..AccountOptions::default()
    };
    let options = LoadOptions::new(plan("text=1"), Target::Callback(Box::new(no_key)));
    assert_eq!(run(options).await, LoadError::AesKey("secure"));
    let closed = Target::Sandbox("http://127.0.0.1:1".to_owned());
    assert!(matches!(run(LoadOptions::new(plan("text=1"), closed)).await, LoadError::Sandbox { .. }));
}
