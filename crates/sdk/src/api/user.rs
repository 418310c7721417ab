//! The people who follow the account.

use std::collections::VecDeque;

use hongyan_wire::OpenId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::Done;
use crate::client::Client;
use crate::endpoint::endpoints;
use crate::error::Error;

/// The most people that one call tells about.
const BATCH: usize = 100;
/// One less than the characters that the platform refuses.
const REMARK: usize = 29;

endpoints! {
    /// The people who follow the account.
    user: Users {
        /// Tells about one person. [Page](https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo.html)
        ///
        /// Of somebody who does not follow it tells the OpenID alone. Names and pictures are not given any more.
        GET "/cgi-bin/user/info" info(query openid: &OpenId, query lang: Option<Languages>) -> User, safe;
        /// Tells about up to 100 people. [Page](https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_batchuserinfo.html)
        POST "/cgi-bin/user/info/batchget" info_batch(field user_list: &[UserQuery]) -> UsersInfo, safe, check(batch(user_list));
        /// Lists up to 10,000 followers, those after `next_openid` or the first. [Page](https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_getfans.html)
        ///
        /// 500 calls a day. [`pages`](Self::pages) goes through all of them.
        GET "/cgi-bin/user/get" list(query next_openid: Option<&OpenId>) -> Followers, safe;
        /// Sets the account's own name for a person, below 30 characters. [Page](https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_updateremark.html)
        POST "/cgi-bin/user/info/updateremark" update_remark(field openid: &OpenId, field remark: &str) -> Done, safe, check(short(remark));
    }
}

impl<'a> Users<'a> {
    /// Goes through all followers, 10,000 at a time.
    ///
    /// ```no_run
    /// # async fn example(client: hongyan::Client) -> Result<(), hongyan::Error> {
    /// let mut pages = client.user().pages();
    /// while let Some(openids) = pages.next().await? {
    ///     println!("{} more", openids.len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn pages(&self) -> FollowerPages<'a> {
        FollowerPages { client: self.client, after: None, seen: VecDeque::new(), done: false }
    }
}

/// The followers, page by page.
#[derive(Debug)]
pub struct FollowerPages<'a> {
    client: &'a Client,
    after: Option<OpenId>,
    seen: VecDeque<OpenId>,
    done: bool,
}

impl FollowerPages<'_> {
    /// The next page, or `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<OpenId>>, Error> {
        if self.done {
            return Ok(None);
        }
        let page = self.client.user().list(self.after.as_ref()).await?;
        let next = page.next_openid.filter(|next| !next.is_empty());
        // A platform that gives the same mark for ever must not keep us for ever.
        self.done = match &next {
            None => true,
            Some(next) => page.data.openid.is_empty() || self.seen.contains(next),
        };
        self.seen.extend(next.clone());
        if self.seen.len() > 8 {
            self.seen.pop_front();
        }
        self.after = next;
        Ok(if page.data.openid.is_empty() { None } else { Some(page.data.openid) })
    }
}

/// The language in which places were once named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Languages {
    /// Simplified Chinese.
    #[serde(rename = "zh_CN")]
    ZhCn,
    /// Traditional Chinese.
    #[serde(rename = "zh_TW")]
    ZhTw,
    /// English.
    #[serde(rename = "en")]
    En,
}

/// A person who is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserQuery {
    /// The person.
    pub openid: OpenId,
    /// The language of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Languages>,
}

impl<T: Into<OpenId>> From<T> for UserQuery {
    fn from(openid: T) -> Self {
        Self { openid: openid.into(), lang: None }
    }
}

/// What the platform tells about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Whether they follow the account. If not, there is only the OpenID.
    #[serde(deserialize_with = "super::number::as_truth")]
    pub subscribe: bool,
    /// The person.
    pub openid: OpenId,
    /// Their phone's language, such as `zh_CN`.
    #[serde(default)]
    pub language: String,
    /// When they last followed, in seconds since 1970.
    #[serde(default)]
    pub subscribe_time: Option<i64>,
    /// The person across the accounts of one open-platform owner.
    #[serde(default)]
    pub unionid: Option<String>,
    /// The account's own name for them.
    #[serde(default)]
    pub remark: String,
    /// Their tags.
    #[serde(default)]
    pub tagid_list: Vec<i64>,
    /// How they came to follow, such as `ADD_SCENE_QR_CODE`.
    #[serde(default)]
    pub subscribe_scene: String,
    /// The number in the QR code that they followed through; 0 for none.
    #[serde(default)]
    pub qr_scene: u64,
    /// The text in the QR code that they followed through; empty for none.
    #[serde(default)]
    pub qr_scene_str: String,
    /// Other fields.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What the platform tells about several people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsersInfo {
    /// In the order they were asked about.
    pub user_info_list: Vec<User>,
}

/// One page of followers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followers {
    /// How many follow the account.
    pub total: u64,
    /// How many stand on this page.
    pub count: u64,
    /// The page; missing when it is empty.
    #[serde(default)]
    pub data: OpenIds,
    /// Where the next page begins; empty after the last.
    #[serde(default)]
    pub next_openid: Option<OpenId>,
}

/// A list of people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIds {
    /// The people.
    #[serde(default)]
    pub openid: Vec<OpenId>,
}

fn batch(list: &[UserQuery]) -> Result<(), Error> {
    match list.len() {
        1..=BATCH => Ok(()),
        count => Err(Error::invalid(
            format!("{count} people are asked about"),
            format!("1 to {BATCH} at a time"),
            format!("一次查询了 {count} 个人：每次应为 1 到 {BATCH} 个"),
        )),
    }
}

fn short(remark: &str) -> Result<(), Error> {
    match remark.chars().count() {
        0..=REMARK => Ok(()),
        count => Err(Error::invalid(
            format!("the remark has {count} characters"),
            format!("{REMARK} at most"),
            format!("备注有 {count} 个字符：最多 {REMARK} 个"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_who_does_not_follow_is_read_too() {
        let user: User = serde_json::from_str(r#"{"subscribe":0,"openid":"o1"}"#).unwrap();
        assert!(!user.subscribe && user.subscribe_time.is_none());
    }

    #[test]
    fn limits_are_named() {
        assert!(short(&"名".repeat(29)).is_ok());
        assert!(short(&"名".repeat(30)).unwrap_err().to_string().contains("30 characters: 29 at most"));
        assert!(batch(&[]).is_err());
        assert!(batch(&vec![UserQuery::from("o1"); 101]).unwrap_err().to_string().contains("1 to 100"));
    }
}
