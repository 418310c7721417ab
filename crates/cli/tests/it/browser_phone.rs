//! The phone's less common sides: pop-ups, msgmenus, files, several accounts, large type, the keyboard alone.

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::harness::browser::{
    browser, choose, count, find, gone, mark, menu_item, open, page_errors, press, reads, says, script, wide,
    write,
};
use crate::harness::{Demo, Process, control};

/// A menu with a button of every kind that round trips through the phone's own screens.
fn menu() -> Value {
    let button = |kind: &str, name: &str, more: Value| {
        let mut made = json!({"type": kind, "name": name});
        made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        made
    };
    json!({"button": [
        {"name": "五项菜单", "sub_button": [
            button("click", "第一个相当长的名字", json!({"key": "a"})),
            button("click", "第二个相当长的名字", json!({"key": "b"})),
            button("click", "third, with a long name", json!({"key": "c"})),
            button("click", "四", json!({"key": "d"})),
            button("view", "网页", json!({"url": "https://example.com/page"})),
        ]},
        {"name": "相机", "sub_button": [
            button("pic_sysphoto", "拍照", json!({"key": "p1"})),
            button("pic_photo_or_album", "拍照或相册", json!({"key": "p2"})),
            button("pic_weixin", "仅微信相片", json!({"key": "p3"})),
            button("location_select", "位置", json!({"key": "p4"})),
        ]},
        {"name": "内容", "sub_button": [
            button("media_id", "图片", json!({"media_id": "material-picture-1"})),
            button("article_view_limited", "文章", json!({"article_id": "article-1"})),
        ]},
    ]})
}

/// A demo whose account has this menu and one follower, and the phone of that follower.
async fn phone() -> (Demo, String, WebDriver) {
    let demo = Demo::start("plain").await;
    demo.run(&["call", "menu.create", &menu().to_string()]).await.ok();
    let person = demo.follower("小明").await;
    demo.control("POST", &format!("users/{}/menu/refresh", person.openid), Some(json!({}))).await;
    let driver = browser().await;
    open(&driver, &format!("{}/phone?user={}", demo.sandbox, person.openid)).await;
    (demo, person.openid, driver)
}

