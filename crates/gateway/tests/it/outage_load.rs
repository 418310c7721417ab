//! Load on a gateway while something is taken away: pushes as the platform signs them, and messages by the API.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use hongyan_sandbox::Options;
use hongyan_wire::signature;
use reqwest::{Client, Method};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::stage::Stage;

/// How many push at once, and how many post.
const PUSHERS: usize = 6;
const POSTERS: usize = 4;
/// The pause between two of the same, so that the machine is not the limit.
const PAUSE: Duration = Duration::from_millis(40);
/// What the platform waits for, and what a program does at least.
const PLATFORM_WAITS: Duration = Duration::from_secs(5);
const PROGRAM_WAITS: Duration = Duration::from_secs(10);
/// How long a test waits for what needs leases to lapse.
const LONG: Duration = Duration::from_secs(50);

/// A push and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Pushed {
    pub(crate) text: &'static str,
    /// How often it was tried.
    pub(crate) tries: usize,
    /// Status and body of the last try; `None` where nothing came in time.
    pub(crate) answer: Option<(u16, String)>,
}

/// A message given to the API and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) openid: String,
    pub(crate) text: String,
    /// The status and whether `Retry-After` came with it; `None` where nothing came in time.
    pub(crate) answer: Option<(u16, bool)>,
    pub(crate) id: String,
}

impl Posted {
    pub(crate) fn is(&self, status: u16) -> bool {
        self.answer.is_some_and(|(answered, _)| answered == status)
    }
}

struct Shared {
    /// The gateways, as a load balancer knows them.
    urls: Vec<String>,
    http: Client,
    number: AtomicU64,
    stop: AtomicBool,
    pushed: Mutex<Vec<Pushed>>,
    posted: Mutex<Vec<Posted>>,
}

/// Load that goes on until it is ended.
pub(crate) struct Load {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Load {
    /// Pushes these texts in turn, and posts numbered messages to these people, each waiting for the one before.
    pub(crate) fn start(urls: Vec<String>, texts: &'static [&'static str], people: &[String]) -> Self {
        let shared = Arc::new(Shared {
            urls,
            // A connection each, as the platform makes them.
            http: Client::builder().pool_max_idle_per_host(0).build().unwrap(),
            number: AtomicU64::new(1),
            stop: AtomicBool::new(false),
            pushed: Mutex::default(),
            posted: Mutex::default(),
        });
        let mut tasks = Vec::new();
        for pusher in 0..PUSHERS {
            let shared = Arc::clone(&shared);
            tasks.push(tokio::spawn(async move { shared.keep_pushing(pusher, texts).await }));
        }
        for part in people.chunks(people.len().div_ceil(POSTERS).max(1)) {
            let (shared, part) = (Arc::clone(&shared), part.to_vec());
            tasks.push(tokio::spawn(async move { shared.keep_posting(&part).await }));
        }
        Self { shared, tasks }
    }

