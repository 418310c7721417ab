//! Each group against the sandbox, which was written from the platform's documentation and not from this crate.

use std::time::Duration;

use hongyan::{
    Button, Carrier, Client, ErrCode, Error, MatchRule, MediaId, MediaKind, MemoryTokens, NewConditionalMenu,
    NewMenu, NewQrCode, OpenId, OutMessage, Probe, Scene, Secret, Ticket, TokenEndpoint, Typing, Upload,
    endpoints, menu,
};
use hongyan_sandbox::{Options, Running, Sandbox};
use serde_json::{Value, json};

/// A small white picture.
const PIXEL: &[u8] = include_bytes!("pixel.jpg");

struct World {
    sandbox: Running,
    client: Client,
}

impl World {
    async fn start() -> Self {
        let options = Options::default();
        let (app_id, secret) = (options.app_id.clone(), options.secret.clone());
        let sandbox = Sandbox::start_local(options).await.unwrap();
        let client = Client::builder(app_id, Secret::new(secret))
            .api_base(sandbox.url())
            .clock(sandbox.clock())
            .build()
            .unwrap();
        Self { sandbox, client }
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let answer =
            reqwest::Client::new().post(format!("{}/_sandbox/{path}", self.sandbox.url())).json(&body).send();
        let answer = answer.await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    async fn chat(&self, openid: &OpenId) -> Vec<Value> {
        let url = format!("{}/_sandbox/users/{openid}/chat?after=0", self.sandbox.url());
        let answer: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        answer["messages"].as_array().or(answer.as_array()).unwrap().clone()
    }

    /// A follower whose window is open for five messages.
    async fn talker(&self) -> OpenId {
        let user = self.control("users", json!({"nickname": "小雁"})).await;
        let openid = OpenId::from(user["openid"].as_str().unwrap());
        self.control(&format!("users/{openid}/follow"), json!({})).await;
        self.control(&format!("users/{openid}/say"), json!({"text": "hi"})).await;
        openid
    }
}

fn picture(name: &str) -> Upload {
    Upload::bytes(name, PIXEL)
}

fn about() -> NewMenu {
    NewMenu::new([
        Button::menu(
            "关于我们",
            [Button::click("公司简介", "公司简介"), Button::click("联系我们", "联系我们")],
        ),
        Button::view("官网", "https://example.com/?a=1&b=2"),
    ])
}

#[tokio::test]
async fn the_sandbox_answers_every_endpoint_of_the_table() {
    let world = World::start().await;
    let client = &world.client;
    let openid = world.talker().await;
    client.menu().create(&about()).await.unwrap();
    let code = client.qrcode().create(&NewQrCode::permanent(Scene::Id(7)).unwrap()).await.unwrap();
    let media = client.media().upload(MediaKind::Image, picture("a.jpg")).await.unwrap().media_id;
    let options = Options::default();
    let account =
        json!({"grant_type": "client_credential", "appid": options.app_id, "secret": options.secret});
    for endpoint in endpoints() {
        let input = match endpoint.name {
            "token.stable" | "token.classic" => account.clone(),
            "menu.create" => serde_json::to_value(about()).unwrap(),
            "menu.add_conditional" => json!({"button": about().button, "matchrule": {"tag_id": "2"}}),
            "menu.delete_conditional" => json!({"menuid": "1"}),
            "menu.try_match" => json!({"user_id": openid}),
            "message.send" => json!({"touser": openid, "msgtype": "text", "text": {"content": "hi"}}),
            "message.typing" => json!({"touser": openid, "command": "Typing"}),
            "qrcode.create" => {
                json!({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 1}}})
            }
            "qrcode.picture" => json!({"ticket": code.ticket}),
            "media.upload" => json!({"type": "image"}),
            "media.get" | "media.get_jssdk" => json!({"media_id": media}),
            "user.info" => json!({"openid": openid}),
            "user.info_batch" => json!({"user_list": [{"openid": openid}]}),
            "user.update_remark" => json!({"openid": openid, "remark": "朋友"}),
            "callback.check" => json!({"action": "all", "check_operator": "DEFAULT"}),
            "menu.get"
            | "menu.shown"
            | "menu.delete"
            | "media.upload_article_image"
            | "user.list"
            | "ip.callback"
            | "ip.api" => Value::Null,
            new => panic!("{new} is new in the table: say here how the sandbox is asked"),
        };
        let mut call = endpoint.call(input).unwrap();
        if endpoint.name.starts_with("media.upload") {
            call = call.file(picture("a.jpg"));
        }
        match client.send::<hongyan::File>(call).await {
            Ok(_) => {}
            // A refusal is an answer too, unless it says that there is no such address.
            Err(Error::Refused(refusal)) if refusal.code != ErrCode(40066) => {}
            Err(error) => panic!("{}: {error}", endpoint.name),
        }
    }
}

