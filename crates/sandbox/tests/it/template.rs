//! Template messages: sent, shown, and reported back.

use hongyan_sandbox::Kind;
use serde_json::{Value, json};

use crate::back_end::{BackEnd, body};
use crate::stand::{Stand, code, options};

fn message(user: &str) -> Value {
    json!({
        "touser": user,
        "template_id": "template-1",
        "url": "https://example.test/",
        "data": {"first": {"value": "到货了"}, "keyword1": {"value": "晴天", "color": "#173177"}},
    })
}

/// The exchange of the event that follows the send.
async fn finished(stand: &Stand, at_least: usize) -> Vec<Value> {
    for _ in 0..200 {
        let list = stand.get("/_sandbox/exchanges?kind=event.TEMPLATESENDJOBFINISH").await;
        let list = list.as_array().unwrap().clone();
        if list.len() >= at_least {
            return list;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no TEMPLATESENDJOBFINISH");
}

fn plain(exchange: &Value) -> String {
    exchange["request"]["plain"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_template_message_is_shown_and_its_end_is_pushed() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let sent = stand.call("/cgi-bin/message/template/send", message(&user)).await;
    assert_eq!(code(&sent), 0);
    let id = sent["msgid"].as_u64().unwrap();
    let shown = stand.chat(&user).await.pop().unwrap();
    assert_eq!((&shown["type"], &shown["title"]), (&json!("template"), &json!("通知")));
    assert_eq!(shown["content"], "到货了\n内容：晴天\n时间：\n");
    assert_eq!(shown["url"], "https://example.test/");
    assert_eq!(shown["data"]["keyword1"]["value"], "晴天");
    let event = plain(&finished(&stand, 1).await[0]);
    let end = format!(
        "<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>{id}</MsgID><Status><![CDATA[success]]></Status></xml>"
    );
    assert!(event.ends_with(&end), "{event}");
}

#[tokio::test]
async fn the_end_can_be_chosen_and_a_failure_shows_nothing() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let outcome = json!({"template_outcome": "failed: system failed"});
    stand.send("PUT", "/_sandbox/settings", outcome).await;
    assert_eq!(code(&stand.call("/cgi-bin/message/template/send", message(&user)).await), 0);
    stand.act(&user, "mute", json!({})).await;
    assert_eq!(code(&stand.call("/cgi-bin/message/template/send", message(&user)).await), 0);
    let ends: Vec<String> = finished(&stand, 2).await.iter().map(plain).collect();
    assert!(
        ends.iter().any(|one| one.contains("<Status><![CDATA[failed: system failed]]></Status>")),
        "{ends:?}"
    );
    assert!(
        ends.iter().any(|one| one.contains("<Status><![CDATA[failed:user block]]></Status>")),
        "{ends:?}"
    );
    assert!(stand.chat(&user).await.iter().all(|one| one["type"] != "template"));
}

#[tokio::test]
async fn a_repeated_client_number_is_dropped() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    let mut body = message(&user);
    body["client_msg_id"] = json!("once");
    let first = stand.call("/cgi-bin/message/template/send", body.clone()).await;
    let again = stand.call("/cgi-bin/message/template/send", body).await;
    assert_eq!(first["msgid"], again["msgid"]);
    let shown = stand.chat(&user).await.iter().filter(|one| one["type"] == "template").count();
    assert_eq!(shown, 1);
}

#[tokio::test]
async fn wrong_template_messages_have_their_codes() {
    let stand = Stand::start(options()).await;
    let (user, stranger) = (stand.follower().await, stand.person().await);
    for (name, value, want) in [
        ("touser", json!("nobody"), 40003),
        ("touser", json!(stranger), 43004),
        ("template_id", json!(""), 40036),
        ("template_id", json!("none"), 40037),
        ("data", json!({"first": "x"}), 47003),
    ] {
        let mut body = message(&user);
        body[name] = value.clone();
        assert_eq!(code(&stand.call("/cgi-bin/message/template/send", body).await), want, "{name} {value}");
    }
    let unverified = Stand::start(hongyan_sandbox::Options { kind: Kind::Subscription, ..options() }).await;
    let user = unverified.follower().await;
    assert_eq!(code(&unverified.call("/cgi-bin/message/template/send", message(&user)).await), 48001);
}

#[tokio::test]
async fn templates_are_added_listed_and_removed() {
    let stand = Stand::start(options()).await;
    let added = stand
        .call(
            "/cgi-bin/template/api_add_template",
            json!({"template_id_short": "TM00015", "keyword_name_list": ["单号", "时间"]}),
        )
        .await;
    let id = added["template_id"].as_str().unwrap().to_owned();
    let own = json!({"template_id": "mine", "title": "订单", "content": "单号：{{no.DATA}}"});
    stand.post("/_sandbox/templates", own).await;
    let list = stand.ask("/cgi-bin/template/get_all_private_template").await;
    let ids: Vec<&str> = list["template_list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["template_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["template-1", id.as_str(), "mine"]);
    assert_eq!(list["template_list"][1]["content"], "单号：{{keyword1.DATA}}\n时间：{{keyword2.DATA}}");
    let gone = json!({ "template_id": id });
    assert_eq!(code(&stand.call("/cgi-bin/template/del_private_template", gone.clone()).await), 0);
    assert_eq!(code(&stand.call("/cgi-bin/template/del_private_template", gone).await), 40037);
}
