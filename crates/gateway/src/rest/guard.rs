//! Who may use the API: holders of a key; where no key is configured, programs on this machine.
//!
//! Without keys a web page that the operator happens to visit must not reach the API either, by a name that resolves
//! to this machine or by a request across origins. So `Host` must be a loopback name, and so must `Origin` when it is
//! there.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use super::rate::Bucket;
use crate::config::{ApiKey, KeyValue};

/// The rule of one listener.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    keys: Vec<ApiKey>,
    /// The bucket of each key that has a rate, in the order of `keys`.
    buckets: Arc<Vec<Option<Mutex<Bucket>>>>,
    loopback: bool,
}

impl Guard {
    pub(crate) fn new(keys: Vec<ApiKey>, loopback: bool) -> Self {
        let now = Instant::now();
        let bucket = |key: &ApiKey| key.rate.map(|rate| Mutex::new(Bucket::new(rate, now)));
        let buckets = Arc::new(keys.iter().map(bucket).collect());
        Self { keys, buckets, loopback }
    }

    /// Whether this request may read what is no account's: any key does, and on a loopback listener none is needed.
    pub(crate) fn check_open(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if self.loopback && self.check_local(headers).is_ok() {
            return Ok(());
        }
        if self.keys.is_empty() {
            return self.check_local(headers);
        }
        self.key(headers).map(|_| ())
    }

    /// The key that the request carries, if it has asked no more often than it may.
    fn key(&self, headers: &HeaderMap) -> Result<&ApiKey, Problem> {
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or_else(Problem::unauthorized)?;
        let found = self.keys.iter().position(|key| opens(key, given)).ok_or_else(Problem::unauthorized)?;
        let key = &self.keys[found];
        if let Some(bucket) = self.buckets.get(found).and_then(Option::as_ref) {
            let taken = bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
            if let Err(wait) = taken {
                let seconds = wait.as_secs_f64().ceil().max(1.0) as u32;
                let detail = format!(
                    "the key {} asks more often than its rate allows; again in {seconds} s",
                    key.name
                );
                return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests", detail)
                    .retry_after(seconds));
            }
        }
        Ok(key)
    }

    /// Whether this request may do something in this scope to this account.
    pub(crate) fn check(&self, headers: &HeaderMap, scope: &str, account: &str) -> Result<(), Problem> {
        if self.keys.is_empty() {
            return self.check_local(headers);
        }
        let key = self.key(headers)?;
        allows(key, scope, account).map_err(Problem::forbidden)
    }

    /// Whether nobody has a key, so that programs on this machine need none.
    pub(crate) fn has_no_keys(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key that was given in another place than the header.
    pub(crate) fn by_key(&self, given: &str) -> Option<(&ApiKey, bool)> {
        self.by_mark(self.keys.iter().find(|key| opens(key, given)).map(mark)?)
    }

    /// The key with this mark, and whether it may ask now.
    pub(crate) fn by_mark(&self, given: [u8; 8]) -> Option<(&ApiKey, bool)> {
        let found = self.keys.iter().position(|key| mark(key) == given)?;
        let bucket = self.buckets.get(found).and_then(Option::as_ref);
        let may = bucket.is_none_or(|bucket| {
            bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()).is_ok()
        });
        Some((&self.keys[found], may))
    }

    /// Whether the request is one of this machine's own programs', on a listener for them.
    pub(crate) fn check_local(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.loopback {
            return Err(Problem::forbidden(
                "the API can be reached from other machines and has no keys: add [[api_keys]] to the configuration",
            ));
        }
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if !text(header::HOST).is_some_and(is_loopback) {
            return Err(Problem::forbidden(
                "without [[api_keys]] the API answers only to localhost; the Host header names something else",
            ));
        }
        let foreign = text(header::ORIGIN)
            .is_some_and(|origin| !origin.split_once("://").is_some_and(|(_, host)| is_loopback(host)));
        if foreign {
            return Err(Problem::forbidden(
                "without [[api_keys]] the API takes no requests from other web sites",
            ));
        }
        Ok(())
    }
}