#[tokio::test]
async fn stable_tokens_are_the_same_for_all_and_lost_ones_are_renewed() {
    let world = World::start().await;
    let options = Options::default();
    let other = |endpoint| {
        Client::builder(options.app_id.clone(), Secret::new(options.secret.clone()))
            .api_base(world.sandbox.url())
            .clock(world.sandbox.clock())
            .token_store(std::sync::Arc::new(MemoryTokens::default()))
            .token_endpoint(endpoint)
            .build()
            .unwrap()
    };
    let first = world.client.token().await.unwrap();
    assert_eq!(other(TokenEndpoint::Stable).token().await.unwrap().token, first.token);
    assert_ne!(other(TokenEndpoint::Classic).token().await.unwrap().token, first.token);
    world.control("token/expire", json!({})).await;
    world.client.ip().api().await.unwrap();
    assert_ne!(world.client.token().await.unwrap().token, first.token);
}

#[tokio::test]
async fn a_token_is_renewed_when_the_platforms_time_goes_on() {
    let world = World::start().await;
    let first = world.client.token().await.unwrap();
    world.control("clock/advance", json!({"seconds": 8000})).await;
    world.client.ip().callback().await.unwrap();
    assert_ne!(world.client.token().await.unwrap().token, first.token);
}

#[tokio::test]
async fn a_wrong_secret_is_refused_in_words() {
    let world = World::start().await;
    let client = Client::builder(Options::default().app_id, Secret::new("not-the-secret"))
        .api_base(world.sandbox.url());
    let error = client.build().unwrap().token().await.unwrap_err();
    let Error::Refused(refusal) = &error else { panic!("{error}") };
    assert_eq!(refusal.endpoint, "token.stable");
    assert!(!format!("{error:?}").contains("not-the-secret"));
}

#[tokio::test]
async fn a_menu_comes_back_as_it_was_made() {
    let world = World::start().await;
    let menus = world.client.menu();
    assert_eq!(menus.get().await.unwrap_err().code(), Some(ErrCode(46003)));
    menus.create(&about()).await.unwrap();
    let current = menus.get().await.unwrap();
    assert_eq!(menu::diff(&current.to_value(), &serde_json::to_value(about()).unwrap()), []);
    assert!(menus.shown().await.unwrap().is_menu_open);
    let long = json!({"button": [{"name": "far longer than sixteen bytes", "type": "click", "key": "k"}]});
    assert_eq!(menus.create(&long).await.unwrap_err().code(), Some(ErrCode(40018)));
    menus.delete().await.unwrap();
    assert_eq!(menus.get().await.unwrap_err().code(), Some(ErrCode(46003)));
}

#[tokio::test]
async fn a_conditional_menu_is_added_and_deleted() {
    let world = World::start().await;
    let menus = world.client.menu();
    menus.create(&about()).await.unwrap();
    let matchrule = MatchRule { tag_id: Some("2".into()), ..MatchRule::default() };
    let new = NewConditionalMenu { button: vec![Button::click("会员", "vip")], matchrule };
    let added = menus.add_conditional(&new).await.unwrap();
    let listed = menus.get().await.unwrap().conditionalmenu;
    assert_eq!((listed.len(), &listed[0].menuid), (1, &added.menuid));
    assert_eq!(listed[0].button, new.button);
    let matched = menus.try_match(&world.talker().await).await.unwrap();
    assert_eq!(matched.button, about().button);
    menus.delete_conditional(&added.menuid).await.unwrap();
    assert!(menus.get().await.unwrap().conditionalmenu.is_empty());
}

