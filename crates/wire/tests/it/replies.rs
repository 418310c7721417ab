//! Replies: what goes on the wire, and which are refused before.

use hongyan_wire::inbound::parse_fields;
use hongyan_wire::reply::{Article, Reply, ReplyError, articles_allowed};
use hongyan_wire::{Format, Lang, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::messages::{message, push};

fn written(reply: &Reply, format: Format) -> String {
    let mut out = String::new();
    reply.write(format, &"oEmu01".into(), &"gh_1".into(), Timestamp::from_seconds(1_732_000_001), &mut out);
    out
}

/// What stands after the fields that all replies have.
fn own_part(reply: &Reply) -> String {
    let head = format!(
        "<xml><ToUserName><![CDATA[oEmu01]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName>\
         <CreateTime>1732000001</CreateTime><MsgType><![CDATA[{}]]></MsgType>",
        reply.kind()
    );
    let body = written(reply, Format::Xml);
    body.strip_prefix(&head).and_then(|rest| rest.strip_suffix("</xml>")).unwrap().to_owned()
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(&written(reply, Format::Json)).unwrap()
}

fn article() -> Article {
    Article {
        title: "T".into(),
        description: "D".into(),
        pic_url: "https://e/p.png?a=1&b=2".into(),
        url: "https://e/".into(),
    }
}

#[test]
fn no_reply_is_the_word_success_in_either_format() {
    assert_eq!(written(&Reply::None, Format::Xml), "success");
    assert_eq!(written(&Reply::None, Format::Json), "success");
    assert!(Reply::None.is_none() && Reply::None.check().is_ok());
}

#[test]
fn every_kind_in_xml() {
    assert_eq!(own_part(&Reply::Text("a<b>&c".into())), "<Content><![CDATA[a<b>&c]]></Content>");
    let image = Reply::Image { media_id: "m".into() };
    assert_eq!(own_part(&image), "<Image><MediaId><![CDATA[m]]></MediaId></Image>");
    let voice = Reply::Voice { media_id: "m".into() };
    assert_eq!(own_part(&voice), "<Voice><MediaId><![CDATA[m]]></MediaId></Voice>");
    let video = Reply::Video { media_id: "m".into(), title: Some("T".into()), description: None };
    assert_eq!(
        own_part(&video),
        "<Video><MediaId><![CDATA[m]]></MediaId><Title><![CDATA[T]]></Title></Video>"
    );
    let music = Reply::Music {
        title: Some("T".into()),
        description: Some("D".into()),
        music_url: Some("u".into()),
        hq_music_url: Some("h".into()),
        thumb_media_id: Some("t".into()),
    };
    assert_eq!(
        own_part(&music),
        "<Music><Title><![CDATA[T]]></Title><Description><![CDATA[D]]></Description><MusicUrl><![CDATA[u]]></MusicUrl>\
         <HQMusicUrl><![CDATA[h]]></HQMusicUrl><ThumbMediaId><![CDATA[t]]></ThumbMediaId></Music>"
    );
    assert_eq!(
        own_part(&Reply::News(vec![article()])),
        "<ArticleCount>1</ArticleCount><Articles><item><Title><![CDATA[T]]></Title><Description><![CDATA[D]]></Description>\
         <PicUrl><![CDATA[https://e/p.png?a=1&b=2]]></PicUrl><Url><![CDATA[https://e/]]></Url></item></Articles>"
    );
    assert_eq!(own_part(&Reply::Transfer { kf_account: None }), "");
    assert_eq!(
        own_part(&Reply::Transfer { kf_account: Some("a@b".into()) }),
        "<TransInfo><KfAccount><![CDATA[a@b]]></KfAccount></TransInfo>"
    );
}

#[test]
fn every_kind_in_json() {
    assert_eq!(
        json_of(&Reply::Text("a\"b".into())),
        json!({ "ToUserName": "oEmu01", "FromUserName": "gh_1", "CreateTime": 1_732_000_001, "MsgType": "text", "Content": "a\"b" })
    );
    assert_eq!(json_of(&Reply::Image { media_id: "m".into() })["Image"], json!({ "MediaId": "m" }));
    assert_eq!(json_of(&Reply::Voice { media_id: "m".into() })["Voice"], json!({ "MediaId": "m" }));
    let video = Reply::Video { media_id: "m".into(), title: None, description: Some("D".into()) };
    assert_eq!(json_of(&video)["Video"], json!({ "MediaId": "m", "Description": "D" }));
    let music = Reply::Music {
        title: None,
        description: None,
        music_url: Some("u".into()),
        hq_music_url: None,
        thumb_media_id: Some("t".into()),
    };
    assert_eq!(json_of(&music)["Music"], json!({ "MusicUrl": "u", "ThumbMediaId": "t" }));
    let news = json_of(&Reply::News(vec![article(); 2]));
    assert_eq!((news["ArticleCount"].as_u64(), news["Articles"].as_array().unwrap().len()), (Some(2), 2));
    let transfer = json_of(&Reply::Transfer { kf_account: Some("a@b".into()) });
    assert_eq!(transfer["MsgType"], "transfer_customer_service");
    assert_eq!(transfer["TransInfo"], json!({ "KfAccount": "a@b" }));
}

#[test]
fn limits_are_named() {
    assert_eq!(Reply::Text(String::new()).check(), Err(ReplyError::EmptyText));
    assert_eq!(Reply::Text("a".repeat(2048)).check(), Ok(()));
    let long = Reply::Text("汉".repeat(683)).check().unwrap_err();
    assert_eq!(long, ReplyError::TextTooLong { bytes: 2049 });
    for lang in [Lang::En, Lang::Zh] {
        assert!(long.text(lang).contains("2049") && long.text(lang).contains("2048"), "{}", long.text(lang));
    }
    assert_eq!(Reply::News(vec![]).check(), Err(ReplyError::NoArticles));
    assert_eq!(Reply::News(vec![article(); 8]).check(), Ok(()));
    assert_eq!(Reply::News(vec![article(); 9]).check(), Err(ReplyError::TooManyArticles { count: 9 }));
    for empty in [
        Reply::Image { media_id: "".into() },
        Reply::Voice { media_id: "".into() },
        Reply::Video { media_id: "".into(), title: None, description: None },
    ] {
        assert_eq!(empty.check(), Err(ReplyError::NoMedia(empty.kind())));
    }
}

#[test]
fn a_message_is_answered_with_one_article_and_an_event_with_eight() {
    assert_eq!(articles_allowed(&message("text", "<Content>x</Content>")), 1);
    assert_eq!(
        articles_allowed(&push("<MsgType>event</MsgType><Event>CLICK</Event><EventKey>K</EventKey>")),
        8
    );
}

proptest! {
    #[test]
    fn a_text_comes_back_from_xml_without_what_xml_forbids(
        parts in prop::collection::vec(prop_oneof![Just("]]>".to_owned()), Just("]".to_owned()), Just("\u{8}".to_owned()), any::<String>()], 0..6),
    ) {
        let text = parts.concat();
        let body = written(&Reply::Text(text.clone()), Format::Xml);
        let (_, fields) = parse_fields(body.as_bytes()).unwrap();
        let legal: String =
            text.chars().filter(|c| *c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}') || "\t\r\n".contains(*c)).collect();
        prop_assert_eq!(fields.text("Content"), Some(legal.as_str()));
        // A strict reader must see the same: no section may hold its own end.
        prop_assert!(!body.contains('\x08'), "a forbidden character");
        let inside = &body[body.find("<Content>").unwrap() + 9..body.find("</Content></xml>").unwrap()];
        let strict: String = inside
            .split("<![CDATA[").skip(1).map(|section| section.split("]]>").next().unwrap()).collect();
        prop_assert_eq!(strict, legal);
    }

    #[test]
    fn a_text_comes_back_from_json(text: String) {
        let reply = json_of(&Reply::Text(text.clone()));
        prop_assert_eq!(reply["Content"].as_str(), Some(text.as_str()));
    }

    #[test]
    fn pieces_of_a_text_fit_and_join(text: String, limit in 4..64_usize) {
        let pieces: Vec<&str> = hongyan_wire::reply::split_text(&text, limit).collect();
        prop_assert_eq!(pieces.concat(), text.as_str());
        prop_assert!(pieces.iter().all(|piece| !piece.is_empty() && piece.len() <= limit));
    }
}
