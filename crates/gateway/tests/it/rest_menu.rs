//! The menu by the API.

use reqwest::Method;
use serde_json::json;

use crate::rest_stage::MAIN;
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_menu_is_planned_put_seen_and_got_back() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    let path = format!("{MAIN}/menu");
    assert_eq!(stage.api(Method::GET, &path, None).await.0, 404);
    let menu = json!({"button": [
        {"type": "click", "name": "今日歌曲", "key": "song"},
        {"name": "菜单", "sub_button": [{"type": "view", "name": "搜索", "url": "https://www.soso.com/"}]},
    ]});
    let plan = format!("{MAIN}/menu/plan");
    let (_, planned) = stage.api(Method::POST, &plan, Some(menu.clone())).await;
    assert_eq!((planned["same"].as_bool(), planned["changes"].as_array().unwrap().len()), (Some(false), 2));
    assert!(planned["changes"][0].as_str().unwrap().starts_with("+ 今日歌曲"), "{planned}");

    let (status, put) = stage.api(Method::PUT, &path, Some(menu.clone())).await;
    assert_eq!((status, &put), (200, &menu));
    let seen = stage.watch(&format!("users/{}/menu", person.openid)).await;
    assert_eq!(seen["button"][0]["name"], "今日歌曲", "{seen}");
    let (_, got) = stage.api(Method::GET, &path, None).await;
    assert_eq!(got["button"], menu["button"]);
    let (_, planned) = stage.api(Method::POST, &plan, Some(got)).await;
    assert_eq!(planned, json!({"same": true, "changes": []}));
    assert_eq!(stage.api(Method::DELETE, &path, None).await.0, 200);
    assert_eq!(stage.api(Method::GET, &path, None).await.0, 404);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_menu_beyond_the_limits_never_reaches_the_platform() {
    let stage = Stage::new("").await;
    let path = format!("{MAIN}/menu");
    for (menu, word) in [
        (json!({"button": [{"type": "click", "name": "这个名字太长了吧", "key": "k"}]}), "16"),
        (json!({"button": [{"type": "click", "name": "a"}]}), "key"),
        (json!({"button": []}), "at least one"),
        (json!([1]), "JSON object"),
    ] {
        let (status, problem) = stage.api(Method::PUT, &path, Some(menu)).await;
        assert_eq!(status, 400, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
    }
    assert_eq!(stage.calls("/cgi-bin/menu/create").await, 0);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_platform_refuses_is_told_with_its_code() {
    let stage = Stage::new("").await;
    let on = json!({"direction": "api", "endpoint": "/cgi-bin/menu/create"});
    stage.faults(json!([{"on": on, "do": {"errcode": 40018}}])).await;
    let menu = json!({"button": [{"type": "click", "name": "a", "key": "k"}]});
    let (status, problem) = stage.api(Method::PUT, &format!("{MAIN}/menu"), Some(menu)).await;
    assert_eq!((status, problem["errcode"].as_i64()), (422, Some(40018)), "{problem}");
    assert!(problem["rid"].is_string(), "{problem}");
    stage.end().await;
}