/// Whether a key opens this scope for this account; else why not.
pub(crate) fn allows(key: &ApiKey, scope: &str, account: &str) -> Result<(), String> {
    if !key.scopes.iter().any(|known| known == scope || known == "*") {
        return Err(format!("the key {} has no scope \"{scope}\"", key.name));
    }
    if !key.accounts.is_empty() && !key.accounts.iter().any(|known| known == account) {
        return Err(format!("the key {} is not for the account {account}", key.name));
    }
    Ok(())
}

/// What names a key in what it was given, without being it.
pub(crate) fn mark(key: &ApiKey) -> [u8; 8] {
    let digest: [u8; 32] = match &key.key {
        KeyValue::Plain(secret) => Sha256::digest(secret.expose()).into(),
        KeyValue::Sha256(digest) => *digest,
    };
    let mut mark = [0; 8];
    mark.copy_from_slice(&Sha256::digest(digest)[..8]);
    mark
}

fn opens(key: &ApiKey, given: &str) -> bool {
    match &key.key {
        KeyValue::Plain(secret) => !secret.is_empty() && *secret == given.into(),
        KeyValue::Sha256(digest) => Sha256::digest(given).as_slice().ct_eq(digest).into(),
    }
}

/// Whether `host[:port]` names this machine's loopback address.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    fn key(scopes: &[&str], accounts: &[&str]) -> ApiKey {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        ApiKey {
            name: "ops".to_owned(),
            key: KeyValue::Plain("k-1".into()),
            scopes: owned(scopes),
            accounts: owned(accounts),
            rate: None,
        }
    }

    #[test]
    fn loopback_names_are_told_from_others() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:80", "127.1.2.3", "[::1]:8080", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:80", "192.168.1.1", "127.0.0.1.evil.example", ""]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn without_keys_only_local_names_pass() {
        let guard = Guard::new(Vec::new(), true);
        assert!(guard.check(&headers(&[("host", "127.0.0.1:8080")]), "messages", "main").is_ok());
        assert!(guard.check(&headers(&[("host", "evil.example")]), "messages", "main").is_err());
        assert!(guard.check(&headers(&[]), "messages", "main").is_err());
        let foreign = headers(&[("host", "localhost"), ("origin", "https://evil.example")]);
        assert!(guard.check(&foreign, "messages", "main").is_err());
        let open = Guard::new(Vec::new(), false);
        assert!(open.check(&headers(&[("host", "127.0.0.1:8080")]), "messages", "main").is_err());
    }

    #[test]
    fn a_digest_opens_for_its_key_and_for_nothing_else() {
        // What `printf %s k-1 | sha256sum` prints.
        let hex = "7c35c5a1785d20704e44d5de4beb81c1fce91b6fe48ed7c3159af6f7f832078b";
        let mut digest = [0; 32];
        for (index, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[index * 2..index * 2 + 2], 16).unwrap();
        }
        let hashed = ApiKey { key: KeyValue::Sha256(digest), ..key(&["messages"], &[]) };
        let guard = Guard::new(vec![hashed], false);
        assert!(guard.check(&headers(&[("authorization", "Bearer k-1")]), "messages", "main").is_ok());
        for other in [
            "Bearer k-2",
            "Bearer 7c35c5a1785d20704e44d5de4beb81c1fce91b6fe48ed7c3159af6f7f832078b",
            "Bearer ",
        ] {
            assert!(
                guard.check(&headers(&[("authorization", other)]), "messages", "main").is_err(),
                "{other}"
            );
        }
    }

    #[test]
    fn a_key_opens_its_scopes_and_accounts() {
        let guard = Guard::new(vec![key(&["messages"], &["main"])], false);
        let good = headers(&[("host", "gateway.example"), ("authorization", "Bearer k-1")]);
        assert!(guard.check(&good, "messages", "main").is_ok());
        assert!(guard.check(&good, "users", "main").is_err());
        assert!(guard.check(&good, "messages", "other").is_err());
        let wrong = headers(&[("host", "localhost"), ("authorization", "Bearer k-2")]);
        assert!(guard.check(&wrong, "messages", "main").is_err());
        assert!(guard.check(&headers(&[("host", "localhost")]), "messages", "main").is_err());
    }
}
