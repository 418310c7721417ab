//! A language model answers, as a person on the phone sees it.

use std::time::Duration;

use hongyan_sandbox::{Kind, Options};
use serde_json::{Value, json};

use crate::program::{Program, Says};
use crate::stage::{Person, Stage};

/// An account whose model answers every text.
fn rule(model: &Program, more: &str) -> String {
    format!(
        "[[accounts.main.rules]]\nname = \"ai\"\non = {{ type = \"text\" }}\n\
         assistant = {{ url = \"{}/v1\", model = \"m-1\", key = \"sk-test-key\", system = \"你是客服\"{more} }}\n\
         otherwise = {{ text = \"模型不在\" }}\n",
        model.url()
    )
}

fn said(text: &str) -> Says {
    Says::json(json!({
        "choices": [{"message": {"role": "assistant", "content": text}}],
        "usage": {"total_tokens": 30},
    }))
}

/// An account that can only reply.
fn personal() -> Options {
    Options { kind: Kind::Subscription, verified: false, ..Options::default() }
}

const PERSONAL: &str = "kind = \"subscription\"\nverified = false\nwait = \"one\"";

async fn heard_in_all(person: &Person<'_>, count: usize) -> Vec<String> {
    let heard = person.hears(count).await;
    assert_eq!(heard.len(), count, "{heard:#?}");
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_answers_in_plain_text_and_remembers_what_was_said() {
    let model = Program::start([said("**你好**，我是`鸿雁`"), said("好的")]).await;
    let stage = Stage::new(&rule(&model, ", max_tokens = 99, history = 1")).await;
    let person = stage.follower("小明").await;
    let exchange = person.say("你是谁").await;
    assert_eq!(exchange["outcome"], "replied", "{exchange}");
    person.say("再见").await;
    person.say("真的").await;
    assert_eq!(heard_in_all(&person, 3).await, ["你好，我是鸿雁", "好的", "好的"]);
    let asked = model.asked();
    assert_eq!(asked[0].path, "/v1/chat/completions");
    assert_eq!(asked[0].header("authorization"), "Bearer sk-test-key");
    let first = asked[0].json();
    assert_eq!((&first["model"], &first["max_tokens"]), (&json!("m-1"), &json!(99)));
    let roles = |body: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let messages = body["messages"].as_array().unwrap();
        messages.iter().map(|one| (text(&one["role"]), text(&one["content"]))).collect()
    };
    let pair = |role: &str, text: &str| (role.to_owned(), text.to_owned());
    assert_eq!(roles(&first), [pair("system", "你是客服"), pair("user", "你是谁")]);
    assert_eq!(
        roles(&asked[2].json()),
        [pair("system", "你是客服"), pair("user", "再见"), pair("assistant", "好的"), pair("user", "真的")],
        "one turn of history"
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_takes_long_shows_that_it_writes_and_answers_by_customer_service() {
    let model = Program::start([said("想好了").held()]).await;
    let stage = Stage::with(Options::default(), "wait = \"one\"", &rule(&model, ", timeout = \"2m\"")).await;
    let person = stage.follower("小明").await;
    let exchange = person.say("难题").await;
    assert_eq!(exchange["outcome"], "silent", "the platform got `success` in time: {exchange}");
    assert!(stage.calls("/cgi-bin/message/custom/typing").await >= 1);
    model.go();
    assert_eq!(heard_in_all(&person, 1).await, ["想好了"]);
    assert_eq!(model.asked().len(), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_account_cannot_send_anything_fetches_the_answer() {
    let model = Program::start([said("想好了").held(), said("第二个答案")]).await;
    let stage = Stage::with(personal(), PERSONAL, &rule(&model, "")).await;
    let person = stage.follower("小明").await;
    person.say("难题").await;
    let waiting = heard_in_all(&person, 1).await;
    assert!(waiting[0].contains("回复任意内容"), "{waiting:?}");
    // It is still at work when the person asks for the answer, which is ready a moment later.
    let (_, ()) = tokio::join!(person.say("1"), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        model.go();
    });
    assert_eq!(heard_in_all(&person, 2).await[1], "想好了");
    assert_eq!(model.asked().len(), 1, "`1` was no question");
    person.say("下一个问题").await;
    assert_eq!(heard_in_all(&person, 3).await[2], "第二个答案");
    assert_eq!(stage.calls("/cgi-bin/message/custom/send").await, 0);
    assert_eq!(stage.calls("/cgi-bin/message/custom/typing").await, 0);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_account_cannot_send_a_kept_answer_is_given_without_asking_again() {
    let model = Program::start([said("想好了").held(), said("不该被问")]).await;
    let stage = Stage::with(personal(), PERSONAL, &rule(&model, "")).await;
    let person = stage.follower("小明").await;
    person.say("难题").await;
    model.go();
    // It is kept in a moment; until then there is nothing to see from outside.
    tokio::time::sleep(Duration::from_millis(500)).await;
    person.say("好了吗").await;
    assert_eq!(heard_in_all(&person, 2).await[1], "想好了");
    assert_eq!(model.asked().len(), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_fails_or_is_busy_for_good_gives_way_to_otherwise() {
    let model = Program::start([Says::status(401), Says::text("<html>"), said(" ")]).await;
    let stage = Stage::new(&rule(&model, ", timeout = \"3s\"")).await;
    let person = stage.follower("小明").await;
    for _ in 0..3 {
        person.say("在吗").await;
    }
    assert_eq!(heard_in_all(&person, 3).await, vec!["模型不在"; 3]);
    assert_eq!(model.asked().len(), 3, "none of these is worth a second attempt");
    model.says([Says::status(429).header("retry-after", "3600")]);
    person.say("忙吗").await;
    assert_eq!(heard_in_all(&person, 4).await[3], "模型不在");
    assert_eq!(model.asked().len(), 4, "an hour is longer than there is time");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_busy_is_asked_again_when_it_says() {
    let model = Program::start([Says::status(429).header("retry-after", "0"), said("好了")]).await;
    let stage = Stage::new(&rule(&model, "")).await;
    let person = stage.follower("小明").await;
    person.say("忙吗").await;
    assert_eq!(heard_in_all(&person, 1).await, ["好了"]);
    assert_eq!(model.asked().len(), 2);
    stage.end().await;
}

/// Ten thousand characters of Markdown, every sentence with its number.
fn long() -> String {
    let mut text = String::from("# 长文\n\n");
    let mut number = 0;
    while text.chars().count() < 10_000 {
        number += 1;
        let line = format!(
            "**第{number}点**：这里是一段说明文字，后面跟着`代码`和[链接](https://a.example/{number})。\n"
        );
        text.push_str(&line);
        if number % 10 == 0 {
            text.push_str("\n- 列表\n\n");
        }
    }
    text
}

fn numbers(texts: &[String]) -> Vec<u32> {
    let text = texts.join("\n");
    let parts = text.split("第").skip(1).filter_map(|part| part.split_once('点')).map(|(number, _)| number);
    parts.filter_map(|number| number.parse().ok()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_answer_fills_the_window_and_the_rest_waits_for_the_next_message() {
    let markdown = long();
    let model = Program::start([said(&markdown), said("另一个答案")]).await;
    let stage = Stage::new(&rule(&model, "")).await;
    let person = stage.follower("小明").await;
    // The follow opened a window of its own; a minute later it is over.
    stage.control("clock/advance", &json!({"seconds": 70})).await;
    person.say("写一篇长文").await;
    let mut heard = heard_in_all(&person, 5).await;
    assert!(heard[4].ends_with("（回复任意内容继续）"), "{}", heard[4]);
    while numbers(&heard).len() < markdown.matches("**第").count() {
        let before = heard.len();
        person.say("继续").await;
        heard = person.hears(before + 1).await;
        assert!(heard.len() > before, "nothing more came after {before} pieces");
        // All of this batch: the last of it says that there is more, or holds the end.
        while !heard.last().unwrap().ends_with("继续）")
            && numbers(&heard).len() < markdown.matches("**第").count()
        {
            heard = person.hears(heard.len() + 1).await;
        }
    }
    assert_eq!(model.asked().len(), 1, "`继续` was no question");
    let found = numbers(&heard);
    let expected: Vec<u32> = (1..=found.len() as u32).collect();
    assert_eq!(found, expected, "in order, nothing missing, nothing twice");
    let pieces = heard.iter().filter(|text| text.contains('第'));
    assert!(pieces.clone().all(|text| text.len() <= 2048 && !text.contains("**") && !text.contains('`')));
    let refused = stage.watch("exchanges?kind=/cgi-bin/message/custom/send").await;
    let refused: Vec<&Value> =
        refused.as_array().unwrap().iter().filter(|one| one["outcome"] == "failed").collect();
    assert!(refused.is_empty(), "{refused:#?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_account_cannot_send_a_long_answer_comes_piece_by_piece() {
    let markdown = long();
    let model = Program::start([said(&markdown)]).await;
    let stage = Stage::with(personal(), PERSONAL, &rule(&model, "")).await;
    let person = stage.follower("小明").await;
    person.say("写一篇长文").await;
    let mut heard = heard_in_all(&person, 1).await;
    let all = markdown.matches("**第").count();
    while numbers(&heard).len() < all {
        assert!(heard.last().unwrap().ends_with("（回复任意内容继续）"), "{heard:#?}");
        let before = heard.len();
        person.say("继续").await;
        heard = heard_in_all(&person, before + 1).await;
    }
    assert_eq!(numbers(&heard), (1..=all as u32).collect::<Vec<_>>());
    assert!(!heard.last().unwrap().contains("继续）"), "the last piece promises nothing");
    assert_eq!(model.asked().len(), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_person_has_so_much_a_day_and_no_restart_gives_more() {
    let model = Program::start([said("好")]).await;
    let rules = rule(&model, ", per_day = { messages = 2, reply = \"明天见\" }");
    let mut stage = Stage::new(&rules).await;
    let (one, other) = (stage.follower("小明").await.openid, stage.follower("小红").await.openid);
    let one = stage.person_again(one);
    for _ in 0..3 {
        one.say("问").await;
    }
    assert_eq!(heard_in_all(&one, 3).await, ["好", "好", "明天见"]);
    let one = one.openid;
    stage.restart().await;
    let one = stage.person_again(one);
    one.say("再问").await;
    assert_eq!(heard_in_all(&one, 4).await[3], "明天见");
    let other = stage.person_again(other);
    other.say("问").await;
    assert_eq!(heard_in_all(&other, 1).await, ["好"]);
    stage.control("clock/advance", &json!({"seconds": 86_400})).await;
    one.say("第二天").await;
    assert_eq!(heard_in_all(&one, 5).await[4], "好");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_counted_as_the_model_says() {
    let model = Program::start([said("好")]).await;
    let stage = Stage::new(&rule(&model, ", per_day = { tokens = 50 }")).await;
    let person = stage.follower("小明").await;
    for _ in 0..3 {
        person.say("问").await;
    }
    let heard = heard_in_all(&person, 3).await;
    assert_eq!(heard[..2], ["好", "好"], "30 and 60 tokens");
    assert!(heard[2].contains("用完"), "{heard:?}");
    assert_eq!(model.asked().len(), 2);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_permitted_is_neither_asked_nor_said() {
    let model = Program::start([said("坏话")]).await;
    let flagged = |yes: bool| Says::json(json!({"results": [{"flagged": yes}]}));
    let moderator = Program::start([flagged(true), flagged(false), flagged(true), flagged(false)]).await;
    let rules =
        rule(&model, &format!(", moderation = {{ url = \"{}/m\", reply = \"不谈这个\" }}", moderator.url()));
    let stage = Stage::new(&rules).await;
    let person = stage.follower("小明").await;
    person.say("坏问题").await;
    assert_eq!(heard_in_all(&person, 1).await, ["不谈这个"]);
    assert!(model.asked().is_empty(), "the question did not leave");
    person.say("好问题").await;
    assert_eq!(heard_in_all(&person, 2).await[1], "不谈这个");
    person.say("更好的问题").await;
    assert_eq!(heard_in_all(&person, 3).await[2], "坏话");
    assert_eq!(moderator.asked()[0].json()["input"], "坏问题");
    // A moderator that is away permits nothing.
    moderator.says([Says::status(400)]);
    person.say("又一个").await;
    assert_eq!(heard_in_all(&person, 4).await[3], "模型不在");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_no_question() {
    let model = Program::start([said("好")]).await;
    let rules = rule(&model, "").replace("type = \"text\"", "any = true");
    let stage = Stage::new(&rules).await;
    let person = stage.follower("小明").await;
    let before = person.heard().await.len();
    person.act("locate", json!({"latitude": 31.2, "longitude": 121.4})).await;
    assert_eq!(heard_in_all(&person, before + 1).await[before], "模型不在");
    assert!(model.asked().is_empty());
    stage.end().await;
}
