//! Web login, as a browser and a back end see it.

use hongyan_sandbox::{Kind, Options};
use serde_json::{Value, json};

use crate::stand::{APP_ID, SECRET, Stand, code, options};

const PAGE: &str = "http://shop.example:3000/me?from=menu";

/// The authorize address in the documented order.
fn authorize(scope: &str, more: &str) -> String {
    let page: String = url::form_urlencoded::byte_serialize(PAGE.as_bytes()).collect();
    format!(
        "/connect/oauth2/authorize?appid={APP_ID}&redirect_uri={page}&response_type=code&scope={scope}&state=abc{more}"
    )
}

/// Opens an address as a browser does, without following where it leads.
async fn browse(stand: &Stand, path: &str, cookie: &str) -> reqwest::Response {
    let client =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    client.get(stand.url(path)).header("cookie", cookie).send().await.unwrap()
}

/// Where the browser is sent.
fn location(answer: &reqwest::Response) -> url::Url {
    assert_eq!(answer.status(), 302);
    answer.headers()["location"].to_str().unwrap().parse().unwrap()
}

fn parameter(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(field, _)| field == name).map(|(_, value)| value.into_owned())
}

/// The code of a silent login.
async fn silent(stand: &Stand, user: &str) -> String {
    let answer = browse(stand, &authorize("snsapi_base", &format!("&sandbox_user={user}")), "").await;
    parameter(&location(&answer), "code").unwrap()
}

/// Presses a button of the consent page.
async fn answer(stand: &Stand, path: &str, button: &str) -> url::Url {
    let client =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client
        .post(stand.url(path))
        .body(format!("answer={button}"))
        .header("content-type", "application/x-www-form-urlencoded");
    location(&answer.send().await.unwrap())
}

async fn redeem(stand: &Stand, code: &str) -> Value {
    let path = format!(
        "/sns/oauth2/access_token?appid={APP_ID}&secret={SECRET}&code={code}&grant_type=authorization_code"
    );
    stand.get(&path).await
}

async fn user_info(stand: &Stand, token: &Value) -> Value {
    let (token, openid) = (token["access_token"].as_str().unwrap(), token["openid"].as_str().unwrap());
    stand.get(&format!("/sns/userinfo?access_token={token}&openid={openid}&lang=zh_CN")).await
}

#[tokio::test]
async fn a_silent_login_gives_the_openid_and_nothing_more() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    stand.follower().await;
    let back =
        location(&browse(&stand, &authorize("snsapi_base", ""), &format!("sandbox_user={user}")).await);
    assert_eq!(back.host_str(), Some("shop.example"));
    assert_eq!(parameter(&back, "from").as_deref(), Some("menu"));
    assert_eq!(parameter(&back, "state").as_deref(), Some("abc"));
    let token = redeem(&stand, &parameter(&back, "code").unwrap()).await;
    assert_eq!((&token["openid"], &token["scope"]), (&json!(user), &json!("snsapi_base")));
    assert_eq!(token["expires_in"], 7200);
    assert_eq!(token.get("is_snapshotuser"), None);
    assert_eq!(code(&user_info(&stand, &token).await), 48001);
}

