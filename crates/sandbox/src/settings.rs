//! The platform's numbers, and its behaviours that no source confirms, in one place.
//!
//! What is here can be changed without touching code, so that a guess which turns out wrong costs one line.

pub(crate) mod profile;
mod web;

pub use web::WebSettings;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How the allowances of several actions add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowances {
    /// Each action keeps its own allowance.
    PerAction,
    /// A new action of the same kind replaces the allowance of the last one.
    PerKind,
}

/// How a passive reply ends that names a file nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownMedia {
    /// The person sees the notice.
    Notice,
    /// The person sees nothing.
    Silent,
    /// The person sees a bubble without content.
    Shown,
}

/// Which time the tries of a push go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushTime {
    /// The wall clock, whatever the sandbox's clock does.
    Real,
    /// The sandbox's clock: it may stand still, run faster, or be moved past the limit.
    Virtual,
}

/// One line of the table of reply windows: how many messages, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Messages allowed; `None` is without limit.
    pub messages: Option<u32>,
    /// How long, in seconds.
    pub seconds: i64,
}

/// The numbers and guesses of the emulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The dated table the reply windows were taken from: `current`, `legacy-2021`, or `custom`.
    pub profile: String,
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
    /// How a passive reply ends whose media id is not the account's, or has lapsed.
    pub unknown_media_in_reply: UnknownMedia,
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
    /// Agents an account may have.
    pub agents_max: usize,
    /// The code of an endpoint that the platform has and the sandbox has not.
    pub not_here_code: i64,
    /// Whether the five seconds of a push are real ones, or the sandbox's.
    pub push_time: PushTime,
    /// How often all counters may be cleared in a month.
    pub clear_quota_per_month: u32,
    /// The Content-Type of XML pushes.
    pub push_content_type: String,
    /// The User-Agent of pushes.
    pub push_user_agent: String,
    /// How long the first action waits for the callback's handshake, in milliseconds.
    pub handshake_wait_ms: u64,
    /// Web login and the JS-SDK.
    pub web: WebSettings,
    /// How old the menu on a phone may be, in seconds; 0 shows every change at once, 300 is what clients do.
    pub menu_cache_seconds: i64,
    /// Calls a minute by path.
    pub per_minute: BTreeMap<String, u32>,
    /// Whether what a person on the blacklist does still reaches the back end.
    pub blacklisted_heard: bool,
    /// Pushes that fail one after the other before pushing pauses; 0 never pauses.
    pub mark_fail_after: u32,
    /// How long pushing pauses then, in seconds.
    pub mark_fail_seconds: i64,
    /// Tags an account may have.
    pub tags_max: usize,
    /// Characters in the name of a tag.
    pub tag_name_chars: usize,
    /// Tags one follower may have.
    pub tags_per_user: usize,
    /// Followers in one tagging call.
    pub tagging_max: usize,
    /// Followers in one blacklisting call.
    pub blacklisting_max: usize,
    /// A tag with more followers than this cannot be deleted.
    pub tag_followers_to_delete: usize,
    /// Templates an account may have.
    pub templates_max: usize,
    /// How a template message ends: `success`, `failed:user block` or `failed: system failed`.
    pub template_outcome: String,
    /// How long a repeated `client_msg_id` is dropped, in seconds.
    pub template_repeat_seconds: i64,
    /// Exchanges that are kept; the oldest are dropped.
    pub max_exchanges: usize,
    /// Messages that are kept of each conversation; the oldest are dropped.
    pub max_chat_messages: usize,
    /// Bytes that are kept of each body in an exchange.
    pub max_recorded_bytes: usize,
    /// How long a push that is to be overtaken waits for the next of the same person, in milliseconds.
    pub reorder_wait_ms: u64,
}

impl Settings {
    /// These settings with some of them changed; a profile comes before single windows.
    ///
    /// # Errors
    /// When a name is not known or a value is not of its kind; the text says which.
    pub fn changed(&self, changes: &serde_json::Value) -> Result<Self, String> {
        let serde_json::Value::Object(changes) = changes else {
            return Err("the settings are not an object".to_owned());
        };
        let mut settings = self.clone();
        let profile = changes.get("profile").and_then(serde_json::Value::as_str);
        if let Some(name) = profile.filter(|name| *name != CUSTOM) {
            settings = settings.with_profile(name)?;
        }
        let mut whole = serde_json::to_value(&settings).map_err(|error| error.to_string())?;
        for (name, value) in changes {
            whole[name] = value.clone();
        }
        let mut changed: Settings = serde_json::from_value(whole).map_err(|error| error.to_string())?;
        if changed.windows() != settings.windows() {
            CUSTOM.clone_into(&mut changed.profile);
        }
        Ok(changed)
    }

