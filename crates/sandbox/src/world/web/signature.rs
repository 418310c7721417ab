//! Whether `wx.config` was signed right, and if not, which part of it was wrong. A pure function.

use std::fmt::Write as _;

use sha1::{Digest, Sha1};

use super::ticket::{Ticket, Use};

/// What the page gave to `wx.config`, and where it was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) timestamp: String,
    pub(crate) nonce: String,
    pub(crate) signature: String,
    /// The page's whole address, with its fragment.
    pub(crate) href: String,
}

/// The part of the signed text that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wrong {
    /// Nobody has fetched a ticket.
    NoTicket,
    /// Signed with a ticket that has lapsed.
    OldTicket,
    /// Signed with a ticket for cards.
    CardTicket,
    /// The fragment was signed too.
    Fragment,
    /// The query was left out.
    Query,
    /// The other of http and https, as behind a proxy that ends TLS.
    Scheme,
    /// Only the site's address, without the path.
    Path,
    /// Percent-encoded or decoded.
    Encoding,
    /// The four parts were not in alphabetical order.
    Order,
    /// `nonceStr` for `noncestr`.
    Nonce,
    /// Something else.
    Unknown,
}

impl Wrong {
    /// The part, as findings name the place.
    pub(crate) fn part(self) -> &'static str {
        match self {
            Wrong::NoTicket | Wrong::OldTicket | Wrong::CardTicket => "jsapi_ticket",
            Wrong::Fragment | Wrong::Query | Wrong::Scheme | Wrong::Path | Wrong::Encoding => "url",
            Wrong::Order => "order",
            Wrong::Nonce => "noncestr",
            Wrong::Unknown => "signature",
        }
    }

    /// In Chinese and in English.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Wrong::NoTicket => (
                "还没有取过 jsapi_ticket。先调用 /cgi-bin/ticket/getticket?type=jsapi。",
                "No jsapi_ticket has been fetched yet: call /cgi-bin/ticket/getticket?type=jsapi first.",
            ),
            Wrong::OldTicket => (
                "用的是已经过期的 jsapi_ticket。请按 expires_in 缓存并重新获取。",
                "Signed with a jsapi_ticket that has lapsed: keep it as long as expires_in says, then fetch it again.",
            ),
            Wrong::CardTicket => (
                "用的是 wx_card 的 ticket，应当用 type=jsapi 的。",
                "Signed with the ticket of wx_card; it must be the one of type=jsapi.",
            ),
            Wrong::Fragment => (
                "url 带上了 # 后面的部分。只签 # 之前的地址：location.href.split('#')[0]。",
                "The url was signed with its fragment. Sign what stands before the #: location.href.split('#')[0].",
            ),
            Wrong::Query => (
                "url 少了 ? 后面的参数。要签当前页面 # 之前的完整地址。",
                "The url was signed without its query. Sign the page's whole address up to the #.",
            ),
            Wrong::Scheme => (
                "url 的协议不对（http 与 https）。反向代理之后要用浏览器里看到的地址。",
                "The url has the wrong scheme (http or https). Behind a proxy, sign the address the browser shows.",
            ),
            Wrong::Path => (
                "url 只有域名。要签当前页面 # 之前的完整地址。",
                "Only the site's address was signed. Sign the page's whole address up to the #.",
            ),
            Wrong::Encoding => (
                "url 被转义或反转义了。签名用的地址要与浏览器中的一字不差。",
                "The url was percent-encoded or decoded. Sign it exactly as the browser has it.",
            ),
            Wrong::Order => (
                "四个参数没有按字典序：jsapi_ticket、noncestr、timestamp、url。",
                "The four parts are not in alphabetical order: jsapi_ticket, noncestr, timestamp, url.",
            ),
            Wrong::Nonce => (
                "签名里的键写成了 nonceStr。签名时是小写的 noncestr，wx.config 里才是 nonceStr。",
                "Signed with the key nonceStr. In the signed text it is noncestr; only wx.config has nonceStr.",
            ),
            Wrong::Unknown => (
                "签名不对：应是 sha1(jsapi_ticket=…&noncestr=…&timestamp=…&url=…)，其中 noncestr、timestamp 与传给 wx.config 的相同。",
                "The signature is wrong: it is the SHA-1 of jsapi_ticket=…&noncestr=…&timestamp=…&url=…, with the noncestr and timestamp that wx.config got.",
            ),
        }
    }
}

