//! A rule hands messages to the developer's own program.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hongyan_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::program::{Asked, Program, Says};
use crate::stage::Stage;

const SECRET: &str = "whsec_c2l4dGVlbiBieXRlcyBvciBtb3Jl";

/// A rule that forwards every text, and what it says when nobody answers.
fn rule(url: &str, more: &str) -> String {
    format!(
        "[[accounts.main.rules]]\nname = \"mine\"\non = {{ type = \"text\" }}\n\
         forward = {{ url = \"{url}\", secret = \"{SECRET}\"{more} }}\notherwise = {{ text = \"稍后再试\" }}\n"
    )
}

fn check_signature(asked: &Asked) {
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signed = format!("{}.{}.", asked.header("webhook-id"), asked.header("webhook-timestamp"));
    let signed = [signed.as_bytes(), &asked.body].concat();
    let given = asked.header("webhook-signature").strip_prefix("v1,").unwrap();
    hmac::verify(&key, &signed, &STANDARD.decode(given).unwrap()).expect("the signature");
}

/// What is kept in a state, once it is so many.
async fn dead(stage: &Stage, state: &str, count: usize) -> Vec<Value> {
    // Kept off the reply's path: it may take a moment.
    for _ in 0..500 {
        let path = format!("/api/v1/accounts/main/forwards?state={state}");
        let (status, list) = stage.api(Method::GET, &path, None).await;
        assert_eq!(status, 200, "{list}");
        let list = list["forwards"].as_array().unwrap().clone();
        if list.len() >= count {
            assert_eq!(list.len(), count, "{list:#?}");
            return list;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not {count} messages are {state}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_the_text_as_written_and_its_list_is_said_in_order() {
    let list = json!([{"msgtype": "text", "text": {"content": "一"}}, {"text": "二"}, {"text": "三"}]);
    let program = Program::start([Says::json(list)]).await;
    let stage = Stage::new(&rule(&format!("{}/hook?x=1", program.url()), "")).await;
    let person = stage.follower("小明").await;
    let exchange = person.say("  你好 \u{1F600} <b>\n").await;
    assert_eq!(exchange["outcome"], "replied", "{exchange}");
    assert_eq!(person.hears(3).await, ["一", "二", "三"]);
    let asked = program.asked();
    let [asked] = asked.as_slice() else { panic!("asked {} times", asked.len()) };
    check_signature(asked);
    assert_eq!(asked.path, "/hook?x=1");
    assert_eq!(asked.header("content-type"), "application/json");
    let body = asked.json();
    assert_eq!(body["id"], asked.header("webhook-id"));
    assert_eq!(body["account"], "main");
    assert_eq!(body["message"]["Content"], "  你好 \u{1F600} <b>\n");
    assert_eq!(body["message"]["FromUserName"], person.openid.as_str());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_answer_says_nothing() {
    let program = Program::start([Says::text("")]).await;
    let stage = Stage::new(&rule(&program.url(), "")).await;
    let person = stage.follower("小明").await;
    let exchange = person.say("hi").await;
    assert_eq!(exchange["outcome"], "silent", "{exchange}");
    assert!(person.heard().await.is_empty());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_program_are_retried_under_the_same_id() {
    let program =
        Program::start([Says::status(500), Says::status(503), Says::json(json!({"text": "好了"}))]).await;
    let stage = Stage::new(&rule(&program.url(), "")).await;
    let person = stage.follower("小明").await;
    person.say("hi").await;
    assert_eq!(person.hears(1).await, ["好了"]);
    let asked = program.asked();
    let ids: Vec<&str> = asked.iter().map(|asked| asked.header("webhook-id")).collect();
    assert_eq!(ids, vec![ids[0]; 3]);
    asked.iter().for_each(check_signature);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_starts_while_it_is_called_gets_the_message() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let stage = Stage::new(&rule(&format!("http://{address}"), "")).await;
    let person = stage.follower("小明").await;
    let starting = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Program::on(TcpListener::bind(address).await.unwrap(), [Says::json(json!({"text": "到"}))])
    };
    let (_, program) = tokio::join!(person.say("hi"), starting);
    assert_eq!(person.hears(1).await, ["到"]);
    assert_eq!(program.asked().len(), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_arrive_is_kept_listed_and_sent_again() {
    let program = Program::start([Says::status(500)]).await;
    let stage = Stage::new(&rule(&program.url(), ", timeout = \"300ms\"")).await;
    let person = stage.follower("小明").await;
    person.say("重要").await;
    assert_eq!(person.hears(1).await, ["稍后再试"]);
    let list = dead(&stage, "dead", 1).await;
    let [letter] = list.as_slice() else { panic!("{list:?}") };
    let first = program.asked().pop().unwrap();
    assert_eq!(letter["id"], first.header("webhook-id"));
    assert_eq!(letter["rule"], "mine");
    assert_eq!(letter["reason"], "it answered with status 500");
    let replay = format!("/api/v1/accounts/main/forwards/{}/replay", letter["id"].as_str().unwrap());

    let (status, again) = stage.api(Method::POST, &replay, None).await;
    assert_eq!(status, 502, "{again}");
    program.says([Says::json(json!([{"text": "迟来的"}, {"text": "答复"}]))]);
    let (status, done) = stage.api(Method::POST, &replay, None).await;
    assert_eq!((status, &done["state"], &done["messages"]), (200, &json!("delivered"), &json!(2)), "{done}");
    assert_eq!(person.hears(3).await, ["稍后再试", "迟来的", "答复"]);
    let last = program.asked().pop().unwrap();
    assert_eq!(last.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(last.json()["message"], first.json()["message"], "the same message, from the store");
    check_signature(&last);
    dead(&stage, "delivered", 1).await;
    let (status, twice) = stage.api(Method::POST, &replay, None).await;
    assert_eq!(status, 409, "what has arrived is not sent again: {twice}");
    let gone = stage.api(Method::POST, "/api/v1/accounts/main/forwards/msg_x/replay", None).await;
    assert_eq!(gone.0, 404, "{}", gone.1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_redirects_are_final_and_lead_nowhere_else() {
    let elsewhere = Program::start([Says::json(json!({"text": "elsewhere"}))]).await;
    let program =
        Program::start([Says::status(307).header("location", elsewhere.url()), Says::status(403)]).await;
    let stage = Stage::new(&rule(&program.url(), "")).await;
    let person = stage.follower("小明").await;
    person.say("a").await;
    person.say("b").await;
    assert_eq!(person.hears(2).await, ["稍后再试", "稍后再试"]);
    assert_eq!(program.asked().len(), 2, "neither was repeated");
    assert!(elsewhere.asked().is_empty());
    dead(&stage, "dead", 2).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_sense_is_no_reason_to_send_the_message_again() {
    let program =
        Program::start([Says::text("<html>"), Says::json(json!({"image": "file:/etc/passwd"}))]).await;
    let stage = Stage::new(&rule(&program.url(), "")).await;
    let person = stage.follower("小明").await;
    person.say("a").await;
    person.say("b").await;
    assert_eq!(person.hears(2).await, ["稍后再试", "稍后再试"]);
    assert_eq!(program.asked().len(), 2);
    let (_, list) = stage.api(Method::GET, "/api/v1/accounts/main/forwards", None).await;
    assert_eq!(list["forwards"], json!([]));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_keeps_failing_is_left_alone_and_nothing_is_lost() {
    let program = Program::start([Says::status(500)]).await;
    let stage = Stage::new(&rule(&program.url(), ", timeout = \"100ms\"")).await;
    let person = stage.follower("小明").await;
    for number in 0..7 {
        person.say(&format!("第{number}条")).await;
    }
    assert_eq!(person.hears(7).await.len(), 7);
    assert_eq!(program.asked().len(), 5, "after five failures in a row nobody calls");
    dead(&stage, "dead", 7).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_program_is_waited_for_and_its_answer_goes_by_customer_service() {
    let program = Program::start([Says::json(json!([{"text": "慢"}, {"text": "工"}])).held()]).await;
    let rule = rule(&program.url(), ", timeout = \"5m\"");
    let stage = Stage::with(Options::default(), "wait = \"one\"\nholding = \"请稍候\"", &rule).await;
    let person = stage.follower("小明").await;
    let exchange = person.say("hi").await;
    assert_eq!(exchange["outcome"], "replied", "{exchange}");
    program.go();
    assert_eq!(person.hears(3).await, ["请稍候", "慢", "工"]);
    assert_eq!(program.asked().len(), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_go_beside_the_reply_and_their_answers_are_ignored() {
    let (fast, stuck) = (
        Program::start([Says::json(json!({"text": "ignored"}))]).await,
        Program::start([Says::text("").held()]).await,
    );
    let copies = format!(
        "copy_to = [{{ url = \"{}\", secret = \"{SECRET}\" }}, {{ url = \"{}\", as = \"platform\", token = \"t\" }}]\n",
        fast.url(),
        stuck.url()
    );
    let rules =
        "[[accounts.main.rules]]\nname = \"hello\"\non = { text = \"hi\" }\nreply = { text = \"hello\" }\n";
    let stage = Stage::with(Options::default(), &copies, rules).await;
    let person = stage.follower("小明").await;
    let exchange = person.say("hi").await;
    assert_eq!(exchange["outcome"], "replied", "{exchange}");
    assert_eq!(exchange["tries"].as_array().unwrap().len(), 1, "{exchange}");
    person.say("nobody answers this").await;
    assert_eq!(person.heard().await.len(), 1);
    let copied = fast.asked_times(3).await;
    let texts = copied.iter().filter(|asked| asked.json()["message"]["MsgType"] == "text").count();
    assert_eq!(texts, 2, "and the follow");
    copied.iter().for_each(check_signature);
    let raw = stuck.asked_times(3).await;
    let hi = raw.iter().find(|asked| String::from_utf8_lossy(&asked.body).contains("<![CDATA[hi]]>"));
    let hi = &hi.expect("the text as the platform wrote it").path;
    assert!(hi.contains("signature=") && hi.contains(&format!("openid={}", person.openid)), "{hi}");
    for _ in 0..100 {
        if stage.gateway.as_ref().unwrap().copies().sent == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let counts = stage.gateway.as_ref().unwrap().copies();
    assert_eq!((counts.sent, counts.dropped), (3, 0));
    stage.end().await;
}
