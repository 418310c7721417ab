//! The token service and the proxy: for programs on the platform's IP list, and for all the others.

use hongyan_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::facade::raw;
use crate::stage::{PNG, Stage};

const HEAD: &str = r#"
data = "sqlite://hongyan.db"
[[api_keys]]
name = "shop"
key = "key-of-the-shop"
scopes = ["proxy", "token"]
[[api_keys]]
name = "reader"
key = "key-of-the-reader"
scopes = ["users"]
"#;

const PROXY: &str = "/api/v1/accounts/main/proxy";

async fn stage() -> Stage {
    Stage::under(HEAD, Options::default(), "", "").await
}

async fn api(stage: &Stage, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    stage.api_with_key("key-of-the-shop", method, path, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_service_gives_the_token_in_force() {
    let stage = stage().await;
    let (status, given) = api(&stage, Method::GET, "/api/v1/accounts/main/token", None).await;
    assert_eq!(status, 200, "{given}");
    let token = given["access_token"].as_str().unwrap();
    assert!((7000..=7200).contains(&given["expires_in"].as_i64().unwrap()), "{given}");
    let url = format!("{}/cgi-bin/get_api_domain_ip?access_token={token}", stage.sandbox.url());
    let answer: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    assert!(answer["ip_list"].is_array(), "the platform takes it: {answer}");
    assert_eq!(api(&stage, Method::GET, "/api/v1/accounts/main/token", None).await.1["access_token"], token);
    for (key, status) in [("key-of-the-reader", 403), ("wrong", 401), ("", 401)] {
        let answer = stage.api_with_key(key, Method::GET, "/api/v1/accounts/main/token", None).await;
        assert_eq!(answer.0, status, "{key}: {}", answer.1);
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_call_goes_through_unchanged_but_for_the_token() {
    let stage = stage().await;
    let person = stage.follower("小明").await;
    person.say("hi").await;
    let path =
        format!("{PROXY}/cgi-bin/user/info?access_token=somebody-elses&openid={}&lang=zh_CN", person.openid);
    let (status, user) = api(&stage, Method::GET, &path, None).await;
    assert_eq!((status, &user["openid"]), (200, &json!(person.openid)), "{user}");
    let sent = json!({"touser": person.openid, "msgtype": "text", "text": {"content": "你好 & <b>"}});
    let (status, answer) =
        api(&stage, Method::POST, &format!("{PROXY}/cgi-bin/message/custom/send"), Some(sent)).await;
    assert_eq!((status, &answer["errcode"]), (200, &json!(0)), "{answer}");
    assert!(person.hears(1).await.contains(&"你好 & <b>".to_owned()));
    // The platform's refusals are its own: status 200 with a number.
    let (status, answer) =
        api(&stage, Method::GET, &format!("{PROXY}/cgi-bin/user/info?openid=nobody"), None).await;
    assert_eq!((status, &answer["errcode"]), (200, &json!(40003)), "{answer}");
    let exchanges = stage.watch("exchanges?kind=/cgi-bin/user/info").await;
    let query = &exchanges[0]["request"]["query"];
    assert_eq!((&query["openid"], &query["lang"]), (&json!(person.openid), &json!("zh_CN")), "{query}");
    assert!(!exchanges.to_string().contains("somebody-elses"), "the caller's token reached the platform");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_passed_on_as_they_are() {
    let stage = stage().await;
    let address = stage.gateway.as_ref().unwrap().address();
    let http = reqwest::Client::new();
    let picture = [PNG.to_vec(), vec![7; 1_500_000]].concat();
    let part =
        reqwest::multipart::Part::bytes(picture.clone()).file_name("a.png").mime_str("image/png").unwrap();
    let form = reqwest::multipart::Form::new().part("media", part);
    let url = format!("http://{address}{PROXY}/cgi-bin/media/upload?type=image");
    let sent = http.post(url).bearer_auth("key-of-the-shop").multipart(form).send().await.unwrap();
    let uploaded: Value = sent.json().await.unwrap();
    let media = uploaded["media_id"].as_str().unwrap_or_else(|| panic!("{uploaded}"));
    let url = format!("http://{address}{PROXY}/cgi-bin/media/get?media_id={media}");
    let got = http.get(url).bearer_auth("key-of-the-shop").send().await.unwrap();
    assert_eq!(got.headers()["content-type"], "image/png");
    assert!(got.bytes().await.unwrap() == picture, "the file came back changed");
    // Without a length a large body is refused before anything leaves; what is too large always is.
    let before = stage.calls("/cgi-bin/media/upload").await;
    // One byte more than is kept for a repeat: the refusal comes when all of it is read.
    let kept = (1 << 20) + 1;
    let request = format!(
        "POST {PROXY}/cgi-bin/media/upload?type=image HTTP/1.1\r\nhost: {address}\r\n\
         authorization: Bearer key-of-the-shop\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n\
         {kept:x}\r\n{}\r\n",
        "a".repeat(kept)
    );
    assert!(exchange(address, &request).await.starts_with("HTTP/1.1 411"));
    let request = format!(
        "POST {PROXY}/cgi-bin/media/upload HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer key-of-the-shop\r\n\
         content-length: 99999999999\r\nconnection: close\r\n\r\n"
    );
    assert!(exchange(address, &request).await.starts_with("HTTP/1.1 413"));
    assert_eq!(stage.calls("/cgi-bin/media/upload").await, before);
    stage.end().await;
}

async fn exchange(address: std::net::SocketAddr, request: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_counters_are_not_for_the_proxy() {
    let stage = stage().await;
    api(&stage, Method::GET, "/api/v1/accounts/main/token", None).await;
    let before = stage.calls("/cgi-bin/stable_token").await;
    for path in [
        "/cgi-bin/token?grant_type=client_credential&appid=a&secret=b",
        "/cgi-bin/token/",
        "/cgi-bin/Stable_Token",
        "/cgi-bin/clear_quota",
        "/cgi-bin/clear_quota/v2",
        "/cgi-bin/openapi/quota/clear",
        "/sns/oauth2/access_token",
    ] {
        let (status, problem) = api(&stage, Method::POST, &format!("{PROXY}{path}"), Some(json!({}))).await;
        assert_eq!((status, &problem["status"]), (403, &json!(403)), "{path}: {problem}");
    }
    for path in [
        "/cgi-bin/../cgi-bin/token",
        "/cgi-bin/%2e%2e/cgi-bin/token",
        "/cgi-bin/%252e%252e/token",
        "/cgi-bin%2ftoken",
        "/cgi-bin/%74oken",
        "/cgi-bin//token",
        "//cgi-bin/token",
        "/http://127.0.0.1:1/cgi-bin/token",
        "/./cgi-bin/token",
    ] {
        let answer = raw(&stage, &format!("{PROXY}{path}")).await;
        let refused = answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 404");
        assert!(refused, "{path}: {answer}");
    }
    let answer = raw(&stage, &format!("http://127.0.0.1:1{PROXY}/cgi-bin/token")).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "an absolute address leads here all the same: {answer}");
    for path in
        ["/cgi-bin/token", "/cgi-bin/clear_quota", "/cgi-bin/clear_quota/v2", "/cgi-bin/openapi/quota/clear"]
    {
        assert_eq!(stage.calls(path).await, 0, "{path}");
    }
    assert_eq!(stage.calls("/cgi-bin/stable_token").await, before);
    let (status, _) = stage
        .api_with_key("key-of-the-reader", Method::GET, &format!("{PROXY}/cgi-bin/menu/get"), None)
        .await;
    assert_eq!(status, 403, "a key without the scope");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_renewed_once_and_the_call_repeated() {
    let stage = stage().await;
    let menus = format!("{PROXY}/cgi-bin/get_api_domain_ip");
    assert_eq!(api(&stage, Method::GET, &menus, None).await.0, 200);
    stage.control("token/expire", &json!({})).await;
    let (_, answer) = api(&stage, Method::GET, &menus, None).await;
    assert!(answer["ip_list"].is_array(), "{answer}");
    // A platform that refuses every token is asked twice, not for ever.
    let before = stage.calls("/cgi-bin/get_api_domain_ip").await;
    let on = json!({"direction": "api", "endpoint": "/cgi-bin/get_api_domain_ip"});
    stage.faults(json!([{"on": on, "do": {"errcode": 40001}}])).await;
    let (status, answer) = api(&stage, Method::GET, &menus, None).await;
    assert_eq!((status, &answer["errcode"]), (200, &json!(40001)), "{answer}");
    assert_eq!(stage.calls("/cgi-bin/get_api_domain_ip").await, before + 2);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_has_passed_is_not_sent_again() {
    let stage = stage().await;
    let address = stage.gateway.as_ref().unwrap().address();
    api(&stage, Method::GET, &format!("{PROXY}/cgi-bin/get_api_domain_ip"), None).await;
    stage.control("token/expire", &json!({})).await;
    let upload = async || -> Value {
        let picture = [PNG.to_vec(), vec![7; 1_500_000]].concat();
        let part = reqwest::multipart::Part::bytes(picture).file_name("a.png").mime_str("image/png").unwrap();
        let form = reqwest::multipart::Form::new().part("media", part);
        let url = format!("http://{address}{PROXY}/cgi-bin/media/upload?type=image");
        let sent =
            reqwest::Client::new().post(url).bearer_auth("key-of-the-shop").multipart(form).send().await;
        sent.unwrap().json().await.unwrap()
    };
    assert_eq!(upload().await["errcode"], 42001);
    assert_eq!(stage.calls("/cgi-bin/media/upload").await, 1);
    assert!(upload().await["media_id"].is_string(), "the next call has the new token");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_of_the_platform_is_a_problem_that_says_so() {
    let stage = stage().await;
    let on = json!({"direction": "api", "endpoint": "/cgi-bin/menu/get"});
    stage.faults(json!([{"on": on, "do": {"reset": true}}])).await;
    let (status, problem) = api(&stage, Method::GET, &format!("{PROXY}/cgi-bin/menu/get"), None).await;
    assert_eq!(status, 504, "{problem}");
    assert!(!problem.to_string().contains("access_token="), "{problem}");
    stage.end().await;
}
