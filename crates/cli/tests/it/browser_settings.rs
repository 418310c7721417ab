//! The bench's settings, and a world of a thousand people.

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::harness::browser::{
    count, find, gone, mark, menu_item, open, page_errors, press, put, reads, says, script, wide, write,
};
use crate::harness::{Demo, Process, control};

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_profile_of_another_year_and_a_window_of_ones_own_are_in_force_at_once() {
    let demo = Demo::start("plain").await;
    let person = demo.follower("小明").await;
    let driver = wide(1600, 1100).await;
    open(&driver, &format!("{}/?user={}&tab=settings", demo.sandbox, person.openid)).await;
    press(&driver, &mark("profile-legacy-2021")).await;
    find(&driver, r#"[data-testid="profile-legacy-2021"][aria-pressed="true"]"#).await;
    write(&driver, "快递 SF1").await;
    reads(&driver, "text", "SF1").await;
    find(&driver, r#".window[data-action="message"][data-left="20"]"#).await;
    put(&driver, "window-scan-messages", "9").await;
    gone(&driver, r#"[data-testid="profile-legacy-2021"][aria-pressed="true"]"#).await;
    let settings: Value = demo.control("GET", "settings", None).await;
    assert_eq!((&settings["profile"], &settings["window_scan"]["messages"]), (&json!("custom"), &json!(9)));
    put(&driver, "setting-notice", "服务不可用").await;
    put(&driver, "settings-search", "notice").await;
    for _ in 0..100 {
        if demo.control("GET", "settings", None).await["notice"] == "服务不可用" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(demo.control("GET", "settings", None).await["notice"], "服务不可用");
    gone(&driver, r#"label.setting:not([hidden]) [data-testid="setting-text_bytes"]"#).await;
    // What the platform would not take is said, and nothing changes.
    put(&driver, "settings-search", "").await;
    put(&driver, "setting-ip_list", "not an address").await;
    says(&driver, &mark("toast"), "not an address").await;
    assert_eq!(demo.control("GET", "accounts", None).await[0]["ip_list"], Value::Null);
    put(&driver, "setting-ip_list", "10.0.0.0/8").await;
    for _ in 0..100 {
        if demo.control("GET", "accounts", None).await[0]["ip_list"] == json!(["10.0.0.0/8"]) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let refused = demo.run(&["call", "menu.get"]).await;
    assert!(format!("{}{}", refused.out, refused.err).contains("40164"), "{}{}", refused.out, refused.err);
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn todays_quota_is_used_up_by_one_press_and_the_next_call_is_refused() {
    let demo = Demo::start("plain").await;
    demo.run(&["call", "menu.get"]).await.ok();
    let person = demo.follower("小明").await;
    let driver = wide(1600, 1100).await;
    open(&driver, &format!("{}/?user={}", demo.sandbox, person.openid)).await;
    press(&driver, r#"[data-testid="use-up"][data-key="/cgi-bin/menu/get"]"#).await;
    says(&driver, &mark("quotas"), "∞").await;
    let refused = demo.run(&["call", "menu.get"]).await;
    assert!(format!("{}{}", refused.out, refused.err).contains("45009"), "{}{}", refused.out, refused.err);
    says(&driver, &mark("exchange"), "errcode:45009").await;
    press(&driver, &mark("act-report_location")).await;
    find(&driver, r#"[data-testid="exchange"][data-kind="event.LOCATION"]"#).await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_thousand_people_and_what_they_said_draw_few_lines_and_everybody_is_found() {
    let process = Process::start(&["sandbox", "--listen", "127.0.0.1:0"], &[]);
    let lines = process.lines_until(|line| line.starts_with("ready ")).await;
    let sandbox = lines.last().unwrap()["ready ".len()..].trim_end_matches('/').to_owned();
    control(&sandbox, "POST", "users", Some(json!({"count": 1000}))).await;
    control(&sandbox, "POST", "users", Some(json!({"nickname": "最后一位"}))).await;
    let users = control(&sandbox, "GET", "users", None).await;
    let users = users.as_array().unwrap();
    assert_eq!(users.len(), 1001);
    let driver = wide(1600, 1100).await;
    open(&driver, &format!("{sandbox}/")).await;
    says(&driver, "h2", "1001").await;
    let http = reqwest::Client::new();
    for some in users[..600].chunks(20) {
        let mut said = tokio::task::JoinSet::new();
        for one in some {
            let base = format!("{sandbox}/_sandbox/users/{}", one["openid"].as_str().unwrap());
            let (http, text) = (http.clone(), format!("你好 {}", one["openid"].as_str().unwrap()));
            said.spawn(async move {
                for (verb, body) in [("follow", json!({})), ("say", json!({ "text": text }))] {
                    http.post(format!("{base}/{verb}")).json(&body).send().await.unwrap();
                }
            });
        }
        said.join_all().await;
    }
    find(&driver, &mark("exchange")).await;
    let drawn = count(&driver, &mark("exchange")).await;
    assert!(drawn <= 300, "the bench draws {drawn} exchanges");
    assert!(count(&driver, &mark("user")).await <= 61, "the bench draws every person");
    put(&driver, "find-person", "最后一位").await;
    says(&driver, &mark("user"), "最后一位").await;
    assert_eq!(count(&driver, &mark("user")).await, 1);
    press(&driver, &mark("user")).await;
    press(&driver, &mark("follow")).await;
    write(&driver, "到我了").await;
    says(&driver, r#"[data-testid="message"][data-from="user"]"#, "到我了").await;
    open(&driver, &format!("{sandbox}/inspect")).await;
    says(&driver, &mark("count"), "1202").await;
    let last = users[599]["openid"].as_str().unwrap();
    put(&driver, "filter-text", &format!("你好 {last}")).await;
    says(&driver, &mark("count"), "1 /").await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_whole_session_over_all_pages_in_both_languages_logs_no_error() {
    let demo = Demo::start("secure").await;
    let driver = wide(1600, 1100).await;
    // The listener itself works.
    open(&driver, &format!("{}/", demo.sandbox)).await;
    find(&driver, &mark("follow")).await;
    script(&driver, "setTimeout(() => { throw new Error('on purpose') }); console.error('also this');").await;
    let heard = loop {
        let heard = page_errors(&driver).await;
        if heard.as_array().unwrap().len() == 2 {
            break heard;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert!(heard.to_string().contains("rror") && heard.to_string().contains("also this"), "{heard}");
    script(&driver, "sessionStorage.removeItem('__errors');").await;
    press(&driver, &mark("follow")).await;
    reads(&driver, "text", "欢迎").await;
    menu_item(&driver, "关于我们", "公司简介").await;
    reads(&driver, "text", "公司简介").await;
    write(&driver, "图文").await;
    reads(&driver, "news", "").await;
    for language in 0..2 {
        for tab in ["card-scenario", "card-settings", "card-exchanges"] {
            press(&driver, &mark(tab)).await;
        }
        for jump in
            ["clock-freeze", "clock-resume", "two-phones", "two-phones", "language", "theme", "large-type"]
        {
            press(&driver, &mark(jump)).await;
        }
        press(&driver, &mark("to-inspector")).await;
        press(&driver, r#"[data-testid="exchange"][data-kind="message.text"]"#).await;
        for tab in ["tab-wire", "tab-timing", "tab-state", "tab-story"] {
            press(&driver, &mark(tab)).await;
        }
        press(&driver, &mark("to-only_phone")).await;
        find(&driver, &mark("message")).await;
        for view in ["profile", "open-chat", "back"] {
            press(&driver, &mark(view)).await;
        }
        find(&driver, &mark("chats-row")).await;
        says(&driver, "#footer", if language == 0 { "非官方模拟器" } else { "unofficial emulator" }).await;
        open(&driver, &format!("{}/", demo.sandbox)).await;
        find(&driver, &mark("message")).await;
    }
    // No word is missing in either language: a missing one shows as its own key.
    let keys = "return [...document.querySelectorAll('button, h1, h2, h3, label, th, option')].map((one) => one.textContent.trim()).filter((text) => /^[a-z]+_[a-z_]+$/.test(text) && text !== 'per_action' && text !== 'per_kind');";
    for tab in ["card-scenario", "card-exchanges"] {
        press(&driver, &mark(tab)).await;
        assert_eq!(script(&driver, keys).await, json!([]));
    }
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_world_is_loaded_from_a_file_and_reset_empties_it() {
    let demo = Demo::start("plain").await;
    let mut person = demo.follower("小明").await;
    person.ask("快递 SF1001").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.json");
    std::fs::write(&file, demo.control("GET", "snapshot", None).await.to_string()).unwrap();
    let driver = wide(1600, 1100).await;
    open(&driver, &format!("{}/", demo.sandbox)).await;
    reads(&driver, "text", "SF1001").await;
    press(&driver, &mark("reset")).await;
    press(&driver, &mark("confirm")).await;
    find(&driver, &mark("follow")).await;
    assert_ne!(demo.control("GET", "users", None).await[0]["following"], true);
    press(&driver, &mark("world-load")).await;
    let input = driver.find(By::Css(mark("file"))).await.unwrap();
    input.send_keys(file.to_str().unwrap()).await.unwrap();
    reads(&driver, "text", "SF1001").await;
    assert_eq!(demo.control("GET", "users", None).await[0]["openid"], person.openid.as_str());
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}
