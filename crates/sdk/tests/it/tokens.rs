//! One token for everybody, renewed in time, and once when it is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use hongyan::wire::Clock;
use hongyan::{ErrCode, Error, MemoryTokens, Timestamp, TokenEndpoint};
use serde_json::json;

use crate::stand_in::{SECRET, Say, StandIn};

/// How often one renewal may ask, at most.
const REPEATS: usize = 4;
const DELETE: &str = "/cgi-bin/menu/delconditional";

fn refused(code: i64) -> Say {
    Say::Json(json!({"errcode": code, "errmsg": "token rid: a-b-c"}))
}

fn ok() -> Say {
    Say::Json(json!({"errcode": 0, "errmsg": "ok"}))
}

/// A clock that a test moves.
#[derive(Default)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_732_000_000 + self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn fifty_callers_at_once_fetch_one_token() {
    let platform = StandIn::start().await;
    platform.say(DELETE, ok()).delay_tokens(Duration::from_millis(100));
    let client = platform.client();
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.menu().delete_conditional("7").await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(platform.tokens(), 1);
    assert_eq!(platform.asked(DELETE).len(), 50);
    assert!(platform.asked(DELETE).iter().all(|asked| asked.query["access_token"] == "token-number-1"));
}

#[tokio::test]
async fn fifty_callers_with_a_wrong_secret_ask_once() {
    let platform = StandIn::start().await;
    platform
        .say("/cgi-bin/stable_token", Say::Json(json!({"errcode": 40125, "errmsg": "invalid appsecret"})));
    let client = platform.client();
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.token().await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap_err().code(), Some(ErrCode(40125)));
    }
    assert!(platform.tokens() < 5, "{} requests", platform.tokens());
}

#[tokio::test]
async fn many_who_try_again_and_again_do_not_become_a_storm() {
    let platform = StandIn::start().await;
    platform.say("/cgi-bin/stable_token", refused(-1));
    let client = platform.client();
    let began = Instant::now();
    for _ in 0..300 {
        assert_eq!(client.token().await.unwrap_err().code(), Some(ErrCode(-1)));
    }
    // Five at once, then one a second.
    let allowed = 6 + began.elapsed().as_secs() as usize;
    let calls = platform.tokens();
    assert!(calls >= 5, "{calls}");
    assert!(calls <= allowed * REPEATS, "{calls} calls where {allowed} renewals may begin");
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_no_lease_behind() {
    let platform = StandIn::start().await;
    platform.delay_tokens(Duration::from_millis(200));
    let store = Arc::new(MemoryTokens::default());
    let impatient = platform.builder().token_store(store.clone()).build().unwrap();
    tokio::time::timeout(Duration::from_millis(50), impatient.token()).await.unwrap_err();
    let other = platform.builder().token_store(store).build().unwrap();
    tokio::time::timeout(Duration::from_secs(5), other.token())
        .await
        .expect("it waits for the lease")
        .unwrap();
    assert_eq!(platform.tokens(), 1);
}

#[tokio::test]
async fn several_clients_that_share_a_store_fetch_one_token() {
    let platform = StandIn::start().await;
    platform.delay_tokens(Duration::from_millis(100));
    let store = Arc::new(MemoryTokens::default());
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let client = platform.builder().token_store(store.clone()).build().unwrap();
            tokio::spawn(async move { client.token().await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().token.expose(), "token-number-1");
    }
    assert_eq!(platform.tokens(), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_call_repeated_once() {
    for code in [40001, 40014, 42001] {
        let platform = StandIn::start().await;
        platform.say(DELETE, refused(code)).say(DELETE, ok());
        platform.client().menu().delete_conditional("7").await.unwrap();
        let tokens: Vec<_> =
            platform.asked(DELETE).iter().map(|asked| asked.query["access_token"].clone()).collect();
        assert_eq!(tokens, ["token-number-1", "token-number-2"]);
    }
}

#[tokio::test]
async fn a_token_that_is_refused_again_is_an_error_and_not_a_loop() {
    let platform = StandIn::start().await;
    platform.say(DELETE, refused(40001));
    let error = platform.client().menu().delete_conditional("7").await.unwrap_err();
    assert_eq!(error.code(), Some(ErrCode(40001)));
    assert_eq!((platform.asked(DELETE).len(), platform.tokens()), (2, 2));
}

#[tokio::test]
async fn fifty_calls_refused_at_once_renew_the_token_once() {
    let platform = StandIn::start().await;
    for _ in 0..50 {
        platform.say(DELETE, refused(42001));
    }
    platform.say(DELETE, ok());
    let client = platform.client();
    client.token().await.unwrap();
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.menu().delete_conditional("7").await })
        })
        .collect();
    let mut failed = 0;
    for call in calls {
        // A call that found the renewed token already and was refused by the script again fails: that is right.
        failed += usize::from(call.await.unwrap().is_err());
    }
    assert!(platform.tokens() <= 2 + failed, "{} tokens, {failed} failed", platform.tokens());
    assert!(platform.tokens() < 50);
}

