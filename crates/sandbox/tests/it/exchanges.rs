//! What is kept of an exchange, how it is found again, and how it is repeated.

use hongyan_sandbox::{Mode, Options, Settings};
use serde_json::{Value, json};

use crate::back_end::{Answer, BackEnd, body, field, text};
use crate::stand::{Stand, findings, options};

async fn last(stand: &Stand) -> Value {
    stand.get("/_sandbox/exchanges?limit=1").await[0].clone()
}

#[tokio::test]
async fn a_push_is_kept_as_it_went_over_the_wire() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    back_end.answer(&[text("好")]);
    let said = stand.act(&user, "say", json!({"text": "?"})).await;
    let push = back_end.pushes().pop().unwrap();
    assert_eq!(said["request"]["body"], push.body);
    let url = said["request"]["url"].as_str().unwrap();
    assert!(url.contains(&format!("signature={}", push.query["signature"])), "{url}");
    for name in ["host", "user-agent", "content-type", "content-length"] {
        assert_eq!(said["request"]["headers"][name], push.headers[name].to_str().unwrap(), "{name}");
    }
    assert_eq!(
        (&said["reply"]["status"], &said["reply"]["headers"]["content-length"]),
        (&json!(200), &json!(said["reply"]["body"].as_str().unwrap().len().to_string()))
    );
    let one = &said["tries"][0];
    assert!(one["took_ms"].as_u64() >= one["first_byte_ms"].as_u64(), "{one}");
    assert!(one["first_byte_ms"].as_u64() >= one["connect_ms"].as_u64(), "{one}");
    assert_eq!((&one["url"], &said["limit_ms"]), (&said["request"]["url"], &json!(200)));
    assert_eq!(stand.get(&format!("/_sandbox/exchanges/{}", said["id"])).await, said);
}

#[tokio::test]
async fn a_sealed_push_and_its_reply_are_shown_opened() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand =
        Stand::start(Options { callback: Some(back_end.url()), mode: Mode::Secure, ..options() }).await;
    let user = stand.follower().await;
    back_end.answer(&[body("<xml><Encrypt>x</Encrypt></xml>")]);
    let said = stand.act(&user, "say", json!({"text": "密"})).await;
    assert!(said["request"]["body"].as_str().unwrap().contains("<Encrypt>"));
    assert!(said["request"]["plain"].as_str().unwrap().contains("<Content><![CDATA[密]]></Content>"));
    assert_eq!(findings(&said), ["bad_msg_signature"]);
}

#[tokio::test]
async fn a_call_is_kept_with_its_secrets_shortened() {
    let stand = Stand::start(options()).await;
    let token = stand.token().await;
    let secret = "0123456789abcdef0123456789abcdef";
    let request = stand.request("POST", &format!("/cgi-bin/menu/create?access_token={token}&x=1"));
    request
        .header("Authorization", "Bearer abcdefghijklmnopq")
        .body("{ \"button\" : [] }")
        .send()
        .await
        .unwrap();
    let all = stand.get("/_sandbox/exchanges").await;
    assert!(!all.to_string().contains(&token) && !all.to_string().contains(secret), "{all}");
    let call = &all[1];
    let shown = format!("{}…", &token[..6]);
    assert_eq!(call["request"]["url"], format!("/cgi-bin/menu/create?access_token={shown}&x=1"));
    assert_eq!(call["request"]["headers"]["authorization"], "Bearer…");
    assert_eq!(call["request"]["raw"], "{ \"button\" : [] }");
    assert_eq!(all[0]["reply"]["body"]["access_token"], shown);
    assert!(call["reply"]["headers"]["content-type"].as_str().unwrap().starts_with("application/json"));
    assert_eq!((call["tries"].as_array().unwrap().len(), &call["tries"][0]["status"]), (1, &json!(200)));
}

#[tokio::test]
async fn a_refusal_says_what_to_change() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    stand.advance(49 * 3600).await;
    assert_eq!(stand.text(&user, "晚了").await, 45015);
    let call = last(&stand).await;
    let finding = &call["findings"][0];
    assert_eq!((&finding["code"], &finding["severity"]), (&json!("errcode:45015"), &json!("error")));
    assert!(finding["en"].as_str().unwrap().contains("wait until the user writes"), "{finding}");
    assert!(finding["zh"].as_str().unwrap().contains("等用户下次发消息"), "{finding}");
    assert!(finding["doc"].as_str().unwrap().starts_with("https://developers.weixin.qq.com/"));
}

