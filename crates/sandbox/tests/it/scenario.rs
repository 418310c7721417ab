//! Scenario files played against a back end that answers, and one that does not.

use hongyan_sandbox::scenario::{Outcome, Player, Report, Scenario};
use hongyan_wire::Lang;
use serde_json::json;

use crate::back_end::{Answer, BackEnd, body, text};
use crate::stand::{APP_ID, SECRET, Stand, options};

async fn play(stand: &Stand, file: &str) -> Report {
    let scenario = Scenario::parse("story.yaml", file).unwrap_or_else(|error| panic!("{error}"));
    let mut player = Player::connect(&stand.sandbox.url(), APP_ID, SECRET).await.unwrap();
    player.play(&scenario, |_| {}).await
}

/// The line that failed, with what was expected and what there was.
fn failure(report: &Report) -> (usize, String, String) {
    let step = report.failed().unwrap_or_else(|| panic!("it passed: {report:?}"));
    let words =
        |words: &Option<hongyan_sandbox::scenario::Words>| words.as_ref().unwrap().text(Lang::En).to_owned();
    (step.line, words(&step.expected), words(&step.got))
}

#[tokio::test]
async fn a_story_is_played_to_its_end() {
    let back_end = BackEnd::start(&[text("欢迎"), text("收到 1024"), text("海报"), body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let report = play(
        &stand,
        "name: story
users: [alice, {id: bob, nickname: 鲍勃}]
steps:
  - alice: follow
  - expect: {push: subscribe, user: alice, tries: 1, reply_ms: \"<5000\", outcome: replied}
  - expect: {phone: alice, text: /欢/, passive: true, save: hello}
  - fault: {push: text, user: alice, duplicate: 2, times: 1}
  - alice: say 1024
  - expect: {phone: alice, text: 收到 1024, differs: hello}
  - expect: {phone: alice, count: {text: /1024/}, is: 1}
  - fault: none
  - bob: scan poster:spring
  - expect: {push: subscribe, user: bob, event_key: qrscene_spring}
  - bob: scan poster:spring
  - expect: {push: SCAN, event_key: spring, outcome: silent}
  - clock: +48h1m
  - call: {api: message/custom/send, body: {touser: 'openid:bob', msgtype: text, text: {content: hi}}}
  - expect: {api: message/custom/send, user: bob, errcode: 45015, within: 5s}
  - token: expire
  - expect: {no_notice: alice}
",
    )
    .await;
    assert!(report.passed(), "{:?}", failure(&report));
    assert_eq!(report.count(Outcome::Ok), 17);
    assert_eq!(stand.get("/_sandbox/faults").await, json!([]));
}

#[tokio::test]
async fn the_step_that_failed_says_what_was_expected_and_what_came() {
    let back_end = BackEnd::start(&[text("欢迎")]).await;
    let stand = Stand::with(&back_end).await;
    let head = "users: [alice]\nsteps:\n  - alice: follow\n";
    for (step, expected, got) in [
        ("{phone: alice, text: 再见, within: 50ms}", "text \"再见\"", "text \"欢迎\", passive"),
        ("{phone: alice, type: music, within: 50ms}", "type music", "欢迎"),
        ("{push: subscribe, tries: 2, within: 50ms}", "tries 2", "tries 1"),
        ("{push: CLICK, within: 50ms}", "a push CLICK", "event.subscribe replied"),
        ("{api: menu/create, within: 50ms}", "/cgi-bin/menu/create", "no call"),
        ("{notice: alice, within: 50ms}", "a notice", "欢迎"),
        ("{phone: alice, count: 0}", "0 times", "1; text"),
        ("{phone: alice, count: 2, within: 50ms}", "2 times", "1; text"),
    ] {
        let report = play(&stand, &format!("{head}  - expect: {step}\n  - alice: say never\n")).await;
        let (line, wanted, there) = failure(&report);
        assert_eq!(line, 4, "{step}");
        assert!(wanted.contains(expected) && there.contains(got), "{step}: {wanted} / {there}");
        assert_eq!(report.steps.last().unwrap().outcome, Outcome::Skipped, "{step}");
    }
    let report = play(&stand, &format!("{head}  - alice: tap 没有\n")).await;
    assert!(failure(&report).2.contains("no menu"), "{:?}", failure(&report));
}

#[tokio::test]
async fn a_notice_is_expected_or_is_a_failure() {
    let back_end = BackEnd::start(&[Answer::Status(500)]).await;
    let stand = Stand::with(&back_end).await;
    let head = "users: [alice]\nsteps:\n  - alice: follow\n  - expect: {push: subscribe, tries: 3, outcome: failed, finding: http_status}\n";
    let report = play(&stand, &format!("{head}  - expect: {{no_notice: alice}}\n")).await;
    assert_eq!(failure(&report).0, 5);
    let both = "  - expect: {notice: alice, text: /故障/}\n  - expect: {no_notice: alice}\n";
    assert!(play(&stand, &format!("{head}{both}")).await.passed());
}

#[tokio::test]
async fn an_expectation_is_met_by_a_message_that_comes_later() {
    let back_end = BackEnd::start(&[body("success")]).await;
    let stand = Stand::with(&back_end).await;
    let file = "users: [{id: alice, following: true}]\nsteps:\n  - alice: say hi\n  - expect: {phone: alice, text: 晚到, passive: false, within: 20s}\n";
    let late = async {
        // What comes with the follow has been read once the person says something.
        while back_end.pushes().len() < 2 {
            tokio::task::yield_now().await;
        }
        let users = stand.get("/_sandbox/users").await;
        let openid = users[0]["openid"].as_str().unwrap().to_owned();
        stand.text(&openid, "晚到").await
    };
    let (report, code) = tokio::join!(play(&stand, file), late);
    assert_eq!(code, 0);
    assert!(report.passed(), "{:?}", failure(&report));
}

#[tokio::test]
async fn the_clock_of_a_file_is_where_it_begins() {
    let stand = Stand::start(options()).await;
    let report = play(&stand, "clock: 2026-01-01T09:00:00+08:00\nusers: [a]\nsteps:\n  - clock: +1h\n").await;
    assert!(report.passed(), "{:?}", failure(&report));
    let now = stand.get("/_sandbox/clock").await["now_ms"].as_i64().unwrap();
    let ten = 1_767_232_800_000;
    assert!((ten..ten + 600_000).contains(&now), "{now}");
}
