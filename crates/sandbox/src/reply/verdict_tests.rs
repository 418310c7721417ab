//! Every finding of the judge, each from the smallest reply that earns it.

use hongyan_wire::{AesKey, AppId, Secret, envelope};

use super::read::Frame;
use super::verdict::{Facts, Verdict, judge, verdict};
use crate::exchange::Try;
use crate::options::{Format, Mode};
use crate::push::seal::Signer;
use crate::settings::{Settings, UnknownMedia};
use crate::world::media::MediaKind;

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

fn signer(mode: Mode) -> Signer {
    Signer {
        app_id: "wx0123456789abcdef".into(),
        token: "emuToken2026".into(),
        key: AesKey::parse(KEY).ok(),
        mode,
        format: Format::Xml,
    }
}

/// The files of the account, named after their kinds.
fn kept(id: &str, kinds: &[MediaKind]) -> bool {
    MediaKind::of_upload(id).is_some_and(|kind| kinds.contains(&kind))
}

fn judged(body: &str, mode: Mode, to_event: bool) -> Verdict {
    let settings = Settings::default();
    let frame =
        Frame { openid: "oUser", original_id: "gh_1", to_event, settings: &settings, has_media: &kept };
    judge(body.as_bytes(), &signer(mode), &frame)
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.findings.iter().map(|finding| finding.code.as_str()).collect()
}

fn reply(inner: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[oUser]]></ToUserName><FromUserName>gh_1</FromUserName><CreateTime>1</CreateTime>{inner}</xml>"
    )
}

fn text(content: &str) -> String {
    reply(&format!("<MsgType>text</MsgType><Content><![CDATA[{content}]]></Content>"))
}

#[test]
fn success_and_nothing_are_silent_and_a_text_is_shown() {
    for body in ["", "success"] {
        let verdict = judged(body, Mode::Secure, false);
        assert_eq!((verdict.shown, verdict.findings.len()), (None, 0), "{body:?}");
    }
    let verdict = judged(&text("hi"), Mode::Plain, false);
    assert_eq!(verdict.shown.unwrap().fields["content"], "hi");
}

