//! Messages to many: nobody twice, nobody missing, whatever happens to the gateway in between.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use hongyan_gateway::{Config, Gateway, Parts, Running};
use hongyan_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How long the larger batch may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(10);
const SEND: &str = "/cgi-bin/message/template/send";

/// The platform with many followers, and a gateway in a runtime of its own, which can be ended like a process.
struct Play {
    folder: TempDir,
    data: String,
    sandbox: hongyan_sandbox::Running,
    openids: Vec<String>,
    http: reqwest::Client,
    gateway: Option<(Runtime, Running)>,
}

impl Play {
    async fn new(data: &str, people: usize) -> Self {
        // Without a callback a follow pushes nothing, so that thousands follow quickly.
        let sandbox = Box::pin(Sandbox::start_local(Options::default())).await.unwrap();
        let http = reqwest::Client::new();
        let control = format!("{}/_sandbox", sandbox.url());
        let settings = json!({"max_exchanges": 1_000_000});
        http.put(format!("{control}/settings")).json(&settings).send().await.unwrap();
        let openids: Vec<String> = stream::iter(0..people)
            .map(|number| {
                let (http, control) = (http.clone(), control.clone());
                async move {
                    let body = json!({"nickname": format!("n{number}")});
                    let made = http.post(format!("{control}/users")).json(&body).send().await.unwrap();
                    let made: Value = made.json().await.unwrap();
                    let openid = made["openid"].as_str().unwrap().to_owned();
                    let follow = format!("{control}/users/{openid}/follow");
                    http.post(follow).json(&json!({})).send().await.unwrap();
                    openid
                }
            })
            .buffer_unordered(16)
            .collect()
            .await;
        let folder = tempfile::tempdir().unwrap();
        let mut play = Self { folder, data: data.to_owned(), sandbox, openids, http, gateway: None };
        play.start().await;
        play
    }

    async fn start(&mut self) {
        let Options { app_id, secret, token, .. } = Options::default();
        let text = format!(
            "listen = \"127.0.0.1:0\"\ndata = \"{}\"\n[accounts.main]\napp_id = \"{app_id}\"\nsecret = \"{secret}\"\n\
             token = \"{token}\"\nmode = \"plain\"\napi_base = \"{}\"\n",
            self.data,
            self.sandbox.url()
        );
        let config = Config::parse(&text, &self.folder.path().join("hongyan.toml")).unwrap();
        let parts = Parts { clock: self.sandbox.clock(), listener: None };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let started = runtime.spawn(async move { Box::pin(Gateway::start(config, parts)).await });
        self.gateway = Some((runtime, started.await.unwrap().unwrap()));
    }

    /// Ends the gateway where it stands: nothing is finished, nothing is written.
    fn kill(&mut self) {
        let (runtime, running) = self.gateway.take().unwrap();
        runtime.shutdown_background();
        drop(running);
    }

    fn url(&self, path: &str) -> String {
        let (_, running) = self.gateway.as_ref().unwrap();
        format!("{}/api/v1/accounts/main/batches{path}", running.url())
    }