/// The kinds of the person's pushes so far.
async fn pushed(demo: &Demo, openid: &str) -> Vec<String> {
    let all = demo.control("GET", &format!("exchanges?direction=push&user={openid}"), None).await;
    all.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_pop_up_of_five_long_names_stays_on_the_screen() {
    let (demo, openid, driver) = phone().await;
    choose(&driver, &mark("menu-button"), "五项").await;
    find(&driver, &mark("menu-item")).await;
    assert_eq!(count(&driver, &mark("menu-item")).await, 5);
    let outside = script(
        &driver,
        "const screen = document.querySelector('.screen').getBoundingClientRect(); \
         return [...document.querySelectorAll('[data-testid=menu-item]')].filter((one) => { \
           const box = one.getBoundingClientRect(); \
           return box.left < screen.left || box.right > screen.right || one.scrollWidth > one.clientWidth; }).length;",
    )
    .await;
    assert_eq!(outside, 0, "an item leaves the screen or its pop-up");
    let items = driver.find_all(By::Css(mark("menu-item"))).await.unwrap();
    assert!(items[0].text().await.unwrap().ends_with('…'), "a long name is cut");
    // Opening pushes nothing; the tap does.
    assert_eq!(pushed(&demo, &openid).await, ["event.subscribe"]);
    items[3].click().await.unwrap();
    gone(&driver, &mark("menu-item")).await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_web_page_and_content_open_from_the_menu() {
    let (_demo, _openid, driver) = phone().await;
    menu_item(&driver, "五项", "网页").await;
    says(&driver, &mark("webview"), "https://example.com/page").await;
    press(&driver, r#"[data-testid="webview"] [data-testid="back"]"#).await;
    gone(&driver, &mark("webview")).await;
    menu_item(&driver, "内容", "图片").await;
    find(&driver, r#"[data-testid="message"][data-from="account"][data-type="image"]"#).await;
    menu_item(&driver, "内容", "文章").await;
    find(&driver, &mark("webview")).await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn pictures_voices_films_and_places_leave_the_phone() {
    let (demo, openid, driver) = phone().await;
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("picture.jpg");
    std::fs::write(&picture, [0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0, 1]).unwrap();
    let give = async |path: &std::path::Path| {
        let input = driver
            .query(By::Css(mark("file")))
            .wait(std::time::Duration::from_secs(20), std::time::Duration::from_millis(50))
            .first()
            .await
            .unwrap();
        input.send_keys(path.to_str().unwrap()).await.unwrap();
    };
    for (item, event) in [("拍照或相册", "event.pic_photo_or_album"), ("仅微信相片", "event.pic_weixin")]
    {
        menu_item(&driver, "相机", item).await;
        give(&picture).await;
        until_pushed(&demo, &openid, event).await;
    }
    until_pushed(&demo, &openid, "message.image").await;
    press(&driver, &mark("menu-toggle")).await;
    for (entry, name, bytes, kind) in [
        ("panel-voice", "a.mp3", &b"ID3\x03"[..], "message.voice"),
        ("panel-video", "a.mp4", &b"\0\0\0\x18ftypmp42"[..], "message.video"),
    ] {
        press(&driver, &mark("plus")).await;
        press(&driver, &mark(entry)).await;
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        give(&path).await;
        until_pushed(&demo, &openid, kind).await;
    }
    press(&driver, &mark("plus")).await;
    press(&driver, &mark("panel-location")).await;
    press(&driver, &mark("confirm")).await;
    until_pushed(&demo, &openid, "message.location").await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

async fn until_pushed(demo: &Demo, openid: &str, kind: &str) {
    for _ in 0..400 {
        if pushed(demo, openid).await.iter().any(|one| one == kind) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no {kind} in {:?}", pushed(demo, openid).await);
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_tap_on_a_msgmenu_says_it_and_names_the_item() {
    let demo = Demo::start("plain").await;
    let person = demo.follower("小明").await;
    let driver = browser().await;
    open(&driver, &format!("{}/phone?user={}", demo.sandbox, person.openid)).await;
    let message = json!({"touser": person.openid, "msgtype": "msgmenu", "msgmenu": {
        "head_content": "满意吗？", "list": [{"id": "101", "content": "满意"}, {"id": "102", "content": "不满意"}],
        "tail_content": "谢谢"}});
    demo.run(&["call", "message.send", &message.to_string()]).await.ok();
    choose(&driver, &mark("msgmenu-item"), "不满意").await;
    says(&driver, r#"[data-testid="message"][data-from="user"]"#, "不满意").await;
    until_pushed(&demo, &person.openid, "message.text").await;
    let all = demo.control("GET", &format!("exchanges?user={}&kind=message.text", person.openid), None).await;
    let plain = all[0]["request"]["plain"].as_str().unwrap();
    assert!(plain.contains("<bizmsgmenuid>") && plain.contains("102"), "{plain}");
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn several_accounts_are_rows_and_what_is_unread_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.json");
    let account = |n: u32, name: &str| {
        json!({"app_id": format!("wx000000000000000{n}"), "secret": "0123456789abcdef0123456789abcdef",
               "token": "token", "name": name})
    };
    std::fs::write(&file, json!([account(1, "商店"), account(2, "车站")]).to_string()).unwrap();
    let process =
        Process::start(&["sandbox", "--listen", "127.0.0.1:0", "--accounts", file.to_str().unwrap()], &[]);
    let lines = process.lines_until(|line| line.starts_with("ready ")).await;
    let sandbox = lines.last().unwrap()["ready ".len()..].trim_end_matches('/').to_owned();
    control(&sandbox, "POST", "users", Some(json!({"nickname": "小明"}))).await;
    let driver = browser().await;
    open(&driver, &format!("{sandbox}/phone")).await;
    press(&driver, &mark("follow")).await;
    press(&driver, &mark("back")).await;
    choose(&driver, &mark("chats-row"), "车站").await;
    press(&driver, &mark("follow")).await;
    press(&driver, &mark("back")).await;
    says(&driver, &mark("chats-row"), "商店").await;
    assert_eq!(count(&driver, &mark("unread")).await, 0);
    let second = "accounts/wx0000000000000002";
    let users = control(&sandbox, "GET", &format!("{second}/users"), None).await;
    let openid = users[0]["openid"].as_str().unwrap();
    let token = control(
        &sandbox,
        "GET",
        "../cgi-bin/token?grant_type=client_credential&appid=wx0000000000000002&secret=0123456789abcdef0123456789abcdef",
        None,
    )
    .await;
    let path =
        format!("../cgi-bin/message/custom/send?access_token={}", token["access_token"].as_str().unwrap());
    let message = json!({"touser": openid, "msgtype": "text", "text": {"content": "列车晚点"}});
    let sent = control(&sandbox, "POST", &path, Some(message)).await;
    assert_eq!(sent["errcode"], 0, "{sent}");
    says(&driver, &mark("chats-row"), "列车晚点").await;
    says(&driver, &mark("unread"), "1").await;
    choose(&driver, &mark("chats-row"), "商店").await;
    says(&driver, &mark("nav-unread"), "1").await;
    press(&driver, &mark("back")).await;
    choose(&driver, &mark("chats-row"), "车站").await;
    reads(&driver, "text", "列车晚点").await;
    press(&driver, &mark("back")).await;
    gone(&driver, &mark("unread")).await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_person_who_has_only_a_keyboard_follows_taps_and_writes() {
    let demo = Demo::start("plain").await;
    let person = demo.person("小明").await;
    let driver = browser().await;
    open(&driver, &format!("{}/phone?user={}", demo.sandbox, person.openid)).await;
    find(&driver, &mark("follow")).await;
    tab_to(&driver, "follow").await;
    key(&driver, Key::Enter).await;
    reads(&driver, "text", "欢迎").await;
    tab_to(&driver, "menu-button").await;
    key(&driver, Key::Enter).await;
    key(&driver, Key::Down).await;
    key(&driver, Key::Enter).await;
    reads(&driver, "text", "公司简介").await;
    tab_to(&driver, "menu-toggle").await;
    key(&driver, Key::Enter).await;
    tab_to(&driver, "composer").await;
    driver.active_element().await.unwrap().send_keys("邓丽君" + Key::Enter).await.unwrap();
    reads(&driver, "music", "邓丽君").await;
    driver.quit().await.unwrap();
}

async fn key(driver: &WebDriver, key: Key) {
    driver.active_element().await.unwrap().send_keys(key).await.unwrap();
}

/// Presses Tab until the element has the focus.
async fn tab_to(driver: &WebDriver, testid: &str) {
    for _ in 0..40 {
        // To whatever has the focus at that moment: it may be drawn anew at any time.
        if script(driver, "return document.activeElement.dataset.testid ?? '';").await == testid {
            return;
        }
        driver.action_chain().send_keys(Key::Tab).perform().await.unwrap();
    }
    panic!("Tab never came to {testid}");
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn the_phone_turns_dark_grows_its_type_and_changes_its_size() {
    let demo = Demo::start("plain").await;
    let person = demo.follower("小明").await;
    let driver = wide(700, 980).await;
    open(&driver, &format!("{}/phone?user={}", demo.sandbox, person.openid)).await;
    reads(&driver, "text", "欢迎").await;
    let look = "const style = (s) => getComputedStyle(document.querySelector(s)); \
                return [style('.screen').backgroundColor, style('.bubble').fontSize, document.querySelector('.screen').offsetWidth];";
    assert_eq!(script(&driver, look).await, json!(["rgb(237, 237, 237)", "17px", 375]));
    for _ in 0..2 {
        press(&driver, &mark("theme")).await;
    }
    press(&driver, &mark("large-type")).await;
    says(&driver, &mark("size"), "390").await;
    script(
        &driver,
        "const size = document.querySelector('[data-testid=size]'); size.value = '390x844'; size.dispatchEvent(new Event('change'));",
    )
    .await;
    assert_eq!(script(&driver, look).await, json!(["rgb(17, 17, 17)", "21.25px", 390]));
    driver.refresh().await.unwrap();
    reads(&driver, "text", "欢迎").await;
    assert_eq!(script(&driver, look).await, json!(["rgb(17, 17, 17)", "21.25px", 390]), "the choice is kept");
    write(&driver, "快递 SF1").await;
    reads(&driver, "text", "SF1").await;
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn the_page_finds_its_way_back_to_a_sandbox_that_was_started_anew() {
    let mut process = Process::start(&["sandbox", "--listen", "127.0.0.1:0"], &[]);
    let lines = process.lines_until(|line| line.starts_with("ready ")).await;
    let sandbox = lines.last().unwrap()["ready ".len()..].trim_end_matches('/').to_owned();
    let driver = browser().await;
    open(&driver, &format!("{sandbox}/phone")).await;
    press(&driver, &mark("follow")).await;
    find(&driver, &mark("composer")).await;
    process.kill().await;
    find(&driver, ".offline").await;
    let listen = sandbox.trim_start_matches("http://").to_owned();
    let again = Process::start(&["sandbox", "--listen", &listen], &[]);
    again.lines_until(|line| line.starts_with("ready ")).await;
    // The new world has nobody in it: the page makes its first person anew, who does not follow yet.
    find(&driver, &mark("follow")).await;
    press(&driver, &mark("follow")).await;
    write(&driver, "你好").await;
    says(&driver, r#"[data-testid="message"][data-from="user"]"#, "你好").await;
    let users = control(&sandbox, "GET", "users", None).await;
    assert_eq!(users[0]["following"], true, "{users}");
    driver.quit().await.unwrap();
}
