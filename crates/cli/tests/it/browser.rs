//! The phone in a real browser: follow, tap a menu button, write a singer's name, see the answers.

use std::time::Duration;

use serde_json::json;
use thirtyfour::prelude::*;

use crate::harness::Demo;
use crate::harness::browser::{browser, find, menu_item, open, page_errors, press, reads};

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_person_follows_taps_the_menu_and_hears_a_song() {
    let demo = Demo::start("secure").await;
    let driver = browser().await;
    open(&driver, &format!("{}/phone", demo.sandbox)).await;
    press(&driver, r#"[data-testid="follow"]"#).await;
    reads(&driver, "text", "欢迎").await;
    menu_item(&driver, "关于我们", "公司简介").await;
    reads(&driver, "text", "公司简介").await;
    press(&driver, r#"[data-testid="menu-toggle"]"#).await;
    find(&driver, r#"[data-testid="composer"]"#).await.send_keys("邓丽君").await.unwrap();
    press(&driver, r#"[data-testid="send"]"#).await;
    reads(&driver, "music", "邓丽君").await;
    let own = driver.find_all(By::Css(r#"[data-testid="message"][data-from="user"]"#)).await.unwrap();
    assert_eq!(own.len(), 1, "what the person wrote must show once");
    assert_eq!(page_errors(&driver).await, json!([]));
    // The picture in the README is this one.
    let path = std::env::var("HONGYAN_SCREENSHOT")
        .unwrap_or_else(|_| format!("{}/phone.png", env!("CARGO_TARGET_TMPDIR")));
    let phone = find(&driver, r#"[data-testid="phone"]"#).await;
    phone.screenshot(std::path::Path::new(&path)).await.unwrap();
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn two_people_have_two_chats_and_a_reload_keeps_them() {
    let demo = Demo::start("plain").await;
    let mut first = demo.follower("甲").await;
    let second = demo.follower("乙").await;
    first.ask("快递 SF1001").await;
    let driver = browser().await;
    driver.goto(format!("{}/phone?user={}", demo.sandbox, first.openid)).await.unwrap();
    reads(&driver, "text", "SF1001").await;
    driver.refresh().await.unwrap();
    reads(&driver, "text", "SF1001").await;
    driver.goto(format!("{}/phone?user={}", demo.sandbox, second.openid)).await.unwrap();
    reads(&driver, "text", "欢迎").await;
    let others =
        driver.find_all(By::XPath("//*[@data-testid='message'][contains(., 'SF1001')]")).await.unwrap();
    assert!(others.is_empty(), "one person reads another's chat");
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_stranger_scans_a_poster_on_the_phone_and_is_welcomed_with_its_scene() {
    let demo = Demo::start("secure").await;
    demo.run(&["qrcode", "--scene", "poster-7", "--expires", "30m"]).await.ok();
    let person = demo.person("小明").await;
    let driver = browser().await;
    driver.goto(format!("{}/phone?user={}", demo.sandbox, person.openid)).await.unwrap();
    find(&driver, r#"[data-testid="follow"]"#).await;
    press(&driver, r#"[data-testid="scan"]"#).await;
    driver
        .query(By::XPath("//button[contains(., 'poster-7')]"))
        .wait(Duration::from_secs(20), Duration::from_millis(50))
        .first()
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    // A scan by someone who does not follow leads to the profile; following keeps the scene.
    if let Ok(follow) =
        driver.query(By::Css(r#"[data-testid="follow"]"#)).nowait().and_displayed().first().await
    {
        let _ = follow.click().await;
    }
    reads(&driver, "text", "poster-7").await;
    driver.quit().await.unwrap();
}
