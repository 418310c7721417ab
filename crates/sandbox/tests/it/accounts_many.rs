//! Several accounts in one scenario, bulk people, and what people agree to.

use hongyan_sandbox::scenario::{Player, Scenario};
use hongyan_sandbox::{AccountOptions, Options};
use serde_json::json;

use crate::back_end::{BackEnd, field, text};
use crate::stand::{APP_ID, SECRET, Stand, code, options};

async fn play(stand: &Stand, file: &str) -> hongyan_sandbox::scenario::Report {
    let scenario = Scenario::parse("many.yaml", file).unwrap_or_else(|error| panic!("{error}"));
    let mut player = Player::connect(&stand.sandbox.url(), APP_ID, SECRET).await.unwrap();
    player.knows("wxclub", "club-secret");
    player.play(&scenario, |_| {}).await
}

async fn two(shop: &BackEnd, club: &BackEnd) -> Stand {
    let account = AccountOptions {
        app_id: "wxclub".into(),
        secret: "club-secret".into(),
        name: "俱乐部".into(),
        callback: Some(club.url()),
        ..AccountOptions::default()
    };
    Stand::start(Options { callback: Some(shop.url()), more_accounts: vec![account], ..options() }).await
}

#[tokio::test]
async fn a_step_goes_to_the_account_it_names() {
    let (shop, club) = (BackEnd::start(&[text("小店")]).await, BackEnd::start(&[text("欢迎来玩")]).await);
    let stand = two(&shop, &club).await;
    let report = play(
        &stand,
        "users: [{id: alice, following: [俱乐部]}]
steps:
  - alice: follow
  - expect: {phone: alice, text: 小店}
  - alice: scan poster:door
    account: 俱乐部
  - expect: {push: SCAN, user: alice, event_key: door}
    account: wxclub
  - expect: {phone: alice, text: 欢迎来玩}
    account: 俱乐部
  - call: {api: message/custom/send, body: {touser: 'openid:alice', msgtype: text, text: {content: 会员}}}
    account: 俱乐部
  - expect: {api: message/custom/send, user: alice, errcode: 0}
    account: 俱乐部
  - expect: {phone: alice, text: 会员, passive: false}
    account: 俱乐部
  - expect: {phone: alice, count: {text: 会员}, is: 0}
  - expect: {no_notice: alice}
",
    )
    .await;
    assert!(report.passed(), "{:?}", report.failed());
    assert_eq!((shop.pushes().len(), club.pushes().len()), (1, 2));
    let missing = play(&stand, "users: [a]\nsteps:\n  - {a: follow, account: 书店}\n").await;
    let said = missing.failed().unwrap().got.clone().unwrap().en;
    assert!(said.contains("书店") && said.contains("俱乐部"), "{said}");
}

#[tokio::test]
async fn a_scenario_that_lists_its_accounts_starts_them() {
    let club = BackEnd::start(&[text("在")]).await;
    let file = format!(
        "accounts: [{{id: shop}}, {{id: club, kind: subscription, callback: '{}'}}]\nusers: [a]\nsteps:\n  - a: follow\n    account: club\n  - expect: {{phone: a, text: 在}}\n    account: club\n  - a: follow\n",
        club.url()
    );
    let scenario = Scenario::parse("own.yaml", &file).unwrap();
    let stand = Stand::start(scenario.options(options())).await;
    let report = play(&stand, &file).await;
    assert!(report.passed(), "{:?}", report.failed());
    let accounts = stand.get("/_sandbox/accounts").await;
    assert_eq!((&accounts[1]["kind"], accounts[1]["name"].as_str()), (&json!("subscription"), Some("club")));
}

#[tokio::test]
async fn many_people_are_made_at_once() {
    let back_end = BackEnd::start(&[text("?")]).await;
    let stand = Stand::with(&back_end).await;
    let made =
        stand.post("/_sandbox/users", json!({"count": 300, "nickname": "顾客", "following": true})).await;
    let openids: Vec<&str> = made.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(openids.len(), 300);
    let users = stand.get("/_sandbox/users").await;
    assert_eq!((users.as_array().unwrap().len(), &users[299]["nickname"]), (300, &json!("顾客300")));
    assert_eq!((&users[7]["openid"], &users[7]["following"]), (&json!(openids[7]), &json!(true)));
    // They followed before anybody looked: nothing was pushed.
    assert!(back_end.pushes().is_empty());
    assert_eq!(stand.ask("/cgi-bin/user/get").await["total"], 300);
    for wrong in [json!(0), json!(10_001), json!("5"), json!(-1)] {
        let (status, answer) = stand.send("POST", "/_sandbox/users", json!({ "count": wrong })).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(answer["error"].as_str().unwrap().contains("10000"), "{answer}");
    }
    let one = stand.post("/_sandbox/users", json!({"following": true})).await;
    assert_eq!(one["openids"][APP_ID], one["openid"]);
}

