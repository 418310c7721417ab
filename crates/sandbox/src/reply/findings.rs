//! What the sandbox can find wrong, in words: code, where, Chinese, English, and the page to read.

use std::fmt::Write as _;

use serde::Serialize;

use super::advice::advice;
use crate::exchange::Try;
use crate::routes::Standing;
use crate::settings::UnknownMedia;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// The person saw a notice, or the call was refused.
    Error,
    /// It worked, but not as written.
    Warning,
}

/// One thing that is wrong with an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) code: String,
    pub(crate) severity: Severity,
    #[serde(rename = "where")]
    pub(crate) place: String,
    pub(crate) zh: String,
    pub(crate) en: String,
    pub(crate) doc: &'static str,
}

const REPLY_PAGE: &str =
    "https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Passive_user_reply_message.html";
const RECEIVE_PAGE: &str =
    "https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html";
const CRYPT_PAGE: &str = "https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Message_encryption_and_decryption_instructions.html";
const CODES_PAGE: &str =
    "https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html";

fn error(code: &str, place: impl Into<String>, zh: String, en: String, doc: &'static str) -> Finding {
    Finding { code: code.to_owned(), severity: Severity::Error, place: place.into(), zh, en, doc }
}

/// The last try was not answered in time; says by how much, as far as the answers that came later tell.
pub(crate) fn late(no: usize, limit_ms: u64, tries: &[&Try]) -> Finding {
    let cut_after = tries.last().map_or(limit_ms, |last| last.took_ms.max(limit_ms));
    let mut zh =
        format!("第 {no} 次推送等了 {cut_after} 毫秒仍没有回答，时限是 {limit_ms} 毫秒，连接已断开。");
    let mut en =
        format!("Try {no} had no answer after {cut_after} ms and was cut; the limit is {limit_ms} ms.");
    for (index, one) in tries.iter().enumerate() {
        if let Some(late_by) = one.late_by_ms {
            let (nth, took) = (index + 1, one.took_ms + late_by);
            let _ = write!(zh, "第 {nth} 次的回答在 {took} 毫秒后才来，晚了 {late_by} 毫秒。");
            let _ = write!(en, " Try {nth} was answered after {took} ms, {late_by} ms too late.");
        }
    }
    zh.push_str("请先回复 success，稍后再用客服消息发送结果。");
    en.push_str(" Answer success first and send the result later as a customer-service message.");
    error("late", format!("try {no}"), zh, en, RECEIVE_PAGE)
}

/// A fault kept the last try from leaving.
pub(crate) fn dropped(no: usize) -> Finding {
    error(
        "unreachable",
        format!("try {no}"),
        format!("第 {no} 次推送被沙箱的故障规则丢弃，没有发出；程序没有错。"),
        format!(
            "A fault of the sandbox dropped try {no}: it was never sent, and your program did nothing wrong."
        ),
        RECEIVE_PAGE,
    )
}

/// Nobody listens at the callback's address, or the connection broke.
pub(crate) fn unreachable(tries: usize, why: &str) -> Finding {
    error(
        "unreachable",
        format!("try {tries}"),
        format!("第 {tries} 次推送无法送达：{why}。请检查回调地址和端口，以及程序是否在运行。"),
        format!(
            "Try {tries} did not get through: {why}. Check the callback's address and port, and that the program runs."
        ),
        RECEIVE_PAGE,
    )
}

/// The status was not 200.
pub(crate) fn http_status(tries: usize, status: u16) -> Finding {
    error(
        "http_status",
        format!("try {tries}"),
        format!("第 {tries} 次推送得到 HTTP 状态 {status}，平台只接受 200。"),
        format!("Try {tries} was answered with HTTP status {status}; the platform accepts only 200."),
        RECEIVE_PAGE,
    )
}

/// The body is a page.
pub(crate) fn html_reply() -> Finding {
    error(
        "html_reply",
        "body",
        "回答是 HTML 页面，不是回复消息。通常是框架的错误页或登录页。".to_owned(),
        "The answer is an HTML page, not a reply: often a framework's error or login page.".to_owned(),
        REPLY_PAGE,
    )
}

/// The body is JSON where XML is expected.
pub(crate) fn json_reply() -> Finding {
    error(
        "json_reply",
        "body",
        "回答是 JSON，被动回复必须是 XML。客服消息的 JSON 不能用在这里。".to_owned(),
        "The answer is JSON; a passive reply must be XML. The JSON of customer-service messages does not work here."
            .to_owned(),
        REPLY_PAGE,
    )
}

