//! One gateway of two is stopped under load: the other goes on, and nothing that was accepted is lost.

use crate::cluster::{Cluster, redis};
use crate::outage_load::{Load, settle};

const RULES: &str = "[[accounts.main.rules]]\non = { text = \"plain\" }\nreply = { text = \"at once\" }\n\
                     [[accounts.main.rules]]\non = { text = \"list\" }\nreply = [{ text = \"first\" }, { text = \"second\" }]\n";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn outage_of_one_gateway_of_two_by_a_clean_stop_loses_nothing() {
    let mut cluster = Cluster::new(2, &redis(), RULES).await;
    let people = cluster.stage.people_to_write_to(8).await;
    let load = Load::start(cluster.urls(), &["plain", "list"], &people);
    load.until(202, 60).await;
    cluster.nodes.remove(0).stop().await;
    load.until(202, 60).await;
    let (pushed, posted) = load.end().await;
    for one in &pushed {
        // The platform's second try finds the other gateway.
        let Some((200, body)) = &one.answer else { panic!("{one:?}") };
        assert!(one.tries <= 2, "{one:?}");
        assert!(body.contains(if one.text == "plain" { "at once" } else { "first" }), "{one:?}");
    }
    for one in &posted {
        // Refused while it stopped, or nobody there any more: never anything in between.
        assert!(matches!(one.answer, Some((202 | 503, _)) | None), "{one:?}");
    }
    let ends = settle(&cluster.stage, &posted).await;
    assert_eq!(ends.len(), 1, "a stop leaves nothing unknown: {ends:?}");
    assert!(ends["sent"] >= 120, "{ends:?}");
    cluster.end().await;
}
