//! What several gateways of one account share: the token, the outbox's lanes, the rate of sends.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hongyan_wire::Lang;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::cluster::{Cluster, redis};
use crate::stage::PATIENCE;

const PROXY: &str = "/api/v1/accounts/main/proxy/cgi-bin/get_api_domain_ip";
const REFRESH: &str = "/cgi-bin/stable_token";

/// A call of the platform's through one of the gateways.
async fn call(http: &reqwest::Client, gateway: &str) -> Value {
    let answer = http.get(format!("{gateway}{PROXY}")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn of_two_hundred_callers_on_three_gateways_one_refreshes_the_token() {
    let cluster = Cluster::new(3, &redis(), "").await;
    let (urls, http) = (cluster.urls(), reqwest::Client::new());
    for url in &urls {
        assert!(call(&http, url).await["ip_list"].is_array());
    }
    let before = cluster.stage.calls(REFRESH).await;
    cluster.stage.control("token/expire", &json!({})).await;
    let calls = (0..200).map(|caller| call(&http, &urls[caller % urls.len()]));
    for answer in join_all(calls).await {
        assert!(answer["ip_list"].is_array(), "{answer}");
    }
    assert_eq!(cluster.stage.calls(REFRESH).await - before, 1);
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn a_token_that_arrives_late_does_not_replace_a_newer_one() {
    let cluster = Cluster::new(3, &redis(), "").await;
    let (urls, http) = (cluster.urls(), reqwest::Client::new());
    for url in &urls {
        call(&http, url).await;
    }
    let slow = json!([{"on": {"direction": "api", "endpoint": REFRESH, "nth": 1}, "do": {"delay_ms": 4000}}]);
    cluster.stage.faults(slow).await;
    cluster.stage.control("token/expire", &json!({})).await;
    let before = cluster.stage.calls(REFRESH).await;
    let late = tokio::spawn({
        let (http, url) = (http.clone(), urls[0].clone());
        async move { call(&http, &url).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    // The first refresher's lease runs out while its answer is on its way, and its token is replaced.
    cluster.stage.control("clock/advance", &json!({"seconds": 25})).await;
    cluster.stage.control("token/expire", &json!({})).await;
    let newer = call(&http, &urls[1]).await;
    assert!(newer["ip_list"].is_array(), "{newer}");
    let late = late.await.unwrap();
    assert!(late["ip_list"].is_array(), "{late}");
    let refreshed = cluster.stage.calls(REFRESH).await;
    assert!(refreshed - before >= 2, "both asked");
    for url in urls.iter().cycle().take(9) {
        assert!(call(&http, url).await["ip_list"].is_array());
    }
    assert_eq!(cluster.stage.calls(REFRESH).await, refreshed, "the newer token stays in force");
    cluster.end().await;
}

/// People who have just written, so that they can be written to.
async fn people(cluster: &Cluster, count: usize) -> Vec<String> {
    let mut openids = Vec::new();
    for number in 0..count {
        let person = cluster.stage.follower(&format!("person {number}")).await;
        person.say("hello").await;
        openids.push(person.openid.clone());
    }
    openids
}

/// Queues a text at one of the gateways.
async fn queue(http: &reqwest::Client, gateway: &str, openid: &str, text: &str) {
    let body = json!({"touser": openid, "msgtype": "text", "text": {"content": text}});
    let answer =
        http.post(format!("{gateway}/api/v1/accounts/main/messages")).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED, "{}", answer.text().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn each_lane_is_worked_on_by_one_gateway_and_keeps_its_order() {
    let cluster = Cluster::new(3, &redis(), "").await;
    let (urls, http) = (cluster.urls(), reqwest::Client::new());
    let openids = people(&cluster, 8).await;
    for number in 0..4 {
        let queued = openids.iter().enumerate().map(|(at, openid)| {
            let (http, url) = (&http, &urls[(at + number) % urls.len()]);
            async move { queue(http, url, openid, &number.to_string()).await }
        });
        join_all(queued).await;
    }
    for openid in &openids {
        let person = cluster.stage.person_again(openid.clone());
        assert_eq!(person.hears(4).await, ["0", "1", "2", "3"]);
    }
    assert_eq!(cluster.stage.calls("/cgi-bin/message/custom/send").await, 32, "none was sent twice");
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn gateways_share_the_rate_at_which_an_account_sends() {
    let cluster = Cluster::new(2, &redis(), "send_rate = \"5/s\"\n").await;
    let (urls, http) = (cluster.urls(), reqwest::Client::new());
    let openids = people(&cluster, 20).await;
    let began = Instant::now();
    join_all(openids.iter().enumerate().map(|(at, openid)| queue(&http, &urls[at % 2], openid, "hi"))).await;
    let sent = async || cluster.stage.calls("/cgi-bin/message/custom/send").await;
    while sent().await < openids.len() {
        assert!(began.elapsed() < PATIENCE, "{} sent", sent().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Nineteen pauses of a fifth of a second; a gateway that counted alone would need half of it.
    assert!(began.elapsed() > Duration::from_millis(3700), "{:?}", began.elapsed());
    for openid in &openids {
        assert_eq!(cluster.stage.person_again(openid.clone()).hears(1).await, ["hi"]);
    }
    cluster.end().await;
}

#[test]
fn what_is_no_rate_and_no_redis_is_refused_with_what_to_write() {
    let read = |head: &str, account: &str| {
        let text = format!(
            "{head}\n[accounts.main]\napp_id = \"wx1\"\nsecret = \"s\"\ntoken = \"t\"\nmode = \"plain\"\n{account}\n"
        );
        hongyan_gateway::Config::parse(&text, std::path::Path::new("hongyan.toml"))
    };
    for (head, account, what, hint) in [
        ("", "send_rate = \"fast\"", "not a rate", "600/m"),
        ("", "send_rate = \"0/m\"", "not a rate", "600/m"),
        (
            "redis = \"redis+sentinel://:hunter2@one:1\"",
            "",
            "not the address of a Redis",
            "redis+sentinel://HOST:26379",
        ),
    ] {
        let error = read(head, account).expect_err("it was taken");
        let (en, zh) = (error.text(Lang::En), error.text(Lang::Zh));
        assert!(en.contains(what) && en.contains(hint) && !en.contains("hunter2"), "{en}");
        assert!(zh.contains("请写") && !zh.contains("hunter2"), "{zh}");
    }
    let sentinels =
        read("redis = \"redis+sentinel://:hunter2@one:26379,two:26379/main/2\"", "send_rate = \"600/m\"");
    let config = sentinels.unwrap_or_else(|error| panic!("{}", error.text(Lang::En)));
    assert_eq!(config.accounts["main"].send_rate, "600/m".parse().ok());
    assert!(!format!("{config:?}").contains("hunter2"));
}
