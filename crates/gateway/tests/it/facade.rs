//! Programs that speak the platform's own protocol, moved over by host and secret.

use hongyan_sandbox::Options;
use serde_json::{Value, json};

use crate::stage::{PNG, Stage};

const HEAD: &str = r#"
data = "sqlite://hongyan.db"
[[api_keys]]
name = "shop"
key = "key-of-the-shop"
scopes = ["proxy"]
[[api_keys]]
name = "reader"
key = "key-of-the-reader"
scopes = ["users"]
[[api_keys]]
name = "elsewhere"
key = "key-for-another-account"
scopes = ["*"]
accounts = ["second"]
"#;

/// A second account, so that tokens of one can be tried on the other.
const SECOND: &str = r#"
[accounts.second]
app_id = "wx00000000000000ff"
secret = "s"
token = "t"
mode = "plain"
"#;

async fn stage() -> Stage {
    Stage::under(HEAD, Options::default(), "", SECOND).await
}

/// A program with an SDK of its own.
struct Program {
    http: reqwest::Client,
    base: String,
    app_id: String,
}

impl Program {
    fn of(stage: &Stage, account: &str) -> Self {
        let gateway = stage.gateway.as_ref().unwrap();
        let base =
            format!("http://{}/platform/{account}", gateway.admin_address().unwrap_or(gateway.address()));
        Self { http: reqwest::Client::new(), base, app_id: Options::default().app_id }
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.http.post(format!("{}{path}", self.base)).json(body).send().await.unwrap().json().await.unwrap()
    }

    async fn classic(&self, secret: &str) -> Value {
        let app_id = &self.app_id;
        self.get(&format!("/cgi-bin/token?grant_type=client_credential&appid={app_id}&secret={secret}")).await
    }

    async fn token(&self) -> String {
        let given = self.classic("key-of-the-shop").await;
        assert_eq!(given["expires_in"], 7200, "{given}");
        given["access_token"].as_str().unwrap().to_owned()
    }
}