#[tokio::test]
async fn what_an_exchange_changed_is_told_before_and_after() {
    let stand = Stand::start(options()).await;
    let user = stand.person().await;
    let follow = stand.act(&user, "follow", json!({})).await;
    let state = &follow["state"];
    assert_eq!((&state["before"]["following"], &state["after"]["following"]), (&json!(false), &json!(true)));
    assert_eq!((&state["before"]["windows"], &state["after"]["windows"][0]["left"]), (&json!([]), &json!(3)));
    stand.token().await;
    let granted = last(&stand).await;
    assert_eq!(granted["state"]["after"]["token"][0]["endpoint"], "stable");
    assert_eq!(stand.text(&user, "hi").await, 0);
    let sent = &last(&stand).await["state"];
    let path = "/cgi-bin/message/custom/send";
    assert_eq!((&sent["before"]["quota"][path], &sent["after"]["quota"][path]), (&json!(0), &json!(1)));
    assert_eq!(
        (&sent["before"]["windows"][0]["left"], &sent["after"]["windows"][0]["left"]),
        (&json!(3), &json!(2))
    );
    assert!(sent["after"].get("following").is_none(), "{sent}");
}

#[tokio::test]
async fn every_filter_of_the_list_works_and_a_wrong_one_is_named() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    stand.act(&user, "say", json!({"text": "找得到\"我\""})).await;
    back_end.answer(&[body("oops")]);
    stand.act(&user, "say", json!({"text": "坏"})).await;
    stand.text("oNobody", "x").await;
    let count = async |query: &str| {
        stand.get(&format!("/_sandbox/exchanges?{query}")).await.as_array().unwrap().len()
    };
    for (query, wanted) in [
        ("outcome=silent", 2),
        ("outcome=failed", 2),
        ("outcome=failed&direction=push", 1),
        ("errcode=40003", 1),
        ("errcode=0", 1),
        ("finding=xml_error", 1),
        ("text=%E6%89%BE%E5%BE%97%E5%88%B0%22%E6%88%91%22", 1),
        ("text=nowhere", 0),
        ("limit=2", 2),
        ("limit=2&after=0", 2),
        ("kind=message.text&before=3", 1),
    ] {
        assert_eq!(count(query).await, wanted, "{query}");
    }
    let newest = stand.get("/_sandbox/exchanges?limit=1").await[0]["id"].as_u64().unwrap();
    let oldest = stand.get("/_sandbox/exchanges?limit=1&after=0").await[0]["id"].as_u64().unwrap();
    assert!(oldest < newest);
    for query in ["outcome=fine", "direction=up", "errcode=x", "limit=many", "after=x"] {
        let (status, answer) = stand.send("GET", &format!("/_sandbox/exchanges?{query}"), json!(null)).await;
        assert_eq!(status, 400, "{query}");
        assert!(answer["what_to_do"].as_str().is_some_and(|text| !text.is_empty()));
    }
}

#[tokio::test]
async fn no_more_is_kept_than_the_settings_say() {
    let settings =
        Settings { max_exchanges: 3, max_chat_messages: 2, max_recorded_bytes: 64, ..Settings::default() };
    let stand = Stand::start(Options { settings, ..options() }).await;
    let user = stand.follower().await;
    for text in ["1", "2", "3", "4"] {
        stand.act(&user, "say", json!({ "text": text })).await;
    }
    let kept = stand.get("/_sandbox/exchanges").await;
    assert_eq!(kept.as_array().unwrap().len(), 3);
    assert_eq!(stand.send("GET", "/_sandbox/exchanges/1", json!(null)).await.0, 404);
    assert_eq!(
        stand.texts(&user).await.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(),
        ["3", "4"]
    );
    let long = format!(
        "{{\"touser\":\"{user}\",\"msgtype\":\"text\",\"text\":{{\"content\":\"{}\"}}}}",
        "长".repeat(99)
    );
    stand.call_raw("/cgi-bin/message/custom/send", &long).await;
    assert!(last(&stand).await["request"]["body"].as_str().unwrap().ends_with(" bytes]"));
}

