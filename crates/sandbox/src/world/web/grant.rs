//! Codes of web login and the tokens they are changed into.
//!
//! Pure: the time and fresh random values come in.

use serde::{Deserialize, Serialize};

use crate::settings::WebSettings;

/// What a web page may learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Scope {
    /// The OpenID, without asking.
    Base,
    /// Name and picture too, after asking.
    UserInfo,
}

impl Scope {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "snsapi_base" => Some(Scope::Base),
            "snsapi_userinfo" => Some(Scope::UserInfo),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Scope::Base => "snsapi_base",
            Scope::UserInfo => "snsapi_userinfo",
        }
    }
}

/// Who logs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The person's place in the world's list.
    pub(crate) person: usize,
    pub(crate) openid: String,
    /// The virtual person of a snapshot page (快照页).
    pub(crate) snapshot: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Code {
    value: String,
    identity: Identity,
    scope: Scope,
    expires_at_ms: i64,
    used: bool,
}

/// One login, from its code to the end of its refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) identity: Identity,
    pub(crate) scope: Scope,
    expires_at_ms: i64,
    refresh_until_ms: i64,
}

/// All logins of one account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Grants {
    codes: Vec<Code>,
    grants: Vec<Grant>,
}

/// The logins that are remembered; the oldest are forgotten.
const KEPT: usize = 10_000;

impl Grants {
    /// Keeps a code for whom it was given to.
    pub(crate) fn give(&mut self, code: String, identity: Identity, scope: Scope, until_ms: i64) {
        if self.codes.len() >= KEPT {
            self.codes.remove(0);
        }
        self.codes.push(Code { value: code, identity, scope, expires_at_ms: until_ms, used: false });
    }

    /// Changes a code into a token; the error is the platform's code.
    pub(crate) fn redeem(
        &mut self,
        code: &str,
        fresh: (String, String),
        now_ms: i64,
        settings: &WebSettings,
    ) -> Result<Grant, i64> {
        let code = self.codes.iter_mut().find(|known| known.value == code).ok_or(40029)?;
        if code.used {
            return Err(settings.used_code);
        }
        if code.expires_at_ms <= now_ms {
            return Err(settings.expired_code);
        }
        code.used = true;
        let grant = Grant {
            access_token: fresh.0,
            refresh_token: fresh.1,
            identity: code.identity.clone(),
            scope: code.scope,
            expires_at_ms: now_ms + settings.token_seconds * 1000,
            refresh_until_ms: now_ms + settings.refresh_seconds * 1000,
        };
        if self.grants.len() >= KEPT {
            self.grants.remove(0);
        }
        self.grants.push(grant.clone());
        Ok(grant)
    }

    /// Prolongs a token, or gives a new one.
    pub(crate) fn refresh(
        &mut self,
        refresh_token: &str,
        fresh: String,
        now_ms: i64,
        settings: &WebSettings,
    ) -> Result<Grant, i64> {
        let grant = self.grants.iter_mut().find(|one| one.refresh_token == refresh_token).ok_or(40030)?;
        if grant.refresh_until_ms <= now_ms {
            return Err(42002);
        }
        if !(settings.refresh_keeps_token && grant.expires_at_ms > now_ms) {
            grant.access_token = fresh;
        }
        grant.expires_at_ms = now_ms + settings.token_seconds * 1000;
        Ok(grant.clone())
    }

    /// True when this account has given the token.
    pub(crate) fn knows(&self, access_token: &str) -> bool {
        self.grants.iter().any(|one| one.access_token == access_token)
    }

    /// The login behind a web token that works.
    pub(crate) fn check(
        &self,
        access_token: &str,
        now_ms: i64,
        settings: &WebSettings,
    ) -> Result<&Grant, i64> {
        let grant = self.grants.iter().find(|one| one.access_token == access_token);
        let grant = grant.ok_or(settings.unknown_token_code)?;
        if grant.expires_at_ms <= now_ms { Err(42001) } else { Ok(grant) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn identity() -> Identity {
        Identity { person: 0, openid: "oA".into(), snapshot: false }
    }

    fn fresh(name: &str) -> (String, String) {
        (format!("{name} access"), format!("{name} refresh"))
    }

    #[test]
    fn a_code_is_good_once_and_for_five_minutes() {
        let (mut grants, settings) = (Grants::default(), WebSettings::default());
        grants.give("a".into(), identity(), Scope::Base, 5 * MINUTE);
        grants.give("b".into(), identity(), Scope::Base, 5 * MINUTE);
        assert!(grants.redeem("a", fresh("1"), 5 * MINUTE - 1, &settings).is_ok());
        assert_eq!(grants.redeem("a", fresh("2"), 5 * MINUTE - 1, &settings), Err(40163));
        assert_eq!(grants.redeem("b", fresh("3"), 5 * MINUTE, &settings), Err(40029));
        assert_eq!(grants.redeem("c", fresh("4"), 0, &settings), Err(40029));
    }

    #[test]
    fn a_refresh_prolongs_a_live_token_and_replaces_a_dead_one() {
        let (mut grants, settings) = (Grants::default(), WebSettings::default());
        grants.give("a".into(), identity(), Scope::UserInfo, 5 * MINUTE);
        let first = grants.redeem("a", fresh("1"), 0, &settings).unwrap();
        let kept = grants.refresh("1 refresh", "2".into(), 60 * MINUTE, &settings).unwrap();
        assert_eq!(kept.access_token, first.access_token);
        assert!(grants.check("1 access", 179 * MINUTE, &settings).is_ok());
        assert_eq!(grants.check("1 access", 180 * MINUTE, &settings), Err(42001));
        let new = grants.refresh("1 refresh", "2".into(), 180 * MINUTE, &settings).unwrap();
        assert_eq!((new.access_token.as_str(), new.identity), ("2", identity()));
        assert_eq!(grants.check("1 access", 180 * MINUTE, &settings), Err(40001));
        let month = 30 * 24 * 60 * MINUTE;
        assert!(grants.refresh("1 refresh", "3".into(), month - 1, &settings).is_ok());
        assert_eq!(grants.refresh("1 refresh", "3".into(), month, &settings), Err(42002));
        assert_eq!(grants.refresh("nobody's", "3".into(), 0, &settings), Err(40030));
    }
}
