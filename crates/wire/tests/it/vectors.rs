//! Values worked out by other programs: the platform's own, and one made and checked with two others.

use hongyan_wire::envelope::{self, OpenError};
use hongyan_wire::signature::{msg_signature, signature};
use hongyan_wire::{AesKey, AppId, Inbound, Secret};

/// Made with pycryptodome, read back with wechatpy. Its key has stray bits in the last character.
mod a {
    pub(super) const TOKEN: &str = "emuToken2026";
    pub(super) const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    pub(super) const APP_ID: &str = "wx0123456789abcdef";
    pub(super) const MESSAGE: &str = "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><FromUserName><![CDATA[oEmuUser0000000000000000001A]]></FromUserName><CreateTime>1732000000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好, hello]]></Content><MsgId>24000000000000001</MsgId></xml>";
    pub(super) const ENCRYPT: &str = "Q3stYC6hdFzMh9T8HCvyDCyDZoUPhQtz6HPOvcLorQwtKr3TvQ6kLi87xbZuNpBknjQTFlkkVcmNWKLWsu7mxCWZfu07WiEKDQf3yrPS4JAwfPxmlc+E1N17z2cQi7Wm7Rfa3m76frDAVpeBcY19zoiYPqWMA/U3WrDuJnYGx7KsocogsDaVFocgACr+HJE1B6WdGELCVOgplVeMX9rXSSIxB4+QSH37PaH+LT3R8UuYrmqM3YDlq+lT1zjQ4bkRZdberFeDPKfyMbPAePRgAJEu5uPmRFCbSXoJvK/UXhLPxGteHHRO7elbu9LoPo1jyv9dR6YxwAWANzaVvadtgwUYo0WiAU+4gwFyKAH5cGIiGITj+OWci6/imgkeuXuqIYLt5v1sNa1Yt/2t46q8dDToZA7OOm4rA1Oas7C/aMI=";
    pub(super) const REPLY: &str = "<xml><ToUserName><![CDATA[oEmuUser0000000000000000001A]]></ToUserName><FromUserName><![CDATA[gh_0123456789ab]]></FromUserName><CreateTime>1732000001</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[ok]]></Content></xml>";
    pub(super) const REPLY_ENCRYPT: &str = "DpQeJfnf/MGZ/+GTIspwVImfSqIoEApGD0lIDU/E2fjzki5+g1xWo+IpOiSlFPvxGABtNM7DJjnU1tVU9TsSUvYPB1FHQJmURYt4thdY4rJSFQZLlyGO49v2I6P+bSeR4pbBmpLfCsnS8Mqm3TNpoUxSvbeWTfYYGDQ3wp5KbfHglzd744Oh2xSTh4RQlStDTuplxSSud7Cr5Y/yUSdAWQIy2Un2rJS+Kj0MaU4Lv8RgkXLWo5WI0jAj7JhXHd7FL96ZB4uxZigxa6g4Pwbi81oP52dKCAN+vJJhL3r0LjWeyrYWFXlkT21fpEijqE3IQnjb9EzetQ+UaWgRjkgkjgVGiL6rX9P6yaVHJJFrEDStbfZ/rwYaOceQznKToaUp";
}

/// The platform's own page about encryption.
mod b {
    pub(super) const TOKEN: &str = "AAAAA";
    pub(super) const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    pub(super) const APP_ID: &str = "wxba5fad812f8e6fb9";
    pub(super) const MESSAGE: &str = r#"{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}"#;
    pub(super) const ENCRYPT: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";
    pub(super) const REPLY_ENCRYPT: &str =
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==";
}

#[test]
fn the_signatures_that_the_platform_publishes() {
    for (timestamp, nonce, expected) in [
        ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
        ("1714112445", "415670741", "6c5c811b55cc85e0e1b54100749188c20beb3f5d"),
    ] {
        let signature = signature(b::TOKEN, timestamp, nonce);
        assert_eq!(signature.as_str(), expected);
        assert!(signature.matches(expected));
        assert!(!signature.matches(&expected.replacen('f', "e", 1)), "one character off");
        assert!(!signature.matches(&expected[1..]), "one character short");
        assert!(!signature.matches(""));
    }
}

