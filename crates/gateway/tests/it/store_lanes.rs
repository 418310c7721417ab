//! The outbox's lanes in the database: who may write, in which order, and from when.

use std::sync::Arc;
use std::time::Duration;

use hongyan_gateway::Store;
use hongyan_gateway::message::Message;
use hongyan_gateway::outbox::lanes::{self, LaneKey};
use hongyan_gateway::outbox::machine::{Ending, LEASE, Reason, State};
use hongyan_gateway::outbox::{Hold, Outbox};
use hongyan_wire::{Clock, OpenId};

use crate::clock::Stopped;
use crate::stores::{file, mysql, sqlite};

fn lane(openid: &str) -> LaneKey {
    LaneKey { account: "main".into(), openid: OpenId::new(openid) }
}

fn texts(list: &[&str]) -> Vec<Message> {
    list.iter().map(|text| Message::text(*text)).collect()
}

async fn waiting(store: &Store, key: &LaneKey) -> Vec<String> {
    let loaded = lanes::load(store, key).await.unwrap();
    loaded
        .iter()
        .map(|(_, message)| message.as_ref().unwrap().message().unwrap().field("content").unwrap().to_owned())
        .collect()
}

async fn a_lane_has_one_owner_at_a_time(store: Store) {
    let clock = Stopped::new();
    let (outbox, _woken) = Outbox::new(store.clone(), Arc::clone(&clock) as Arc<dyn Clock>);
    let key = lane("oA");
    let ids = outbox.queue(key.clone(), &texts(&["one"]), Hold::No).await.unwrap().ids;
    let first = lanes::claim(&store, &key, clock.now()).await.unwrap().expect("the lane is free");
    assert!(lanes::claim(&store, &key, clock.now()).await.unwrap().is_none());
    assert!(lanes::claim(&store, &lane("oa"), clock.now()).await.unwrap().is_none(), "that is somebody else");

    clock.advance(LEASE);
    let second = lanes::claim(&store, &key, clock.now()).await.unwrap().expect("the lease is over");
    assert!(second.fence > first.fence);
    let ending = Ending { state: State::Sent, reason: Reason::default() };
    assert!(!lanes::mark(&store, &first, &ids[0], 1, clock.now()).await.unwrap());
    assert!(!lanes::end(&store, &first, &ids[0], 1, &ending, clock.now()).await.unwrap());
    assert_eq!(lanes::renew(&store, &first, clock.now()).await.unwrap(), None);
    lanes::release(&store, &first).await.unwrap();
    assert!(lanes::claim(&store, &key, clock.now()).await.unwrap().is_none(), "the old owner freed nothing");

    assert!(lanes::mark(&store, &second, &ids[0], 1, clock.now()).await.unwrap());
    assert!(lanes::end(&store, &second, &ids[0], 1, &ending, clock.now()).await.unwrap());
    lanes::release(&store, &second).await.unwrap();
    let status = outbox.status("main", &ids[0]).await.unwrap().unwrap();
    assert_eq!((status.state, status.attempts), (State::Sent, 1));
    assert_eq!(outbox.status("other", &ids[0]).await.unwrap(), None);
}

async fn a_lane_keeps_the_order_of_its_messages(store: Store) {
    let clock = Stopped::new();
    let (outbox, _woken) = Outbox::new(store.clone(), Arc::clone(&clock) as Arc<dyn Clock>);
    let key = lane("oA");
    let held = outbox.queue(key.clone(), &texts(&["b", "c"]), Hold::UntilReleased).await.unwrap();
    outbox.queue(key.clone(), &texts(&["d"]), Hold::No).await.unwrap();
    outbox.precede(&held, &Message::text("a")).await.unwrap();
    assert_eq!(waiting(&store, &key).await, ["a", "b", "c", "d"]);
}

