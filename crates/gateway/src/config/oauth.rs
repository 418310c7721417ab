//! `[accounts.NAME.oauth]`: where web logins may return to.

use url::Url;

use super::reader::Item;
use super::{ConfigError, Words};

/// What web pages may ask of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OauthScope {
    /// Who they are, without a question.
    Base,
    /// Name and picture too, after they have agreed.
    UserInfo,
}

impl OauthScope {
    /// The platform's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
        }
    }
}

/// How web logins of an account go.
#[derive(Clone, Debug)]
pub struct OauthConfig {
    /// Where a login may return to: this very address, or one below it.
    pub allowed: Vec<Url>,
    /// What is asked.
    pub scope: OauthScope,
    /// The gateway's own address as browsers see it; from each request when `None`.
    pub base: Option<String>,
}

pub(super) fn oauth(item: &Item<'_>) -> Result<OauthConfig, ConfigError> {
    let table = item.table()?;
    table.only(&["return", "scope", "base"])?;
    let example = Words::new(
        "write return = [\"https://shop.example/\"]: nobody is sent anywhere else",
        "请写 return = [\"https://shop.example/\"]：登录后只会回到这些地址",
    );
    let list = table.need("return", &example)?;
    let allowed = list
        .strings()?
        .into_iter()
        .map(|text| address(&list, text).map_err(|error| error.hint(example.clone())));
    let scopes = [OauthScope::Base, OauthScope::UserInfo].map(|scope| (scope.name(), scope));
    let base = match table.get("base") {
        None => None,
        Some(item) => {
            let url = address(&item, item.string()?)?;
            Some(url.as_str().trim_end_matches('/').to_owned())
        }
    };
    Ok(OauthConfig {
        allowed: allowed.collect::<Result<_, _>>()?,
        scope: table.get("scope").map_or(Ok(OauthScope::Base), |item| item.one_of(&scopes))?,
        base,
    })
}

fn address(item: &Item<'_>, text: &str) -> Result<Url, ConfigError> {
    let wrong = |en: &str, zh: &str| {
        item.fail(Words::new(
            format!("`{}`: \"{text}\" {en}", item.key),
            format!("`{}`：\"{text}\" {zh}", item.key),
        ))
    };
    let url = Url::parse(text).map_err(|_| wrong("is not an address", "不是有效的地址"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("is no http or https address", "不是 http 或 https 地址"));
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(wrong(
            "has a user, a query or a fragment: only scheme, host, port and path count",
            "含有用户名、查询串或片段：只看协议、主机、端口和路径",
        ));
    }
    Ok(url)
}
