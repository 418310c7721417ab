//! The encrypted modes and the JSON format.

use hongyan_sandbox::{Format, Mode, Options};
use hongyan_wire::{AesKey, AppId, Secret, envelope, signature};
use serde_json::{Value, json};

use crate::back_end::{BackEnd, body, field};
use crate::stand::{APP_ID, Stand, findings, options};

const TOKEN: &str = "hongyanDemoToken";

fn key() -> AesKey {
    AesKey::parse("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").unwrap()
}

fn opened(encrypt: &str) -> String {
    String::from_utf8(envelope::open(&[key()], &AppId::new(APP_ID), encrypt).unwrap().message).unwrap()
}

async fn stand(back_end: &BackEnd, mode: Mode, format: Format) -> (Stand, String) {
    let options = Options { callback: Some(back_end.url()), mode, format, ..options() };
    let stand = Stand::start(options).await;
    let user = stand.follower().await;
    (stand, user)
}

fn sealed(user: &str, content: &str) -> String {
    let reply = format!(
        "<xml><ToUserName>{user}</ToUserName><FromUserName>gh_a1b2c3d4e5f6</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>{content}</Content></xml>"
    );
    let encrypt = envelope::seal(&key(), &AppId::new(APP_ID), [1; 16], reply.as_bytes());
    envelope::sealed_reply_xml(&Secret::new(TOKEN), &encrypt, "1732000001", "77")
}

#[tokio::test]
async fn secure_mode_hides_everything_and_wants_an_encrypted_reply() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let (stand, user) = stand(&back_end, Mode::Secure, Format::Xml).await;
    back_end.answer(&[body(&sealed(&user, "密文"))]);
    let said = stand.act(&user, "say", json!({"text": "秘密"})).await;
    assert_eq!(said["outcome"], "replied", "{said}");
    let push = back_end.pushes().pop().unwrap();
    assert!(!push.body.contains("秘密") && !push.body.contains("FromUserName"));
    let encrypt = field(&push.body, "Encrypt");
    assert!(opened(&encrypt).contains("<![CDATA[秘密]]>"));
    assert_eq!(push.query["encrypt_type"], "aes");
    let signed = signature::msg_signature(TOKEN, &push.query["timestamp"], &push.query["nonce"], &encrypt);
    assert_eq!(signed.as_str(), push.query["msg_signature"]);
    assert!(said["reply"]["plain"].as_str().unwrap().contains("密文"));
    back_end.answer(&[crate::back_end::text("明文").clone()]);
}

#[tokio::test]
async fn a_plain_reply_in_secure_mode_is_not_encrypted() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let (stand, user) = stand(&back_end, Mode::Secure, Format::Xml).await;
    back_end.answer(&[body("<xml><MsgType>text</MsgType></xml>")]);
    let said = stand.act(&user, "say", json!({"text": "?"})).await;
    assert_eq!(findings(&said), ["not_encrypted"]);
}

#[tokio::test]
async fn compatible_mode_sends_both_and_takes_either() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let (stand, user) = stand(&back_end, Mode::Compatible, Format::Xml).await;
    for answer in [body(&sealed(&user, "密")), crate::back_end::text("明")] {
        back_end.answer(&[answer]);
        let said = stand.act(&user, "say", json!({"text": "问"})).await;
        assert_eq!(said["outcome"], "replied", "{said}");
    }
    let push = back_end.last();
    assert!(push.contains("<Content><![CDATA[问]]></Content>"));
    assert!(opened(&field(&push, "Encrypt")).contains("<![CDATA[问]]>"));
}

#[tokio::test]
async fn json_pushes_and_json_replies() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let (stand, user) = stand(&back_end, Mode::Plain, Format::Json).await;
    let reply = json!({"ToUserName": user, "FromUserName": "gh_a1b2c3d4e5f6", "CreateTime": 1, "MsgType": "text", "Content": "好"});
    back_end.answer(&[body(&reply.to_string())]);
    let said = stand.act(&user, "say", json!({"text": "问"})).await;
    assert_eq!(said["outcome"], "replied", "{said}");
    let push: Value = serde_json::from_str(&back_end.last()).unwrap();
    assert_eq!(
        (&push["Content"], push["CreateTime"].is_i64(), push["MsgId"].is_string()),
        (&json!("问"), true, true)
    );
}

#[tokio::test]
async fn a_key_is_needed_to_encrypt() {
    let options = Options { aes_key: String::new(), mode: Mode::Secure, ..options() };
    let error = hongyan_sandbox::Sandbox::start_local(options).await.unwrap_err().to_string();
    assert!(error.contains("aes_key") && error.contains(APP_ID), "{error}");
}