async fn held_messages_wait_for_their_release(store: Store) {
    let clock = Stopped::new();
    let (outbox, _woken) = Outbox::new(store.clone(), Arc::clone(&clock) as Arc<dyn Clock>);
    let accounts = [Arc::from("main")];
    let due = async || lanes::due(&store, &accounts, clock.now(), 10).await.unwrap();
    let batch = outbox.queue(lane("oA"), &texts(&["b"]), Hold::UntilReleased).await.unwrap();
    assert!(due().await.is_empty());
    outbox.release(&batch, clock.now() + Duration::from_millis(300)).await.unwrap();
    assert!(due().await.is_empty());
    clock.advance(Duration::from_millis(300));
    assert_eq!(due().await, [lane("oA")]);
    let held = lanes::claim(&store, &lane("oA"), clock.now()).await.unwrap().unwrap();
    lanes::release(&store, &held).await.unwrap();
    assert_eq!(due().await, [lane("oA")], "what is left is due again");

    let batch = outbox.queue(lane("oB"), &texts(&["x"]), Hold::UntilReleased).await.unwrap();
    outbox.withdraw(&batch).await.unwrap();
    assert!(waiting(&store, &lane("oB")).await.is_empty());
}

#[tokio::test]
async fn a_lane_has_one_owner_at_a_time_on_sqlite() {
    let (_folder, store) = sqlite().await;
    a_lane_has_one_owner_at_a_time(store).await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_lane_has_one_owner_at_a_time_on_mariadb() {
    a_lane_has_one_owner_at_a_time(Store::open(&mysql().await).await.unwrap()).await;
}

#[tokio::test]
async fn a_lane_keeps_the_order_of_its_messages_on_sqlite() {
    let (_folder, store) = sqlite().await;
    a_lane_keeps_the_order_of_its_messages(store).await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_lane_keeps_the_order_of_its_messages_on_mariadb() {
    a_lane_keeps_the_order_of_its_messages(Store::open(&mysql().await).await.unwrap()).await;
}

#[tokio::test]
async fn held_messages_wait_for_their_release_on_sqlite() {
    let (_folder, store) = sqlite().await;
    held_messages_wait_for_their_release(store).await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn held_messages_wait_for_their_release_on_mariadb() {
    held_messages_wait_for_their_release(Store::open(&mysql().await).await.unwrap()).await;
}

#[tokio::test]
async fn after_a_restart_what_was_held_goes() {
    let (folder, store) = sqlite().await;
    let clock = Stopped::new();
    let (outbox, _woken) = Outbox::new(store.clone(), Arc::clone(&clock) as Arc<dyn Clock>);
    outbox.queue(lane("oA"), &texts(&["b"]), Hold::UntilReleased).await.unwrap();
    store.db().close().await;

    let store = Store::open(&file(&folder)).await.unwrap();
    let (outbox, _woken) = Outbox::new(store.clone(), Arc::clone(&clock) as Arc<dyn Clock>);
    outbox.recover().await.unwrap();
    assert_eq!(lanes::due(&store, &["main".into()], clock.now(), 10).await.unwrap(), [lane("oA")]);
    assert_eq!(waiting(&store, &lane("oA")).await, ["b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_share_commits_and_lose_nothing() {
    let (_folder, store) = sqlite().await;
    let clock = Stopped::new();
    let (outbox, _woken) = Outbox::new(store.clone(), clock as Arc<dyn Clock>);
    let writers: Vec<_> = (0..200)
        .map(|number| {
            let outbox = outbox.clone();
            let messages = texts(&[&number.to_string()]);
            tokio::spawn(
                async move { outbox.queue(lane(&format!("o{}", number % 7)), &messages, Hold::No).await },
            )
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let rows = store
        .db()
        .query("SELECT COUNT(*) AS n, COUNT(DISTINCT openid) AS users FROM outbox", &[])
        .await
        .unwrap();
    assert_eq!((rows[0]["n"].as_i64(), rows[0]["users"].as_i64()), (Some(200), Some(7)));
}
