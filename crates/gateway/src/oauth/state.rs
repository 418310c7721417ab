//! The state of a login: signed, with an end, bound to the browser that began by a cookie.
//!
//! The platform allows 128 letters and digits, too few for an address; so the address to return to is in the cookie,
//! and the state proves it.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hongyan_wire::{OsRandom, Random, Timestamp};
use url::Url;

use super::page::Page;
use crate::sealing::Sealer;

/// How long somebody may take to agree.
const LIFE_S: i64 = 600;
const PURPOSE: &str = "oauth state";
/// Hexadecimal digits: the name of the login, its end, its proof.
const NAME: usize = 16;
const END: usize = 10;
const PROOF: usize = 40;

/// One login on its way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) state: String,
    pub(super) back_to: String,
    cookie: String,
}

impl Login {
    pub(super) fn begin(sealer: &Sealer, owner: [&str; 2], back_to: &Url, now: Timestamp) -> Self {
        let head = format!("{}{:010x}", OsRandom.hex(NAME / 2), now.seconds() + LIFE_S);
        let cookie = format!("{}.{}", OsRandom.hex(16), URL_SAFE_NO_PAD.encode(back_to.as_str()));
        let proof = sealer.proof(PURPOSE, &parts(&owner, &head, &cookie));
        let state = proof[..PROOF / 2].iter().fold(head, |state, byte| format!("{state}{byte:02x}"));
        Self { state, back_to: back_to.as_str().to_owned(), cookie }
    }

    /// The `Set-Cookie` of this login. `Lax` lets it come back with the browser from the platform, and with nothing else.
    pub(super) fn cookie(&self, account: &str, https: bool) -> String {
        let secure = if https { "; Secure" } else { "" };
        let (name, value) = (cookie_name(&self.state), &self.cookie);
        format!("{name}={value}; Path=/oauth/{account}; Max-Age={LIFE_S}; HttpOnly; SameSite=Lax{secure}")
    }

    /// The login that this state belongs to, if this browser began it and there is time left.
    pub(super) fn read(
        sealer: &Sealer,
        owner: [&str; 2],
        state: &str,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Self, Page> {
        let fits = state.len() == NAME + END + PROOF && state.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !fits {
            return Err(Page::WRONG_STATE);
        }
        let cookie = cookie(headers, &cookie_name(state)).ok_or(Page::OTHER_BROWSER)?;
        let (head, proof) = state.split_at(NAME + END);
        let proof = unhex(proof).ok_or(Page::WRONG_STATE)?;
        if !sealer.fits(PURPOSE, &parts(&owner, head, cookie), &proof) {
            return Err(Page::WRONG_STATE);
        }
        let end = i64::from_str_radix(&head[NAME..], 16).map_err(|_| Page::WRONG_STATE)?;
        if end <= now.seconds() {
            return Err(Page::TOO_LATE);
        }
        let back_to = cookie.split_once('.').and_then(|(_, address)| URL_SAFE_NO_PAD.decode(address).ok());
        let back_to = back_to.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(Page::WRONG_STATE)?;
        Ok(Self { state: state.to_owned(), back_to, cookie: cookie.to_owned() })
    }
}

fn parts<'a>(owner: &'a [&'a str; 2], head: &'a str, cookie: &'a str) -> [&'a [u8]; 4] {
    [owner[0].as_bytes(), owner[1].as_bytes(), head.as_bytes(), cookie.as_bytes()]
}

/// One cookie for each login, so that two open pages do not disturb each other.
fn cookie_name(state: &str) -> String {
    format!("hongyan_oauth_{}", &state[..NAME])
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value: &HeaderValue| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::tests::sealer;

    const OWNER: [&str; 2] = ["main", "wx1"];
    const NOW: Timestamp = Timestamp(1_795_000_000_000);

    fn begun() -> Login {
        Login::begin(&sealer(), OWNER, &Url::parse("https://shop.example/a?b=1").unwrap(), NOW)
    }

    fn browser(login: &Login) -> HeaderMap {
        let cookie = login.cookie("main", true);
        let pair = cookie.split(';').next().unwrap();
        HeaderMap::from_iter([(header::COOKIE, format!("a=b; {pair}").parse().unwrap())])
    }

    #[test]
    fn the_state_is_what_the_platform_allows_and_brings_the_address_back() {
        let login = begun();
        assert!(login.state.len() <= 128 && login.state.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let cookie = login.cookie("main", true);
        assert!(
            cookie.contains("HttpOnly; SameSite=Lax; Secure") && cookie.contains("Path=/oauth/main"),
            "{cookie}"
        );
        let read = Login::read(&sealer(), OWNER, &login.state, &browser(&login), NOW).unwrap();
        assert_eq!(read.back_to, "https://shop.example/a?b=1");
    }

    #[test]
    fn a_state_is_good_for_its_browser_account_and_time_only() {
        let login = begun();
        let read = |owner, state: &str, headers: &HeaderMap, now| {
            Login::read(&sealer(), owner, state, headers, now).unwrap_err()
        };
        let own = browser(&login);
        assert_eq!(read(OWNER, &login.state, &HeaderMap::new(), NOW), Page::OTHER_BROWSER);
        assert_eq!(read(OWNER, &login.state, &browser(&begun()), NOW), Page::OTHER_BROWSER);
        assert_eq!(read(["other", "wx1"], &login.state, &own, NOW), Page::WRONG_STATE);
        assert_eq!(read(OWNER, "", &own, NOW), Page::WRONG_STATE);
        let late = Timestamp::from_seconds(NOW.seconds() + LIFE_S);
        assert_eq!(read(OWNER, &login.state, &own, late), Page::TOO_LATE);
        let mut longer = login.state.clone();
        longer.replace_range(NAME..NAME + END, "00ffffffff");
        assert_eq!(read(OWNER, &longer, &own, late), Page::WRONG_STATE);
        let mut changed = begun();
        changed.state.clone_from(&login.state);
        assert_eq!(read(OWNER, &login.state, &browser(&changed), NOW), Page::WRONG_STATE, "another cookie");
    }
}
