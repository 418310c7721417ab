//! The platform's numbers, and its behaviours that no source confirms, in one place.
//!
//! What is here can be changed without touching code, so that a guess which turns out wrong costs one line.

/// How the allowances of several actions add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowances {
    /// Each action keeps its own allowance.
    PerAction,
    /// A new action of the same kind replaces the allowance of the last one.
    PerKind,
}

/// One line of the table of reply windows: how many messages, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Messages allowed; `None` is without limit.
    pub messages: Option<u32>,
    /// How long, in seconds.
    pub seconds: i64,
}

/// The numbers and guesses of the emulation.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The notice a person sees when the account's answer failed.
    pub notice: String,
    /// The notice after scanning an expired code.
    pub expired_notice: String,
    /// The window a message of the user opens.
    pub window_message: Window,
    /// The window a tap on the menu opens.
    pub window_menu: Window,
    /// The window a follow opens.
    pub window_follow: Window,
    /// The window a scan opens.
    pub window_scan: Window,
    /// The window a payment opens.
    pub window_pay: Window,
    /// How windows add up.
    pub allowances: Allowances,
    /// How long a token lives, in seconds.
    pub token_seconds: i64,
    /// How long an old token works beside its successor, in seconds.
    pub token_overlap_seconds: i64,
    /// Forced refreshes a day on the stable endpoint.
    pub forced_per_day: u32,
    /// Forced refreshes closer together than this give the same token, in seconds.
    pub forced_spacing_seconds: i64,
    /// The code for a wrong AppSecret: 40125 or 40001.
    pub wrong_secret_code: i64,
    /// The code for a token that was never issued: 40001 or 40014.
    pub unknown_token_code: i64,
    /// Bytes in the name of a top button.
    pub menu_top_name_bytes: usize,
    /// Bytes in the name of a button below it.
    pub menu_sub_name_bytes: usize,
    /// Mini programs linked to the account; `None` takes any.
    pub linked_mini_programs: Option<Vec<String>>,
    /// Bytes of text in a passive reply or a customer-service message.
    pub text_bytes: usize,
    /// Articles in answer to a message.
    pub articles_to_message: usize,
    /// Articles in answer to an event.
    pub articles_to_event: usize,
    /// Events whose reply is not shown.
    pub events_without_reply: Vec<String>,
    /// Events that show no notice when their push fails.
    pub events_without_notice: Vec<String>,
    /// Whether an empty `EventKey` stands in plain subscribe and unsubscribe pushes.
    pub empty_event_key: bool,
    /// Whether a location message follows a `location_select` event.
    pub location_follows_select: bool,
    /// Whether video and music customer-service messages must name a thumbnail.
    pub thumb_required: bool,
    /// Items in a msgmenu.
    pub msgmenu_items: usize,
    /// Bytes in an item of a msgmenu.
    pub msgmenu_item_bytes: usize,
    /// The life of a temporary QR code that names none, in seconds.
    pub qrcode_default_seconds: i64,
    /// The longest life of a temporary QR code, in seconds.
    pub qrcode_max_seconds: i64,
    /// Permanent QR codes per account.
    pub qrcode_permanent_max: usize,
    /// How long temporary media lives, in seconds.
    pub media_seconds: i64,
    /// Seconds after an exchange within which the typing state may be shown.
    pub typing_after_seconds: i64,
    /// Seconds the typing state lasts.
    pub typing_seconds: i64,
    /// How often all counters may be cleared in a month.
    pub clear_quota_per_month: u32,
    /// The Content-Type of XML pushes.
    pub push_content_type: String,
    /// The User-Agent of pushes.
    pub push_user_agent: String,
    /// How long the first action waits for the callback's handshake, in milliseconds.
    pub handshake_wait_ms: u64,
}

const HOURS_48: i64 = 48 * 3600;

impl Default for Settings {
    fn default() -> Self {
        let short = Window { messages: Some(3), seconds: 60 };
        Settings {
            notice: "该公众号提供的服务出现故障，请稍后再试".to_owned(),
            expired_notice: "二维码已过期".to_owned(),
            window_message: Window { messages: Some(5), seconds: HOURS_48 },
            window_menu: short,
            window_follow: short,
            window_scan: short,
            window_pay: Window { messages: None, seconds: HOURS_48 },
            allowances: Allowances::PerAction,
            token_seconds: 7200,
            token_overlap_seconds: 300,
            forced_per_day: 20,
            forced_spacing_seconds: 30,
            wrong_secret_code: 40125,
            unknown_token_code: 40001,
            menu_top_name_bytes: 16,
            menu_sub_name_bytes: 60,
            linked_mini_programs: None,
            text_bytes: 2048,
            articles_to_message: 1,
            articles_to_event: 8,
            events_without_reply: names(&["unsubscribe", "VIEW", "view_miniprogram"]),
            events_without_notice: names(&["unsubscribe"]),
            empty_event_key: true,
            location_follows_select: true,
            thumb_required: false,
            msgmenu_items: 10,
            msgmenu_item_bytes: 500,
            qrcode_default_seconds: 60,
            qrcode_max_seconds: 2_592_000,
            qrcode_permanent_max: 100_000,
            media_seconds: 3 * 24 * 3600,
            typing_after_seconds: 30,
            typing_seconds: 15,
            clear_quota_per_month: 10,
            push_content_type: "text/xml;charset=UTF-8".to_owned(),
            push_user_agent: "Mozilla/4.0".to_owned(),
            handshake_wait_ms: 5_000,
        }
    }
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}
