//! Every type of menu button, as its tap pushes it.

use serde_json::{Value, json};

use crate::back_end::{BackEnd, body, field, text};
use crate::menu::article_menu;
use crate::stand::{Stand, code};

fn other_types() -> Value {
    json!({"button": [
        {"name": "一", "sub_button": [
            {"type": "view", "name": "网页", "url": "https://example.test/"},
            {"type": "scancode_push", "name": "扫码", "key": "SCAN_P"},
            {"type": "scancode_waitmsg", "name": "扫码等", "key": "SCAN_A"},
            {"type": "miniprogram", "name": "小程序", "url": "https://example.test/", "appid": "wx1", "pagepath": "pages/home/index"}
        ]},
        {"name": "二", "sub_button": [
            {"type": "pic_sysphoto", "name": "拍照", "key": "PIC_S"},
            {"type": "pic_photo_or_album", "name": "相册", "key": "PIC_P"},
            {"type": "pic_weixin", "name": "微信", "key": "PIC_A"},
            {"type": "location_select", "name": "位置", "key": "LOC_A"}
        ]},
        {"name": "三", "sub_button": [
            {"type": "media_id", "name": "图片", "media_id": "material-picture-1"},
            {"type": "view_limited", "name": "图文", "media_id": "material-news-1"},
            {"type": "article_id", "name": "文章", "article_id": "article-1"},
            {"type": "article_view_limited", "name": "读文章", "article_id": "article-1"}
        ]}
    ]})
}

async fn stand(menu: Value) -> (Stand, BackEnd, String) {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    assert_eq!(code(&stand.call("/cgi-bin/menu/create", menu).await), 0);
    (stand, back_end, user)
}

#[tokio::test]
async fn a_click_is_pushed_with_its_key_and_answered() {
    let (stand, back_end, user) = stand(article_menu()).await;
    back_end.answer(&[text("公司成立于…")]);
    let tap = stand.act(&user, "tap", json!({"button": "关于我们/公司简介"})).await;
    assert_eq!((&tap["kind"], &tap["outcome"]), (&json!("event.CLICK"), &json!("replied")));
    let push = back_end.last();
    assert!(push.contains("<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[CLICK]]></Event><EventKey><![CDATA[公司简介]]></EventKey></xml>"), "{push}");
    stand.act(&user, "tap", json!({"key": "服务热线"})).await;
    assert_eq!(field(&back_end.last(), "EventKey"), "服务热线");
    let windows = stand.get(&format!("/_sandbox/users/{user}")).await["windows"].clone();
    assert_eq!(windows.as_array().unwrap().iter().filter(|window| window["action"] == "menu").count(), 2);
}

#[tokio::test]
async fn pages_and_mini_programs_carry_the_menus_id_and_open_no_window() {
    let (stand, back_end, user) = stand(other_types()).await;
    let tap = stand.act(&user, "tap", json!({"button": "一/网页"})).await;
    assert_eq!(tap["kind"], "event.VIEW");
    assert_eq!(field(&back_end.last(), "EventKey"), "https://example.test/");
    assert!(field(&back_end.last(), "MenuId").parse::<u64>().is_ok());
    let tap = stand.act(&user, "tap", json!({"button": "一/小程序"})).await;
    assert_eq!(tap["kind"], "event.view_miniprogram");
    assert_eq!(field(&back_end.last(), "EventKey"), "pages/home/index");
    let windows = stand.get(&format!("/_sandbox/users/{user}")).await["windows"].clone();
    assert!(windows.as_array().unwrap().iter().all(|window| window["action"] != "menu"));
}

#[tokio::test]
async fn a_reply_to_an_opened_page_is_not_shown() {
    let (stand, back_end, user) = stand(other_types()).await;
    back_end.answer(&[text("没人看见")]);
    let tap = stand.act(&user, "tap", json!({"button": "一/网页"})).await;
    assert_eq!((&tap["outcome"], stand.chat(&user).await.len()), (&json!("silent"), 0));
}