#[tokio::test]
async fn name_and_picture_are_asked_for() {
    let stand = Stand::start(options()).await;
    let user = stand.person().await;
    let path = authorize("snsapi_userinfo", &format!("&sandbox_user={user}"));
    let page = browse(&stand, &path, "").await;
    assert_eq!(page.status(), 200);
    let html = page.text().await.unwrap();
    assert!(html.contains("小明") && html.contains("oauth-allow") && html.contains("同意"), "{html}");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let english =
        client.get(stand.url(&path)).header("accept-language", "en-GB,en;q=0.9").send().await.unwrap();
    assert!(english.text().await.unwrap().contains("asks for your name and picture"));

    let token = redeem(&stand, &parameter(&answer(&stand, &path, "allow").await, "code").unwrap()).await;
    assert_eq!(token["scope"], "snsapi_userinfo");
    let info = user_info(&stand, &token).await;
    assert_eq!((&info["openid"], &info["nickname"], &info["sex"]), (&json!(user), &json!("小明"), &json!(0)));
    let picture = client.get(info["headimgurl"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/jpeg");
    assert!(picture.bytes().await.unwrap().starts_with(&[0xff, 0xd8]));
}

#[tokio::test]
async fn a_refusal_brings_the_state_and_no_code() {
    let stand = Stand::start(options()).await;
    stand.person().await;
    let back = answer(&stand, &authorize("snsapi_userinfo", ""), "deny").await;
    assert_eq!(parameter(&back, "code"), None);
    assert_eq!(parameter(&back, "state").as_deref(), Some("abc"));
}

#[tokio::test]
async fn a_snapshot_page_has_a_virtual_user() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    let back = location(&browse(&stand, &authorize("snsapi_userinfo", "&forceSnapShot=true"), "").await);
    let token = redeem(&stand, &parameter(&back, "code").unwrap()).await;
    assert_eq!(token["is_snapshotuser"], 1);
    assert_ne!(token["openid"], user);
    let info = user_info(&stand, &token).await;
    assert_eq!((&info["nickname"], &info["openid"]), (&json!("微信用户"), &token["openid"]));
    let pressed = answer(&stand, &authorize("snsapi_userinfo", ""), "snapshot").await;
    let again = redeem(&stand, &parameter(&pressed, "code").unwrap()).await;
    assert_eq!(again["openid"], token["openid"]);
}

#[tokio::test]
async fn among_several_people_a_page_asks_who_is_there() {
    let stand = Stand::start(options()).await;
    assert!(
        browse(&stand, &authorize("snsapi_base", ""), "")
            .await
            .text()
            .await
            .unwrap()
            .contains("沙箱里还没有人")
    );
    let first = stand.person().await;
    assert_eq!(browse(&stand, &authorize("snsapi_base", ""), "").await.status(), 302);
    let second = stand.post("/_sandbox/users", json!({"nickname": "<小红>"})).await;
    let second = second["openid"].as_str().unwrap();
    let page = browse(&stand, &authorize("snsapi_base", ""), "").await;
    assert_eq!(page.status(), 200);
    let html = page.text().await.unwrap();
    for shown in [&first, second, "&lt;小红&gt;"] {
        assert!(html.contains(shown), "{html}");
    }
    let back = browse(&stand, &authorize("snsapi_base", ""), "sandbox_user=%3C%E5%B0%8F%E7%BA%A2%3E").await;
    let token = redeem(&stand, &parameter(&location(&back), "code").unwrap()).await;
    assert_eq!(token["openid"], second);
}

#[tokio::test]
async fn a_code_is_good_once_and_for_five_minutes() {
    let stand = Stand::start(options()).await;
    let user = stand.person().await;
    let (first, second) = (silent(&stand, &user).await, silent(&stand, &user).await);
    assert_eq!(code(&redeem(&stand, &first).await), 0);
    assert_eq!(code(&redeem(&stand, &first).await), 40163);
    stand.advance(300).await;
    assert_eq!(code(&redeem(&stand, &second).await), 40029);
    assert_eq!(code(&redeem(&stand, "made-up").await), 40029);
}

#[tokio::test]
async fn wrong_asking_for_a_token_has_its_codes() {
    let stand = Stand::start(options()).await;
    let cases = [
        ("", 41002),
        ("appid=wxnobody", 40013),
        (&format!("appid={APP_ID}"), 41004),
        (&format!("appid={APP_ID}&secret=x"), 40125),
        (&format!("appid={APP_ID}&secret={SECRET}"), 41008),
        (&format!("appid={APP_ID}&secret={SECRET}&code=x"), 40002),
    ];
    for (query, want) in cases {
        assert_eq!(code(&stand.get(&format!("/sns/oauth2/access_token?{query}")).await), want, "{query}");
    }
    assert_eq!(code(&stand.get("/sns/userinfo").await), 41001);
    assert_eq!(code(&stand.get("/sns/userinfo?access_token=x&openid=o").await), 40001);
    // The account's own token is not a web token.
    let token = stand.token().await;
    assert_eq!(code(&stand.get(&format!("/sns/auth?access_token={token}&openid=o")).await), 40001);
}

#[tokio::test]
async fn a_web_token_belongs_to_one_person_and_is_refreshed_for_thirty_days() {
    let stand = Stand::start(options()).await;
    let user = stand.person().await;
    let token = redeem(&stand, &silent(&stand, &user).await).await;
    let access = token["access_token"].as_str().unwrap();
    let auth = |access: &str, openid: &str| format!("/sns/auth?access_token={access}&openid={openid}");
    let good = stand.get(&auth(access, &user)).await;
    assert_eq!(good, json!({"errcode": 0, "errmsg": "ok"}));
    assert_eq!(code(&stand.get(&auth(access, "oSomebodyElse")).await), 40003);
    assert_eq!(code(&stand.get(&format!("/sns/auth?access_token={access}")).await), 41009);
    stand.advance(7200).await;
    assert_eq!(code(&stand.get(&auth(access, &user)).await), 42001);
    let refresh = format!(
        "/sns/oauth2/refresh_token?appid={APP_ID}&grant_type=refresh_token&refresh_token={}",
        token["refresh_token"].as_str().unwrap()
    );
    let new = stand.get(&refresh).await;
    assert_ne!(new["access_token"], token["access_token"]);
    assert_eq!((&new["openid"], &new["scope"]), (&json!(user), &json!("snsapi_base")));
    assert_eq!(code(&stand.get(&auth(new["access_token"].as_str().unwrap(), &user)).await), 0);
    stand.advance(30 * 86_400).await;
    assert_eq!(code(&stand.get(&refresh).await), 42002);
    let base = format!("/sns/oauth2/refresh_token?appid={APP_ID}");
    assert_eq!(code(&stand.get(&base).await), 40002);
    assert_eq!(code(&stand.get(&format!("{base}&grant_type=refresh_token")).await), 41003);
    assert_eq!(code(&stand.get(&format!("{base}&grant_type=refresh_token&refresh_token=x")).await), 40030);
}

/// The code on the error page, and the finding beside it.
async fn refused(stand: &Stand, path: &str) -> i64 {
    let page = browse(stand, path, "").await;
    assert_eq!(page.status(), 200);
    let html = page.text().await.unwrap();
    let exchanges = stand.get("/_sandbox/exchanges?kind=/connect/oauth2/authorize").await;
    let last = exchanges.as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["outcome"], "failed", "{last}");
    let code = last["findings"][0]["code"].as_str().unwrap().strip_prefix("errcode:").unwrap().to_owned();
    assert!(html.contains(&format!("错误码: {code}")), "{html}");
    code.parse().unwrap()
}

