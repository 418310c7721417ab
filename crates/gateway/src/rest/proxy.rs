//! `ANY …/proxy/{platform path}`: any call of the platform, with the real token, for programs anywhere.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;

use super::problem::Problem;
use super::routes::Routes;
use super::{Answer, Api};
use crate::relay::{Errand, Kind, Load, Shown, Target, Trouble, Unsafe};

pub(super) fn routes() -> Routes {
    Routes::new().any("/proxy/{*path}", proxy)
}

async fn proxy(
    State(api): State<Api>,
    Path((account, _)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let (parts, body) = request.into_parts();
    let account = api.account(&parts.headers, "proxy", &account)?;
    let path = parts.uri.path().strip_prefix("/proxy").unwrap_or_default();
    let target = Target::read(path, parts.uri.query()).map_err(unsafe_path)?;
    let forbidden = match target.kind {
        Kind::Token => {
            Some("the gateway keeps the token itself: ask GET …/token, or leave the token to this proxy")
        }
        Kind::ClearQuota => {
            Some("clearing the counters takes the quota of every program: use `hongyan call`")
        }
        Kind::Login => Some("web logins are served by the gateway itself, at /oauth/ACCOUNT"),
        Kind::Open | Kind::Call => None,
    };
    if let Some(why) = forbidden {
        return Err(Problem::forbidden(format!("{} is not passed on: {why}", target.path)));
    }
    let load = Load::read(&parts.headers, body).await.map_err(trouble)?;
    let errand = Errand {
        method: parts.method,
        token: target.kind == Kind::Call,
        target,
        headers: &parts.headers,
        load,
        shown: Shown::Nothing,
    };
    api.shared.relay.carry(&account, errand).await.map_err(trouble)
}

fn unsafe_path(Unsafe(why): Unsafe) -> Problem {
    Problem::bad_request(format!("this is no path of the platform: {why}"))
}

fn trouble(trouble: Trouble) -> Problem {
    let detail = trouble.to_string();
    match trouble {
        Trouble::NoToken(error) => error.into(),
        Trouble::NotSent(_) => Problem::new(StatusCode::BAD_GATEWAY, "Not sent", detail),
        Trouble::Unsure(_) => Problem::new(StatusCode::GATEWAY_TIMEOUT, "No answer", detail),
        Trouble::TooLarge { .. } => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", detail),
        Trouble::NoLength => Problem::new(StatusCode::LENGTH_REQUIRED, "Length required", detail),
        Trouble::Broken => Problem::bad_request(detail),
        Trouble::AnswerTooLarge => Problem::new(StatusCode::BAD_GATEWAY, "Answer too large", detail),
    }
}
