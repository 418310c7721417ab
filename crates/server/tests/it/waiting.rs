//! Five seconds, three tries, one answer.

use std::time::Duration;

use hongyan_server::{Callback, Handler, HandlerError, Handling, Limits, Mode, Policy, Wait};
use tokio::time::{Instant, sleep};

use crate::world::*;

fn holding(wait: Wait) -> Policy {
    Policy { wait, holding: Some("one moment".into()), ..Policy::default() }
}

/// The platform's three tries, until one is answered: its number, when it was answered, and what with.
async fn tries<H: Handler>(callback: &Callback<H>) -> Option<(u32, Duration, Got)> {
    let start = Instant::now();
    for number in 1..=3 {
        if let Some(got) = send_as_platform(callback, plain(&number.to_string(), &message(1))).await {
            return Some((number, start.elapsed(), got));
        }
        sleep(Duration::from_millis(10)).await;
    }
    None
}

#[tokio::test(start_paused = true)]
async fn the_answer_goes_to_the_try_that_is_open_when_it_is_ready() {
    for (millis, expected) in [(3000, 1), (4900, 1), (5005, 2), (7000, 2), (12_000, 3), (14_300, 3)] {
        let late = Late::default();
        let callback =
            with(account(Mode::Plain), after(millis, || text("done")), holding(Wait::All), late.clone());
        let (number, at, got) = tries(&callback).await.unwrap();
        assert_eq!((number, got.content()), (expected, "done"), "after {millis} ms");
        assert_eq!(at.as_millis() / 100, u128::from(millis / 100));
        sleep(Duration::from_secs(20)).await;
        assert_eq!((late.texts().len(), callback.stats().delivered), (0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_try_is_answered_in_time_and_the_reply_is_late() {
    for (policy, expected) in [(holding(Wait::All), "one moment"), (Policy::default(), "success")] {
        let late = Late::default();
        let callback = with(account(Mode::Plain), after(20_000, || text("done")), policy, late.clone());
        let (number, at, got) = tries(&callback).await.unwrap();
        assert_eq!(number, 3);
        assert!(got.body.contains(expected), "{}", got.body);
        assert_eq!(at, Duration::from_millis(10_020 + 4500));
        assert!(late.texts().is_empty());
        sleep(Duration::from_secs(6)).await;
        assert_eq!(late.texts(), ["done"]);
        let again = send(&callback, plain("9", &message(1))).await;
        assert_eq!(again.body, "success", "what has gone late is not said twice");
        assert_eq!((callback.stats().late, callback.stats().delivered), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_for_one_try_answers_it_in_time() {
    let late = Late::default();
    let callback = with(account(Mode::Plain), after(6000, || text("done")), holding(Wait::One), late.clone());
    let (number, at, got) = tries(&callback).await.unwrap();
    assert_eq!((number, got.content(), at), (1, "one moment", Duration::from_millis(4500)));
    let again = send(&callback, plain("2", &message(1))).await;
    assert_eq!(again.content(), "one moment", "the first reply is given again");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(late.texts(), ["done"]);
    let callback = with(account(Mode::Plain), after(4400, || text("done")), holding(Wait::One), late);
    assert_eq!(tries(&callback).await.unwrap().2.content(), "done");
}

#[tokio::test(start_paused = true)]
async fn without_a_further_try_the_reply_is_late_six_seconds_after_the_cut() {
    let late = Late::default();
    let callback = with(account(Mode::Plain), after(5500, || text("done")), Policy::default(), late.clone());
    assert!(send_as_platform(&callback, plain("1", &message(1))).await.is_none());
    sleep(Duration::from_millis(5900)).await;
    assert!(late.texts().is_empty());
    sleep(Duration::from_millis(200)).await;
    assert_eq!(late.texts(), ["done"]);
}

#[tokio::test(start_paused = true)]
async fn a_try_after_the_quiet_still_gets_an_answer_that_is_not_ready() {
    let late = Late::default();
    let callback =
        with(account(Mode::Plain), after(16_000, || text("done")), Policy::default(), late.clone());
    assert!(send_as_platform(&callback, plain("1", &message(1))).await.is_none());
    sleep(Duration::from_secs(8)).await;
    assert_eq!(send_as_platform(&callback, plain("2", &message(1))).await.unwrap().content(), "done");
    assert!(late.texts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn failures_are_answered_at_once_and_only_once() {
    let failing: [fn() -> Handling; 4] = [
        || panic!("at once"),
        || Handling::later(async { panic!("later") }),
        || Handling::later(async { Err(HandlerError::new("no")) }),
        || {
            Handling::later(async {
                sleep(Duration::from_secs(7)).await;
                panic!("much later")
            })
        },
    ];
    for (index, fail) in failing.into_iter().enumerate() {
        let (logs, _guard) = crate::logs::Logs::listen();
        let late = Late::default();
        let callback = with(account(Mode::Secure), By(move |_| fail()), holding(Wait::All), late.clone());
        let mut got = None;
        for nonce in ["1", "2", "3"] {
            got = send_as_platform(&callback, sealed(nonce, &message(1))).await;
            if got.is_some() {
                break;
            }
        }
        assert_eq!(got.unwrap().body, "success", "case {index}");
        assert_eq!(send(&callback, sealed("9", &message(1))).await.body, "success");
        let stats = callback.stats();
        assert_eq!((stats.runs, stats.panicked + stats.failed), (1, 1));
        assert_eq!(logs.lines().len(), 1, "{:?}", logs.lines());
        sleep(Duration::from_secs(30)).await;
        assert!(late.texts().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_runs_are_refused_at_once_and_the_next_try_may_run() {
    let limits = Limits { max_runs: 1, ..Limits::default() };
    let policy = Policy { limits, ..Policy::default() };
    let callback = with(account(Mode::Plain), after(3000, || text("done")), policy, Late::default());
    let start = Instant::now();
    let (first, second) = tokio::join!(send(&callback, plain("1", &message(1))), async {
        sleep(Duration::from_millis(1)).await;
        let refused = send(&callback, plain("2", &message(2))).await;
        (refused, start.elapsed())
    });
    assert_eq!(first.content(), "done");
    assert_eq!((second.0.status.as_u16(), second.1), (503, Duration::from_millis(1)));
    assert_eq!(callback.stats().refused("busy"), 1);
    assert_eq!(send(&callback, plain("3", &message(2))).await.content(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_a_proxy_keeps_open_ends_after_six_seconds() {
    let callback = callback(account(Mode::Plain), after(60_000, || text("done")));
    let start = Instant::now();
    let got = send(&callback, plain("1", &message(1))).await;
    assert_eq!((got.status.as_u16(), start.elapsed()), (503, Duration::from_secs(6)));
}
