//! The same push more than once.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hongyan_server::{Callback, MemoryDedup, Mode};

use crate::world::*;

#[tokio::test]
async fn the_first_reply_is_given_again() {
    let handler = Counting::default();
    let callback = callback(account(Mode::Plain), handler.clone());
    let first = send(&callback, plain("1", &message(1))).await;
    let second = send(&callback, plain("2", &message(1))).await;
    assert_eq!(first.content(), "answer 1");
    assert_eq!(first.body, second.body);
    assert_eq!(send(&callback, plain("3", &message(2))).await.content(), "answer 2");
    assert_eq!((handler.runs(), callback.stats().deduped, callback.stats().delivered), (2, 1, 2));
}

#[tokio::test]
async fn a_sealed_reply_is_sealed_anew_with_the_requests_own_nonce() {
    let callback = callback(account(Mode::Secure), Counting::default());
    let first = send(&callback, sealed("111", &message(1))).await;
    let second = send(&callback, sealed("222", &message(1))).await;
    assert_eq!((first.element("Nonce"), second.element("Nonce")), ("111", "222"));
    assert_eq!(first.opened(KEY).body, second.opened(KEY).body);
    assert_ne!(first.element("Encrypt"), second.element("Encrypt"));
}

#[tokio::test]
async fn events_of_one_second_are_told_apart() {
    let handler = Counting::default();
    let callback = callback(account(Mode::Plain), handler.clone());
    let click = |key: &str| event(&format!("<Event>CLICK</Event><EventKey>{key}</EventKey>"));
    for (nonce, key, expected) in [("1", "A", 1), ("2", "A", 1), ("3", "B", 2), ("4", "A", 2)] {
        send(&callback, plain(nonce, &click(key))).await;
        assert_eq!(handler.runs(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn all_that_come_while_the_run_goes_on_join_it() {
    let callback = callback(account(Mode::Plain), after(2000, || text("slow")));
    let requests = (0..50).map(|nonce| plain(&nonce.to_string(), &message(1)));
    let got = join_all(requests.map(|request| send(&callback, request))).await;
    assert!(got.iter().all(|got| got.content() == "slow"));
    let stats = callback.stats();
    assert_eq!((stats.runs, stats.deduped, stats.delivered, stats.late), (1, 49, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_push_sent_twice_does_not_use_up_a_try() {
    let callback = callback(account(Mode::Plain), after(11_000, || text("slow")));
    let twins = (0..3).map(|nonce| send_as_platform(&callback, plain(&nonce.to_string(), &message(1))));
    assert!(join_all(twins).await.iter().all(Option::is_none), "left open until they are cut");
    assert!(send_as_platform(&callback, plain("8", &message(1))).await.is_none());
    assert_eq!(send_as_platform(&callback, plain("9", &message(1))).await.unwrap().content(), "slow");
}

#[tokio::test(start_paused = true)]
async fn processes_that_share_a_store_run_a_push_once() {
    let store = Arc::new(MemoryDedup::new(64));
    let process = |millis: u64, name: &'static str| {
        Callback::builder(account(Mode::Plain), after(millis, move || text(name)))
            .signing_clock(Arc::new(At(NOW)))
            .dedup(store.clone())
            .build()
    };
    let (one, two) = (process(3000, "one"), process(0, "two"));
    let first = send(&one, plain("1", &message(1)));
    let second = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        send(&two, plain("2", &message(1))).await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.content(), second.content()), ("one", "one"));
    assert_eq!(send(&two, plain("3", &message(1))).await.content(), "one");
    assert_eq!(send(&two, plain("4", &message(2))).await.content(), "two");
    assert_eq!((one.stats().delivered, two.stats().late), (1, 0));
}
