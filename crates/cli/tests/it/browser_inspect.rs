//! The inspector: a notice leads to its verdict, messages are seen opened, changed and sent again.

use serde_json::{Value, json};
use thirtyfour::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::Demo;
use crate::harness::browser::{
    awaited, browser, choose, count, find, mark, open, page_errors, press, reads, says, script, wide,
};

/// A program that passes the handshake and then never answers; gives its address.
async fn silent_program() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/callback", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 4096];
            let read = stream.read(&mut bytes).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&bytes[..read]).into_owned();
            if let Some((_, rest)) = head.split_once("echostr=").filter(|_| head.starts_with("GET ")) {
                let echo = rest.split(['&', ' ']).next().unwrap_or_default();
                let length = echo.len();
                let answer =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{echo}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            } else {
                held.push(stream);
            }
        }
    });
    address
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_notice_leads_to_the_three_tries_that_timed_out() {
    let demo = Demo::start("plain").await;
    let person = demo.follower("小明").await;
    demo.point_to(&silent_program().await).await;
    let driver = browser().await;
    open(&driver, &format!("{}/phone?user={}", demo.sandbox, person.openid)).await;
    reads(&driver, "text", "欢迎").await;
    person.say("你好").await;
    says(&driver, &mark("notice"), "故障").await;
    let link = find(&driver, &mark("why")).await.attr("href").await.unwrap().unwrap();
    assert!(link.starts_with("/inspect/"), "{link}");
    driver.quit().await.unwrap();
    let driver = wide(1400, 900).await;
    open(&driver, &format!("{}{link}", demo.sandbox)).await;
    says(&driver, &mark("story"), "hung up").await;
    press(&driver, &mark("language")).await;
    says(&driver, &mark("story"), "断开连接").await;
    find(&driver, r#"[data-testid="finding"][data-code="late"]"#).await;
    press(&driver, &mark("tab-timing")).await;
    find(&driver, &mark("try")).await;
    assert_eq!(count(&driver, &mark("try")).await, 3);
    assert_eq!(count(&driver, ".try-limit").await, 3, "the line of five seconds");
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_secure_push_is_seen_opened_changed_and_sent_again() {
    let demo = Demo::start("secure").await;
    let mut person = demo.follower("小明").await;
    person.ask("快递 SF1001").await;
    let pushes =
        demo.control("GET", &format!("exchanges?user={}&kind=message.text", person.openid), None).await;
    let id = pushes[0]["id"].as_u64().unwrap();
    let driver = wide(1400, 900).await;
    open(&driver, &format!("{}/inspect/{id}", demo.sandbox)).await;
    press(&driver, &mark("tab-wire")).await;
    says(&driver, ".sides", "<Encrypt>").await;
    says(&driver, &mark("plain-request"), "快递 SF1001").await;
    says(&driver, &mark("plain-reply"), "SF1001").await;
    press(&driver, &mark("tab-state")).await;
    says(&driver, &mark("state"), "windows").await;
    press(&driver, &mark("copy-curl")).await;
    says(&driver, &mark("copied"), "curl").await;
    press(&driver, &mark("copy-step")).await;
    says(&driver, &mark("copied"), "say").await;
    press(&driver, &mark("edit-resend")).await;
    let area = find(&driver, &mark("edit-text")).await;
    let changed = "const area = document.querySelector('[data-testid=edit-text]'); \
                   area.value = area.value.replace('SF1001', 'SF2002').replace(/<MsgId>\\d+/, '<MsgId>24000000000009999');";
    script(&driver, changed).await;
    assert!(area.prop("value").await.unwrap().unwrap().contains("SF2002"));
    press(&driver, &mark("confirm")).await;
    says(&driver, &mark("permalink"), &format!("#{}", id + 1)).await;
    press(&driver, &mark("tab-wire")).await;
    says(&driver, &mark("plain-reply"), "SF2002").await;
    assert!(driver.current_url().await.unwrap().path().ends_with(&format!("/{}", id + 1)));
    press(&driver, &mark("resend-new")).await;
    says(&driver, &mark("permalink"), &format!("#{}", id + 2)).await;
    driver.back().await.unwrap();
    says(&driver, &mark("permalink"), &format!("#{}", id + 1)).await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn the_list_is_filtered_and_follows_what_happens() {
    let demo = Demo::start("plain").await;
    let mut first = demo.follower("小明").await;
    let mut second = demo.follower("小红").await;
    first.ask("快递 SF1001").await;
    let driver = wide(1400, 900).await;
    open(&driver, &format!("{}/inspect?kind=message.text", demo.sandbox)).await;
    says(&driver, &mark("exchange"), "快递 SF1001").await;
    assert_eq!(count(&driver, &mark("exchange")).await, 1, "the filter in the address is in force");
    second.ask("快递 SF2002").await;
    says(&driver, &mark("exchange"), "快递 SF2002").await;
    find(&driver, &mark("filter-text")).await.send_keys("小红 sf2002").await.unwrap();
    says(&driver, &mark("count"), "1 /").await;
    assert_eq!(count(&driver, &mark("exchange")).await, 1);
    press(&driver, &mark("filter-clear")).await;
    find(&driver, r#"[data-testid="exchange"][data-kind="event.subscribe"]"#).await;
    let refused = json!({"touser": "nobody", "msgtype": "text", "text": {"content": "x"}});
    demo.run(&["call", "message.send", &refused.to_string()]).await;
    let field = find(&driver, &mark("filter-errcode")).await;
    field.send_keys("40003").await.unwrap();
    choose(&driver, &mark("exchange"), "errcode:40003").await;
    says(&driver, &mark("story"), "40003").await;
    // From the keyboard: down and up go from line to line.
    press(&driver, &mark("filter-clear")).await;
    let before = driver.current_url().await.unwrap();
    find(&driver, &format!("{} a.on", mark("exchanges"))).await.send_keys(Key::Down).await.unwrap();
    assert_ne!(driver.current_url().await.unwrap(), before);
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_hundred_thousand_rows_are_filtered_and_few_are_drawn() {
    let demo = Demo::start("plain").await;
    let driver = wide(1400, 900).await;
    open(&driver, &format!("{}/inspect", demo.sandbox)).await;
    find(&driver, &mark("exchange")).await;
    // The page's own list, with a store that only stands in for the sandbox.
    let measured: Value = awaited(
        &driver,
        "const { InspectList } = await import('/_assets/inspect-list.js'); \
         const body = '<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[' + '消息与文字'.repeat(40) + ' number '; \
         const all = Array.from({ length: 100000 }, (_, n) => ({ id: n + 1, app_id: 'wx', direction: n % 3 ? 'push' : 'api', \
           user: 'o' + (n % 50), kind: n % 3 ? 'message.text' : '/cgi-bin/message/custom/send', outcome: n % 7 ? 'replied' : 'failed', \
           at_ms: 1700000000000 + n, tries: [{ at_ms: 0, took_ms: n % 900, status: 200 }], \
           request: { plain: body + n + ']]></Content></xml>' }, reply: { body: { errcode: n % 7 ? 0 : 45047 } }, \
           findings: n % 7 ? [] : [{ code: 'errcode:45047' }] })); \
         const store = { on() {}, users: [], app_id: 'wx', loadUsers: async () => [], exchanges: async () => [] }; \
         const list = new InspectList([store], { onopen() {}, onfilter() {} }); \
         const box = document.getElementById('list'); box.replaceChildren(list.node); \
         list.take(store, all); list.rows.paint(); \
         const times = {}; \
         for (const [name, value] of [['text', 'number 77777'], ['text', '消息'], ['errcode', '45047'], ['user', 'o7'], ['direction', 'api']]) { \
           if (name === 'user') list.inputs.user.append(new Option('o7', 'o7')); \
           list.inputs[name].value = value; \
           const best = []; \
           for (let run = 0; run < 15; run += 1) { const began = performance.now(); list.apply(); list.rows.node.offsetHeight; best.push(performance.now() - began); } \
           times[name + ' ' + value] = [Math.min(...best), list.ledger.shown.length]; \
           list.inputs[name].value = ''; list.apply(); \
         } \
         list.rows.node.scrollTop = 1700000; list.rows.paint(); \
         return { times, nodes: box.querySelectorAll('[data-testid=exchange]').length, shown: list.ledger.shown.length };",
    )
    .await;
    assert_eq!(measured["shown"], 100_000);
    assert!(measured["nodes"].as_u64().unwrap() < 100, "every line is in the page: {measured}");
    // One has the number in its text, one in its id.
    assert_eq!(measured["times"]["text number 77777"][1], 2, "{measured}");
    assert_eq!(measured["times"]["errcode 45047"][1], 14_286, "{measured}");
    // How long each took is in `measured`, for whoever prints it; a busy machine must not fail this test.
    assert_eq!(measured["times"].as_object().unwrap().len(), 5, "{measured}");
    driver.quit().await.unwrap();
}
