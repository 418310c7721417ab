//! The three pages of web login: consent, who is there, and the error page. Plain HTML without scripts.

use axum::response::{Html, IntoResponse, Response};
use hongyan_wire::Lang;
use http::header;

use crate::world::web::authorize::{Ask, Step};

/// The Content-Type of the pages.
pub(crate) const CONTENT_TYPE: &str = "text/html; charset=utf-8";

const STYLE: &str = "body{margin:0;background:#ededed;color:#1a1a1a;font:17px/1.5 -apple-system,'PingFang SC','Noto Sans CJK SC',sans-serif}\
main{max-width:26em;margin:0 auto;padding:48px 24px}h1{font-size:20px;margin:0 0 16px}p{margin:0 0 16px}\
.card{background:#fff;border-radius:8px;padding:24px}.note{color:#5c5c5c;font-size:14px}\
button,a.person{display:block;box-sizing:border-box;width:100%;margin:12px 0 0;padding:12px;border:0;border-radius:8px;\
background:#f2f2f2;color:#06752f;font:inherit;text-align:center;text-decoration:none;cursor:pointer}\
button.allow{background:#06752f;color:#fff}button.quiet{color:#1a1a1a}\
:focus-visible{outline:3px solid #1a6fc4;outline-offset:2px}\
@media(prefers-color-scheme:dark){body{background:#111;color:#d5d5d5}.card{background:#1e1e1e}.note{color:#a5a5a5}\
button,a.person{background:#2c2c2c;color:#4cd080}button.quiet{color:#d5d5d5}button.allow{background:#06752f;color:#fff}}";

/// The page of a step; a redirect has none.
pub(crate) fn of(step: &Step, ask: &Ask, lang: Lang) -> Response {
    let (title, body) = match step {
        Step::Consent { account, nickname, openid, host } => {
            (lang.pick("Log in", "申请登录"), consent(account, nickname, openid, host, ask, lang))
        }
        Step::Who { people } => (lang.pick("Who is there?", "你是谁？"), who(people, ask, lang)),
        Step::Refused { code, zh, en } => {
            (lang.pick("Cannot log in", "无法授权"), refused(*code, zh, en, lang))
        }
        Step::Redirect { .. } => (lang.pick("Logged in", "已授权"), String::new()),
    };
    let language = lang.pick("en", "zh-CN");
    let html = format!(
        "<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style><main><div class=\"card\"><h1>{title}</h1>{body}</div></main></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, CONTENT_TYPE),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"),
    ];
    (headers, Html(html)).into_response()
}

fn consent(account: &str, nickname: &str, openid: &str, host: &str, ask: &Ask, lang: Lang) -> String {
    let (account, nickname, host) = (escape(account), escape(nickname), escape(host));
    let what = lang.pick(
        format!("{account} asks for your name and picture, for the page at {host}."),
        format!("{account} 申请获取你的昵称和头像，用于 {host} 的网页。"),
    );
    let as_whom = lang.pick(format!("You are {nickname}."), format!("你是 {nickname}。"));
    let action = escape(&again(ask, None));
    let openid = escape(openid);
    let button = |value: &str, class: &str, text: &str| {
        format!(
            "<button class=\"{class}\" name=\"answer\" value=\"{value}\" data-testid=\"oauth-{value}\">{text}</button>"
        )
    };
    format!(
        "<p>{what}</p><p class=\"note\">{as_whom}</p><form method=\"post\" action=\"{action}\">\
         <input type=\"hidden\" name=\"sandbox_user\" value=\"{openid}\">{}{}{}</form>",
        button("allow", "allow", lang.pick("Allow", "同意")),
        button("deny", "quiet", lang.pick("Refuse", "拒绝")),
        button(
            "snapshot",
            "quiet",
            lang.pick("As a snapshot page (virtual user)", "以快照页进入（虚拟用户）")
        ),
    )
}

fn who(people: &[(String, String)], ask: &Ask, lang: Lang) -> String {
    if people.is_empty() {
        return format!(
            "<p>{}</p>",
            lang.pick(
                "There is nobody in this sandbox yet: make somebody on the phone page first.",
                "沙箱里还没有人：请先在手机页面上新建一个用户。"
            )
        );
    }
    let link = |(openid, nickname): &(String, String)| {
        format!(
            "<a class=\"person\" data-testid=\"oauth-user\" href=\"{}\">{}</a>",
            escape(&again(ask, Some(openid))),
            escape(nickname)
        )
    };
    let links = people.iter().map(link).collect::<Vec<_>>().concat();
    let why = lang.pick(
        "This page was opened outside the phone, so the sandbox does not know whose phone it is.",
        "这个网页不是在手机里打开的，沙箱不知道这是谁的手机。",
    );
    format!("<p>{why}</p><nav>{links}</nav>")
}

fn refused(code: i64, zh: &str, en: &str, lang: Lang) -> String {
    let label = lang.pick("Error code", "错误码");
    format!(
        "<p role=\"alert\">{}</p><p class=\"note\" data-testid=\"oauth-error\">{label}: {code}</p>",
        escape(lang.pick(en, zh))
    )
}

/// The same question once more, perhaps with the person.
fn again(ask: &Ask, user: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in ask.query.iter().filter(|(name, _)| name != "sandbox_user") {
        query.append_pair(name, value);
    }
    if let Some(user) = user {
        query.append_pair("sandbox_user", user);
    }
    format!("/connect/oauth2/authorize?{}", query.finish())
}

/// Text that may stand in HTML, also between quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_page_was_given_becomes_html() {
        let ask = Ask {
            query: vec![("state".into(), "\"><script>".into()), ("appid".into(), "wx1".into())],
            ..Ask::default()
        };
        let html = consent("<b>店</b>", "a\"b", "oA", "x.example", &ask, Lang::En);
        assert!(!html.contains("<script>") && !html.contains("<b>") && !html.contains("a\"b"), "{html}");
        assert!(html.contains("state=%22%3E%3Cscript%3E&amp;appid=wx1"), "{html}");
    }
}
