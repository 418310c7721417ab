//! What an answer to the handshake or to a push shows, judged without a network.

use hongyan_server::Mode;
use hongyan_wire::{Lang, envelope, inbound};

use super::{
    callback::{Answer, Target},
    platform::deepest,
    report::Fix,
};

/// How the handshake went.
#[derive(Debug)]
pub(super) enum Handshake {
    Right,
    Wrong { english: String, chinese: String, fix: Fix<'static> },
}

/// What is wrong with an answer to a push.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) english: String,
    pub(super) chinese: String,
    pub(super) fix: Fix<'static>,
}

impl Handshake {
    pub(super) fn unreachable(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return wrong(
                "no answer within 5 seconds",
                "5 秒内没有应答",
                (
                    "the platform gives up after 5 seconds: look for a firewall or a slow start in front of the program",
                    "平台 5 秒后放弃：请检查防火墙，或程序前面较慢的环节",
                ),
            );
        }
        let cause = deepest(error);
        wrong(
            &format!("the address cannot be reached: {cause}"),
            &format!("地址无法访问：{cause}"),
            (
                "start the program (`hongyan serve`), and check address, name, certificate and firewall",
                "请启动程序（`hongyan serve`），并检查地址、域名、证书和防火墙",
            ),
        )
    }
}

fn wrong(english: &str, chinese: &str, fix: Fix<'static>) -> Handshake {
    Handshake::Wrong { english: english.to_owned(), chinese: chinese.to_owned(), fix }
}

/// Which of the usual causes it is when the echo does not come back.
pub(super) fn handshake(answer: &Answer, echo: &str) -> Handshake {
    let status = answer.status;
    match status {
        200 => {}
        301..=308 => {
            return wrong(
                &format!("the address answers with a redirect ({status})"),
                &format!("该地址返回了跳转（{status}）"),
                (
                    "the platform follows no redirect: give the final address, with or without https and the last slash",
                    "平台不会跟随跳转：请直接填写最终地址（注意 https 和末尾的斜杠）",
                ),
            );
        }
        401 | 403 => {
            return wrong(
                &format!(
                    "refused with status {status}: the token is another one, or something in front refuses"
                ),
                &format!("被拒绝，状态 {status}：Token 不一致，或被前面的环节拦截"),
                (
                    "compare the token character by character with the one in 微信开发者平台 → 公众号 → 消息推送 (a test account's page: 接口配置信息); then look at logins, CSRF checks and firewalls in front",
                    "请逐字核对 Token 与“微信开发者平台 → 公众号 → 消息推送”（测试号页面的“接口配置信息”）中的是否一致；再检查前面的登录、CSRF 校验和防火墙",
                ),
            );
        }
        404 | 405 => {
            return wrong(
                &format!("status {status}: there is nothing for GET at this path"),
                &format!("状态 {status}：该路径不处理 GET 请求"),
                (
                    "check the path; the gateway's is /callback/ACCOUNT",
                    "请检查路径；网关的路径是 /callback/账号名",
                ),
            );
        }
        _ => {
            return wrong(
                &format!("status {status} in place of 200"),
                &format!("状态是 {status}，应为 200"),
                ("look at the program's log for this moment", "请查看程序此刻的日志"),
            );
        }
    }
    if answer.body == echo.as_bytes() {
        return Handshake::Right;
    }
    let body = String::from_utf8_lossy(&answer.body);
    let trimmed = body.trim_start_matches('\u{feff}').trim();
    if body.starts_with('\u{feff}') && trimmed == echo {
        return wrong(
            "the echo came back behind a byte order mark",
            "echostr 前多了 BOM（字节顺序标记）",
            ("save the program's files as UTF-8 without BOM", "请把程序文件保存为无 BOM 的 UTF-8"),
        );
    }
    if trimmed == echo {
        return wrong(
            "the echo came back with white space around it",
            "echostr 前后多了空白或换行",
            (
                "send the value alone; PHP: look for blank lines around <?php",
                "只能输出原值；PHP 请检查 <?php 前后的空行",
            ),
        );
    }
    if trimmed.trim_matches('"') == echo {
        return wrong(
            "the echo came back in quotes",
            "echostr 被加上了引号",
            (
                "a JSON layer wraps the answer: send it as text/plain",
                "被 JSON 序列化了：请以 text/plain 原样返回",
            ),
        );
    }
    if trimmed.starts_with('<') {
        return wrong(
            "an HTML page came back in place of the echo",
            "返回的是网页，而不是 echostr",
            (
                "a login page or an error page is in front, or the path is another",
                "前面可能有登录页或错误页，或路径不对",
            ),
        );
    }
    if trimmed.contains(echo) {
        return wrong(
            "the echo came back with other output around it",
            "echostr 前后混入了其他输出",
            ("switch off debug output and notices on this path", "请关闭该路径的调试输出和警告"),
        );
    }
    wrong(
        "something else came back in place of the echo",
        "返回的内容不是 echostr",
        ("answer the value of echostr and nothing else", "请原样返回 echostr 的值，不要加任何内容"),
    )
}

