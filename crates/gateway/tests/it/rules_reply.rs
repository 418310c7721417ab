//! What rules say: templates, kinds, lists, and what an account may not do.

use hongyan_gateway::config::Config;
use hongyan_gateway::rules::{Plan, explain};
use hongyan_wire::{Lang, Timestamp};
use serde_json::json;

use crate::rules_world::{World, config, event, text};

#[tokio::test]
async fn captures_message_scene_and_openid_are_in_scope() {
    let world = World::new(
        r#"
        [[accounts.main.rules]]
        on = { regex = '^(?<what>\S+)\s+(\S+)$' }
        reply = { text = "{{ what }}|{{ captures[2] }}|{{ message.Content }}|{{ openid }}" }
        [[accounts.main.rules]]
        on = { scan = "poster-7" }
        reply = { text = "{{ scene }}" }
        "#,
    );
    assert_eq!(world.say("天气  北京").await, ["天气|北京|天气  北京|oUser"]);
    for name in ["SCAN", "subscribe"] {
        let key = if name == "SCAN" { "poster-7" } else { "qrscene_poster-7" };
        let answer = world.answer(event(name, json!({"EventKey": key, "Ticket": "t"}))).await.unwrap();
        assert_eq!(answer.1, [json!({"msgtype": "text", "text": {"content": "poster-7"}})], "{name}");
    }
}

#[tokio::test]
async fn a_capture_that_did_not_take_part_is_empty_and_one_that_is_not_there_is_missing() {
    let world = World::new(
        r#"
        [[accounts.main.rules]]
        on = { regex = ['^order(?: (?<number>\d+))?$', '^parcel (?<parcel>\d+)$'] }
        reply = { text = "order [{{ number }}{{ captures[1] }}] [{{ parcel }}]" }
        otherwise = { text = "which order?" }
        [[accounts.main.rules]]
        on = { regex = '^(x)$' }
        reply = { text = "{{ captures[2] }}" }
        otherwise = { text = "no such capture" }
        "#,
    );
    assert_eq!(world.say("order 7").await, ["order [77] []"]);
    assert_eq!(world.say("order").await, ["order [] []"]);
    assert_eq!(world.say("parcel 8").await, ["order [8] [8]"]);
    assert_eq!(world.say("x").await, ["no such capture"]);
}

#[tokio::test]
async fn a_plain_follow_has_an_empty_scene() {
    let world = World::new(
        r#"
        [[accounts.main.rules]]
        on = { subscribe = true }
        reply = { text = "scene [{{ scene }}]" }
        "#,
    );
    for (key, said) in [("", "scene []"), ("qrscene_7", "scene [7]")] {
        let (_, messages) = world.answer(event("subscribe", json!({"EventKey": key}))).await.unwrap();
        assert_eq!(messages[0]["text"]["content"], said);
    }
}

#[tokio::test]
async fn a_template_that_fails_is_logged_once_and_otherwise_answers() {
    let world = World::new(
        r#"
        [[accounts.main.rules]]
        name = "slip"
        on = { text = "slip" }
        reply = { text = "{{ message.Contnet }}" }
        otherwise = { text = "sorry" }
        [[accounts.main.rules]]
        name = "mute"
        on = { text = "mute" }
        reply = { text = "{{ message.Contnet }}" }
        "#,
    );
    let log = crate::rules_log::Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    for _ in 0..3 {
        assert_eq!(world.say("slip").await, ["sorry"]);
        assert!(world.say("mute").await.is_empty());
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("slip") && lines[0].contains("`otherwise` answers"), "{lines:?}");
    assert!(lines[0].contains("hongyan.toml:") && lines[1].contains("nothing is said"), "{lines:?}");
}

#[tokio::test]
async fn a_reply_that_renders_empty_is_not_sent() {
    let world = World::new(
        r#"
        [[accounts.main.rules]]
        on = { regex = '^say(?<words>.*)$' }
        reply = [{ text = "{{ words }}" }, { text = "x{{ words }}" }]
        "#,
    );
    assert_eq!(world.say("say").await, ["x"]);
}

