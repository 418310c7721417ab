//! What the platform reports about work it has done, and about people's data.

use super::fields::{Fields, Node};
use super::read;
use crate::{Lang, MsgId, OpenId};

/// What became of a template message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateOutcome {
    /// It arrived.
    Delivered,
    /// The person blocks the account's messages.
    Blocked,
    /// The platform failed.
    SystemFailed,
    /// Anything else, as the platform says it.
    Other(String),
}

impl TemplateOutcome {
    pub(super) fn read(status: &str) -> Self {
        // The platform writes its failures with and without a space after the colon.
        let reason = status.strip_prefix("failed:").map(str::trim);
        match (status, reason) {
            ("success", _) => Self::Delivered,
            (_, Some("user block")) => Self::Blocked,
            (_, Some("system failed")) => Self::SystemFailed,
            _ => Self::Other(status.to_owned()),
        }
    }
}

/// What became of a mass message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MassSendJob {
    /// The message.
    pub msg_id: MsgId,
    /// How it ended.
    pub outcome: MassOutcome,
    /// How many people were asked for.
    pub total: u64,
    /// How many were left after filtering; sent and failed together.
    pub filtered: u64,
    /// How many got it.
    pub sent: u64,
    /// How many did not.
    pub failed: u64,
    /// The check for originality, an entry per article.
    pub checks: Vec<ArticleCheck>,
    /// The check's overall result: 1 no reprint, 2 a reprint that may be sent, 3 one that may not.
    pub check_state: Option<u32>,
    /// Where each article can be read.
    pub articles: Vec<ArticleLink>,
}

/// How a mass message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MassOutcome {
    /// It was sent.
    Sent,
    /// It was not.
    Failed,
    /// It was refused, for the reason with this number.
    Refused(u32),
    /// Anything else, as the platform says it.
    Other(String),
}

impl MassOutcome {
    fn read(status: &str) -> Self {
        let number = || status.strip_prefix("err(")?.strip_suffix(')')?.parse().ok();
        match status {
            "send success" => Self::Sent,
            "send fail" => Self::Failed,
            _ => number().map_or_else(|| Self::Other(status.to_owned()), Self::Refused),
        }
    }

    /// Why it was refused, where the number is known.
    pub fn reason(&self, lang: Lang) -> Option<&'static str> {
        let Self::Refused(number) = self else { return None };
        let (en, zh) = match number {
            10001 => ("advertising", "涉嫌广告"),
            20001 => ("politics", "涉嫌政治"),
            20002 => ("pornography", "涉嫌色情"),
            20004 => ("harm to society", "涉嫌社会"),
            20006 => ("crime", "涉嫌违法犯罪"),
            20008 => ("fraud", "涉嫌欺诈"),
            20013 => ("copyright", "涉嫌版权"),
            21000 => ("another reason", "涉嫌其他"),
            22000 => ("mutual promotion", "涉嫌互推"),
            30001 => ("the check for originality failed", "原创校验出现系统错误"),
            30002 => ("the check for originality does not let it be sent", "原创校验被判定为不能群发"),
            30003 => ("the check for originality calls it a reprint", "原创校验被判定为转载文"),
            40001 => ("an administrator refused it", "管理员拒绝"),
            40002 => ("no administrator answered within 30 minutes", "管理员 30 分钟内无响应"),
            _ => return None,
        };
        Some(lang.pick(en, zh))
    }
}

/// One article's check for originality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleCheck {
    /// Which article, from 1.
    pub index: u32,
    /// What the author declared.
    pub declared: u32,
    /// What the check found.
    pub audited: u32,
    /// The article it resembles.
    pub original_url: String,
    /// That article's kind.
    pub original_kind: u32,
    /// Whether it may be reprinted.
    pub can_reprint: bool,
    /// Whether its text must be replaced by the original's.
    pub need_replace: bool,
    /// Whether the source must be shown.
    pub need_source: bool,
}

/// Where an article can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleLink {
    /// Which article, from 1.
    pub index: u32,
    /// Its address.
    pub url: String,
}

impl MassSendJob {
    pub(super) fn read(fields: &Fields) -> Self {
        let count = |name| read::whole(fields, name).unwrap_or_default();
        let check = fields.get("CopyrightCheckResult").and_then(Node::fields);
        Self {
            msg_id: read::id(fields, "MsgID"),
            outcome: MassOutcome::read(fields.text("Status").unwrap_or_default()),
            total: count("TotalCount"),
            filtered: count("FilterCount"),
            sent: count("SentCount"),
            failed: count("ErrorCount"),
            checks: check
                .map(|check| items(check, "ResultList").map(ArticleCheck::read).collect())
                .unwrap_or_default(),
            check_state: check.and_then(|check| read::whole(check, "CheckState")),
            articles: fields
                .get("ArticleUrlResult")
                .and_then(Node::fields)
                .map(|result| {
                    items(result, "ResultList")
                        .map(|item| ArticleLink::read(item, "ArticleIdx", "ArticleUrl"))
                        .collect()
                })
                .unwrap_or_default(),
        }
    }
}

/// The entries of `list`: `item` in it, once or many times, or in JSON the list itself.
fn items<'a>(fields: &'a Fields, list: &'a str) -> impl Iterator<Item = &'a Fields> {
    fields.all(list).filter_map(Node::fields).flat_map(|entry| {
        let direct = entry.get("item").is_none().then_some(entry);
        direct.into_iter().chain(entry.all("item").filter_map(Node::fields))
    })
}

