//! What goes over the wire.

use std::sync::{Arc, Mutex};

use hongyan::{
    Button, Call, CustomMessage, Error, Host, MediaId, MediaKind, NewMenu, NewQrCode, OutMessage, Scene,
    Ticket, Upload,
};
use serde_json::{Value, json};

use crate::stand_in::{Say, StandIn};

fn ok() -> Value {
    json!({"errcode": 0, "errmsg": "ok"})
}

#[tokio::test]
async fn json_bodies_are_raw_utf8() {
    let platform = StandIn::start().await;
    platform.say_json("/cgi-bin/menu/create", ok());
    let menu = NewMenu::new([Button::view("关于<我>", "https://x/?a=1&b=2")]);
    platform.client().menu().create(&menu).await.unwrap();
    let asked = &platform.asked("/cgi-bin/menu/create")[0];
    assert_eq!(asked.content_type, "application/json");
    let body = r#"{"button":[{"name":"关于<我>","type":"view","url":"https://x/?a=1&b=2"}]}"#;
    assert_eq!(std::str::from_utf8(&asked.body).unwrap(), body);
}

#[tokio::test]
async fn a_menu_as_plain_json_goes_out_as_it_is() {
    let platform = StandIn::start().await;
    platform.say_json("/cgi-bin/menu/create", ok());
    let menu = json!({"button": [{"name": "far longer than sixteen bytes", "type": "click", "key": "k"}]});
    platform.client().menu().create(&menu).await.unwrap();
    assert_eq!(platform.asked("/cgi-bin/menu/create")[0].json(), menu);
}

#[tokio::test]
async fn limits_are_checked_before_anything_is_sent() {
    let platform = StandIn::start().await;
    let client = platform.client();
    let refusals = [
        client.menu().create(&NewMenu::new([])).await.unwrap_err(),
        client.message().send(&OutMessage::new("o1", "")).await.unwrap_err(),
        client.user().update_remark(&"o1".into(), &"x".repeat(30)).await.unwrap_err(),
        client.user().info_batch(&[]).await.unwrap_err(),
        client.media().upload(MediaKind::Voice, Upload::bytes("a.jpg", "x")).await.unwrap_err(),
        client.media().upload_article_image(Upload::bytes("a.gif", "x")).await.unwrap_err(),
        client.send::<Value>(Call::get("no-slash")).await.unwrap_err(),
        NewQrCode::permanent(Scene::Id(0)).unwrap_err(),
        Upload::path("/no/such/file.jpg").await.unwrap_err(),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Error::Invalid { .. }), "{refusal:?}");
    }
    assert_eq!(platform.tokens(), 0);
}

#[tokio::test]
async fn a_file_goes_out_with_its_name_as_it_is_and_progress_to_the_end() {
    let platform = StandIn::start().await;
    let path = "/cgi-bin/media/upload";
    platform.say_json(path, json!({"type": "image", "media_id": "m", "created_at": 1}));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("中文 图.jpg");
    let bytes = [&b"\xff\xd8\xff"[..], &vec![7; 100_000]].concat();
    std::fs::write(&file, &bytes).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let upload = Upload::path(&file).await.unwrap().on_progress({
        let seen = seen.clone();
        move |sent, total| seen.lock().unwrap().push((sent, total))
    });
    let uploaded = platform.client().media().upload(MediaKind::Image, upload).await.unwrap();
    assert_eq!(uploaded.media_id, "m");
    let asked = &platform.asked(path)[0];
    assert_eq!(asked.query["type"], "image");
    assert!(asked.content_type.starts_with("multipart/form-data"));
    let head = String::from_utf8_lossy(&asked.body[..300]);
    assert!(head.contains("name=\"media\"; filename=\"中文 图.jpg\""), "{head}");
    assert!(asked.body.windows(bytes.len()).any(|window| window == bytes));
    let seen = seen.lock().unwrap();
    assert!(seen.len() > 3 && seen.is_sorted());
    assert_eq!(seen.last(), Some(&(100_003, 100_003)));
}

