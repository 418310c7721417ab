//! Access tokens of one account: the two endpoints, their separate lives, overlap and expiry.
//!
//! Pure: the time and a fresh random value come in.

use serde::{Deserialize, Serialize};

use crate::clock::china_day;
use crate::settings::Settings;

/// A token the account has been given.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Issued {
    value: String,
    /// When its own life ends.
    expires_at_ms: i64,
    /// When it stops because a newer one took its place.
    replaced_at_ms: Option<i64>,
}

impl Issued {
    fn works(&self, now_ms: i64) -> bool {
        self.expires_at_ms > now_ms && self.replaced_at_ms.is_none_or(|at| at > now_ms)
    }
}

/// What a token endpoint answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) token: String,
    pub(crate) expires_in: i64,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadToken {
    /// Never issued by this account.
    Unknown,
    /// A newer one took its place: 40001.
    NotLatest,
    /// Its life is over: 42001.
    Expired,
}

/// The tokens of one account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tokens {
    classic: Vec<Issued>,
    stable: Vec<Issued>,
    forced_at_ms: Option<i64>,
    forced_day: i64,
    forced_count: u32,
}

impl Tokens {
    /// `GET /cgi-bin/token`: each call gives a new token, the one before works a little longer.
    pub(crate) fn classic(&mut self, now_ms: i64, fresh: String, settings: &Settings) -> Grant {
        let until = now_ms + settings.token_overlap_seconds * 1000;
        for old in &mut self.classic {
            old.replaced_at_ms = Some(old.replaced_at_ms.map_or(until, |at| at.min(until)));
        }
        issue(&mut self.classic, now_ms, fresh, settings)
    }

    /// `POST /cgi-bin/stable_token`: the same token while it has five minutes left; `None` when forced too often.
    pub(crate) fn stable(
        &mut self,
        now_ms: i64,
        force: bool,
        fresh: String,
        settings: &Settings,
    ) -> Option<Grant> {
        let overlap_ms = settings.token_overlap_seconds * 1000;
        let current = self
            .stable
            .last()
            .filter(|token| token.works(now_ms) && token.expires_at_ms - now_ms >= overlap_ms)
            .map(|token| Grant {
                token: token.value.clone(),
                expires_in: (token.expires_at_ms - now_ms) / 1000,
            });
        if force && !self.forced_lately(now_ms, settings) {
            if !self.may_force(now_ms, settings) {
                return None;
            }
            for old in &mut self.stable {
                old.replaced_at_ms = Some(now_ms);
            }
            return Some(issue(&mut self.stable, now_ms, fresh, settings));
        }
        Some(current.unwrap_or_else(|| issue(&mut self.stable, now_ms, fresh, settings)))
    }

    fn forced_lately(&self, now_ms: i64, settings: &Settings) -> bool {
        self.forced_at_ms.is_some_and(|at| now_ms - at < settings.forced_spacing_seconds * 1000)
    }

    fn may_force(&mut self, now_ms: i64, settings: &Settings) -> bool {
        if self.forced_day != china_day(now_ms) {
            self.forced_day = china_day(now_ms);
            self.forced_count = 0;
        }
        if self.forced_count >= settings.forced_per_day {
            return false;
        }
        self.forced_count += 1;
        self.forced_at_ms = Some(now_ms);
        true
    }

    /// Whether a call with this token is let in.
    pub(crate) fn check(&self, token: &str, now_ms: i64) -> Result<(), BadToken> {
        let known = self.classic.iter().chain(&self.stable).find(|issued| issued.value == token);
        match known {
            None => Err(BadToken::Unknown),
            Some(issued) if issued.works(now_ms) => Ok(()),
            Some(issued) if issued.expires_at_ms <= now_ms => Err(BadToken::Expired),
            Some(_) => Err(BadToken::NotLatest),
        }
    }

    /// Another program fetched a classic token, long enough ago that the old ones have ended.
    pub(crate) fn replace(&mut self, now_ms: i64) {
        for issued in &mut self.classic {
            issued.replaced_at_ms = Some(issued.replaced_at_ms.map_or(now_ms, |at| at.min(now_ms)));
        }
    }

    /// When each token stops, with the endpoint it is from.
    pub(crate) fn ends(&self) -> impl Iterator<Item = (&'static str, i64)> {
        let named = |name: &'static str, list: &[Issued]| {
            let ends: Vec<_> = list
                .iter()
                .map(|issued| {
                    (
                        name,
                        issued.replaced_at_ms.map_or(issued.expires_at_ms, |at| at.min(issued.expires_at_ms)),
                    )
                })
                .collect();
            ends
        };
        named("classic", &self.classic).into_iter().chain(named("stable", &self.stable))
    }

    /// Ends the life of every token now.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        for issued in self.classic.iter_mut().chain(&mut self.stable) {
            issued.expires_at_ms = issued.expires_at_ms.min(now_ms);
        }
    }
}