#[tokio::test]
async fn scanners_carry_what_was_scanned() {
    let (stand, back_end, user) = stand(other_types()).await;
    for (name, kind, key) in [("扫码", "scancode_push", "SCAN_P"), ("扫码等", "scancode_waitmsg", "SCAN_A")]
    {
        let tap = stand
            .act(&user, "tap", json!({"button": format!("一/{name}"), "scan": "https://example.test/x"}))
            .await;
        assert_eq!(tap["kind"], format!("event.{kind}"));
        let push = back_end.last();
        assert_eq!(
            (field(&push, "EventKey"), field(&push, "ScanResult")),
            (key.to_owned(), "https://example.test/x".to_owned())
        );
    }
}

#[tokio::test]
async fn pictures_follow_their_event_as_messages() {
    let (stand, back_end, user) = stand(other_types()).await;
    for (name, kind) in [("拍照", "pic_sysphoto"), ("相册", "pic_photo_or_album"), ("微信", "pic_weixin")]
    {
        let before = back_end.pushes().len();
        let pictures = json!([{"data": "YQ=="}, {"data": "Yg=="}]);
        let tap =
            stand.act(&user, "tap", json!({"button": format!("二/{name}"), "pictures": pictures})).await;
        assert_eq!(tap["kind"], format!("event.{kind}"));
        assert_eq!(tap["then"].as_array().unwrap().len(), 2);
        let pushes = back_end.pushes().split_off(before);
        assert_eq!(pushes.len(), 3);
        assert!(pushes[0].body.contains("<SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum><![CDATA[0cc175b9c0f1b6a831c399e269772661]]></PicMd5Sum></item><item><PicMd5Sum><![CDATA[92eb5ffee6ae2fec3ad71c777531578f]]></PicMd5Sum></item></PicList></SendPicsInfo>"));
        assert!(pushes[1..].iter().all(|push| field(&push.body, "MsgType") == "image"));
    }
}

#[tokio::test]
async fn a_chosen_place_follows_its_event_as_a_message() {
    let (stand, back_end, user) = stand(other_types()).await;
    let place = json!({"latitude": 31.23, "longitude": 121.47, "label": "Road 1"});
    stand.act(&user, "tap", json!({"key": "LOC_A", "location": place})).await;
    let pushes = back_end.pushes();
    let (event, message) = (&pushes[pushes.len() - 2].body, &pushes[pushes.len() - 1].body);
    assert!(event.contains("<SendLocationInfo><Location_X><![CDATA[31.23]]></Location_X>"), "{event}");
    assert_eq!(
        (field(message, "MsgType"), field(message, "Location_X")),
        ("location".to_owned(), "31.23".to_owned())
    );
}

#[tokio::test]
async fn content_buttons_show_their_content_and_push_nothing() {
    let (stand, back_end, user) = stand(other_types()).await;
    let before = back_end.pushes().len();
    let kinds =
        [("图片", "image"), ("图文", "mpnews"), ("文章", "mpnewsarticle"), ("读文章", "mpnewsarticle")];
    for (name, kind) in kinds {
        let tap = stand.act(&user, "tap", json!({"button": format!("三/{name}")})).await;
        assert_eq!((&tap["outcome"], &tap["tries"]), (&json!("none"), &json!([])), "{name}");
        let chat = stand.chat(&user).await;
        assert_eq!(chat.last().unwrap()["type"], kind, "{name}");
    }
    assert_eq!(back_end.pushes().len(), before);
    assert_eq!(stand.chat(&user).await[2]["articles"][0]["title"], "鸿雁传书");
}

#[tokio::test]
async fn a_button_that_is_not_there_is_said_with_those_that_are() {
    let (stand, _, user) = stand(article_menu()).await;
    for button in ["关于我们", "关于我们/没有"] {
        let (status, answer) =
            stand.send("POST", &format!("/_sandbox/users/{user}/tap"), json!({ "button": button })).await;
        assert_eq!(status, 404);
        assert!(answer["what_to_do"].as_str().unwrap().contains("关于我们/公司简介"), "{answer}");
    }
}
