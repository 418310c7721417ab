//! The platform's names of message types and events, to find slips: a rule for a name that never comes never answers.

use super::reader::nearest;
use super::{On, RuleConfig, Words};

const TYPES: [&str; 10] =
    ["text", "image", "voice", "video", "shortvideo", "location", "link", "file", "miniprogrampage", "event"];

const EVENTS: [&str; 46] = [
    "subscribe",
    "unsubscribe",
    "SCAN",
    "LOCATION",
    "CLICK",
    "VIEW",
    "view_miniprogram",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
    "TEMPLATESENDJOBFINISH",
    "MASSSENDJOBFINISH",
    "PUBLISHJOBFINISH",
    "subscribe_msg_popup_event",
    "subscribe_msg_change_event",
    "subscribe_msg_sent_event",
    "kf_create_session",
    "kf_close_session",
    "kf_switch_session",
    "qualification_verify_success",
    "qualification_verify_fail",
    "naming_verify_success",
    "naming_verify_fail",
    "annual_renew",
    "verify_expired",
    "user_info_modified",
    "user_authorization_revoke",
    "user_authorization_cancellation",
    "card_pass_check",
    "card_not_pass_check",
    "user_get_card",
    "user_gifting_card",
    "user_del_card",
    "user_consume_card",
    "user_pay_from_pay_cell",
    "user_view_card",
    "user_enter_session_from_card",
    "update_member_card",
    "card_sku_remind",
    "card_pay_order",
    "submit_membercard_user_info",
    "open_product_view_page",
    "ShakearoundUserShake",
];

/// A warning for each name of a rule that this version does not know. It is no mistake: the platform grows.
pub(super) fn unknown(rule: &RuleConfig) -> Vec<Words> {
    let (names, known, (en, zh)) = match &rule.on {
        On::Type(names) => (names, TYPES.as_slice(), ("message type", "消息类型")),
        On::Event(names) => (names, EVENTS.as_slice(), ("event", "事件")),
        _ => return Vec::new(),
    };
    let is_known = |name: &str| known.iter().any(|one| one.eq_ignore_ascii_case(name));
    names.iter().filter(|name| !is_known(name)).map(|name| slip(rule, name, known, en, zh)).collect()
}

fn slip(rule: &RuleConfig, name: &str, known: &[&str], en: &str, zh: &str) -> Words {
    let lower: Vec<String> = known.iter().map(|one| one.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let near = nearest(name, &lower).and_then(|near| known.iter().find(|one| one.eq_ignore_ascii_case(near)));
    let (place, owner) = (&rule.on_place, &rule.name);
    let (hint_en, hint_zh) = match near {
        Some(near) => (format!("; did you mean \"{near}\"?"), format!("；是否想写 \"{near}\"？")),
        None => (String::new(), String::new()),
    };
    Words::new(
        format!(
            "{place}: rule {owner}: no {en} \"{name}\" is known; the rule answers only if one comes{hint_en}"
        ),
        format!("{place}：规则 {owner}：未知的{zh} \"{name}\"；只有真的收到它时规则才会回复{hint_zh}"),
    )
}
