//! What people do, and what the account hears of it.

use serde_json::json;

use crate::back_end::{BackEnd, body, field, text};
use crate::stand::{Stand, options};

#[tokio::test]
async fn a_follow_is_answered_and_an_unfollow_is_not() {
    let back_end = BackEnd::start(&[text("欢迎")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.person().await;
    let follow = stand.act(&user, "follow", json!({})).await;
    assert_eq!((&follow["kind"], &follow["outcome"]), (&json!("event.subscribe"), &json!("replied")));
    assert_eq!(field(&back_end.last(), "EventKey"), "");
    assert_eq!(stand.texts(&user).await, [("account".to_owned(), "欢迎".to_owned())]);
    let unfollow = stand.act(&user, "unfollow", json!({})).await;
    assert_eq!((&unfollow["kind"], &unfollow["outcome"]), (&json!("event.unsubscribe"), &json!("silent")));
    assert_eq!(stand.texts(&user).await.len(), 1);
    assert_eq!(stand.get(&format!("/_sandbox/users/{user}")).await["following"], false);
}

#[tokio::test]
async fn a_failed_unfollow_shows_no_notice() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    back_end.answer(&[body("oops")]);
    let unfollow = stand.act(&user, "unfollow", json!({})).await;
    assert_eq!((&unfollow["outcome"], stand.chat(&user).await.len()), (&json!("failed"), 0));
}

#[tokio::test]
async fn without_a_callback_an_action_opens_its_window_and_pushes_nothing() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    let said = stand.act(&user, "say", json!({"text": "喂"})).await;
    assert_eq!((&said["outcome"], &said["tries"]), (&json!("none"), &json!([])));
    assert_eq!(stand.texts(&user).await, [("user".to_owned(), "喂".to_owned())]);
    assert_eq!(stand.text(&user, "在").await, 0);
}

#[tokio::test]
async fn each_kind_of_message_carries_its_fields() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let image = stand.act(&user, "send", json!({"msgtype": "image", "data": "/9j/4AAQ"})).await;
    assert_eq!(image["kind"], "message.image");
    let picture = reqwest::get(field(&back_end.last(), "PicUrl")).await.unwrap();
    assert_eq!(picture.bytes().await.unwrap().as_ref(), [0xff, 0xd8, 0xff, 0xe0, 0, 0x10]);
    let id = field(&back_end.last(), "MediaId");
    assert_eq!(stand.raw(&format!("/_sandbox/media/{id}")).await.status(), 200);
    stand.act(&user, "send", json!({"msgtype": "voice", "recognition": "几点开门"})).await;
    assert_eq!(field(&back_end.last(), "Format"), "amr");
    assert_eq!(field(&back_end.last(), "Recognition"), "几点开门");
    stand.act(&user, "send", json!({"msgtype": "video"})).await;
    assert!(!field(&back_end.last(), "ThumbMediaId").is_empty());
    stand.act(&user, "send", json!({"msgtype": "link", "title": "A page", "description": "About it", "url": "https://example.test/p?a=1&b=2"})).await;
    assert_eq!(field(&back_end.last(), "Url"), "https://example.test/p?a=1&b=2");
    let place = stand
        .act(
            &user,
            "locate",
            json!({"latitude": 31.230_416, "longitude": 121.473_701, "label": "Test square 1"}),
        )
        .await;
    assert_eq!(place["kind"], "message.location");
    let push = back_end.last();
    assert!(push.contains("<Location_X>31.230416</Location_X><Location_Y>121.473701</Location_Y><Scale>16</Scale><Label><![CDATA[Test square 1]]></Label>"), "{push}");
    let kinds: Vec<_> = stand.chat(&user).await.iter().map(|message| message["type"].clone()).collect();
    assert_eq!(kinds, ["image", "voice", "video", "link", "location"]);
}

#[tokio::test]
async fn a_tap_on_a_msgmenu_item_is_a_text_with_its_id_and_a_menu_window() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let menu = json!({"touser": user, "msgtype": "msgmenu", "msgmenu": {"head_content": "满意吗", "list": [{"id": "101", "content": "满意"}], "tail_content": ""}});
    stand.call("/cgi-bin/message/custom/send", menu).await;
    stand.advance(60).await;
    let click = stand.act(&user, "menu_click", json!({"id": "101"})).await;
    assert_eq!(click["kind"], "message.text");
    assert_eq!(field(&back_end.last(), "Content"), "满意");
    assert!(back_end.last().contains("<bizmsgmenuid>101</bizmsgmenuid>"));
    let windows = stand.get(&format!("/_sandbox/users/{user}")).await["windows"].clone();
    assert_eq!((windows.as_array().unwrap().len(), &windows[0]["action"]), (1, &json!("menu")));
}

#[tokio::test]
async fn impossible_actions_say_what_to_do() {
    let stand = Stand::start(options()).await;
    let user = stand.person().await;
    let path = |verb: &str| format!("/_sandbox/users/{user}/{verb}");
    let cases = [
        (path("say"), json!({"text": "hi"}), 409, "follow"),
        (path("unfollow"), json!({}), 409, "follow"),
        (path("dance"), json!({}), 404, "tap"),
        ("/_sandbox/users/nobody/say".to_owned(), json!({"text": "hi"}), 404, "POST /_sandbox/users"),
    ];
    for (path, body, status, hint) in cases {
        let (got, answer) = stand.send("POST", &path, body).await;
        assert_eq!(got, status, "{path}");
        assert!(
            answer["error"].is_string() && answer["what_to_do"].as_str().unwrap().contains(hint),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_reset_leaves_the_account_and_nobody() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    stand.advance(1000).await;
    stand.post("/_sandbox/reset", json!({})).await;
    assert_eq!(stand.get("/_sandbox/users").await, json!([]));
    assert_eq!(stand.get("/_sandbox/exchanges").await, json!([]));
    assert_eq!(stand.get("/_sandbox/clock").await["ahead_ms"], 0);
    assert_eq!(stand.follower().await, user, "the same seed gives the same person");
    assert_eq!(stand.act(&user, "say", json!({"text": "hi"})).await["outcome"], "silent");
}
