//! Line 7: customer-service messages from the command line, inside the window that the person opened.

use serde_json::json;

use crate::harness::{Demo, person::text_of};

#[tokio::test]
async fn every_kind_of_message_reaches_the_phone() {
    let demo = Demo::start("secure").await;
    let media = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/media");
    let picture = format!("{media}/goose.jpg");
    let thumb = format!("{media}/thumb.jpg");
    let video = format!("{media}/goose.mp4");
    let folder = tempfile::tempdir().unwrap();
    let voice = folder.path().join("hello.amr");
    std::fs::write(&voice, [b"#!AMR\n".as_slice(), &[0x3c; 320]].concat()).unwrap();
    let file = folder.path().join("message.json");
    std::fs::write(&file, json!({ "msgtype": "text", "text": { "content": "来自文件" } }).to_string())
        .unwrap();
    let voice = voice.to_str().unwrap();
    let music = format!(
        "title=月亮代表我的心,description=邓丽君,url=http://127.0.0.1/a.mp3,hqurl=http://127.0.0.1/b.mp3,thumb={thumb}"
    );
    let cases: [(&str, Vec<&str>); 8] = [
        ("text", vec!["--text", "你好"]),
        ("image", vec!["--image", &picture]),
        ("voice", vec!["--voice", voice]),
        ("video", vec!["--video", &video, "--thumb", &thumb]),
        ("music", vec!["--music", &music]),
        (
            "news",
            vec![
                "--news",
                "title=新品,description=上市,url=https://example.test/,pic=https://example.test/p.png",
            ],
        ),
        ("msgmenu", vec!["--msgmenu", "满意吗？|101:满意|102:不满意|谢谢"]),
        ("text", vec!["--json", file.to_str().unwrap()]),
    ];
    for (kind, arguments) in cases {
        // Each message is sent in a window of its own, so that the allowance of five is not what is tested here.
        let mut person = demo.follower("小明").await;
        let mut all = vec!["send", person.openid.as_str()];
        all.extend(arguments);
        demo.run(&all).await.ok();
        let message = person.receives_one().await;
        assert_eq!(message["type"], kind, "{message}");
        assert_eq!(message["passive"], false, "{message}");
    }
}

#[tokio::test]
async fn without_a_window_the_platform_refuses_and_we_say_why() {
    let demo = Demo::start("secure").await;
    let mut person = demo.follower("小明").await;
    person.ask("你好").await;
    demo.run(&["send", &person.openid, "--text", "在窗口里"]).await.ok();
    assert_eq!(text_of(&person.receives_one().await), "在窗口里");
    demo.advance(48 * 3600 + 60).await;
    let refused = demo.run(&["send", &person.openid, "--text", "太晚了"]).await;
    assert_eq!(refused.code, 1, "{refused:#?}");
    assert!(refused.err.contains("45015"), "{}", refused.err);
    assert!(
        refused.err.contains("must write, tap, scan or follow"),
        "a plain sentence is missing: {}",
        refused.err
    );
    assert!(person.read().await.is_empty());
}

#[tokio::test]
async fn the_sixth_message_of_a_window_is_one_too_many() {
    let demo = Demo::start("secure").await;
    let mut person = demo.follower("小明").await;
    // Past the minute that following opened, so that only the written message counts.
    demo.advance(120).await;
    person.ask("你好").await;
    for _ in 0..5 {
        demo.run(&["send", &person.openid, "--text", "一条"]).await.ok();
    }
    let refused = demo.run(&["send", &person.openid, "--text", "第六条"]).await;
    assert_eq!(refused.code, 1, "{refused:#?}");
    assert!(refused.err.contains("45047"), "{}", refused.err);
}

#[tokio::test]
async fn a_tap_on_an_item_of_a_message_menu_comes_back_as_text() {
    let demo = Demo::start("secure").await;
    let mut person = demo.follower("小明").await;
    demo.run(&["send", &person.openid, "--msgmenu", "满意吗？|101:满意|102:不满意|谢谢"]).await.ok();
    person.receives_one().await;
    let exchange = person.act("menu_click", json!({ "id": "101" })).await;
    assert_eq!(exchange["kind"], "message.text", "{exchange:#}");
    assert!(exchange["request"].to_string().contains("bizmsgmenuid"), "{exchange:#}");
}
