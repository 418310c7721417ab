//! Line 6: one message answered by a list, the first passively, the rest by customer service, in order.

use crate::harness::{Demo, MODES, person::text_of};

#[tokio::test]
async fn a_list_arrives_in_its_order() {
    for mode in MODES {
        let demo = Demo::start(mode).await;
        let mut person = demo.follower("小明").await;
        let exchange = person.say("图文").await;
        assert_eq!(exchange["outcome"], "replied", "{mode}: {exchange:#}");
        let messages = person.receives(5).await;
        let kinds: Vec<&str> = messages.iter().map(|message| message["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["text", "image", "news", "music", "video"], "{mode}");
        let passive: Vec<bool> =
            messages.iter().map(|message| message["passive"].as_bool().unwrap()).collect();
        assert_eq!(passive, [true, false, false, false, false], "{mode}");
        text_of(&messages[0]);
        assert_eq!(messages[2]["articles"].as_array().unwrap().len(), 1, "{mode}");
        let picture = format!("{}{}", demo.sandbox, messages[1]["url"].as_str().unwrap());
        let bytes = reqwest::get(picture).await.unwrap().bytes().await.unwrap();
        assert_eq!(&bytes[..3], [0xff, 0xd8, 0xff], "{mode}: the picture is not the JPEG that was uploaded");
    }
}
