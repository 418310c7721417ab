//! The pages for people who see little or hear a screen reader: checked with axe-core, light and dark.

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::harness::Demo;
use crate::harness::browser::{awaited, find, mark, open, press, put, reads, wide};

/// What axe-core finds that is serious or critical, as short lines.
async fn findings(driver: &WebDriver) -> Value {
    let path = std::env::var("HONGYAN_TEST_AXE").expect("HONGYAN_TEST_AXE is not set: run scripts/test");
    let axe = std::fs::read_to_string(path).unwrap();
    driver.execute(&axe, Vec::new()).await.unwrap();
    awaited(
        driver,
        "const { violations } = await axe.run(document, { resultTypes: ['violations'] }); \
         return violations.filter((one) => ['serious', 'critical'].includes(one.impact)) \
           .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));",
    )
    .await
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn no_page_has_a_serious_obstacle() {
    let demo = Demo::start("secure").await;
    let mut person = demo.follower("小明").await;
    person.say("邓丽君").await;
    person.receives_reply().await;
    let stranger = demo.person("小红").await;
    demo.run(&["qrcode", "--scene", "poster-7", "--expires", "30m"]).await.ok();
    let user = format!("user={}", person.openid);
    let driver = wide(1600, 1000).await;
    for theme in ["light", "dark"] {
        open(&driver, &format!("{}/phone?{user}", demo.sandbox)).await;
        let choose = format!("localStorage.setItem('hongyan.theme', '{theme}');");
        driver.execute(&choose, Vec::new()).await.unwrap();
        driver.refresh().await.unwrap();
        reads(&driver, "music", "邓丽君").await;
        assert_eq!(findings(&driver).await, json!([]), "the chat, {theme}");
        press(&driver, &mark("menu-toggle")).await;
        press(&driver, &mark("plus")).await;
        assert_eq!(findings(&driver).await, json!([]), "the + panel, {theme}");
        press(&driver, &mark("back")).await;
        find(&driver, &mark("chats-row")).await;
        assert_eq!(findings(&driver).await, json!([]), "the list of chats, {theme}");
        press(&driver, &mark("chats-scan")).await;
        find(&driver, &mark("poster")).await;
        assert_eq!(findings(&driver).await, json!([]), "the scanner, {theme}");
        open(&driver, &format!("{}/phone?user={}", demo.sandbox, stranger.openid)).await;
        find(&driver, &mark("follow")).await;
        assert_eq!(findings(&driver).await, json!([]), "the profile, {theme}");
        open(&driver, &format!("{}/?{user}&phones=2", demo.sandbox)).await;
        find(&driver, &format!("{} {}", mark("second"), mark("phone"))).await;
        find(&driver, &mark("poster")).await;
        assert_eq!(findings(&driver).await, json!([]), "the bench, {theme}");
        press(&driver, &mark("new-poster")).await;
        find(&driver, &mark("field-scene")).await;
        assert_eq!(findings(&driver).await, json!([]), "a new poster, {theme}");
        press(&driver, &mark("cancel")).await;
        open(&driver, &format!("{}/?{user}&tab=scenario", demo.sandbox)).await;
        assert_eq!(findings(&driver).await, json!([]), "the empty scenario, {theme}");
        let file = "users: [小明]\nsteps:\n  - 小明: follow\n  - expect: {phone: 小明, type: video, within: 1s}\n  - 小明: say 你好\n";
        put(&driver, "scenario-text", file).await;
        press(&driver, &mark("scenario-run")).await;
        find(&driver, r#"[data-testid="scenario-end"][data-passed="false"]"#).await;
        assert_eq!(findings(&driver).await, json!([]), "a scenario that failed, {theme}");
        press(&driver, &mark("record")).await;
        find(&driver, &mark("recording")).await;
        assert_eq!(findings(&driver).await, json!([]), "a recording, {theme}");
        press(&driver, &mark("record")).await;
        press(&driver, &mark("card-settings")).await;
        find(&driver, &mark("setting-notice")).await;
        assert_eq!(findings(&driver).await, json!([]), "the settings, {theme}");
        open(&driver, &format!("{}/inspect", demo.sandbox)).await;
        press(&driver, r#"[data-testid="exchange"][data-kind="message.text"]"#).await;
        for tab in ["tab-story", "tab-wire", "tab-timing", "tab-state"] {
            press(&driver, &mark(tab)).await;
            assert_eq!(findings(&driver).await, json!([]), "the inspector's {tab}, {theme}");
        }
    }
    driver.quit().await.unwrap();
}
