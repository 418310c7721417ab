//! The platform's side, played: the handshake, a forged one, and a test push.

use std::time::{Duration, Instant};

use hongyan_server::Mode;
use hongyan_wire::{AesKey, AppId, Clock, OsRandom, Random, Secret, SystemClock, envelope, signature};
use url::Url;

use super::{
    platform::deepest,
    report::Report,
    verdict::{self, Handshake},
};
use crate::failure::Failure;

/// The platform waits so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// The address under examination and what protects it.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) address: Url,
    pub(super) token: Secret,
    pub(super) key: Option<AesKey>,
    pub(super) mode: Mode,
    pub(super) app_id: AppId,
}

/// What came back, or why nothing did.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) took: Duration,
}

pub(super) async fn check(target: &Target, report: &mut Report) -> Result<(), Failure> {
    address(&target.address, report)?;
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        // The platform follows none.
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(Failure::refused)?;
    if !handshake(target, &client, report).await? {
        return Ok(());
    }
    forged(target, &client, report).await?;
    push(target, &client, report).await?;
    if target.mode == Mode::Secure {
        plain_push(target, &client, report).await?;
    }
    Ok(())
}

/// The platform calls ports 80 and 443 only.
fn address(address: &Url, report: &mut Report) -> Result<(), Failure> {
    let near = match address.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if near {
        return report.ok(
            "address",
            &format!("{address} is on this side of the internet: what follows says nothing about the way in"),
            &format!("{address} 是本地或内网地址：以下检查不涉及外网能否访问"),
        );
    }
    if matches!(address.port_or_known_default(), Some(80 | 443)) {
        return report.ok("address", address.as_str(), address.as_str());
    }
    report.fail(
        "address",
        &format!("{address}: the platform calls ports 80 and 443 only"),
        &format!("{address}：平台只会访问 80 和 443 端口"),
        ("put a reverse proxy on port 80 or 443 in front", "请在 80 或 443 端口放置反向代理"),
    )
}

async fn handshake(target: &Target, client: &reqwest::Client, report: &mut Report) -> Result<bool, Failure> {
    let echo = OsRandom.digits(19);
    let url = signed(target, &target.token, &[("echostr", &echo)]);
    let found = match ask(client.get(url)).await {
        Ok(answer) => verdict::handshake(&answer, &echo),
        Err(error) => Handshake::unreachable(&error),
    };
    match found {
        Handshake::Right => {
            report.ok("handshake", "the echo came back exactly", "echostr 原样返回")?;
            Ok(true)
        }
        Handshake::Wrong { english, chinese, fix } => {
            report.fail("handshake", &english, &chinese, fix)?;
            Ok(false)
        }
    }
}

/// A server that also echoes for a wrong signature lets anybody in.
async fn forged(target: &Target, client: &reqwest::Client, report: &mut Report) -> Result<(), Failure> {
    let echo = OsRandom.digits(19);
    let url = signed(target, &Secret::new("not the token"), &[("echostr", &echo)]);
    match ask(client.get(url)).await {
        Ok(answer) if answer.status == 200 && answer.body == echo.as_bytes() => report.fail(
            "signature",
            "a wrong signature was accepted: the address does not check who calls",
            "错误的签名也被接受：该地址没有验证调用者",
            ("check `signature` on every call before anything else", "请在处理之前对每个请求验证 signature"),
        ),
        Ok(_) => report.ok("signature", "a wrong one is refused", "错误的签名会被拒绝"),
        Err(error) => report.warn("signature", &deepest(&error), &deepest(&error), ("", "")),
    }
}

async fn push(target: &Target, client: &reqwest::Client, report: &mut Report) -> Result<(), Failure> {
    let (url, body) = signed_push(target);
    let answer = match ask(client.post(url).header("content-type", "text/xml").body(body)).await {
        Ok(answer) => answer,
        Err(error) if error.is_timeout() => {
            return report.fail(
                "test push",
                "no answer within 5 seconds",
                "5 秒内没有应答",
                (
                    "answer `success` at once and send what takes long as a customer-service message",
                    "请先立即回复 success，耗时的内容改用客服消息发送",
                ),
            );
        }
        Err(error) => {
            let cause = deepest(&error);
            return report.fail("test push", &cause, &cause, ("", ""));
        }
    };
    match verdict::push(&answer, target) {
        Ok(kind) => {
            let took = answer.took.as_millis();
            report.ok(
                "test push",
                &format!("answered in {took} ms: {}", kind.0),
                &format!("{took} 毫秒内应答：{}", kind.1),
            )
        }
        Err(wrong) => {
            report.fail("test push", &wrong.english, &wrong.chinese, wrong.fix)?;
            if matches!(answer.status, 400 | 403) { other_mode(target, client, report).await } else { Ok(()) }
        }
    }
}