fn refused(answer: &Value, code: i64) {
    assert_eq!(answer["errcode"], code, "{answer}");
    let text = answer["errmsg"].as_str().unwrap();
    let rid = text.rsplit_once("rid: ").map(|(_, rid)| rid).unwrap_or_default();
    assert_eq!(rid.split('-').map(str::len).collect::<Vec<_>>(), [8, 8, 8], "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_run_with_the_real_token_which_nobody_sees() {
    let stage = stage().await;
    let person = stage.follower("小明").await;
    person.say("hi").await;
    let program = Program::of(&stage, "main");
    let token = program.token().await;
    let user =
        program.get(&format!("/cgi-bin/user/info?access_token={token}&openid={}", person.openid)).await;
    assert_eq!(user["openid"], person.openid.as_str(), "{user}");
    let sent = json!({"touser": person.openid, "msgtype": "text", "text": {"content": "你好 & <b>"}});
    let sent = program.post(&format!("/cgi-bin/message/custom/send?access_token={token}"), &sent).await;
    assert_eq!(sent["errcode"], 0, "{sent}");
    assert!(person.hears(1).await.contains(&"你好 & <b>".to_owned()));
    // A refusal of the platform's comes through with its own id.
    let unknown = program.get(&format!("/cgi-bin/user/info?access_token={token}&openid=nobody")).await;
    refused(&unknown, 40003);
    // The platform recorded the call with its real token; what comes back has the caller's.
    let rid = unknown["errmsg"].as_str().unwrap().rsplit_once("rid: ").unwrap().1;
    let told = program
        .http
        .post(format!("{}/cgi-bin/openapi/rid/get?access_token={token}", program.base))
        .json(&json!({"rid": rid}))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let store = stage.gateway.as_ref().unwrap().store().db().clone();
    let rows = store.query("SELECT token FROM tokens", &[]).await.unwrap();
    let real = rows.iter().find_map(|row| row["token"].as_str()).unwrap();
    assert_ne!(real, token);
    assert!(!told.contains(real), "{told}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_both_ways_and_a_picture_needs_no_token() {
    let stage = stage().await;
    let program = Program::of(&stage, "main");
    let token = program.token().await;
    // Larger than what is kept for a repeat.
    let large = [PNG.to_vec(), vec![7; 1_500_000]].concat();
    for picture in [PNG.to_vec(), large] {
        let part = reqwest::multipart::Part::bytes(picture.clone())
            .file_name("a.png")
            .mime_str("image/png")
            .unwrap();
        let form = reqwest::multipart::Form::new().part("media", part);
        let url = format!("{}/cgi-bin/media/upload?type=image&access_token={token}", program.base);
        let uploaded: Value =
            program.http.post(url).multipart(form).send().await.unwrap().json().await.unwrap();
        let media = uploaded["media_id"].as_str().unwrap_or_else(|| panic!("{uploaded}"));
        let url = format!("{}/cgi-bin/media/get?access_token={token}&media_id={media}", program.base);
        let got = program.http.get(url).send().await.unwrap();
        assert!(got.headers().contains_key("content-disposition"), "{:?}", got.headers());
        assert!(got.bytes().await.unwrap() == picture, "the file came back changed");
    }
    let made = json!({"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "a"}}});
    let made = program.post(&format!("/cgi-bin/qrcode/create?access_token={token}"), &made).await;
    let ticket: String =
        url::form_urlencoded::byte_serialize(made["ticket"].as_str().unwrap().as_bytes()).collect();
    let shown = program
        .http
        .get(format!("{}/cgi-bin/showqrcode?ticket={ticket}", program.base))
        .send()
        .await
        .unwrap();
    assert_eq!(shown.headers()["content-type"], "image/jpg");
    // The one call without a token carries nothing out.
    let before = stage.calls("/cgi-bin/showqrcode").await;
    let carried = program.post("/cgi-bin/showqrcode?ticket=a", &json!({"a": 1})).await;
    assert_eq!(carried["errcode"], 43001, "{carried}");
    assert_eq!(stage.calls("/cgi-bin/showqrcode").await, before);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_call_is_refused_as_the_platform_would() {
    let stage = stage().await;
    let program = Program::of(&stage, "main");
    let app_id = program.app_id.clone();
    for (query, code) in [
        (String::new(), 40002),
        ("grant_type=password".to_owned(), 40002),
        ("grant_type=client_credential".to_owned(), 41002),
        (format!("grant_type=client_credential&appid={app_id}"), 41004),
        ("grant_type=client_credential&appid=wx1&secret=key-of-the-shop".to_owned(), 40013),
        (format!("grant_type=client_credential&appid={app_id}&secret=wrong"), 40125),
        // The real secret opens nothing here.
        (format!("grant_type=client_credential&appid={app_id}&secret={}", Options::default().secret), 40125),
        (format!("grant_type=client_credential&appid={app_id}&secret=key-of-the-reader"), 48001),
        (format!("grant_type=client_credential&appid={app_id}&secret=key-for-another-account"), 48001),
    ] {
        refused(&program.get(&format!("/cgi-bin/token?{query}")).await, code);
    }
    let asked = json!({"grant_type": "client_credential", "appid": app_id, "secret": "key-of-the-shop"});
    let given = program.post("/cgi-bin/stable_token", &asked).await;
    assert_eq!(given["expires_in"], 7200, "{given}");
    refused(&program.post("/cgi-bin/token", &asked).await, 43001);
    refused(&program.get("/cgi-bin/stable_token").await, 43002);
    let nowhere = Program { base: program.base.replace("/main", "/nowhere"), ..Program::of(&stage, "main") };
    refused(&nowhere.classic("key-of-the-shop").await, 40013);
    assert_eq!(stage.calls("/cgi-bin/token").await, 0, "the platform was asked for a classic token");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_ends_tokens_or_counters_gets_through() {
    let stage = stage().await;
    let program = Program::of(&stage, "main");
    let token = program.token().await;
    let app_id = program.app_id.clone();
    let forced = json!({
        "grant_type": "client_credential", "appid": app_id, "secret": "key-of-the-shop", "force_refresh": true,
    });
    refused(&program.post("/cgi-bin/stable_token", &forced).await, 45009);
    let clear =
        json!({"appid": app_id, "appsecret": Options::default().secret, "cgi_path": "/cgi-bin/menu/get"});
    for path in [
        "/cgi-bin/clear_quota",
        "/cgi-bin/clear_quota/",
        "/CGI-BIN/clear_quota",
        "/cgi-bin/clear_quota/v2",
        "/cgi-bin/openapi/quota/clear",
    ] {
        refused(&program.post(&format!("{path}?access_token={token}"), &clear).await, 48006);
    }
    for path in [
        "/cgi-bin/../cgi-bin/clear_quota",
        "/cgi-bin/%63lear_quota",
        "/cgi-bin//clear_quota",
        "/cgi-bin%2ftoken",
    ] {
        // By hand: a client would tidy the path up.
        let answer = raw(&stage, &format!("/platform/main{path}?access_token={token}")).await;
        assert!(answer.contains("40066") || answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    for path in ["/cgi-bin/clear_quota", "/cgi-bin/clear_quota/v2", "/cgi-bin/openapi/quota/clear"] {
        assert_eq!(stage.calls(path).await, 0, "{path}");
    }
    stage.end().await;
}

/// A request as written, and the answer as it came.
pub(crate) async fn raw(stage: &Stage, target: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = stage.gateway.as_ref().unwrap().address();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {target} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer key-of-the-shop\r\n\
         content-length: 2\r\nconnection: close\r\n\r\n{{}}"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_after_two_hours_lasts_through_a_restart_and_opens_its_account_only() {
    let mut stage = stage().await;
    let program = Program::of(&stage, "main");
    let token = program.token().await;
    let addresses = format!("/cgi-bin/get_api_domain_ip?access_token={token}");
    assert!(program.get(&addresses).await["ip_list"].is_array());
    stage.restart().await;
    assert!(program.get(&addresses).await["ip_list"].is_array(), "after a restart");
    refused(&Program::of(&stage, "second").get(&addresses).await, 40001);
    refused(&program.get("/cgi-bin/get_api_domain_ip").await, 41001);
    refused(&program.get("/cgi-bin/get_api_domain_ip?access_token=made-up").await, 40001);
    stage.control("clock/advance", &json!({"seconds": 7200})).await;
    refused(&program.get(&addresses).await, 42001);
    let token = program.token().await;
    let addresses = format!("/cgi-bin/get_api_domain_ip?access_token={token}");
    assert!(program.get(&addresses).await["ip_list"].is_array());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_token_is_renewed_behind_the_programs_back() {
    let stage = stage().await;
    let program = Program::of(&stage, "main");
    let token = program.token().await;
    let addresses = format!("/cgi-bin/get_api_domain_ip?access_token={token}");
    program.get(&addresses).await;
    let before = stage.calls("/cgi-bin/stable_token").await;
    stage.control("token/expire", &json!({})).await;
    let answer = program.get(&addresses).await;
    assert!(answer["ip_list"].is_array(), "{answer}");
    assert_eq!(stage.calls("/cgi-bin/stable_token").await, before + 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_login_through_an_sdk_uses_the_real_secret_and_marks_its_tokens() {
    let stage = stage().await;
    let person = stage.follower("小明").await;
    let program = Program::of(&stage, "main");
    let app_id = &program.app_id;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let authorize = format!(
        "{}/connect/oauth2/authorize?appid={app_id}&redirect_uri=http%3A%2F%2F127.0.0.1%2F&response_type=code\
         &scope=snsapi_base&state=1&sandbox_user={}",
        stage.sandbox.url(),
        person.openid
    );
    let answer = http.get(authorize).send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let code = url::Url::parse(&location)
        .unwrap()
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let exchange = |secret: &str| {
        format!(
            "/sns/oauth2/access_token?appid={app_id}&secret={secret}&code={code}&grant_type=authorization_code"
        )
    };
    refused(&program.get(&exchange("wrong")).await, 40125);
    let given = program.get(&exchange("key-of-the-shop")).await;
    assert_eq!(given["openid"], person.openid.as_str(), "{given}");
    let web = given["access_token"].as_str().unwrap();
    let checked = program.get(&format!("/sns/auth?access_token={web}&openid={}", person.openid)).await;
    assert_eq!(checked["errcode"], 0, "{checked}");
    let refresh = given["refresh_token"].as_str().unwrap();
    let path =
        format!("/sns/oauth2/refresh_token?appid={app_id}&grant_type=refresh_token&refresh_token={refresh}");
    let renewed = program.get(&path).await;
    assert_eq!(renewed["openid"], person.openid.as_str(), "{renewed}");
    // Tokens that were not given out here do not make the gateway call the platform.
    let bare = web.strip_prefix("HYW_").unwrap();
    let calls = stage.calls("/sns/auth").await;
    for other in ["made-up", &bare[22..]] {
        refused(
            &program.get(&format!("/sns/auth?access_token={other}&openid={}", person.openid)).await,
            40001,
        );
    }
    assert_eq!(stage.calls("/sns/auth").await, calls);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_admin_listener_the_facade_is_only_there() {
    let head = format!("admin_listen = \"127.0.0.1:0\"\n{HEAD}");
    let stage = Stage::under(&head, Options::default(), "", SECOND).await;
    Program::of(&stage, "main").token().await;
    let public = stage.gateway.as_ref().unwrap().address();
    for path in [
        "/platform/main/cgi-bin/token",
        "/api/v1/accounts/main/token",
        "/api/v1/accounts/main/proxy/cgi-bin/menu/get",
    ] {
        let answer = reqwest::get(format!("http://{public}{path}")).await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_platform_the_answer_still_has_its_form() {
    let stage = stage().await;
    let program = Program::of(&stage, "second");
    // The second account's platform is the real one's name, which is not asked: its own app id is refused first.
    refused(&program.classic("key-of-the-shop").await, 40013);
    let main = Program::of(&stage, "main");
    let token = main.token().await;
    stage
        .faults(json!([{"on": {"direction": "api", "endpoint": "/cgi-bin/menu/get"}, "do": {"reset": true}}]))
        .await;
    refused(&main.get(&format!("/cgi-bin/menu/get?access_token={token}")).await, -1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn a_token_of_one_gateway_opens_the_other() {
    let head = HEAD.replace("sqlite://hongyan.db", &crate::stores::mysql().await);
    let stage = Stage::under(&head, Options::default(), "", SECOND).await;
    let token = Program::of(&stage, "main").token().await;
    let parts = hongyan_gateway::Parts {
        clock: stage.sandbox.clock(),
        listener: Some(tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap()),
    };
    let other = Box::pin(hongyan_gateway::Gateway::start(stage.config(), parts)).await.unwrap();
    let program = Program { base: format!("{}/platform/main", other.url()), ..Program::of(&stage, "main") };
    let answer = program.get(&format!("/cgi-bin/get_api_domain_ip?access_token={token}")).await;
    assert!(answer["ip_list"].is_array(), "{answer}");
    other.stop().await;
    stage.end().await;
}
