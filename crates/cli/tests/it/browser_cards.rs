//! Cards and accounts on the phone: a template message, material behind a button, the folder of subscriptions.

use serde_json::{Value, json};

use crate::harness::browser::{
    browser, choose, count, find, gone, mark, menu_item, open, page_errors, press, reads, says, script, wide,
};
use crate::harness::{Demo, Process, control};

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_template_message_is_a_card_with_its_lines_and_opens_its_page() {
    let demo = Demo::start("plain").await;
    let person = demo.follower("小明").await;
    let template = json!({"template_id": "order", "title": "订单发货通知", "content": "{{first.DATA}}\n订单编号：{{no.DATA}}\n状态：{{state.DATA}}\n{{remark.DATA}}"});
    demo.control("POST", "templates", Some(template)).await;
    let message = json!({"touser": person.openid, "template_id": "order", "url": "https://example.com/order/7",
        "data": {"first": {"value": "您的包裹已发出"}, "no": {"value": "2026-0007"}, "state": {"value": "已发货"}, "remark": {"value": "谢谢"}}});
    let driver = browser().await;
    open(&driver, &format!("{}/phone?user={}", demo.sandbox, person.openid)).await;
    reads(&driver, "text", "欢迎").await;
    demo.run(&["call", "/cgi-bin/message/template/send", &message.to_string()]).await.ok();
    for words in ["订单发货通知", "您的包裹已发出", "订单编号：", "2026-0007", "谢谢"] {
        reads(&driver, "template", words).await;
    }
    // Over the whole width, without the account's picture beside it.
    let avatars = "return document.querySelector('[data-testid=message][data-type=template]').querySelectorAll('.avatar').length;";
    assert_eq!(script(&driver, avatars).await, 0);
    press(&driver, ".template-more").await;
    says(&driver, &mark("webview"), "https://example.com/order/7").await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn an_article_behind_a_button_opens_and_pushes_nothing() {
    let demo = Demo::start("plain").await;
    let button = json!({"type": "view_limited", "name": "图文", "media_id": "material-news-1"});
    let menu = json!({"button": [{"name": "内容", "sub_button": [button]}]});
    demo.run(&["call", "menu.create", &menu.to_string()]).await.ok();
    let person = demo.follower("小明").await;
    let driver = browser().await;
    open(&driver, &format!("{}/phone?user={}", demo.sandbox, person.openid)).await;
    menu_item(&driver, "内容", "图文").await;
    find(&driver, &mark("webview")).await;
    press(&driver, r#"[data-testid="webview"] [data-testid="back"]"#).await;
    gone(&driver, &mark("webview")).await;
    let all = demo.control("GET", &format!("exchanges?direction=push&user={}", person.openid), None).await;
    let pushed = all.as_array().unwrap().iter().filter(|one| one["outcome"] != "none");
    let kinds: Vec<&str> = pushed.filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["event.subscribe"]);
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

/// A sandbox with a service account and two subscription accounts; the process must be kept.
async fn three_accounts() -> (Process, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.json");
    let account = |n: u32, name: &str, kind: &str| {
        json!({"app_id": format!("wx000000000000000{n}"), "secret": "0123456789abcdef0123456789abcdef",
               "token": "token", "name": name, "kind": kind, "verified": true})
    };
    let all = [
        account(1, "商店", "service"),
        account(2, "早报", "subscription"),
        account(3, "晚报", "subscription"),
    ];
    std::fs::write(&file, json!(all).to_string()).unwrap();
    let process =
        Process::start(&["sandbox", "--listen", "127.0.0.1:0", "--accounts", file.to_str().unwrap()], &[]);
    let lines = process.lines_until(|line| line.starts_with("ready ")).await;
    let sandbox = lines.last().unwrap()["ready ".len()..].trim_end_matches('/').to_owned();
    (process, sandbox)
}

/// An account writes to its first follower.
async fn account_writes(sandbox: &str, app_id: &str, text: &str) {
    let users = control(sandbox, "GET", &format!("accounts/{app_id}/users"), None).await;
    let asked = format!(
        "../cgi-bin/token?grant_type=client_credential&appid={app_id}&secret=0123456789abcdef0123456789abcdef"
    );
    let token = control(sandbox, "GET", &asked, None).await;
    let path =
        format!("../cgi-bin/message/custom/send?access_token={}", token["access_token"].as_str().unwrap());
    let message = json!({"touser": users[0]["openid"], "msgtype": "text", "text": {"content": text}});
    let sent: Value = control(sandbox, "POST", &path, Some(message)).await;
    assert_eq!(sent["errcode"], 0, "{sent}");
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn subscriptions_lie_in_a_folder_and_a_service_account_does_not() {
    let (_process, sandbox) = three_accounts().await;
    control(&sandbox, "POST", "users", Some(json!({"nickname": "小明"}))).await;
    let driver = browser().await;
    open(&driver, &format!("{sandbox}/phone")).await;
    press(&driver, &mark("follow")).await;
    press(&driver, &mark("back")).await;
    for (name, app_id) in [("早报", "wx0000000000000002"), ("晚报", "wx0000000000000003")] {
        choose(&driver, &mark("chats-row"), name).await;
        press(&driver, &mark("follow")).await;
        press(&driver, &mark("back")).await;
        find(&driver, &mark("chats-folder")).await;
        gone(&driver, &format!(r#"[data-testid="chats-row"][data-account="{app_id}"]"#)).await;
    }
    // Both papers are in the folder and no longer in the list.
    assert_eq!(count(&driver, &mark("chats-row")).await, 1);
    says(&driver, &mark("chats-row"), "商店").await;
    account_writes(&sandbox, "wx0000000000000003", "今晚有雨").await;
    says(&driver, &mark("chats-folder"), "晚报: 今晚有雨").await;
    says(&driver, r#"[data-testid="chats-folder"] [data-testid="unread"]"#, "1").await;
    press(&driver, &mark("chats-folder")).await;
    gone(&driver, &mark("chats-folder")).await;
    assert_eq!(count(&driver, &mark("chats-row")).await, 2);
    choose(&driver, &mark("chats-row"), "晚报").await;
    reads(&driver, "text", "今晚有雨").await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn the_bench_turns_the_phone_to_another_account_and_shows_its_posters() {
    let (_process, sandbox) = three_accounts().await;
    control(&sandbox, "POST", "users", Some(json!({"nickname": "小明"}))).await;
    let second = "accounts/wx0000000000000002";
    control(
        &sandbox,
        "POST",
        &format!("{second}/qrcodes"),
        Some(json!({"scene": "news-stand", "permanent": true})),
    )
    .await;
    let driver = wide(1600, 1100).await;
    open(&driver, &format!("{sandbox}/")).await;
    says(&driver, &mark("phone"), "商店").await;
    assert_eq!(count(&driver, &mark("poster")).await, 0);
    script(
        &driver,
        "const box = document.querySelector('[data-testid=account-switch]'); box.value = 'wx0000000000000002'; box.dispatchEvent(new Event('change'));",
    )
    .await;
    says(&driver, &mark("phone"), "早报").await;
    says(&driver, &mark("poster"), "news-stand").await;
    let drawn = "return document.querySelector('[data-testid=poster] img').naturalWidth > 0;";
    for _ in 0..100 {
        if script(&driver, drawn).await == true {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(script(&driver, drawn).await, true, "the picture of the other account's poster");
    assert!(driver.current_url().await.unwrap().as_str().contains("account=wx0000000000000002"));
    driver.refresh().await.unwrap();
    says(&driver, &mark("phone"), "早报").await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}
