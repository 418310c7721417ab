//! `/connect/oauth2/authorize`: takes the browser's question, shows a page or sends it back, and records it.

use std::sync::Arc;

use axum::extract::{RawForm, RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hongyan_wire::Lang;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};

use super::page;
use crate::exchange::{Direction, Outcome};
use crate::platform::{Platform, random_hex};
use crate::reply::findings::{Finding, Severity};
use crate::world::web::authorize::{Answer, Ask, Decision, Step};

const PATH: &str = "/connect/oauth2/authorize";
const DOC: &str =
    "https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html";

/// The browser was sent here by a page.
pub(crate) async fn ask(
    State(platform): State<Arc<Platform>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let ask = asked(query.as_deref().unwrap_or_default(), &headers);
    run(&platform, "GET", &ask, page_language(&headers))
}

/// A button of the consent page was pressed.
pub(crate) async fn answered(
    State(platform): State<Arc<Platform>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Response {
    let mut ask = asked(query.as_deref().unwrap_or_default(), &headers);
    let field = |name: &str| form_value(&form, name);
    ask.answer = match field("answer").as_deref() {
        Some("allow") => Some(Answer::Allow),
        Some("snapshot") => Some(Answer::Snapshot),
        Some("deny") => Some(Answer::Deny),
        _ => None,
    };
    ask.user = field("sandbox_user").or(ask.user);
    run(&platform, "POST", &ask, page_language(&headers))
}

fn form_value(form: &Bytes, name: &str) -> Option<String> {
    let mut fields = url::form_urlencoded::parse(form);
    fields.find(|(field, value)| field == name && !value.is_empty()).map(|(_, value)| value.into_owned())
}

fn asked(query: &str, headers: &HeaderMap) -> Ask {
    let mut ask =
        Ask { query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(), ..Ask::default() };
    ask.user = ask.get("sandbox_user").map(str::to_owned).or_else(|| cookie(headers));
    ask
}

/// Whose phone it is, as the phone page has noted it.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == "sandbox_user")?;
    // Reading it as the value of a form undoes the percent-encoding.
    form_value(&Bytes::from(format!("u={value}")), "u")
}

fn page_language(headers: &HeaderMap) -> Lang {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    accepted.map_or(Lang::Zh, Lang::parse)
}

fn run(platform: &Platform, method: &str, ask: &Ask, lang: Lang) -> Response {
    let code = format!("0{}", random_hex(16).chars().skip(1).collect::<String>());
    let decision = platform.with(|world, now_ms| {
        let decision = world.authorize(ask, code, now_ms);
        let mut exchange = world.begin(decision.at, Direction::Api, PATH.to_owned(), now_ms);
        exchange.user.clone_from(&decision.openid);
        let query: Map<String, Value> =
            ask.query.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        exchange.request =
            json!({"method": method, "path": PATH, "query": query, "content_type": "", "body": null});
        exchange.findings = findings(&decision);
        (exchange.outcome, exchange.reply) = match &decision.step {
            Step::Redirect { to, .. } => (Outcome::Replied, json!({"status": 302, "location": to})),
            Step::Consent { .. } => (Outcome::Silent, shown("consent")),
            Step::Who { .. } => (Outcome::Silent, shown("who")),
            Step::Refused { .. } => (Outcome::Failed, shown("error")),
        };
        world.end(exchange);
        decision
    });
    match decision.step {
        Step::Redirect { to, .. } => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        step => page::of(&step, ask, lang),
    }
}

fn shown(page: &str) -> Value {
    json!({"status": 200, "content_type": page::CONTENT_TYPE, "page": page})
}

fn findings(decision: &Decision) -> Vec<Finding> {
    let finding = |code: String, severity, zh: &str, en: &str| Finding {
        code,
        severity,
        place: PATH.to_owned(),
        zh: zh.to_owned(),
        en: en.to_owned(),
        doc: DOC,
    };
    let mut findings = Vec::new();
    if let Step::Refused { code, zh, en } = decision.step {
        findings.push(finding(format!("errcode:{code}"), Severity::Error, zh, en));
    }
    let doubts = decision.doubts.iter();
    findings.extend(doubts.map(|(code, zh, en)| finding((*code).to_owned(), Severity::Warning, zh, en)));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phones_cookie_says_who_is_there() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "theme=dark; sandbox_user=%E5%B0%8F%E6%98%8E".parse().unwrap());
        assert_eq!(cookie(&headers).as_deref(), Some("小明"));
        assert_eq!(asked("sandbox_user=oA", &headers).user.as_deref(), Some("oA"));
        assert_eq!(cookie(&HeaderMap::new()), None);
    }
}
