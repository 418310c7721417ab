//! The binary as a process: long-running with its lines, or run to its end.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// Longer than anything here takes on a busy machine; reached only when something hangs.
const PATIENCE: Duration = Duration::from_mins(1);

fn command(arguments: &[&str], env: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hongyan"));
    command.args(arguments).kill_on_drop(true).env("HONGYAN_LANG", "en").env("XDG_CACHE_HOME", cache());
    for name in ["HONGYAN_APP_ID", "HONGYAN_SECRET", "HONGYAN_API_BASE", "HONGYAN_CONFIG"] {
        command.env_remove(name);
    }
    command.envs(env.iter().cloned());
    command
}

/// One cache folder for this run of the tests, so that no token of an earlier run is found.
fn cache() -> &'static std::path::Path {
    static CACHE: std::sync::OnceLock<tempfile::TempDir> = std::sync::OnceLock::new();
    CACHE.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

/// A long-running process, killed when dropped.
pub(crate) struct Process {
    child: Child,
    lines: tokio::sync::Mutex<mpsc::UnboundedReceiver<String>>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Process {
    pub(crate) fn start(arguments: &[&str], env: &[(String, String)]) -> Self {
        Self::of(command(arguments, env))
    }

    /// Any long-running program.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::unbounded_channel();
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
        let kept = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok(Some(line)) = out.next_line().await {
                kept.lock().unwrap().push(line.clone());
                let _ = sender.send(line);
            }
        });
        let kept = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok(Some(line)) = err.next_line().await {
                kept.lock().unwrap().push(line);
            }
        });
        Self { child, lines: tokio::sync::Mutex::new(lines), log }
    }

    /// The lines of standard output up to the one that `last` accepts.
    pub(crate) async fn lines_until(&self, last: impl Fn(&str) -> bool) -> Vec<String> {
        let mut seen = Vec::new();
        let mut lines = self.lines.lock().await;
        loop {
            match tokio::time::timeout(PATIENCE, lines.recv()).await {
                Ok(Some(line)) => {
                    let done = last(&line);
                    seen.push(line);
                    if done {
                        return seen;
                    }
                }
                Ok(None) => panic!("the process ended: {:#?}", self.log()),
                Err(elapsed) => panic!("{elapsed}: the process said only {:#?}", self.log()),
            }
        }
    }

    /// Everything it has printed so far, standard output and error.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Sends it a signal.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().await.unwrap().success());
    }

    /// Asks it to stop, as a service manager does, and gives its exit code.
    pub(crate) async fn terminate(&mut self) -> Option<i32> {
        self.signal("TERM").await;
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it did not stop").unwrap().code()
    }

    /// Ends it as a power cut does.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Output {
    /// The command must have succeeded; gives its standard output.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:#?}");
        self.out
    }

    /// Standard output as JSON.
    pub(crate) fn json(self) -> serde_json::Value {
        let out = self.ok();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }
}

/// Runs a command to its end.
pub(crate) async fn run(arguments: &[&str], env: &[(String, String)]) -> Output {
    run_with_input(arguments, env, b"").await
}

/// Runs a command to its end with something on standard input.
pub(crate) async fn run_with_input(arguments: &[&str], env: &[(String, String)], input: &[u8]) -> Output {
    let mut child = command(arguments, env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that reads nothing may have closed its input already.
    let _ = stdin.write_all(input).await;
    drop(stdin);
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
        .await
        .unwrap_or_else(|_| panic!("hongyan {arguments:?} did not end"))
        .unwrap();
    Output {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
