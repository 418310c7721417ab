//! The gateway stands in front of a back end that expects the platform.

use std::sync::Arc;

use axum::Router;
use hongyan_sandbox::{Mode as Sent, Options};
use hongyan_server::{Account, Callback, Context, Mode};
use hongyan_wire::{AesKey, Inbound};
use serde_json::json;
use tokio::net::TcpListener;

use crate::program::{Program, Says};
use crate::stage::Stage;

const KEY: &str = "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210abcdefg";
const APP_ID: &str = "wx0123456789abcdef";

/// A back end with a token and a key of its own, which are not the account's.
async fn back_end(mode: Mode) -> String {
    let account = Account {
        name: "behind".to_owned(),
        app_id: APP_ID.into(),
        token: "behind-token".into(),
        keys: vec![AesKey::parse(KEY).unwrap()],
        mode,
        max_age: std::time::Duration::from_mins(5),
    };
    let router = hongyan_server::Router::new()
        .text("静", async |_: Context| hongyan_wire::Reply::None)
        .click("公司简介", async |_: Context| "公司在上海")
        .any(async |context: Context| {
            let push: &Arc<Inbound> = &context.message;
            format!("后端收到：{}", push.fields.text("Content").unwrap_or_default())
        });
    let callback = Callback::builder(account, router).build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback_service(callback_service(callback));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("http://{address}/wechat?app=1")
}

fn callback_service(callback: Callback<hongyan_server::Router>) -> Router {
    Router::new().fallback(move |request: axum::extract::Request| {
        let callback = callback.clone();
        async move { callback.answer(request).await.map(axum::body::Body::new) }
    })
}

fn rules(url: &str, sealing: &str) -> String {
    format!(
        "[[accounts.main.rules]]\nname = \"own\"\non = {{ text = \"自己\" }}\nreply = {{ text = \"网关回复\" }}\n\
         [[accounts.main.rules]]\nname = \"behind\"\non = {{ any = true }}\n\
         forward = {{ url = \"{url}\", as = \"platform\", token = \"behind-token\"{sealing} }}\n\
         otherwise = {{ text = \"后端不在\" }}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_back_end_answers_in_every_mode() {
    let key = format!(", aes_key = \"{KEY}\"");
    for (mode, sealing, sent) in [
        (Mode::Plain, String::new(), Sent::Secure),
        (Mode::Compatible, format!("{key}, mode = \"compatible\""), Sent::Plain),
        (Mode::Secure, key.clone(), Sent::Secure),
        (Mode::Secure, key.clone(), Sent::Plain),
    ] {
        let url = back_end(mode).await;
        let options = Options { mode: sent, ..Options::default() };
        let stage = Stage::with(options, "", &rules(&url, &sealing)).await;
        let person = stage.follower("小明").await;
        let heard = person.heard().await.len();
        person.say("自己").await;
        let exchange = person.say("别人 & <b>").await;
        assert_eq!(exchange["outcome"], "replied", "{mode:?}: {exchange}");
        assert_eq!(exchange["findings"], json!([]), "{mode:?}: {exchange}");
        let silent = person.say("静").await;
        assert_eq!(silent["outcome"], "silent", "{mode:?}: {silent}");
        let texts: Vec<String> = person.heard().await.into_iter().skip(heard).map(|(_, text)| text).collect();
        assert_eq!(texts, ["网关回复", "后端收到：别人 & <b>"], "{mode:?}");
        stage.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_arrives_as_the_platform_wrote_it() {
    let program = Program::start([Says::text("success")]).await;
    let stage = Stage::new(&rules(&program.url(), "")).await;
    let person = stage.follower("小明").await;
    let exchange = person.say("原样 <x> & 😀").await;
    let asked = program.asked().pop().unwrap();
    assert_eq!(exchange["request"]["body"], String::from_utf8(asked.body.to_vec()).unwrap(), "{exchange:#}");
    assert_eq!(asked.header("content-type"), "text/xml");
    for name in ["signature=", "timestamp=", "nonce=", "openid="] {
        assert!(asked.path.contains(name), "{}", asked.path);
    }
    assert!(!asked.path.contains("encrypt_type"), "{}", asked.path);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_reply_is_given_back() {
    let program = Program::start([]).await;
    let stage = Stage::new(&rules(&program.url(), "")).await;
    let person = stage.follower("小明").await;
    let heard = person.heard().await.len();
    let answer = |kind: &str, inside: &str| {
        Says::text(format!(
            "<xml>\n<ToUserName><![CDATA[{}]]></ToUserName><FromUserName><![CDATA[{}]]></FromUserName>\
             <CreateTime>12345678</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{inside}</xml>",
            person.openid, "ORIGINAL"
        ))
    };
    // The account's own name for itself is what it is called in the first push.
    program.says([Says::text("success")]);
    person.say("谁").await;
    let raw = program.asked().pop().unwrap().body;
    let to = Inbound::parse(&raw).unwrap().to;
    let replies = [
        ("text", "<Content><![CDATA[字]]></Content>"),
        ("image", "<Image><MediaId><![CDATA[material-picture-1]]></MediaId></Image>"),
        (
            "music",
            "<Music><Title><![CDATA[红豆]]></Title><MusicUrl><![CDATA[http://a.example/a.mp3]]></MusicUrl>\
             <HQMusicUrl><![CDATA[http://a.example/b.mp3]]></HQMusicUrl></Music>",
        ),
        (
            "news",
            "<ArticleCount>2</ArticleCount><Articles><item><Title><![CDATA[甲]]></Title><Description/>\
             <PicUrl><![CDATA[http://a.example/a.jpg]]></PicUrl><Url><![CDATA[http://a.example/]]></Url></item>\
             <item><Title><![CDATA[乙]]></Title><Url><![CDATA[http://b.example/]]></Url></item></Articles>",
        ),
    ];
    for (kind, inside) in replies {
        let mut says = answer(kind, inside);
        says = says.with(|body| body.replace("ORIGINAL", to.as_str()));
        program.says([says]);
        let exchange = person.say(kind).await;
        assert_eq!(exchange["outcome"], "replied", "{kind}: {exchange}");
    }
    let kinds: Vec<String> = person.heard().await.into_iter().skip(heard).map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["text", "image", "music", "news"]);

    // What the platform would not take is not passed on.
    for bad in [
        "<html>404</html>",
        "<xml><MsgType>text</MsgType><Content>x</Content></xml>",
        "{\"errcode\": 1}",
        "oops",
    ] {
        program.says([Says::text(bad)]);
        person.say("坏").await;
    }
    let texts: Vec<String> = person.heard().await.into_iter().skip(heard + 4).map(|(_, text)| text).collect();
    assert_eq!(texts, vec!["后端不在"; 4]);
    stage.end().await;
}
