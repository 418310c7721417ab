//! Events, with the oddities that pushes have in practice.

use hongyan_wire::inbound::{
    CardEventKind, Content, Event, Inbound, MassOutcome, PublishOutcome, SubscribeChoice, TemplateOutcome,
};
use hongyan_wire::{Lang, Scene};
use serde_json::json;

use crate::messages::push;

fn whole(name: &str, fields: &str) -> Inbound {
    push(&format!("<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{name}]]></Event>{fields}"))
}

fn event(name: &str, fields: &str) -> Event {
    match whole(name, fields).content {
        Content::Event(event) => event,
        other => panic!("not an event: {other:?}"),
    }
}

#[test]
fn a_follow_has_a_scene_only_through_a_qr_code() {
    let plain = Event::Subscribe { scene: None, ticket: None };
    assert_eq!(event("subscribe", ""), plain);
    assert_eq!(event("subscribe", "<EventKey><![CDATA[]]></EventKey>"), plain);
    let through = whole(
        "subscribe",
        "<EventKey><![CDATA[qrscene_shelf-7]]></EventKey><Ticket><![CDATA[gQ==]]></Ticket>",
    );
    assert_eq!(through.scene(), Some(Scene::Text("shelf-7".into())));
    assert_eq!(through.event_key(), Some("qrscene_shelf-7"));
    assert!(
        matches!(through.content, Content::Event(Event::Subscribe { ticket: Some(t), .. }) if t == "gQ==")
    );
}

#[test]
fn a_scan_has_a_bare_scene() {
    let scan = whole("SCAN", "<EventKey>42</EventKey><Ticket>gQ==</Ticket>");
    assert_eq!(scan.scene(), Some(Scene::Id(42)));
    assert!(scan.answerable());
    assert_eq!(event("SCAN", "<EventKey/>"), Event::Unknown);
}

#[test]
fn names_of_events_are_compared_without_their_case() {
    for name in ["CLICK", "click", "Click"] {
        let click = whole(name, "<EventKey>HELP</EventKey>");
        assert_eq!(click.content, Content::Event(Event::Click { key: "HELP".into() }));
        assert_eq!(click.event(), Some(name), "kept as sent");
    }
    assert_eq!(event("UNSUBSCRIBE", ""), Event::Unsubscribe);
}

#[test]
fn taps_on_the_menu_have_keys() {
    let view = event("VIEW", "<EventKey><![CDATA[https://e/]]></EventKey><MenuId>449000001</MenuId>");
    assert_eq!(view, Event::View { url: "https://e/".into(), menu_id: Some("449000001".into()) });
    assert_eq!(view.key(), Some("https://e/"));
    assert!(!Event::answerable("VIEW"));

    let mini = event("view_miniprogram", "<EventKey>pages/home</EventKey><MenuId>4</MenuId>");
    assert_eq!(mini.key(), Some("pages/home"));

    let code = "<EventKey>S</EventKey><ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>1,2</ScanResult></ScanCodeInfo>";
    let waiting =
        Event::ScancodeWaitmsg { key: "S".into(), scan_type: "qrcode".into(), result: "1,2".into() };
    assert_eq!(event("scancode_waitmsg", code), waiting);
    assert!(matches!(event("scancode_push", code), Event::ScancodePush { key, .. } if key == "S"));
}

#[test]
fn pictures_are_listed_however_the_list_is_repeated() {
    let item = |digest: &str| format!("<item><PicMd5Sum>{digest}</PicMd5Sum></item>");
    let by_item = format!("<PicList>{}{}</PicList>", item("aa"), item("bb"));
    let by_list = format!("<PicList>{}</PicList><PicList>{}</PicList>", item("aa"), item("bb"));
    for list in [by_item, by_list] {
        let fields = format!("<EventKey>P</EventKey><SendPicsInfo><Count>2</Count>{list}</SendPicsInfo>");
        let expected = Event::PicWeixin { key: "P".into(), count: 2, md5: vec!["aa".into(), "bb".into()] };
        assert_eq!(event("pic_weixin", &fields), expected);
        assert!(matches!(event("pic_sysphoto", &fields), Event::PicSysphoto { count: 2, .. }));
        assert!(matches!(event("pic_photo_or_album", &fields), Event::PicPhotoOrAlbum { count: 2, .. }));
    }
}

