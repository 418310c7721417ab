//! The phone in a real browser: follow, tap a menu button, write a singer's name, see the answers.

use std::time::Duration;

use thirtyfour::prelude::*;

use crate::harness::Demo;

async fn browser() -> WebDriver {
    let address = std::env::var("HONGYAN_TEST_WEBDRIVER")
        .expect("HONGYAN_TEST_WEBDRIVER is not set: run scripts/test, which starts ChromeDriver");
    let mut wanted = DesiredCapabilities::chrome();
    wanted.set_binary("/usr/bin/chromium").unwrap();
    for argument in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=520,980",
        "--lang=zh-CN",
    ] {
        wanted.add_arg(argument).unwrap();
    }
    WebDriver::new(address, wanted).await.unwrap()
}

/// Waits for an element that a person could see and press.
async fn find(driver: &WebDriver, selector: &str) -> WebElement {
    driver
        .query(By::Css(selector))
        .wait(Duration::from_secs(20), Duration::from_millis(50))
        .and_displayed()
        .first()
        .await
        .unwrap_or_else(|error| panic!("{selector}: {error}"))
}

async fn press(driver: &WebDriver, selector: &str) {
    find(driver, selector).await.click().await.unwrap_or_else(|error| panic!("{selector}: {error}"));
}

/// Waits for the last message of the account to hold a text.
async fn reads(driver: &WebDriver, kind: &str, text: &str) {
    let selector = format!(r#"[data-testid="message"][data-from="account"][data-type="{kind}"]"#);
    driver
        .query(By::Css(selector.as_str()))
        .wait(Duration::from_secs(20), Duration::from_millis(50))
        .with_text(thirtyfour::stringmatch::StringMatch::new(text).partial())
        .first()
        .await
        .unwrap_or_else(|error| panic!("no {kind} with {text:?}: {error}"));
}

/// The page's own errors, as the browser's console has them.
async fn page_errors(driver: &WebDriver) -> Vec<String> {
    let script = "return window.__errors || [];";
    let errors: Vec<String> = driver.execute(script, Vec::new()).await.unwrap().convert().unwrap();
    errors
}

async fn menu_item(driver: &WebDriver, top: &str, item: &str) {
    for (testid, name) in [("menu-button", top), ("menu-item", item)] {
        driver
            .query(By::Css(format!(r#"[data-testid="{testid}"]"#)))
            .wait(Duration::from_secs(20), Duration::from_millis(50))
            .with_text(thirtyfour::stringmatch::StringMatch::new(name).partial())
            .and_displayed()
            .first()
            .await
            .unwrap_or_else(|error| panic!("{testid} {name}: {error}"))
            .click()
            .await
            .unwrap();
    }
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_person_follows_taps_the_menu_and_hears_a_song() {
    let demo = Demo::start("secure").await;
    let driver = browser().await;
    driver.goto(format!("{}/phone", demo.sandbox)).await.unwrap();
    driver
        .execute("window.__errors = []; window.addEventListener('error', e => window.__errors.push(e.message)); window.addEventListener('unhandledrejection', e => window.__errors.push(String(e.reason)));", Vec::new())
        .await
        .unwrap();
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
    assert_eq!(page_errors(&driver).await, Vec::<String>::new());
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
