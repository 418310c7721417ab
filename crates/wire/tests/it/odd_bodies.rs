//! Bodies as they should not be: those that are read all the same, and those that are refused.

use hongyan_wire::Inbound;
use hongyan_wire::inbound::{Body, Content, ParseError, Problem, parse_fields};

use crate::messages::message;

fn content(inside: &str) -> String {
    match message("text", &format!("<Content>{inside}</Content>")).content {
        Content::Text { content, .. } => content,
        other => panic!("not a text: {other:?}"),
    }
}

fn refused(body: &str) -> Problem {
    parse_fields(body.as_bytes()).unwrap_err().what
}

#[test]
fn ampersands_and_references_are_not_lost() {
    assert_eq!(content("a &amp; b &lt;c&gt; &quot;d&quot; &apos;e&apos;"), "a & b <c> \"d\" 'e'");
    assert_eq!(content("&#20320;&#x597D;&#X597d;"), "你好好");
    assert_eq!(content("Q&A & R&D; &unknown; &"), "Q&A & R&D; &unknown; &");
    assert_eq!(content("<![CDATA[a &amp; b]]>"), "a &amp; b", "CDATA means what it says");
}

#[test]
fn characters_that_xml_forbids_are_dropped() {
    assert_eq!(content("<![CDATA[a\u{8}b\u{0}c\u{1f}\u{ffff}]]>"), "abc");
    assert_eq!(content("a&#8;b&#0;c&#xFFFF;"), "abc");
    assert_eq!(
        content("&#xD800;&#99999999999;"),
        "&#xD800;&#99999999999;",
        "no character at all stays as written"
    );
    assert_eq!(content("<![CDATA[line\r\n\ttab]]>"), "line\r\n\ttab");
}

#[test]
fn sections_that_were_split_or_should_have_been_come_together() {
    assert_eq!(content("<![CDATA[a]]]]><![CDATA[>b]]>"), "a]]>b");
    assert_eq!(content("<![CDATA[a]]>b]]>"), "a]]>b", "never split at all");
    assert_eq!(content("<![CDATA[a]]><b>&c]]>"), "a]]><b>&c");
    assert_eq!(content("<![CDATA[]]>x]]>y]]>"), "]]>x]]>y");
    assert_eq!(content(" <![CDATA[a]]> "), " a ");
}

#[test]
fn broken_utf8_a_mark_and_white_space_around_do_no_harm() {
    let mut body = b"\xef\xbb\xbf \r\n<?xml version=\"1.0\"?><!-- hi --><xml><ToUserName>g</ToUserName><FromUserName>o</FromUserName>\
        <CreateTime> 5 </CreateTime><MsgType>text</MsgType><Content><![CDATA[a"
        .to_vec();
    body.extend_from_slice(b"\xff]]></Content></xml> \0trailing");
    let push = Inbound::parse(&body).unwrap();
    assert!(matches!(&push.content, Content::Text { content, .. } if content == "a\u{fffd}"));
    assert_eq!(push.created.seconds(), 5);
}

