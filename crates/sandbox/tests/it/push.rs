//! When pushes are tried, cut and given up.

use serde_json::{Value, json};

use crate::back_end::{Answer, BackEnd, body, field, text};
use crate::stand::{NOTICE, Stand, findings};

#[tokio::test]
async fn a_message_travels_as_the_reference_shows_and_its_reply_is_shown() {
    let back_end = BackEnd::start(&[text("你好")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let said = stand.act(&user, "say", json!({"text": "order 42?"})).await;
    assert_eq!((&said["kind"], &said["outcome"]), (&json!("message.text"), &json!("replied")));
    assert_eq!((&said["direction"], &said["user"]), (&json!("push"), &json!(user)));
    let push = back_end.pushes().pop().unwrap();
    let (time, id) = (field(&push.body, "CreateTime"), field(&push.body, "MsgId"));
    assert_eq!(id.len(), 17);
    assert_eq!(
        push.body,
        format!(
            "<xml><ToUserName><![CDATA[gh_a1b2c3d4e5f6]]></ToUserName><FromUserName><![CDATA[{user}]]></FromUserName><CreateTime>{time}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[order 42?]]></Content><MsgId>{id}</MsgId></xml>"
        )
    );
    assert_eq!(push.headers["content-type"], "text/xml;charset=UTF-8");
    assert_eq!(push.query["openid"], user);
    let signed = hongyan_wire::signature::signature(
        "hongyanDemoToken",
        &push.query["timestamp"],
        &push.query["nonce"],
    );
    assert_eq!(signed.as_str(), push.query["signature"]);
    let chat = stand.chat(&user).await;
    assert_eq!(
        (&chat[2]["text"], &chat[2]["passive"], &chat[2]["exchange"]),
        (&json!("你好"), &json!(true), &said["id"])
    );
}

#[tokio::test]
async fn a_silent_back_end_is_tried_three_times_with_one_msgid() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    back_end.answer(&[Answer::Silence]);
    let said = stand.act(&user, "say", json!({"text": "?"})).await;
    assert_eq!((&said["outcome"], findings(&said)), (&json!("failed"), vec!["late"]));
    let tries = said["tries"].as_array().unwrap();
    assert_eq!(tries.len(), 3);
    assert!(tries.iter().all(|one| one["status"] == Value::Null && one["took_ms"].as_u64().unwrap() >= 200));
    let pushes = back_end.pushes().split_off(1);
    assert_eq!(pushes.len(), 3);
    let field_of = |name: &str| pushes.iter().map(|push| field(&push.body, name)).collect::<Vec<_>>();
    assert!(field_of("MsgId").windows(2).all(|pair| pair[0] == pair[1]));
    assert!(field_of("CreateTime").windows(2).all(|pair| pair[0] == pair[1]));
    assert!(pushes.windows(2).all(|pair| pair[0].query["nonce"] != pair[1].query["nonce"]));
    assert!(pushes[2].at - pushes[0].at >= std::time::Duration::from_millis(300));
    assert_eq!(stand.texts(&user).await.last().unwrap(), &("notice".to_owned(), NOTICE.to_owned()));
}

#[tokio::test]
async fn an_answer_to_the_second_try_is_shown_once_without_a_finding() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    back_end.answer(&[Answer::Status(502), text("来了")]);
    let said = stand.act(&user, "say", json!({"text": "?"})).await;
    assert_eq!((&said["outcome"], findings(&said).len()), (&json!("replied"), 0));
    let statuses: Vec<_> =
        said["tries"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses, [json!(502), json!(200)]);
    let gap = said["tries"][1]["at_ms"].as_i64().unwrap() - said["tries"][0]["at_ms"].as_i64().unwrap();
    assert!((200..400).contains(&gap), "{gap}");
    let texts = stand.texts(&user).await;
    assert_eq!(texts.len(), 2, "{texts:?}");
}

#[tokio::test]
async fn a_malformed_answer_is_not_repeated_and_shows_one_notice() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    back_end.answer(&[body(r#"{"msgtype":"text"}"#)]);
    let said = stand.act(&user, "say", json!({"text": "?"})).await;
    assert_eq!((findings(&said), said["tries"].as_array().unwrap().len()), (vec!["json_reply"], 1));
    assert_eq!(back_end.pushes().len(), 2);
    assert_eq!(stand.texts(&user).await.iter().filter(|(from, _)| from == "notice").count(), 1);
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    back_end.answer(&[Answer::Status(500)]);
    let said = stand.act(&user, "say", json!({"text": "?"})).await;
    assert_eq!((findings(&said), said["tries"].as_array().unwrap().len()), (vec!["http_status"], 3));
    let faults = json!([{"on": {"direction": "push"}, "do": {"drop": true}, "times": 1}]);
    stand.send("PUT", "/_sandbox/faults", faults).await;
    back_end.answer(&[text("第二次")]);
    let said = stand.act(&user, "say", json!({"text": "?"})).await;
    assert_eq!((&said["outcome"], said["tries"].as_array().unwrap().len()), (&json!("replied"), 2));
}

#[tokio::test]
async fn virtual_time_shows_in_the_message_and_not_in_the_signature() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    stand.advance(10 * 86_400).await;
    stand.act(&user, "say", json!({"text": "?"})).await;
    let push = back_end.pushes().pop().unwrap();
    let created: i64 = field(&push.body, "CreateTime").parse().unwrap();
    let signed: i64 = push.query["timestamp"].parse().unwrap();
    assert!((created - signed - 10 * 86_400).abs() <= 1, "{created} {signed}");
}

#[tokio::test]
async fn the_tries_of_the_default_settings_are_five_seconds_apart() {
    let defaults = hongyan_sandbox::Options::default();
    assert_eq!((defaults.push_timeout_ms, defaults.push_spacing_ms, defaults.push_tries), (5000, 5000, 3));
}