/// The body cannot be read.
pub(crate) fn xml_error(place: String, what: &str) -> Finding {
    error(
        "xml_error",
        place.clone(),
        format!("回复无法解析（{place}）：{what}。不回复时请返回 success 或空内容。"),
        format!("The reply cannot be read ({place}): {what}. For no reply, answer success or nothing."),
        REPLY_PAGE,
    )
}

/// A character that XML forbids.
pub(crate) fn control_character(place: String, code: u32, byte: usize) -> Finding {
    error(
        "control_character",
        place,
        format!("回复的第 {byte} 字节是 XML 不允许的控制字符 U+{code:04X}，请先去掉它。"),
        format!(
            "Byte {byte} of the reply is the control character U+{code:04X}, which XML forbids. Remove it first."
        ),
        REPLY_PAGE,
    )
}

/// To and From are not the push's, exchanged.
pub(crate) fn swapped_users(field: &str, want: &str, got: &str) -> Finding {
    error(
        "swapped_users",
        field,
        format!("{field} 应为 {want}，实际是“{got}”。回复时要把推送里的 ToUserName 和 FromUserName 对调。"),
        format!(
            "{field} should be {want} but is \"{got}\". A reply exchanges the push's ToUserName and FromUserName."
        ),
        REPLY_PAGE,
    )
}

/// The MsgType is not one of the reply kinds.
pub(crate) fn unknown_msgtype(got: &str) -> Finding {
    error(
        "unknown_msgtype",
        "MsgType",
        format!(
            "MsgType“{got}”不是被动回复的类型（text image voice video music news transfer_customer_service）。"
        ),
        format!(
            "MsgType \"{got}\" is no kind of passive reply (text image voice video music news transfer_customer_service)."
        ),
        REPLY_PAGE,
    )
}

/// A field that must say something is missing or empty.
pub(crate) fn empty_content(field: &str) -> Finding {
    error(
        "empty_content",
        field,
        format!("{field} 缺失或为空。没有内容可回复时请返回 success。"),
        format!("{field} is missing or empty. When there is nothing to say, answer success."),
        REPLY_PAGE,
    )
}

/// The text is too long.
pub(crate) fn content_too_long(bytes: usize, limit: usize) -> Finding {
    error(
        "content_too_long",
        "Content",
        format!("Content 有 {bytes} 字节，最多 {limit} 字节（UTF-8，一个汉字 3 字节）。请分成几条发送。"),
        format!(
            "Content has {bytes} bytes; at most {limit} are allowed (UTF-8: three per Chinese character). Split it."
        ),
        REPLY_PAGE,
    )
}

/// More articles than are shown; the rest is dropped.
pub(crate) fn too_many_articles(count: usize, limit: usize) -> Finding {
    let first =
        if limit == 1 { "only the first is".to_owned() } else { format!("only the first {limit} are") };
    Finding {
        severity: Severity::Warning,
        ..error(
            "too_many_articles",
            "Articles",
            format!("图文有 {count} 条，这里只显示前 {limit} 条，其余被丢弃。"),
            format!("There are {count} articles; {first} shown here, the rest is dropped."),
            REPLY_PAGE,
        )
    }
}

/// A media id that is not the account's, or has lapsed.
pub(crate) fn unknown_media(field: &str, id: &str, ends: UnknownMedia) -> Finding {
    let (severity, zh, en) = match ends {
        UnknownMedia::Notice => (Severity::Error, "用户会看到系统提示", "the person sees the notice"),
        UnknownMedia::Silent => (Severity::Warning, "用户什么也看不到", "the person sees nothing"),
        UnknownMedia::Shown => (Severity::Warning, "用户看到的是空白消息", "the person sees an empty bubble"),
    };
    Finding {
        severity,
        ..error(
            "unknown_media",
            field,
            format!("{field}“{id}”不是本账号的同类素材，或已过期（临时素材只保留三天）：{zh}。请重新上传。"),
            format!(
                "{field} \"{id}\" is no such file of this account, or has lapsed (temporary media last three days): {en}. Upload it again."
            ),
            REPLY_PAGE,
        )
    }
}

/// A `]]>` inside a text that was not split over two CDATA sections.
pub(crate) fn cdata_not_split(place: (usize, usize)) -> Finding {
    let (line, column) = place;
    Finding {
        severity: Severity::Warning,
        ..error(
            "cdata_not_split",
            format!("line {line}, column {column}"),
            "文本里有“]]>”，它提前结束了 CDATA，后面的内容显示出来会走样。请写成“]]]]><![CDATA[>”，或不用 CDATA 而转义。".to_owned(),
            "A \"]]>\" in the text has ended the CDATA section early, and what follows looks odd. Write it as \"]]]]><![CDATA[>\", or escape the text instead of using CDATA.".to_owned(),
            REPLY_PAGE,
        )
    }
}

