//! Files up and down.

use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::stand::{Stand, code, options};

async fn upload(stand: &Stand, path: &str, field: &'static str, bytes: Vec<u8>) -> Value {
    let mark = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{mark}access_token={}", stand.token().await);
    let form = Form::new().part(field, Part::bytes(bytes).file_name("图片.jpg"));
    stand.request("POST", &path).multipart(form).send().await.unwrap().json().await.unwrap()
}

const UPLOAD: &str = "/cgi-bin/media/upload";

#[tokio::test]
async fn a_picture_comes_back_for_three_days() {
    let stand = Stand::start(options()).await;
    let picture = vec![0xff, 0xd8, 0xff, 0xe0, 1, 2, 3];
    let made = upload(&stand, &format!("{UPLOAD}?type=image"), "media", picture.clone()).await;
    assert_eq!(made["type"], "image");
    let id = made["media_id"].as_str().unwrap();
    let path = format!("/cgi-bin/media/get?media_id={id}&access_token={}", stand.token().await);
    let got = stand.raw(&path).await;
    assert_eq!(got.headers()["content-type"], "image/jpeg");
    assert_eq!(got.headers()["content-disposition"], format!("attachment; filename=\"{id}.jpg\"").as_str());
    assert_eq!(got.bytes().await.unwrap(), picture);
    stand.advance(3 * 86_400).await;
    assert_eq!(code(&stand.ask(&format!("/cgi-bin/media/get?media_id={id}")).await), 40007);
}

#[tokio::test]
async fn a_video_comes_as_an_address_and_a_thumb_has_its_own_name() {
    let stand = Stand::start(options()).await;
    let film = b"\0\0\0\x18ftypmp42....".to_vec();
    let made = upload(&stand, &format!("{UPLOAD}?type=video"), "media", film.clone()).await;
    let id = made["media_id"].as_str().unwrap();
    let url = stand.ask(&format!("/cgi-bin/media/get?media_id={id}")).await["video_url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(reqwest::get(url).await.unwrap().bytes().await.unwrap(), film);
    let thumb = upload(&stand, &format!("{UPLOAD}?type=thumb"), "media", vec![0xff, 0xd8, 0xff]).await;
    assert!(thumb["thumb_media_id"].is_string(), "{thumb}");
}

#[tokio::test]
async fn wrong_files_have_their_codes() {
    let stand = Stand::start(options()).await;
    let image = format!("{UPLOAD}?type=image");
    assert_eq!(code(&upload(&stand, &format!("{UPLOAD}?type=smell"), "media", vec![1]).await), 40004);
    assert_eq!(code(&upload(&stand, &image, "file", vec![1]).await), 41005);
    assert_eq!(code(&upload(&stand, &image, "media", vec![]).await), 44001);
    assert_eq!(code(&upload(&stand, &image, "media", b"%PDF".to_vec()).await), 40005);
    let mut large = vec![0xff, 0xd8, 0xff];
    large.resize(10 * 1024 * 1024 + 1, 0);
    assert_eq!(code(&upload(&stand, &image, "media", large).await), 45001);
    let article = upload(&stand, "/cgi-bin/media/uploadimg", "media", vec![0xff, 0xd8, 0xff]).await;
    assert!(article["url"].as_str().unwrap().starts_with("http://"), "{article}");
}

#[tokio::test]
async fn a_voice_comes_in_two_qualities() {
    let stand = Stand::start(options()).await;
    let voice =
        upload(&stand, &format!("{UPLOAD}?type=voice"), "media", b"#!AMR\n\x04000000000000".to_vec()).await;
    let id = voice["media_id"].as_str().unwrap();
    let path = format!("/cgi-bin/media/get/jssdk?media_id={id}&access_token={}", stand.token().await);
    assert_eq!(stand.raw(&path).await.headers()["content-type"], "voice/speex");
    assert_eq!(code(&stand.ask("/cgi-bin/media/get/jssdk?media_id=material-picture-1").await), 40007);
}

#[tokio::test]
async fn permanent_material_is_counted_and_there_are_no_automatic_replies() {
    let stand = Stand::start(options()).await;
    let counts = stand.ask("/cgi-bin/material/get_materialcount").await;
    assert_eq!(
        (counts["image_count"].as_i64(), counts["news_count"].as_i64()),
        (Some(1), Some(1)),
        "{counts}"
    );
    let replies = stand.ask("/cgi-bin/get_current_autoreply_info").await;
    assert_eq!(replies["is_autoreply_open"], 0, "{replies}");
}
