//! The gateway's database dies under load and comes back.

use std::time::Duration;

use hongyan_sandbox::Options;

use crate::outage_load::{Load, settle};
use crate::outage_parts::OwnMaria;
use crate::stage::Stage;

/// The whole of a rule's list, and a song from the database that dies.
const RULES: &str = r#"
[[accounts.main.rules]]
on = { text = "plain" }
reply = { text = "at once" }
[[accounts.main.rules]]
on = { text = "list" }
reply = [{ text = "first" }, { text = "second" }]
[[accounts.main.rules]]
on = { text = "song" }
fetch = { sql = "SELECT 'la' AS title", database = "music", pick = "rotate" }
reply = { text = "{{ fetched.title }}" }
otherwise = { text = "no song" }
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn outage_of_the_database_loses_nothing_accepted_and_keeps_no_push_waiting() {
    let mut database = OwnMaria::start().await;
    let url = database.url();
    let head = format!("data = \"{url}\"\nhistory = \"1d\"\ndatabases.music = \"{url}\"");
    let stage = Stage::under(&head, Options::default(), "", RULES).await;
    let people = stage.people_to_write_to(8).await;
    let gateway = stage.gateway.as_ref().unwrap().url();
    let load = Load::start(vec![gateway], &["plain", "list", "song"], &people);
    for _ in 0..2 {
        load.until(202, 40).await;
        database.take_away();
        load.until(503, 40).await;
        load.lasts(Duration::from_secs(2)).await;
        database.bring_back().await;
    }
    load.until(202, 40).await;
    let (pushed, posted) = load.end().await;

    for one in &pushed {
        let Some((200, body)) = &one.answer else { panic!("{one:?}") };
        assert_eq!(one.tries, 1, "{one:?}");
        let answered = match one.text {
            "plain" => body.contains("at once"),
            "list" => body.contains("first"),
            _ => body.contains("la") || body.contains("no song"),
        };
        assert!(answered, "{one:?}");
    }
    for one in &posted {
        assert!(matches!(one.answer, Some((202, false) | (503, true))), "{one:?}");
    }
    let ends = settle(&stage, &posted).await;
    // What was on its way in the moment of a death may be unknown: one of each of the lanes.
    assert!(ends.get("unknown").is_none_or(|unknown| *unknown <= 2 * people.len()), "{ends:?}");
    assert!(ends["sent"] >= 80, "{ends:?}");
    let stats = stage.gateway.as_ref().unwrap().stats("main").unwrap();
    assert_eq!((stats.panicked, stats.refused("busy")), (0, 0), "{stats:?}");
    stage.end().await;
}