/// The signature of a page.
pub(crate) fn sign(ticket: &str, nonce: &str, timestamp: &str, url: &str) -> String {
    sha1(&format!("jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"))
}

/// The part of an address that is signed.
pub(crate) fn signed_url(href: &str) -> &str {
    href.split('#').next().unwrap_or_default()
}

/// What is wrong; nothing when the signature is right.
pub(crate) fn check(config: &Config, tickets: &[Ticket], now_ms: i64) -> Vec<Wrong> {
    let live = tickets.iter().rev().find(|one| one.for_ == Use::JsApi && one.expires_at_ms > now_ms);
    let right =
        live.map(|ticket| sign(&ticket.value, &config.nonce, &config.timestamp, signed_url(&config.href)));
    if right.is_some_and(|right| right.eq_ignore_ascii_case(&config.signature)) {
        return Vec::new();
    }
    if tickets.iter().all(|one| one.for_ != Use::JsApi) {
        return vec![Wrong::NoTicket];
    }
    let mut found: Option<Vec<Wrong>> = None;
    for ticket in tickets {
        let ticket_wrong = match ticket.for_ {
            Use::Card => Some(Wrong::CardTicket),
            Use::JsApi if ticket.expires_at_ms <= now_ms => Some(Wrong::OldTicket),
            Use::JsApi => None,
        };
        for (url_wrong, url) in addresses(&config.href) {
            for (nonce_wrong, key) in [(None, "noncestr"), (Some(Wrong::Nonce), "nonceStr")] {
                let parts = [
                    format!("jsapi_ticket={}", ticket.value),
                    format!("{key}={}", config.nonce),
                    format!("timestamp={}", config.timestamp),
                    format!("url={url}"),
                ];
                for order in ORDERS {
                    let text = order.map(|at| parts[at].as_str()).join("&");
                    if !sha1(&text).eq_ignore_ascii_case(&config.signature) {
                        continue;
                    }
                    let order_wrong = (order != ORDERS[0]).then_some(Wrong::Order);
                    let wrong: Vec<Wrong> =
                        [ticket_wrong, url_wrong, nonce_wrong, order_wrong].into_iter().flatten().collect();
                    if found.as_ref().is_none_or(|best| wrong.len() < best.len()) {
                        found = Some(wrong);
                    }
                }
            }
        }
    }
    found.unwrap_or_else(|| vec![Wrong::Unknown])
}

/// The address as it must be signed, then as it is often signed.
fn addresses(href: &str) -> Vec<(Option<Wrong>, String)> {
    let right = signed_url(href);
    let mut all = vec![(None, right.to_owned()), (Some(Wrong::Fragment), href.to_owned())];
    all.push((Some(Wrong::Query), right.split('?').next().unwrap_or_default().to_owned()));
    for (from, to) in [("http://", "https://"), ("https://", "http://")] {
        if let Some(rest) = right.strip_prefix(from) {
            all.push((Some(Wrong::Scheme), format!("{to}{rest}")));
        }
    }
    if let Ok(url) = url::Url::parse(right) {
        let site = url.origin().ascii_serialization();
        all.push((Some(Wrong::Path), format!("{site}/")));
        all.push((Some(Wrong::Path), site));
    }
    let encoded: String = url::form_urlencoded::byte_serialize(right.as_bytes()).collect();
    all.push((Some(Wrong::Encoding), encoded.replace('+', "%20")));
    // Reading the text as the value of a form decodes it.
    let kept = right.replace('+', "%2B").replace('&', "%26");
    if let Some((_, decoded)) = url::form_urlencoded::parse(format!("u={kept}").as_bytes()).next() {
        all.push((Some(Wrong::Encoding), decoded.into_owned()));
    }
    all
}

