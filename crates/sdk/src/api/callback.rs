//! The platform's own test of the way to the callback address.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::endpoint::endpoints;

endpoints! {
    /// The way from the platform to the callback address.
    callback: Callbacks {
        /// Lets the platform resolve and ping the callback address. [Page](https://developers.weixin.qq.com/doc/service/api/base/api_callbackcheck.html)
        ///
        /// Refused with 40201 when no callback address is set.
        POST "/cgi-bin/callback/check" check(field action: Probe, field check_operator: Carrier) -> CallbackCheck, safe;
    }
}

/// What is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Probe {
    /// The name's addresses.
    Dns,
    /// The way to the addresses.
    Ping,
    /// Both.
    All,
}

/// Whose network the test runs from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Carrier {
    /// China Telecom.
    #[serde(rename = "CHINANET")]
    Chinanet,
    /// China Unicom.
    #[serde(rename = "UNICOM")]
    Unicom,
    /// Tencent's own.
    #[serde(rename = "CAP")]
    Cap,
    /// The one that fits the address.
    #[serde(rename = "DEFAULT")]
    Default,
}

/// What the test found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackCheck {
    /// The name's addresses.
    #[serde(default)]
    pub dns: Vec<DnsAnswer>,
    /// The way to each.
    #[serde(default)]
    pub ping: Vec<PingAnswer>,
    /// Other fields.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// One address of the callback's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsAnswer {
    /// The address.
    pub ip: String,
    /// Whose network it is in.
    #[serde(default)]
    pub real_operator: String,
}

/// The way to one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PingAnswer {
    /// The address.
    pub ip: String,
    /// Whose network the test ran from.
    #[serde(default)]
    pub from_operator: String,
    /// What share of the packets was lost, such as `0%`.
    #[serde(default)]
    pub package_loss: String,
    /// How long they took, such as `23.079ms`.
    #[serde(default)]
    pub time: String,
}
