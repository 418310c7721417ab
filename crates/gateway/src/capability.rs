//! What an account's kind may do, and what happens instead where it may not.
//!
//! The platform gives rights by kind of account and by whether it is verified; without one it answers 48001.
//! [Page](https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Explanation_of_interface_privileges.html)

use hongyan_wire::inbound::Event;

use crate::config::{AccountConfig, Late, MessageConfig, On, RuleConfig, Words};
use crate::message::{MAX_TEXT, Message, full, is_upload};

/// The kinds of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A service account (服务号).
    Service,
    /// A subscription account (订阅号).
    Subscription,
    /// The platform's test account (接口测试号).
    Test,
}

/// What an account may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// A menu made by the API.
    Menu,
    /// Messages outside the passive reply.
    CustomerService,
    /// Message menus in customer service.
    MsgMenu,
    /// Template messages.
    Templates,
    /// Profiles, tags and the list of followers.
    Users,
    /// Reports of where people are.
    LocationReports,
    /// QR codes with a scene.
    QrCodes,
    /// Media up and down.
    Media,
    /// Human agents.
    Agents,
}

/// Who has a right: subscription, verified subscription, service, verified service, test account.
const RIGHTS: [(Right, [bool; 5]); 9] = [
    (Right::Menu, [false, true, true, true, true]),
    (Right::CustomerService, [false, true, false, true, true]),
    (Right::MsgMenu, [false, false, false, true, false]),
    (Right::Templates, [false, false, false, true, true]),
    (Right::Users, [false, true, false, true, true]),
    (Right::LocationReports, [false, false, false, true, true]),
    (Right::QrCodes, [false, false, false, true, true]),
    (Right::Media, [false, true, false, true, true]),
    (Right::Agents, [false, false, false, true, false]),
];

/// Whether a kind of account has a right.
pub fn may(kind: Kind, verified: bool, right: Right) -> bool {
    let column = match (kind, verified) {
        (Kind::Subscription, false) => 0,
        (Kind::Subscription, true) => 1,
        (Kind::Service, false) => 2,
        (Kind::Service, true) => 3,
        (Kind::Test, _) => 4,
    };
    RIGHTS.iter().any(|(one, who)| *one == right && who[column])
}

/// Everything the file asks of an account that it may not do, and what happens instead.
pub fn notes(account: &AccountConfig) -> Vec<Words> {
    let mut notes = settings(account);
    notes.extend(account.rules.iter().flat_map(|rule| rule_notes(account, rule)));
    notes
}

fn settings(account: &AccountConfig) -> Vec<Words> {
    let mut notes = Vec::new();
    let name = &account.name;
    if account.menu.is_some() && !account.may(Right::Menu) {
        notes.push(Words::new(
            format!("account {name} may not make a menu: `menu` is not applied"),
            format!("账号 {name} 没有自定义菜单权限：不会应用 `menu`"),
        ));
    }
    if account.late != account.late_asked && account.late_asked == Late::CustomerService {
        notes.push(Words::new(
            format!("account {name} may not send customer-service messages: late replies wait for the user's next message"),
            format!("账号 {name} 没有客服消息权限：迟到的回复会等到用户的下一条消息"),
        ));
    }
    notes
}

/// What one rule asks for that its account may not do, and what happens instead.
pub fn rule_notes(account: &AccountConfig, rule: &RuleConfig) -> Vec<Words> {
    let mut notes = Vec::new();
    let (name, owner) = (&rule.name, &account.name);
    let mut note = |en: &str, zh: &str| {
        notes.push(Words::new(
            format!("rule {name} of account {owner}: {en}"),
            format!("账号 {owner} 的规则 {name}：{zh}"),
        ));
    };
    let kinds = |list: &[MessageConfig], kind: &str| list.iter().any(|message| kind_of(message) == kind);
    let any_kind = |kind: &str| kinds(&rule.reply, kind) || kinds(&rule.otherwise, kind);
    let sends = account.may(Right::CustomerService);
    if !sends && (rule.reply.len() > 1 || rule.otherwise.len() > 1) {
        note(
            "the account may not send customer-service messages: the texts of the list are joined up to 2048 bytes, \
             the rest waits for the user's next message",
            "账号没有客服消息权限：列表中的文本会合并（最多 2048 字节），其余等到用户的下一条消息",
        );
    }
    if any_kind("msgmenu") && !(sends && account.may(Right::MsgMenu)) {
        note(
            "the account may not send message menus: the menu goes as a text with lines to tap",
            "账号不能发送菜单消息：改为带可点链接的文本",
        );
    }
    for kind in ["mpnews", "mpnewsarticle", "wxcard", "miniprogrampage"] {
        if !sends && any_kind(kind) {
            note(
                &format!(
                    "the account may not send customer-service messages, and `{kind}` cannot be a passive reply: it is left out"
                ),
                &format!("账号没有客服消息权限，而 `{kind}` 不能作为被动回复：会被略去"),
            );
        }
    }
    if !account.may(Right::Media) && rule.reply.iter().chain(&rule.otherwise).any(uploads) {
        note(
            "the account may not upload media: messages with a file: or https: picture are left out",
            "账号没有素材管理权限：带 file: 或 https: 媒体的消息会被略去",
        );
    }
    if any_kind("transfer") && !account.may(Right::Agents) {
        note(
            "the account has no agents: nobody takes over the conversation",
            "账号没有客服人员功能：不会有人接手会话",
        );
    }
    if matches!(rule.on, On::Scan(_)) && !account.may(Right::QrCodes) {
        note(
            "the account may not make QR codes with a scene: nobody will scan one",
            "账号没有带参数二维码权限：不会收到扫码事件",
        );
    }
    if matches!(rule.on, On::Click(_)) && !account.may(Right::Menu) {
        note(
            "the account may not make a menu: nobody can tap it",
            "账号没有自定义菜单权限：不会收到菜单点击",
        );
    }
    if let On::Event(events) = &rule.on {
        if events.iter().any(|event| event.eq_ignore_ascii_case("LOCATION"))
            && !account.may(Right::LocationReports)
        {
            note("the platform sends this account no location reports", "平台不会向此账号推送位置上报");
        }
        let says = rule.reply.iter().chain(&rule.otherwise).any(|message| kind_of(message) != "none");
        if let Some(event) = events.iter().find(|event| says && !Event::answerable(event)) {
            note(
                &format!(
                    "the platform shows no reply to the event {event}: the messages go by customer service where the user's window is open"
                ),
                &format!("平台不接受对 {event} 事件的回复：用户的会话窗口打开时改用客服消息"),
            );
        }
    }
    notes
}

