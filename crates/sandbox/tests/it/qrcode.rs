//! QR codes: tickets, pictures and scans.

use serde_json::{Value, json};

use crate::back_end::{BackEnd, body, field};
use crate::stand::{Stand, code, options};

async fn make(stand: &Stand, body: Value) -> Value {
    stand.call("/cgi-bin/qrcode/create", body).await
}

fn temporary(scene: &str, seconds: i64) -> Value {
    json!({"expire_seconds": seconds, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}})
}

#[tokio::test]
async fn the_picture_of_a_ticket_holds_its_address() {
    let stand = Stand::start(options()).await;
    let made = make(&stand, temporary("poster-7", 1800)).await;
    assert_eq!(made["expire_seconds"], 1800);
    let ticket = made["ticket"].as_str().unwrap();
    let picture = stand.raw(&format!("/cgi-bin/showqrcode?ticket={ticket}")).await;
    assert_eq!(picture.status(), 200);
    assert_eq!(picture.headers()["content-type"], "image/jpg");
    assert_eq!(picture.headers()["cache-control"], "max-age=604800");
    let bytes = picture.bytes().await.unwrap();
    let read = stand.request("POST", "/_sandbox/decode").body(bytes).send().await.unwrap();
    assert_eq!(read.json::<Value>().await.unwrap()["text"], made["url"]);
    stand.advance(1800).await;
    assert_eq!(stand.raw(&format!("/cgi-bin/showqrcode?ticket={ticket}")).await.status(), 404);
    assert_eq!(stand.raw("/cgi-bin/showqrcode?ticket=none").await.status(), 404);
}

#[tokio::test]
async fn a_permanent_code_has_no_end() {
    let stand = Stand::start(options()).await;
    let body = json!({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 123}}});
    let made = make(&stand, body.clone()).await;
    assert_eq!(made["expire_seconds"], Value::Null);
    assert_eq!(make(&stand, body).await["ticket"], made["ticket"]);
    let listed = stand.get("/_sandbox/qrcodes").await;
    assert_eq!((&listed[0]["permanent"], &listed[0]["scene"]), (&json!(true), &json!(123)));
    assert_eq!(code(&make(&stand, temporary("x", 2_592_001)).await), 40097);
    assert_eq!(code(&make(&stand, temporary("", 60)).await), 40169);
}

#[tokio::test]
async fn a_scan_follows_and_the_next_is_a_scan() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let made = make(&stand, temporary("shelf-7", 1800)).await;
    let user = stand.person().await;
    let first = stand.act(&user, "scan", json!({"ticket": made["ticket"]})).await;
    assert_eq!((&first["kind"], &first["outcome"]), (&json!("event.subscribe"), &json!("silent")));
    assert_eq!(field(&back_end.last(), "EventKey"), "qrscene_shelf-7");
    assert_eq!(field(&back_end.last(), "Ticket"), made["ticket"].as_str().unwrap());
    let second = stand.act(&user, "scan", json!({"url": made["url"]})).await;
    assert_eq!(second["kind"], "event.SCAN");
    assert_eq!(field(&back_end.last(), "EventKey"), "shelf-7");
}

#[tokio::test]
async fn an_expired_code_pushes_nothing() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let made = make(&stand, temporary("old", 60)).await;
    let before = back_end.pushes().len();
    stand.advance(60).await;
    let scan = stand.act(&user, "scan", json!({"ticket": made["ticket"]})).await;
    assert_eq!((&scan["outcome"], &scan["tries"]), (&json!("none"), &json!([])));
    assert_eq!(back_end.pushes().len(), before);
    assert_eq!(stand.texts(&user).await, [("notice".to_owned(), "二维码已过期".to_owned())]);
    let (status, unknown) =
        stand.send("POST", &format!("/_sandbox/users/{user}/scan"), json!({"ticket": "?"})).await;
    assert_eq!(status, 404);
    assert!(unknown["what_to_do"].as_str().unwrap().contains("qrcodes"));
}