#[tokio::test]
async fn a_push_is_sent_again_with_its_number_or_a_new_one_or_edited() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let said = stand.act(&user, "say", json!({"text": "原文"})).await;
    let resend = format!("/_sandbox/exchanges/{}/resend", said["id"]);
    let first = back_end.last();
    back_end.answer(&[text("再来")]);
    let again = stand.post(&resend, json!({})).await;
    assert_eq!(
        (&again["resend_of"], &again["outcome"], &again["kind"]),
        (&said["id"], &json!("replied"), &said["kind"])
    );
    assert_eq!(back_end.last(), first);
    stand.post(&resend, json!({"new_msg_id": true})).await;
    assert_ne!(field(&back_end.last(), "MsgId"), field(&first, "MsgId"));
    assert_eq!(field(&back_end.last(), "Content"), "原文");
    let edited = first.replace("原文", "改过");
    let answer = stand.post(&resend, json!({ "xml": edited })).await;
    assert_eq!((back_end.last(), &answer["user"]), (edited, &json!(user)));
    assert_eq!(stand.texts(&user).await.iter().filter(|(from, _)| from == "account").count(), 3);
}

#[tokio::test]
async fn what_cannot_be_sent_again_says_why() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    stand.text(&user, "x").await;
    let call = last(&stand).await["id"].clone();
    for (id, status) in [(call, 409), (json!(1), 409), (json!(999), 404)] {
        let (got, answer) = stand.send("POST", &format!("/_sandbox/exchanges/{id}/resend"), json!({})).await;
        assert_eq!(got, status, "{answer}");
        assert!(answer["what_to_do"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
    }
}

#[tokio::test]
async fn an_exchange_is_copied_as_a_command_and_as_a_step() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let said = stand.act(&user, "say", json!({"text": "查询"})).await;
    let path = format!("/_sandbox/exchanges/{}", said["id"]);
    let curl = stand.raw(&format!("{path}/curl")).await.text().await.unwrap();
    assert!(curl.starts_with("curl ") && curl.contains(said["request"]["url"].as_str().unwrap()), "{curl}");
    let before = back_end.pushes().len();
    let ran =
        tokio::task::spawn_blocking(move || std::process::Command::new("sh").arg("-c").arg(curl).output());
    let ran = ran.await.unwrap().unwrap();
    // Machines without curl have only read the command.
    if ran.status.success() {
        assert_eq!(back_end.pushes()[before].body, said["request"]["body"]);
    }
    let step = stand.raw(&format!("{path}/step")).await.text().await.unwrap();
    assert!(
        step.starts_with("- {\"小明\":{\"say\":\"查询\"}}\n- {\"expect\":{\"push\":\"message.text\""),
        "{step}"
    );
}

#[tokio::test]
async fn a_late_answer_is_timed_after_the_cut() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    // A back end that does not look whether anybody still listens.
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut seen = vec![0; 8192];
                let got = stream.read(&mut seen).await.unwrap();
                let head = String::from_utf8_lossy(&seen[..got]).into_owned();
                let echo =
                    head.split_once("echostr=").map(|(_, rest)| rest.split([' ', '&']).next().unwrap());
                if echo.is_none() {
                    tokio::time::sleep(std::time::Duration::from_millis(260)).await;
                }
                let body = echo.unwrap_or("success");
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    let stand = Stand::start(Options { callback: Some(url), push_tries: 3, ..options() }).await;
    let user = stand.person().await;
    let follow = stand.act(&user, "follow", json!({})).await;
    let late_by = follow["tries"][0]["late_by_ms"].as_u64().unwrap_or_else(|| panic!("{follow}"));
    assert!((20..190).contains(&late_by), "{late_by}");
    let finding = &follow["findings"][0];
    assert_eq!((&finding["code"], &finding["where"]), (&json!("late"), &json!("try 3")));
    assert!(finding["en"].as_str().unwrap().contains(&format!("{late_by} ms too late")), "{finding}");
}

