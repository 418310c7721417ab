//! The word that an answer has left comes exactly once, and not before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hongyan_server::{Answer, Callback, Handler, Handling, Mode, Policy};
use http_body_util::BodyExt;
use tokio::time::sleep;

use crate::world::*;

#[derive(Clone, Default)]
struct Left(Arc<AtomicUsize>);

impl Left {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn answer(&self, content: &str) -> Answer {
        let left = self.clone();
        text(content).on_delivered(move || {
            left.0.fetch_add(1, Ordering::SeqCst);
        })
    }
}

fn now(left: &Left) -> impl Handler {
    let left = left.clone();
    By(move |_| Handling::Now(left.answer("now")))
}

fn told(handler: impl Handler) -> (Callback<impl Handler>, Late) {
    let late = Late::default();
    (with(account(Mode::Plain), handler, Policy::default(), late.clone()), late)
}

#[tokio::test(start_paused = true)]
async fn it_comes_after_the_body_was_taken() {
    let left = Left::default();
    let (callback, _) = told(now(&left));
    let response = callback.answer(plain("1", &message(1))).await;
    assert_eq!(left.count(), 0);
    let mut body = response.into_body();
    body.frame().await.unwrap().unwrap();
    assert_eq!(left.count(), 0, "the connection still holds the body");
    drop(body);
    assert_eq!(left.count(), 1);
    send(&callback, plain("2", &message(1))).await;
    sleep(Duration::from_secs(30)).await;
    assert_eq!(left.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_nobody_took_is_given_to_the_next_try() {
    let left = Left::default();
    let (callback, late) = told(now(&left));
    drop(callback.answer(plain("1", &message(1))).await);
    assert_eq!(left.count(), 0);
    sleep(Duration::from_secs(4)).await;
    assert_eq!(send(&callback, plain("2", &message(1))).await.content(), "now");
    assert_eq!(left.count(), 1);
    sleep(Duration::from_secs(30)).await;
    assert_eq!((left.count(), late.texts().len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_body_nobody_took_goes_late_when_no_further_try_comes() {
    let left = Left::default();
    let (callback, late) = told(now(&left));
    drop(callback.answer(plain("1", &message(1))).await);
    sleep(Duration::from_millis(6100)).await;
    assert_eq!((left.count(), late.texts()), (1, vec!["now".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_says_it_once_however_many_asked() {
    let left = Left::default();
    let slow = left.clone();
    let (callback, late) = told(after(2000, move || slow.answer("slow")));
    let requests = (0..10).map(|nonce| send(&callback, plain(&nonce.to_string(), &message(1))));
    futures_util::future::join_all(requests).await;
    sleep(Duration::from_secs(30)).await;
    assert_eq!((left.count(), late.texts().len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn silence_only_goes_late_if_something_waits_for_it() {
    for waits in [true, false] {
        let left = Left::default();
        let silent = left.clone();
        let (callback, late) = told(after(7000, move || {
            let delivered = silent.answer("").delivered.filter(|_| waits);
            Answer { delivered, ..Answer::none() }
        }));
        assert!(send_as_platform(&callback, plain("1", &message(1))).await.is_none());
        sleep(Duration::from_secs(20)).await;
        assert_eq!((left.count(), late.replies().len()), (usize::from(waits), usize::from(waits)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_it_harms_nobody() {
    let (callback, _) = told(By(|_| Handling::Now(text("ok").on_delivered(|| panic!("after delivery")))));
    assert_eq!(send(&callback, plain("1", &message(1))).await.content(), "ok");
    assert_eq!(send(&callback, plain("2", &message(2))).await.content(), "ok");
}
