//! Nothing that anybody sends may make reading panic.

use hongyan_wire::inbound::{Body, Inbound, parse_fields};
use proptest::prelude::*;

const PUSH: &str = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>\
    <CreateTime>1732000100</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[pic_weixin]]></Event>\
    <EventKey><![CDATA[P&amp;你好]]></EventKey><SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum>&#x61;&lt;</PicMd5Sum>\
    </item><item/></PicList></SendPicsInfo></xml>";
const JSON: &str = r#"{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":1732000100,"MsgType":"event",
    "Event":"subscribe_msg_sent_event","List":[{"TemplateId":"你好","ErrorCode":0,"x":null,"y":[true,1.5,{}]}]}"#;

/// Does everything that is done with a body.
fn read(body: &[u8]) {
    let _ = Body::look(body).map_err(|error| error.to_string());
    if let Ok((_, fields)) = parse_fields(body) {
        let _ = fields.to_json();
    }
    if let Ok(push) = Inbound::parse(body) {
        let _ = (push.kind(), push.event(), push.scene(), push.answerable(), push.to_json());
    }
}

/// One change to a body: bytes put in, taken out, or written over.
fn mutate(body: &str, at: prop::sample::Index, taken: usize, put: &[u8]) -> Vec<u8> {
    let mut bytes = body.as_bytes().to_vec();
    let at = at.index(bytes.len());
    let end = (at + taken).min(bytes.len());
    bytes.splice(at..end, put.iter().copied());
    bytes
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let telling = prop::sample::select(vec![
        "<",
        ">",
        "</",
        "/>",
        "&",
        "&#",
        "&#x",
        ";",
        "]]>",
        "<![CDATA[",
        "<!--",
        "-->",
        "<?",
        "<!DOCTYPE a [",
        "<!",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\u",
        "\\ud800",
        ",",
        ":",
        "<item>",
        "</item>",
        "</xml>",
        "<xml>",
        "\u{0}",
        "-9223372036854775808",
        "1e999",
        "NaN",
    ]);
    prop_oneof![telling.prop_map(|text| text.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..6)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(bytes: Vec<u8>, start in prop::sample::select(vec!["", "<", "{", "<xml>", "<![CDATA[", "{\"a\":"])) {
        read(&[start.as_bytes(), &bytes].concat());
    }

    #[test]
    fn xml_that_was_changed(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..8_usize, piece()), 1..4),
    ) {
        let mut body = PUSH.as_bytes().to_vec();
        for (at, taken, put) in changes {
            body = mutate(&String::from_utf8_lossy(&body), at, taken, &put);
        }
        read(&body);
    }

    #[test]
    fn json_that_was_changed(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..8_usize, piece()), 1..4),
    ) {
        let mut body = JSON.as_bytes().to_vec();
        for (at, taken, put) in changes {
            body = mutate(&String::from_utf8_lossy(&body), at, taken, &put);
        }
        read(&body);
    }

    #[test]
    fn a_cut_body_is_refused(cut in 1..PUSH.len()) {
        let cut = PUSH.floor_char_boundary(cut);
        prop_assert!(Inbound::parse(&PUSH.as_bytes()[..cut]).is_err());
    }

    #[test]
    fn any_text_in_a_proper_section_comes_back(text: String) {
        let section = text.replace("]]>", "]]]]><![CDATA[>");
        let body = format!("<xml><Content><![CDATA[{section}]]></Content></xml>");
        let (_, fields) = parse_fields(body.as_bytes()).unwrap();
        let legal: String =
            text.chars().filter(|c| *c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}') || "\t\r\n".contains(*c)).collect();
        prop_assert_eq!(fields.text("Content"), Some(legal.as_str()));
    }
}

#[test]
fn the_bodies_that_are_changed_above_can_be_read_unchanged() {
    assert_eq!(Inbound::parse(PUSH.as_bytes()).unwrap().event_key(), Some("P&amp;你好"));
    assert!(Inbound::parse(JSON.as_bytes()).is_ok());
}
