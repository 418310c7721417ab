//! What a person can do about an error.

use hongyan_wire::{Class, Lang};

use crate::api::endpoint;
use crate::error::{Error, Refusal, TOKEN_SOURCE};

/// What to do next, where something can be said.
pub(crate) fn of(error: &Error, lang: Lang) -> Option<String> {
    let text = match error {
        Error::Refused(refusal) => return by_code(refusal, lang).or_else(|| by_class(refusal, lang)),
        Error::NotSent { endpoint, .. } if endpoint == TOKEN_SOURCE => lang.pick(
            "See whether the token service runs, and whether address, pointer and headers are the ones it wants",
            "请检查令牌服务是否在运行，以及地址、pointer 和请求头是否正确",
        ),
        Error::NotSent { .. } => lang.pick(
            "Check the base address and the network; it is safe to try again",
            "请检查地址与网络，可以放心重试",
        ),
        Error::Unsure { .. } => {
            lang.pick("It may have taken effect: look before trying again", "它可能已经生效：请先确认再重试")
        }
        Error::Status { endpoint, status: 404, .. } if is(endpoint, "qrcode.picture") => lang.pick(
            "The ticket is unknown or expired: make the QR code again",
            "这个 ticket 不存在或已过期：请重新生成二维码",
        ),
        Error::Status { .. } | Error::Undecodable { .. } => {
            lang.pick("Check the base address and any proxy on the way", "请检查地址，以及途中的代理")
        }
        Error::Invalid { .. } | Error::Store(_) => return None,
    };
    Some(text.to_owned())
}

/// Whether an error's endpoint, a name or a path, is the one of the table with this name.
fn is(said: &str, name: &str) -> bool {
    endpoint(said).is_some_and(|endpoint| endpoint.name == name)
}

/// The numbers against which something else helps than against the rest of their class.
fn by_code(refusal: &Refusal, lang: Lang) -> Option<String> {
    let text = match refusal.code.0 {
        40001 | 40013 | 40125 if refusal.is_token_call() => lang.pick(
            "Compare the AppID and AppSecret with the account's: 微信开发者平台 → 公众号 → 基础信息 (a reset there ends the old AppSecret at once)",
            "请核对 AppID 与 AppSecret：微信开发者平台 → 公众号 → 基础信息（在那里重置后，旧的 AppSecret 立即失效）",
        ),
        40003 => lang.pick(
            "Take the OpenID from a push, or from `hongyan users`, of this very account: each account has its own OpenID for a person",
            "请使用本账号的推送或 `hongyan users` 给出的 OpenID：同一个人在每个公众号的 OpenID 都不同",
        ),
        40164 => {
            let place = "微信开发者平台 → IP 白名单";
            return Some(match (refusal.caller_address(), lang) {
                (Some(address), Lang::En) => {
                    format!("Add {address} to the account's IP whitelist ({place}); it takes a few minutes")
                }
                (Some(address), Lang::Zh) => {
                    format!("请把 {address} 加入公众号的 IP 白名单（{place}），几分钟后生效")
                }
                (None, Lang::En) => {
                    format!("Add this machine's public address to the account's IP whitelist ({place})")
                }
                (None, Lang::Zh) => format!("请把本机的公网地址加入公众号的 IP 白名单（{place}）"),
            });
        }
        43004 => lang.pick(
            "The person must follow the account first; then they can be written to",
            "对方要先关注该公众号，之后才能给他发消息",
        ),
        45009 => lang.pick(
            "Wait until midnight, Beijing time, or clear the day's counts, which is possible ten times a month: hongyan call /cgi-bin/clear_quota '{\"appid\":\"…\"}'",
            "请等到北京时间零点，或清零当天的计数（每月十次）：hongyan call /cgi-bin/clear_quota '{\"appid\":\"…\"}'",
        ),
        45015 | 45047 => lang.pick(
            "The person must write, tap, scan or follow again; at most 5 messages in the 48 h after a message, 3 in the minute after a tap, follow or scan",
            "要等对方再次发消息、点菜单、扫码或关注；对方发消息后 48 小时内最多 5 条，点菜单、关注或扫码后 1 分钟内最多 3 条",
        ),
        48001 => {
            let right = right(&refusal.endpoint, lang);
            return Some(lang.pick(
                format!("The account needs {right}: 微信开发者平台 → 接口权限 shows which rights it has; most come with verification (微信认证)"),
                format!("账号需要{right}：请在“微信开发者平台 → 接口权限”查看已有的权限，多数权限要通过微信认证"),
            ));
        }
        _ => return None,
    };
    Some(text.to_owned())
}

