//! The bench: meters, the clock, faults, tokens, two phones.

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::harness::browser::{
    count, find, gone, mark, open, page_errors, press, reads, says, script, wide, write,
};
use crate::harness::{Demo, Person};

/// A demo with one follower and the bench with that person's phone.
async fn bench(mode: &str) -> (Demo, Person, WebDriver) {
    let demo = Demo::start(mode).await;
    let person = demo.follower("小明").await;
    let driver = wide(1600, 1000).await;
    open(&driver, &format!("{}/?user={}", demo.sandbox, person.openid)).await;
    find(&driver, &mark("windows")).await;
    (demo, person, driver)
}

/// Sends a text by customer service; gives the platform's answer as the command prints it.
async fn send(demo: &Demo, openid: &str) -> String {
    let message = json!({"touser": openid, "msgtype": "text", "text": {"content": "客服消息"}});
    let output = demo.run(&["call", "message.send", &message.to_string()]).await;
    format!("{}{}", output.out, output.err)
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn the_meter_runs_down_to_45047_and_after_48_hours_to_45015() {
    let (demo, person, driver) = bench("plain").await;
    find(&driver, r#".window[data-action="follow"][data-left="3"]"#).await;
    // The follow's minute is over; what is left comes from the message that follows.
    press(&driver, r#"[data-testid="jump-after"][data-seconds="61"]"#).await;
    gone(&driver, r#".window[data-action="follow"]"#).await;
    write(&driver, "快递 SF1").await;
    reads(&driver, "text", "SF1").await;
    find(&driver, r#".window[data-action="message"][data-left="5"]"#).await;
    for left in (0..5).rev() {
        let answer = send(&demo, &person.openid).await;
        assert!(!answer.contains("450"), "{answer}");
        find(&driver, &format!(r#".window[data-action="message"][data-left="{left}"]"#)).await;
    }
    assert!(send(&demo, &person.openid).await.contains("45047"));
    press(&driver, r#"[data-testid="jump-after"][data-seconds="172801"]"#).await;
    gone(&driver, ".window").await;
    assert!(send(&demo, &person.openid).await.contains("45015"));
    says(&driver, &mark("exchange"), "errcode:45015").await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn tokens_that_expire_while_all_is_running_are_fetched_anew() {
    let (demo, person, driver) = bench("secure").await;
    assert!(!send(&demo, &person.openid).await.contains("4200"));
    press(&driver, &mark("token-expire")).await;
    find(&driver, &mark("toast")).await;
    let answer = send(&demo, &person.openid).await;
    assert!(answer.contains("\"errcode\": 0") || answer.contains("\"errcode\":0"), "{answer}");
    let calls = demo.control("GET", "exchanges?direction=api", None).await;
    let codes: Vec<i64> = calls
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["reply"]["body"]["errcode"].as_i64())
        .filter(|code| *code != 0)
        .collect();
    assert!(codes.contains(&42001) || codes.contains(&40001), "the old token was never refused: {codes:?}");
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_push_that_comes_twice_is_answered_once() {
    let (demo, person, driver) = bench("secure").await;
    press(&driver, &mark("fault-push-duplicate")).await;
    says(&driver, &mark("faults"), "duplicate").await;
    write(&driver, "邓丽君").await;
    reads(&driver, "music", "邓丽君").await;
    let pushes =
        demo.control("GET", &format!("exchanges?user={}&kind=message.text", person.openid), None).await;
    let tries = pushes[0]["tries"].as_array().unwrap();
    assert_eq!(tries.iter().filter(|one| one["duplicate"] == true).count(), 1, "{tries:?}");
    assert_eq!(count(&driver, r#"[data-testid="message"][data-type="music"]"#).await, 1);
    press(&driver, &mark("faults-clear")).await;
    gone(&driver, &mark("faults")).await;
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn two_phones_side_by_side_are_two_people() {
    let (demo, first, driver) = bench("plain").await;
    press(&driver, &mark("two-phones")).await;
    let second = |testid: &str| format!(r#"[data-testid="second"] [data-testid="{testid}"]"#);
    press(&driver, &second("follow")).await;
    says(&driver, &second("message"), "欢迎").await;
    press(&driver, &second("menu-toggle")).await;
    find(&driver, &second("composer")).await.send_keys("快递 SF77").await.unwrap();
    press(&driver, &second("send")).await;
    says(&driver, &second("message"), "SF77").await;
    let chat = demo.control("GET", &format!("users/{}/chat?format=text", first.openid), None).await;
    assert!(!chat.as_str().unwrap().contains("SF77"), "{chat}");
    let own = "return [...document.querySelectorAll('.seat:first-child [data-testid=message]')].filter((one) => one.textContent.includes('SF77')).length;";
    assert_eq!(script(&driver, own).await, 0, "one phone shows what the other wrote");
    let address = driver.current_url().await.unwrap();
    assert!(address.as_str().contains("phones=2") && address.as_str().contains("user2="), "{address}");
    driver.refresh().await.unwrap();
    says(&driver, &second("message"), "SF77").await;
    press(&driver, &mark("two-phones")).await;
    gone(&driver, &mark("second")).await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn the_clock_freezes_and_a_crowd_a_payment_and_a_place_come_by_one_press() {
    let (demo, person, driver) = bench("plain").await;
    press(&driver, &mark("clock-freeze")).await;
    find(&driver, r#"[data-testid="clock-freeze"][aria-pressed="true"]"#).await;
    let frozen = demo.control("GET", "clock", None).await;
    assert_eq!(frozen["mode"], "frozen", "{frozen}");
    press(&driver, &mark("clock-resume")).await;
    find(&driver, r#"[data-testid="clock-resume"][aria-pressed="true"]"#).await;
    press(&driver, &mark("act-pay")).await;
    find(&driver, r#".window[data-action="pay"]"#).await;
    press(&driver, &mark("act-locate")).await;
    find(&driver, r#"[data-testid="exchange"][data-kind="message.location"]"#).await;
    press(&driver, &mark("many-people")).await;
    let field = find(&driver, &mark("field-count")).await;
    field.clear().await.unwrap();
    field.send_keys("25").await.unwrap();
    press(&driver, &mark("confirm")).await;
    says(&driver, "h2", "26").await;
    let users: Value = demo.control("GET", "users", None).await;
    assert_eq!(users.as_array().unwrap().len(), 26);
    assert!(users.as_array().unwrap().iter().any(|one| one["openid"] == person.openid.as_str()));
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn the_bench_is_used_with_a_keyboard_alone_and_the_focus_stays_where_it_was() {
    let (demo, _person, driver) = bench("plain").await;
    let focused = "return document.activeElement.dataset.testid ?? document.activeElement.tagName;";
    let to = async |testid: &str| {
        for _ in 0..140 {
            if script(&driver, focused).await == testid {
                return;
            }
            driver.action_chain().send_keys(Key::Tab).perform().await.unwrap();
        }
        panic!("Tab never came to {testid}");
    };
    // To whatever has the focus at that moment: it may be drawn anew at any time.
    let key = async |key: Key| driver.action_chain().send_keys(key).perform().await.unwrap();
    to("record").await;
    key(Key::Enter).await;
    find(&driver, r#"[data-testid="record"][aria-pressed="true"]"#).await;
    assert_eq!(script(&driver, focused).await, "record");
    key(Key::Enter).await;
    gone(&driver, r#"[data-testid="record"][aria-pressed="true"]"#).await;
    to("card-scenario").await;
    key(Key::Right).await;
    find(&driver, &mark("setting-notice")).await;
    key(Key::Right).await;
    assert_eq!(script(&driver, focused).await, "card-exchanges");
    // What is drawn anew keeps the focus.
    to("clock-freeze").await;
    key(Key::Enter).await;
    find(&driver, r#"[data-testid="clock-freeze"][aria-pressed="true"]"#).await;
    assert_eq!(script(&driver, focused).await, "clock-freeze");
    to("fault-push-drop").await;
    key(Key::Enter).await;
    says(&driver, &mark("faults"), "drop").await;
    assert_eq!(script(&driver, focused).await, "fault-push-drop");
    assert_eq!(demo.control("GET", "faults", None).await.as_array().map_or(0, Vec::len), 1);
    to("new-poster").await;
    key(Key::Enter).await;
    driver.action_chain().send_keys("keys" + Key::Enter).perform().await.unwrap();
    says(&driver, &mark("poster"), "keys").await;
    assert_eq!(script(&driver, focused).await, "new-poster");
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}