/// Old tokens are remembered so that their refusal can say why; the list stays short.
const REMEMBERED: usize = 64;

fn issue(list: &mut Vec<Issued>, now_ms: i64, fresh: String, settings: &Settings) -> Grant {
    if list.len() >= REMEMBERED {
        list.remove(0);
    }
    let grant = Grant { token: fresh.clone(), expires_in: settings.token_seconds };
    list.push(Issued {
        value: fresh,
        expires_at_ms: now_ms + settings.token_seconds * 1000,
        replaced_at_ms: None,
    });
    grant
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn settings() -> Settings {
        Settings::default()
    }

    #[test]
    fn a_classic_token_lives_five_minutes_beside_the_next() {
        let mut tokens = Tokens::default();
        tokens.classic(0, "a".into(), &settings());
        let second = tokens.classic(MINUTE, "b".into(), &settings());
        assert_eq!(second, Grant { token: "b".into(), expires_in: 7200 });
        assert_eq!(tokens.check("a", 6 * MINUTE - 1), Ok(()));
        assert_eq!(tokens.check("a", 6 * MINUTE), Err(BadToken::NotLatest));
        assert_eq!(tokens.check("b", 6 * MINUTE), Ok(()));
    }

    #[test]
    fn a_stable_token_stays_the_same_until_its_last_five_minutes() {
        let mut tokens = Tokens::default();
        tokens.stable(0, false, "a".into(), &settings());
        let again = tokens.stable(115 * MINUTE, false, "b".into(), &settings()).unwrap();
        assert_eq!(again, Grant { token: "a".into(), expires_in: 300 });
        let next = tokens.stable(115 * MINUTE + 1, false, "c".into(), &settings()).unwrap();
        assert_eq!(next, Grant { token: "c".into(), expires_in: 7200 });
        assert_eq!(tokens.check("a", 119 * MINUTE), Ok(()));
        assert_eq!(tokens.check("a", 120 * MINUTE), Err(BadToken::Expired));
    }

    #[test]
    fn the_two_endpoints_do_not_disturb_each_other() {
        let mut tokens = Tokens::default();
        tokens.classic(0, "a".into(), &settings());
        tokens.stable(0, false, "s".into(), &settings());
        tokens.classic(1, "b".into(), &settings());
        tokens.stable(40_000, true, "t".into(), &settings());
        assert_eq!(tokens.check("b", 10 * MINUTE), Ok(()));
        assert_eq!(tokens.check("t", 10 * MINUTE), Ok(()));
    }

    #[test]
    fn a_forced_refresh_kills_the_old_token_at_once() {
        let mut tokens = Tokens::default();
        tokens.stable(0, false, "a".into(), &settings());
        tokens.stable(1, true, "b".into(), &settings());
        assert_eq!(tokens.check("a", 1), Err(BadToken::NotLatest));
        let too_soon = tokens.stable(29_000, true, "c".into(), &settings()).unwrap();
        assert_eq!(too_soon.token, "b");
    }

    #[test]
    fn forced_refreshes_are_twenty_a_day() {
        let mut tokens = Tokens::default();
        for i in 0..20 {
            assert!(tokens.stable(i * MINUTE, true, format!("t{i}"), &settings()).is_some());
        }
        assert_eq!(tokens.stable(20 * MINUTE, true, "no".into(), &settings()), None);
        assert!(tokens.stable(1440 * MINUTE, true, "tomorrow".into(), &settings()).is_some());
    }

    #[test]
    fn a_token_fetched_elsewhere_ends_the_classic_ones_only() {
        let mut tokens = Tokens::default();
        tokens.classic(0, "a".into(), &settings());
        tokens.stable(0, false, "s".into(), &settings());
        tokens.replace(5);
        assert_eq!(tokens.check("a", 5), Err(BadToken::NotLatest));
        assert_eq!(tokens.check("s", 5), Ok(()));
        assert_eq!(tokens.ends().collect::<Vec<_>>(), [("classic", 5), ("stable", 7_200_000)]);
    }

    #[test]
    fn an_expired_token_is_42001_and_a_made_up_one_unknown() {
        let mut tokens = Tokens::default();
        tokens.classic(0, "a".into(), &settings());
        tokens.expire(5);
        assert_eq!(tokens.check("a", 5), Err(BadToken::Expired));
        assert_eq!(tokens.check("made up", 5), Err(BadToken::Unknown));
    }
}