#[tokio::test]
async fn the_oauth_domain_decides_where_a_code_may_go() {
    let stand = Stand::start(options()).await;
    stand.person().await;
    let set = |domain: Value| {
        let path = format!("/_sandbox/accounts/{APP_ID}/oauth_domain");
        let body = json!({ "domain": domain });
        let stand = &stand;
        async move { stand.send("PUT", &path, body).await }
    };
    assert_eq!(browse(&stand, &authorize("snsapi_base", ""), "").await.status(), 302);
    assert_eq!(set(json!("other.example")).await.1["oauth_domain"], "other.example");
    assert_eq!(refused(&stand, &authorize("snsapi_base", "")).await, 10003);
    set(json!("shop.example")).await;
    assert_eq!(browse(&stand, &authorize("snsapi_base", ""), "").await.status(), 302);
    assert_eq!(set(json!("http://shop.example/")).await.0, 400);
    set(Value::Null).await;
    assert_eq!(browse(&stand, &authorize("snsapi_base", ""), "").await.status(), 302);
}

#[tokio::test]
async fn wrong_authorize_addresses_have_their_codes() {
    let stand = Stand::start(options()).await;
    stand.person().await;
    let base = "/connect/oauth2/authorize";
    assert_eq!(refused(&stand, base).await, 10012);
    assert_eq!(refused(&stand, &format!("{base}?appid=wxnobody")).await, 40013);
    assert_eq!(refused(&stand, &format!("{base}?appid={APP_ID}")).await, 10011);
    assert_eq!(
        refused(&stand, &format!("{base}?appid={APP_ID}&redirect_uri=http://a.example/")).await,
        10010
    );
    assert_eq!(refused(&stand, &authorize("snsapi_login", "")).await, 10005);
    // Encoded twice, as it happens.
    assert_eq!(
        refused(
            &stand,
            &format!("{base}?appid={APP_ID}&redirect_uri=http%253A%252F%252Fa&scope=snsapi_base")
        )
        .await,
        10003
    );
}

#[tokio::test]
async fn parameters_in_another_order_are_doubted_or_refused() {
    let path = format!(
        "/connect/oauth2/authorize?redirect_uri=http%3A%2F%2Fa.example%2F&appid={APP_ID}&response_type=code&scope=snsapi_base&state=1"
    );
    let stand = Stand::start(options()).await;
    stand.person().await;
    assert_eq!(browse(&stand, &path, "").await.status(), 302);
    let exchanges = stand.get("/_sandbox/exchanges?kind=/connect/oauth2/authorize").await;
    assert_eq!(exchanges[0]["findings"][0]["code"], "oauth_order");
    let mut strict = options();
    strict.settings.web.strict_order = true;
    let stand = Stand::start(strict).await;
    stand.person().await;
    assert_eq!(refused(&stand, &path).await, 10015);
    assert_eq!(browse(&stand, &authorize("snsapi_base", ""), "").await.status(), 302);
}

#[tokio::test]
async fn only_verified_service_accounts_and_test_accounts_log_people_in() {
    for (kind, verified, may) in [
        (Kind::Subscription, false, false),
        (Kind::Subscription, true, false),
        (Kind::Service, false, false),
        (Kind::Service, true, true),
        (Kind::Test, false, true),
    ] {
        let stand = Stand::start(Options { kind, verified, ..options() }).await;
        stand.follower().await;
        let answer = browse(&stand, &authorize("snsapi_base", ""), "").await;
        assert_eq!(answer.status() == 302, may, "{kind:?} {verified}");
        if !may {
            assert_eq!(refused(&stand, &authorize("snsapi_base", "")).await, 10005);
            assert_eq!(code(&redeem(&stand, "x").await), 48001);
        }
    }
}

#[tokio::test]
async fn a_test_account_lets_in_only_who_follows_it() {
    let stand = Stand::start(Options { kind: Kind::Test, verified: false, ..options() }).await;
    let user = stand.person().await;
    assert_eq!(refused(&stand, &authorize("snsapi_base", "")).await, 10006);
    stand.act(&user, "follow", json!({})).await;
    assert_eq!(browse(&stand, &authorize("snsapi_base", ""), "").await.status(), 302);
}
