//! The account's side: does the platform know us, let us in, and show a menu?

use std::time::Duration;

use hongyan::{Call, Client, Error};
use hongyan_wire::{Clock, Lang, SystemClock};
use serde_json::Value;

use super::{Patient, http_date, report::Report};
use crate::failure::Failure;

/// Where the platform is when nothing else is said.
const PLATFORM: &str = "https://api.weixin.qq.com";
/// Signatures still pass at this difference, but something is wrong with the clock.
const ODD: Duration = Duration::from_mins(1);
/// From here on pushes are refused as too old, or tokens thought alive that are dead.
const TOO_MUCH: Duration = Duration::from_mins(5);

/// Whether there is a platform at the address, and whether its clock and this machine's agree.
pub(super) async fn reach(api_base: Option<&str>, report: &mut Report) -> Result<(), Failure> {
    let base = api_base.unwrap_or(PLATFORM);
    // Without a token the platform says so, and nothing else does in these words.
    let probe = format!("{base}/cgi-bin/get_api_domain_ip");
    let answer = match reqwest::Client::builder().timeout(Duration::from_secs(10)).build() {
        Ok(client) => client.get(probe).send().await,
        Err(error) => Err(error),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let cause = deepest(&error);
            return report.fail(
                "network",
                &format!("{base} cannot be reached: {cause}"),
                &format!("无法连接 {base}：{cause}"),
                (
                    "check the address (api_base or HONGYAN_API_BASE), the firewall, and the proxy if there is one",
                    "请检查地址（api_base 或 HONGYAN_API_BASE）、防火墙，以及代理（如果有）",
                ),
            );
        }
    };
    clock(&answer, report)?;
    let status = answer.status().as_u16();
    let said: Value = match answer.bytes().await {
        Ok(body) => serde_json::from_slice(&body).unwrap_or_default(),
        Err(_) => Value::Null,
    };
    if said["errcode"].is_i64() {
        return Ok(());
    }
    report.fail(
        "api_base",
        &format!("something answers at {base}, but not as the platform does (status {status}, no errcode)"),
        &format!("{base} 有应答，但不是微信平台的应答（状态 {status}，没有 errcode）"),
        (
            "leave api_base (or HONGYAN_API_BASE) out for the real platform; for a sandbox give its address without a path",
            "连接真实平台时请去掉 api_base（或 HONGYAN_API_BASE）；连接沙箱时请写它的地址，不带路径",
        ),
    )
}

/// Compares this machine's clock with the platform's.
fn clock(answer: &reqwest::Response, report: &mut Report) -> Result<(), Failure> {
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok()).and_then(http_date::parse);
    let Some(theirs) = date else {
        return report.ok("clock", "the platform answers; it names no time", "平台可以连接；应答中没有时间");
    };
    let ours = SystemClock.now();
    let apart = ours.saturating_since(theirs).max(theirs.saturating_since(ours));
    let seconds = apart.as_secs();
    let fix = ("switch on time synchronisation (NTP) on this machine", "请在本机打开时间同步（NTP）");
    let (english, chinese) =
        (format!("{seconds} s apart from the platform's"), format!("与平台的时间相差 {seconds} 秒"));
    match apart {
        _ if apart >= TOO_MUCH => report.fail("clock", &english, &chinese, fix),
        _ if apart >= ODD => report.warn("clock", &english, &chinese, fix),
        _ => report.ok("clock", &english, &chinese),
    }
}

/// Fetches a token with the AppSecret, or from the token service; says whether the rest can be asked.
pub(super) async fn token(patient: &Patient, report: &mut Report) -> Result<bool, Failure> {
    match patient.client.token().await {
        Ok(token) => {
            let minutes = token.expires_in.as_secs() / 60;
            let (english, chinese) = if patient.from_service {
                ("the token service gives one", "令牌服务给出了 token")
            } else {
                ("AppID and AppSecret are right", "AppID 与 AppSecret 正确")
            };
            report.ok(
                "token",
                &format!("{english}; the token lives {minutes} more minutes"),
                &format!("{chinese}；access_token 还有 {minutes} 分钟有效"),
            )?;
            Ok(true)
        }
        Err(error) => {
            // Each of the usual causes under the name of what is to be put right.
            let check = match &error {
                Error::Refused(refusal) => match refusal.code.0 {
                    40164 | 61004 => "ip list",
                    40013 | 41002 => "app id",
                    40125 | 40001 | 41004 | 40243 => "secret",
                    _ => "token",
                },
                _ => "token",
            };
            refused(check, &error, report)?;
            Ok(false)
        }
    }
}