#[test]
fn every_fault_of_a_plain_reply_has_its_code() {
    let long = text(&"长".repeat(683));
    let cases = [
        ("<!DOCTYPE html><html></html>".to_owned(), "html_reply"),
        (r#"{"msgtype":"text"}"#.to_owned(), "json_reply"),
        ("<xml><A></xml>".to_owned(), "xml_error"),
        ("success\n".to_owned(), "xml_error"),
        (text("a\u{8}"), "control_character"),
        (text("").replace("oUser", "gh_1"), "swapped_users"),
        (reply("<MsgType>txt</MsgType>"), "unknown_msgtype"),
        (reply(""), "unknown_msgtype"),
        (text(""), "empty_content"),
        (reply("<MsgType>image</MsgType><Image></Image>"), "empty_content"),
        (reply("<MsgType>news</MsgType><ArticleCount>1</ArticleCount>"), "empty_content"),
        (long, "content_too_long"),
    ];
    for (body, code) in cases {
        let verdict = judged(&body, Mode::Plain, false);
        assert_eq!(codes(&verdict).first(), Some(&code), "{body}");
        assert!(verdict.wrong() && verdict.shown.is_none(), "{body}");
    }
}

#[test]
fn a_file_the_account_does_not_have_ends_as_the_setting_says() {
    let reply = |kind: &str, wrapper: &str, id: &str| {
        reply(&format!("<MsgType>{kind}</MsgType><{wrapper}><MediaId>{id}</MediaId></{wrapper}>"))
    };
    for (kind, wrapper) in [("image", "Image"), ("voice", "Voice"), ("video", "Video")] {
        assert!(judged(&reply(kind, wrapper, kind), Mode::Plain, false).shown.is_some(), "{kind}");
        for id in ["lost", "thumb"] {
            let verdict = judged(&reply(kind, wrapper, id), Mode::Plain, false);
            assert_eq!((codes(&verdict), verdict.wrong()), (vec!["unknown_media"], true), "{kind} {id}");
            assert_eq!(verdict.findings[0].place, format!("{wrapper}/MediaId"));
        }
    }
    let music = reply("music", "Music", "").replace("MediaId", "ThumbMediaId");
    assert!(judged(&music, Mode::Plain, false).findings.is_empty());
    let body = reply("image", "Image", "lost");
    for (ends, shown) in [(UnknownMedia::Silent, false), (UnknownMedia::Shown, true)] {
        let settings = Settings { unknown_media_in_reply: ends, ..Settings::default() };
        let frame = Frame {
            openid: "oUser",
            original_id: "gh_1",
            to_event: false,
            settings: &settings,
            has_media: &|_, _| false,
        };
        let verdict = judge(body.as_bytes(), &signer(Mode::Plain), &frame);
        assert_eq!((verdict.wrong(), verdict.shown.is_some()), (false, shown), "{ends:?}");
        assert_eq!(codes(&verdict), ["unknown_media"]);
    }
}

#[test]
fn a_section_that_was_not_split_is_shown_and_named() {
    let verdict = judged(&text("a]]>b"), Mode::Plain, false);
    assert_eq!(codes(&verdict), ["cdata_not_split"]);
    assert_eq!(verdict.shown.unwrap().fields["content"], "ab]]>");
    assert!(!judged(&text("a]]]]><![CDATA[>b"), Mode::Plain, false).findings.iter().any(|_| true));
}

#[test]
fn a_mode_that_does_not_fit_is_one_finding() {
    let sealed = sealed("wx0123456789abcdef", "emuToken2026", &text("ok"));
    assert_eq!(codes(&judged(&sealed, Mode::Plain, false)), ["encrypted_in_plain"]);
    assert_eq!(codes(&judged(&text("ok"), Mode::Secure, false)), ["not_encrypted"]);
}

#[test]
fn a_text_of_2048_bytes_is_shown() {
    assert!(judged(&text(&"a".repeat(2048)), Mode::Plain, false).shown.is_some());
    assert!(judged(&text(&"a".repeat(2049)), Mode::Plain, false).shown.is_none());
}

#[test]
fn surplus_articles_are_dropped_and_named() {
    let item = "<item><Title>t</Title><Description>d</Description><PicUrl>p</PicUrl><Url>u</Url></item>";
    let body = reply(&format!(
        "<MsgType>news</MsgType><ArticleCount>9</ArticleCount><Articles>{}</Articles>",
        item.repeat(9)
    ));
    for (to_event, shown) in [(false, 1), (true, 8)] {
        let verdict = judged(&body, Mode::Plain, to_event);
        assert_eq!(codes(&verdict), ["too_many_articles"]);
        assert!(!verdict.wrong());
        assert_eq!(verdict.shown.unwrap().fields["articles"].as_array().unwrap().len(), shown);
    }
}

fn sealed(app_id: &str, token: &str, message: &str) -> String {
    let key = AesKey::parse(KEY).unwrap();
    let encrypt = envelope::seal(&key, &AppId::new(app_id), [7; 16], message.as_bytes());
    envelope::sealed_reply_xml(&Secret::new(token), &encrypt, "1732000001", "771144")
}

#[test]
fn an_encrypted_reply_is_opened_and_its_faults_have_their_codes() {
    let good = sealed("wx0123456789abcdef", "emuToken2026", &text("ok"));
    for mode in [Mode::Secure, Mode::Compatible] {
        let verdict = judged(&good, mode, false);
        assert_eq!(verdict.shown.unwrap().fields["content"], "ok");
        assert_eq!(verdict.plain.unwrap(), text("ok"));
    }
    assert!(judged(&text("plain"), Mode::Compatible, false).shown.is_some());
    let cases = [
        (text("plain"), "not_encrypted"),
        (sealed("wx0123456789abcdef", "another", &text("ok")), "bad_msg_signature"),
        (sealed("wxother", "emuToken2026", &text("ok")), "wrong_app_id"),
        (sealed("wx0123456789abcdef", "emuToken2026", "<xml>"), "xml_error"),
    ];
    for (body, code) in cases {
        assert_eq!(codes(&judged(&body, Mode::Secure, false)), [code], "{body}");
    }
}

#[test]
fn an_envelope_made_with_another_key_is_bad_padding() {
    let key = AesKey::parse("GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba").unwrap();
    let encrypt = envelope::seal(&key, &AppId::new("wx0123456789abcdef"), [7; 16], b"<xml></xml>");
    let body = envelope::sealed_reply_xml(&Secret::new("emuToken2026"), &encrypt, "1", "2");
    assert_eq!(codes(&judged(&body, Mode::Secure, false)), ["bad_padding"]);
}

#[test]
fn the_reply_of_test_vector_a_is_shown() {
    let settings = Settings::default();
    let frame = Frame {
        openid: "oEmuUser0000000000000000001A",
        original_id: "gh_0123456789ab",
        to_event: false,
        settings: &settings,
        has_media: &kept,
    };
    let body = "<xml><Encrypt><![CDATA[DpQeJfnf/MGZ/+GTIspwVImfSqIoEApGD0lIDU/E2fjzki5+g1xWo+IpOiSlFPvxGABtNM7DJjnU1tVU9TsSUvYPB1FHQJmURYt4thdY4rJSFQZLlyGO49v2I6P+bSeR4pbBmpLfCsnS8Mqm3TNpoUxSvbeWTfYYGDQ3wp5KbfHglzd744Oh2xSTh4RQlStDTuplxSSud7Cr5Y/yUSdAWQIy2Un2rJS+Kj0MaU4Lv8RgkXLWo5WI0jAj7JhXHd7FL96ZB4uxZigxa6g4Pwbi81oP52dKCAN+vJJhL3r0LjWeyrYWFXlkT21fpEijqE3IQnjb9EzetQ+UaWgRjkgkjgVGiL6rX9P6yaVHJJFrEDStbfZ/rwYaOceQznKToaUp]]></Encrypt><MsgSignature><![CDATA[fdad3e50c1fb4714c9bb7153a2c6c8f4f88d56a5]]></MsgSignature><TimeStamp>1732000001</TimeStamp><Nonce><![CDATA[771144]]></Nonce></xml>";
    let verdict = judge(body.as_bytes(), &signer(Mode::Secure), &frame);
    assert_eq!(verdict.shown.unwrap().fields["content"], "ok");
}

fn tried(status: Option<u16>, error: Option<&str>) -> Try {
    Try { took_ms: 5002, status, error: error.map(str::to_owned), ..Try::default() }
}

fn of_tries(tries: &[Try]) -> Verdict {
    let settings = Settings::default();
    let frame = Frame {
        openid: "oUser",
        original_id: "gh_1",
        to_event: false,
        settings: &settings,
        has_media: &kept,
    };
    let signer = signer(Mode::Plain);
    verdict(&Facts { tries, limit_ms: 5000, body: Some(b"success"), signer: &signer, frame: &frame })
}

#[test]
fn a_late_push_says_which_try_and_by_how_much() {
    let mut first = tried(None, Some("timeout"));
    first.late_by_ms = Some(1998);
    let verdict = of_tries(&[first, tried(None, Some("timeout"))]);
    let finding = &verdict.findings[0];
    assert_eq!((finding.code.as_str(), finding.place.as_str()), ("late", "try 2"));
    for text in [&finding.zh, &finding.en] {
        for part in ["5002", "5000", "7000", "1998"] {
            assert!(text.contains(part), "{text}");
        }
    }
    assert!(finding.zh.contains("第 1 次的回答") && finding.en.contains("Try 1 was answered"));
}

#[test]
fn the_last_try_decides() {
    let cases = [
        (tried(None, Some("Connection refused (os error 111)")), "unreachable", "refused"),
        (tried(Some(502), None), "http_status", "502"),
        (tried(None, Some("timeout")), "late", "5000 ms"),
    ];
    for (last, code, says) in cases {
        let verdict = of_tries(&[tried(Some(500), None), last]);
        assert_eq!(codes(&verdict), [code]);
        assert!(verdict.findings[0].en.contains(says), "{:?}", verdict.findings);
        assert_eq!(verdict.findings[0].place, "try 2");
    }
    assert!(of_tries(&[tried(None, Some("timeout")), tried(Some(200), None)]).findings.is_empty());
    assert!(of_tries(&[]).findings.is_empty());
}

#[test]
fn a_dropped_try_is_not_the_programs_fault() {
    let mut last = tried(None, Some("dropped by a fault"));
    last.fault = Some(serde_json::json!({"drop": true}));
    let verdict = of_tries(&[last]);
    assert_eq!(codes(&verdict), ["unreachable"]);
    assert!(verdict.findings[0].en.contains("fault of the sandbox"));
}

#[test]
fn a_duplicates_answer_decides_nothing() {
    let extra = Try { duplicate: true, ..tried(Some(500), None) };
    assert!(of_tries(&[tried(Some(200), None), extra]).findings.is_empty());
}
