//! Tokens in the database: one refresh at a time, and the newest token wins.

use std::sync::Arc;
use std::time::Duration;

use hongyan::{StoredToken, TokenStore};
use hongyan_gateway::{SqlTokens, Store};
use hongyan_wire::{AppId, Secret, Timestamp};

use crate::stores::{mysql, sqlite};

const LEASE: Duration = Duration::from_secs(10);
const NOW: Timestamp = Timestamp(1_795_000_000_000);

fn token(text: &str, fence: u64) -> StoredToken {
    StoredToken { token: Secret::new(text), expires_at: NOW + Duration::from_hours(2), fence }
}

async fn one_lease_at_a_time(store: Store) {
    let tokens = SqlTokens::new(store);
    let app = AppId::new("wxA");
    let first = tokens.lease(&app, NOW, LEASE).await.unwrap().expect("nobody refreshes yet");
    assert_eq!(tokens.lease(&app, NOW, LEASE).await.unwrap(), None);
    assert!(tokens.lease(&AppId::new("wxa"), NOW, LEASE).await.unwrap().is_some(), "ids differ by case");
    let second = tokens.lease(&app, NOW + LEASE, LEASE).await.unwrap().expect("the first lease is over");
    assert!(second > first);
    tokens.release(&app, first).await.unwrap();
    assert_eq!(tokens.lease(&app, NOW + LEASE, LEASE).await.unwrap(), None, "an old fence frees nothing");
    tokens.release(&app, second).await.unwrap();
    assert!(tokens.lease(&app, NOW + LEASE, LEASE).await.unwrap().is_some());
}

async fn an_old_token_never_overwrites_a_newer(store: Store) {
    let tokens = SqlTokens::new(store);
    let app = AppId::new("wxA");
    let slow = tokens.lease(&app, NOW, LEASE).await.unwrap().unwrap();
    let fast = tokens.lease(&app, NOW + LEASE, LEASE).await.unwrap().unwrap();
    assert!(tokens.save(&app, fast, token("new", fast)).await.unwrap());
    assert!(!tokens.save(&app, slow, token("old", slow)).await.unwrap());
    let kept = tokens.load(&app).await.unwrap().unwrap();
    assert_eq!((kept.token.expose(), kept.fence), ("new", fast));
}

async fn of_many_at_once_one_gets_the_lease(store: Store) {
    let tokens = Arc::new(SqlTokens::new(store));
    let tries: Vec<_> = (0..32)
        .map(|_| {
            let tokens = Arc::clone(&tokens);
            tokio::spawn(async move { tokens.lease(&AppId::new("wxA"), NOW, LEASE).await.unwrap() })
        })
        .collect();
    let mut won = 0;
    for attempt in tries {
        won += usize::from(attempt.await.unwrap().is_some());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn one_lease_at_a_time_on_sqlite() {
    let (_folder, store) = sqlite().await;
    one_lease_at_a_time(store).await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn one_lease_at_a_time_on_mariadb() {
    one_lease_at_a_time(Store::open(&mysql().await).await.unwrap()).await;
}

#[tokio::test]
async fn an_old_token_never_overwrites_a_newer_on_sqlite() {
    let (_folder, store) = sqlite().await;
    an_old_token_never_overwrites_a_newer(store).await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn an_old_token_never_overwrites_a_newer_on_mariadb() {
    an_old_token_never_overwrites_a_newer(Store::open(&mysql().await).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_gets_the_lease_on_sqlite() {
    let (_folder, store) = sqlite().await;
    of_many_at_once_one_gets_the_lease(store).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn of_many_at_once_one_gets_the_lease_on_mariadb() {
    of_many_at_once_one_gets_the_lease(Store::open(&mysql().await).await.unwrap()).await;
}
