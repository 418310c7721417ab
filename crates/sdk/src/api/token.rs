//! The endpoints that give access tokens. [`Client::token`](crate::Client::token) is what to use.

use hongyan_wire::{AppId, Secret};
use serde::Deserialize;

use crate::endpoint::endpoints;

endpoints! {
    /// Access tokens, asked for by hand: neither kept nor shared.
    token as tokens: Tokens {
        /// Gives the token in force, or a new one in its last five minutes. [Page](https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken.html)
        ///
        /// `grant_type` is `client_credential`. `force_refresh` ends the present token at once, for everybody:
        /// 20 times a day, at least 30 s apart, for leaks only. 10,000 calls a minute, 500,000 a day.
        POST "/cgi-bin/stable_token" stable(field grant_type: &str, field appid: &AppId, field secret: &str, field force_refresh: Option<bool>) -> NewToken, no_token;
        /// Gives a new token and ends the former one five minutes later. [Page](https://developers.weixin.qq.com/doc/service/api/base/api_getaccesstoken.html)
        ///
        /// `grant_type` is `client_credential`. 2,000 calls a day.
        GET "/cgi-bin/token" classic(query grant_type: &str, query appid: &AppId, query secret: &str) -> NewToken, no_token;
    }
}

/// A token as the platform gives it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NewToken {
    /// The token, up to 512 characters.
    pub access_token: Secret,
    /// How many seconds it is good for, 7200 at most.
    pub expires_in: u64,
}
