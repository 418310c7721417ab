//! A clean stop.

use std::time::Duration;

use hongyan_server::{Mode, Policy};
use tokio::time::{Instant, sleep};

use crate::world::*;

#[tokio::test(start_paused = true)]
async fn a_stop_refuses_new_pushes_and_sees_the_old_ones_through() {
    let late = Late::default();
    let callback = with(account(Mode::Plain), after(8000, || text("done")), Policy::default(), late.clone());
    assert!(send_as_platform(&callback, plain("1", &message(1))).await.is_none());
    let start = Instant::now();
    let stopping = callback.clone();
    let (drained, refused, joined) = tokio::join!(
        stopping.drain(Duration::from_secs(15)),
        async {
            sleep(Duration::from_millis(1)).await;
            send(&callback, plain("2", &message(2))).await
        },
        async {
            sleep(Duration::from_millis(1)).await;
            send(&callback, plain("3", &message(1))).await
        }
    );
    assert_eq!((drained.left, start.elapsed()), (0, Duration::from_secs(3)));
    assert_eq!(refused.status, 503);
    assert_eq!(joined.content(), "done", "a further try of an old push still joins its run");
    assert_eq!((callback.stats().refused("stopping"), late.texts().len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn replies_nobody_waits_for_are_with_the_sink_when_the_stop_is_over() {
    let late = Late::default();
    let callback = with(account(Mode::Plain), after(5500, || text("done")), Policy::default(), late.clone());
    for id in 1..=20 {
        let request = plain(&id.to_string(), &message(id));
        let cut = tokio::time::timeout(Duration::from_millis(1), callback.answer(request));
        assert!(cut.await.is_err());
    }
    assert_eq!(callback.drain(Duration::from_secs(15)).await.left, 0);
    assert_eq!(late.texts().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_was_ready_before_the_stop_goes_late_at_once() {
    let late = Late::default();
    let callback = with(account(Mode::Plain), after(100, || text("done")), Policy::default(), late.clone());
    let request = plain("1", &message(1));
    assert!(tokio::time::timeout(Duration::from_millis(50), callback.answer(request)).await.is_err());
    sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    assert_eq!(callback.drain(Duration::from_secs(15)).await.left, 0);
    assert_eq!((late.texts().len(), start.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_stop_gives_up_at_its_limit_and_says_what_is_left() {
    let callback = callback(account(Mode::Plain), after(60_000, || text("done")));
    assert!(send_as_platform(&callback, plain("1", &message(1))).await.is_none());
    let start = Instant::now();
    assert_eq!(callback.drain(Duration::from_secs(15)).await.left, 1);
    assert_eq!(start.elapsed(), Duration::from_secs(15));
}
