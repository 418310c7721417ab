//! Replies of every kind, and what is said about wrong ones.

use serde_json::{Value, json};

use crate::back_end::{Answer, BackEnd, body, field, reply, text};
use crate::stand::{NOTICE, Stand, findings};

/// A voice or a video of the account's own comes back as it is named.
#[tokio::test]
async fn uploaded_voices_and_videos_are_shown() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    for (kind, wrapper, more) in [("voice", "Voice", ""), ("video", "Video", "<Title>片</Title>")] {
        // What the person sends is a file of the account's for three days.
        let sent = stand.act(&user, "send", json!({ "msgtype": kind })).await;
        let id = field(sent["request"]["plain"].as_str().unwrap(), "MediaId");
        back_end.answer(&[reply(&format!(
            "<MsgType>{kind}</MsgType><{wrapper}><MediaId>{id}</MediaId>{more}</{wrapper}>"
        ))]);
        let exchange = stand.act(&user, "say", json!({"text": "?"})).await;
        assert_eq!(exchange["outcome"], "replied", "{exchange}");
        let shown = stand.chat(&user).await.pop().unwrap();
        assert_eq!((&shown["type"], &shown["url"]), (&json!(kind), &json!(format!("/_sandbox/media/{id}"))));
        back_end.answer(&[body("success")]);
    }
}

#[tokio::test]
async fn a_file_nobody_has_shows_the_notice_or_what_the_setting_says() {
    let fields = "<MsgType>voice</MsgType><Voice><MediaId>lost</MediaId></Voice>";
    let (exchange, chat) = said(reply(fields)).await;
    assert_eq!((&exchange["outcome"], findings(&exchange)), (&json!("failed"), vec!["unknown_media"]));
    assert_eq!(chat.last().unwrap()["text"], NOTICE);
    let back_end = BackEnd::start(&[body("success"), reply(fields)]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    for (ends, outcome, seen) in [("silent", "silent", 1), ("shown", "replied", 3)] {
        stand.send("PUT", "/_sandbox/settings", json!({ "unknown_media_in_reply": ends })).await;
        let exchange = stand.act(&user, "say", json!({"text": "?"})).await;
        assert_eq!(
            (&exchange["outcome"], findings(&exchange)),
            (&json!(outcome), vec!["unknown_media"]),
            "{ends}"
        );
        assert_eq!(stand.chat(&user).await.len(), seen, "{ends}");
    }
}

async fn said(answer: Answer) -> (Value, Vec<Value>) {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    back_end.answer(&[answer]);
    let exchange = stand.act(&user, "say", json!({"text": "?"})).await;
    (exchange, stand.chat(&user).await)
}

#[tokio::test]
async fn each_kind_of_reply_is_shown() {
    let cases = [
        (
            "image",
            "<MsgType>image</MsgType><Image><MediaId>material-picture-1</MediaId></Image>",
            "media_id",
            "material-picture-1",
        ),
        (
            "music",
            "<MsgType>music</MsgType><Music><Title>晴天</Title><MusicUrl>http://a.test/1.mp3</MusicUrl></Music>",
            "musicurl",
            "http://a.test/1.mp3",
        ),
    ];
    for (kind, fields, name, want) in cases {
        let (exchange, chat) = said(reply(fields)).await;
        assert_eq!(exchange["outcome"], "replied", "{exchange}");
        let shown = &chat[1];
        assert_eq!(
            (&shown["type"], &shown[name], &shown[kind][name]),
            (&json!(kind), &json!(want), &json!(want))
        );
    }
}

#[tokio::test]
async fn surplus_articles_are_dropped_and_the_rest_is_shown() {
    let item = "<item><Title>甲</Title><Description>d</Description><PicUrl>p</PicUrl><Url>u</Url></item>";
    let news =
        format!("<MsgType>news</MsgType><ArticleCount>2</ArticleCount><Articles>{item}{item}</Articles>");
    let (exchange, chat) = said(reply(&news)).await;
    assert_eq!((&exchange["outcome"], findings(&exchange)), (&json!("replied"), vec!["too_many_articles"]));
    assert_eq!(chat[1]["news"]["articles"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn every_other_finding_fails_the_exchange_with_one_notice() {
    let cases = [
        (body("<!DOCTYPE html><html></html>"), "html_reply"),
        (body("[1]"), "json_reply"),
        (body("oops"), "xml_error"),
        (text("a\u{8}b"), "control_character"),
        (
            body(
                "<xml><ToUserName>a</ToUserName><FromUserName>b</FromUserName><MsgType>text</MsgType><Content>c</Content></xml>",
            ),
            "swapped_users",
        ),
        (reply("<MsgType>txt</MsgType>"), "unknown_msgtype"),
        (text(""), "empty_content"),
        (text(&"长".repeat(683)), "content_too_long"),
    ];
    for (answer, code) in cases {
        let (exchange, chat) = said(answer).await;
        assert_eq!(exchange["outcome"], "failed", "{exchange}");
        assert_eq!(findings(&exchange)[0], code);
        let finding = &exchange["findings"][0];
        for field in ["severity", "where", "zh", "en", "doc"] {
            assert!(finding[field].as_str().is_some_and(|text| !text.is_empty()), "{finding}");
        }
        let notices: Vec<_> = chat.iter().filter(|message| message["from"] == "notice").collect();
        assert_eq!(notices.len(), 1);
        assert_eq!((&notices[0]["text"], &notices[0]["exchange"]), (&json!(NOTICE), &exchange["id"]));
    }
}

#[tokio::test]
async fn an_xml_error_is_placed() {
    let (exchange, _) = said(body("<xml>\n <A>&nbsp;</A></xml>")).await;
    assert_eq!(exchange["findings"][0]["where"], "line 2, column 5");
}

#[tokio::test]
async fn success_nothing_and_a_transfer_are_silent() {
    for answer in [body("success"), body(""), reply("<MsgType>transfer_customer_service</MsgType>")] {
        let (exchange, chat) = said(answer).await;
        assert_eq!((&exchange["outcome"], chat.len()), (&json!("silent"), 1), "{exchange}");
    }
}