#[tokio::test]
async fn every_kind_has_its_own_object() {
    let world = World::new(
        r#"
        [[accounts.main.rules]]
        on = { text = "all" }
        reply = [
          { text = { content = "a" } }, { image = "M1" }, { voice = { media_id = "M2" } },
          { video = { media_id = "M3", title = "{{ message.Content }}" } },
          { music = { title = "t", musicurl = "https://m.example/1.mp3" } },
          { news = { title = "n", url = "https://n.example/", picurl = "https://n.example/p.png" } },
          { msgmenu = { head_content = "ok?", list = [{ id = "1", content = "yes" }] } },
        ]
        [[accounts.main.rules]]
        on = { text = "agent" }
        reply = { transfer = true }
        [[accounts.main.rules]]
        on = { text = "hush" }
        reply = { none = true }
        "#,
    );
    let (_, all) = world.answer(text("all")).await.unwrap();
    let kinds: Vec<_> = all.iter().map(|message| message["msgtype"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["text", "image", "voice", "video", "music", "news", "msgmenu"]);
    assert_eq!(all[3]["video"], json!({"media_id": "M3", "title": "all"}));
    assert_eq!(
        world.answer(text("agent")).await.unwrap().1,
        [json!({"msgtype": "transfer", "transfer": {}})]
    );
    assert_eq!(world.answer(text("hush")).await.unwrap().1, [json!({"msgtype": "none", "none": {}})]);
}

#[tokio::test]
async fn braces_of_the_user_are_words_and_not_a_template() {
    let world = World::new(
        r#"
        [[accounts.main.rules]]
        on = { regex = '^(?<words>.+)$' }
        reply = { text = "{{ words }}" }
        "#,
    );
    assert_eq!(world.say("{{ openid }} {% for %}").await, ["{{ openid }} {% for %}"]);
}

#[tokio::test]
async fn what_a_user_wrote_cannot_choose_a_file_to_upload() {
    let world = World::new(
        r#"
        [[accounts.main.rules]]
        on = { regex = '^pic (?<name>.+)$' }
        reply = { image = "file:{{ name }}" }
        otherwise = { text = "no" }
        [[accounts.main.rules]]
        on = { regex = '^id (?<name>.+)$' }
        reply = { image = "{{ name }}" }
        otherwise = { text = "no" }
        "#,
    );
    let image = |id: &str| json!({"msgtype": "image", "image": {"media_id": id}});
    assert_eq!(world.answer(text("pic a.png")).await.unwrap().1, [image("file:a.png")]);
    assert_eq!(world.answer(text("id M1")).await.unwrap().1, [image("M1")]);
    for bad in ["pic ../a.png", "pic /etc/passwd", "id file:hongyan.toml", "id https://h.example/"] {
        assert_eq!(world.say(bad).await, ["no"], "{bad}");
    }
}

#[tokio::test]
async fn a_long_text_made_from_values_is_sent_in_pieces() {
    let world = World::new(
        r#"
        [[accounts.main.rules]]
        on = { text = "long" }
        reply = { text = "{% for n in range(1000) %}字{% endfor %}" }
        "#,
    );
    let said = world.say("long").await;
    assert_eq!(said.len(), 2);
    assert!(said.iter().all(|piece| piece.len() <= 2048));
    assert_eq!(said.concat().chars().count(), 1000);
}

#[test]
fn a_rule_without_templates_is_ready_at_once() {
    let world = World::new("[[accounts.main.rules]]\non = { text = 'hi' }\nreply = { text = 'hello' }\n");
    let Plan::Ready { messages, .. } = world.rules.plan(&text("hi"), Timestamp(0)) else {
        panic!("not ready")
    };
    assert_eq!(messages.len(), 1);
    assert!(matches!(world.rules.plan(&text("ho"), Timestamp(0)), Plan::None));
}

const MIXED: &str = r#"
    [[accounts.main.rules]]
    name = "mixed"
    on = { text = "mixed" }
    reply = [
      { text = "one" },
      { image = "file:a.png" },
      { msgmenu = { head_content = "ok?", list = [{ id = "1", content = "yes" }] } },
      { music = { musicurl = "https://m.example/", thumb_media_id = "file:a.png" } },
    ]
"#;

/// The same rules for an account of a certain kind.
fn of_kind(folder: &std::path::Path, kind: &str) -> Config {
    std::fs::write(folder.join("a.png"), "picture").unwrap();
    let account = crate::rules_world::ACCOUNT;
    let text = format!("{account}\n{kind}\n{MIXED}");
    Config::parse(&text, &folder.join("hongyan.toml")).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn a_verified_service_account_says_it_all() {
    let folder = tempfile::tempdir().unwrap();
    let explained = explain(&of_kind(folder.path(), "kind = 'service'"), "main", "mixed").await.unwrap();
    let kinds: Vec<_> = explained.messages.iter().map(hongyan_gateway::message::Message::kind).collect();
    assert_eq!(kinds, ["text", "image", "msgmenu", "music"]);
    assert!(explained.notes.is_empty());
}

#[tokio::test]
async fn an_unverified_account_is_told_what_happens_instead() {
    let folder = tempfile::tempdir().unwrap();
    let config = of_kind(folder.path(), "kind = 'subscription'\nverified = false");
    let explained = explain(&config, "main", "mixed").await.unwrap();
    let kinds = |list: &[hongyan_gateway::message::Message]| -> Vec<String> {
        list.iter().map(|message| message.kind().to_owned()).collect()
    };
    assert_eq!(kinds(&explained.messages), ["text"], "the picture is left out, the menu is joined as a text");
    let joined = explained.messages[0].field("content").unwrap();
    assert!(joined.starts_with("one\nok?"), "{joined}");
    assert_eq!(kinds(&explained.kept), ["music"]);
    assert_eq!(explained.kept[0].field("thumb_media_id"), None);
    let english = explained.text(Lang::En);
    for part in [
        "rule: mixed",
        "with the user's next message:",
        "rule mixed of account main: the account may not",
        "joined up to 2048 bytes",
        "lines to tap",
        "may not upload media",
        "weixin://bizmsgmenu",
    ] {
        assert!(english.contains(part), "{part} is not in:\n{english}");
    }
    let chinese = explained.text(Lang::Zh);
    assert!(chinese.contains("账号没有客服消息权限") && chinese.contains("规则：mixed"), "{chinese}");
}

#[tokio::test]
async fn explaining_makes_no_database_where_none_is() {
    let folder = tempfile::tempdir().unwrap();
    let rules = r#"
        [[accounts.main.rules]]
        on = { any = true }
        fetch = { sql = "SELECT 1 AS one", database = "music" }
        reply = { text = "{{ fetched.one }}" }
    "#;
    let config = config(folder.path(), "databases.music = 'sqlite://sogns.db'", rules).unwrap();
    let error = explain(&config, "main", "hello").await.unwrap_err();
    let (english, chinese) = (error.text(Lang::En), error.text(Lang::Zh));
    for text in [&english, &chinese] {
        assert!(text.contains("music") && text.contains("sogns.db"), "{text}");
    }
    assert!(english.contains("there is no file") && chinese.contains("不存在"), "{english} {chinese}");
    assert!(!folder.path().join("sogns.db").exists());
}

#[tokio::test]
async fn explaining_says_when_nothing_or_something_else_answers() {
    let folder = tempfile::tempdir().unwrap();
    let rules = r#"
        [[accounts.main.rules]]
        name = "order"
        on = { regex = '^order(?: (?<number>\d+))?$' }
        reply = { text = "order {{ message.numbr }}" }
        otherwise = { text = "which order?" }
    "#;
    let config = config(folder.path(), "", rules).unwrap();
    let nothing = explain(&config, "main", "hello").await.unwrap();
    assert_eq!((nothing.rule.as_deref(), nothing.text(Lang::Zh).as_str()), (None, "没有规则回复此消息"));
    let otherwise = explain(&config, "main", "order").await.unwrap();
    let text = otherwise.text(Lang::En);
    assert!(text.contains("missing") && text.ends_with("which order?"), "{text}");
    assert!(explain(&config, "other", "hello").await.unwrap_err().to_string().contains("accounts: main"));
}