#[test]
fn one_picture_is_a_list_too() {
    let one = whole(
        "pic_weixin",
        "<EventKey>P</EventKey><SendPicsInfo><Count>1</Count><PicList><item><PicMd5Sum>aa</PicMd5Sum></item></PicList></SendPicsInfo>",
    );
    assert_eq!(
        one.to_json()["SendPicsInfo"],
        json!({ "Count": 1, "PicList": { "item": [{ "PicMd5Sum": "aa" }] } })
    );
    let none =
        event("pic_weixin", "<EventKey>P</EventKey><SendPicsInfo><Count>0</Count><PicList/></SendPicsInfo>");
    assert_eq!(none, Event::PicWeixin { key: "P".into(), count: 0, md5: vec![] });
}

#[test]
fn places_reported_and_chosen() {
    let report = event(
        "LOCATION",
        "<Latitude>31.23</Latitude><Longitude>121.47</Longitude><Precision>40.0</Precision>",
    );
    assert_eq!(report, Event::Location { latitude: 31.23, longitude: 121.47, precision: 40.0 });
    let chosen = event(
        "location_select",
        "<EventKey>L</EventKey><SendLocationInfo><Location_X><![CDATA[31.23]]></Location_X><Location_Y><![CDATA[121.47]]>\
         </Location_Y><Scale><![CDATA[15]]></Scale><Label><![CDATA[Road 1]]></Label><Poiname/></SendLocationInfo>",
    );
    let expected = Event::LocationSelect {
        key: "L".into(),
        latitude: 31.23,
        longitude: 121.47,
        scale: 15,
        label: "Road 1".into(),
        poiname: String::new(),
    };
    assert_eq!(chosen, expected);
}

#[test]
fn template_messages_end_in_four_ways() {
    for (status, expected) in [
        ("success", TemplateOutcome::Delivered),
        ("failed:user block", TemplateOutcome::Blocked),
        ("failed: system failed", TemplateOutcome::SystemFailed),
        ("failed:freq limit", TemplateOutcome::Other("failed:freq limit".into())),
    ] {
        let fields = format!("<MsgID>3400000000000000001</MsgID><Status><![CDATA[{status}]]></Status>");
        let Event::TemplateSendJobFinish { msg_id, outcome } = event("TEMPLATESENDJOBFINISH", &fields) else {
            panic!("{status}")
        };
        assert_eq!((msg_id.as_str(), outcome), ("3400000000000000001", expected));
    }
}

#[test]
fn mass_messages_report_counts_checks_and_addresses() {
    let fields = "<MsgID>1000001625</MsgID><Status>err(30003)</Status><TotalCount>10</TotalCount><FilterCount>8</FilterCount>\
        <SentCount>7</SentCount><ErrorCount>1</ErrorCount>\
        <CopyrightCheckResult><Count>1</Count><ResultList><item><ArticleIdx>1</ArticleIdx><UserDeclareState>0</UserDeclareState>\
        <AuditState>2</AuditState><OriginalArticleUrl>https://e/o</OriginalArticleUrl><OriginalArticleType>1</OriginalArticleType>\
        <CanReprint>1</CanReprint><NeedReplaceContent>1</NeedReplaceContent><NeedShowReprintSource>0</NeedShowReprintSource></item>\
        </ResultList><CheckState>2</CheckState></CopyrightCheckResult>\
        <ArticleUrlResult><Count>1</Count><ResultList><item><ArticleIdx>1</ArticleIdx><ArticleUrl>https://e/1</ArticleUrl></item>\
        </ResultList></ArticleUrlResult>";
    let Event::MassSendJobFinish(job) = event("MASSSENDJOBFINISH", fields) else { panic!() };
    assert_eq!((job.total, job.filtered, job.sent, job.failed), (10, 8, 7, 1));
    assert_eq!(job.outcome, MassOutcome::Refused(30003));
    assert!(job.outcome.reason(Lang::Zh).unwrap().contains("转载"));
    assert_eq!(job.check_state, Some(2));
    assert_eq!(job.checks.len(), 1);
    assert!(job.checks[0].can_reprint && job.checks[0].need_replace && !job.checks[0].need_source);
    assert_eq!(job.articles[0].url, "https://e/1");

    for (status, expected) in [("send success", MassOutcome::Sent), ("send fail", MassOutcome::Failed)] {
        let Event::MassSendJobFinish(job) = event("MASSSENDJOBFINISH", &format!("<Status>{status}</Status>"))
        else {
            panic!()
        };
        assert_eq!(job.outcome, expected);
    }
}

