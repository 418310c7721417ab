//! What the platform has and the sandbox has not: named here, so that the answer and its finding can say so.

use super::desk::{Desk, Result};
use super::table::{Route, Verb};
use crate::world::rights::Right;

/// How things stand with an endpoint on the platform itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// In use.
    Live,
    /// Behind a programme or a permission that must be applied for.
    Restricted,
    /// Stopped, or no longer kept up.
    Retired,
}

/// Endpoints that begin alike and need the same right.
struct Family {
    standing: Standing,
    right: Right,
    /// How the paths begin.
    base: &'static str,
    /// How they end; none at all means every path that begins so.
    ends: &'static [&'static str],
}

const fn live(right: Right, base: &'static str, ends: &'static [&'static str]) -> Family {
    Family { standing: Standing::Live, right, base, ends }
}

const fn restricted(base: &'static str) -> Family {
    Family { standing: Standing::Restricted, right: Right::Basic, base, ends: &[] }
}

const fn retired(base: &'static str, ends: &'static [&'static str]) -> Family {
    Family { standing: Standing::Retired, right: Right::Basic, base, ends }
}

use Right::{Agents, Mass, Media, Publishing, Semantic, Templates, Users};

/// The first family that fits decides.
#[rustfmt::skip]
static FAMILIES: &[Family] = &[
    live(Agents, "/customservice/kfsession/", &["create", "close", "getsession", "getsessionlist", "getwaitcase"]),
    live(Agents, "/customservice/msgrecord/", &["getmsglist"]),
    live(Media, "/cgi-bin/material/", &["add_material", "get_material", "del_material", "batchget_material"]),
    live(Media, "/cgi-bin/draft/", &["switch", "add", "get", "update", "delete", "count", "batchget"]),
    live(Publishing, "/channels/ec/service/product/", &["getcardinfo"]),
    live(Publishing, "/cgi-bin/freepublish/", &["submit", "get", "delete", "getarticle", "batchget"]),
    live(Publishing, "/cgi-bin/comment/", &["open", "close", "list", "markelect", "unmarkelect", "delete", "reply/add", "reply/delete"]),
    live(Mass, "/cgi-bin/message/mass/", &["sendall", "send", "preview", "delete", "get", "speed/get", "speed/set"]),
    live(Mass, "/cgi-bin/media/", &["uploadnews", "uploadvideo"]),
    live(Templates, "/wxa/sec/", &["queryblocktmplmsg"]),
    live(Templates, "/cgi-bin/message/template/", &["subscribe"]),
    live(Users, "/cgi-bin/", &["changeopenid"]),
    live(Semantic, "/cgi-bin/wxopen/", &["qrcodejumpadd", "qrcodejumpget", "qrcodejumppublish", "qrcodejumpdelete"]),
    live(Semantic, "/cgi-bin/media/voice/", &["addvoicetorecofortext", "queryrecoresultfortext", "translatecontent"]),
    live(Semantic, "/semantic/semproxy/", &["search"]),
    live(Semantic, "/cv/ocr/", &["idcard", "bankcard", "driving", "drivinglicense", "bizlicense", "comm", "platenum"]),
    live(Semantic, "/cv/img/", &["qrcode", "superresolution", "aicrop"]),
    live(Mass, "/publisher/", &["stat"]),
    live(Mass, "/datacube/", &[
        "getusersummary", "getusercumulate", "getarticleread", "getarticleshare", "getbizsummary", "getarticletotaldetail",
        "getupstreammsg", "getupstreammsghour", "getupstreammsgweek", "getupstreammsgmonth", "getupstreammsgdist",
        "getupstreammsgdistweek", "getupstreammsgdistmonth", "getinterfacesummary", "getinterfacesummaryhour",
    ]),
    retired("/datacube/", &["getarticlesummary", "getarticletotal", "getuserread", "getuserreadhour", "getusershare", "getusersharehour"]),
    retired("/cgi-bin/", &["shorturl"]),
    retired("/cgi-bin/material/", &["add_news", "update_news"]),
    retired("/customservice/msgrecord/", &["getrecord"]),
    retired("/cgi-bin/poi/", &["addpoi", "updatepoi", "getwxcategory"]),
    retired("/cgi-bin/guide/", &[]),
    retired("/cgi-bin/groups/", &[]),
    retired("/device/", &[]),
    retired("/shakearound/", &[]),
    retired("/bizwifi/", &[]),
    retired("/merchant/", &[]),
    restricted("/scan/product/v2/"),
    retired("/scan/", &[]),
    restricted("/cgi-bin/poi/"),
    restricted("/card/"),
    restricted("/datacube/getcard"),
    restricted("/nontax/"),
    restricted("/cityservice/"),
    restricted("/intp/marketcode/"),
    restricted("/marketing/"),
    restricted("/wxa/add_store"),
    restricted("/wxa/apply_merchant"),
    restricted("/wxa/applywxastore"),
    restricted("/wxa/create_map_poi"),
    restricted("/wxa/del_store"),
    restricted("/wxa/get_district"),
    restricted("/wxa/get_merchant"),
    restricted("/wxa/get_store"),
    restricted("/wxa/modify_merchant"),
    restricted("/wxa/search_map_poi"),
    restricted("/wxa/update_store"),
];

/// An endpoint of the platform that the sandbox has not: how it stands, and a route that refuses.
pub(crate) fn find(path: &str) -> Option<(Standing, Route)> {
    let family = FAMILIES.iter().find(|family| {
        path.strip_prefix(family.base).is_some_and(|end| family.ends.is_empty() || family.ends.contains(&end))
    })?;
    let route = Route {
        path: family.base,
        method: Verb::Any,
        token: true,
        right: family.right,
        daily: u32::MAX,
        run: refuse,
    };
    Some((family.standing, route))
}

/// The code every endpoint's page lists: the account may not use it.
fn refuse(desk: &mut Desk<'_>) -> Result {
    Err(desk.world.settings.not_here_code.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::table;

    #[test]
    fn paths_are_found_whole_and_families_by_their_beginning() {
        let standing = |path: &str| find(path).map(|(standing, _)| standing);
        assert_eq!(standing("/cgi-bin/draft/add"), Some(Standing::Live));
        assert_eq!(standing("/cgi-bin/comment/reply/add"), Some(Standing::Live));
        assert_eq!(standing("/cgi-bin/draft/nothing"), None);
        assert_eq!(standing("/card/giftcard/page/add"), Some(Standing::Restricted));
        assert_eq!(standing("/merchant/order/getbyid"), Some(Standing::Retired));
        assert_eq!(standing("/datacube/getarticletotal"), Some(Standing::Retired));
        assert_eq!(standing("/cgi-bin/nothing"), None);
    }

    #[test]
    fn nothing_is_named_here_that_the_sandbox_answers() {
        for family in FAMILIES {
            for end in family.ends {
                let path = format!("{}{end}", family.base);
                assert!(table::find(&path).is_none(), "{path}");
            }
        }
    }
}
