//! Faults on purpose, and wrong pushes.

use hongyan_sandbox::{Mode, Options};
use serde_json::{Value, json};

use crate::back_end::{BackEnd, body, field, text};
use crate::stand::{Stand, code, options};

async fn put(stand: &Stand, faults: Value) {
    let (status, answer) = stand.send("PUT", "/_sandbox/faults", faults).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_call_is_refused_as_often_as_told() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    put(&stand, json!([{"on": {"direction": "api", "endpoint": "/cgi-bin/message/custom/send"}, "do": {"errcode": 45009}, "times": 1}])).await;
    assert_eq!(stand.text(&user, "1").await, 45009);
    assert_eq!(stand.text(&user, "2").await, 0);
    assert_eq!(stand.get("/_sandbox/faults").await.as_array().unwrap().len(), 1);
    assert_eq!(stand.send("DELETE", "/_sandbox/faults", json!(null)).await.1, json!([]));
}

#[tokio::test]
async fn answers_are_spoilt_in_each_way() {
    let stand = Stand::start(options()).await;
    let one = |deed: Value| json!([{"on": {"direction": "api", "endpoint": "getcallbackip"}, "do": deed}]);
    let path = format!("/cgi-bin/getcallbackip?access_token={}", stand.token().await);
    put(&stand, one(json!({"status": 502}))).await;
    assert_eq!(stand.raw(&path).await.status(), 502);
    put(&stand, one(json!({"html": true}))).await;
    assert!(stand.raw(&path).await.text().await.unwrap().contains("<html>"));
    put(&stand, one(json!({"truncate": 5}))).await;
    assert!(stand.raw(&path).await.bytes().await.is_err());
    put(&stand, one(json!({"hang": true}))).await;
    let limit = std::time::Duration::from_millis(150);
    assert!(stand.request("GET", &path).timeout(limit).send().await.unwrap_err().is_timeout());
    put(&stand, one(json!({"delay_ms": 100}))).await;
    let before = std::time::Instant::now();
    assert_eq!(code(&stand.get(&path).await), 0);
    assert!(before.elapsed().as_millis() >= 100);
}

#[tokio::test]
async fn duplicates_carry_the_same_msgid_and_show_one_answer() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    back_end.answer(&[text("一次")]);
    put(&stand, json!([{"on": {"direction": "push", "event": "text"}, "do": {"duplicate": 2}}])).await;
    let said = stand.act(&user, "say", json!({"text": "?"})).await;
    let tries = said["tries"].as_array().unwrap();
    assert_eq!(tries.iter().filter(|one| one["duplicate"] == true).count(), 2);
    let pushes = back_end.pushes().split_off(1);
    assert_eq!(pushes.len(), 3);
    assert!(pushes.iter().all(|push| field(&push.body, "MsgId") == field(&pushes[0].body, "MsgId")));
    assert_eq!(stand.texts(&user).await.len(), 2);
}

#[tokio::test]
async fn a_wrong_push_reaches_the_back_end_wrong() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let options = Options { callback: Some(back_end.url()), mode: Mode::Secure, ..options() };
    let stand = Stand::start(options).await;
    let user = stand.follower().await;
    back_end.answer(&[crate::back_end::Answer::Status(403)]);
    let xml = format!(
        "<xml><ToUserName>gh_a1b2c3d4e5f6</ToUserName><FromUserName>{user}</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>x</Content><MsgId>1</MsgId></xml>"
    );
    for fault in [
        "bad_signature",
        "no_signature",
        "wrong_token",
        "wrong_app_id",
        "wrong_key",
        "bad_padding",
        "plain_body",
        "truncate",
    ] {
        let pushed =
            stand.post("/_sandbox/push", json!({"openid": user, "xml": xml, "faults": [fault]})).await;
        assert_eq!(pushed["kind"], "message.text", "{pushed}");
        let tries = pushed["tries"].as_array().unwrap();
        assert_eq!((tries.len(), &tries[0]["status"]), (1, &json!(403)), "{fault}");
        let push = back_end.pushes().pop().unwrap();
        match fault {
            "no_signature" => assert!(!push.query.contains_key("msg_signature")),
            "plain_body" => assert_eq!(push.body, xml),
            "truncate" => assert!(!push.body.ends_with("</xml>")),
            _ => assert!(push.body.contains("<Encrypt>")),
        }
    }
    assert_eq!(stand.chat(&user).await.len(), 0);
    let (status, answer) =
        stand.send("POST", "/_sandbox/push", json!({"xml": xml, "faults": "explode"})).await;
    assert_eq!((status, answer["what_to_do"].as_str().unwrap().contains("bad_signature")), (400, true));
}

#[tokio::test]
async fn any_event_can_be_pushed_by_its_fields() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let fields = json!({"Event": "TEMPLATESENDJOBFINISH", "MsgID": 34, "Status": "success"});
    let pushed = stand.post("/_sandbox/push", json!({"openid": user, "fields": fields})).await;
    assert_eq!(pushed["kind"], "event.TEMPLATESENDJOBFINISH");
    assert!(back_end.last().ends_with("<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>34</MsgID><Status><![CDATA[success]]></Status></xml>"));
}

#[tokio::test]
async fn a_wrong_list_of_faults_is_refused_with_an_example() {
    let stand = Stand::start(options()).await;
    for faults in [
        json!([{"on": {"direction": "up"}, "do": {"drop": true}}]),
        json!([{"on": {"direction": "push"}, "do": {}}]),
        json!({}),
    ] {
        let (status, answer) = stand.send("PUT", "/_sandbox/faults", faults).await;
        assert_eq!(status, 400);
        assert!(answer["what_to_do"].as_str().unwrap().contains("errcode"), "{answer}");
    }
}
