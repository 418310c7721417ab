//! Power cuts at random moments under load: what was answered 202 is sent exactly once or marked unknown; none is lost.
//!
//! `scripts/crash 1000` plays a thousand rounds; `HONGYAN_CRASH_SEED` repeats one that went wrong.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Person, Process, control};
use crate::kinds::listening;
use crate::services::database;

const APP_ID: &str = "wx00000000000crash";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const PEOPLE: usize = 40;
/// Fewer than the five that one action of a person permits.
const EACH: usize = 4;
const CALLERS: usize = 8;
/// Longer than a dead process's lease on a lane.
const SETTLING: Duration = Duration::from_secs(90);

#[tokio::test]
async fn nothing_accepted_is_lost_in_a_power_cut_on_sqlite() {
    power_cuts("sqlite://crash.db").await;
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn nothing_accepted_is_lost_in_a_power_cut_on_mariadb() {
    let data = database("crash_outbox").await;
    power_cuts(&data).await;
}

/// One message, known by its text, and what the gateway said to it.
struct Posted {
    openid: String,
    text: String,
    id: Option<String>,
}

/// What waits to be posted, and what was accepted.
#[derive(Default)]
struct Post {
    waiting: VecDeque<Posted>,
    accepted: Vec<Posted>,
}

#[expect(clippy::print_stdout, reason = "a run that goes wrong is repeated by its seed")]
async fn power_cuts(data: &str) {
    let rounds = number("HONGYAN_CRASH_ROUNDS").unwrap_or(25);
    let seed = number("HONGYAN_CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("{rounds} rounds, HONGYAN_CRASH_SEED={seed}");
    let mut dice = Dice(seed.wrapping_mul(2).wrapping_add(1));

    let arguments = ["sandbox", "--listen", "127.0.0.1:0", "--app-id", APP_ID, "--secret", SECRET];
    let platform = Process::start(&arguments, &[]);
    let ready = platform.lines_until(|line| line.starts_with("ready ")).await;
    let sandbox = ready.last().unwrap().trim_start_matches("ready ").trim_end_matches('/').to_owned();
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let person = Person::create(&sandbox, &format!("读者{number}")).await;
        person.act("follow", json!({})).await;
        people.push(person);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hongyan.toml");
    std::fs::write(
        &file,
        format!(
            "listen = \"127.0.0.1:0\"\ndata = \"{data}\"\n[accounts.main]\napp_id = \"{APP_ID}\"\n\
             secret = \"{SECRET}\"\ntoken = \"crashToken\"\nmode = \"plain\"\napi_base = \"{sandbox}\"\n"
        ),
    )
    .unwrap();
    let start = || Process::start(&["serve", "--config", file.to_str().unwrap()], &[]);

    let post = Arc::new(Mutex::new(Post::default()));
    for round in 0..rounds {
        for person in &people {
            person.say("还在吗").await;
            for place in 0..EACH {
                let text = format!("{round}-{place}");
                let posted = Posted { openid: person.openid.clone(), text, id: None };
                post.lock().unwrap().waiting.push_back(posted);
            }
        }
        let mut gateway = start();
        if dice.below(5) == 0 {
            // Before it is up: migrations, recovery and the first token are cut too.
            tokio::time::sleep(Duration::from_millis(dice.below(150))).await;
            gateway.kill().await;
            continue;
        }
        let address = listening(&gateway).await;
        let callers: Vec<_> =
            (0..CALLERS).map(|_| tokio::spawn(call(address.clone(), Arc::clone(&post)))).collect();
        tokio::time::sleep(Duration::from_millis(20 + dice.below(600))).await;
        gateway.kill().await;
        for caller in callers {
            caller.await.unwrap();
        }
    }

    let gateway = start();
    let address = listening(&gateway).await;
    call(address.clone(), Arc::clone(&post)).await;
    let Post { waiting, accepted } = std::mem::take(&mut *post.lock().unwrap());
    assert!(waiting.is_empty(), "{} messages are not accepted by a gateway that is up", waiting.len());
    assert_eq!(accepted.len(), rounds as usize * PEOPLE * EACH);
    let states = settled(&address, &accepted).await;
    let shown = shown(&sandbox, &people).await;
    verdict(&accepted, &states, &shown, seed);
}

/// Posts what waits until there is nothing left or the gateway is gone. What got no answer waits again, to be posted
/// under the same key.
async fn call(address: String, post: Arc<Mutex<Post>>) {
    let client = reqwest::Client::new();
    loop {
        let Some(mut next) = post.lock().unwrap().waiting.pop_front() else { return };
        let answer = client
            .post(format!("{address}/api/v1/accounts/main/messages"))
            .header("idempotency-key", format!("{} {}", next.openid, next.text))
            .json(&json!({"touser": next.openid, "msgtype": "text", "text": {"content": next.text}}))
            .send()
            .await;
        let body: Option<Value> = match answer {
            Ok(answer) if answer.status() == 202 => answer.json().await.ok(),
            Ok(answer) => panic!("{}: {}", answer.status(), answer.text().await.unwrap_or_default()),
            Err(_) => None,
        };
        let mut post = post.lock().unwrap();
        let Some(body) = body else {
            post.waiting.push_back(next);
            return;
        };
        next.id = Some(body["id"].as_str().unwrap().to_owned());
        post.accepted.push(next);
    }
}

/// Waits until every message has ended; how each did, by id.
async fn settled(address: &str, accepted: &[Posted]) -> HashMap<String, String> {
    let client = reqwest::Client::new();
    let begin = Instant::now();
    let mut states = HashMap::new();
    for posted in accepted {
        let id = posted.id.as_ref().unwrap();
        loop {
            let status: Value = client
                .get(format!("{address}/api/v1/accounts/main/messages/{id}"))
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            let state = status["state"].as_str().unwrap_or_else(|| panic!("lost {id}: {status}")).to_owned();
            if !matches!(state.as_str(), "queued" | "sending") {
                states.insert(id.clone(), state);
                break;
            }
            assert!(begin.elapsed() < SETTLING, "{id} is still {status}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    states
}

/// How often each text came, by person and text.
async fn shown(sandbox: &str, people: &[Person]) -> HashMap<(String, String), usize> {
    let mut shown = HashMap::new();
    for person in people {
        let chat = control(sandbox, "GET", &format!("users/{}/chat", person.openid), None).await;
        for message in chat["messages"].as_array().or_else(|| chat.as_array()).unwrap() {
            if message["from"] == "account" {
                let text = message["text"].as_str().unwrap().to_owned();
                *shown.entry((person.openid.clone(), text)).or_default() += 1;
            }
        }
    }
    shown
}

#[expect(clippy::print_stdout, reason = "the figures of a long run")]
fn verdict(
    accepted: &[Posted],
    states: &HashMap<String, String>,
    shown: &HashMap<(String, String), usize>,
    seed: u64,
) {
    let mut wrong = String::new();
    let mut unknown = 0;
    for posted in accepted {
        let state = states[posted.id.as_ref().unwrap()].as_str();
        let copies = shown.get(&(posted.openid.clone(), posted.text.clone())).copied().unwrap_or(0);
        let right = match state {
            "sent" => copies == 1,
            "unknown" => copies <= 1,
            _ => false,
        };
        unknown += usize::from(state == "unknown");
        if !right {
            let _ = writeln!(wrong, "{} to {}: {state}, shown {copies} times", posted.text, posted.openid);
        }
    }
    println!("{} messages: {} sent, {unknown} unknown", accepted.len(), accepted.len() - unknown);
    assert!(wrong.is_empty(), "HONGYAN_CRASH_SEED={seed}\n{wrong}");
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// A small generator, so that a seed tells the moments of a run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