/// Every order of four things; the right one first.
const ORDERS: [[usize; 4]; 24] = [
    [0, 1, 2, 3],
    [0, 1, 3, 2],
    [0, 2, 1, 3],
    [0, 2, 3, 1],
    [0, 3, 1, 2],
    [0, 3, 2, 1],
    [1, 0, 2, 3],
    [1, 0, 3, 2],
    [1, 2, 0, 3],
    [1, 2, 3, 0],
    [1, 3, 0, 2],
    [1, 3, 2, 0],
    [2, 0, 1, 3],
    [2, 0, 3, 1],
    [2, 1, 0, 3],
    [2, 1, 3, 0],
    [2, 3, 0, 1],
    [2, 3, 1, 0],
    [3, 0, 1, 2],
    [3, 0, 2, 1],
    [3, 1, 0, 2],
    [3, 1, 2, 0],
    [3, 2, 0, 1],
    [3, 2, 1, 0],
];

fn sha1(text: &str) -> String {
    Sha1::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HREF: &str = "http://127.0.0.1:3000/pay?order=1&n=%E4%BD%A0#/cart";
    const PAGE: &str = "http://127.0.0.1:3000/pay?order=1&n=%E4%BD%A0";

    fn tickets() -> Vec<Ticket> {
        let ticket = |value: &str, for_, expires_at_ms| Ticket { value: value.into(), for_, expires_at_ms };
        vec![ticket("old", Use::JsApi, 5), ticket("card", Use::Card, 100), ticket("live", Use::JsApi, 100)]
    }

    fn wrong(signature: String) -> Vec<Wrong> {
        let config =
            Config { timestamp: "1414587457".into(), nonce: "Wm3W".into(), signature, href: HREF.into() };
        check(&config, &tickets(), 10)
    }

    fn signed(ticket: &str, url: &str) -> String {
        sign(ticket, "Wm3W", "1414587457", url)
    }

    #[test]
    fn the_documented_example_is_signed_as_documented() {
        let ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg";
        assert_eq!(
            sign(ticket, "Wm3WZYTPz0wzccnW", "1414587457", "http://mp.weixin.qq.com?params=value"),
            "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
        );
    }

    #[test]
    fn the_right_signature_has_nothing_wrong() {
        assert_eq!(wrong(signed("live", PAGE)), []);
        assert_eq!(wrong(signed("live", PAGE).to_uppercase()), []);
    }

    #[test]
    fn each_mistake_is_named() {
        assert_eq!(wrong(signed("live", HREF)), [Wrong::Fragment]);
        assert_eq!(wrong(signed("live", "http://127.0.0.1:3000/pay")), [Wrong::Query]);
        assert_eq!(wrong(signed("live", &PAGE.replace("http:", "https:"))), [Wrong::Scheme]);
        assert_eq!(wrong(signed("live", "http://127.0.0.1:3000/")), [Wrong::Path]);
        assert_eq!(wrong(signed("live", "http://127.0.0.1:3000/pay?order=1&n=你")), [Wrong::Encoding]);
        assert_eq!(wrong(signed("old", PAGE)), [Wrong::OldTicket]);
        assert_eq!(wrong(signed("card", PAGE)), [Wrong::CardTicket]);
        assert_eq!(wrong(signed("card", HREF)), [Wrong::CardTicket, Wrong::Fragment]);
        let order = sha1(&format!("noncestr=Wm3W&jsapi_ticket=live&timestamp=1414587457&url={PAGE}"));
        assert_eq!(wrong(order), [Wrong::Order]);
        let nonce = sha1(&format!("jsapi_ticket=live&nonceStr=Wm3W&timestamp=1414587457&url={PAGE}"));
        assert_eq!(wrong(nonce), [Wrong::Nonce]);
        assert_eq!(wrong("nonsense".into()), [Wrong::Unknown]);
    }

    #[test]
    fn without_a_ticket_there_is_nothing_to_sign_with() {
        let config = Config { href: HREF.into(), ..Config::default() };
        assert_eq!(check(&config, &[], 0), [Wrong::NoTicket]);
    }
}