#[tokio::test]
async fn other_refusals_leave_the_token_alone() {
    let platform = StandIn::start().await;
    platform.say(DELETE, refused(48001));
    platform.client().menu().delete_conditional("7").await.unwrap_err();
    assert_eq!((platform.asked(DELETE).len(), platform.tokens()), (1, 1));
}

#[tokio::test]
async fn the_stable_endpoint_is_asked_without_force() {
    let platform = StandIn::start().await;
    platform.say(DELETE, refused(40001)).say(DELETE, ok());
    platform.client().menu().delete_conditional("7").await.unwrap();
    for asked in platform.asked("/cgi-bin/stable_token") {
        let body =
            json!({"grant_type": "client_credential", "appid": "wx0123456789abcdef", "secret": SECRET});
        assert_eq!(asked.json(), body);
        assert_eq!(asked.raw_query, "");
    }
}

#[tokio::test]
async fn the_classic_endpoint_is_asked_when_chosen() {
    let platform = StandIn::start().await;
    let client = platform.builder().token_endpoint(TokenEndpoint::Classic).build().unwrap();
    let token = client.token().await.unwrap();
    assert_eq!(token.token.expose(), "token-number-1");
    assert!(token.expires_in > Duration::from_secs(7100));
    let query = &platform.asked("/cgi-bin/token")[0].query;
    assert_eq!((query["grant_type"].as_str(), query["secret"].as_str()), ("client_credential", SECRET));
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let platform = StandIn::start().await;
    let hands = Arc::new(Hands::default());
    let client = platform.builder().clock(hands.clone()).build().unwrap();
    client.token().await.unwrap();
    hands.0.store(7200 - 241, Ordering::SeqCst);
    assert_eq!(client.token().await.unwrap().token.expose(), "token-number-1");
    hands.0.store(7200 - 239, Ordering::SeqCst);
    assert_eq!(client.token().await.unwrap().token.expose(), "token-number-2");
}

#[tokio::test]
async fn a_platform_that_is_away_at_renewal_does_not_stop_calls_while_the_token_works() {
    let platform = StandIn::start().await;
    let hands = Arc::new(Hands::default());
    let client = platform.builder().clock(hands.clone()).build().unwrap();
    client.token().await.unwrap();
    platform.say("/cgi-bin/stable_token", Say::Json(json!({"errcode": -1, "errmsg": "system error"})));
    hands.0.store(7000, Ordering::SeqCst);
    for _ in 0..5 {
        assert_eq!(client.token().await.unwrap().token.expose(), "token-number-1");
    }
    assert_eq!(platform.tokens(), 2);
    hands.0.store(7201, Ordering::SeqCst);
    assert!(matches!(client.token().await, Err(Error::Refused(_))));
}