/// An encrypted reply in plain mode.
pub(crate) fn encrypted_in_plain() -> Finding {
    error(
        "encrypted_in_plain",
        "Encrypt",
        "账号是明文模式，回复却是加密的（只有 Encrypt）。请在程序里关掉加密，或在后台改成安全模式。".to_owned(),
        "The account is in plain mode, but the reply is encrypted (Encrypt and no message). Turn encryption off in your program, or set the account to secure mode."
            .to_owned(),
        CRYPT_PAGE,
    )
}

/// A plain reply in secure mode.
pub(crate) fn not_encrypted() -> Finding {
    error(
        "not_encrypted",
        "Encrypt",
        "安全模式下回复必须加密（Encrypt、MsgSignature、TimeStamp、Nonce）。".to_owned(),
        "In secure mode a reply must be encrypted (Encrypt, MsgSignature, TimeStamp, Nonce).".to_owned(),
        CRYPT_PAGE,
    )
}

/// The envelope's signature is wrong.
pub(crate) fn bad_msg_signature() -> Finding {
    error(
        "bad_msg_signature",
        "MsgSignature",
        "MsgSignature 不对：它是 Token、TimeStamp、Nonce、Encrypt 排序拼接后的 SHA-1。".to_owned(),
        "MsgSignature is wrong: it is the SHA-1 of Token, TimeStamp, Nonce and Encrypt, sorted and joined."
            .to_owned(),
        CRYPT_PAGE,
    )
}

/// The AppID at the end of the plaintext is another account's.
pub(crate) fn wrong_app_id(found: &str, want: &str) -> Finding {
    error(
        "wrong_app_id",
        "Encrypt",
        format!("密文末尾的 AppID 是“{found}”，应为 {want}。"),
        format!("The AppID at the end of the plaintext is \"{found}\", it should be {want}."),
        CRYPT_PAGE,
    )
}

/// The envelope cannot be opened.
pub(crate) fn bad_padding(why: &str) -> Finding {
    error(
        "bad_padding",
        "Encrypt",
        format!("密文无法解开：{why}。请检查 EncodingAESKey，以及按 32 字节补位。"),
        format!(
            "The envelope cannot be opened: {why}. Check the EncodingAESKey, and that padding is to 32 bytes."
        ),
        CRYPT_PAGE,
    )
}

/// A call was refused: what the code means, and what to change.
pub(crate) fn errcode(code: i64, path: &str, zh: &str, en: &str) -> Finding {
    let (change_zh, change_en) = advice(code);
    error(
        &format!("errcode:{code}"),
        path,
        format!("{path} 返回 {code}：{zh}。{change_zh}"),
        format!("{path} answered {code}: {en}. {change_en}"),
        CODES_PAGE,
    )
}

/// A fault spoilt the answer to a call.
pub(crate) fn spoilt(code: &str, zh: &str, en: &str) -> Finding {
    error(
        code,
        "answer",
        format!("这是沙箱的故障规则：{zh}。请求已被执行，调用方只看到失败。"),
        format!("A fault of the sandbox: {en}. The call was carried out; the caller saw only the failure."),
        CODES_PAGE,
    )
}

/// An endpoint that the platform has and the sandbox has not.
pub(crate) fn not_in_sandbox(standing: Standing, path: &str) -> Finding {
    let (zh, en) = match standing {
        Standing::Live => {
            ("平台有此接口，沙箱没有实现它", "The platform has this endpoint and the sandbox has not")
        }
        Standing::Restricted => (
            "平台的此接口需要另外申请权限，沙箱没有实现它",
            "On the platform this endpoint needs a permission of its own; the sandbox does not have it",
        ),
        Standing::Retired => (
            "平台已停用或不再维护此接口，沙箱没有实现它",
            "The platform has retired this endpoint; the sandbox does not have it",
        ),
    };
    Finding {
        severity: Severity::Warning,
        ..error(
            "not_in_sandbox",
            path,
            format!("{zh}：{path}。这里的回答只说明沙箱不认识它，与程序对错无关；需要别的结果时用故障规则。"),
            format!(
                "{en}: {path}. The answer here says only that; it tells nothing about your program. Use a fault for another answer."
            ),
            CODES_PAGE,
        )
    }
}

/// A path nobody knows.
pub(crate) fn unknown_path(code: i64, method: &str, path: &str) -> Finding {
    error(
        &format!("errcode:{code}"),
        path,
        format!("沙箱不认识接口 {method} {path}。请检查路径；如果平台确有此接口，沙箱还没有实现它。"),
        format!(
            "The sandbox does not know {method} {path}. Check the path; if the platform has it, the sandbox does not have it yet."
        ),
        CODES_PAGE,
    )
}