#[test]
fn publishing_lists_what_was_published_or_what_failed() {
    let done = "<PublishEventInfo><publish_id>2247503051</publish_id><publish_status>0</publish_status><article_id>A</article_id>\
        <article_detail><count>2</count><item><idx>1</idx><article_url>https://e/1</article_url></item>\
        <item><idx>2</idx><article_url>https://e/2</article_url></item></article_detail></PublishEventInfo>";
    let Event::PublishJobFinish(job) = event("PUBLISHJOBFINISH", done) else { panic!() };
    assert_eq!((job.outcome, job.article_id.as_deref()), (PublishOutcome::Published, Some("A")));
    assert_eq!(job.articles.iter().map(|article| article.index).collect::<Vec<_>>(), [1, 2]);

    let failed = "<PublishEventInfo><publish_id>22</publish_id><publish_status>2</publish_status>\
        <fail_idx>1</fail_idx><fail_idx>3</fail_idx></PublishEventInfo>";
    let Event::PublishJobFinish(job) = event("PUBLISHJOBFINISH", failed) else { panic!() };
    assert_eq!((job.outcome, job.failed), (PublishOutcome::NotOriginal, vec![1, 3]));
    let json = whole("PUBLISHJOBFINISH", failed).to_json();
    assert_eq!(json["PublishEventInfo"]["fail_idx"], json!([1, 3]));
    assert_eq!(json["PublishEventInfo"]["publish_id"], json!("22"));
}

#[test]
fn notices_come_one_or_many_and_with_or_without_their_container() {
    let choice =
        |id: &str, accepted| SubscribeChoice { template_id: id.into(), accepted, popup_scene: Some(1) };
    let list = |id: &str, status: &str| {
        format!(
            "<List><TemplateId>{id}</TemplateId><SubscribeStatusString>{status}</SubscribeStatusString><PopupScene>1</PopupScene></List>"
        )
    };
    let one = format!("<SubscribeMsgPopupEvent>{}</SubscribeMsgPopupEvent>", list("a", "accept"));
    assert_eq!(event("subscribe_msg_popup_event", &one), Event::SubscribeMsgPopup(vec![choice("a", true)]));
    let two = format!(
        "<SubscribeMsgChangeEvent>{}{}</SubscribeMsgChangeEvent>",
        list("a", "reject"),
        list("b", "accept")
    );
    let both = vec![choice("a", false), choice("b", true)];
    assert_eq!(event("subscribe_msg_change_event", &two), Event::SubscribeMsgChange(both));

    for json in [
        r#""SubscribeMsgSentEvent":{"List":{"TemplateId":"a","MsgID":"1","ErrorCode":"0","ErrorStatus":"success"}}"#,
        r#""List":[{"TemplateId":"a","MsgID":1,"ErrorCode":0,"ErrorStatus":"success"}]"#,
    ] {
        let body = format!(
            r#"{{"ToUserName":"g","FromUserName":"o","CreateTime":1,"MsgType":"event","Event":"subscribe_msg_sent_event",{json}}}"#
        );
        let push = Inbound::parse(body.as_bytes()).unwrap();
        let Content::Event(Event::SubscribeMsgSent(sent)) = push.content else { panic!("{json}") };
        assert_eq!((sent.len(), sent[0].error_code, sent[0].msg_id.as_str()), (1, 0, "1"));
    }
}