#[tokio::test]
async fn a_file_is_sent_whole_again_when_its_token_was_refused() {
    let platform = StandIn::start().await;
    let path = "/cgi-bin/media/upload";
    platform
        .say_json(path, json!({"errcode": 42001, "errmsg": "access_token expired"}))
        .say_json(path, json!({"type": "image", "media_id": "m", "created_at": 1}));
    let upload = Upload::bytes("a.png", vec![1_u8; 50_000]);
    platform.client().media().upload(MediaKind::Image, upload).await.unwrap();
    let lengths: Vec<_> = platform.asked(path).iter().map(|asked| asked.body.len()).collect();
    assert_eq!(lengths.len(), 2);
    assert_eq!(lengths[0], lengths[1]);
}

#[tokio::test]
async fn a_download_reports_how_far_it_is() {
    let platform = StandIn::start().await;
    platform.say("/cgi-bin/media/get", Say::Raw(200, "audio/amr", vec![1; 300_000]));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let report = {
        let seen = seen.clone();
        move |done, total| seen.lock().unwrap().push((done, total))
    };
    platform.client().media().download(&MediaId::from("m"), report).await.unwrap();
    assert_eq!(seen.lock().unwrap().last(), Some(&(300_000, Some(300_000))));
}

#[tokio::test]
async fn a_ticket_is_percent_encoded_and_goes_to_the_picture_host_without_a_token() {
    let api = StandIn::start().await;
    let mp = StandIn::start().await;
    mp.say("/cgi-bin/showqrcode", Say::Raw(200, "image/jpg", b"\xff\xd8\xff".to_vec()));
    let client = api.builder().mp_base(&mp.url).build().unwrap();
    assert_eq!(client.base(Host::Mp), mp.url);
    let bytes = client.qrcode().picture(&Ticket::from("gQH+/a b&c=")).await.unwrap();
    assert_eq!(&bytes[..], b"\xff\xd8\xff");
    let asked = &mp.asked("/cgi-bin/showqrcode")[0];
    assert_eq!(asked.raw_query, "ticket=gQH%2B%2Fa+b%26c%3D");
    assert_eq!(asked.query["ticket"], "gQH+/a b&c=");
    assert_eq!(api.tokens(), 0);
}

#[tokio::test]
async fn any_other_endpoint_is_called_the_same_way() {
    let platform = StandIn::start().await;
    platform.say_json("/cgi-bin/new/thing", json!({"errcode": 0, "answer": 42}));
    let call = Call::post("/cgi-bin/new/thing?mode=fast")
        .query("page", 2)
        .field("name", "鸿雁")
        .field("skip", None::<u8>);
    let answer: Value = platform.client().send(call).await.unwrap();
    assert_eq!(answer["answer"], 42);
    let asked = &platform.asked("/cgi-bin/new/thing")[0];
    assert_eq!((asked.query["mode"].as_str(), asked.query["page"].as_str()), ("fast", "2"));
    assert_eq!(asked.query["access_token"], "token-number-1");
    assert_eq!(asked.json(), json!({"name": "鸿雁"}));
}

#[tokio::test]
async fn followers_are_listed_to_the_end() {
    let platform = StandIn::start().await;
    let path = "/cgi-bin/user/get";
    platform
        .say_json(
            path,
            json!({"total": 3, "count": 2, "data": {"openid": ["o1", "o2"]}, "next_openid": "o2"}),
        )
        .say_json(path, json!({"total": 3, "count": 1, "data": {"openid": ["o3"]}, "next_openid": "o3"}))
        .say_json(path, json!({"total": 3, "count": 0, "next_openid": ""}));
    let client = platform.client();
    let mut pages = client.user().pages();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        all.extend(page);
    }
    assert_eq!(all.len(), 3);
    assert!(pages.next().await.unwrap().is_none());
    let asked = platform.asked(path);
    assert_eq!(asked.len(), 3);
    assert!(!asked[0].query.contains_key("next_openid"));
    assert_eq!(asked[2].query["next_openid"], "o3");
}

#[tokio::test]
async fn a_message_has_receiver_kind_and_agent() {
    let platform = StandIn::start().await;
    let path = "/cgi-bin/message/custom/send";
    platform.say_json(path, ok());
    let message = OutMessage::new("o1", CustomMessage::Image { media_id: "m".into() }).kf_account("a@b");
    platform.client().message().send(&message).await.unwrap();
    let body = json!({"touser": "o1", "msgtype": "image", "image": {"media_id": "m"}, "customservice": {"kf_account": "a@b"}});
    assert_eq!(platform.asked(path)[0].json(), body);
}
