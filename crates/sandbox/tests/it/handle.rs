//! The sandbox as a value in a test, with people who act and expect.

use std::time::Duration;

use hongyan_sandbox::{Sandbox, User};
use serde_json::json;

use crate::back_end::{Answer, BackEnd, text};

async fn stage(answers: &[Answer]) -> (hongyan_sandbox::Running, User) {
    let back_end = BackEnd::start(answers).await;
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.point_to(&back_end.url()).await;
    let user = sandbox.user("小明").await;
    (sandbox, user)
}

#[tokio::test]
async fn a_conversation_reads_like_one() {
    let (sandbox, user) = stage(&[text("欢迎"), text("你好！")]).await;
    assert_eq!(user.follow().await["outcome"], "replied");
    user.expect_text("欢迎").await;
    user.say("你好").await;
    assert_eq!(user.expect_text("/^你好/").await["passive"], json!(true));
    user.expect_nothing_more().await;
    sandbox.advance(Duration::from_hours(1)).await;
    user.send(json!({"msgtype": "image"})).await;
    user.expect_type("text").await;
    assert!(user.transcript().await.contains("小明: 你好"));
}

#[tokio::test]
async fn a_missing_answer_stops_the_test_with_the_chat_and_the_line() {
    let (_sandbox, user) = stage(&[text("欢迎")]).await;
    let user = user.patience(Duration::from_millis(50));
    user.follow().await;
    let line = line!() + 1;
    let failed = tokio::spawn(async move { user.expect_text("再见").await });
    let panic = failed.await.unwrap_err().into_panic();
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(said.contains("the text \"再见\" did not come within 50ms"), "{said}");
    assert!(said.contains("[1] 鸿雁: 欢迎") && said.contains(&format!("handle.rs:{line}")), "{said}");
}

#[tokio::test]
async fn something_too_much_stops_the_test_too() {
    let (_sandbox, user) = stage(&[text("欢迎")]).await;
    user.follow().await;
    let failed = tokio::spawn(async move { user.expect_nothing_more().await });
    let panic = failed.await.unwrap_err().into_panic();
    assert!(panic.downcast_ref::<String>().unwrap().contains("欢迎"));
}
