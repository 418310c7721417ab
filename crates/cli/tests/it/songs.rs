//! Line 3: a singer's name is answered by a song, another one each time.

use std::collections::HashSet;

use crate::harness::{Demo, Person};

/// How many songs of this singer are asked for.
async fn titles(person: &mut Person, singer: &str, count: usize) -> Vec<String> {
    let mut titles = Vec::new();
    for _ in 0..count {
        let exchange = person.say(singer).await;
        assert_eq!(exchange["outcome"], "replied", "{exchange:#}");
        let song = person.receives_one().await;
        assert_eq!(song["type"], "music", "{song}");
        assert!(song["musicurl"].as_str().unwrap().starts_with("http"), "{song}");
        titles.push(song["title"].as_str().unwrap().to_owned());
    }
    titles
}

/// All songs before a repeat, never the same twice in a row.
pub(crate) async fn rotates(person: &mut Person, singer: &str, songs: usize) {
    let heard = titles(person, singer, songs * 3).await;
    for round in heard.chunks(songs) {
        let different: HashSet<_> = round.iter().collect();
        assert_eq!(different.len(), songs, "a song came again before all were heard: {heard:?}");
    }
    for pair in heard.windows(2) {
        assert_ne!(pair[0], pair[1], "the same song twice in a row: {heard:?}");
    }
}

#[tokio::test]
async fn the_same_name_again_gives_another_song() {
    let demo = Demo::start("secure").await;
    let mut person = demo.follower("小明").await;
    let songs = count_of(&demo, "邓丽君").await;
    assert!(songs >= 3, "{songs}");
    rotates(&mut person, "邓丽君", songs).await;
}

/// How many songs the demo's own file has of a singer.
async fn count_of(demo: &Demo, singer: &str) -> usize {
    let file = demo.config.parent().unwrap().join("songs.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let count: (i64,) = sqlx::query_as("SELECT count(*) FROM songs WHERE artist = ?")
        .bind(singer)
        .fetch_one(&pool)
        .await
        .unwrap();
    usize::try_from(count.0).unwrap()
}
