//! Lets a running gateway send the batch, and shows how far it is.

use std::path::Path;
use std::time::Duration;

use hongyan_gateway::batch::Format;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use tokio::io::AsyncWriteExt;

use super::{Job, Progress};
use crate::commands::send::{self, Draft};
use crate::{account::Source, failure::Failure, stop};

/// How often the gateway is asked.
const LOOK: Duration = Duration::from_secs(1);
/// The gateway may be away for so many looks in a row, while it is restarted.
const AWAY: u32 = 60;

pub(super) async fn send(job: &Job<'_>, address: &str) -> Result<(), Failure> {
    let message = match send::draft(job.args, job.screen)? {
        None => None,
        Some(Draft::Media(_)) => {
            return Err(Failure::usage(job.screen.lang.pick(
                "with --gateway media is not uploaded from here: upload it first and send --json with its media id",
                "使用 --gateway 时不会从本机上传素材：请先上传，再用 --json 带上 media_id 发送",
            )));
        }
        Some(Draft::Ready(body) | Draft::Template(body)) => Some(job.args.signed(body)),
    };
    let there = There::new(job, address)?;
    let id = there.create(job, message).await?;
    let progress = there.watch(job, &id).await?;
    if let Some(file) = &job.args.many.result {
        there.write_results(&id, file).await?;
    }
    job.end(&progress)
}

/// The gateway's API for one account.
struct There {
    http: Client,
    base: String,
    key: Option<String>,
}

impl There {
    fn new(job: &Job<'_>, address: &str) -> Result<Self, Failure> {
        let account = match &job.args.account.account {
            Some(name) => name.clone(),
            None => match job.args.account.source(job.screen) {
                Ok(Source::File { name, .. }) => name,
                _ => {
                    return Err(Failure::usage(job.screen.lang.pick(
                        "--gateway needs --account NAME: the account's name in the gateway's configuration",
                        "--gateway 需要 --account 名称：账号在网关配置中的名称",
                    )));
                }
            },
        };
        let base = format!("{}/api/v1/accounts/{account}/batches", address.trim_end_matches('/'));
        Ok(Self { http: Client::new(), base, key: job.args.many.key.clone() })
    }

    fn keyed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    async fn create(&self, job: &Job<'_>, message: Option<Value>) -> Result<String, Failure> {
        let broken = |error: std::io::Error| Failure::Usage(format!("{}: {error}", job.file.display()));
        let file = tokio::fs::File::open(job.file).await.map_err(broken)?;
        let length = file.metadata().await.map_err(broken)?.len();
        let kind = match job.format {
            Format::Csv => "text/csv",
            Format::JsonLines => "application/x-ndjson",
        };
        let part = Part::stream_with_length(reqwest::Body::from(file), length).file_name("recipients");
        let part = part.mime_str(kind).map_err(Failure::refused)?;
        let form = match message {
            Some(message) => Form::new().text("message", message.to_string()),
            None => Form::new(),
        };
        let query = [
            ("name", job.name.as_str()),
            ("digest", job.digest.as_str()),
            ("when_closed", job.when_closed.as_str()),
            ("strict", if job.args.many.strict { "true" } else { "false" }),
        ];
        let request = self.http.post(&self.base).query(&query).multipart(form.part("recipients", part));
        let answer = self.json(self.keyed(request)).await?;
        if answer["repeated"] == true {
            job.already();
        }
        let bad = answer["first_rejected"].as_array().into_iter().flatten();
        job.rejected_lines(bad.map(|bad| {
            (bad["line"].as_u64().unwrap_or(0), bad["error"].as_str().unwrap_or_default().to_owned())
        }));
        Ok(answer["id"].as_str().unwrap_or_default().to_owned())
    }

    async fn watch(&self, job: &Job<'_>, id: &str) -> Result<Progress, Failure> {
        let bar = super::bar();
        let mut asked = std::pin::pin!(stop::asked());
        let mut away = 0;
        loop {
            match self.json(self.keyed(self.http.get(format!("{}/{id}", self.base)))).await {
                Ok(answer) => {
                    away = 0;
                    let progress = read(&answer);
                    job.show(&bar, &progress);
                    if progress.paused {
                        let resume = self.keyed(self.http.post(format!("{}/{id}/resume", self.base)));
                        self.json(resume).await?;
                    }
                    if progress.over {
                        bar.finish_and_clear();
                        return Ok(progress);
                    }
                }
                Err(error) if away >= AWAY || matches!(error, Failure::Usage(_)) => return Err(error),
                Err(_) => away += 1,
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = &mut asked => {
                    bar.abandon();
                    return Err(Failure::refused(job.screen.lang.pick(
                        format!("the gateway goes on with batch {id}; the same command shows it again"),
                        format!("网关会继续发送批次 {id}；再次运行同一命令可继续查看"),
                    )));
                }
            }
        }
    }

    async fn write_results(&self, id: &str, to: &Path) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::refused(format!("{}: {error}", to.display()));
        let request = self.keyed(self.http.get(format!("{}/{id}/results?format=csv", self.base)));
        let mut answer =
            request.send().await.and_then(Response::error_for_status).map_err(Failure::refused)?;
        let mut file = tokio::fs::File::create(to).await.map_err(failed)?;
        while let Some(chunk) = answer.chunk().await.map_err(Failure::refused)? {
            file.write_all(&chunk).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)
    }

    /// The answer, or what the gateway says is wrong.
    async fn json(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let answer = request.send().await.map_err(Failure::refused)?;
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(body);
        }
        let detail = body["detail"].as_str().unwrap_or_default();
        let text = format!("{status}: {detail}");
        Err(if status.is_client_error() { Failure::Usage(text) } else { Failure::Refused(text) })
    }
}

fn read(answer: &Value) -> Progress {
    let count = |name: &str| answer["counts"][name].as_u64().unwrap_or(0);
    let state = answer["state"].as_str().unwrap_or_default();
    Progress {
        over: matches!(state, "done" | "cancelled"),
        total: answer["total"].as_u64().unwrap_or(0),
        rejected: count("rejected"),
        sent: count("sent"),
        bad: count("failed") + count("expired") + count("unknown"),
        rate: answer["rate_per_second"].as_f64().unwrap_or(0.0),
        paused: state == "paused",
    }
}
