//! The platform's addresses.

use serde::Deserialize;

use crate::endpoint::endpoints;

endpoints! {
    /// The platform's addresses, for firewalls.
    ip: Ips {
        /// Lists the addresses that pushes come from. [Page](https://developers.weixin.qq.com/doc/service/api/base/api_getcallbackip.html)
        GET "/cgi-bin/getcallbackip" callback() -> IpList, safe;
        /// Lists the addresses that the API answers at. [Page](https://developers.weixin.qq.com/doc/service/api/base/api_getapidomainip.html)
        GET "/cgi-bin/get_api_domain_ip" api() -> IpList, safe;
    }
}

/// A list of addresses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IpList {
    /// Addresses and ranges such as `101.89.47.18/32`.
    pub ip_list: Vec<String>,
}
