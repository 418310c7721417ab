//! What a person sees when a login cannot go on.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hongyan_wire::Lang;

/// A page with one sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    status: u16,
    en: &'static str,
    zh: &'static str,
    /// What the platform said.
    more: String,
}

const fn page(status: u16, en: &'static str, zh: &'static str) -> Page {
    Page { status, en, zh, more: String::new() }
}

impl Page {
    pub(super) const NO_LOGINS: Page = page(
        404,
        "This account has no web logins. The operator adds [accounts.NAME.oauth] with `return` to the configuration.",
        "该账号没有启用网页登录。运营者需在配置中添加 [accounts.名字.oauth] 及 `return`。",
    );
    pub(super) const FOREIGN_RETURN: Page = page(
        400,
        "The address to return to is not on this account's list. The operator adds it to `return` in [accounts.NAME.oauth].",
        "要返回的地址不在该账号的允许列表中。运营者可在 [accounts.名字.oauth] 的 `return` 中添加。",
    );
    pub(super) const NO_HOST: Page =
        page(400, "The request does not say which address it came to.", "请求没有说明它访问的是哪个地址。");
    pub(super) const WRONG_STATE: Page = page(
        400,
        "This login was not begun here. Please begin again on the page you came from.",
        "这次登录不是从这里开始的。请回到原来的页面重新登录。",
    );
    pub(super) const OTHER_BROWSER: Page = page(
        400,
        "This login was begun in another browser, or cookies are switched off. Please begin again on the page you came from.",
        "这次登录是在另一个浏览器中开始的，或浏览器禁用了 Cookie。请回到原来的页面重新登录。",
    );
    pub(super) const TOO_LATE: Page = page(
        400,
        "This login took too long. Please begin again on the page you came from.",
        "登录超时了。请回到原来的页面重新登录。",
    );
    pub(super) const AGAIN: Page = page(
        503,
        "WeChat did not answer in time. Please begin again on the page you came from.",
        "微信没有及时应答。请回到原来的页面重新登录。",
    );
    pub(super) const AWAY: Page =
        page(503, "Logins are not possible right now. Please try again later.", "暂时无法登录，请稍后再试。");

    /// The platform refused the code.
    pub(super) fn refused(why: String) -> Page {
        Page {
            more: why,
            ..page(
                502,
                "WeChat refused this login. Please begin again on the page you came from.",
                "微信拒绝了这次登录。请回到原来的页面重新登录。",
            )
        }
    }

    /// The page in the browser's language.
    pub(super) fn shown(self, headers: &HeaderMap) -> Response {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let lang = accepted.map_or(Lang::Zh, Lang::parse);
        let text = lang.pick(self.en, self.zh);
        let (tag, title) = lang.pick(("en", "Login"), ("zh-CN", "登录"));
        let more = escaped(&self.more);
        let body = format!(
            "<!doctype html><html lang=\"{tag}\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
             <h1>{title}</h1><p>{}</p><p><small>{more}</small></p></html>",
            escaped(text)
        );
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (status, headers, body).into_response()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