    /// These settings with the reply windows of a profile.
    ///
    /// # Errors
    /// When there is no profile of this name; the text lists those there are.
    pub fn with_profile(mut self, name: &str) -> Result<Self, String> {
        let profile = profile::find(name)?;
        profile.name.clone_into(&mut self.profile);
        [self.window_message, self.window_menu, self.window_follow, self.window_scan, self.window_pay] =
            profile.windows;
        Ok(self)
    }

    fn windows(&self) -> [Window; 5] {
        [self.window_message, self.window_menu, self.window_follow, self.window_scan, self.window_pay]
    }
}

/// The profile's name when a window was changed by itself.
const CUSTOM: &str = "custom";

const HOURS_48: i64 = 48 * 3600;

impl Default for Settings {
    fn default() -> Self {
        let short = Window { messages: Some(3), seconds: 60 };
        Settings {
            profile: "current".to_owned(),
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
            events_without_reply: names(&[
                "unsubscribe",
                "VIEW",
                "view_miniprogram",
                "TEMPLATESENDJOBFINISH",
                "subscribe_msg_popup_event",
                "subscribe_msg_change_event",
                "subscribe_msg_sent_event",
            ]),
            events_without_notice: names(&[
                "unsubscribe",
                "LOCATION",
                "TEMPLATESENDJOBFINISH",
                "subscribe_msg_popup_event",
                "subscribe_msg_change_event",
                "subscribe_msg_sent_event",
            ]),
            empty_event_key: true,
            unknown_media_in_reply: UnknownMedia::Notice,
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
            agents_max: 100,
            not_here_code: 48001,
            push_time: PushTime::Real,
            clear_quota_per_month: 10,
            push_content_type: "text/xml;charset=UTF-8".to_owned(),
            push_user_agent: "Mozilla/4.0".to_owned(),
            handshake_wait_ms: 5_000,
            web: WebSettings::default(),
            menu_cache_seconds: 0,
            per_minute: BTreeMap::from([("/cgi-bin/stable_token".to_owned(), 10_000)]),
            blacklisted_heard: false,
            mark_fail_after: 0,
            mark_fail_seconds: 60,
            tags_max: 100,
            tag_name_chars: 30,
            tags_per_user: 20,
            tagging_max: 50,
            blacklisting_max: 20,
            tag_followers_to_delete: 100_000,
            templates_max: 25,
            template_outcome: "success".to_owned(),
            template_repeat_seconds: 600,
            max_exchanges: 100_000,
            max_chat_messages: 5_000,
            max_recorded_bytes: 65_536,
            reorder_wait_ms: 2_000,
        }
    }
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_profile_sets_the_windows_and_a_single_window_goes_its_own_way() {
        let old = Settings::default().changed(&json!({"profile": "legacy-2021"})).unwrap();
        assert_eq!((old.profile.as_str(), old.window_message.messages), ("legacy-2021", Some(20)));
        let own = old.changed(&json!({"window_scan": {"messages": 9, "seconds": 5}})).unwrap();
        assert_eq!((own.profile.as_str(), own.window_scan.messages), ("custom", Some(9)));
        assert_eq!(own.window_message.messages, Some(20));
        assert_eq!(own.changed(&json!({"profile": "current"})).unwrap(), Settings::default());
    }

    #[test]
    fn a_wrong_name_or_value_is_named() {
        let settings = Settings::default();
        assert!(settings.changed(&json!({"text_byte": 1})).unwrap_err().contains("text_byte"));
        assert!(settings.changed(&json!({"text_bytes": "many"})).unwrap_err().contains("many"));
        assert!(settings.changed(&json!({"profile": "2019"})).unwrap_err().contains("legacy-2021"));
        assert!(settings.changed(&json!(3)).is_err());
    }
}
