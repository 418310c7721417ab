//! Line 2: the article's menu, and every other type of button.

use serde_json::{Value, json};

use crate::harness::{Demo, MODES, control, person::text_of};

const BUTTONS: [&str; 9] = [
    "关于我们/公司简介",
    "关于我们/社会责任",
    "关于我们/联系我们",
    "产品服务/微信平台",
    "产品服务/微博应用",
    "产品服务/手机网站",
    "技术支持/文档下载",
    "技术支持/技术社区",
    "技术支持/服务热线",
];

#[tokio::test]
async fn each_of_the_nine_buttons_has_its_own_answer() {
    for mode in MODES {
        let demo = Demo::start(mode).await;
        let mut person = demo.follower("小明").await;
        let mut answers = Vec::new();
        for button in BUTTONS {
            let name = button.split('/').next_back().unwrap();
            let exchange = person.tap(button).await;
            assert_eq!(exchange["kind"], "event.CLICK", "{mode} {button}: {exchange:#}");
            assert_eq!(exchange["outcome"], "replied", "{mode} {button}: {exchange:#}");
            let answer = text_of(&person.receives_reply().await);
            assert!(answer.contains(name), "{mode} {button}: {answer}");
            answers.push(answer);
        }
        answers.sort();
        answers.dedup();
        assert_eq!(answers.len(), 9, "{mode}: {answers:#?}");
    }
}

#[tokio::test]
async fn the_gateway_made_the_menu_through_the_platform_with_its_own_token() {
    let demo = Demo::start("secure").await;
    let exchanges = demo.control("GET", "exchanges", None).await;
    let kinds: Vec<&str> = exchanges.as_array().unwrap().iter().filter_map(|e| e["kind"].as_str()).collect();
    let token = kinds.iter().position(|kind| *kind == "/cgi-bin/stable_token").expect("no token was fetched");
    let create = kinds.iter().position(|kind| *kind == "/cgi-bin/menu/create").expect("no menu was created");
    assert!(token < create, "{kinds:?}");
    let menu = demo.run(&["menu", "get", "--json"]).await.json();
    let buttons =
        menu.pointer("/menu/button").or_else(|| menu.get("button")).unwrap_or_else(|| panic!("{menu}"));
    assert_eq!(buttons[1]["name"], "产品服务");
    assert_eq!(buttons[2]["sub_button"][2]["key"], "服务热线");
}

#[tokio::test]
async fn the_menu_can_be_planned_applied_and_deleted_from_the_command_line() {
    let demo = Demo::start("secure").await;
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/menu.json");
    demo.run(&["menu", "delete"]).await.ok();
    let plan = demo.run(&["menu", "plan", example]).await.ok();
    assert!(plan.contains("公司简介"), "{plan}");
    demo.run(&["menu", "apply", example]).await.ok();
    let again = demo.run(&["menu", "plan", example]).await.ok();
    assert!(!again.contains("公司简介"), "nothing should be left to change: {again}");
}

/// What a tap needs beside the button, and the event it must push; no event for the types that only show something.
fn tap_of(button: &Value) -> (Value, Option<&'static str>) {
    let picture = json!([{ "data": "/9j/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k=" }]);
    match button["type"].as_str().unwrap() {
        "click" => (json!({}), Some("CLICK")),
        "view" => (json!({}), Some("VIEW")),
        "scancode_push" => (json!({ "scan": "https://example.test/x" }), Some("scancode_push")),
        "scancode_waitmsg" => (json!({ "scan": "6901234567892" }), Some("scancode_waitmsg")),
        "pic_sysphoto" => (json!({ "pictures": picture }), Some("pic_sysphoto")),
        "pic_photo_or_album" => (json!({ "pictures": picture }), Some("pic_photo_or_album")),
        "pic_weixin" => (json!({ "pictures": picture }), Some("pic_weixin")),
        "location_select" => (
            json!({ "location": { "latitude": 31.23, "longitude": 121.47, "label": "人民广场" } }),
            Some("location_select"),
        ),
        "miniprogram" => (json!({}), Some("view_miniprogram")),
        "media_id" | "view_limited" | "article_id" | "article_view_limited" => (json!({}), None),
        other => panic!("an unknown type of button: {other}"),
    }
}

#[tokio::test]
async fn every_type_of_button_pushes_its_own_event_and_is_matched() {
    let demo = Demo::start("secure").await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let mut seen = Vec::new();
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with("menu") || file.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        demo.run(&["menu", "apply", file.to_str().unwrap()]).await.ok();
        let mut person = demo.follower("小明").await;
        let menu: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for top in menu["button"].as_array().unwrap() {
            let alone = vec![top.clone()];
            let leaves = top["sub_button"].as_array().filter(|leaves| !leaves.is_empty()).unwrap_or(&alone);
            for leaf in leaves {
                let path = if leaf == top {
                    top["name"].as_str().unwrap().to_owned()
                } else {
                    format!("{}/{}", top["name"].as_str().unwrap(), leaf["name"].as_str().unwrap())
                };
                let (mut tap, event) = tap_of(leaf);
                tap["button"] = json!(path);
                let exchange = person.act("tap", tap).await;
                seen.push(leaf["type"].as_str().unwrap().to_owned());
                match event {
                    Some(event) => {
                        assert_eq!(exchange["kind"], format!("event.{event}"), "{path}: {exchange:#}");
                        assert_eq!(exchange["findings"], json!([]), "{path}: {exchange:#}");
                        let matched = demo.control("GET", "exchanges?kind=event", None).await;
                        assert!(!matched.to_string().is_empty());
                    }
                    None => assert_eq!(exchange["tries"], json!([]), "{path} pushed something: {exchange:#}"),
                }
            }
        }
        // What can be answered was answered; VIEW and view_miniprogram take no reply.
        assert!(!person.read().await.is_empty(), "{name}: nothing reached the phone");
    }
    seen.sort();
    seen.dedup();
    let all = [
        "article_id",
        "article_view_limited",
        "click",
        "location_select",
        "media_id",
        "miniprogram",
        "pic_photo_or_album",
        "pic_sysphoto",
        "pic_weixin",
        "scancode_push",
        "scancode_waitmsg",
        "view",
        "view_limited",
    ];
    assert_eq!(seen, all);
}

#[tokio::test]
async fn scanned_text_and_chosen_place_come_back_in_the_answer() {
    let demo = Demo::start("secure").await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    demo.run(&["menu", "apply", &format!("{folder}/menu-all-types.json")]).await.ok();
    let mut person = demo.follower("小明").await;
    let menu = control(&demo.sandbox, "GET", &format!("users/{}/menu", person.openid), None).await;
    let find = |kind: &str| {
        menu["button"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|top| {
                let mut leaves = top["sub_button"].as_array().cloned().unwrap_or_default();
                leaves.push(top.clone());
                leaves
            })
            .find(|leaf| leaf["type"] == kind)
            .unwrap_or_else(|| panic!("no {kind} in {menu}"))["key"]
            .clone()
    };
    let scanned = json!({ "key": find("scancode_waitmsg"), "scan": "6901234567892" });
    assert_eq!(person.act("tap", scanned).await["outcome"], "replied");
    assert!(text_of(&person.receives_one().await).contains("6901234567892"));
}
