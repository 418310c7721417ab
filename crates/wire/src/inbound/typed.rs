//! A push as JSON, with the types its fields are known to have.

use serde_json::Value;

use super::fields::{Fields, Node, number};

/// Fields that hold numbers. Ids are left out: they are names, and too long for a program that reads JSON numbers
/// as floating point.
const NUMBERS: [&str; 34] = [
    "CreateTime",
    "Idx",
    "Location_X",
    "Location_Y",
    "Scale",
    "Latitude",
    "Longitude",
    "Precision",
    "Count",
    "TotalCount",
    "FilterCount",
    "SentCount",
    "ErrorCount",
    "ArticleIdx",
    "UserDeclareState",
    "AuditState",
    "OriginalArticleType",
    "CanReprint",
    "NeedReplaceContent",
    "NeedShowReprintSource",
    "CheckState",
    "publish_status",
    "count",
    "idx",
    "fail_idx",
    "ExpiredTime",
    "FailTime",
    "FileTotalLen",
    "PopupScene",
    "ErrorCode",
    "IsGiveByFriend",
    "IsRestoreMemberCard",
    "Fee",
    "OriginalFee",
];
/// Fields that are lists however many entries came.
const LISTS: [&str; 3] = ["item", "List", "fail_idx"];
/// Ids that are numbers in some pushes and texts in others.
const IDS: [&str; 7] = ["MsgId", "MsgID", "MsgDataId", "MenuId", "bizmsgmenuid", "publish_id", "article_id"];

pub(super) fn to_json(fields: &Fields) -> Value {
    fields.to_json_with(&|name, node| {
        if LISTS.contains(&name) {
            Value::Array(node.items().map(|node| value(name, node)).collect())
        } else {
            value(name, node)
        }
    })
}

fn value(name: &str, node: &Node) -> Value {
    match node {
        Node::Tree(fields) => to_json(fields),
        Node::List(nodes) => nodes.iter().map(|node| value(name, node)).collect(),
        Node::Text(text) if NUMBERS.contains(&name) => number(text),
        Node::Number(text) if IDS.contains(&name) => Value::String(text.clone()),
        node => node.to_json(),
    }
}
