//! Customer-service messages, their windows, and the typing state.

use serde_json::json;

use crate::stand::{Stand, code, options};

#[tokio::test]
async fn five_messages_in_48_hours_after_the_user_wrote() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    stand.advance(60).await;
    assert_eq!(stand.text(&user, "too late").await, 45015);
    stand.act(&user, "say", json!({"text": "在吗"})).await;
    for n in 1..=5 {
        assert_eq!(stand.text(&user, &format!("第{n}条")).await, 0);
    }
    assert_eq!(stand.text(&user, "第6条").await, 45047);
    stand.advance(48 * 3600).await;
    assert_eq!(stand.text(&user, "两天后").await, 45015);
    let texts = stand.texts(&user).await;
    assert_eq!(texts.len(), 6);
    assert_eq!(texts[5], ("account".to_owned(), "第5条".to_owned()));
}

#[tokio::test]
async fn a_send_spends_the_window_that_ends_first() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    stand.act(&user, "say", json!({"text": "在吗"})).await;
    stand.text(&user, "1").await;
    let windows = stand.get(&format!("/_sandbox/users/{user}")).await["windows"].clone();
    assert_eq!((&windows[0]["action"], &windows[0]["left"]), (&json!("follow"), &json!(2)));
    assert_eq!((&windows[1]["action"], &windows[1]["left"]), (&json!("message"), &json!(5)));
    stand.act(&user, "pay", json!({})).await;
    let windows = stand.get(&format!("/_sandbox/users/{user}")).await["windows"].clone();
    assert_eq!((&windows[2]["action"], &windows[2]["left"]), (&json!("pay"), &json!(null)));
}

#[tokio::test]
async fn who_does_not_follow_gets_nothing() {
    let stand = Stand::start(options()).await;
    assert_eq!(stand.text("oNobody0000000000000000000000", "hi").await, 40003);
    let never = stand.person().await;
    assert_eq!(stand.text(&never, "hi").await, 43004);
    let left = stand.follower().await;
    stand.act(&left, "unfollow", json!({})).await;
    assert_eq!(stand.text(&left, "hi").await, 45015);
}

#[tokio::test]
async fn bad_messages_have_their_codes_and_cost_nothing() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    let send = |message: serde_json::Value| {
        let mut body = message;
        body["touser"] = json!(user);
        stand.call("/cgi-bin/message/custom/send", body)
    };
    assert_eq!(code(&send(json!({"msgtype": "text", "text": {"content": ""}})).await), 44004);
    assert_eq!(code(&send(json!({"msgtype": "text", "text": {"content": "a".repeat(2049)}})).await), 45002);
    assert_eq!(code(&send(json!({"msgtype": "image", "image": {"media_id": "none"}})).await), 40007);
    assert_eq!(code(&send(json!({"msgtype": "news", "news": {"articles": [{}, {}]}})).await), 45008);
    assert_eq!(code(&send(json!({"msgtype": "smell"})).await), 40008);
    let escaped = format!(r#"{{"touser":"{user}","msgtype":"text","text":{{"content":"\u4f60"}}}}"#);
    assert_eq!(code(&stand.call_raw("/cgi-bin/message/custom/send", &escaped).await), 40033);
    assert_eq!(stand.get(&format!("/_sandbox/users/{user}")).await["windows"][0]["left"], 3);
}

#[tokio::test]
async fn news_music_and_menus_show_on_the_phone() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    let bodies = [
        json!({"touser": user, "msgtype": "news", "news": {"articles": [{"title": "标题", "description": "说明", "url": "https://a.test/", "picurl": "https://a.test/p.png"}]}}),
        json!({"touser": user, "msgtype": "music", "music": {"title": "晴天", "description": "周杰伦", "musicurl": "https://a.test/1.mp3", "hqmusicurl": "https://a.test/1.mp3", "thumb_media_id": "material-picture-1"}}),
        json!({"touser": user, "msgtype": "msgmenu", "msgmenu": {"head_content": "满意吗", "list": [{"id": "101", "content": "满意"}], "tail_content": "谢谢"}}),
    ];
    for body in bodies {
        assert_eq!(code(&stand.call("/cgi-bin/message/custom/send", body).await), 0);
    }
    let chat = stand.chat(&user).await;
    assert_eq!(
        (&chat[0]["type"], &chat[0]["news"]["articles"][0]["title"]),
        (&json!("news"), &json!("标题"))
    );
    assert_eq!(
        (&chat[1]["title"], &chat[1]["music"]["thumb_url"]),
        (&json!("晴天"), &json!("/_sandbox/media/material-picture-1"))
    );
    assert_eq!(chat[2]["msgmenu"]["list"][0]["content"], "满意");
    assert_eq!(chat[2]["passive"], false);
}

#[tokio::test]
async fn typing_needs_a_recent_exchange_and_shows_once() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    let typing = |command: &str| {
        stand.call("/cgi-bin/message/custom/typing", json!({"touser": user, "command": command}))
    };
    assert_eq!(code(&typing("Typing").await), 45080);
    stand.act(&user, "say", json!({"text": "在吗"})).await;
    assert_eq!(code(&typing("Dancing").await), 45072);
    assert_eq!(code(&typing("Typing").await), 0);
    assert_eq!(stand.get(&format!("/_sandbox/users/{user}")).await["typing"], true);
    assert_eq!(code(&typing("Typing").await), 45081);
    assert_eq!(code(&typing("CancelTyping").await), 0);
    assert_eq!(code(&typing("Typing").await), 0);
    stand.advance(31).await;
    assert_eq!(code(&typing("Typing").await), 45080);
}
