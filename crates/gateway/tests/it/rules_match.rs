//! Which rule answers.

use serde_json::json;

use crate::rules_world::{World, event, push, text};

/// Rules that are named by their conditions and answer with their names.
fn rules(conditions: &[(&str, &str)]) -> World {
    let rule = |(name, on): &(&str, &str)| {
        format!(
            "[[accounts.main.rules]]\nname = \"{name}\"\non = {{ {on} }}\nreply = {{ text = \"{name}\" }}\n"
        )
    };
    World::new(&conditions.iter().map(rule).collect::<String>())
}

#[tokio::test]
async fn texts_match_exactly_by_part_or_by_expression() {
    let world = rules(&[
        ("exact", "text = ['hello', '你好']"),
        ("part", "contains = ['价格', 'price']"),
        ("expression", r"regex = '^\d{4}$'"),
        ("kind", "type = 'text'"),
    ]);
    for (content, rule) in [
        ("hello", "exact"),
        (" 你好\n", "exact"),
        ("Hello", "kind"),
        ("hello you", "kind"),
        ("什么价格？", "part"),
        ("1234", "expression"),
        ("12345", "kind"),
    ] {
        assert_eq!(world.rule(text(content)).await, rule, "{content}");
    }
}

#[tokio::test]
async fn the_first_match_in_the_file_wins_whatever_its_kind() {
    let world = rules(&[
        ("a", "contains = 'song'"),
        ("b", "text = 'a song'"),
        ("c", "regex = '^x'"),
        ("d", "text = ['x', 'y']"),
        ("e", "any = true"),
        ("f", "text = 'never'"),
        ("g", "contains = 'never'"),
    ]);
    for (content, rule) in [("a song", "a"), ("x", "c"), ("y", "d"), ("never", "e"), ("z", "e")] {
        assert_eq!(world.rule(text(content)).await, rule, "{content}");
    }
}

#[tokio::test]
async fn taps_scans_events_and_kinds_match_their_own() {
    let world = rules(&[
        ("click", "click = ['公司简介', 'HELP']"),
        ("scan", "scan = ['poster-7', 42]"),
        ("event", "event = ['scancode_push', 'VIEW']"),
        ("image", "type = ['image', 'voice']"),
        ("subscribe", "subscribe = true"),
    ]);
    let key = |key: &str| json!({"EventKey": key});
    for (push, rule) in [
        (event("CLICK", key("公司简介")), "click"),
        (event("CLICK", key("other")), "-"),
        (event("pic_weixin", json!({"EventKey": "HELP", "SendPicsInfo": {"Count": 0}})), "click"),
        (event("SCAN", key("poster-7")), "scan"),
        (event("SCAN", key("42")), "scan"),
        (event("SCAN", key("poster-8")), "-"),
        (event("scancode_push", key("K")), "event"),
        (event("view", key("https://a.example/")), "event"),
        (push(json!({"MsgType": "image", "PicUrl": "p", "MediaId": "m", "MsgId": "1"})), "image"),
        (event("subscribe", key("")), "subscribe"),
        (event("unsubscribe", key("")), "-"),
        (text("poster-7"), "-"),
    ] {
        assert_eq!(world.rule(push.clone()).await, rule, "{push:?}");
    }
}

#[tokio::test]
async fn a_follow_through_a_code_is_first_a_scan() {
    let follow = |scene: &str| event("subscribe", json!({"EventKey": scene, "Ticket": "t"}));
    let world =
        rules(&[("welcome", "subscribe = true"), ("poster", "scan = 'poster-7'"), ("rest", "any = true")]);
    assert_eq!(world.rule(follow("qrscene_poster-7")).await, "poster");
    assert_eq!(world.rule(follow("qrscene_poster-8")).await, "welcome");
    assert_eq!(world.rule(follow("")).await, "welcome");
    // A rule for everything gives way to nobody behind it.
    let world = rules(&[("all", "any = true"), ("poster", "scan = 'poster-7'")]);
    assert_eq!(world.rule(follow("qrscene_poster-7")).await, "all");
    let world = rules(&[("named", "event = 'subscribe'"), ("poster", "scan = 'poster-7'")]);
    assert_eq!(world.rule(follow("qrscene_poster-7")).await, "poster");
}

#[tokio::test]
async fn any_is_what_a_person_does_and_can_be_answered() {
    let world = rules(&[("any", "any = true")]);
    for (push, rule) in [
        (text("x"), "any"),
        (push(json!({"MsgType": "voice", "MediaId": "m", "Format": "amr", "MsgId": "1"})), "any"),
        (event("CLICK", json!({"EventKey": "K"})), "any"),
        (event("subscribe", json!({})), "any"),
        (event("unsubscribe", json!({})), "-"),
        (event("LOCATION", json!({"Latitude": "1", "Longitude": "2", "Precision": "3"})), "-"),
        (event("TEMPLATESENDJOBFINISH", json!({"MsgID": "1", "Status": "success"})), "-"),
    ] {
        assert_eq!(world.rule(push.clone()).await, rule, "{push:?}");
    }
}
