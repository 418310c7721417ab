//! Every name that may stand in a scenario file, place by place.
//!
//! The reader, its messages and the published schema agree on these lists.

pub(crate) const TOP: &[&str] = &["name", "seed", "clock", "accounts", "users", "steps"];
pub(crate) const ACCOUNT: &[&str] = &[
    "id",
    "app_id",
    "secret",
    "token",
    "aes_key",
    "mode",
    "format",
    "kind",
    "verified",
    "name",
    "callback",
    "url",
    "original_id",
    "open_platform",
];
pub(crate) const USER: &[&str] = &["id", "nickname", "following", "platform"];
/// Steps that are nobody's.
pub(crate) const STEP: &[&str] = &["expect", "clock", "fault", "token", "qrcode", "call", "account"];
/// What a person does.
pub(crate) const VERB: &[&str] = &[
    "follow",
    "unfollow",
    "say",
    "tap",
    "scan",
    "send",
    "locate",
    "report_location",
    "subscription",
    "pay",
    "mute",
    "unmute",
    "menu_click",
];
pub(crate) const TAP: &[&str] = &["button", "key", "scan", "pictures", "location"];
pub(crate) const LOCATE: &[&str] = &["latitude", "longitude", "label", "scale", "poiname"];
pub(crate) const REPORT: &[&str] = &["latitude", "longitude", "precision"];
pub(crate) const SUBSCRIPTION: &[&str] = &["template_id", "template_ids", "accept", "where"];
pub(crate) const SCAN: &[&str] = &["ticket", "url", "poster"];
pub(crate) const QRCODE: &[&str] = &["poster", "scene", "expires", "permanent"];
pub(crate) const CALL: &[&str] = &["api", "body"];
pub(crate) const FAULT_ON: &[&str] = &["push", "api", "user", "nth", "times", "probability", "seed"];
pub(crate) const FAULT_DO: &[&str] = &[
    "errcode",
    "delay_ms",
    "status",
    "hang",
    "reset",
    "truncate",
    "html",
    "drip_ms",
    "drop",
    "duplicate",
    "after_ms",
    "reorder",
    "bad_signature",
    "wrong_token",
    "wrong_app_id",
    "bad_padding",
    "stale_s",
    "replay_nonce",
];
/// What an expectation is about.
pub(crate) const EXPECT: &[&str] = &["phone", "push", "api", "notice", "no_notice"];
pub(crate) const PHONE: &[&str] =
    &["phone", "text", "type", "title", "passive", "differs", "same", "save", "count", "is", "within"];
pub(crate) const COUNT: &[&str] = &["text", "type", "title", "passive"];
pub(crate) const PUSH: &[&str] =
    &["push", "user", "event_key", "outcome", "finding", "tries", "reply_ms", "within"];
pub(crate) const API: &[&str] = &["api", "user", "errcode", "within"];
pub(crate) const NOTICE: &[&str] = &["notice", "text", "within"];
pub(crate) const NO_NOTICE: &[&str] = &["no_notice", "within"];
