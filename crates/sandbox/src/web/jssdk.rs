//! The JS-SDK's stand-in: the script, and the check of what a page gives to `wx.config`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::exchange::{Direction, Outcome};
use crate::platform::Platform;
use crate::reply::findings::{Finding, Severity};
use crate::world::World;
use crate::world::web::on_domain;
use crate::world::web::signature::{self, Config};
use crate::world::web::ticket::Ticket;

const SCRIPT: &str = include_str!("jweixin.js");
const DOC: &str = "https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html";

/// `jweixin-1.6.0.js` and the versions before it.
pub(crate) async fn script(Path(file): Path<String>) -> Response {
    let version = file.strip_prefix("jweixin-").and_then(|rest| rest.strip_suffix(".js"));
    if version.is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, SCRIPT).into_response()
}

/// Pages anywhere may ask whether they are signed right; they learn nothing else.
const ANYWHERE: [(HeaderName, HeaderValue); 2] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type")),
];

/// The browser's question before the question.
pub(crate) async fn allowed() -> Response {
    (StatusCode::NO_CONTENT, ANYWHERE).into_response()
}

/// `POST /res/jssdk/config {appId, timestamp, nonceStr, signature, jsApiList, href}`
pub(crate) async fn config(State(platform): State<Arc<Platform>>, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let findings = platform.with(|world, now_ms| {
        let (at, findings) = check(world, &asked, now_ms);
        let mut exchange = world.begin(at, Direction::Api, "jssdk.config".to_owned(), now_ms);
        exchange.request = json!({"method": "POST", "path": "/res/jssdk/config", "body": asked});
        exchange.reply = json!({"status": 200, "body": {"errMsg": message(&findings)}});
        exchange.outcome = if right(&findings) { Outcome::Replied } else { Outcome::Failed };
        exchange.findings.clone_from(&findings);
        world.end(exchange);
        findings
    });
    let answer = json!({"ok": right(&findings), "errMsg": message(&findings), "findings": findings});
    (ANYWHERE, Json(answer)).into_response()
}

fn right(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.severity != Severity::Error)
}

/// What the real script says.
fn message(findings: &[Finding]) -> &'static str {
    let error = findings.iter().find(|finding| finding.severity == Severity::Error);
    match error.map(|finding| finding.code.as_str()) {
        None => "config:ok",
        Some("jssdk_domain") => "config:fail,invalid url domain",
        Some("jssdk_app_id") => "config:fail,invalid appid",
        Some("jssdk_missing") => "config:fail,parameter error",
        Some(_) => "config:fail,invalid signature",
    }
}

fn finding(code: &str, severity: Severity, place: &str, words: (&str, &str)) -> Finding {
    Finding {
        code: code.to_owned(),
        severity,
        place: place.to_owned(),
        zh: words.0.to_owned(),
        en: words.1.to_owned(),
        doc: DOC,
    }
}

fn error(code: &str, place: &str, words: (&str, &str)) -> Finding {
    finding(code, Severity::Error, place, words)
}

/// What is wrong with the call, and whose account it names.
fn check(world: &World, asked: &Value, now_ms: i64) -> (usize, Vec<Finding>) {
    let text = |name: &str| match &asked[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let at = world.account_at(Some(&text("appId"))).filter(|_| asked["appId"].is_string());
    let mut findings = Vec::new();
    for name in ["appId", "timestamp", "nonceStr", "signature"] {
        if text(name).is_empty() {
            let words = (format!("wx.config 缺少 {name}。"), format!("wx.config has no {name}."));
            findings.push(error("jssdk_missing", name, (&words.0, &words.1)));
        }
    }
    if asked["jsApiList"].as_array().is_none_or(Vec::is_empty) {
        let words = (
            "jsApiList 是空的：没有列出的接口不能调用。",
            "The jsApiList is empty: what is not listed cannot be called.",
        );
        findings.push(finding("jssdk_list", Severity::Warning, "jsApiList", words));
    }
    let Some(account) = at.map(|at| &world.accounts[at]) else {
        if findings.iter().all(|finding| finding.place != "appId") {
            let words = ("没有这个 AppID 的公众号。", "No account here has this AppID.");
            findings.push(error("jssdk_app_id", "appId", words));
        }
        return (0, findings);
    };
    let at = at.unwrap_or(0);
    if !right(&findings) {
        return (at, findings);
    }
    let href = text("href");
    let domain = account.web.domains.js.as_deref();
    if url::Url::parse(&href).is_ok_and(|url| !on_domain(&url, domain)) {
        let words = (
            "页面不在 JS 接口安全域名之内。",
            "The page is not on the account's JS-SDK domain (JS 接口安全域名).",
        );
        findings.push(error("jssdk_domain", "url", words));
        return (at, findings);
    }
    let config =
        Config { timestamp: text("timestamp"), nonce: text("nonceStr"), signature: text("signature"), href };
    let tickets: Vec<Ticket> = account.web.tickets.iter().cloned().collect();
    let wrong = signature::check(&config, &tickets, now_ms);
    findings.extend(wrong.into_iter().map(|one| error("jssdk_signature", one.part(), one.words())));
    (at, findings)
}
