//! People's messages, in XML and in JSON.

use hongyan_wire::inbound::Content;
use hongyan_wire::{Format, Inbound};
use serde_json::json;

/// A push with the fields that all have, and these.
pub(crate) fn push(fields: &str) -> Inbound {
    let body = format!(
        "<xml><ToUserName><![CDATA[gh_a1b2c3d4e5f6]]></ToUserName><FromUserName><![CDATA[oEmu01]]></FromUserName>\
         <CreateTime>1732000000</CreateTime>{fields}</xml>"
    );
    Inbound::parse(body.as_bytes()).unwrap()
}

pub(crate) fn message(kind: &str, fields: &str) -> Inbound {
    push(&format!("<MsgType><![CDATA[{kind}]]></MsgType>{fields}<MsgId>24801000000000001</MsgId>"))
}

#[test]
fn what_all_messages_have() {
    let text = message("text", "<Content><![CDATA[order 42?]]></Content>");
    assert_eq!(text.to, "gh_a1b2c3d4e5f6");
    assert_eq!(text.from, "oEmu01");
    assert_eq!(text.created.seconds(), 1_732_000_000);
    assert_eq!(text.msg_id.as_ref().unwrap(), &"24801000000000001");
    assert_eq!((text.kind(), text.event(), text.scene(), text.answerable()), ("text", None, None, true));
    assert_eq!(text.format, Format::Xml);
    assert_eq!(text.content, Content::Text { content: "order 42?".into(), menu_id: None });
}

#[test]
fn a_tap_on_a_message_menu_is_a_text_with_an_id() {
    let text = message("text", "<Content><![CDATA[Yes, solved]]></Content><bizmsgmenuid>101</bizmsgmenuid>");
    assert_eq!(text.content, Content::Text { content: "Yes, solved".into(), menu_id: Some("101".into()) });
}

#[test]
fn pictures_voices_and_videos() {
    let image = message("image", "<PicUrl><![CDATA[http://a/7]]></PicUrl><MediaId><![CDATA[m7]]></MediaId>");
    assert_eq!(image.content, Content::Image { pic_url: "http://a/7".into(), media_id: "m7".into() });

    let voice = message(
        "voice",
        "<MediaId>m8</MediaId><Format>amr</Format><MediaId16K>m16</MediaId16K><Recognition>hi</Recognition>",
    );
    let expected = Content::Voice {
        media_id: "m8".into(),
        format: "amr".into(),
        media_id_16k: Some("m16".into()),
        recognition: Some("hi".into()),
    };
    assert_eq!(voice.content, expected);

    let video = message("video", "<MediaId>v</MediaId><ThumbMediaId>t</ThumbMediaId>");
    assert_eq!(video.content, Content::Video { media_id: "v".into(), thumb_media_id: "t".into() });
    let short = message("shortvideo", "<MediaId>v</MediaId><ThumbMediaId>t</ThumbMediaId>");
    assert_eq!(short.content, Content::ShortVideo { media_id: "v".into(), thumb_media_id: "t".into() });
}

#[test]
fn recognition_that_comes_empty_is_none() {
    let voice =
        message("voice", "<MediaId>m</MediaId><Format>amr</Format><Recognition><![CDATA[]]></Recognition>");
    assert!(matches!(voice.content, Content::Voice { recognition: None, .. }));
}

#[test]
fn places_have_latitude_first() {
    let place = message(
        "location",
        "<Location_X>31.230416</Location_X><Location_Y>121.473701</Location_Y><Scale>16</Scale>\
         <Label><![CDATA[Test square 1]]></Label>",
    );
    let expected = Content::Location {
        latitude: 31.230_416,
        longitude: 121.473_701,
        scale: 16,
        label: "Test square 1".into(),
    };
    assert_eq!(place.content, expected);
}

#[test]
fn a_place_without_readable_numbers_is_kept_as_unknown() {
    for number in ["", "NaN", "inf", "north"] {
        let place =
            message("location", &format!("<Location_X>{number}</Location_X><Location_Y>1</Location_Y>"));
        assert_eq!(place.content, Content::Unknown, "{number}");
        assert_eq!(place.fields.text("Location_Y"), Some("1"));
    }
}

