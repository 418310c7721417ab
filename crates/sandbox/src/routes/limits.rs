//! How often each endpoint may be called in a day, by the kind of account.

use super::table::Route;
use crate::options::Kind;

/// Calls a day of this endpoint.
pub(crate) fn of(route: &Route, kind: Kind) -> u32 {
    if kind != Kind::Test || route.daily == u32::MAX {
        return route.daily;
    }
    match route.path {
        "/cgi-bin/media/upload" | "/cgi-bin/media/uploadimg" => 500,
        "/cgi-bin/media/get"
        | "/cgi-bin/media/get/jssdk"
        | "/cgi-bin/tags/members/batchtagging"
        | "/cgi-bin/tags/members/batchuntagging" => 1000,
        "/cgi-bin/user/get" => 100,
        // What the table does not list for them is taken to be a tenth, as most of what it lists is.
        _ => route.daily / 10,
    }
}

/// Calls a day of the two token endpoints, which count before there is a token.
pub(crate) fn of_token(path: &str, kind: Kind) -> u32 {
    match (path, kind) {
        ("/cgi-bin/token", Kind::Test) => 200,
        ("/cgi-bin/token", _) => 2000,
        _ => 500_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::table;

    #[test]
    fn the_table_of_the_reference_holds() {
        let rows = [
            ("/cgi-bin/menu/create", 1000, 100),
            ("/cgi-bin/menu/get", 10_000, 1000),
            ("/cgi-bin/menu/delete", 1000, 100),
            ("/cgi-bin/menu/addconditional", 2000, 200),
            ("/cgi-bin/menu/trymatch", 20_000, 2000),
            ("/cgi-bin/tags/create", 1000, 100),
            ("/cgi-bin/tags/members/batchtagging", 100_000, 1000),
            ("/cgi-bin/media/upload", 100_000, 500),
            ("/cgi-bin/media/get", 200_000, 1000),
            ("/cgi-bin/message/custom/send", 500_000, 50_000),
            ("/cgi-bin/qrcode/create", 100_000, 10_000),
            ("/cgi-bin/user/get", 500, 100),
            ("/cgi-bin/user/info", 5_000_000, 500_000),
            ("/cgi-bin/user/info/updateremark", 10_000, 1000),
            ("/cgi-bin/message/template/send", 100_000, 10_000),
        ];
        for (path, service, test) in rows {
            let route = table::find(path).unwrap();
            assert_eq!((of(route, Kind::Service), of(route, Kind::Test)), (service, test), "{path}");
        }
        assert_eq!(
            (of_token("/cgi-bin/token", Kind::Service), of_token("/cgi-bin/token", Kind::Test)),
            (2000, 200)
        );
        assert_eq!(of_token("/cgi-bin/stable_token", Kind::Test), 500_000);
    }
}
