//! Line 10: any other interface, from any server, without the gateway.

use serde_json::{Value, json};

use crate::harness::{Process, control, run, run_with_input};

/// A sandbox alone: no gateway, no callback.
async fn sandbox() -> (Process, String, Vec<(String, String)>) {
    let process = Process::start(
        &[
            "sandbox",
            "--listen",
            "127.0.0.1:0",
            "--app-id",
            "wx0123456789abcdef",
            "--secret",
            "s3cret-of-the-test",
        ],
        &[],
    );
    let lines = process.lines_until(|line| line.starts_with("ready ")).await;
    let address = lines.last().unwrap().split_whitespace().nth(1).unwrap().trim_end_matches('/').to_owned();
    let env = vec![
        ("HONGYAN_APP_ID".to_owned(), "wx0123456789abcdef".to_owned()),
        ("HONGYAN_SECRET".to_owned(), "s3cret-of-the-test".to_owned()),
        ("HONGYAN_API_BASE".to_owned(), address.clone()),
    ];
    (process, address, env)
}

#[tokio::test]
async fn any_endpoint_can_be_called_by_path_or_by_name() {
    let (_process, address, env) = sandbox().await;
    let domains = run(&["call", "/cgi-bin/get_api_domain_ip"], &env).await.json();
    assert!(!domains["ip_list"].as_array().unwrap().is_empty(), "{domains}");
    let menu = concat!("@", env!("CARGO_MANIFEST_DIR"), "/../../examples/menu.json");
    run(&["call", "menu.create", menu], &env).await.ok();
    let current = run(&["call", "menu.get"], &env).await.json();
    assert_eq!(current["menu"]["button"][0]["name"], "关于我们");
    let inline = run(
        &[
            "call",
            "qrcode.create",
            r#"{"action_name":"QR_STR_SCENE","expire_seconds":60,"action_info":{"scene":{"scene_str":"a"}}}"#,
        ],
        &env,
    )
    .await
    .json();
    assert!(inline["ticket"].is_string(), "{inline}");
    let exchanges = control(&address, "GET", "exchanges", None).await;
    let tokens = exchanges
        .as_array()
        .unwrap()
        .iter()
        .filter(|exchange| exchange["kind"] == "/cgi-bin/stable_token")
        .count();
    assert_eq!(tokens, 1, "the token is kept between commands");
}

#[tokio::test]
async fn a_refusal_names_the_code_the_endpoint_and_what_it_means() {
    let (_process, _address, env) = sandbox().await;
    let refused = run(&["call", "/cgi-bin/menu/create", r#"{"button":[]}"#], &env).await;
    assert_eq!(refused.code, 1, "{refused:#?}");
    assert!(refused.err.contains("40016") && refused.err.contains("/cgi-bin/menu/create"), "{}", refused.err);
    assert!(
        !refused.err.contains("s3cret-of-the-test") && !refused.err.contains("access_token="),
        "{}",
        refused.err
    );
    let mut chinese = env.clone();
    chinese.push(("HONGYAN_LANG".to_owned(), "zh".to_owned()));
    let refused = run(&["call", "/cgi-bin/menu/create", r#"{"button":[]}"#], &chinese).await;
    assert!(refused.err.contains("菜单") || refused.err.contains("按钮"), "{}", refused.err);
}

#[tokio::test]
async fn a_token_is_printed_and_is_good() {
    let (_process, address, env) = sandbox().await;
    let token = run(&["token"], &env).await.ok();
    let answer: Value =
        reqwest::get(format!("{address}/cgi-bin/getcallbackip?access_token={}", token.trim()))
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
    assert!(answer["ip_list"].is_array(), "{answer}");
    let mut wrong = env.clone();
    wrong[1].1 = "another-secret".to_owned();
    wrong[0].1 = "wx0123456789abcdef".to_owned();
    let refused = run(&["token"], &wrong).await;
    // The cached token belongs to the account, whose secret is now wrong; a fresh cache must be refused.
    let elsewhere = tempfile::tempdir().unwrap();
    wrong.push(("XDG_CACHE_HOME".to_owned(), elsewhere.path().display().to_string()));
    let fresh = run(&["token"], &wrong).await;
    assert_eq!(fresh.code, 1, "{refused:#?} {fresh:#?}");
    assert!(!fresh.err.contains("another-secret"), "{}", fresh.err);
}

#[tokio::test]
async fn an_unreachable_platform_is_said_to_be_unreachable() {
    let env = vec![
        ("HONGYAN_APP_ID".to_owned(), "wx0123456789abcdef".to_owned()),
        ("HONGYAN_SECRET".to_owned(), "s3cret-of-the-test".to_owned()),
        ("HONGYAN_API_BASE".to_owned(), "http://127.0.0.1:9".to_owned()),
    ];
    let failed = run(&["call", "/cgi-bin/getcallbackip"], &env).await;
    assert_eq!(failed.code, 1, "{failed:#?}");
    assert!(failed.err.contains("127.0.0.1:9"), "{}", failed.err);
    assert!(!failed.err.contains("s3cret-of-the-test"), "{}", failed.err);
}

/// The reference's own message in the clear, and the same sealed (its test vector A).
const PLAIN: &str = "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><FromUserName><![CDATA[oEmuUser0000000000000000001A]]></FromUserName><CreateTime>1732000000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好, hello]]></Content><MsgId>24000000000000001</MsgId></xml>";
const SEALED: &str = "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><Encrypt><![CDATA[Q3stYC6hdFzMh9T8HCvyDCyDZoUPhQtz6HPOvcLorQwtKr3TvQ6kLi87xbZuNpBknjQTFlkkVcmNWKLWsu7mxCWZfu07WiEKDQf3yrPS4JAwfPxmlc+E1N17z2cQi7Wm7Rfa3m76frDAVpeBcY19zoiYPqWMA/U3WrDuJnYGx7KsocogsDaVFocgACr+HJE1B6WdGELCVOgplVeMX9rXSSIxB4+QSH37PaH+LT3R8UuYrmqM3YDlq+lT1zjQ4bkRZdberFeDPKfyMbPAePRgAJEu5uPmRFCbSXoJvK/UXhLPxGteHHRO7elbu9LoPo1jyv9dR6YxwAWANzaVvadtgwUYo0WiAU+4gwFyKAH5cGIiGITj+OWci6/imgkeuXuqIYLt5v1sNa1Yt/2t46q8dDToZA7OOm4rA1Oas7C/aMI=]]></Encrypt></xml>";

#[tokio::test]
async fn a_push_on_standard_input_becomes_json() {
    let expected = json!({
        "ToUserName": "gh_0123456789ab", "FromUserName": "oEmuUser0000000000000000001A", "CreateTime": 1_732_000_000,
        "MsgType": "text", "Content": "你好, hello", "MsgId": "24000000000000001"
    });
    assert_eq!(run_with_input(&["decode"], &[], PLAIN.as_bytes()).await.json(), expected);
    let key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    let arguments = ["decode", "--token", "emuToken2026", "--aes-key", key, "--app-id", "wx0123456789abcdef"];
    assert_eq!(run_with_input(&arguments, &[], SEALED.as_bytes()).await.json(), expected);
    let other = ["decode", "--token", "emuToken2026", "--aes-key", key, "--app-id", "wxother"];
    let refused = run_with_input(&other, &[], SEALED.as_bytes()).await;
    assert_eq!(refused.code, 1, "{refused:#?}");
    assert!(refused.err.contains("wx0123456789abcdef"), "whose message it is, is not said: {}", refused.err);
}
