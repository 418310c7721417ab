//! The same push at several gateways.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;

use crate::cluster::{Cluster, Counter, OwnRedis, redis};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn a_push_that_reaches_three_gateways_at_once_runs_once_and_all_get_the_same_reply() {
    let counter = Counter::start(Duration::from_millis(300)).await;
    let cluster = Cluster::new(3, &redis(), &counter.rule()).await;
    let urls = cluster.urls();
    let pushes = (1..=40_u64).map(|id| {
        let cluster = &cluster;
        let urls = &urls;
        async move { join_all(urls.iter().map(|url| cluster.push(url, id, "hello"))).await }
    });
    let answers = join_all(pushes).await;
    for got in &answers {
        let (status, reply) = got[0].clone().unwrap();
        assert!(status == 200 && reply.contains("<![CDATA[run "), "{reply}");
        assert!(got.iter().all(|other| *other == got[0]), "{got:?}");
    }
    assert_eq!(counter.asked(), 40);
    cluster.count_to((40, 40, 0)).await;
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn an_answer_that_needs_nothing_is_made_once_too() {
    let rule = "[[accounts.main.rules]]\non = { any = true }\nreply = { text = \"here\" }\n";
    let cluster = Cluster::new(2, &redis(), rule).await;
    let urls = cluster.urls();
    for id in 1..=20 {
        let got = join_all(urls.iter().map(|url| cluster.push(url, id, "hello"))).await;
        assert!(got[0].as_ref().unwrap().1.contains("here") && got[0] == got[1], "{got:?}");
        let again = cluster.push(&urls[1], id, "hello").await;
        assert_eq!(again, got[0]);
    }
    cluster.count_to((20, 20, 0)).await;
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn a_try_that_reaches_another_gateway_joins_the_run() {
    let counter = Counter::start(Duration::from_secs(7)).await;
    let cluster = Cluster::new(2, &redis(), &counter.rule()).await;
    let urls = cluster.urls();
    assert_eq!(cluster.push(&urls[0], 1, "slow").await, None, "left open until the platform cuts it");
    let (status, reply) = cluster.push(&urls[1], 1, "slow").await.unwrap();
    assert!(status == 200 && reply.contains("run 1"), "{status} {reply}");
    assert_eq!(counter.asked(), 1);
    // Its own gateway delivered nothing and hears of it: the reply is not late.
    cluster.count_to((1, 1, 0)).await;
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn the_last_try_is_answered_in_time_wherever_it_arrives_and_the_reply_goes_late() {
    let counter = Counter::start(Duration::from_secs(11)).await;
    let rules = format!("wait = \"one\"\nholding = \"one moment\"\n{}", counter.rule());
    let cluster = Cluster::new(2, &redis(), &rules).await;
    let urls = cluster.urls();
    let first = cluster.push(&urls[0], 1, "slow");
    let second = cluster.push(&urls[1], 1, "slow");
    let (first, second) = tokio::join!(first, second);
    for got in [first, second] {
        let (status, reply) = got.unwrap();
        assert!(status == 200 && reply.contains("one moment"), "{status} {reply}");
    }
    cluster.count_to((1, 0, 1)).await;
    assert_eq!(counter.asked(), 1);
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn the_run_of_a_gateway_that_died_is_not_repeated_and_its_tries_get_success() {
    let counter = Counter::start(Duration::from_secs(11)).await;
    let mut cluster = Cluster::new(2, &redis(), &counter.rule()).await;
    let urls = cluster.urls();
    let dying = cluster.nodes.pop().unwrap();
    let url = dying.url.clone();
    let first = cluster.push(&url, 1, "slow");
    let killed = async {
        counter.asked_times(1).await;
        // It has renewed its claim a few times.
        tokio::time::sleep(Duration::from_secs(2)).await;
        dying.kill();
    };
    let (first, ()) = tokio::join!(first, killed);
    assert_eq!(first, None, "its connection broke");
    for _ in 0..2 {
        assert_eq!(cluster.push(&urls[0], 1, "slow").await, Some((200, "success".to_owned())));
    }
    assert_eq!(counter.asked(), 1, "no second run");
    assert_eq!(cluster.counts(), (0, 0, 0));
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn every_push_is_answered_while_redis_is_away_and_known_again_when_it_is_back() {
    let mut own = OwnRedis::start().await;
    let counter = Counter::start(Duration::from_millis(50)).await;
    let cluster = Cluster::new(2, &own.url(), &counter.rule()).await;
    let urls = cluster.urls();
    let (done, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let load = join_all((0..4_u64).map(|stream| {
        let (cluster, urls, done, sent) = (&cluster, &urls, &done, &sent);
        async move {
            let mut id = stream * 1_000_000;
            while !done.load(Ordering::Relaxed) {
                id += 1;
                let got = cluster.push(&urls[(id % 2) as usize], id, "load").await;
                let good = got.as_ref().is_some_and(|(status, body)| *status == 200 && body.contains("run "));
                assert!(good, "push {id}: {got:?}");
                sent.fetch_add(1, Ordering::Relaxed);
            }
        }
    }));
    let play = async {
        let more = async |count: u64| {
            let goal = sent.load(Ordering::Relaxed) + count;
            while sent.load(Ordering::Relaxed) < goal {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        more(40).await;
        own.take_away();
        more(100).await;
        own.bring_back().await;
        // Recognised together again, without a restart.
        let mut id = 9_000_000;
        loop {
            id += 1;
            assert!(id < 9_000_400, "the gateways do not find each other again");
            let before = cluster.counts().0;
            let both = join_all(urls.iter().map(|url| cluster.push(url, id, "both"))).await;
            assert!(both.iter().all(Option::is_some), "{both:?}");
            if both[0] == both[1] && before > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        more(40).await;
        done.store(true, Ordering::Relaxed);
    };
    tokio::join!(load, play);
    let before = counter.asked();
    let both = join_all(urls.iter().map(|url| cluster.push(url, 10_000_000, "after"))).await;
    assert_eq!(both[0], both[1]);
    assert_eq!(counter.asked(), before + 1);
    let alone = cluster.stage.gateway.as_ref().unwrap().stats("main").unwrap().alone;
    assert!(alone > 0, "what it decided alone is counted");
    cluster.end().await;
}
