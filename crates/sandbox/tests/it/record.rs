//! What people did becomes a scenario that runs green.

use hongyan_sandbox::scenario::{Player, Scenario};
use serde_json::json;

use crate::back_end::{Answer, BackEnd, reply, text};
use crate::stand::{APP_ID, SECRET, Stand};

/// What the back end answers, in order.
fn answers() -> Vec<Answer> {
    let music = "<MsgType><![CDATA[music]]></MsgType><Music><Title><![CDATA[晴天]]></Title><Description><![CDATA[周杰伦]]></Description><MusicUrl><![CDATA[http://a/b.mp3]]></MusicUrl></Music>";
    vec![
        text("欢迎：请说\"你好\"\n第二行"),
        text("/slashes/"),
        reply(music),
        text("扫码"),
        Answer::Status(500),
    ]
}

#[tokio::test]
async fn a_recording_is_a_scenario_that_runs_green_again() {
    let back_end = BackEnd::start(&answers()).await;
    let stand = Stand::with(&back_end).await;
    let code = stand.post("/_sandbox/qrcodes", json!({"scene": "spring", "expire_seconds": 3600})).await;
    assert_eq!(stand.get("/_sandbox/record").await["recording"], false);
    stand.post("/_sandbox/record/start", json!({})).await;
    let user = stand.person().await;
    stand.act(&user, "follow", json!({})).await;
    stand.act(&user, "say", json!({"text": "你好: #1"})).await;
    stand.act(&user, "say", json!({"text": "晴天"})).await;
    stand.advance(3000).await;
    stand.act(&user, "scan", json!({"ticket": code["ticket"]})).await;
    stand.act(&user, "tap", json!({"button": "没有"})).await;
    stand.act(&user, "pay", json!({})).await;
    stand.act(&user, "locate", json!({"latitude": 39.9, "longitude": 116.4, "label": "天安门"})).await;
    assert_eq!(stand.get("/_sandbox/record").await["recording"], true);
    let file = stand.request("POST", "/_sandbox/record/stop").send().await.unwrap();
    assert!(file.headers()["content-type"].to_str().unwrap().starts_with("application/yaml"));
    let file = file.text().await.unwrap();
    for line in [
        "users: [{id: 小明}]",
        "  - 小明: follow",
        "  - 小明: {say: \"你好: #1\"}",
        "text: {is: \"/slashes/\"}",
        "  - expect: {phone: 小明, type: music, passive: true}  # [音乐] 晴天 周杰伦",
        "  - clock: +50m",
        "  - 小明: {scan: \"poster:spring\"}",
        "event_key: spring",
        "  - 小明: pay",
        "  - expect: {notice: 小明}",
    ] {
        assert!(file.contains(line), "no {line:?} in\n{file}");
    }
    assert!(!file.contains("没有"), "a refused action was recorded:\n{file}");
    assert_eq!(stand.send("POST", "/_sandbox/record/stop", json!({})).await.0, 409);

    let again = BackEnd::start(&answers()).await;
    let stand = Stand::with(&again).await;
    let scenario = Scenario::parse("recorded.yaml", &file).unwrap_or_else(|error| panic!("{error}"));
    let mut player = Player::connect(&stand.sandbox.url(), APP_ID, SECRET).await.unwrap();
    let report = player.play(&scenario, |_| {}).await;
    assert!(report.passed(), "{:?}\n{file}", report.failed());
    assert_eq!(again.pushes().len(), back_end.pushes().len());
}

#[tokio::test]
async fn an_empty_recording_is_a_file_too() {
    let stand = Stand::start(crate::stand::options()).await;
    stand.post("/_sandbox/record/start", json!({})).await;
    let file = stand.request("POST", "/_sandbox/record/stop").send().await.unwrap().text().await.unwrap();
    assert!(Scenario::parse("empty.yaml", &file).is_ok(), "{file}");
}