/// A push that is refused in one mode and taken in another tells what is wrong.
async fn other_mode(target: &Target, client: &reqwest::Client, report: &mut Report) -> Result<(), Failure> {
    let named = [
        (Mode::Plain, "plain", "明文"),
        (Mode::Compatible, "compatible", "兼容"),
        (Mode::Secure, "secure", "安全"),
    ];
    for (mode, english, chinese) in named {
        if mode == target.mode || (mode != Mode::Plain && target.key.is_none()) {
            continue;
        }
        let other = Target { mode, ..target.clone() };
        let (url, body) = signed_push(&other);
        let Ok(answer) = ask(client.post(url).header("content-type", "text/xml").body(body)).await else {
            continue;
        };
        if verdict::push(&answer, &other).is_ok() {
            return report.fail(
                "mode",
                &format!("the same push is taken in mode {english}"),
                &format!("同一推送在{chinese}模式下被接受"),
                (
                    "write the same mode here, in the program and in 微信开发者平台 → 公众号 → 消息推送 (消息加解密方式)",
                    "请让这里、程序中与“微信开发者平台 → 公众号 → 消息推送”的“消息加解密方式”三处一致",
                ),
            );
        }
    }
    Ok(())
}

/// In secure mode nothing plain may get through: its sender is not proved.
async fn plain_push(target: &Target, client: &reqwest::Client, report: &mut Report) -> Result<(), Failure> {
    let url = signed(target, &target.token, &[]);
    match ask(client.post(url).header("content-type", "text/xml").body(message())).await {
        Ok(answer) if answer.status == 200 => report.fail(
            "plain push",
            "accepted, though the mode is secure: anybody who saw one signature can write as any follower",
            "安全模式下竟接受了明文推送：任何见过一次签名的人都能冒充关注者",
            ("refuse bodies without Encrypt", "请拒绝没有 Encrypt 的请求"),
        ),
        Ok(_) => {
            report.ok("plain push", "refused, as it must be in secure mode", "已拒绝，符合安全模式的要求")
        }
        Err(error) => report.warn("plain push", &deepest(&error), &deepest(&error), ("", "")),
    }
}

async fn ask(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let start = Instant::now();
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let body = answer.bytes().await?.to_vec();
    Ok(Answer { status, body, took: start.elapsed() })
}

/// The address with a signature by `token`, and what else belongs in the query.
fn signed(target: &Target, token: &Secret, more: &[(&str, &str)]) -> Url {
    let (timestamp, nonce) = (SystemClock.now().seconds().to_string(), OsRandom.digits(10));
    signed_at(target, token, (&timestamp, &nonce), more)
}

fn signed_at(
    target: &Target,
    token: &Secret,
    (timestamp, nonce): (&str, &str),
    more: &[(&str, &str)],
) -> Url {
    let mut url = target.address.clone();
    url.query_pairs_mut()
        .append_pair("signature", signature::signature(token.expose(), timestamp, nonce).as_str())
        .append_pair("timestamp", timestamp)
        .append_pair("nonce", nonce)
        .extend_pairs(more);
    url
}

/// An event that nobody acts on: the name is the one that the platform's own debugging page sends.
fn message() -> String {
    let (now, mark) = (SystemClock.now().seconds(), OsRandom.hex(6));
    format!(
        "<xml><ToUserName><![CDATA[gh_{mark}]]></ToUserName><FromUserName><![CDATA[oHongyanDoctor00000000000000]]></FromUserName>\
         <CreateTime>{now}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[debug_demo]]></Event>\
         <debug_str><![CDATA[{mark}]]></debug_str></xml>"
    )
}

fn signed_push(target: &Target) -> (Url, String) {
    let (timestamp, nonce) = (SystemClock.now().seconds().to_string(), OsRandom.digits(10));
    let at = (timestamp.as_str(), nonce.as_str());
    let plain = message();
    let Some(key) = target.key.as_ref().filter(|_| target.mode != Mode::Plain) else {
        return (signed_at(target, &target.token, at, &[]), plain);
    };
    let encrypt = envelope::seal(key, &target.app_id, OsRandom.array16(), plain.as_bytes());
    let proof = signature::msg_signature(target.token.expose(), at.0, at.1, &encrypt);
    let url =
        signed_at(target, &target.token, at, &[("encrypt_type", "aes"), ("msg_signature", proof.as_str())]);
    let element = format!("<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>");
    let body = match target.mode {
        Mode::Secure => format!("<xml><ToUserName><![CDATA[gh_doctor]]></ToUserName>{element}"),
        _ => plain.replacen("</xml>", &element, 1),
    };
    (url, body)
}
