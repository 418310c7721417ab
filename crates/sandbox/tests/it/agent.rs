//! Agents, trades, what the sandbox has not, and one owner's several accounts.

use hongyan_sandbox::{AccountOptions, Kind, Options};
use serde_json::json;

use crate::stand::{APP_ID, Stand, code, findings, options};

#[tokio::test]
async fn an_agent_is_made_and_speaks_by_name() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    let message = json!({"touser": user, "msgtype": "text", "text": {"content": "您好"}, "customservice": {"kf_account": "a1@shop"}});
    let send = "/cgi-bin/message/custom/send";
    assert_eq!(code(&stand.call(send, message.clone()).await), 65401);
    let agent = json!({"kf_account": "a1@shop", "nickname": "小雁"});
    assert_eq!(code(&stand.call("/customservice/kfaccount/add", agent.clone()).await), 0);
    assert_eq!(code(&stand.call("/customservice/kfaccount/add", agent).await), 65406);
    assert_eq!(code(&stand.call(send, message).await), 0);
    let shown = stand.chat(&user).await.pop().unwrap();
    assert_eq!((&shown["kf_account"], &shown["kf_nick"]), (&json!("a1@shop"), &json!("小雁")));
    // What was refused has cost nothing: the window of the follow had three.
    assert_eq!(stand.get(&format!("/_sandbox/users/{user}")).await["windows"][0]["left"], 2);
    for (body, want) in [
        (json!({"kf_account": "a1", "nickname": "x"}), 65404),
        (json!({"kf_account": "a2@shop", "nickname": ""}), 65403),
    ] {
        assert_eq!(code(&stand.call("/customservice/kfaccount/add", body).await), want);
    }
    let renamed = json!({"kf_account": "a1@shop", "nickname": "大雁"});
    assert_eq!(code(&stand.call("/customservice/kfaccount/update", renamed).await), 0);
    assert_eq!(stand.ask("/cgi-bin/customservice/getkflist").await["kf_list"][0]["kf_nick"], "大雁");
}

#[tokio::test]
async fn an_invited_worker_brings_an_agent_online() {
    let stand = Stand::start(options()).await;
    stand.call("/customservice/kfaccount/add", json!({"kf_account": "a1@shop", "nickname": "一"})).await;
    let invite = json!({"kf_account": "a1@shop", "invite_wx": "wx_li"});
    assert_eq!(code(&stand.call("/customservice/kfaccount/inviteworker", invite.clone()).await), 0);
    assert_eq!(code(&stand.call("/customservice/kfaccount/inviteworker", invite).await), 65408);
    let online = "/cgi-bin/customservice/getonlinekflist";
    assert_eq!(stand.ask(online).await["kf_online_list"], json!([]));
    stand.post("/_sandbox/agents/accept", json!({"kf_account": "a1@shop"})).await;
    assert_eq!(stand.ask(online).await["kf_online_list"][0]["kf_account"], "a1@shop");
    let gone = stand.ask("/customservice/kfaccount/del?kf_account=a1@shop").await;
    assert_eq!(code(&gone), 0);
    assert_eq!(
        code(&stand.call("/customservice/kfaccount/del", json!({"kf_account": "a1@shop"})).await),
        65401
    );
}

#[tokio::test]
async fn trades_are_set_once_a_month() {
    let stand = Stand::start(options()).await;
    let set = "/cgi-bin/template/api_set_industry";
    assert_eq!(code(&stand.call(set, json!({"industry_id1": "1", "industry_id2": "99"})).await), 40102);
    assert_eq!(code(&stand.call(set, json!({"industry_id1": "13", "industry_id2": "10"})).await), 0);
    assert_eq!(code(&stand.call(set, json!({"industry_id1": "1", "industry_id2": "2"})).await), 43100);
    let got = stand.ask("/cgi-bin/template/get_industry").await;
    assert_eq!(got["primary_industry"], json!({"first_class": "运输与仓储", "second_class": "快递"}));
    assert_eq!(got["secondary_industry"]["first_class"], "餐饮");
    stand.advance(32 * 86_400).await;
    assert_eq!(code(&stand.call(set, json!({"industry_id1": "1", "industry_id2": "2"})).await), 0);
}

async fn last(stand: &Stand) -> serde_json::Value {
    stand.get("/_sandbox/exchanges?direction=api&limit=1").await[0].clone()
}

#[tokio::test]
async fn what_the_sandbox_has_not_is_refused_and_named() {
    let stand = Stand::start(options()).await;
    for path in [
        "/cgi-bin/draft/add",
        "/cgi-bin/message/mass/sendall",
        "/datacube/getusersummary",
        "/card/create",
        "/merchant/get",
    ] {
        assert_eq!(code(&stand.call(path, json!({})).await), 48001, "{path}");
        let call = last(&stand).await;
        assert_eq!(findings(&call), ["errcode:48001", "not_in_sandbox"], "{path}");
        let text = call["findings"][1]["en"].as_str().unwrap();
        assert!(text.contains(path), "{text}");
    }
    assert_eq!(code(&stand.post("/cgi-bin/draft/add", json!({})).await), 41001);
    assert_eq!(code(&stand.call("/cgi-bin/draft/paint", json!({})).await), 40066);
    assert_eq!(findings(&last(&stand).await), ["errcode:40066"]);
}

#[tokio::test]
async fn a_group_the_account_has_no_right_to_is_48001_whatever_it_is() {
    let poor = Stand::start(Options { kind: Kind::Subscription, verified: false, ..options() }).await;
    for path in [
        "/customservice/kfaccount/add",
        "/cgi-bin/freepublish/submit",
        "/cgi-bin/message/subscribe/bizsend",
        "/cgi-bin/tags/create",
        "/cv/ocr/idcard",
    ] {
        assert_eq!(code(&poor.call(path, json!({})).await), 48001, "{path}");
    }
}

#[tokio::test]
async fn accounts_of_one_owner_know_a_person_by_one_unionid() {
    let owner = Some("open-1".to_owned());
    let second = AccountOptions {
        app_id: "wx2222222222222222".into(),
        open_platform: owner.clone(),
        ..AccountOptions::default()
    };
    let stand =
        Stand::start(Options { open_platform: owner, more_accounts: vec![second], ..options() }).await;
    let user = stand.follower().await;
    let unionid = stand.ask(&format!("/cgi-bin/user/info?openid={user}")).await["unionid"].clone();
    assert!(unionid.as_str().is_some_and(|id| id.len() == 29), "{unionid}");
    let elsewhere = stand.get("/_sandbox/accounts/wx2222222222222222/users").await;
    let other = elsewhere[0]["openid"].as_str().unwrap();
    assert_ne!(other, user);
    let known = stand.get(&format!("/_sandbox/accounts/wx2222222222222222/users/{other}")).await;
    assert_eq!(known["unionid"], unionid);
    let alone = Stand::start(options()).await;
    let user = alone.follower().await;
    assert!(alone.ask(&format!("/cgi-bin/user/info?openid={user}")).await["unionid"].is_null());
    assert_eq!(alone.get("/_sandbox/accounts").await[0]["app_id"], APP_ID);
}
