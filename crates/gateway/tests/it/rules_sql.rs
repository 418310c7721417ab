//! Answers from a database.

use std::collections::BTreeSet;

use hongyan_gateway::db::{Db, Param};
use tempfile::TempDir;

use crate::rules_world::{World, text_from};

const SONGS: [(&str, &str); 5] = [
    ("周杰伦", "晴天"),
    ("周杰伦", "七里香"),
    ("周杰伦", "稻香"),
    ("邓丽君", "甜蜜蜜"),
    ("O'Neil", "Quote's end"),
];

/// Fills a database with songs.
async fn fill(url: &str) -> Db {
    let db = Db::connect(url, 1).await.unwrap_or_else(|error| panic!("{error}"));
    db.execute("DROP TABLE IF EXISTS songs", &[]).await.unwrap();
    db.execute("CREATE TABLE songs (artist VARCHAR(100), title VARCHAR(100), note VARCHAR(100))", &[])
        .await
        .unwrap();
    for (artist, title) in SONGS {
        let params = [Param::from(artist), Param::from(title)];
        db.execute("INSERT INTO songs (artist, title) VALUES (?, ?)", &params).await.unwrap();
    }
    db
}

async fn songs(rules: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    fill(&format!("sqlite://{}", folder.path().join("songs.db").display())).await.close().await;
    World::with("databases.music = 'sqlite://songs.db'", rules, folder)
}

/// A rule for singers with a query and a way to pick.
fn singer(sql: &str, pick: &str, reply: &str) -> String {
    format!(
        "[[accounts.main.rules]]\nname = 'songs'\non = {{ regex = '^(?<singer>.+)$' }}\n\
         fetch = {{ sql = \"{sql}\", database = 'music', pick = '{pick}' }}\n\
         reply = {{ text = \"{reply}\" }}\notherwise = {{ text = 'nobody' }}\n"
    )
}

const BY_ARTIST: &str = "SELECT title, artist, note FROM songs WHERE artist = :singer ORDER BY title";

#[tokio::test]
async fn a_query_is_asked_with_bound_values() {
    let world = songs(&singer(BY_ARTIST, "first", "{{ fetched.artist }}: {{ fetched.title }}")).await;
    assert_eq!(world.say("邓丽君").await, ["邓丽君: 甜蜜蜜"]);
    assert_eq!(world.say("O'Neil").await, ["O'Neil: Quote's end"]);
    assert_eq!(world.say("nobody's").await, ["nobody"]);
    assert_eq!(world.say("x' OR '1'='1").await, ["nobody"]);
    assert_eq!(world.say("'; DROP TABLE songs; --").await, ["nobody"]);
    assert_eq!(world.say("邓丽君").await, ["邓丽君: 甜蜜蜜"]);
}

#[tokio::test]
async fn message_and_openid_can_be_bound_too() {
    let sql = "SELECT :openid AS who, :message.Content AS words, ':singer' AS quoted, 1 + :captures.9 AS nil";
    let world =
        songs(&singer(sql, "first", "{{ fetched.who }} {{ fetched.words }} {{ fetched.quoted }}")).await;
    let log = crate::rules_log::Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    assert_eq!(world.say("hi").await, ["oUser hi :singer"], "{:?}", log.lines());
}

#[tokio::test]
async fn all_rows_are_a_list() {
    let world = songs(&singer(BY_ARTIST, "all", "{% for s in fetched %}{{ s.title }};{% endfor %}")).await;
    assert_eq!(world.say("周杰伦").await[0].matches(';').count(), 3);
}