#[tokio::test]
async fn a_notice_leads_to_its_exchange() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    back_end.answer(&[Answer::Status(500)]);
    stand.act(&user, "say", json!({"text": "?"})).await;
    let notice = stand.chat(&user).await.pop().unwrap();
    assert_eq!(notice["from"], "notice");
    let exchange = stand.get(&format!("/_sandbox/exchanges/{}", notice["exchange"])).await;
    assert_eq!((&exchange["outcome"], findings(&exchange)), (&json!("failed"), vec!["http_status"]));
}

#[tokio::test]
async fn every_exchange_copied_as_a_step_can_be_read_and_played_again() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let menu = json!({"button": [
        {"name": "帮助", "type": "click", "key": "HELP"},
        {"name": "官网", "type": "view", "url": "https://shop.test/?a=1&b=2"},
        {"name": "更多", "sub_button": [
            {"name": "扫一扫", "type": "scancode_waitmsg", "key": "SCAN"},
            {"name": "拍照", "type": "pic_weixin", "key": "PIC"},
            {"name": "位置", "type": "location_select", "key": "PLACE"},
        ]},
    ]});
    stand.call("/cgi-bin/menu/create", menu).await;
    let poster = stand.post("/_sandbox/qrcodes", json!({"scene": "door", "permanent": true})).await;
    let question = json!({"touser": user, "msgtype": "msgmenu", "msgmenu": {
        "head_content": "?", "list": [{"id": "101", "content": "好: \"是\""}], "tail_content": ""}});
    stand.call("/cgi-bin/message/custom/send", question).await;
    let acts = [
        ("say", json!({"text": "- 多行\n# 第二行: {x}"})),
        ("say", json!({"text": "follow"})),
        ("menu_click", json!({"id": "101"})),
        ("tap", json!({"key": "HELP"})),
        ("tap", json!({"button": "官网"})),
        ("tap", json!({"button": "更多/扫一扫", "scan": "x"})),
        ("tap", json!({"button": "更多/拍照"})),
        ("tap", json!({"button": "更多/位置"})),
        ("scan", json!({"ticket": poster["ticket"]})),
        ("send", json!({"msgtype": "image"})),
        ("send", json!({"msgtype": "voice"})),
        ("send", json!({"msgtype": "shortvideo"})),
        ("send", json!({"msgtype": "link", "title": "页: 面", "description": "", "url": "https://a.test/"})),
        ("locate", json!({"latitude": 31.5, "longitude": 121, "label": "人民广场"})),
        ("report_location", json!({"latitude": 31.5, "longitude": 121})),
        ("subscription", json!({"template_id": "subscribe-template-1"})),
        ("mute", json!({})),
        ("unmute", json!({})),
        ("pay", json!({})),
        ("unfollow", json!({})),
    ];
    for (verb, body) in acts {
        let done = stand.act(&user, verb, body).await;
        assert!(done["id"].is_u64(), "{verb}: {done}");
    }
    stand.call("/nothing/known", json!({"a": "openid:nobody"})).await;
    let all = stand.get("/_sandbox/exchanges").await;
    assert!(all.as_array().unwrap().len() > 20);
    for exchange in all.as_array().unwrap() {
        let path = format!("/_sandbox/exchanges/{}/step", exchange["id"]);
        let steps = stand.raw(&path).await.text().await.unwrap();
        let file = format!("users: [小明]\nsteps:\n{steps}  - clock: +1s\n").replace("\n- ", "\n  - ");
        let read = hongyan_sandbox::scenario::Scenario::parse("step.yaml", &file);
        assert!(read.is_ok(), "{}: {}\n{file}", exchange["kind"], read.unwrap_err());
    }
    // A page's button is found again by what its push calls the key.
    let view = all.as_array().unwrap().iter().find(|one| one["kind"] == "event.VIEW").unwrap();
    stand.act(&user, "follow", json!({})).await;
    let key = field(view["request"]["plain"].as_str().unwrap(), "EventKey");
    assert_eq!(stand.act(&user, "tap", json!({ "key": key })).await["kind"], "event.VIEW");
}
