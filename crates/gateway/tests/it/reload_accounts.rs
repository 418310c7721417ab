//! Accounts come, go and change while the gateway runs.

use hongyan_sandbox::Options;
use serde_json::{Value, json};

use crate::program::{Program, Says};
use crate::reload_live::{Play, account, says};

fn token() -> String {
    Options::default().token
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_comes_and_goes() {
    let one = |api: &str| format!("{}{}", account("main", &token(), api, ""), says("main", "main"));
    let play = Play::start(one).await;
    let person = play.follower().await;
    let call = async |name: &str| -> u16 {
        // The platform's push goes to one address; sent there by hand it says whether the account is known.
        let url = format!("{}/callback/{name}", play.gateway().url());
        play.http.post(url).body("x").send().await.unwrap().status().as_u16()
    };
    assert_eq!((call("main").await, call("second").await), (403, 404));
    let api = play.sandbox.url();
    let second =
        account("second", "other-token", &api, "").replace("wx0123456789abcdef", "wx00000000000000aa");
    play.write(&format!("{}{second}", one(&api)));
    let done = play.gateway().reload().await.unwrap();
    assert_eq!((done.added, done.removed, done.renewed), (vec!["second".to_owned()], vec![], vec![]));
    assert_eq!((call("main").await, call("second").await), (403, 403));
    let users = format!("{}/api/v1/accounts/second/users", play.gateway().url());
    assert_eq!(play.http.get(&users).send().await.unwrap().status(), 200);
    assert_eq!(play.hi(&person).await, "main");

    play.write(&one(&api));
    let done = play.gateway().reload().await.unwrap();
    assert_eq!(done.removed, ["second"]);
    assert_eq!((call("main").await, call("second").await), (403, 404));
    assert_eq!(play.http.get(&users).send().await.unwrap().status(), 404);
    assert_eq!(play.hi(&person).await, "main");
    play.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_an_account_that_came_are_sent() {
    let first = |api: &str| {
        account("first", "other-token", api, "").replace("wx0123456789abcdef", "wx00000000000000aa")
    };
    let play = Play::start(first).await;
    let api = play.sandbox.url();
    play.write(&format!("{}{}{}", first(&api), account("main", &token(), &api, ""), says("main", "hello")));
    play.gateway().reload().await.unwrap();
    let person = play.follower().await;
    assert_eq!(play.hi(&person).await, "hello");
    let url = format!("{}/api/v1/accounts/main/messages", play.gateway().url());
    let body = json!({"touser": person, "msgtype": "text", "text": {"content": "later"}});
    let sent = play.http.post(&url).json(&body).send().await.unwrap();
    assert_eq!(sent.status(), 202);
    let id = sent.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let ended = async {
        loop {
            let state: Value =
                play.http.get(format!("{url}/{id}")).send().await.unwrap().json().await.unwrap();
            if state["state"] == "sent" {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(crate::stage::PATIENCE, ended).await.expect("the message is sent");
    play.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_token_makes_another_callback_and_the_old_runs_are_finished() {
    let program = Program::start([Says::json(json!({"text": "old run"})).held()]).await;
    let rules = format!(
        "[[accounts.main.rules]]\nname = \"slow\"\non = {{ text = \"slow\" }}\n\
         forward = {{ url = \"{}\", secret = \"0123456789abcdef\" }}\n{}",
        program.url(),
        says("main", "hello")
    );
    let with = |token: &str, api: &str| format!("{}{rules}", account("main", token, api, ""));
    let play = Play::start(|api| with(&token(), api)).await;
    let person = play.follower().await;
    let api = play.sandbox.url();
    let (exchange, ()) = tokio::join!(play.say(&person, "slow"), async {
        program.asked_times(1).await;
        play.write(&with("changed", &api));
        let done = play.gateway().reload().await.unwrap();
        assert_eq!(done.renewed, ["main"]);
        program.go();
    });
    assert_eq!(exchange["outcome"], "replied", "{exchange}");
    assert_eq!(play.heard(&person).await, ["old run"]);
    // The platform still signs with the old token: it is refused until the file has it again.
    assert_eq!(play.hi(&person).await, "");
    play.write(&with(&token(), &api));
    assert_eq!(play.gateway().reload().await.unwrap().renewed, ["main"]);
    assert_eq!(play.hi(&person).await, "hello");
    play.end().await;
}
