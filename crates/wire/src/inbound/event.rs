//! The events.

use super::card::{CardEvent, CardEventKind};
use super::fields::{Fields, Node};
use super::notice::{MassSendJob, PublishJob, SubscribeChoice, SubscribeSent, TemplateOutcome, UserRecord};
use super::read;
use crate::{MsgId, Scene, Ticket, Timestamp};

/// What happened.
///
/// An event that is not known, or one whose numbers cannot be read, is [`Event::Unknown`]; its fields are kept.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A person follows the account.
    Subscribe {
        /// The value of the QR code they followed through.
        scene: Option<Scene>,
        /// That code's ticket.
        ticket: Option<Ticket>,
    },
    /// A person stopped following; the platform asks for their data to be deleted.
    Unsubscribe,
    /// A follower scanned one of the account's QR codes.
    Scan {
        /// The code's value.
        scene: Scene,
        /// The code's ticket.
        ticket: Option<Ticket>,
    },
    /// Where a person is, sent on entering the chat or every five seconds in it.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// How exact it is, in metres.
        precision: f64,
    },
    /// A tap on a `click` button.
    Click {
        /// The button's key.
        key: String,
    },
    /// A tap on a `view` button.
    View {
        /// The address that opened.
        url: String,
        /// The menu it stands in, which tells which conditional menu.
        menu_id: Option<String>,
    },
    /// A tap on a `miniprogram` button.
    ViewMiniprogram {
        /// The page that opened.
        path: String,
        /// The menu it stands in.
        menu_id: Option<String>,
    },
    /// A code scanned through a button, and opened by the person's own client as well.
    ScancodePush {
        /// The button's key.
        key: String,
        /// `qrcode`, or another kind of code.
        scan_type: String,
        /// What the code holds.
        result: String,
    },
    /// A code scanned through a button whose answer the person waits for.
    ScancodeWaitmsg {
        /// The button's key.
        key: String,
        /// `qrcode`, or another kind of code.
        scan_type: String,
        /// What the code holds.
        result: String,
    },
    /// Pictures taken through a button. They follow as messages.
    PicSysphoto {
        /// The button's key.
        key: String,
        /// How many pictures.
        count: u32,
        /// The pictures' MD5 digests in hex.
        md5: Vec<String>,
    },
    /// Pictures taken or chosen through a button. They follow as messages.
    PicPhotoOrAlbum {
        /// The button's key.
        key: String,
        /// How many pictures.
        count: u32,
        /// The pictures' MD5 digests in hex.
        md5: Vec<String>,
    },
    /// Pictures chosen from the album through a button. They follow as messages.
    PicWeixin {
        /// The button's key.
        key: String,
        /// How many pictures.
        count: u32,
        /// The pictures' MD5 digests in hex.
        md5: Vec<String>,
    },
    /// A place chosen through a button.
    LocationSelect {
        /// The button's key.
        key: String,
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// The map's zoom level.
        scale: u32,
        /// The address in words.
        label: String,
        /// The name of the place; may be empty.
        poiname: String,
    },
    /// What became of a template message.
    TemplateSendJobFinish {
        /// The message.
        msg_id: MsgId,
        /// What became of it.
        outcome: TemplateOutcome,
    },
    /// What became of a mass message.
    MassSendJobFinish(Box<MassSendJob>),
    /// What became of an article's publishing.
    PublishJobFinish(Box<PublishJob>),
    /// A person answered the question whether to get notices.
    SubscribeMsgPopup(Vec<SubscribeChoice>),
    /// A person changed which notices they get.
    SubscribeMsgChange(Vec<SubscribeChoice>),
    /// What became of notices.
    SubscribeMsgSent(Vec<SubscribeSent>),
    /// An agent took up a conversation.
    KfCreateSession {
        /// The agent, `name@account`.
        kf_account: String,
    },
    /// A conversation with an agent ended.
    KfCloseSession {
        /// The agent, `name@account`.
        kf_account: String,
        /// Why it ended, where said.
        close_type: Option<String>,
    },
    /// A conversation went from one agent to another.
    KfSwitchSession {
        /// Who had it.
        from: String,
        /// Who has it.
        to: String,
    },
    /// The account's owner was verified.
    QualificationVerifySuccess {
        /// Until when this holds.
        expires: Option<Timestamp>,
    },
    /// The account's owner was not verified.
    QualificationVerifyFail {
        /// When this was decided.
        failed: Option<Timestamp>,
        /// Why.
        reason: String,
    },
    /// The account's name was verified.
    NamingVerifySuccess {
        /// Until when this holds.
        expires: Option<Timestamp>,
    },
    /// The account's name was not verified.
    NamingVerifyFail {
        /// When this was decided.
        failed: Option<Timestamp>,
        /// Why.
        reason: String,
    },
    /// The yearly verification is due.
    AnnualRenew {
        /// Until when the present one holds.
        expires: Option<Timestamp>,
    },
    /// The verification has lapsed.
    VerifyExpired {
        /// Since when.
        expires: Option<Timestamp>,
    },
    /// A person changed their profile: fetch it again.
    UserInfoModified(UserRecord),
    /// A person withdrew the right to some of their data: delete it.
    UserAuthorizationRevoke(UserRecord),
    /// A person closed their WeChat account: delete their data.
    UserAuthorizationCancellation(UserRecord),
    /// Something happened to a card or coupon.
    Card(Box<CardEvent>),
    /// None of these; the fields say what came.
    Unknown,
}