fn kind_of(message: &MessageConfig) -> String {
    full(&message.value).map(|full| Message::from_full(full).kind().to_owned()).unwrap_or_default()
}

fn uploads(message: &MessageConfig) -> bool {
    full(&message.value).is_ok_and(|full| Message::from_full(full).needs_upload())
}

/// Turns messages that the account may not send into what it may, or leaves them out.
pub(crate) fn fit(account: &AccountConfig, messages: Vec<Message>) -> Vec<Message> {
    let sends = account.may(Right::CustomerService);
    let menus = sends && account.may(Right::MsgMenu);
    messages
        .into_iter()
        .filter_map(|message| match message.kind() {
            "msgmenu" if !menus => Some(message.menu_as_text()),
            "mpnews" | "mpnewsarticle" | "wxcard" | "miniprogrampage" if !sends => None,
            _ if message.needs_upload() && !account.may(Right::Media) => without_media(message),
            _ => Some(message),
        })
        .flat_map(Message::pieces)
        .collect()
}

/// A song can do without its picture; a picture cannot.
fn without_media(message: Message) -> Option<Message> {
    let essential = message.field("media_id").is_some_and(is_upload);
    (!essential).then(|| message.without("thumb_media_id"))
}

/// What an account without customer service says to one push.
#[derive(Clone, Debug, PartialEq)]
pub struct Passive {
    /// The passive reply.
    pub now: Option<Message>,
    /// What waits for the user's next message.
    pub kept: Vec<Message>,
}

/// Splits a list for an account that can only reply passively: texts are joined, the rest is kept.
///
/// When the first message is a text, the texts behind it are joined to it as long as they fit into 2048 bytes; the
/// order of what is kept does not change.
pub fn passive_only(messages: Vec<Message>) -> Passive {
    let mut messages = messages.into_iter();
    let Some(first) = messages.next() else { return Passive { now: None, kept: Vec::new() } };
    let Some(content) = first.field("content").filter(|_| first.kind() == "text") else {
        return Passive { now: Some(first), kept: messages.collect() };
    };
    let mut joined = content.to_owned();
    let mut full = false;
    let mut kept = Vec::new();
    for message in messages {
        match message.field("content") {
            Some(text) if !full && message.kind() == "text" && joined.len() + 1 + text.len() <= MAX_TEXT => {
                joined.push('\n');
                joined.push_str(text);
            }
            // Once a text did not fit, later ones stay behind it.
            Some(_) if message.kind() == "text" => {
                full = true;
                kept.push(message);
            }
            _ => kept.push(message),
        }
    }
    Passive { now: Some(Message::text(joined)), kept }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(list: &[&str]) -> Vec<Message> {
        list.iter().map(|text| Message::text(*text)).collect()
    }

    #[test]
    fn rights_follow_kind_and_verification() {
        assert!(may(Kind::Service, true, Right::MsgMenu));
        assert!(may(Kind::Service, false, Right::Menu));
        assert!(!may(Kind::Service, false, Right::CustomerService));
        assert!(may(Kind::Subscription, true, Right::CustomerService));
        assert!(!may(Kind::Subscription, true, Right::QrCodes));
        assert!(!may(Kind::Subscription, false, Right::Menu));
        assert!(may(Kind::Test, false, Right::QrCodes));
        assert!(!may(Kind::Test, true, Right::MsgMenu));
    }

    #[test]
    fn texts_of_a_list_are_joined_and_the_rest_is_kept() {
        let image = Message::from_json(&json!({"image": "M"})).expect("good");
        let list = vec![Message::text("a"), image.clone(), Message::text("b")];
        assert_eq!(
            passive_only(list),
            Passive { now: Some(Message::text("a\nb")), kept: vec![image.clone()] }
        );
        let list = vec![image.clone(), Message::text("a")];
        assert_eq!(passive_only(list), Passive { now: Some(image), kept: texts(&["a"]) });
        assert_eq!(passive_only(Vec::new()), Passive { now: None, kept: Vec::new() });
    }

    #[test]
    fn joining_stops_at_2048_bytes_and_keeps_the_order() {
        let big = "x".repeat(2046);
        let exact = passive_only(texts(&[&big, "y", "z"]));
        assert_eq!(exact.now, Some(Message::text(format!("{big}\ny"))));
        assert_eq!(exact.kept, texts(&["z"]));
        let over = passive_only(texts(&[&big, "yy", "z"]));
        assert_eq!((over.now, over.kept), (Some(Message::text(big)), texts(&["yy", "z"])));
    }
}
