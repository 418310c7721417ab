//! The seven menu calls.

use serde_json::{Value, json};

use crate::stand::{Stand, code, options};

/// The menu of the article: nine buttons whose key is their name.
pub(crate) fn article_menu() -> Value {
    let parent = |name: &str, subs: [&str; 3]| {
        let subs: Vec<Value> =
            subs.iter().map(|sub| json!({"type": "click", "name": sub, "key": sub})).collect();
        json!({"name": name, "sub_button": subs})
    };
    json!({"button": [
        parent("关于我们", ["公司简介", "社会责任", "联系我们"]),
        parent("产品服务", ["微信平台", "微博应用", "手机网站"]),
        parent("技术支持", ["文档下载", "技术社区", "服务热线"]),
    ]})
}

#[tokio::test]
async fn a_menu_is_created_read_and_deleted() {
    let stand = Stand::start(options()).await;
    assert_eq!(code(&stand.ask("/cgi-bin/menu/get").await), 46003);
    let created = stand.call("/cgi-bin/menu/create", article_menu()).await;
    assert_eq!(created, json!({"errcode": 0, "errmsg": "ok"}));
    let got = stand.ask("/cgi-bin/menu/get").await;
    assert_eq!(
        got["menu"]["button"][0]["sub_button"][0],
        json!({"type": "click", "name": "公司简介", "key": "公司简介", "sub_button": []})
    );
    assert_eq!(got["menu"]["menuid"], Value::Null);
    let info = stand.ask("/cgi-bin/get_current_selfmenu_info").await;
    assert_eq!(info["is_menu_open"], 1);
    assert_eq!(
        info["selfmenu_info"]["button"][0]["sub_button"]["list"][0],
        json!({"type": "click", "name": "公司简介", "key": "公司简介"})
    );
    assert_eq!(code(&stand.ask("/cgi-bin/menu/delete").await), 0);
    assert_eq!(code(&stand.ask("/cgi-bin/menu/get").await), 46003);
}

#[tokio::test]
async fn a_wrong_menu_is_refused_and_the_old_one_stays() {
    let stand = Stand::start(options()).await;
    stand.call("/cgi-bin/menu/create", article_menu()).await;
    let long = json!({"button": [{"type": "click", "name": "名字超过十六字节", "key": "K"}]});
    assert_eq!(code(&stand.call("/cgi-bin/menu/create", long).await), 40018);
    let escaped = r#"{"button":[{"type":"click","name":"\u4f60\u597d","key":"K"}]}"#;
    assert_eq!(code(&stand.call_raw("/cgi-bin/menu/create", escaped).await), 40033);
    assert_eq!(code(&stand.call_raw("/cgi-bin/menu/create", "{").await), 47001);
    assert_eq!(code(&stand.call_raw("/cgi-bin/menu/create", "").await), 44002);
    let got = stand.ask("/cgi-bin/menu/get").await;
    assert_eq!(got["menu"]["button"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_conditional_menu_is_seen_by_whom_it_is_for() {
    let stand = Stand::start(options()).await;
    let special =
        |rule: Value| json!({"button": [{"type": "click", "name": "苹果", "key": "IOS"}], "matchrule": rule});
    let add = "/cgi-bin/menu/addconditional";
    assert_eq!(code(&stand.call(add, special(json!({"client_platform_type": "1"}))).await), 65303);
    stand.call("/cgi-bin/menu/create", article_menu()).await;
    assert_eq!(code(&stand.call(add, special(json!({"sex": "1"}))).await), 65320);
    assert_eq!(code(&stand.call(add, special(json!({}))).await), 65304);
    let added = stand.call(add, special(json!({"client_platform_type": "1"}))).await;
    let id = added["menuid"].as_str().unwrap().to_owned();
    let user = stand.post("/_sandbox/users", json!({"nickname": "果粉", "platform": 1})).await;
    let apple = user["openid"].as_str().unwrap();
    stand.act(apple, "follow", json!({})).await;
    let other = stand.follower().await;
    let seen = |openid: &str| format!("/_sandbox/users/{openid}/menu");
    assert_eq!(stand.get(&seen(apple)).await["button"][0]["name"], "苹果");
    assert_eq!(stand.get(&seen(&other)).await["button"][0]["name"], "关于我们");
    let matched = stand.call("/cgi-bin/menu/trymatch", json!({"user_id": apple})).await;
    assert_eq!(matched["button"][0]["key"], "IOS");
    assert_eq!(code(&stand.call("/cgi-bin/menu/delconditional", json!({"menuid": "1"})).await), 65301);
    assert_eq!(code(&stand.call("/cgi-bin/menu/delconditional", json!({"menuid": id})).await), 0);
    assert_eq!(stand.get(&seen(apple)).await["button"][0]["name"], "关于我们");
}
