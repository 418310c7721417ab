//! Tags, the blacklist, and turning messages off.

use hongyan_sandbox::{Options, Settings};
use serde_json::{Value, json};

use crate::back_end::{BackEnd, body};
use crate::stand::{Stand, code, options};

async fn tag(stand: &Stand, name: &str) -> u64 {
    let made = stand.call("/cgi-bin/tags/create", json!({"tag": {"name": name}})).await;
    assert_eq!(made["tag"]["name"], name, "{made}");
    made["tag"]["id"].as_u64().unwrap()
}

#[tokio::test]
async fn a_tag_is_made_given_listed_taken_and_deleted() {
    let stand = Stand::start(options()).await;
    let (one, two) = (stand.follower().await, stand.follower().await);
    let id = tag(&stand, "广东").await;
    let both = json!({"openid_list": [one, two], "tagid": id});
    assert_eq!(code(&stand.call("/cgi-bin/tags/members/batchtagging", both).await), 0);
    let all = stand.ask("/cgi-bin/tags/get").await;
    assert_eq!(all["tags"][1], json!({"id": id, "name": "广东", "count": 2}));
    let page = stand.call("/cgi-bin/user/tag/get", json!({"tagid": id, "next_openid": ""})).await;
    assert_eq!(page, json!({"count": 2, "data": {"openid": [one, two]}, "next_openid": two}));
    let rest = stand.call("/cgi-bin/user/tag/get", json!({"tagid": id, "next_openid": two})).await;
    assert_eq!(rest, json!({"count": 0}));
    let renamed = json!({"tag": {"id": id, "name": "广西"}});
    assert_eq!(code(&stand.call("/cgi-bin/tags/update", renamed).await), 0);
    let take = json!({"openid_list": [one], "tagid": id});
    assert_eq!(code(&stand.call("/cgi-bin/tags/members/batchuntagging", take).await), 0);
    assert_eq!(stand.call("/cgi-bin/tags/getidlist", json!({"openid": one})).await["tagid_list"], json!([]));
    assert_eq!(
        stand.call("/cgi-bin/tags/getidlist", json!({"openid": two})).await["tagid_list"],
        json!([id])
    );
    let info = stand.ask(&format!("/cgi-bin/user/info?openid={two}")).await;
    assert_eq!(info["tagid_list"], json!([id]));
    assert_eq!(code(&stand.call("/cgi-bin/tags/delete", json!({"tag": {"id": id}})).await), 0);
    assert_eq!(stand.call("/cgi-bin/tags/getidlist", json!({"openid": two})).await["tagid_list"], json!([]));
}

#[tokio::test]
async fn wrong_tags_have_their_codes_and_change_nobody() {
    let settings = Settings { tags_per_user: 1, tagging_max: 2, ..Settings::default() };
    let stand = Stand::start(Options { settings, ..options() }).await;
    let (one, two) = (stand.follower().await, stand.follower().await);
    let (first, second) = (tag(&stand, "a").await, tag(&stand, "b").await);
    let put = |list: Value, id: u64| json!({"openid_list": list, "tagid": id});
    let tagging = "/cgi-bin/tags/members/batchtagging";
    assert_eq!(code(&stand.call(tagging, put(json!([two]), first)).await), 0);
    for (list, id, want) in [
        (json!([]), first, 40032),
        (json!([one, two, one]), first, 40032),
        (json!("x"), first, 40031),
        (json!([one, "nobody"]), first, 40003),
        (json!([one]), 77, 45159),
        (json!([one, two]), second, 45059),
    ] {
        assert_eq!(code(&stand.call(tagging, put(list.clone(), id)).await), want, "{list} {id}");
    }
    assert_eq!(stand.call("/cgi-bin/tags/getidlist", json!({"openid": one})).await["tagid_list"], json!([]));
    for (path, tag, want) in [
        ("create", json!({"name": "a"}), 45157),
        ("create", json!({"name": "长".repeat(31)}), 45158),
        ("update", json!({"id": 2, "name": "c"}), 45058),
        ("update", json!({"id": first, "name": "b"}), 45157),
        ("delete", json!({"id": 0}), 45058),
        ("delete", json!({"id": 77}), 45159),
    ] {
        let answer = stand.call(&format!("/cgi-bin/tags/{path}"), json!({ "tag": tag })).await;
        assert_eq!(code(&answer), want, "{path} {tag}");
    }
}

#[tokio::test]
async fn the_menu_follows_the_tag_set_last() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    let button = |name: &str| json!([{"type": "click", "name": name, "key": name}]);
    stand.call("/cgi-bin/menu/create", json!({"button": button("all")})).await;
    let (old, new) = (tag(&stand, "a").await, tag(&stand, "b").await);
    for (name, id) in [("A", old), ("B", new)] {
        let menu = json!({"button": button(name), "matchrule": {"tag_id": id.to_string()}});
        assert_eq!(code(&stand.call("/cgi-bin/menu/addconditional", menu).await), 0);
    }
    for (id, want) in [(new, "B"), (old, "A")] {
        let put = json!({"openid_list": [user], "tagid": id});
        stand.call("/cgi-bin/tags/members/batchtagging", put).await;
        let seen = stand.call("/cgi-bin/menu/trymatch", json!({"user_id": user})).await;
        assert_eq!(seen["button"][0]["name"], want, "{seen}");
        let phone = stand.get(&format!("/_sandbox/users/{user}/menu")).await;
        assert_eq!(phone["button"][0]["name"], want);
    }
}

#[tokio::test]
async fn who_is_on_the_blacklist_gets_nothing_and_is_not_heard() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let user = stand.follower().await;
    let list = json!({ "openid_list": [user] });
    assert_eq!(code(&stand.call("/cgi-bin/tags/members/batchblacklist", list.clone()).await), 0);
    let shown = stand.call("/cgi-bin/tags/members/getblacklist", json!({"begin_openid": ""})).await;
    assert_eq!(shown, json!({"total": 1, "count": 1, "data": {"openid": [user]}, "next_openid": user}));
    let said = stand.act(&user, "say", json!({"text": "hi"})).await;
    assert_eq!((&said["outcome"], &said["tries"]), (&json!("none"), &json!([])));
    assert_eq!(stand.text(&user, "hello").await, 43019);
    let heard = json!({"blacklisted_heard": true});
    stand.send("PUT", "/_sandbox/settings", heard).await;
    let said = stand.act(&user, "say", json!({"text": "hi"})).await;
    assert_eq!(said["tries"].as_array().unwrap().len(), 1, "{said}");
    assert_eq!(code(&stand.call("/cgi-bin/tags/members/batchunblacklist", list).await), 0);
    assert_eq!(stand.text(&user, "hello").await, 0);
    let many: Vec<&str> = vec![user.as_str(); 21];
    let many = json!({ "openid_list": many });
    assert_eq!(code(&stand.call("/cgi-bin/tags/members/batchblacklist", many).await), 40032);
}

#[tokio::test]
async fn who_turned_messages_off_gets_none_until_they_are_on_again() {
    let stand = Stand::start(options()).await;
    let user = stand.follower().await;
    assert_eq!(stand.act(&user, "mute", json!({})).await["kind"], "action.mute");
    assert_eq!(stand.text(&user, "hi").await, 48002);
    assert_eq!(stand.get(&format!("/_sandbox/users/{user}")).await["muted"], true);
    stand.act(&user, "unmute", json!({})).await;
    assert_eq!(stand.text(&user, "hi").await, 0);
}
