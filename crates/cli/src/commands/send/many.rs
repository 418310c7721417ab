//! `hongyan send --to-file`: one message to everybody in a file, by a running gateway or by this process.
//!
//! The same command goes on where it was stopped: the batch is named after the file and the message. Sent by this
//! process, its state is in `FILE.hongyan.db` beside the file.

mod here;
mod gateway;

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use hongyan_gateway::batch::Format;
use hongyan_gateway::outbox::WhenClosed;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

use super::SendArgs;
use crate::{failure::Failure, screen::Screen};

#[derive(Args, Debug)]
pub(crate) struct ManyArgs {
    /// To everybody in this file: .csv with a column openid, or .jsonl; other columns are values for {{ name }} in the message
    #[arg(long, value_name = "FILE", conflicts_with = "openid", help_heading = "Many")]
    pub(super) to_file: Option<PathBuf>,
    /// Let this running gateway send, such as http://127.0.0.1:8080; without it this process sends
    #[arg(long, value_name = "URL", requires = "to_file", help_heading = "Many")]
    pub(super) gateway: Option<String>,
    /// The gateway's API key with the scope messages
    #[arg(long, env = "HONGYAN_KEY", hide_env_values = true, help_heading = "Many")]
    pub(super) key: Option<String>,
    /// Write what became of each recipient to this CSV file
    #[arg(long, value_name = "FILE", requires = "to_file", help_heading = "Many")]
    pub(super) result: Option<PathBuf>,
    /// With --gateway: keep messages whose users have no open window until their next action
    #[arg(long, requires = "gateway", help_heading = "Many")]
    pub(super) wait: bool,
    /// Send nothing when a line of the file is wrong
    #[arg(long, requires = "to_file", help_heading = "Many")]
    pub(super) strict: bool,
    /// Send it anew although the same command has sent it already
    #[arg(long, requires = "to_file", help_heading = "Many")]
    pub(super) again: bool,
}

/// What is to be done, however it is sent.
struct Job<'a> {
    args: &'a SendArgs,
    file: &'a Path,
    format: Format,
    /// The same for the same command.
    name: String,
    /// The same for the same file.
    digest: String,
    when_closed: WhenClosed,
    screen: Screen,
}

/// How far it is.
struct Progress {
    over: bool,
    total: u64,
    rejected: u64,
    sent: u64,
    /// Failed, expired or unknown.
    bad: u64,
    rate: f64,
    paused: bool,
}

pub(super) async fn run(args: &SendArgs, file: &Path, screen: Screen) -> Result<(), Failure> {
    let lang = screen.lang;
    let shown = file.display();
    let format = Format::of(&file.to_string_lossy()).ok_or_else(|| {
        Failure::usage(lang.pick(
            format!("{shown}: the file's name must end in .csv or .jsonl"),
            format!("{shown}：文件名须以 .csv 或 .jsonl 结尾"),
        ))
    })?;
    let unreadable = |error: std::io::Error| {
        Failure::Usage(
            lang.pick(format!("{shown} cannot be read: {error}"), format!("无法读取 {shown}：{error}")),
        )
    };
    let digest = digest_of(file).map_err(unreadable)?;
    let path = std::path::absolute(file).map_err(unreadable)?;
    let mut name = Digest::default();
    name.take(path.to_string_lossy().as_bytes());
    name.take(args.words().as_bytes());
    if args.many.again {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        name.take(&now.map_or(0, |now| now.as_nanos()).to_be_bytes());
    }
    let when_closed = if args.many.wait { WhenClosed::Wait } else { WhenClosed::Fail };
    let name = format!("hongyan-send-{}", name.hex());
    let job = Job { args, file, format, name, digest, when_closed, screen };
    match args.many.gateway.as_deref() {
        Some(address) => Box::pin(gateway::send(&job, address)).await,
        None => Box::pin(here::send(&job)).await,
    }
}

impl Job<'_> {
    fn show(&self, bar: &ProgressBar, progress: &Progress) {
        bar.set_length(progress.total);
        bar.set_position(progress.sent + progress.bad + progress.rejected);
        let rate = progress.rate;
        bar.set_message(self.screen.lang.pick(format!("{rate:.0}/s"), format!("{rate:.0} 条/秒")));
    }

    /// The end of the command: what is left to say, and whether all went well.
    fn end(&self, progress: &Progress) -> Result<(), Failure> {
        let Progress { total, rejected, sent, bad, .. } = progress;
        let text = self.screen.lang.pick(
            format!("{sent} of {total} sent, {bad} failed, {rejected} lines rejected"),
            format!("共 {total} 行，已发送 {sent}，失败 {bad}，无效行 {rejected}"),
        );
        if sent == total {
            self.screen.note(&text);
            return Ok(());
        }
        Err(Failure::Refused(text))
    }

    fn rejected_lines(&self, lines: impl Iterator<Item = (u64, String)>) {
        for (line, error) in lines {
            let (file, lang) = (self.file.display(), self.screen.lang);
            self.screen.note(
                &lang.pick(format!("{file}, line {line}: {error}"), format!("{file} 第 {line} 行：{error}")),
            );
        }
    }

    fn already(&self) {
        self.screen.remark(
            "this command has run before: going on from there (--again sends everything anew)",
            "此命令已运行过：从上次停下处继续（要全部重发请加 --again）",
        );
    }
}

/// A hidden bar when standard error is no terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// The message of the command line as an object.
fn object(message: Option<Value>) -> Option<Map<String, Value>> {
    match message {
        Some(Value::Object(map)) => Some(map),
        _ => None,
    }
}

/// A fingerprint that tells whether something is the same as before; no protection against anybody.
struct Digest(u64, u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325, 0x6c62_272e_07bb_0142)
    }
}

impl Digest {
    fn take(&mut self, bytes: &[u8]) {
        const PRIME: u64 = 0x0100_0000_01b3;
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
            self.1 = (self.1.rotate_left(5) ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }

    fn hex(&self) -> String {
        format!("{:016x}{:016x}", self.0, self.1)
    }
}

fn digest_of(file: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(file)?;
    let mut digest = Digest::default();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(digest.hex()),
            count => digest.take(&chunk[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_word_is_another_digest() {
        let of = |text: &str| {
            let mut digest = Digest::default();
            digest.take(text.as_bytes());
            digest.hex()
        };
        assert_eq!(of("openid\no1\n"), of("openid\no1\n"));
        assert_ne!(of("openid\no1\n"), of("openid\no2\n"));
        assert_ne!(of("ab"), of("ba"));
    }
}
