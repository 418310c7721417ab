//! What each kind of account may do.

use hongyan_sandbox::{Kind, Options};
use serde_json::{Value, json};

use crate::menu::article_menu;
use crate::stand::{Stand, code, options};

async fn stand(kind: Kind, verified: bool) -> (Stand, String) {
    let stand = Stand::start(Options { kind, verified, ..options() }).await;
    let user = stand.follower().await;
    (stand, user)
}

fn qrcode() -> Value {
    json!({"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 1}}})
}

#[tokio::test]
async fn an_unverified_subscription_account_may_hardly_anything() {
    let (stand, user) = stand(Kind::Subscription, false).await;
    assert_eq!(code(&stand.ask("/cgi-bin/getcallbackip").await), 0);
    assert_eq!(code(&stand.call("/cgi-bin/menu/create", article_menu()).await), 48001);
    assert_eq!(stand.text(&user, "hi").await, 48001);
    assert_eq!(code(&stand.call("/cgi-bin/qrcode/create", qrcode()).await), 48001);
    assert_eq!(code(&stand.ask("/cgi-bin/user/get").await), 48001);
}

#[tokio::test]
async fn a_verified_subscription_account_has_no_qr_codes_and_no_msgmenu() {
    let (stand, user) = stand(Kind::Subscription, true).await;
    assert_eq!(stand.text(&user, "hi").await, 0);
    assert_eq!(code(&stand.call("/cgi-bin/qrcode/create", qrcode()).await), 48001);
    let menu =
        json!({"touser": user, "msgtype": "msgmenu", "msgmenu": {"list": [{"id": "1", "content": "a"}]}});
    assert_eq!(code(&stand.call("/cgi-bin/message/custom/send", menu).await), 40200);
}

#[tokio::test]
async fn an_unverified_service_account_has_a_menu_but_no_conditional_one() {
    let (stand, _) = stand(Kind::Service, false).await;
    assert_eq!(code(&stand.call("/cgi-bin/menu/create", article_menu()).await), 0);
    let special =
        json!({"button": [{"type": "click", "name": "a", "key": "a"}], "matchrule": {"tag_id": "1"}});
    assert_eq!(code(&stand.call("/cgi-bin/menu/addconditional", special).await), 65306);
}

#[tokio::test]
async fn a_test_account_has_a_tenth_of_the_calls() {
    let (stand, user) = stand(Kind::Test, false).await;
    assert_eq!(stand.text(&user, "hi").await, 0);
    assert_eq!(code(&stand.call("/cgi-bin/qrcode/create", qrcode()).await), 0);
    let quota = stand.call("/cgi-bin/openapi/quota/get", json!({"cgi_path": "/cgi-bin/menu/create"})).await;
    assert_eq!(quota["quota"]["daily_limit"], 100);
}
