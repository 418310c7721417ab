//! Parts that can be taken away and brought back: a MariaDB of the test's own, a program, and the platform itself.

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::routing::any;
use axum::{Json, Router};
use hongyan_gateway::Db;
use hongyan_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::stage::{PATIENCE, Stage};

/// A MariaDB of the test's own, which dies as with `kill -9` and comes back on the same port with its data.
pub(crate) struct OwnMaria {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl OwnMaria {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = format!("--datadir={}", folder.path().join("db").display());
        let made = Command::new("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", &data])
            .args(as_root(&folder))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(made.expect("mariadb-install-db").success(), "mariadb-install-db failed");
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let mut maria = Self { folder, port, child: None };
        maria.bring_back().await;
        let server = Db::connect(&maria.server(), 1).await.unwrap();
        server.execute("CREATE DATABASE hongyan", &[]).await.unwrap();
        maria
    }

    fn server(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/mysql", self.port)
    }

    /// The database that the gateway may use.
    pub(crate) fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/hongyan", self.port)
    }

    pub(crate) fn take_away(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) async fn bring_back(&mut self) {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let child = Command::new("mariadbd")
            .args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve"])
            .arg(format!("--datadir={}", file("db")))
            .arg(format!("--socket={}", file("s.sock")))
            .arg(format!("--port={}", self.port))
            .args(as_root(&self.folder))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.expect("mariadbd"));
        let began = Instant::now();
        while Db::connect(&self.server(), 1).await.is_err() {
            assert!(began.elapsed() < PATIENCE * 2, "mariadbd does not start");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for OwnMaria {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// MariaDB runs as root only when it is told to.
fn as_root(folder: &TempDir) -> Option<&'static str> {
    (std::fs::metadata(folder.path()).unwrap().uid() == 0).then_some("--user=root")
}

/// A program on a runtime of its own: when it goes, its port refuses and its connections are cut.
pub(crate) struct Fleeting {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Fleeting {
    /// Answers `/hook` with what it was told, and anything else with a place.
    pub(crate) async fn start() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut program = Self { address, runtime: None };
        program.bring_back().await;
        program
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn take_away(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }

    pub(crate) async fn bring_back(&mut self) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let hook = any(|body: Bytes| async move {
            let asked: Value = serde_json::from_slice(&body).unwrap();
            Json(json!({"text": format!("heard {}", asked["message"]["Content"].as_str().unwrap())}))
        });
        let place = any(|| async { Json(json!({"place": "上海"})) });
        let app = Router::new().route("/hook", hook).fallback(place);
        let address = self.address;
        let served = runtime.spawn(async move {
            let listener = TcpListener::bind(address).await.unwrap();
            tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        });
        served.await.unwrap();
        self.runtime = Some(runtime);
    }
}

impl Drop for Fleeting {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The platform's state while it is away.
pub(crate) struct Gone {
    address: SocketAddr,
    world: Value,
}

impl Stage {
    /// Takes the platform away: its port refuses.
    pub(crate) async fn platform_goes(&mut self) -> Gone {
        // From here on it does nothing more, so that it remembers all that it did.
        self.faults(json!([{"on": {"direction": "api"}, "do": {"errcode": -1}}])).await;
        let gone = Gone { address: self.sandbox.address(), world: self.watch("snapshot").await };
        // Somebody must stand here meanwhile; nobody knows where.
        let nobody = Box::pin(Sandbox::start_local(Options::default())).await.unwrap();
        std::mem::replace(&mut self.sandbox, nobody).stop().await;
        gone
    }

    /// Brings it back at the same address with all that it knew; its record of exchanges begins anew.
    pub(crate) async fn platform_comes_back(&mut self, gone: Gone) {
        let listener = TcpListener::bind(gone.address).await.unwrap();
        // Until it has its memory back it knows nobody, whoever calls.
        let options = Options { app_id: "wx0000000000000000".to_owned(), ..Options::default() };
        let back = Box::pin(Sandbox::start_on(options, listener)).await.unwrap();
        std::mem::replace(&mut self.sandbox, back).stop().await;
        self.put("snapshot", &gone.world).await;
        self.faults(json!([])).await;
    }

    /// A PUT to the sandbox's control API.
    pub(crate) async fn put(&self, path: &str, body: &Value) {
        let url = format!("{}/_sandbox/{path}", self.sandbox.url());
        let answer = reqwest::Client::new().put(&url).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{url}: {}", answer.text().await.unwrap());
    }

    /// People whom the platform lets us write to as often as we like. The gateway has not seen them act.
    pub(crate) async fn people_to_write_to(&self, count: usize) -> Vec<String> {
        self.settings(json!({"window_message": {"messages": null, "seconds": 172_800}})).await;
        self.put("callback", &json!({"url": null})).await;
        let mut people = Vec::new();
        for number in 0..count {
            let made =
                self.control("users", &json!({"nickname": format!("{number}"), "following": true})).await;
            let openid = made["openid"].as_str().unwrap().to_owned();
            self.person_again(openid.clone()).say("hello").await;
            people.push(openid);
        }
        people
    }
}