#[test]
fn vector_a_signatures() {
    let plain = signature(a::TOKEN, "1732000000", "900913");
    assert_eq!(plain.to_string(), "2d5902738bc06d5453e5c2fb603ddba59a058d74");
    let message = msg_signature(a::TOKEN, "1732000000", "900913", a::ENCRYPT);
    assert_eq!(message.to_string(), "f0daaea7f4f690cb5d878c9ee707c9c93af899d7");
}

#[test]
fn vector_a_opens_and_seals_to_the_same_text() {
    let (key, app_id) = (AesKey::parse(a::KEY).unwrap(), AppId::from(a::APP_ID));
    let opened = envelope::open(std::slice::from_ref(&key), &app_id, a::ENCRYPT).unwrap();
    assert_eq!(String::from_utf8(opened.message).unwrap(), a::MESSAGE);
    assert_eq!(a::MESSAGE.len(), 278);
    assert_eq!(envelope::seal(&key, &app_id, *b"0123456789abcdef", a::MESSAGE.as_bytes()), a::ENCRYPT);
    assert_eq!(envelope::seal(&key, &app_id, *b"fedcba9876543210", a::REPLY.as_bytes()), a::REPLY_ENCRYPT);
}

#[test]
fn vector_a_reply_envelope() {
    let xml = envelope::sealed_reply_xml(&Secret::from(a::TOKEN), a::REPLY_ENCRYPT, "1732000001", "771144");
    let signature = "fdad3e50c1fb4714c9bb7153a2c6c8f4f88d56a5";
    assert_eq!(
        xml,
        format!(
            "<xml><Encrypt><![CDATA[{}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>\
             <TimeStamp>1732000001</TimeStamp><Nonce><![CDATA[771144]]></Nonce></xml>",
            a::REPLY_ENCRYPT
        )
    );
}

#[test]
fn vector_a_for_another_account_is_refused_and_names_the_one_inside() {
    let key = AesKey::parse(a::KEY).unwrap();
    let error = envelope::open(&[key], &AppId::from("wxother"), a::ENCRYPT).unwrap_err();
    assert_eq!(error, OpenError::AppId { found: a::APP_ID.into() });
}

#[test]
fn vector_b_opens_to_an_event_that_nobody_knows() {
    let signature = msg_signature(b::TOKEN, "1714112445", "415670741", b::ENCRYPT);
    assert_eq!(signature.to_string(), "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3");
    let (key, app_id) = (AesKey::parse(b::KEY).unwrap(), AppId::from(b::APP_ID));
    let opened = envelope::open(std::slice::from_ref(&key), &app_id, b::ENCRYPT).unwrap();
    assert_eq!(String::from_utf8(opened.message.clone()).unwrap(), b::MESSAGE);
    assert_eq!(envelope::seal(&key, &app_id, *b"a8eedb185eb2fecf", b::MESSAGE.as_bytes()), b::ENCRYPT);

    let event = Inbound::parse(&opened.message).unwrap();
    assert_eq!(event.event(), Some("debug_demo"));
    assert_eq!(event.created.seconds(), 1_714_112_445);
    assert_eq!(event.to_json(), serde_json::from_str::<serde_json::Value>(b::MESSAGE).unwrap());
}

#[test]
fn vector_b_reply() {
    let (key, app_id) = (AesKey::parse(b::KEY).unwrap(), AppId::from(b::APP_ID));
    let encrypt = envelope::seal(&key, &app_id, *b"707722b803182950", br#"{"demo_resp":"good luck"}"#);
    assert_eq!(encrypt, b::REPLY_ENCRYPT);
    let json = envelope::sealed_reply_json(&Secret::from(b::TOKEN), &encrypt, "1713424427", "415670741");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&json).unwrap(),
        serde_json::json!({
            "Encrypt": b::REPLY_ENCRYPT,
            "MsgSignature": "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1",
            "TimeStamp": 1_713_424_427,
            "Nonce": "415670741",
        })
    );
}
