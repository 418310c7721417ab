//! The endpoints as a table: path, method, what is needed, how often, and who answers.

use super::desk::{Desk, Result};
use super::{media, menu, message, misc, qrcode, token, user};
use crate::options::Kind;
use crate::world::rights::Right;

/// The methods an endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Any,
}

/// One endpoint.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) method: Verb,
    pub(crate) token: bool,
    pub(crate) right: Right,
    /// Calls a day; a test account has a tenth.
    daily: u32,
    pub(crate) run: fn(&mut Desk<'_>) -> Result,
}

const fn route(
    method: Verb,
    path: &'static str,
    right: Right,
    daily: u32,
    run: fn(&mut Desk<'_>) -> Result,
) -> Route {
    Route { path, method, token: true, right, daily, run }
}

const fn open(method: Verb, path: &'static str, run: fn(&mut Desk<'_>) -> Result) -> Route {
    Route { path, method, token: false, right: Basic, daily: u32::MAX, run }
}

use Right::{Basic, ConditionalMenu, CustomerService, Media, Menu, QrCodes, Users};
use Verb::{Any, Get, Post};

static ROUTES: &[Route] = &[
    open(Get, "/cgi-bin/token", token::classic),
    open(Post, "/cgi-bin/stable_token", token::stable),
    route(Post, "/cgi-bin/menu/create", Menu, 1000, menu::create),
    route(Any, "/cgi-bin/menu/get", Menu, 10_000, menu::get),
    route(Any, "/cgi-bin/menu/delete", Menu, 1000, menu::delete),
    route(Any, "/cgi-bin/get_current_selfmenu_info", Menu, 10_000, menu::self_info),
    route(Post, "/cgi-bin/menu/addconditional", Menu, 2000, menu::add_conditional),
    route(Post, "/cgi-bin/menu/delconditional", ConditionalMenu, 2000, menu::delete_conditional),
    route(Post, "/cgi-bin/menu/trymatch", ConditionalMenu, 20_000, menu::try_match),
    route(Post, "/cgi-bin/message/custom/send", CustomerService, 500_000, message::send),
    route(Post, "/cgi-bin/message/custom/typing", CustomerService, 500_000, message::typing),
    route(Post, "/cgi-bin/qrcode/create", QrCodes, 100_000, qrcode::create),
    open(Get, "/cgi-bin/showqrcode", qrcode::show),
    route(Post, "/cgi-bin/media/upload", Media, 100_000, media::upload),
    route(Any, "/cgi-bin/media/get", Media, 200_000, media::get),
    route(Any, "/cgi-bin/media/get/jssdk", Media, 200_000, media::get_voice),
    route(Post, "/cgi-bin/media/uploadimg", Media, 100_000, media::upload_picture),
    route(Any, "/cgi-bin/user/info", Users, 5_000_000, user::info),
    route(Post, "/cgi-bin/user/info/batchget", Users, 5_000_000, user::batch),
    route(Any, "/cgi-bin/user/get", Users, 500, user::list),
    route(Post, "/cgi-bin/user/info/updateremark", Users, 10_000, user::remark),
    route(Any, "/cgi-bin/getcallbackip", Basic, 5000, misc::addresses),
    route(Any, "/cgi-bin/get_api_domain_ip", Basic, 5000, misc::addresses),
    route(Post, "/cgi-bin/callback/check", Basic, 5000, misc::callback_check),
    route(Post, "/cgi-bin/clear_quota", Basic, u32::MAX, misc::clear_quota),
    open(Post, "/cgi-bin/clear_quota/v2", misc::clear_quota_by_secret),
    route(Post, "/cgi-bin/openapi/quota/get", Basic, u32::MAX, misc::quota),
];

/// The endpoint of this path.
pub(crate) fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path)
}

/// Calls a day of this endpoint for an account of this kind.
pub(crate) fn daily_limit(route: &Route, kind: Kind) -> u32 {
    if kind == Kind::Test && route.daily != u32::MAX { route.daily / 10 } else { route.daily }
}

/// Calls a day of the two token endpoints, which count before there is a token.
pub(crate) fn token_limit(path: &str, kind: Kind) -> u32 {
    match (path, kind) {
        ("/cgi-bin/token", Kind::Test) => 200,
        ("/cgi-bin/token", _) => 2000,
        _ => 500_000,
    }
}
