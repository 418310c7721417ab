//! A page behind a menu button: the phone's web view logs in, and the JS-SDK's stand-in says it is signed right.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, RawQuery};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use hongyan_wire::signature;
use serde_json::{Value, json};

use crate::harness::Demo;
use crate::harness::browser::{browser, find, menu_item, open, press, reads};

/// What the page needs to know of the platform.
struct Shop {
    sandbox: String,
    address: String,
    app_id: String,
    secret: String,
    ticket: String,
}

impl Shop {
    async fn get(&self, path: &str) -> Value {
        reqwest::get(format!("{}{path}", self.sandbox)).await.unwrap().json().await.unwrap()
    }

    /// Sends strangers to the login, greets who comes back, and signs the page it shows.
    async fn page(&self, query: &HashMap<String, String>, raw: Option<String>) -> Response {
        let Some(code) = query.get("code") else {
            let back = format!("http://{}/shop", self.address).replace(':', "%3A").replace('/', "%2F");
            return Redirect::to(&format!(
                "{}/connect/oauth2/authorize?appid={}&redirect_uri={back}&response_type=code&scope=snsapi_userinfo&state=1#wechat_redirect",
                self.sandbox, self.app_id
            ))
            .into_response();
        };
        let token = self
            .get(&format!(
                "/sns/oauth2/access_token?appid={}&secret={}&code={code}&grant_type=authorization_code",
                self.app_id, self.secret
            ))
            .await;
        let text = |name: &str| token[name].as_str().unwrap().to_owned();
        let (access, openid) = (text("access_token"), text("openid"));
        let person = self.get(&format!("/sns/userinfo?access_token={access}&openid={openid}")).await;
        let url = format!("http://{}/shop?{}", self.address, raw.unwrap_or_default());
        let signed = format!("jsapi_ticket={}&noncestr=n1&timestamp=1414587457&url={url}", self.ticket);
        let signature = signature::signature(&signed, "", "");
        Html(format!(
            "<!doctype html><p id=who>{}</p><p id=state>waiting</p><script src=\"{}/res/jweixin-1.6.0.js\"></script>\
             <script>const say = (text) => {{ document.getElementById('state').textContent = text; }};\
             wx.config({{appId: '{}', timestamp: 1414587457, nonceStr: 'n1', signature: '{}', jsApiList: ['scanQRCode']}});\
             wx.error((error) => say(error.errMsg));\
             wx.ready(() => wx.scanQRCode({{success: (result) => say('ready ' + result.errMsg)}}));</script>",
            person["nickname"].as_str().unwrap(),
            self.sandbox,
            self.app_id,
            signature.as_str(),
        ))
        .into_response()
    }
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_page_behind_the_menu_logs_in_and_is_signed_right() {
    let demo = Demo::start("plain").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let token = demo.run(&["token"]).await.ok();
    let asked = format!("{}/cgi-bin/ticket/getticket?type=jsapi&access_token={}", demo.sandbox, token.trim());
    let ticket: Value = reqwest::get(asked).await.unwrap().json().await.unwrap();
    let variable = |name: &str| demo.env.iter().find(|(own, _)| own == name).unwrap().1.clone();
    let shop = Arc::new(Shop {
        sandbox: demo.sandbox.clone(),
        address: address.clone(),
        app_id: variable("HONGYAN_APP_ID"),
        secret: variable("HONGYAN_SECRET"),
        ticket: ticket["ticket"].as_str().unwrap().to_owned(),
    });
    let app = Router::new().route(
        "/shop",
        get(move |Query(query): Query<HashMap<String, String>>, RawQuery(raw): RawQuery| async move {
            shop.page(&query, raw).await
        }),
    );
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let button = json!({"type": "view", "name": "我的", "url": format!("http://{address}/shop")});
    let menu = json!({"button": [{"name": "商店", "sub_button": [button]}]});
    demo.run(&["call", "menu.create", &menu.to_string()]).await.ok();
    // Somebody else is there too, so that the cookie must say who holds the phone.
    demo.follower("甲").await;
    let person = demo.follower("乙").await;

    let driver = browser().await;
    open(&driver, &format!("{}/phone?user={}", demo.sandbox, person.openid)).await;
    reads(&driver, "text", "欢迎").await;
    menu_item(&driver, "商店", "我的").await;
    find(&driver, r#"[data-testid="webview"] iframe"#).await.enter_frame().await.unwrap();
    press(&driver, r#"[data-testid="oauth-allow"]"#).await;
    assert_eq!(find(&driver, "#who").await.text().await.unwrap(), "乙");
    let state = find(&driver, "#state").await;
    for _ in 0..200 {
        if state.text().await.unwrap() != "waiting" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(state.text().await.unwrap(), "ready scanQRCode:ok");
    driver.quit().await.unwrap();
}