fn by_class(refusal: &Refusal, lang: Lang) -> Option<String> {
    let text = match refusal.class() {
        Class::Token if refusal.is_token_call() => {
            lang.pick("Compare the AppID and AppSecret with the account's", "请核对 AppID 与 AppSecret")
        }
        Class::Token => lang.pick(
            "The token was renewed once already: see whether another program renews it too",
            "已经换过一次 access_token：请检查是否有别的程序也在刷新它",
        ),
        Class::Transient => lang.pick("Try again shortly", "请稍后再试"),
        Class::Quota => lang
            .pick("Wait until the quota is reset, or ask for a higher one", "请等待额度恢复，或申请更高额度"),
        _ => return None,
    };
    Some(text.to_owned())
}

/// The right that an endpoint, a name or a path, needs, as the platform's list of rights calls it.
fn right(said: &str, lang: Lang) -> &'static str {
    let path = endpoint(said).map_or(said, |endpoint| endpoint.path);
    let has = |part: &str| path.contains(part);
    if has("/menu/") || has("selfmenu") {
        lang.pick("the right to custom menus (自定义菜单)", "“自定义菜单”权限")
    } else if has("/message/template/") {
        lang.pick("the right to template messages (模板消息)", "“模板消息”权限")
    } else if has("/message/custom/") || has("/customservice/") {
        lang.pick("the right to customer-service messages (客服消息)", "“客服消息”权限")
    } else if has("/qrcode/") {
        lang.pick(
            "the right to QR codes with a scene (生成带参数的二维码), which only verified service accounts have",
            "“生成带参数的二维码”权限，只有已认证的服务号才有",
        )
    } else if has("/user/") || has("/tags/") {
        lang.pick("the right to user management (用户管理)", "“用户管理”权限")
    } else if has("/media/") || has("/material/") {
        lang.pick("the right to media (素材管理)", "“素材管理”权限")
    } else {
        lang.pick("the right to this interface", "这个接口的权限")
    }
}

#[cfg(test)]
mod tests {
    use hongyan_wire::ErrCode;

    use super::*;

    fn advised(endpoint: &'static str, code: i64) -> (String, String) {
        let refusal =
            Refusal { endpoint: endpoint.into(), code: ErrCode(code), message: String::new(), rid: None };
        let error = Error::Refused(refusal);
        (of(&error, Lang::En).unwrap(), of(&error, Lang::Zh).unwrap())
    }

    #[test]
    fn the_numbers_that_people_meet_have_advice_of_their_own() {
        for (endpoint, code, en, zh) in [
            ("message.send", 45047, "write, tap, scan or follow again", "再次发消息"),
            ("message.send", 45015, "5 messages in the 48 h", "48 小时内最多 5 条"),
            ("message.send", 48001, "客服消息", "客服消息"),
            ("/cgi-bin/menu/get", 48001, "custom menus", "自定义菜单"),
            ("qrcode.create", 48001, "verified service accounts", "已认证的服务号"),
            ("token.stable", 40164, "微信开发者平台 → IP 白名单", "微信开发者平台 → IP 白名单"),
            ("token.stable", 40001, "AppSecret", "AppSecret"),
            ("/cgi-bin/token", 40125, "AppSecret", "AppSecret"),
            ("user.info", 45009, "clear_quota", "clear_quota"),
            ("message.send", 43004, "must follow the account first", "先关注"),
            ("message.send", 40003, "of this very account", "本账号"),
        ] {
            let said = advised(endpoint, code);
            assert!(said.0.contains(en) && said.1.contains(zh), "{code}: {said:#?}");
        }
        assert!(!advised("message.send", 45047).0.contains("quota"));
        assert!(!advised("menu.get", 40001).0.contains("AppSecret"));
    }

    #[test]
    fn a_picture_that_is_not_there_is_not_blamed_on_the_address() {
        for endpoint in ["qrcode.picture", "/cgi-bin/showqrcode"] {
            let error = Error::Status { endpoint: endpoint.into(), status: 404, detail: String::new() };
            let (en, zh) = (error.text(Lang::En), error.text(Lang::Zh));
            assert!(en.contains("ticket is unknown or expired") && !en.contains("proxy"), "{en}");
            assert!(zh.contains("ticket 不存在或已过期") && !zh.contains("代理"), "{zh}");
        }
        let other = Error::Status { endpoint: "menu.get".into(), status: 404, detail: String::new() };
        assert!(other.text(Lang::En).contains("base address"));
    }
}