impl Event {
    /// What rules compare: the button's key, or the address or page that it opened.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Click { key }
            | Self::View { url: key, .. }
            | Self::ViewMiniprogram { path: key, .. }
            | Self::ScancodePush { key, .. }
            | Self::ScancodeWaitmsg { key, .. }
            | Self::PicSysphoto { key, .. }
            | Self::PicPhotoOrAlbum { key, .. }
            | Self::PicWeixin { key, .. }
            | Self::LocationSelect { key, .. } => Some(key),
            _ => None,
        }
    }

    /// Whether the person sees an answer given in the body to an event of this name.
    pub fn answerable(name: &str) -> bool {
        const ANSWERED: [&str; 10] = [
            "subscribe",
            "scan",
            "location",
            "click",
            "scancode_push",
            "scancode_waitmsg",
            "pic_sysphoto",
            "pic_photo_or_album",
            "pic_weixin",
            "location_select",
        ];
        ANSWERED.iter().any(|answered| name.eq_ignore_ascii_case(answered))
    }

    pub(super) fn read(fields: &Fields) -> Self {
        Self::known(fields).unwrap_or(Self::Unknown)
    }

    fn known(fields: &Fields) -> Option<Self> {
        let string = |name| read::string(fields, name);
        let key = || read::string(fields, "EventKey");
        let menu_id = || read::some(fields, "MenuId");
        let ticket = || read::some(fields, "Ticket");
        let expires = || read::time(fields, "ExpiredTime");
        let failed = || read::time(fields, "FailTime");
        let mut lowered = [0; 48];
        let name = read::lower(fields.text("Event")?, &mut lowered);
        Some(match name {
            "subscribe" => Self::Subscribe { scene: Scene::from_event_key(&key(), true), ticket: ticket() },
            "unsubscribe" => Self::Unsubscribe,
            "scan" => Self::Scan { scene: Scene::from_event_key(&key(), false)?, ticket: ticket() },
            "location" => Self::Location {
                latitude: read::decimal(fields, "Latitude")?,
                longitude: read::decimal(fields, "Longitude")?,
                precision: read::decimal(fields, "Precision").unwrap_or_default(),
            },
            "click" => Self::Click { key: key() },
            "view" => Self::View { url: key(), menu_id: menu_id() },
            "view_miniprogram" => Self::ViewMiniprogram { path: key(), menu_id: menu_id() },
            "scancode_push" => {
                let (scan_type, result) = scanned(fields);
                Self::ScancodePush { key: key(), scan_type, result }
            }
            "scancode_waitmsg" => {
                let (scan_type, result) = scanned(fields);
                Self::ScancodeWaitmsg { key: key(), scan_type, result }
            }
            "pic_sysphoto" => {
                let (count, md5) = pictures(fields);
                Self::PicSysphoto { key: key(), count, md5 }
            }
            "pic_photo_or_album" => {
                let (count, md5) = pictures(fields);
                Self::PicPhotoOrAlbum { key: key(), count, md5 }
            }
            "pic_weixin" => {
                let (count, md5) = pictures(fields);
                Self::PicWeixin { key: key(), count, md5 }
            }
            "location_select" => {
                let place = fields.get("SendLocationInfo")?.fields()?;
                Self::LocationSelect {
                    key: key(),
                    latitude: read::decimal(place, "Location_X")?,
                    longitude: read::decimal(place, "Location_Y")?,
                    scale: read::whole(place, "Scale").unwrap_or_default(),
                    label: read::string(place, "Label"),
                    poiname: read::string(place, "Poiname"),
                }
            }
            "templatesendjobfinish" => Self::TemplateSendJobFinish {
                msg_id: read::id(fields, "MsgID"),
                outcome: TemplateOutcome::read(&string("Status")),
            },
            "masssendjobfinish" => Self::MassSendJobFinish(Box::new(MassSendJob::read(fields))),
            "publishjobfinish" => Self::PublishJobFinish(Box::new(PublishJob::read(fields)?)),
            "subscribe_msg_popup_event" => {
                Self::SubscribeMsgPopup(SubscribeChoice::list(fields, "SubscribeMsgPopupEvent"))
            }
            "subscribe_msg_change_event" => {
                Self::SubscribeMsgChange(SubscribeChoice::list(fields, "SubscribeMsgChangeEvent"))
            }
            "subscribe_msg_sent_event" => Self::SubscribeMsgSent(SubscribeSent::list(fields)),
            "kf_create_session" => Self::KfCreateSession { kf_account: string("KfAccount") },
            "kf_close_session" => Self::KfCloseSession {
                kf_account: string("KfAccount"),
                close_type: read::some(fields, "CloseType"),
            },
            "kf_switch_session" => {
                Self::KfSwitchSession { from: string("FromKfAccount"), to: string("ToKfAccount") }
            }
            "qualification_verify_success" => Self::QualificationVerifySuccess { expires: expires() },
            "qualification_verify_fail" => {
                Self::QualificationVerifyFail { failed: failed(), reason: string("FailReason") }
            }
            "naming_verify_success" => Self::NamingVerifySuccess { expires: expires() },
            "naming_verify_fail" => Self::NamingVerifyFail { failed: failed(), reason: string("FailReason") },
            "annual_renew" => Self::AnnualRenew { expires: expires() },
            "verify_expired" => Self::VerifyExpired { expires: expires() },
            "user_info_modified" => Self::UserInfoModified(UserRecord::read(fields)),
            "user_authorization_revoke" => Self::UserAuthorizationRevoke(UserRecord::read(fields)),
            "user_authorization_cancellation" => {
                Self::UserAuthorizationCancellation(UserRecord::read(fields))
            }
            card => Self::Card(Box::new(CardEvent::read(CardEventKind::named(card)?, fields))),
        })
    }
}

/// The kind of a scanned code and what it holds.
fn scanned(fields: &Fields) -> (String, String) {
    match fields.get("ScanCodeInfo").and_then(Node::fields) {
        Some(info) => (read::string(info, "ScanType"), read::string(info, "ScanResult")),
        None => Default::default(),
    }
}

/// How many pictures there are, and their digests. Some pushes repeat the list for each picture instead of the item,
/// and JSON may leave the item out.
fn pictures(fields: &Fields) -> (u32, Vec<String>) {
    let Some(info) = fields.get("SendPicsInfo").and_then(Node::fields) else { return Default::default() };
    let lists = info.all("PicList").filter_map(Node::fields);
    let digests: Vec<String> = lists
        .flat_map(|list| list.text("PicMd5Sum").into_iter().chain(list.all("item").filter_map(digest)))
        .map(str::to_owned)
        .collect();
    (read::whole(info, "Count").unwrap_or(digests.len() as u32), digests)
}

fn digest(item: &Node) -> Option<&str> {
    item.fields()?.text("PicMd5Sum")
}