#[tokio::test]
async fn messages_arrive_while_the_window_is_open() {
    let world = World::start().await;
    let messages = world.client.message();
    let openid = world.talker().await;
    let media_id = world.client.media().upload(MediaKind::Image, picture("a.jpg")).await.unwrap().media_id;
    messages.typing(&openid, Typing::On).await.unwrap();
    messages.send(&OutMessage::new(openid.clone(), "你好 <a&b>")).await.unwrap();
    messages
        .send(&OutMessage::new(openid.clone(), hongyan::CustomMessage::Image { media_id }))
        .await
        .unwrap();
    let articles = vec![hongyan::CustomArticle {
        title: "新闻".into(),
        url: "https://example.com".into(),
        ..Default::default()
    }];
    messages.send(&OutMessage::new(openid.clone(), hongyan::CustomMessage::News { articles })).await.unwrap();
    let chat = world.chat(&openid).await;
    let kinds: Vec<_> =
        chat.iter().filter(|said| said["from"] == "account").map(|said| said["type"].clone()).collect();
    assert_eq!(kinds, ["text", "image", "news"]);
    assert!(chat.iter().any(|said| said["text"] == "你好 <a&b>"), "{chat:?}");
    world.control("clock/advance", json!({"seconds": 48 * 3600 + 1})).await;
    let error = messages.send(&OutMessage::new(openid, "too late")).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrCode(45015)));
}

#[tokio::test]
async fn a_qr_code_is_made_shown_and_scanned() {
    let world = World::start().await;
    let codes = world.client.qrcode();
    let hour = Duration::from_hours(1);
    for (code, expires) in [
        (NewQrCode::temporary(Scene::Id(42), hour), true),
        (NewQrCode::temporary(Scene::Text("poster-7".into()), hour), true),
        (NewQrCode::permanent(Scene::Id(42)), false),
        (NewQrCode::permanent(Scene::Text("门口".into())), false),
    ] {
        let made = codes.create(&code.unwrap()).await.unwrap();
        assert_eq!(made.expire_seconds.is_some(), expires, "{made:?}");
        let jpeg = codes.picture(&made.ticket).await.unwrap();
        assert_eq!(&jpeg[..3], b"\xff\xd8\xff");
    }
    let unknown = codes.picture(&Ticket::from("no such ticket")).await.unwrap_err();
    assert!(matches!(unknown, Error::Status { status: 404, .. }), "{unknown}");
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent() {
    let world = World::start().await;
    let media = world.client.media();
    let uploaded = media.upload(MediaKind::Image, picture("中文 图.jpg")).await.unwrap();
    assert_eq!(uploaded.kind, "image");
    assert_eq!(media.get(&uploaded.media_id).await.unwrap().file().unwrap().bytes, PIXEL);
    let cover = media.upload(MediaKind::Thumb, picture("cover.jpg")).await.unwrap();
    assert!(!cover.media_id.is_empty());
    assert!(media.upload_article_image(picture("a.jpg")).await.unwrap().url.starts_with("http"));
    let error = media.get(&MediaId::from("no-such-media")).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrCode(40007)));
}

#[tokio::test]
async fn followers_are_listed_and_told_about() {
    let world = World::start().await;
    let users = world.client.user();
    let openid = world.talker().await;
    let mut pages = users.pages();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        all.extend(page);
    }
    assert!(all.contains(&openid));
    users.update_remark(&openid, "老朋友").await.unwrap();
    let user = users.info(&openid, None).await.unwrap();
    assert!(user.subscribe);
    assert_eq!((user.openid.as_str(), user.remark.as_str()), (openid.as_str(), "老朋友"));
    let several = users.info_batch(&[openid.clone().into()]).await.unwrap();
    assert_eq!(several.user_info_list[0].openid, openid);
    let error = users.info(&OpenId::from("nobody"), None).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrCode(40003)));
}

#[tokio::test]
async fn addresses_and_the_callback_check_answer() {
    let world = World::start().await;
    assert!(!world.client.ip().callback().await.unwrap().ip_list.is_empty());
    assert!(!world.client.ip().api().await.unwrap().ip_list.is_empty());
    // No callback address is set.
    let error = world.client.callback().check(Probe::All, Carrier::Default).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrCode(40201)));
}