#[test]
fn a_look_finds_the_sealed_text_in_every_mode() {
    let secure = b"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[abc+/=]]></Encrypt></xml>";
    let look = Body::look(secure).unwrap();
    assert_eq!((look.to.as_deref(), look.encrypt.as_deref()), (Some("gh_1"), Some("abc+/=")));
    let json = Body::look(br#"{"ToUserName":"gh_1","Other":{"Encrypt":"no"},"Encrypt":"abc\/="}"#).unwrap();
    assert_eq!((json.to.as_deref(), json.encrypt.as_deref()), (Some("gh_1"), Some("abc/=")));
    let compatible =
        b"<xml><ToUserName>gh_1</ToUserName><Deep><Encrypt>no</Encrypt></Deep><Content>x</Content><Encrypt>yes</Encrypt></xml>";
    assert_eq!(Body::look(compatible).unwrap().encrypt.as_deref(), Some("yes"));
    let plain = Body::look(b"<xml><ToUserName>gh_1</ToUserName><Encrypt/></xml>").unwrap();
    assert_eq!((plain.to.as_deref(), plain.encrypt), (Some("gh_1"), None));
    assert!(Body::look(b"<!DOCTYPE xml><xml><Encrypt>x</Encrypt></xml>").is_err());
}

#[test]
fn a_doctype_is_refused_before_anything_in_it_is_looked_at() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE xml [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><xml><Content>&b;</Content></xml>";
    assert_eq!(refused(bomb), Problem::DocType);
    assert_eq!(refused("<xml><!DOCTYPE x></xml>"), Problem::DocType);
}

#[test]
fn caps_on_size_depth_and_number() {
    let deep = format!("<xml>{}{}</xml>", "<a>".repeat(17), "</a>".repeat(17));
    assert!(matches!(refused(&deep), Problem::TooDeep { .. }));
    let deep = format!("{}{}", r#"{"a":"#.repeat(40), "}".repeat(40));
    assert!(matches!(refused(&deep), Problem::TooDeep { .. }));
    let deep = format!("{}{}{}", r#"{"a":"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(refused(&deep), Problem::TooDeep { .. }));
    assert!(matches!(refused(&format!("<xml>{}</xml>", "<a/>".repeat(9000))), Problem::TooManyFields { .. }));
    assert!(matches!(refused(&format!("{{\"a\":[{}0]}}", "0,".repeat(9000))), Problem::TooManyFields { .. }));
    assert!(matches!(refused(&" ".repeat(600_000)), Problem::TooLarge { .. }));
    assert!(parse_fields(format!("<xml>{}</xml>", "<a/>".repeat(8000)).as_bytes()).is_ok());
}

#[test]
fn broken_sections_are_searched_for_only_a_few_times() {
    // Each vain search goes over the rest of the body; thousands of them would take minutes.
    let body = |vain: usize| {
        let vain = "<a><![CDATA[]]>x</a>".repeat(vain);
        format!("<xml>{vain}<b><![CDATA[y]]>z]]></b></xml>")
    };
    let (_, fields) = parse_fields(body(3).as_bytes()).unwrap();
    assert_eq!((fields.text("a"), fields.text("b")), (Some("x"), Some("y]]>z")));
    let (_, fields) = parse_fields(body(4).as_bytes()).unwrap();
    assert_eq!(fields.text("b"), Some("yz]]>"), "no longer mended");
}

#[test]
fn errors_say_what_and_where() {
    let at = |body: &str| parse_fields(body.as_bytes()).unwrap_err();
    assert_eq!(refused(""), Problem::Empty);
    assert_eq!(refused("hello"), Problem::NeitherXmlNorJson);
    assert!(matches!(refused("<xml><a></b></xml>"), Problem::Xml(_)));
    assert!(matches!(refused("<xml><a>"), Problem::Xml(_)));
    assert!(matches!(refused("<xml></a>"), Problem::Xml(_)));
    let json = at("{\n\"a\": x}");
    assert_eq!(json.at.map(|at| (at.line, at.column, at.byte)), Some((2, 6, 7)), "{json}");
    let xml = at("<xml>\n<a></b></xml>");
    assert_eq!(xml.at.unwrap().line, 2, "{xml}");
    assert!(xml.to_string().contains("(line 2, "), "{xml}");
}

#[test]
fn what_every_push_has_must_be_there() {
    let problem = |body: &str| -> ParseError { Inbound::parse(body.as_bytes()).unwrap_err() };
    let rest = "<FromUserName>o</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType></xml>";
    assert_eq!(problem(&format!("<xml>{rest}")).what, Problem::Missing("ToUserName"));
    assert_eq!(problem(&format!("<xml><ToUserName/>{rest}")).what, Problem::Missing("ToUserName"));
    let late = rest.replace("<CreateTime>1<", "<CreateTime>soon<");
    assert!(matches!(
        problem(&format!("<xml><ToUserName>g</ToUserName>{late}")).what,
        Problem::Bad { field: "CreateTime", .. }
    ));
    assert!(matches!(problem("{\"ToUserName\":{\"a\":1}}").what, Problem::Missing("ToUserName")));
}
