//! The endpoints as a table: path, method, what is needed, how often, and who answers.

use super::desk::{Desk, Result};
use super::{
    agent, blacklist, jssdk, media, menu, message, misc, oauth, qrcode, quota, subscribe, tag, template,
    token, user,
};
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
    /// Calls a day.
    pub(crate) daily: u32,
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

use Right::{
    Agents, Basic, ClearQuota, ConditionalMenu, CustomerService, Media, Menu, QrCodes, Subscriptions,
    Templates, Users,
};
use Verb::{Any, Get, Post};

static ROUTES: &[Route] = &[
    open(Get, "/cgi-bin/token", token::classic),
    open(Post, "/cgi-bin/stable_token", token::stable),
    route(Post, "/cgi-bin/menu/create", Menu, 1000, menu::create),
    route(Any, "/cgi-bin/menu/get", Menu, 10_000, menu::get),
    route(Any, "/cgi-bin/menu/delete", Menu, 1000, menu::delete),
    route(Any, "/cgi-bin/get_current_selfmenu_info", Menu, 10_000, menu::self_info),
    route(Any, "/cgi-bin/get_current_autoreply_info", Media, 10_000, misc::automatic_replies),
    route(Get, "/cgi-bin/material/get_materialcount", Media, 5000, media::material_count),
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
    route(Post, "/cgi-bin/clear_quota", ClearQuota, u32::MAX, quota::clear_all),
    open(Post, "/cgi-bin/clear_quota/v2", quota::clear_by_secret),
    route(Post, "/cgi-bin/openapi/quota/get", Basic, u32::MAX, quota::get),
    route(Post, "/cgi-bin/openapi/quota/clear", ClearQuota, u32::MAX, quota::clear_one),
    route(Post, "/cgi-bin/openapi/rid/get", Basic, u32::MAX, quota::rid),
    route(Post, "/cgi-bin/tags/create", Users, 1000, tag::create),
    route(Any, "/cgi-bin/tags/get", Users, 1000, tag::list),
    route(Post, "/cgi-bin/tags/update", Users, 1000, tag::update),
    route(Post, "/cgi-bin/tags/delete", Users, 1000, tag::delete),
    route(Any, "/cgi-bin/user/tag/get", Users, 1000, tag::followers),
    route(Post, "/cgi-bin/tags/members/batchtagging", Users, 100_000, tag::put),
    route(Post, "/cgi-bin/tags/members/batchuntagging", Users, 100_000, tag::take),
    route(Post, "/cgi-bin/tags/getidlist", Users, 100_000, tag::of_follower),
    route(Post, "/cgi-bin/tags/members/getblacklist", Users, 1000, blacklist::list),
    route(Post, "/cgi-bin/tags/members/batchblacklist", Users, 1000, blacklist::put),
    route(Post, "/cgi-bin/tags/members/batchunblacklist", Users, 1000, blacklist::take),
    route(Post, "/cgi-bin/message/template/send", Templates, 100_000, template::send),
    route(Post, "/cgi-bin/template/api_add_template", Templates, 1000, template::add),
    route(Any, "/cgi-bin/template/get_all_private_template", Templates, 1000, template::list),
    route(Post, "/cgi-bin/template/del_private_template", Templates, 1000, template::remove),
    route(Post, "/cgi-bin/template/api_set_industry", Templates, 1000, template::set_industry),
    route(Any, "/cgi-bin/template/get_industry", Templates, 1000, template::get_industry),
    route(Post, "/cgi-bin/message/subscribe/bizsend", Subscriptions, 100_000, subscribe::send),
    route(Get, "/wxaapi/newtmpl/getcategory", Subscriptions, 1000, subscribe::categories),
    route(Get, "/wxaapi/newtmpl/getpubtemplatetitles", Subscriptions, 1000, subscribe::titles),
    route(Get, "/wxaapi/newtmpl/getpubtemplatekeywords", Subscriptions, 1000, subscribe::keywords),
    route(Get, "/wxaapi/newtmpl/gettemplate", Subscriptions, 1000, subscribe::list),
    route(Post, "/wxaapi/newtmpl/addtemplate", Subscriptions, 1000, subscribe::add),
    route(Post, "/wxaapi/newtmpl/deltemplate", Subscriptions, 1000, subscribe::remove),
    route(Post, "/customservice/kfaccount/add", Agents, 1000, agent::add),
    route(Post, "/customservice/kfaccount/update", Agents, 1000, agent::update),
    route(Any, "/customservice/kfaccount/del", Agents, 1000, agent::remove),
    route(Post, "/customservice/kfaccount/inviteworker", Agents, 1000, agent::invite),
    route(Post, "/customservice/kfaccount/uploadheadimg", Agents, 1000, agent::picture),
    route(Any, "/cgi-bin/customservice/getkflist", Agents, 10_000, agent::list),
    route(Any, "/cgi-bin/customservice/getonlinekflist", Agents, 10_000, agent::online),
    route(Get, "/cgi-bin/ticket/getticket", Basic, 1_000_000, jssdk::ticket),
    open(Any, "/sns/oauth2/access_token", oauth::access_token),
    open(Any, "/sns/oauth2/refresh_token", oauth::refresh_token),
    open(Any, "/sns/userinfo", oauth::user_info),
    open(Any, "/sns/auth", oauth::check_token),
];

/// The endpoint of this path.
pub(crate) fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path)
}
