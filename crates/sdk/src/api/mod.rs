//! The platform's endpoints, one file a group: the table first, its types below.

mod number;
mod token;
pub mod menu;
mod message;
mod from_reply;
mod qrcode;
mod media;
mod user;
mod ip;
mod callback;

pub use callback::{CallbackCheck, Callbacks, Carrier, DnsAnswer, PingAnswer, Probe};
pub use from_reply::CannotSend;
pub use ip::{IpList, Ips};
pub use media::{ArticleImage, MediaFile, MediaKind, Medias, TemporaryMedia, Uploaded};
pub use menu::{
    Action, Button, ConditionalMenu, ConditionalMenuId, CurrentMenu, MatchRule, Matched, MenuBody, Menus,
    NewConditionalMenu, NewMenu, SelfMenu, ShownMenu,
};
pub use message::{CustomArticle, CustomMessage, MenuItem, MessageBody, Messages, OutMessage, Typing};
pub use qrcode::{NewQrCode, QrCode, QrCodes};
pub use token::{NewToken, Tokens};
pub use user::{FollowerPages, Followers, Languages, OpenIds, User, UserQuery, Users, UsersInfo};

use crate::endpoint::Endpoint;

/// Every group's endpoints.
pub const ALL: &[&[Endpoint]] = &[
    Tokens::ENDPOINTS,
    Menus::ENDPOINTS,
    Messages::ENDPOINTS,
    QrCodes::ENDPOINTS,
    Medias::ENDPOINTS,
    Users::ENDPOINTS,
    Ips::ENDPOINTS,
    Callbacks::ENDPOINTS,
];

/// Every endpoint of the table, in the order of the docs.
pub fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    ALL.iter().copied().flatten()
}

/// The endpoint with this name, such as `menu.create`, or this path.
pub fn endpoint(name_or_path: &str) -> Option<&'static Endpoint> {
    endpoints().find(|endpoint| endpoint.name == name_or_path || endpoint.path == name_or_path)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_and_paths_are_unique_and_pages_are_the_platforms() {
        let mut seen = HashSet::new();
        for endpoint in endpoints() {
            assert!(seen.insert(endpoint.name), "{} stands twice", endpoint.name);
            assert!(seen.insert(endpoint.path), "{} stands twice", endpoint.path);
            assert!(endpoint.page.starts_with("https://developers.weixin.qq.com/doc/"), "{}", endpoint.name);
            assert!(endpoint.summary.ends_with('.'), "{}: {}", endpoint.name, endpoint.summary);
        }
        assert_eq!(seen.len() / 2, 24);
    }

    #[test]
    fn an_endpoint_is_found_by_name_and_by_path() {
        let create = endpoint("menu.create").unwrap();
        assert_eq!(endpoint("/cgi-bin/menu/create"), Some(create));
        assert!(create.token && !create.safe);
        assert!(!endpoint("qrcode.picture").unwrap().token);
        assert_eq!(endpoint("menu"), None);
    }
}
