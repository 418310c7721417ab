//! What an account learns of its followers, and the calls about itself.

use serde_json::{Value, json};

use crate::stand::{APP_ID, Stand, code, options};

#[tokio::test]
async fn a_follower_is_described_and_a_stranger_is_not() {
    let stand = Stand::start(options()).await;
    let made = stand
        .call(
            "/cgi-bin/qrcode/create",
            json!({"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "door"}}}),
        )
        .await;
    let user = stand.person().await;
    let stranger = stand.person().await;
    stand.act(&user, "scan", json!({"ticket": made["ticket"]})).await;
    let info = stand.ask(&format!("/cgi-bin/user/info?openid={user}&lang=zh_CN")).await;
    assert_eq!((&info["subscribe"], &info["qr_scene_str"]), (&json!(1), &json!("door")));
    assert_eq!(info["subscribe_scene"], "ADD_SCENE_QR_CODE");
    let info = stand.ask(&format!("/cgi-bin/user/info?openid={stranger}")).await;
    assert_eq!(info, json!({"subscribe": 0, "openid": stranger}));
    assert_eq!(code(&stand.ask("/cgi-bin/user/info?openid=oNobody").await), 40003);
    let both = json!({"user_list": [{"openid": user}, {"openid": stranger}]});
    let infos = stand.call("/cgi-bin/user/info/batchget", both).await;
    assert_eq!(infos["user_info_list"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_list_holds_followers_only() {
    let stand = Stand::start(options()).await;
    assert_eq!(stand.ask("/cgi-bin/user/get").await, json!({"total": 0, "count": 0, "next_openid": ""}));
    let user = stand.follower().await;
    stand.person().await;
    let list = stand.ask("/cgi-bin/user/get").await;
    assert_eq!(list, json!({"total": 1, "count": 1, "data": {"openid": [user]}, "next_openid": user}));
    let rest = stand.ask(&format!("/cgi-bin/user/get?next_openid={user}")).await;
    assert_eq!((&rest["count"], &rest["next_openid"]), (&json!(0), &json!("")));
    let remark =
        stand.call("/cgi-bin/user/info/updateremark", json!({"openid": user, "remark": "老客户"})).await;
    assert_eq!(code(&remark), 0);
    assert_eq!(stand.ask(&format!("/cgi-bin/user/info?openid={user}")).await["remark"], "老客户");
}

#[tokio::test]
async fn addresses_counters_and_unknown_paths() {
    let stand = Stand::start(options()).await;
    assert_eq!(stand.ask("/cgi-bin/getcallbackip").await["ip_list"], json!(["127.0.0.1"]));
    let check = |action: &str| json!({"action": action, "check_operator": "DEFAULT"});
    assert_eq!(code(&stand.call("/cgi-bin/callback/check", check("all")).await), 40201);
    assert_eq!(code(&stand.call("/cgi-bin/callback/check", check("jump")).await), 40202);
    let quota = json!({"cgi_path": "/cgi-bin/getcallbackip"});
    let got = stand.call("/cgi-bin/openapi/quota/get", quota.clone()).await;
    assert_eq!((&got["quota"]["daily_limit"], &got["quota"]["used"]), (&json!(5000), &json!(1)));
    assert_eq!(code(&stand.call("/cgi-bin/clear_quota", json!({"appid": "wxother"})).await), 40013);
    assert_eq!(code(&stand.call("/cgi-bin/clear_quota", json!({"appid": APP_ID})).await), 0);
    assert_eq!(stand.call("/cgi-bin/openapi/quota/get", quota).await["quota"]["used"], 0);
    assert_eq!(code(&stand.ask("/cgi-bin/no/such").await), 40066);
    let record: Value = stand.get("/_sandbox/exchanges?kind=/cgi-bin/no/such").await;
    assert_eq!(record[0]["findings"][0]["code"], "errcode:40066");
    assert!(record[0]["findings"][0]["en"].as_str().unwrap().contains("does not know"));
}
