//! The decision at `/connect/oauth2/authorize`: who logs in, whether to ask, where the browser goes. Pure.

use super::grant::{Identity, Scope};
use super::on_domain;
use crate::world::World;
use crate::world::rights::{Right, may};

/// What the person answered on the consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Allow,
    Deny,
    /// Go on as the virtual person of a snapshot page.
    Snapshot,
}

/// What the browser asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    pub(crate) query: Vec<(String, String)>,
    /// Whose phone it is: an OpenID of any account, or a nickname.
    pub(crate) user: Option<String>,
    pub(crate) answer: Option<Answer>,
}

impl Ask {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn on(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1"))
    }
}

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Back to the page that asked.
    Redirect { to: String, granted: bool },
    /// The consent page.
    Consent { account: String, nickname: String, openid: String, host: String },
    /// The sandbox does not know whose phone this is.
    Who { people: Vec<(String, String)> },
    /// An error page with this code.
    Refused { code: i64, zh: &'static str, en: &'static str },
}

/// The decision, with the account and the person it turned out to concern.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub(crate) at: usize,
    pub(crate) openid: Option<String>,
    pub(crate) step: Step,
    /// What works here and may not work on a phone.
    pub(crate) doubts: Vec<(&'static str, &'static str, &'static str)>,
}

/// The parameters in the order in which the platform's page wants them.
const ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];

/// Numbers of virtual people begin here.
pub(crate) const VIRTUAL: usize = 1_000_000_000;

fn refused(code: i64, zh: &'static str, en: &'static str) -> Step {
    Step::Refused { code, zh, en }
}

impl World {
    /// Decides; `code` is what the page gets when it may know who is there.
    pub(crate) fn authorize(&mut self, ask: &Ask, code: String, now_ms: i64) -> Decision {
        let mut decision = Decision {
            at: 0,
            openid: None,
            step: refused(10012, "appid 不能为空。", "The parameter appid is missing."),
            doubts: doubts(ask),
        };
        if let Some(app_id) = ask.get("appid") {
            decision.step = match self.account_at(Some(app_id)) {
                None => refused(40013, "没有这个 AppID 的公众号。", "No account here has this AppID."),
                Some(at) => {
                    decision.at = at;
                    self.decide(ask, at, code, now_ms, &mut decision.openid).unwrap_or_else(|step| step)
                }
            };
        }
        decision
    }

    fn decide(
        &mut self,
        ask: &Ask,
        at: usize,
        code: String,
        now_ms: i64,
        who: &mut Option<String>,
    ) -> Result<Step, Step> {
        let (redirect, scope) = self.checked(ask, at)?;
        let (person, openid, following) = self.somebody(ask, at)?;
        *who = Some(openid.clone());
        let account = &self.accounts[at];
        let settings = self.settings.web.clone();
        if account.kind == crate::options::Kind::Test && settings.test_account_needs_follow && !following {
            return Err(refused(10006, "必须先关注此测试号。", "One must follow this test account first."));
        }
        let silent = settings.silent_for_followers && following && !ask.on("forcePopup");
        let answer = match (scope, ask.answer) {
            (Scope::Base, _) => Answer::Allow,
            (Scope::UserInfo, Some(answer)) => answer,
            (Scope::UserInfo, None) if ask.on("forceSnapShot") => Answer::Snapshot,
            (Scope::UserInfo, None) if silent => Answer::Allow,
            (Scope::UserInfo, None) => {
                return Ok(Step::Consent {
                    account: account.name.clone(),
                    nickname: self.people[person].nickname.clone(),
                    openid,
                    host: redirect.host_str().unwrap_or_default().to_owned(),
                });
            }
        };
        let mut to = redirect;
        let granted = answer != Answer::Deny;
        if granted {
            let snapshot = answer == Answer::Snapshot;
            let openid =
                if snapshot { self.ids.openid(&self.accounts[at].app_id, VIRTUAL + person) } else { openid };
            to.query_pairs_mut().append_pair("code", &code);
            let until = now_ms + settings.code_seconds * 1000;
            let identity = Identity { person, openid, snapshot };
            self.accounts[at].web.grants.give(code, identity, scope, until);
        }
        to.query_pairs_mut().append_pair("state", ask.get("state").unwrap_or_default());
        Ok(Step::Redirect { to: to.into(), granted })
    }

