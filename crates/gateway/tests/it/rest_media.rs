//! Media by the API.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::rest_stage::MAIN;
use crate::stage::{PNG, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_put_sent_and_fetched_again() {
    let stage = Stage::new("").await;
    let person = stage.follower("小明").await;
    let url = format!("{}{MAIN}/media", stage.gateway.as_ref().unwrap().url());
    let http = reqwest::Client::new();
    let raw = http.post(format!("{url}?kind=image&name=中文.png")).body(PNG).send().await.unwrap();
    assert_eq!(raw.status(), 201);
    let raw: Value = raw.json().await.unwrap();
    assert_eq!(
        raw["expires_at_ms"].as_i64().unwrap() - raw["created_at_ms"].as_i64().unwrap(),
        3 * 86_400_000
    );
    let form = Form::new().text("kind", "image").part("media", Part::bytes(PNG).file_name("logo.png"));
    let put = http.put(&url).multipart(form).send().await.unwrap();
    assert_eq!(put.status(), 201);
    let put: Value = put.json().await.unwrap();
    let id = put["media_id"].as_str().unwrap();
    assert_ne!(raw["media_id"], put["media_id"]);

    let message = json!({"touser": person.openid, "msgtype": "image", "image": {"media_id": id}});
    assert_eq!(stage.api(Method::POST, &format!("{MAIN}/messages"), Some(message)).await.0, 202);
    assert_eq!(person.hears(1).await.len(), 1);
    let got = reqwest::get(format!("{url}/{id}")).await.unwrap();
    assert_eq!((got.status().as_u16(), &got.headers()["content-type"]), (200, &"image/png".parse().unwrap()));
    assert_eq!(got.bytes().await.unwrap(), PNG);
    let (status, problem) = stage.api(Method::GET, &format!("{MAIN}/media/none"), None).await;
    assert!(matches!(status, 404 | 422), "{problem}");
    assert_eq!(problem["errcode"], 40007);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_media_is_refused_before_it_is_sent() {
    let stage = Stage::new("").await;
    let url = format!("{}{MAIN}/media", stage.gateway.as_ref().unwrap().url());
    let http = reqwest::Client::new();
    for (query, body, status, word) in [
        ("", PNG.to_vec(), 400, "kind"),
        ("?kind=film", PNG.to_vec(), 400, "image, voice, video, thumb"),
        ("?kind=voice", PNG.to_vec(), 400, "amr, mp3"),
        ("?kind=image", vec![0; 12 << 20], 413, "at most"),
    ] {
        let answer = http.post(format!("{url}{query}")).body(body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{query}");
        let problem: Value = answer.json().await.unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
    }
    assert_eq!(stage.calls("/cgi-bin/media/upload").await, 0);
    stage.end().await;
}
