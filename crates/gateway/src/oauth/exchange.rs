//! Asks the platform who a code belongs to.

use hongyan::{Call, Error};
use serde_json::{Map, Value};

use super::Desk;
use crate::config::OauthScope;

/// The person: `openid`, what the platform tells about them, and `is_snapshotuser` where it is a stand-in for one.
pub(super) async fn person(desk: &Desk<'_>, code: &str) -> Result<Value, Error> {
    let config = desk.account.config();
    let client = &desk.account.inner.courier.client;
    let call = Call::get("/sns/oauth2/access_token")
        .no_token()
        .query("appid", config.app_id.as_str())
        .query("secret", config.secret.expose())
        .query("code", code)
        .query("grant_type", "authorization_code");
    let given: Map<String, Value> = client.send(call).await?;
    let mut person = Map::new();
    let mut keep = |from: &Map<String, Value>, names: &[&str]| {
        for name in names {
            if let Some(value) = from.get(*name) {
                person.insert((*name).to_owned(), value.clone());
            }
        }
    };
    keep(&given, &["openid", "unionid", "scope", "is_snapshotuser"]);
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default();
    if desk.config.scope == OauthScope::UserInfo && text("scope").contains("snsapi_userinfo") {
        let call = Call::get("/sns/userinfo")
            .no_token()
            .query("access_token", text("access_token"))
            .query("openid", text("openid"))
            .query("lang", "zh_CN");
        let told: Map<String, Value> = client.send(call).await?;
        keep(
            &told,
            &["nickname", "sex", "province", "city", "country", "headimgurl", "privilege", "unionid"],
        );
    }
    // A page opened as a snapshot gives a person who does not exist: they are told about, never kept among the users.
    Ok(Value::Object(person))
}
