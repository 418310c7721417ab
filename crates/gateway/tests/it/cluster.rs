//! Several gateways of one account on one MariaDB and one Redis, and a platform that talks to all of them.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::routing::get;
use axum::{Json, Router};
use hongyan_gateway::{Gateway, Parts, Running};
use hongyan_sandbox::Options;
use hongyan_server::Stats;
use hongyan_wire::{OsRandom, Random, signature};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::stage::{PATIENCE, Stage};

/// The token of the sandbox's first account.
fn token() -> String {
    Options::default().token
}

/// The address of the tests' Redis.
pub(crate) fn redis() -> String {
    std::env::var("HONGYAN_TEST_REDIS").expect("HONGYAN_TEST_REDIS is the address of a Redis")
}

/// The sandbox with one gateway, and further gateways that can die.
pub(crate) struct Cluster {
    pub(crate) stage: Stage,
    pub(crate) nodes: Vec<Node>,
    http: reqwest::Client,
    nonce: AtomicU64,
}

/// A gateway on a runtime of its own.
pub(crate) struct Node {
    runtime: Option<Runtime>,
    running: Option<Running>,
    pub(crate) url: String,
}

impl Cluster {
    /// So many gateways with these lines in `[accounts.main]`, an app id of their own, and this Redis.
    pub(crate) async fn new(nodes: usize, redis: &str, account: &str) -> Self {
        let head = format!("data = \"{}\"\nredis = \"{redis}\"", crate::stores::mysql().await);
        let options = Options { app_id: format!("wx{}", OsRandom.hex(8)), ..Options::default() };
        let stage = Box::pin(Stage::under(&head, options, "", account)).await;
        let mut cluster =
            Self { stage, nodes: Vec::new(), http: reqwest::Client::new(), nonce: AtomicU64::new(1) };
        for _ in 1..nodes {
            let node = cluster.start().await;
            cluster.nodes.push(node);
        }
        cluster
    }

    /// One more gateway.
    pub(crate) async fn start(&self) -> Node {
        let (config, clock) = (self.stage.config(), self.stage.sandbox.clock());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let started = runtime.spawn(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            Box::pin(Gateway::start(config, Parts { clock, listener: Some(listener) })).await.unwrap()
        });
        let running = started.await.unwrap();
        Node { url: running.url(), running: Some(running), runtime: Some(runtime) }
    }

    /// The addresses of all gateways that live.
    pub(crate) fn urls(&self) -> Vec<String> {
        let first = self.stage.gateway.as_ref().unwrap().url();
        std::iter::once(first).chain(self.nodes.iter().map(|node| node.url.clone())).collect()
    }

    /// The counts of all gateways that live, together: runs, delivered, late.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let own = self.stage.gateway.as_ref().unwrap().stats("main");
        let all = self.nodes.iter().filter_map(|node| node.running.as_ref()?.stats("main")).chain(own);
        let add = |sum: (u64, u64, u64), stats: Stats| {
            (sum.0 + stats.runs, sum.1 + stats.delivered, sum.2 + stats.late)
        };
        all.fold((0, 0, 0), add)
    }

    /// Sends a text as the platform does: signed now, given up after five seconds. The status and the body.
    pub(crate) async fn push(&self, url: &str, id: u64, text: &str) -> Option<(u16, String)> {
        let body = format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>oUser{id}</FromUserName><CreateTime>1732000000</CreateTime>\
             <MsgType>text</MsgType><Content>{text}</Content><MsgId>{id}</MsgId></xml>"
        );
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed).to_string();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs().to_string();
        let signed = signature::signature(&token(), &now, &nonce);
        let url = format!("{url}/callback/main?signature={signed}&timestamp={now}&nonce={nonce}");
        let answer = async {
            let answer = self.http.post(url).body(body).send().await.ok()?;
            Some((answer.status().as_u16(), answer.text().await.ok()?))
        };
        tokio::time::timeout(Duration::from_secs(5), answer).await.ok().flatten()
    }

    /// Waits until the counts of all gateways are these.
    pub(crate) async fn count_to(&self, counts: (u64, u64, u64)) {
        let began = Instant::now();
        while self.counts() != counts {
            assert!(began.elapsed() < PATIENCE, "{:?}, not {counts:?}", self.counts());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn end(self) {
        for node in self.nodes {
            node.kill();
        }
        self.stage.end().await;
    }
}

impl Node {
    /// Stops it as an operator does.
    pub(crate) async fn stop(mut self) {
        let (runtime, running) = (self.runtime.take().unwrap(), self.running.take().unwrap());
        runtime.spawn(running.stop()).await.unwrap();
        runtime.shutdown_background();
    }

    /// Ends it as `kill -9` does: nothing it had in hand goes on.
    pub(crate) fn kill(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        drop(self.running.take());
    }
}

/// A web service that counts who asks, and answers the number after a while.
pub(crate) struct Counter {
    pub(crate) url: String,
    asked: Arc<AtomicUsize>,
}

impl Counter {
    pub(crate) async fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let answer = move || async move {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::time::sleep(delay).await;
            Json(json!({"number": number}))
        };
        let app = Router::new().route("/count", get(answer));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, asked }
    }

    /// A rule that asks it for every text.
    pub(crate) fn rule(&self) -> String {
        format!(
            "[[accounts.main.rules]]\non = {{ any = true }}\nfetch = {{ http = \"{}/count\", timeout = \"12s\" }}\n\
             reply = {{ text = \"run {{{{ fetched.number }}}}\" }}\n",
            self.url
        )
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until it was asked so often.
    pub(crate) async fn asked_times(&self, times: usize) {
        let began = Instant::now();
        while self.asked() < times {
            assert!(began.elapsed() < PATIENCE, "asked {} times", self.asked());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A Redis of the test's own, which can be taken away and brought back.
pub(crate) struct OwnRedis {
    port: u16,
    child: Option<Child>,
}

impl OwnRedis {
    pub(crate) async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let mut redis = Self { port, child: None };
        redis.bring_back().await;
        redis
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn take_away(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) async fn bring_back(&mut self) {
        let port = self.port.to_string();
        let child = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let began = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            assert!(began.elapsed() < PATIENCE, "redis-server does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
