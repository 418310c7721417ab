//! The program behind `forward` and the service behind `fetch.http` go away under load and come back.

use std::time::Instant;

use futures_util::future::join_all;
use hongyan_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::outage_parts::Fleeting;
use crate::stage::{PATIENCE, Stage};

const SECRET: &str = "whsec_c2l4dGVlbiBieXRlcyBvciBtb3Jl";

fn rules(program: &str) -> String {
    format!(
        "[[accounts.main.rules]]\nname = \"mine\"\non = {{ contains = \"hook\" }}\n\
         forward = {{ url = \"{program}/hook\", secret = \"{SECRET}\", timeout = \"1s\" }}\n\
         otherwise = {{ text = \"稍后再试\" }}\n\
         [[accounts.main.rules]]\non = {{ contains = \"place\" }}\nfetch = {{ http = \"{program}/place\" }}\n\
         reply = {{ text = \"{{{{ fetched.place }}}}\" }}\notherwise = {{ text = \"查不到\" }}\n"
    )
}

/// Ten people each write one of either kind, all at once; how many got which answer. Every push is answered in its time.
async fn round(stage: &Stage, people: &[String], number: usize) -> (Vec<String>, Vec<String>) {
    let say = |kind: &'static str| {
        join_all(people.iter().map(move |openid| async move {
            let exchange = stage.person_again(openid.clone()).say(&format!("{kind} {number}")).await;
            // The platform's own judgement: within five seconds, at the first try.
            assert_eq!(exchange["outcome"], "replied", "{exchange}");
            assert_eq!(exchange["findings"], json!([]), "{exchange}");
            assert_eq!(exchange["tries"].as_array().map(Vec::len), Some(1), "{exchange}");
            exchange["reply"].to_string()
        }))
    };
    tokio::join!(say("hook"), say("place"))
}

async fn dead(stage: &Stage, state: &str) -> Vec<Value> {
    let path = format!("/api/v1/accounts/main/forwards?state={state}&limit=1000");
    let (status, list) = stage.api(Method::GET, &path, None).await;
    assert_eq!(status, 200, "{list}");
    list["forwards"].as_array().unwrap().clone()
}

fn having(replies: &[String], text: &str) -> usize {
    replies.iter().filter(|reply| reply.contains(text)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn outage_of_a_program_gives_its_users_the_other_answer_until_it_is_back() {
    let mut program = Fleeting::start().await;
    let stage = Stage::with(Options::default(), "", &rules(&program.url())).await;
    let mut people = Vec::new();
    for number in 0..10 {
        people.push(stage.follower(&format!("{number}")).await.openid.clone());
    }
    let (hook, place) = round(&stage, &people, 0).await;
    assert_eq!((having(&hook, "heard hook 0"), having(&place, "上海")), (10, 10), "{hook:?}");

    program.take_away();
    let mut missed = 0;
    for number in 1..=4 {
        let (hook, place) = round(&stage, &people, number).await;
        assert_eq!((having(&hook, "稍后再试"), having(&place, "查不到")), (10, 10), "{hook:?} {place:?}");
        missed += hook.len();
    }
    // The first round had all its attempts; then the program was left alone, which costs no time.
    let began = Instant::now();
    while dead(&stage, "dead").await.len() < missed {
        assert!(began.elapsed() < PATIENCE, "{} were kept", dead(&stage, "dead").await.len());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let kept = dead(&stage, "dead").await;
    assert!(kept.iter().any(|letter| letter["attempts"].as_u64() >= Some(1)), "{kept:#?}");
    assert!(kept.iter().any(|letter| letter["attempts"] == 0), "left alone: {kept:#?}");

    program.bring_back().await;
    let mut number = 5;
    loop {
        let (hook, place) = round(&stage, &people, number).await;
        let (other, no_place) = (having(&hook, "稍后再试"), having(&place, "查不到"));
        assert_eq!(having(&place, "上海") + no_place, 10, "{place:?}");
        assert_eq!(having(&hook, &format!("heard hook {number}")) + other, 10, "{hook:?}");
        missed += other;
        if other + no_place == 0 {
            break;
        }
        // Both are tried again after a pause that grows; the pause is real, like the program.
        assert!(began.elapsed() < PATIENCE * 2, "they are still left alone");
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        number += 1;
    }
    assert_eq!(dead(&stage, "dead").await.len(), missed);

    // What it missed is handed to it when the operator says so.
    for letter in dead(&stage, "dead").await.iter().take(3) {
        let path = format!("/api/v1/accounts/main/forwards/{}/replay", letter["id"].as_str().unwrap());
        let (status, answer) = stage.api(Method::POST, &path, None).await;
        assert_eq!((status, &answer["messages"]), (200, &json!(1)), "{answer}");
    }
    assert_eq!(dead(&stage, "delivered").await.len(), 3);
    let stats = stage.gateway.as_ref().unwrap().stats("main").unwrap();
    assert_eq!((stats.late, stats.cut, stats.panicked), (0, 0, 0), "{stats:?}");
    stage.end().await;
}
