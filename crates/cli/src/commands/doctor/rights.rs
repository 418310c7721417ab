//! What the account may do: the platform's answers held against what the configuration says of its kind.

use hongyan::{Call, Client, Error};
use hongyan_gateway::AccountConfig;
use hongyan_gateway::capability::{Kind, Right};
use serde_json::Value;

use super::report::Report;
use crate::failure::Failure;

/// Calls that change nothing, one for each right that can be asked about in this way.
const PROBES: [(Right, &str, &str, &str); 4] = [
    (Right::Users, "/cgi-bin/user/get", "users", "用户管理"),
    (Right::Media, "/cgi-bin/material/get_materialcount", "media", "素材管理"),
    (Right::Templates, "/cgi-bin/template/get_all_private_template", "template messages", "模板消息"),
    (Right::Agents, "/cgi-bin/customservice/getkflist", "customer service", "客服管理"),
];

/// How the platform answered a probe.
enum Found {
    Allowed,
    Refused,
    /// It says nothing about the right.
    Unclear,
}

pub(super) async fn check(
    client: &Client,
    account: Option<&AccountConfig>,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut allowed = (Vec::new(), Vec::new());
    let mut refused = (Vec::new(), Vec::new());
    let mut more = (Vec::new(), Vec::new());
    for (right, path, english, chinese) in PROBES {
        let expected = account.map(|account| account.may(right));
        let list = match (ask(client, path).await, expected) {
            (Found::Allowed, Some(false)) => &mut more,
            (Found::Allowed, _) => &mut allowed,
            (Found::Refused, Some(true) | None) => &mut refused,
            (Found::Refused, Some(false)) | (Found::Unclear, _) => continue,
        };
        list.0.push(english);
        list.1.push(chinese);
    }
    let place = (
        "the rights that an account has stand in 微信开发者平台 → 公众号 → 接口权限 (a test account's on its own page); put `kind` and `verified` in the account's section right, or have the account verified (微信认证)",
        "账号拥有的权限见“微信开发者平台 → 公众号 → 接口权限”（测试号见测试号页面）；请改正账号配置中的 `kind` 和 `verified`，或完成微信认证",
    );
    if !refused.0.is_empty() {
        let said = account.map(described);
        let (english, chinese) = said.map_or((String::new(), String::new()), |(english, chinese)| {
            (format!(", though the configuration says {english}"), format!("，而配置写的是{chinese}"))
        });
        return report.fail(
            "permissions",
            &format!("the platform refuses {} (48001){english}", refused.0.join(", ")),
            &format!("平台拒绝：{}（48001）{chinese}", refused.1.join("、")),
            place,
        );
    }
    if !more.0.is_empty() {
        return report.warn(
            "permissions",
            &format!("the account may more than the configuration says: {}", more.0.join(", ")),
            &format!("账号的权限比配置中写的多：{}", more.1.join("、")),
            place,
        );
    }
    if allowed.0.is_empty() {
        return report.ok(
            "permissions",
            "none of the ones asked about, as this kind of account",
            "没有所询问的权限，与这类账号相符",
        );
    }
    report.ok(
        "permissions",
        &format!("as this kind of account: {}", allowed.0.join(", ")),
        &format!("与这类账号相符：{}", allowed.1.join("、")),
    )
}

async fn ask(client: &Client, path: &'static str) -> Found {
    match client.send::<Value>(Call::get(path).safe()).await {
        Ok(_) => Found::Allowed,
        Err(Error::Refused(refusal)) if refusal.code.0 == 48001 => Found::Refused,
        Err(_) => Found::Unclear,
    }
}

fn described(account: &AccountConfig) -> (&'static str, &'static str) {
    match (account.kind, account.verified) {
        (Kind::Service, true) => ("a verified service account", "已认证的服务号"),
        (Kind::Service, false) => ("a service account that is not verified", "未认证的服务号"),
        (Kind::Subscription, true) => ("a verified subscription account", "已认证的订阅号"),
        (Kind::Subscription, false) => ("a subscription account that is not verified", "未认证的订阅号"),
        (Kind::Test, _) => ("a test account", "测试号"),
    }
}