#[test]
fn agents_certification_and_peoples_data() {
    let switch =
        event("kf_switch_session", "<FromKfAccount>a1@e</FromKfAccount><ToKfAccount>a2@e</ToKfAccount>");
    assert_eq!(switch, Event::KfSwitchSession { from: "a1@e".into(), to: "a2@e".into() });
    let close = event("kf_close_session", "<KfAccount>a1@e</KfAccount>");
    assert_eq!(close, Event::KfCloseSession { kf_account: "a1@e".into(), close_type: None });
    assert!(matches!(event("kf_create_session", "<KfAccount>a</KfAccount>"), Event::KfCreateSession { .. }));

    let expires = "<ExpiredTime>1732000000</ExpiredTime>";
    for name in ["qualification_verify_success", "naming_verify_success", "annual_renew", "verify_expired"] {
        let (Event::QualificationVerifySuccess { expires }
        | Event::NamingVerifySuccess { expires }
        | Event::AnnualRenew { expires }
        | Event::VerifyExpired { expires }) = event(name, expires)
        else {
            panic!("{name}")
        };
        assert_eq!(expires.unwrap().seconds(), 1_732_000_000);
    }
    for name in ["qualification_verify_fail", "naming_verify_fail"] {
        let (Event::QualificationVerifyFail { reason, .. } | Event::NamingVerifyFail { reason, .. }) =
            event(name, "<FailTime>1</FailTime><FailReason>no</FailReason>")
        else {
            panic!("{name}")
        };
        assert_eq!(reason, "no");
    }

    let fields = "<OpenID>oReal</OpenID><AppID>wx1</AppID><RevokeInfo>201</RevokeInfo>";
    for name in ["user_info_modified", "user_authorization_revoke", "user_authorization_cancellation"] {
        let (Event::UserInfoModified(record)
        | Event::UserAuthorizationRevoke(record)
        | Event::UserAuthorizationCancellation(record)) = event(name, fields)
        else {
            panic!("{name}")
        };
        assert_eq!((record.openid.as_str(), record.revoked.as_deref()), ("oReal", Some("201")));
    }
}

#[test]
fn cards() {
    let fields =
        "<CardId>c</CardId><UserCardCode>12</UserCardCode><IsGiveByFriend>1</IsGiveByFriend><Fee>10000</Fee>";
    for (name, kind) in [
        ("card_pass_check", CardEventKind::PassCheck),
        ("card_not_pass_check", CardEventKind::NotPassCheck),
        ("user_get_card", CardEventKind::Get),
        ("user_gifting_card", CardEventKind::Gifting),
        ("user_del_card", CardEventKind::Delete),
        ("user_consume_card", CardEventKind::Consume),
        ("user_pay_from_pay_cell", CardEventKind::PayFromCell),
        ("user_view_card", CardEventKind::View),
        ("user_enter_session_from_card", CardEventKind::EnterSession),
        ("update_member_card", CardEventKind::UpdateMember),
        ("card_sku_remind", CardEventKind::SkuRemind),
        ("card_pay_order", CardEventKind::PayOrder),
        ("submit_membercard_user_info", CardEventKind::SubmitMember),
    ] {
        let Event::Card(card) = event(name, fields) else { panic!("{name}") };
        assert_eq!((card.kind, card.card_id.as_str(), card.code.as_deref()), (kind, "c", Some("12")));
        assert_eq!((card.given_by_friend, card.fee), (true, Some(10_000)));
    }
}

#[test]
fn events_that_nobody_knows_keep_their_fields() {
    let unknown = whole("WifiConnected", "<ShopId>7</ShopId>");
    assert_eq!(unknown.content, Content::Event(Event::Unknown));
    assert_eq!(unknown.event(), Some("WifiConnected"));
    assert_eq!(unknown.fields.text("ShopId"), Some("7"));
    assert!(!unknown.answerable());
    let nameless = "x".repeat(500);
    assert_eq!(event(&nameless, ""), Event::Unknown);
}