/// Whether the platform would accept this answer to a push, and what it is.
pub(super) fn push(answer: &Answer, target: &Target) -> Result<(&'static str, &'static str), Wrong> {
    let fault = |english: String, chinese: String, fix| Err(Wrong { english, chinese, fix });
    let status = answer.status;
    if status != 200 {
        let fix = match (status, target.mode) {
            (403, Mode::Plain) => (
                "the token is another one (微信开发者平台 → 公众号 → 消息推送), or the clocks differ",
                "Token 不一致（见“微信开发者平台 → 公众号 → 消息推送”），或两边时钟相差太大",
            ),
            (400 | 403, _) => (
                "the token, the EncodingAESKey, the mode or the AppID on the other side is another one: compare with 微信开发者平台 → 公众号 → 消息推送",
                "对方的 Token、EncodingAESKey、加解密方式或 AppID 不一致：请与“微信开发者平台 → 公众号 → 消息推送”核对",
            ),
            _ => ("look at the program's log for this moment", "请查看程序此刻的日志"),
        };
        return fault(
            format!("a rightly signed push was answered with status {status}"),
            format!("签名正确的推送得到状态 {status}"),
            fix,
        );
    }
    let body = answer.body.trim_ascii();
    if body.is_empty() || body == b"success" {
        return Ok(("no reply", "不回复"));
    }
    let fields = match inbound::parse_fields(&answer.body) {
        Ok((_, fields)) => fields,
        Err(error) => {
            return fault(
                format!("the answer is no reply: {error}"),
                format!("应答不是合法的回复：{}", error.text(Lang::Zh)),
                ("answer `success`, nothing, or a reply's XML", "请返回 success、空内容或回复的 XML"),
            );
        }
    };
    match (target.mode, fields.text("Encrypt"), &target.key) {
        (Mode::Secure, None, _) => fault(
            "the reply is not encrypted".to_owned(),
            "回复没有加密".to_owned(),
            ("in secure mode replies are encrypted too", "安全模式下回复也必须加密"),
        ),
        (_, Some(encrypt), Some(key)) => {
            match envelope::open(std::slice::from_ref(key), &target.app_id, encrypt) {
                Ok(_) => Ok(("an encrypted reply that opens", "加密回复，可以解开")),
                Err(error) => fault(
                    format!("the encrypted reply does not open: {error}"),
                    format!("加密回复无法解开：{}", error.text(Lang::Zh)),
                    (
                        "EncodingAESKey or AppID differ between request and reply",
                        "请求与回复使用的 EncodingAESKey 或 AppID 不一致",
                    ),
                ),
            }
        }
        _ => Ok(("a reply", "有回复")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hongyan_wire::{AesKey, AppId, Secret};

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.as_bytes().to_vec(), took: Duration::ZERO }
    }

    #[test]
    fn each_usual_cause_has_its_own_words() {
        let cases = [
            (302, "", "redirect"),
            (403, "", "token"),
            (404, "", "path"),
            (500, "", "500"),
            (200, "\u{feff}42", "byte order mark"),
            (200, "42\n", "white space"),
            (200, "\"42\"", "quotes"),
            (200, "<html>", "HTML"),
            (200, "Notice: x 42 ", "other output"),
            (200, "success", "something else"),
        ];
        for (status, body, word) in cases {
            match handshake(&answer(status, body), "42") {
                Handshake::Wrong { english, chinese, fix } => {
                    assert!(english.contains(word), "{body:?}: {english}");
                    assert!(!chinese.is_empty() && !fix.0.is_empty() && !fix.1.is_empty(), "{body:?}");
                }
                Handshake::Right => panic!("{body:?} was accepted"),
            }
        }
        assert!(matches!(handshake(&answer(200, "42"), "42"), Handshake::Right));
    }

    fn target(mode: Mode) -> Target {
        Target {
            address: "http://127.0.0.1/".parse().expect("an address"),
            token: Secret::new("t"),
            key: AesKey::parse("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").ok(),
            mode,
            app_id: AppId::new("wx1"),
        }
    }

    #[test]
    fn a_plain_reply_is_wrong_only_in_secure_mode() {
        let reply = answer(200, "<xml><MsgType>text</MsgType><Content>hi</Content></xml>");
        assert!(push(&reply, &target(Mode::Plain)).is_ok());
        assert!(
            push(&reply, &target(Mode::Secure)).is_err_and(|wrong| wrong.english.contains("not encrypted"))
        );
        assert!(push(&answer(200, "success"), &target(Mode::Secure)).is_ok());
        assert!(push(&answer(200, "{oops"), &target(Mode::Plain)).is_err());
        assert!(
            push(&answer(403, ""), &target(Mode::Secure))
                .is_err_and(|wrong| wrong.fix.0.contains("EncodingAESKey"))
        );
    }

    #[test]
    fn an_encrypted_reply_must_open_with_the_key() {
        let target = target(Mode::Secure);
        let key = target.key.clone().expect("a key");
        let sealed = |app: &str| envelope::seal(&key, &AppId::new(app), [7; 16], b"<xml></xml>");
        let body = |app: &str| answer(200, &format!("<xml><Encrypt>{}</Encrypt></xml>", sealed(app)));
        assert!(push(&body("wx1"), &target).is_ok());
        assert!(push(&body("wx2"), &target).is_err());
    }
}