/// An AppID has a form, and the other id of an account, gh_…, is often put in its place.
pub(super) fn app_id(app_id: &str, report: &mut Report) -> Result<(), Failure> {
    let digits = app_id.strip_prefix("wx").unwrap_or_default();
    if digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    report.warn(
        "app id",
        &format!("{app_id} does not look like one: wx and sixteen hexadecimal digits, not the gh_… id"),
        &format!("{app_id} 不像 AppID：应为 wx 加十六位十六进制数字，而不是 gh_ 开头的原始 ID"),
        (
            "copy it from 微信开发者平台 → 公众号 → 基础信息, or from the test account's page",
            "请从“微信开发者平台 → 公众号 → 基础信息”或测试号页面复制",
        ),
    )
}

/// A call with the token: the IP list is checked on every one.
pub(super) async fn caller(client: &Client, report: &mut Report) -> Result<(), Failure> {
    match client.send::<Value>(Call::get("/cgi-bin/get_api_domain_ip").safe()).await {
        Ok(_) => report.ok("ip list", "this machine may call the platform", "本机允许调用平台接口"),
        Err(error) => refused("ip list", &error, report),
    }
}

/// Looks for a menu made by the API, and for one made on the web site, which goes dark with the server configuration.
pub(super) async fn menu(client: &Client, report: &mut Report) -> Result<(), Failure> {
    let make = (
        "make the menu with `hongyan menu apply FILE`: switching on 服务器配置 switches off the menu and the auto-replies made on the web site",
        "请用 `hongyan menu apply 文件` 创建菜单：启用“服务器配置”后，在网页上设置的菜单和自动回复都会失效",
    );
    match client.send::<Value>(Call::get("/cgi-bin/menu/get").safe()).await {
        Ok(answer) => {
            let buttons = answer["menu"]["button"].as_array().map_or(0, Vec::len);
            report.ok(
                "menu",
                &format!("made by the API, {buttons} buttons across"),
                &format!("由接口创建，一级按钮 {buttons} 个"),
            )
        }
        Err(Error::Refused(refusal)) if refusal.code.0 == 46003 => {
            let info = client.send::<Value>(Call::get("/cgi-bin/get_current_selfmenu_info").safe()).await;
            if info.is_ok_and(|info| info["is_menu_open"] == 1) {
                report.warn(
                    "menu",
                    "made on the web site, not by the API",
                    "是在网页上设置的，不是由接口创建的",
                    make,
                )
            } else {
                report.warn("menu", "there is none", "没有菜单", make)
            }
        }
        Err(Error::Refused(refusal)) if refusal.code.0 == 48001 => report.warn(
            "menu",
            "this kind of account may not have one (48001)",
            "这类账号没有自定义菜单的权限（48001）",
            ("verify the account (微信认证), or do without", "请完成微信认证，或不使用菜单"),
        ),
        Err(error) => refused("menu", &error, report),
    }
}

/// Replies made on the web site stop as soon as the server configuration is on: looked for, and said in any case.
pub(super) async fn auto_replies(client: &Client, report: &mut Report) -> Result<(), Failure> {
    let info = client.send::<Value>(Call::get("/cgi-bin/get_current_autoreply_info").safe()).await;
    let on = info.is_ok_and(|info| info["is_add_friend_reply_open"] == 1 || info["is_autoreply_open"] == 1);
    if on {
        return report.warn(
            "auto-replies",
            "there are some, made on the web site: they stop once 服务器配置 is switched on, and so does the web site's menu",
            "网页上设置了自动回复：启用“服务器配置”后，它们和网页上设置的菜单都会失效",
            (
                "write rules for them in the configuration (公众平台 → 自动回复 shows what they say), then switch 服务器配置 on",
                "请先在配置中写好相应的规则（内容见“公众平台 → 自动回复”），再启用服务器配置",
            ),
        );
    }
    report.ok(
        "auto-replies",
        "remember: switching on 服务器配置 switches off menus and auto-replies made on the web site",
        "请注意：启用“服务器配置”后，在网页上设置的菜单和自动回复都会失效",
    )
}

/// The SDK's own sentence, and its advice as what to do.
fn refused(check: &str, error: &Error, report: &mut Report) -> Result<(), Failure> {
    let fix = |lang| error.advice(lang).unwrap_or_default();
    report.fail(check, &error.said(Lang::En), &error.said(Lang::Zh), (&fix(Lang::En), &fix(Lang::Zh)))
}

/// The cause behind the causes, which names the matter in the fewest words.
pub(super) fn deepest(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