#[test]
fn links_files_and_mini_program_cards() {
    let link = message(
        "link",
        "<Title>A page</Title><Description>About it</Description><Url><![CDATA[https://e/p?a=1&b=2]]></Url>",
    );
    let expected = Content::Link {
        title: "A page".into(),
        description: "About it".into(),
        url: "https://e/p?a=1&b=2".into(),
    };
    assert_eq!(link.content, expected);

    let file = message(
        "file",
        "<Title>a.pdf</Title><Description/><FileKey>k1</FileKey><FileMd5>9e10</FileMd5><FileTotalLen>1024</FileTotalLen>",
    );
    let expected = Content::File {
        title: "a.pdf".into(),
        description: String::new(),
        key: "k1".into(),
        md5: "9e10".into(),
        bytes: 1024,
    };
    assert_eq!(file.content, expected);

    let card = message(
        "miniprogrampage",
        "<Title>T</Title><AppId>wx1</AppId><PagePath>p</PagePath><ThumbUrl>u</ThumbUrl><ThumbMediaId>t</ThumbMediaId>",
    );
    let expected = Content::MiniProgramPage {
        title: "T".into(),
        app_id: "wx1".into(),
        page_path: "p".into(),
        thumb_url: "u".into(),
        thumb_media_id: "t".into(),
    };
    assert_eq!(card.content, expected);
}

#[test]
fn unknown_kinds_keep_every_field() {
    let device = message("device_text", "<DeviceID>d1</DeviceID><Deep><Er>x</Er></Deep>");
    assert_eq!(device.content, Content::Unknown);
    assert_eq!(device.kind(), "device_text");
    assert_eq!(device.fields.path(&["Deep", "Er"]).unwrap().text(), Some("x"));
    assert_eq!(device.to_json()["Deep"], json!({ "Er": "x" }));
}

#[test]
fn json_pushes_say_the_same() {
    let body = r#"{"ToUserName":"wx0123456789abcdef","FromUserName":"oEmu01","CreateTime":1555684067,"MsgType":"text",
        "Content":"a\u0008b \"c\"","MsgId":"49d72d67b16d115e7935ac386f2f0fa41535298877_1555684067","New":{"x":[1,null,true,1.5]}}"#;
    let text = Inbound::parse(body.as_bytes()).unwrap();
    assert_eq!(text.format, Format::Json);
    assert_eq!(text.content, Content::Text { content: "ab \"c\"".into(), menu_id: None });
    assert!(text.msg_id.unwrap().as_str().ends_with("_1555684067"));
    assert_eq!(text.fields.to_json()["New"], json!({ "x": [1, null, true, 1.5] }));

    let numbered = r#"{"ToUserName":"g","FromUserName":"o","CreateTime":"15","MsgType":"text","MsgId":24801000000000001}"#;
    let numbered = Inbound::parse(numbered.as_bytes()).unwrap();
    assert_eq!(numbered.msg_id.as_ref().unwrap(), &"24801000000000001");
    assert_eq!(
        numbered.to_json()["MsgId"],
        json!("24801000000000001"),
        "too long for a JSON reader's number"
    );
    assert_eq!(numbered.to_json()["CreateTime"], json!(15));
}

#[test]
fn as_json_numbers_are_numbers_and_ids_are_texts() {
    let place = message(
        "location",
        "<Location_X>31.5</Location_X><Location_Y>121</Location_Y><Scale>16</Scale><Label>1</Label><Idx>2</Idx>",
    );
    assert_eq!(
        serde_json::to_value(&place).unwrap(),
        json!({
            "ToUserName": "gh_a1b2c3d4e5f6", "FromUserName": "oEmu01", "CreateTime": 1_732_000_000, "MsgType": "location",
            "Location_X": 31.5, "Location_Y": 121, "Scale": 16, "Label": "1", "Idx": 2, "MsgId": "24801000000000001",
        })
    );
}