#[tokio::test]
async fn a_null_column_is_empty_and_only_a_column_that_is_not_there_is_missing() {
    let world = songs(&singer(BY_ARTIST, "first", "{{ fetched.title }}[{{ fetched.note }}]")).await;
    let log = crate::rules_log::Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    assert_eq!(world.say("邓丽君").await, ["甜蜜蜜[]"]);
    assert_eq!(log.lines(), [""; 0]);
    let world = songs(&singer(BY_ARTIST, "first", "{{ fetched.titel }}")).await;
    for _ in 0..3 {
        assert_eq!(world.say("邓丽君").await, ["nobody"]);
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    assert!(
        line.starts_with("WARN") && line.contains("songs") && line.contains("`otherwise` answers"),
        "{line}"
    );
    assert!(line.contains("missing (it uses fetched)") && !line.contains("邓丽君"), "{line}");
}

/// Asks for the same singer again and again: all songs before a repeat, never one twice in a row, per user.
async fn rotates(world: &World) {
    for user in ["oOne", "oTwo"] {
        let mut last = String::new();
        for _ in 0..4 {
            let mut round = BTreeSet::new();
            for _ in 0..3 {
                let (_, messages) = world.answer(text_from(user, "周杰伦")).await.unwrap();
                let title = messages[0]["text"]["content"].as_str().unwrap().to_owned();
                assert_ne!(title, last);
                last.clone_from(&title);
                round.insert(title);
            }
            assert_eq!(round.len(), 3, "{round:?}");
        }
    }
}

#[tokio::test]
async fn the_same_singer_gives_another_song_each_time() {
    rotates(&songs(&singer(BY_ARTIST, "rotate", "{{ fetched.title }}")).await).await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn the_same_singer_gives_another_song_from_mysql_with_only_the_address_changed() {
    let server = std::env::var("HONGYAN_TEST_MYSQL").expect("HONGYAN_TEST_MYSQL is the address of a MariaDB");
    let server = server.trim_end_matches('/');
    let admin = Db::connect(&format!("{server}/mysql"), 1).await.unwrap();
    admin.execute("CREATE DATABASE IF NOT EXISTS rules_songs CHARACTER SET utf8mb4", &[]).await.unwrap();
    let url = format!("{server}/rules_songs");
    fill(&url).await;
    let rules = singer(BY_ARTIST, "rotate", "{{ fetched.title }}");
    let head = format!("databases.music = '{url}'");
    let wrong = World::with(
        &head,
        &singer("SELECT title FORM songs WHERE", "first", "x"),
        tempfile::tempdir().unwrap(),
    );
    assert!(wrong.rules.check_queries().await.unwrap_err().to_string().contains("SQL syntax"));
    let world = World::with(&head, &rules, tempfile::tempdir().unwrap());
    rotates(&world).await;
    assert_eq!(world.rules.check_queries().await.unwrap(), []);
    assert_eq!(world.say("x' OR '1'='1").await, ["nobody"]);
}

#[tokio::test]
async fn a_database_that_is_away_lets_otherwise_answer_and_is_logged_once() {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let file = folder.path().join("songs.db");
    // A folder where the file should be cannot be opened as a database.
    std::fs::create_dir(&file).unwrap();
    let rules = singer(BY_ARTIST, "first", "{{ fetched.title }}");
    let world = World::with("databases.music = 'sqlite://songs.db'", &rules, folder);
    let log = crate::rules_log::Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    for _ in 0..3 {
        assert_eq!(world.say("邓丽君").await, ["nobody"]);
    }
    assert_eq!(log.lines().len(), 1, "{:?}", log.lines());
    assert!(
        log.lines()[0].contains("songs") && log.lines()[0].contains("database music"),
        "{:?}",
        log.lines()
    );
    std::fs::remove_dir(world.folder.path().join("songs.db")).unwrap();
    fill(&format!("sqlite://{}", file.display())).await.close().await;
    assert_eq!(world.say("邓丽君").await, ["甜蜜蜜"]);
    assert_eq!(log.lines().len(), 2, "{:?}", log.lines());
}

#[tokio::test]
async fn a_query_that_cannot_be_parsed_is_refused_with_its_line() {
    let world = songs(&singer("SELECT title FORM songs WHERE artist = :singer", "first", "x")).await;
    let text = world.rules.check_queries().await.unwrap_err().to_string();
    assert!(
        text.contains("hongyan.toml:12:17: rule songs: database music") && text.contains("syntax"),
        "{text}"
    );
    let world = songs(&singer("SELECT title FROM albums", "first", "x")).await;
    let warnings = world.rules.check_queries().await.unwrap();
    assert!(warnings.len() == 1 && warnings[0].en.contains("albums"), "{warnings:?}");
    let world = songs(&singer(BY_ARTIST, "first", "x")).await;
    assert_eq!(world.rules.check_queries().await.unwrap(), []);
}

#[tokio::test]
async fn rows_that_are_kept_for_a_while_still_go_round() {
    let rule = singer(BY_ARTIST, "rotate', cache = '5m", "{{ fetched.title }}");
    let folder = tempfile::tempdir().unwrap();
    let db = fill(&format!("sqlite://{}", folder.path().join("songs.db").display())).await;
    let world = World::with("databases.music = 'sqlite://songs.db'", &rule, folder);
    let mut heard: BTreeSet<String> = world.say("周杰伦").await.into_iter().collect();
    db.execute("DELETE FROM songs", &[]).await.unwrap();
    for _ in 0..2 {
        heard.extend(world.say("周杰伦").await);
    }
    assert_eq!(heard.len(), 3, "{heard:?}");
    assert_eq!(world.say("邓丽君").await, ["nobody"], "what was never asked is not kept");
}
