//! Replies that came too late to be one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use hongyan::CustomerService;
use hongyan::server::{Answer, LateSink, Push, PushKey};
use hongyan::wire::{Article, Inbound, Reply};
use serde_json::json;

use crate::stand_in::StandIn;

const SEND: &str = "/cgi-bin/message/custom/send";

fn push() -> Push {
    let message = b"<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1732000000</CreateTime>\
        <MsgType>text</MsgType><Content>hi</Content><MsgId>1</MsgId></xml>";
    Push {
        account: "main".into(),
        message: Arc::new(Inbound::parse(message).unwrap()),
        body: message.as_slice().into(),
        key: PushKey::new("1"),
        exchange: "x1".into(),
        deadline: Instant::now(),
    }
}

/// Gives the sink a reply, and counts how often it says that it took it.
async fn late(platform: &StandIn, reply: Reply) -> u32 {
    let taken = Arc::new(AtomicU32::new(0));
    let answer = Answer::from(reply).on_delivered({
        let taken = taken.clone();
        move || {
            taken.fetch_add(1, Ordering::SeqCst);
        }
    });
    CustomerService::new(platform.client()).late(push(), answer).await;
    taken.load(Ordering::SeqCst)
}

#[tokio::test]
async fn a_late_text_goes_by_customer_service_to_who_wrote() {
    let platform = StandIn::start().await;
    platform.say_json(SEND, json!({"errcode": 0}));
    assert_eq!(late(&platform, Reply::Text("你好".into())).await, 1);
    let body = json!({"touser": "o1", "msgtype": "text", "text": {"content": "你好"}});
    assert_eq!(platform.asked(SEND)[0].json(), body);
}

#[tokio::test]
async fn several_late_articles_go_one_by_one_until_one_is_refused() {
    let platform = StandIn::start().await;
    platform
        .say_json(SEND, json!({"errcode": 0}))
        .say_json(SEND, json!({"errcode": 45047, "errmsg": "out of limit"}));
    let news = ["a", "b", "c"].map(|title| Article { title: title.into(), ..Article::default() });
    assert_eq!(late(&platform, Reply::News(news.into())).await, 1);
    assert_eq!(platform.asked(SEND).len(), 2);
}

#[tokio::test]
async fn what_cannot_be_sent_that_way_is_dropped_and_still_taken() {
    let platform = StandIn::start().await;
    assert_eq!(late(&platform, Reply::None).await, 1);
    assert_eq!(late(&platform, Reply::Transfer { kf_account: None }).await, 1);
    assert!(platform.asked(SEND).is_empty());
}