    /// Checks the parameters that do not depend on the person.
    fn checked(&self, ask: &Ask, at: usize) -> Result<(url::Url, Scope), Step> {
        let account = &self.accounts[at];
        let redirect = ask.get("redirect_uri").ok_or_else(|| {
            refused(10011, "redirect_uri 不能为空。", "The parameter redirect_uri is missing.")
        })?;
        let scope = ask
            .get("scope")
            .ok_or_else(|| refused(10010, "scope 不能为空。", "The parameter scope is missing."))?;
        let scope = Scope::parse(scope).ok_or_else(|| {
            refused(
                10005,
                "没有这个 scope：公众号用 snsapi_base 或 snsapi_userinfo。",
                "There is no such scope; an Official Account has snsapi_base and snsapi_userinfo.",
            )
        })?;
        if !may(account.kind, account.verified, Right::WebLogin) {
            return Err(refused(
                10005,
                "此公众号没有网页授权的权限：只有已认证的服务号和测试号有。",
                "This account may not do web login: only verified service accounts and test accounts may.",
            ));
        }
        let bad = || {
            refused(
                10003,
                "redirect_uri 与后台配置的网页授权域名不一致，或没有正确转义。",
                "redirect_uri is not on the account's OAuth domain, or was not URL-encoded once.",
            )
        };
        let url = url::Url::parse(redirect).map_err(|_| bad())?;
        if !matches!(url.scheme(), "http" | "https") || !on_domain(&url, account.web.domains.oauth.as_deref())
        {
            return Err(bad());
        }
        let in_order = doubts(ask).iter().all(|(code, _, _)| *code != "oauth_order");
        if self.settings.web.strict_order && !in_order {
            return Err(refused(10015, DISORDER.0, DISORDER.1));
        }
        Ok((url, scope))
    }

    /// The person at the phone: named, or the only one there is.
    fn somebody(&self, ask: &Ask, at: usize) -> Result<(usize, String, bool), Step> {
        let named = ask.user.as_deref().and_then(|user| {
            let by_openid = self.accounts.iter().find_map(|account| account.follower(user));
            let by_name = || self.people.iter().position(|person| person.nickname == user);
            by_openid.map(|follower| follower.person).or_else(by_name)
        });
        let only = (self.people.len() == 1 && ask.user.is_none()).then_some(0);
        let account = &self.accounts[at];
        match named.or(only).and_then(|person| account.followers.iter().find(|one| one.person == person)) {
            Some(follower) => Ok((follower.person, follower.openid.clone(), follower.following)),
            None => Err(Step::Who {
                people: account
                    .followers
                    .iter()
                    .take(200)
                    .map(|one| (one.openid.clone(), self.people[one.person].nickname.clone()))
                    .collect(),
            }),
        }
    }
}

const DISORDER: (&str, &str) = (
    "授权链接的参数顺序不对，手机上会打不开。应为 appid、redirect_uri、response_type、scope、state。",
    "The parameters are not in the documented order, which a phone refuses: appid, redirect_uri, response_type, scope, state.",
);

fn doubts(ask: &Ask) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut doubts = Vec::new();
    let given: Vec<usize> =
        ask.query.iter().filter_map(|(name, _)| ORDER.iter().position(|known| known == name)).collect();
    if !given.is_sorted() {
        doubts.push(("oauth_order", DISORDER.0, DISORDER.1));
    }
    if ask.get("response_type") != Some("code") {
        doubts.push((
            "oauth_response_type",
            "response_type 必须是 code。",
            "The parameter response_type must be code.",
        ));
    }
    let state = ask.get("state").unwrap_or_default();
    if state.len() > 128 || !state.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        doubts.push((
            "oauth_state",
            "state 只能是字母和数字，最多 128 字节。",
            "The documentation allows letters and digits in state, 128 bytes at most.",
        ));
    }
    doubts
}