    pub(crate) fn pushed(&self) -> Vec<Pushed> {
        self.shared.pushed.lock().unwrap().clone()
    }

    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.shared.posted.lock().unwrap().clone()
    }

    /// Goes on until so many further messages have had this answer, and as many pushes any.
    pub(crate) async fn until(&self, status: u16, count: usize) {
        let (pushed, posted) = (self.pushed().len(), self.posted().len());
        let began = Instant::now();
        loop {
            let pushes = self.pushed().len() - pushed;
            let posts = self.posted()[posted..].iter().filter(|one| one.is(status)).count();
            if pushes >= count && posts >= count {
                return;
            }
            assert!(began.elapsed() < LONG, "{pushes} pushes, {posts} messages answered with {status}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Goes on for a while.
    pub(crate) async fn lasts(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Ends the load when what is under way is over.
    pub(crate) async fn end(self) -> (Vec<Pushed>, Vec<Posted>) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        let pushed = self.shared.pushed.lock().unwrap().clone();
        let posted = self.shared.posted.lock().unwrap().clone();
        (pushed, posted)
    }
}

impl Shared {
    async fn keep_pushing(&self, pusher: usize, texts: &'static [&'static str]) {
        for turn in pusher.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let id = self.number.fetch_add(1, Ordering::Relaxed);
            let text = texts[turn % texts.len()];
            let mut answer = None;
            let mut tries = 0;
            // As the platform does it: three tries, another gateway each.
            while tries < 3 && !matches!(answer, Some((200, _))) {
                let url = &self.urls[(id as usize + tries) % self.urls.len()];
                answer = self.push(url, &format!("oPusher{pusher}"), id, text).await;
                tries += 1;
            }
            self.pushed.lock().unwrap().push(Pushed { text, tries, answer });
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn push(&self, url: &str, from: &str, id: u64, text: &str) -> Option<(u16, String)> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let body = format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>{from}</FromUserName><CreateTime>{now}</CreateTime>\
             <MsgType>text</MsgType><Content>{text}</Content><MsgId>{id}</MsgId></xml>"
        );
        let (now, nonce) = (now.to_string(), self.number.fetch_add(1, Ordering::Relaxed).to_string());
        let signed = signature::signature(&Options::default().token, &now, &nonce);
        let url = format!("{url}/callback/main?signature={signed}&timestamp={now}&nonce={nonce}");
        let answer = async {
            let answer = self.http.post(url).body(body).send().await.ok()?;
            Some((answer.status().as_u16(), answer.text().await.ok()?))
        };
        tokio::time::timeout(PLATFORM_WAITS, answer).await.ok().flatten()
    }

    async fn keep_posting(&self, people: &[String]) {
        for number in 0.. {
            let (openid, text) = (&people[number % people.len()], format!("{number:05}"));
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let url = &self.urls[number % self.urls.len()];
            let (answer, id) = self.post(url, openid, &text).await;
            let posted = Posted { openid: openid.clone(), text, answer, id };
            self.posted.lock().unwrap().push(posted);
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn post(&self, url: &str, openid: &str, text: &str) -> (Option<(u16, bool)>, String) {
        let body = json!({"touser": openid, "msgtype": "text", "text": {"content": text}});
        let request = self.http.post(format!("{url}/api/v1/accounts/main/messages")).json(&body);
        let Ok(Ok(answer)) = tokio::time::timeout(PROGRAM_WAITS, request.send()).await else {
            return (None, String::new());
        };
        let said = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
        let body: serde_json::Value = answer.json().await.unwrap_or_default();
        (Some(said), body["id"].as_str().unwrap_or_default().to_owned())
    }
}

/// How many of the accepted messages ended how.
pub(crate) type Ends = BTreeMap<String, usize>;

/// Waits for the end of every accepted message, and compares it with what people got: exactly once where it was sent, once
/// at most where that is not known or where it was not accepted, and in order.
pub(crate) async fn settle(stage: &Stage, posted: &[Posted]) -> Ends {
    let mut heard: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let began = Instant::now();
    let mut ends = Ends::new();
    let mut states = Vec::new();
    for one in posted.iter().filter(|one| one.is(202)) {
        loop {
            let path = format!("/api/v1/accounts/main/messages/{}", one.id);
            let (status, answer) = stage.api(Method::GET, &path, None).await;
            assert_eq!(status, 200, "{answer}");
            let state = answer["state"].as_str().unwrap().to_owned();
            if !matches!(state.as_str(), "queued" | "sending") {
                *ends.entry(state.clone()).or_default() += 1;
                states.push((one, state, answer));
                break;
            }
            assert!(began.elapsed() < LONG, "{answer}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    for one in posted {
        if !heard.contains_key(one.openid.as_str()) {
            let texts = stage.person_again(one.openid.clone()).heard().await;
            heard.insert(&one.openid, texts.into_iter().map(|(_, text)| text).collect());
        }
    }
    let times = |one: &Posted| heard[one.openid.as_str()].iter().filter(|text| **text == one.text).count();
    for (one, state, answer) in states {
        match state.as_str() {
            "sent" => assert_eq!(times(one), 1, "{one:?}: {answer}"),
            "unknown" => assert!(times(one) <= 1, "{one:?}: {answer}"),
            _ => panic!("{one:?}: {answer}"),
        }
    }
    for one in posted {
        assert!(times(one) <= 1, "{one:?} came more than once");
    }
    for texts in heard.values() {
        assert!(texts.is_sorted(), "{texts:?}");
    }
    ends
}
