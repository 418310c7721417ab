//! The demo's song table in a SQLite file; titles and singers are real, the melodies are not.

use std::path::Path;

use hongyan_gateway::{Db, DbError, Param};

/// Singer and songs; at least three each, so that turns can be seen.
const SONGS: [(&str, &[&str]); 6] = [
    ("邓丽君", &["月亮代表我的心", "甜蜜蜜", "我只在乎你", "但愿人长久"]),
    ("周杰伦", &["晴天", "青花瓷", "七里香", "稻香"]),
    ("Beyond", &["海阔天空", "光辉岁月", "真的爱你", "喜欢你"]),
    ("王菲", &["红豆", "传奇", "匆匆那年"]),
    ("张学友", &["吻别", "祝福", "一路上有你"]),
    ("罗大佑", &["童年", "恋曲1990", "光阴的故事"]),
];

/// Writes the table; `base` is where the melodies are served.
pub(super) async fn write(file: &Path, base: &str) -> Result<(), DbError> {
    let db = Db::connect(&format!("sqlite://{}", file.display()), 1).await?;
    let table = "CREATE TABLE songs (id INTEGER PRIMARY KEY, artist TEXT NOT NULL, title TEXT NOT NULL, url TEXT NOT NULL)";
    let mut steps = vec![(table.to_owned(), Vec::new())];
    let all = SONGS.iter().flat_map(|(artist, titles)| titles.iter().map(move |title| (artist, title)));
    for (number, (artist, title)) in (1_i64..).zip(all) {
        let row: Vec<Param> = vec![
            number.into(),
            (*artist).to_owned().into(),
            (*title).to_owned().into(),
            format!("{base}/music/{number}.wav").into(),
        ];
        steps.push(("INSERT INTO songs (id, artist, title, url) VALUES (?, ?, ?, ?)".to_owned(), row));
    }
    db.batch(steps).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_singer_has_at_least_three_different_songs() {
        for (artist, titles) in SONGS {
            let different: std::collections::BTreeSet<_> = titles.iter().collect();
            assert!(different.len() >= 3, "{artist}");
            assert_eq!(different.len(), titles.len(), "{artist}");
        }
    }
}
