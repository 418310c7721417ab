//! Line 11: the OpenIDs of those who wrote lately.

use serde_json::json;

use crate::harness::{Demo, run};

#[tokio::test]
async fn who_wrote_lately_is_listed_with_their_openid() {
    let demo = Demo::start("secure").await;
    let mut person = demo.follower("小明").await;
    person.ask("你好").await;
    let config = demo.config.display().to_string();
    recently(&config, &person.openid).await;
}

/// Waits until the gateway's list of those who acted lately has this person: it is written behind the callback.
pub(crate) async fn recently(config: &str, openid: &str) {
    let mut listed = String::new();
    for _ in 0..100 {
        listed = run(&["users", "--recent", "--config", config], &[]).await.ok();
        if listed.contains(openid) {
            return;
        }
    }
    panic!("{openid} is not in {listed}");
}

#[tokio::test]
async fn an_account_that_may_list_its_followers_lists_them() {
    let demo = Demo::start("secure").await;
    let person = demo.follower("小明").await;
    let stranger = demo.person("路人").await;
    let listed = demo.run(&["users", "--json"]).await.json().to_string();
    assert!(listed.contains(&person.openid), "{listed}");
    assert!(!listed.contains(&stranger.openid), "{listed}");
    person.act("unfollow", json!({})).await;
    assert!(!demo.run(&["users", "--json"]).await.ok().contains(&person.openid));
}