impl ArticleCheck {
    fn read(item: &Fields) -> Self {
        let number = |name| read::whole(item, name).unwrap_or_default();
        Self {
            index: number("ArticleIdx"),
            declared: number("UserDeclareState"),
            audited: number("AuditState"),
            original_url: read::string(item, "OriginalArticleUrl"),
            original_kind: number("OriginalArticleType"),
            can_reprint: read::flag(item, "CanReprint"),
            need_replace: read::flag(item, "NeedReplaceContent"),
            need_source: read::flag(item, "NeedShowReprintSource"),
        }
    }
}

impl ArticleLink {
    fn read(item: &Fields, index: &str, url: &str) -> Self {
        Self { index: read::whole(item, index).unwrap_or_default(), url: read::string(item, url) }
    }
}

/// What became of an article's publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishJob {
    /// The task.
    pub publish_id: String,
    /// How it ended.
    pub outcome: PublishOutcome,
    /// The published article.
    pub article_id: Option<String>,
    /// Where its parts can be read.
    pub articles: Vec<ArticleLink>,
    /// The parts that failed, from 1.
    pub failed: Vec<u32>,
}

/// How publishing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishOutcome {
    /// It is published.
    Published,
    /// It still runs.
    Running,
    /// The check for originality failed.
    NotOriginal,
    /// It failed.
    Failed,
    /// The platform's review refused it.
    Refused,
    /// It was published, and the owner has deleted all of it.
    Deleted,
    /// It was published, and the platform has banned all of it.
    Banned,
    /// A number that is not known.
    Other(i64),
}

impl PublishJob {
    pub(super) fn read(fields: &Fields) -> Option<Self> {
        let info = fields.get("PublishEventInfo")?.fields()?;
        let detail = info.get("article_detail").and_then(Node::fields);
        let outcome = match read::whole(info, "publish_status")? {
            0 => PublishOutcome::Published,
            1 => PublishOutcome::Running,
            2 => PublishOutcome::NotOriginal,
            3 => PublishOutcome::Failed,
            4 => PublishOutcome::Refused,
            5 => PublishOutcome::Deleted,
            6 => PublishOutcome::Banned,
            other => PublishOutcome::Other(other),
        };
        Some(Self {
            publish_id: read::string(info, "publish_id"),
            outcome,
            article_id: read::some(info, "article_id"),
            articles: detail
                .into_iter()
                .flat_map(|detail| detail.all("item").filter_map(Node::fields))
                .map(|item| ArticleLink::read(item, "idx", "article_url"))
                .collect(),
            failed: info.all("fail_idx").filter_map(|node| node.text()?.trim().parse().ok()).collect(),
        })
    }
}

/// A person's answer about one kind of notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribeChoice {
    /// The notice's template.
    pub template_id: String,
    /// Whether they want it (`accept`) or not (`reject`).
    pub accepted: bool,
    /// Where they were asked: 1 on a web page, 2 in an article.
    pub popup_scene: Option<u32>,
}

/// What became of one notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribeSent {
    /// The notice's template.
    pub template_id: String,
    /// The message.
    pub msg_id: MsgId,
    /// Zero when it arrived.
    pub error_code: i64,
    /// The same in words.
    pub error_status: String,
}

/// The entries below `container`, or beside it, as JSON pushes have them; one alone comes without a list.
fn list<'a>(fields: &'a Fields, container: &str) -> impl Iterator<Item = &'a Fields> {
    let within = fields.get(container).and_then(Node::fields).unwrap_or(fields);
    within.all("List").filter_map(Node::fields)
}

impl SubscribeChoice {
    pub(super) fn list(fields: &Fields, container: &str) -> Vec<Self> {
        list(fields, container)
            .map(|entry| Self {
                template_id: read::string(entry, "TemplateId"),
                accepted: entry.text("SubscribeStatusString") == Some("accept"),
                popup_scene: read::whole(entry, "PopupScene"),
            })
            .collect()
    }
}

impl SubscribeSent {
    pub(super) fn list(fields: &Fields) -> Vec<Self> {
        list(fields, "SubscribeMsgSentEvent")
            .map(|entry| Self {
                template_id: read::string(entry, "TemplateId"),
                msg_id: read::id(entry, "MsgID"),
                error_code: read::whole(entry, "ErrorCode").unwrap_or_default(),
                error_status: read::string(entry, "ErrorStatus"),
            })
            .collect()
    }
}

/// Whose data changed. The push itself comes from the platform's own sender, not from that person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The person.
    pub openid: OpenId,
    /// The person across accounts.
    pub union_id: Option<String>,
    /// The account's AppID.
    pub app_id: String,
    /// What was withdrawn: 201 address, 202 invoice, 203 card, 204 microphone, 205 nickname and picture,
    /// 206 location, 207 chosen pictures or videos.
    pub revoked: Option<String>,
}

impl UserRecord {
    pub(super) fn read(fields: &Fields) -> Self {
        Self {
            openid: read::id(fields, "OpenID"),
            union_id: read::some(fields, "UnionID"),
            app_id: read::string(fields, "AppID"),
            revoked: read::some(fields, "RevokeInfo"),
        }
    }
}
