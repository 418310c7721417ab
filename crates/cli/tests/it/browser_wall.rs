//! Posters: made on the bench, scanned from the wall, from a dropped picture and by their address; both ways to follow.

use serde_json::{Value, json};

use crate::harness::Demo;
use crate::harness::browser::{
    awaited, browser, choose, find, gone, mark, open, page_errors, press, put, reads, says, script, wide,
};

async fn made(demo: &Demo, body: Value) -> Value {
    demo.control("POST", "qrcodes", Some(body)).await
}

/// The last push of this kind, as the account received it.
async fn pushed(demo: &Demo, openid: &str, kind: &str) -> String {
    for _ in 0..400 {
        let all = demo.control("GET", &format!("exchanges?user={openid}&kind={kind}"), None).await;
        if let Some(last) = all.as_array().unwrap().last() {
            return last["request"]["plain"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no {kind}");
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_poster_is_made_on_the_bench_and_brings_a_stranger_and_then_a_follower() {
    let demo = Demo::start("secure").await;
    let person = demo.person("小明").await;
    let driver = wide(1600, 1100).await;
    open(&driver, &format!("{}/?user={}", demo.sandbox, person.openid)).await;
    for (scene, life) in [("spring-festival-with-a-long-name", "3600"), ("42", "permanent")] {
        press(&driver, &mark("new-poster")).await;
        put(&driver, "field-scene", scene).await;
        put(&driver, "field-life", life).await;
        press(&driver, &mark("confirm")).await;
        find(&driver, &format!(r#"[data-testid="poster"][data-scene="{scene}"]"#)).await;
    }
    let codes = demo.control("GET", "qrcodes", None).await;
    assert_eq!(
        (&codes[0]["permanent"], &codes[1]["permanent"], &codes[1]["scene"]),
        (&json!(false), &json!(true), &json!(42))
    );
    let drawn = "return [...document.querySelectorAll('[data-testid=poster] img')].every((one) => one.complete && one.naturalWidth > 100);";
    assert_eq!(script(&driver, drawn).await, true, "a poster on the wall has no picture");
    // A stranger is led to the profile and keeps the scene; a follower is scanned at once.
    choose(&driver, &mark("poster"), "spring").await;
    press(&driver, &mark("follow")).await;
    reads(&driver, "text", "spring-festival").await;
    let subscribe = pushed(&demo, &person.openid, "event.subscribe").await;
    assert!(subscribe.contains("qrscene_spring-festival-with-a-long-name"), "{subscribe}");
    choose(&driver, &mark("poster"), "42").await;
    let scan = pushed(&demo, &person.openid, "event.SCAN").await;
    assert!(scan.contains("42") && !scan.contains("qrscene_"), "{scan}");
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_picture_that_is_dropped_on_the_scanner_is_read() {
    let demo = Demo::start("plain").await;
    let code = made(&demo, json!({"scene": "dropped", "expire_seconds": 3600})).await;
    let person = demo.follower("小明").await;
    let driver = browser().await;
    open(&driver, &format!("{}/phone?user={}", demo.sandbox, person.openid)).await;
    reads(&driver, "text", "欢迎").await;
    press(&driver, &mark("scan")).await;
    find(&driver, &mark("poster")).await;
    // The picture as the platform itself draws it, dropped as a file from the desktop.
    let ticket = code["ticket"].as_str().unwrap();
    let drop = format!(
        "const picture = await (await fetch('/cgi-bin/showqrcode?ticket=' + encodeURIComponent('{ticket}'))).blob(); \
         const files = new DataTransfer(); files.items.add(new File([picture], 'poster.jpg', {{type: picture.type}})); \
         document.querySelector('[data-testid=scanner]').dispatchEvent(new DragEvent('drop', {{dataTransfer: files, bubbles: true, cancelable: true}})); \
         return picture.size;"
    );
    assert!(awaited(&driver, &drop).await.as_u64().unwrap() > 500);
    gone(&driver, &mark("scanner")).await;
    let scan = pushed(&demo, &person.openid, "event.SCAN").await;
    assert!(scan.contains("dropped") && scan.contains(ticket), "{scan}");
    // A picture without a code says so and the scanner stays.
    press(&driver, &mark("scan")).await;
    find(&driver, &mark("scanner")).await;
    let blank = "const canvas = document.createElement('canvas'); canvas.width = canvas.height = 200; canvas.getContext('2d').fillRect(0, 0, 10, 10); \
         const picture = await new Promise((done) => canvas.toBlob(done, 'image/png')); \
         const files = new DataTransfer(); files.items.add(new File([picture], 'blank.png', {type: 'image/png'})); \
         document.querySelector('[data-testid=scanner]').dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true})); return 1;";
    awaited(&driver, blank).await;
    find(&driver, &mark("toast")).await;
    find(&driver, &mark("scanner")).await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn an_address_that_is_typed_is_scanned_and_an_expired_code_pushes_nothing() {
    let demo = Demo::start("plain").await;
    let code = made(&demo, json!({"scene": "typed", "expire_seconds": 60})).await;
    let person = demo.follower("小明").await;
    let driver = browser().await;
    open(&driver, &format!("{}/phone?user={}", demo.sandbox, person.openid)).await;
    reads(&driver, "text", "欢迎").await;
    press(&driver, &mark("scan")).await;
    find(&driver, &mark("poster")).await;
    find(&driver, &mark("scan-input")).await.send_keys(code["url"].as_str().unwrap()).await.unwrap();
    press(&driver, &mark("scan-go")).await;
    let scan = pushed(&demo, &person.openid, "event.SCAN").await;
    assert!(scan.contains("typed"), "{scan}");
    demo.advance(61).await;
    press(&driver, &mark("scan")).await;
    find(&driver, r#"[data-testid="poster"].expired"#).await.click().await.unwrap();
    find(&driver, &mark("toast")).await;
    let all = demo.control("GET", &format!("exchanges?user={}&kind=event.SCAN", person.openid), None).await;
    assert_eq!(all.as_array().unwrap().len(), 1, "an expired code was pushed");
    // Any other address opens as a page.
    press(&driver, &mark("scan")).await;
    find(&driver, &mark("scan-input")).await.send_keys("https://example.com/other").await.unwrap();
    press(&driver, &mark("scan-go")).await;
    says(&driver, &mark("webview"), "https://example.com/other").await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}