    /// A batch of template messages to these people, as CSV.
    async fn send(&self, query: &str, csv: String) -> (u16, Value) {
        let message = json!({
            "template_id": "template-1",
            "data": {"first": {"value": "{{ name }}，你好"}},
        });
        let form = reqwest::multipart::Form::new()
            .text("message", message.to_string())
            .part("recipients", reqwest::multipart::Part::bytes(csv.into_bytes()).file_name("people.csv"));
        let answer = self.http.post(self.url(query)).multipart(form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    fn csv(&self) -> String {
        let lines =
            self.openids.iter().enumerate().map(|(number, openid)| format!("{openid},第{number}位\n"));
        std::iter::once("openid,name\n".to_owned()).chain(lines).collect()
    }

    async fn post(&self, path: &str) -> (u16, Value) {
        let answer = self.http.post(self.url(path)).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn progress(&self, id: &str) -> Value {
        self.http.get(self.url(&format!("/{id}"))).send().await.unwrap().json().await.unwrap()
    }

    /// The progress, once it is as wanted.
    async fn until(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let progress = self.progress(id).await;
            if wanted(&progress) {
                return progress;
            }
            assert!(began.elapsed() < PATIENCE, "{progress}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The states of all lines, by recipient.
    async fn results(&self, id: &str) -> Vec<Value> {
        let text =
            self.http.get(self.url(&format!("/{id}/results"))).send().await.unwrap().text().await.unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// How many messages the platform took for each person; a repeat that it dropped has the number of the first.
    async fn received(&self) -> BTreeMap<String, usize> {
        let url = format!("{}/_sandbox/exchanges?kind={SEND}&limit=1000000", self.sandbox.url());
        let exchanges: Vec<Value> = self.http.get(url).send().await.unwrap().json().await.unwrap();
        let mut numbers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for exchange in exchanges {
            let reply = exchange["reply"].to_string();
            let Some((_, after)) = reply.split_once("msgid") else { continue };
            let number =
                after.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
            numbers
                .entry(exchange["user"].as_str().unwrap_or_default().to_owned())
                .or_default()
                .insert(number);
        }
        numbers.into_iter().map(|(user, numbers)| (user, numbers.len())).collect()
    }

    async fn end(mut self) {
        self.kill();
        self.sandbox.stop().await;
    }
}

fn count(progress: &Value, name: &str) -> u64 {
    progress["counts"][name].as_u64().unwrap_or_else(|| panic!("{progress}"))
}

/// Stopped halfway without warning and started again: each person got one message.
#[expect(clippy::print_stdout, reason = "the figures are what scripts/batch is for")]
async fn a_batch_that_is_stopped_halfway_reaches_everybody_once(data: &str, people: usize) {
    let mut play = Play::new(data, people).await;
    let began = Instant::now();
    let (status, taken) = play.send("?name=spring", play.csv()).await;
    assert_eq!((status, taken["total"].as_u64()), (202, Some(people as u64)), "{taken}");
    let taken_in = began.elapsed();
    let id = taken["id"].as_str().unwrap().to_owned();
    let half = people as u64 / 2;
    let progress = play.until(&id, |progress| count(progress, "sent") >= half).await;
    assert!(count(&progress, "queued") + count(&progress, "sending") <= 400, "{progress}");
    play.kill();
    play.start().await;
    // The same request again finds the batch that is there.
    let (_, again) = play.send("?name=spring", play.csv()).await;
    assert_eq!((again["id"].as_str(), again["repeated"].as_bool()), (Some(&*id), Some(true)), "{again}");
    let done = play.until(&id, |progress| progress["state"] == "done").await;
    println!(
        "{people} recipients: taken in after {:.1} s, all ended after {:.1} s, stopped once; {}",
        taken_in.as_secs_f64(),
        began.elapsed().as_secs_f64(),
        done["counts"]
    );
    // What was being sent when the gateway ended is sent again: the platform drops a repeat of a template message.
    assert_eq!(count(&done, "sent"), people as u64, "{done}");
    let received = play.received().await;
    assert_eq!(received.len(), people);
    assert!(play.results(&id).await.iter().all(|result| result["state"] == "sent"));
    assert!(received.values().all(|times| *times == 1));
    play.end().await;
}

/// 5,000, or as many as `scripts/batch` says.
fn people() -> usize {
    std::env::var("HONGYAN_BATCH_PEOPLE").ok().and_then(|text| text.parse().ok()).unwrap_or(5_000)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn a_large_batch_that_is_stopped_halfway_reaches_everybody_once_on_sqlite() {
    a_batch_that_is_stopped_halfway_reaches_everybody_once("sqlite://hongyan.db", people()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn a_large_batch_that_is_stopped_halfway_reaches_everybody_once_on_mariadb() {
    a_batch_that_is_stopped_halfway_reaches_everybody_once(&crate::stores::mysql().await, people()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_stopped_halfway_reaches_everybody_once_on_sqlite() {
    a_batch_that_is_stopped_halfway_reaches_everybody_once("sqlite://hongyan.db", 600).await;
}

async fn a_batch_is_paused_resumed_and_cancelled(data: &str) {
    let play = Play::new(data, 1_000).await;
    let slow = json!([{"on": {"direction": "api", "endpoint": SEND}, "do": {"delay_ms": 150}}]);
    play.http.put(format!("{}/_sandbox/faults", play.sandbox.url())).json(&slow).send().await.unwrap();
    let (_, taken) = play.send("", play.csv()).await;
    let id = taken["id"].as_str().unwrap();
    play.until(id, |progress| count(progress, "sent") > 0).await;
    let (status, paused) = play.post(&format!("/{id}/pause")).await;
    assert_eq!((status, paused["state"].as_str()), (200, Some("paused")));
    let quiet =
        play.until(id, |progress| count(progress, "sending") == 0 && count(progress, "queued") == 0).await;
    assert!(count(&quiet, "pending") > 0, "{quiet}");
    assert_eq!(count(&quiet, "pending") + count(&quiet, "sent"), 1_000, "{quiet}");
    assert_eq!(play.received().await.len() as u64, count(&quiet, "sent"));

    play.post(&format!("/{id}/resume")).await;
    let done = play.until(id, |progress| progress["state"] == "done").await;
    assert_eq!(count(&done, "sent"), 1_000, "{done}");
    let received = play.received().await;
    assert!(received.len() == 1_000 && received.values().all(|times| *times == 1));

    let (_, taken) = play.send("", play.csv()).await;
    let id = taken["id"].as_str().unwrap();
    play.until(id, |progress| count(progress, "sent") > 0).await;
    play.post(&format!("/{id}/cancel")).await;
    let over = play.until(id, |progress| count(progress, "sending") == 0).await;
    assert_eq!(over["state"], "cancelled");
    assert_eq!(count(&over, "cancelled") + count(&over, "sent"), 1_000, "{over}");
    let (status, _) = play.post(&format!("/{id}/resume")).await;
    assert_eq!(status, 409);
    let cancelled = play.results(id).await.iter().filter(|result| result["state"] == "cancelled").count();
    assert_eq!(cancelled as u64, count(&over, "cancelled"));
    play.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_paused_resumed_and_cancelled_on_sqlite() {
    a_batch_is_paused_resumed_and_cancelled("sqlite://hongyan.db").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn a_batch_is_paused_resumed_and_cancelled_on_mariadb() {
    a_batch_is_paused_resumed_and_cancelled(&crate::stores::mysql().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_message_does_not_wait_for_the_batch() {
    let play = Play::new("sqlite://hongyan.db", 600).await;
    let slow = json!([{"on": {"direction": "api", "endpoint": SEND}, "do": {"delay_ms": 300}}]);
    play.http.put(format!("{}/_sandbox/faults", play.sandbox.url())).json(&slow).send().await.unwrap();
    let (_, taken) = play.send("", play.csv()).await;
    let id = taken["id"].as_str().unwrap();
    play.until(id, |progress| count(progress, "sending") > 20).await;
    let (_, running) = play.gateway.as_ref().unwrap();
    let messages = format!("{}/api/v1/accounts/main/messages", running.url());
    let someone = json!({"touser": play.openids.last().unwrap(), "template_id": "template-1", "data": {}});
    let other = json!({"touser": "oNobodyKnowsThisPerson", "template_id": "template-1", "data": {}});
    for body in [someone, other] {
        let answer = play.http.post(&messages).json(&body).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        let address = format!("{messages}/{}", answer["id"].as_str().unwrap());
        loop {
            let state: Value = play.http.get(&address).send().await.unwrap().json().await.unwrap();
            if state["state"] == "sent" || state["state"] == "failed" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let progress = play.progress(id).await;
    assert!(count(&progress, "pending") + count(&progress, "queued") > 0, "the batch was faster: {progress}");
    play.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_are_named_and_spoil_nothing_unless_strict() {
    let play = Play::new("sqlite://hongyan.db", 2).await;
    let [one, two] = [&play.openids[0], &play.openids[1]];
    let csv = format!("openid,name\n{one},a\n,b\n{two},c,d\n{two},e\n");
    let (status, refused) = play.send("?strict=true", csv.clone()).await;
    assert_eq!(status, 400, "{refused}");
    assert!(refused["detail"].as_str().unwrap().starts_with("line 3:"), "{refused}");
    let (status, taken) = play.send("?name=a&digest=1", csv.clone()).await;
    assert_eq!(
        (status, taken["rejected"].as_u64(), taken["total"].as_u64()),
        (202, Some(2), Some(4)),
        "{taken}"
    );
    assert_eq!(taken["first_rejected"][1]["line"], 4, "{taken}");
    let id = taken["id"].as_str().unwrap();
    let done = play.until(id, |progress| progress["state"] == "done").await;
    assert_eq!((count(&done, "sent"), count(&done, "rejected")), (2, 2), "{done}");
    let states: Vec<String> =
        play.results(id).await.iter().map(|result| result["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, ["sent", "rejected", "rejected", "sent"]);
    let table = play.http.get(play.url(&format!("/{id}/results?format=csv"))).send().await.unwrap();
    let table = table.text().await.unwrap();
    assert!(table.starts_with("line,openid,state,") && table.contains(&format!("2,{one},sent,")), "{table}");
    let (status, other) = play.send("?name=a&digest=2", csv).await;
    assert_eq!(status, 409, "{other}");
    let (status, _) = play.send("", "name\nx\n".to_owned()).await;
    assert_eq!(status, 400);
    play.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_json_are_messages_of_their_own() {
    let play = Play::new("sqlite://hongyan.db", 1).await;
    let line =
        json!({"touser": play.openids[0], "template_id": "template-1", "data": {"first": {"value": "x"}}});
    let body = format!("{line}\nnot json\n");
    let request = play.http.post(play.url("")).header("content-type", "application/x-ndjson").body(body);
    let taken: Value = request.send().await.unwrap().json().await.unwrap();
    let id = taken["id"].as_str().unwrap_or_else(|| panic!("{taken}"));
    let done = play.until(id, |progress| progress["state"] == "done").await;
    assert_eq!((count(&done, "sent"), count(&done, "rejected")), (1, 1), "{done}");
    play.end().await;
}