#[tokio::test]
async fn the_phone_reports_where_it_is() {
    let back_end = BackEnd::start(&[text("附近有店")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let place = json!({"latitude": 31.230_416, "longitude": 121.473_701, "precision": 40});
    let exchange = stand.act(&user, "report_location", place).await;
    assert_eq!((&exchange["kind"], &exchange["outcome"]), (&json!("event.LOCATION"), &json!("replied")));
    let push = back_end.last();
    assert!(push.ends_with("<Event><![CDATA[LOCATION]]></Event><Latitude>31.230416</Latitude><Longitude>121.473701</Longitude><Precision>40.000000</Precision></xml>"), "{push}");
    let (status, _) =
        stand.send("POST", &format!("/_sandbox/users/{user}/report_location"), json!({"latitude": 99})).await;
    assert_eq!(status, 400);
    let poor = Stand::start(Options { kind: hongyan_sandbox::Kind::Subscription, ..options() }).await;
    let user = poor.follower().await;
    let path = format!("/_sandbox/users/{user}/report_location");
    assert_eq!(poor.send("POST", &path, json!({"latitude": 1, "longitude": 1})).await.0, 409);
}

fn notice(user: &str) -> serde_json::Value {
    json!({"touser": user, "template_id": "subscribe-template-1", "page": "https://shop.test/",
        "data": {"thing1": {"value": "唱片"}, "time2": {"value": "今天"}}})
}

const SEND: &str = "/cgi-bin/message/subscribe/bizsend";

#[tokio::test]
async fn each_agreement_is_good_for_one_subscription_message() {
    let back_end = BackEnd::start(&[text("?")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    assert_eq!(code(&stand.call(SEND, notice(&user)).await), 43101);
    let agreed = json!({"template_id": "subscribe-template-1", "where": "article"});
    let exchange = stand.act(&user, "subscription", agreed).await;
    assert_eq!(exchange["kind"], "event.subscribe_msg_popup_event");
    assert_eq!(exchange["outcome"], "silent", "{exchange}");
    let push = back_end.last();
    assert_eq!(
        (field(&push, "SubscribeStatusString"), field(&push, "PopupScene")),
        ("accept".into(), "2".into())
    );
    assert_eq!(code(&stand.call(SEND, notice(&user)).await), 0);
    let shown = stand.chat(&user).await.pop().unwrap();
    assert_eq!((&shown["type"], &shown["content"]), (&json!("template"), &json!("商品:唱片\n时间:今天\n")));
    assert_eq!(code(&stand.call(SEND, notice(&user)).await), 43101);
    let refused = json!({"template_id": "subscribe-template-1", "accept": false, "where": "settings"});
    assert_eq!(stand.act(&user, "subscription", refused).await["kind"], "event.subscribe_msg_change_event");
}

#[tokio::test]
async fn the_end_of_a_subscription_message_is_pushed() {
    let back_end = BackEnd::start(&[text("?")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    stand.act(&user, "subscription", json!({"template_id": "subscribe-template-1"})).await;
    let ended =
        "users: [x]\nsteps:\n  - expect: {push: subscribe_msg_sent_event, outcome: silent, within: 5s}\n";
    let (report, sent) = tokio::join!(play(&stand, ended), stand.call(SEND, notice(&user)));
    assert_eq!(code(&sent), 0);
    // The push may have ended before the scenario began to look.
    let list = stand.get("/_sandbox/exchanges?kind=event.subscribe_msg_sent_event").await;
    assert!(report.passed() || list[0]["outcome"] == "silent", "{list}");
}

#[tokio::test]
async fn wrong_subscription_messages_have_their_codes() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    let cases = [
        ("touser", json!("nobody"), 40003),
        ("template_id", json!("template-1"), 40037),
        ("data", json!({"thing1": {"value": "x"}}), 47003),
    ];
    for (name, value, want) in cases {
        let mut body = notice(&user);
        body[name] = value;
        assert_eq!(code(&stand.call(SEND, body).await), want, "{name}");
    }
    let unknown = json!({"template_id": "none"});
    let path = format!("/_sandbox/users/{user}/subscription");
    let (status, answer) = stand.send("POST", &path, unknown).await;
    assert_eq!(status, 404);
    assert!(answer["what_to_do"].as_str().unwrap().contains("subscribe-template-1"), "{answer}");
    let added = stand
        .call("/wxaapi/newtmpl/addtemplate", json!({"tid": "1", "kidList": [1, 3], "sceneDesc": "下单"}))
        .await;
    let id = added["priTmplId"].as_str().unwrap();
    let list = stand.ask("/wxaapi/newtmpl/gettemplate").await;
    assert_eq!(
        (&list["data"][1]["priTmplId"], &list["data"][1]["content"]),
        (&json!(id), &json!("商品:{{thing1.DATA}}\n单号:{{character_string3.DATA}}\n"))
    );
    let gone = json!({ "priTmplId": id });
    assert_eq!(code(&stand.call("/wxaapi/newtmpl/deltemplate", gone.clone()).await), 0);
    assert_eq!(code(&stand.call("/wxaapi/newtmpl/deltemplate", gone).await), 200_014);
}
