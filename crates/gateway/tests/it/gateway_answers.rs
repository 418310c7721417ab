//! A person writes, the gateway answers.

use std::time::Duration;

use hongyan_gateway::Db;
use hongyan_sandbox::{Kind, Mode, Options};
use serde_json::json;

use crate::stage::{PNG, Stage};

const HELLO: &str = r#"
[[accounts.main.rules]]
name = "hello"
on = { text = "hi" }
reply = { text = "hello" }
"#;

const LIST: &str = r#"
[[accounts.main.rules]]
name = "list"
on = { text = "list" }
reply = [
    { text = "first" },
    { image = "file:logo.png" },
    { news = { title = "third", url = "https://example.com/", picurl = "https://example.com/a.png" } },
    { text = "fourth" },
]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_answers_in_every_mode() {
    for mode in [Mode::Plain, Mode::Compatible, Mode::Secure] {
        let stage = Stage::with(Options { mode, ..Options::default() }, "", HELLO).await;
        let person = stage.follower("小明").await;
        let exchange = person.say("hi").await;
        assert_eq!(exchange["outcome"], "replied", "{mode:?}: {exchange}");
        assert_eq!(exchange["findings"], json!([]));
        assert_eq!(person.heard().await, [("text".to_owned(), "hello".to_owned())], "{mode:?}");
        let silent = person.say("something else").await;
        assert_eq!(silent["outcome"], "silent", "{silent}");
        stage.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_static_rule_answers_though_the_database_is_gone() {
    let stage = Stage::new(HELLO).await;
    let person = stage.follower("小明").await;
    stage.gateway.as_ref().unwrap().store().db().close().await;
    for _ in 0..3 {
        let exchange = person.say("hi").await;
        assert_eq!(exchange["outcome"], "replied", "{exchange}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_a_list_goes_passively_and_the_rest_follows_in_order_on_sqlite() {
    the_first_of_a_list_goes_passively_and_the_rest_follows_in_order(Stage::new(LIST).await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn the_first_of_a_list_goes_passively_and_the_rest_follows_in_order_on_mariadb() {
    let head = format!("data = \"{}\"", crate::stores::mysql().await);
    let stage = Stage::under(&head, Options::default(), "", LIST).await;
    the_first_of_a_list_goes_passively_and_the_rest_follows_in_order(stage).await;
}

async fn the_first_of_a_list_goes_passively_and_the_rest_follows_in_order(stage: Stage) {
    let person = stage.follower("小明").await;
    for round in 1..=2 {
        let exchange = person.say("list").await;
        assert_eq!(exchange["outcome"], "replied", "{exchange}");
        person.hears(4 * round).await;
    }
    let kinds: Vec<String> = person.heard().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["text", "image", "news", "text", "text", "image", "news", "text"]);
    let chat = stage.watch(&format!("users/{}/chat", person.openid)).await;
    let passive: Vec<bool> = chat["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|message| message["from"] == "account")
        .map(|message| message["passive"].as_bool().unwrap())
        .collect();
    assert_eq!(passive, [true, false, false, false, true, false, false, false]);
    assert_eq!(stage.calls("/cgi-bin/media/upload").await, 1, "the picture is uploaded once");
    std::fs::write(stage.folder.path().join("logo.png"), [PNG, b"changed"].concat()).unwrap();
    person.say("list").await;
    person.hears(12).await;
    assert_eq!(stage.calls("/cgi-bin/media/upload").await, 2, "a changed picture is uploaded again");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_the_platform_forgot_is_uploaded_again() {
    let stage = Stage::new(LIST).await;
    let person = stage.follower("小明").await;
    person.say("list").await;
    assert_eq!(person.hears(4).await.len(), 4);
    let once = json!([{
        "on": {"direction": "api", "endpoint": "/cgi-bin/message/custom/send", "nth": 1},
        "do": {"errcode": 40007},
    }]);
    stage.faults(once).await;
    person.say("list").await;
    let heard = person.hears(8).await;
    assert_eq!(heard.len(), 8, "{heard:?}");
    assert_eq!(stage.calls("/cgi-bin/media/upload").await, 2);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_of_a_list_loses_nothing() {
    let mut stage = Stage::new(LIST).await;
    let openid = {
        let person = stage.follower("小明").await;
        let busy = json!([{
            "on": {"direction": "api", "endpoint": "/cgi-bin/message/custom/send"},
            "do": {"errcode": -1},
        }]);
        stage.faults(busy).await;
        person.say("list").await;
        assert_eq!(person.hears(1).await, ["first"]);
        person.openid.clone()
    };
    stage.restart().await;
    stage.faults(json!([])).await;
    let person = stage.person_again(openid);
    let heard = person.hears(4).await;
    let kinds: Vec<String> = person.heard().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["text", "image", "news", "text"], "{heard:?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_rights_joins_texts_and_keeps_the_rest() {
    let rules = r#"
[[accounts.main.rules]]
name = "list"
on = { text = "list" }
reply = [{ text = "one" }, { music = { title = "song", musicurl = "https://example.com/a.mp3" } }, { text = "two" }]

[[accounts.main.rules]]
name = "hello"
on = { text = "hi" }
reply = { text = "hello" }
"#;
    let options = Options { kind: Kind::Subscription, verified: false, ..Options::default() };
    let mut stage = Stage::with(options, "kind = \"subscription\"\nverified = false\n", rules).await;
    let openid = {
        let person = stage.follower("小明").await;
        assert_eq!(person.say("list").await["outcome"], "replied");
        assert_eq!(person.hears(1).await, ["one\ntwo"]);
        person.openid.clone()
    };
    // What is kept outlasts the process.
    stage.restart().await;
    let person = stage.person_again(openid);
    person.say("hi").await;
    let kinds: Vec<String> = person.heard().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["text", "music"]);
    person.say("anything").await;
    assert_eq!(person.hears(3).await.last().map(String::as_str), Some("hello"));
    let silent = person.say("anything").await;
    assert_eq!(silent["outcome"], "silent", "nothing is left: {silent}");
    assert_eq!(stage.calls("/cgi-bin/message/custom/send").await, 0);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_reply_follows_by_customer_service() {
    let slow = crate::slow::Server::start(Duration::from_secs(6)).await;
    let rules = format!(
        r#"
wait = "one"
holding = "one moment"
[[accounts.main.rules]]
name = "slow"
on = {{ text = "slow" }}
fetch = {{ http = "{}/place", timeout = "10s" }}
reply = [{{ text = "{{{{ fetched.place }}}}" }}, {{ text = "after" }}]
"#,
        slow.url()
    );
    let stage = Stage::with(Options::default(), "", &rules).await;
    let person = stage.follower("小明").await;
    person.say("slow").await;
    assert_eq!(person.hears(3).await, ["one moment", "上海", "after"]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn songs_of_two_singers_in_turn_repeat_only_after_all_and_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let songs = format!("sqlite://{}", folder.path().join("songs.db").display());
    let db = Db::connect(&songs, 1).await.unwrap();
    db.execute("CREATE TABLE songs (artist TEXT, title TEXT)", &[]).await.unwrap();
    for (artist, title) in [("A", "a1"), ("A", "a2"), ("A", "a3"), ("B", "b1"), ("B", "b2"), ("B", "b3")] {
        db.execute("INSERT INTO songs VALUES (?, ?)", &[artist.into(), title.into()]).await.unwrap();
    }
    let rules = r#"
[[accounts.main.rules]]
name = "songs"
on = { regex = '^(?<singer>\S+)$' }
fetch = { sql = "SELECT title FROM songs WHERE artist = :singer", database = "music", pick = "rotate" }
reply = { text = "{{ fetched.title }}" }
"#;
    let head = format!("data = \"sqlite://hongyan.db\"\n[databases]\nmusic = \"{songs}\"");
    let mut stage = Stage::under(&head, Options::default(), "", rules).await;
    let openid = stage.follower("小明").await.openid.clone();
    for singer in ["A", "B", "A", "B"] {
        stage.person_again(openid.clone()).say(singer).await;
    }
    stage.restart().await;
    let person = stage.person_again(openid);
    for singer in ["A", "B"] {
        person.say(singer).await;
    }
    let mut heard = person.hears(6).await;
    heard.sort();
    assert_eq!(heard, ["a1", "a2", "a3", "b1", "b2", "b3"]);
    stage.end().await;
}
