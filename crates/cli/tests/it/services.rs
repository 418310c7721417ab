//! The story with real services behind it: MariaDB for the songs and for the gateway's own data; Redis is there.

use std::io::{Read, Write};

use crate::harness::{Demo, Process, control};
use crate::kinds::listening;

fn service(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run scripts/test, which starts the services"))
}

/// A fresh database on the test's MariaDB.
pub(crate) async fn database(name: &str) -> String {
    let server = service("HONGYAN_TEST_MYSQL");
    let pool = sqlx::MySqlPool::connect(&server).await.unwrap();
    for statement in
        [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")]
    {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&pool).await.unwrap();
    }
    format!("{server}/{name}")
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn songs_come_from_mariadb_when_only_the_address_changes() {
    let demo = Demo::start("secure").await;
    let music = database("story_songs").await;
    let pool = sqlx::MySqlPool::connect(&music).await.unwrap();
    sqlx::raw_sql("CREATE TABLE songs (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(100), artist VARCHAR(100), url VARCHAR(200)) CHARACTER SET utf8mb4")
        .execute(&pool)
        .await
        .unwrap();
    for (title, artist) in [("但愿人长久", "王菲"), ("红豆", "王菲"), ("如愿", "王菲"), ("传奇", "王菲")]
    {
        sqlx::query("INSERT INTO songs (title, artist, url) VALUES (?, ?, 'http://127.0.0.1/a.mp3')")
            .bind(title)
            .bind(artist)
            .execute(&pool)
            .await
            .unwrap();
    }
    let text = std::fs::read_to_string(&demo.config).unwrap();
    let mut changed = false;
    let edited: Vec<String> = text
        .lines()
        .map(|line| {
            let name = line.split('=').next().unwrap_or_default().trim();
            match name {
                "listen" => "listen = \"127.0.0.1:0\"".to_owned(),
                "data" => "data = \"sqlite://second.db\"".to_owned(),
                "music" => {
                    changed = true;
                    format!("music = \"{music}\"")
                }
                _ => line.to_owned(),
            }
        })
        .collect();
    assert!(changed, "no address of the music database in {text}");
    let second = demo.config.with_file_name("mariadb.toml");
    std::fs::write(&second, edited.join("\n")).unwrap();
    let gateway = Process::start(&["serve", "--config", second.to_str().unwrap()], &demo.env);
    let address = listening(&gateway).await;
    demo.point_to(&format!("{address}/callback/{}", demo.account())).await;
    let mut person = demo.follower("小明").await;
    crate::songs::rotates(&mut person, "王菲", 4).await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_list_survives_a_power_cut_on_mariadb() {
    let data = database("story_outbox").await;
    list_survives(&data).await;
}

#[tokio::test]
async fn a_list_survives_a_power_cut_on_sqlite() {
    list_survives("sqlite://hongyan.db").await;
}

/// The first message of a list is given passively, the gateway dies, a new one sends the rest.
async fn list_survives(data: &str) {
    let rules = r#"
[[accounts.main.rules]]
name = "list"
on = { text = "全部" }
reply = [{ text = "第一条" }, { text = "第二条" }, { text = "第三条" }]
"#;
    let mut pair =
        crate::kinds::Pair::start(&[], "kind = \"service\"\nverified = true\ngap = \"5s\"", rules).await;
    let config = pair.folder.path().join("hongyan.toml");
    let text = std::fs::read_to_string(&config).unwrap().replace("sqlite://hongyan.db", data);
    if data.starts_with("mysql") {
        assert_eq!(pair.gateway.terminate().await, Some(0));
        std::fs::write(&config, &text).unwrap();
        pair.restart().await;
    }
    let mut person = pair.follower("小明").await;
    person.say("全部").await;
    assert_eq!(person.receives_one().await["text"], "第一条");
    // The rest waits for its gap; the machine goes down before that is over.
    pair.gateway.kill().await;
    std::fs::write(&config, text.replace("gap = \"5s\"", "gap = \"0s\"")).unwrap();
    pair.restart().await;
    let rest = person.receives(2).await;
    assert_eq!((rest[0]["text"].as_str(), rest[1]["text"].as_str()), (Some("第二条"), Some("第三条")));
    let exchanges = control(&pair.sandbox, "GET", "exchanges?kind=/cgi-bin/message/custom/send", None).await;
    assert_eq!(exchanges.as_array().unwrap().len(), 2, "a message was sent twice: {exchanges:#}");
}

#[test]
#[ignore = "scripts/test"]
fn redis_answers() {
    let address = service("HONGYAN_TEST_REDIS");
    let mut stream = std::net::TcpStream::connect(address.trim_start_matches("redis://")).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
}
