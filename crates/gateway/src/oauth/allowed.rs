//! Whether a login may return to an address.

use url::Url;

/// Longer ones do not fit in the cookie that carries them.
const LONGEST: usize = 2000;

/// The address, if the list allows it: the same scheme, host and port, and the same path or one below it.
///
/// What is given back is what was compared, so a browser that reads the text differently changes nothing.
pub(super) fn read(wanted: &str, allowed: &[Url]) -> Option<Url> {
    if wanted.len() > LONGEST || wanted.contains(['\\', '\t', '\n', '\r']) {
        return None;
    }
    let url = Url::parse(wanted).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        // Encoded dots and slashes are read in different ways by different servers.
        && !["%2e", "%2f", "%5c"].iter().any(|part| url.path().to_ascii_lowercase().contains(part));
    let fits = |one: &Url| one.origin() == url.origin() && below(url.path(), one.path());
    (plain && url.as_str().len() <= LONGEST && allowed.iter().any(fits)).then_some(url)
}

fn below(path: &str, allowed: &str) -> bool {
    match path.strip_prefix(allowed) {
        Some(rest) => rest.is_empty() || allowed.ends_with('/') || rest.starts_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Vec<Url> {
        ["https://shop.example/", "http://127.0.0.1:3000/in"].map(|text| Url::parse(text).unwrap()).to_vec()
    }

    #[test]
    fn listed_addresses_and_those_below_them_pass() {
        for wanted in [
            "https://shop.example",
            "https://shop.example/",
            "https://SHOP.example:443/a/b?x=1#top",
            "http://127.0.0.1:3000/in",
            "http://127.0.0.1:3000/in?a=1",
            "http://127.0.0.1:3000/in/side",
        ] {
            assert!(read(wanted, &list()).is_some(), "{wanted}");
        }
    }

    #[test]
    fn others_do_not() {
        for wanted in [
            "",
            "/a",
            "//evil.example/",
            "http://shop.example/",
            "https://shop.example.evil.example/",
            "https://shop.example@evil.example/",
            "https://shop.example:8443/",
            "https://evil.example/https://shop.example/",
            "https://evil.example\\@shop.example/",
            "https:\\\\shop.example/",
            "https://shop.example/a%2f..%2fb",
            "http://127.0.0.1:3000/in/%2e%2e/out",
            "javascript:alert(1)",
            "data:text/html,x",
            "http://127.0.0.1:3000/",
            "http://127.0.0.1:3000/inside",
            "http://127.0.0.1:3000/in/../out",
            "http://127.0.0.1/in",
        ] {
            assert!(read(wanted, &list()).is_none(), "{wanted}");
        }
        assert!(read(&format!("https://shop.example/{}", "a".repeat(2000)), &list()).is_none());
    }
}
