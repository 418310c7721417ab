//! Sends the batch from this process, with its state in a SQLite file beside the recipients.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hongyan_gateway::batch::{Batches, Begun, LineResult, Local, NotTaken, Options, Record, State};
use hongyan_wire::SystemClock;
use tokio::io::AsyncReadExt;

use super::{Job, Progress, object};
use crate::commands::send;
use crate::{account::Source, failure::Failure, stop};

/// How often the bar moves.
const LOOK: Duration = Duration::from_millis(200);

pub(super) async fn send(job: &Job<'_>) -> Result<(), Failure> {
    let lang = job.screen.lang;
    let draft = send::draft(job.args, job.screen)?;
    let connection = job.args.account.connect(job.screen).await?;
    let account = match &connection.source {
        Source::File { name, .. } => name.clone(),
        Source::Environment { app_id, .. } => app_id.clone(),
    };
    let state = beside(job.file);
    let opened = Local::open(&state, &account, connection.client.clone(), Arc::new(SystemClock)).await;
    let mut local = opened.map_err(|error| Failure::usage(error.text(lang)))?;
    let batches = local.batches().clone();
    let stored = |error: hongyan_gateway::StoreError| Failure::refused(error.text(lang));
    // Another message to the same file was stopped halfway: it waits until its own command is given again.
    for other in batches.list(&account, 1_000).await.map_err(stored)? {
        if other.name != job.name && other.state == State::Running {
            let _ = batches.pause(&account, &other.id).await.map_err(stored)?;
        }
    }
    let before = begun_before(job, &batches, &account).await.map_err(stored)?;
    let record = if let Some(record) = before {
        record
    } else {
        let message = match draft {
            Some(draft) => Some(send::ready(&connection.client, draft, job.args, job.screen).await?),
            None => None,
        };
        take_in(job, &batches, &account, object(message)).await?
    };
    local.start();
    let done = watch(job, &batches, &account, &record.id).await;
    let written = match (&done, &job.args.many.result) {
        (Ok(_), Some(file)) => write_results(job, &batches, &record, file).await,
        _ => Ok(()),
    };
    local.stop().await;
    written?;
    job.end(&done?)
}

/// `FILE.hongyan.db` next to the file.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".hongyan.db");
    name.into()
}

/// The batch of the same command, set going again.
async fn begun_before(
    job: &Job<'_>,
    batches: &Batches,
    account: &str,
) -> Result<Option<Record>, hongyan_gateway::StoreError> {
    let all = batches.list(account, 1_000).await?;
    let Some(record) =
        all.into_iter().find(|record| record.name == job.name && record.state != State::Loading)
    else {
        return Ok(None);
    };
    if record.digest != job.digest {
        // Taking it in again says what is the matter.
        return Ok(None);
    }
    job.already();
    if record.state == State::Paused {
        let _ = batches.resume(account, &record.id).await?;
    }
    Ok(Some(record))
}

async fn take_in(
    job: &Job<'_>,
    batches: &Batches,
    account: &str,
    message: Option<serde_json::Map<String, serde_json::Value>>,
) -> Result<Record, Failure> {
    let options = Options {
        name: job.name.clone(),
        digest: job.digest.clone(),
        format: job.format,
        message,
        when_closed: job.when_closed,
        strict: job.args.many.strict,
    };
    let refused = |error: NotTaken| {
        match error {
        NotTaken::Store(error) => Failure::refused(error.text(job.screen.lang)),
        NotTaken::Other(_) => Failure::usage(job.screen.lang.pick(
            "the file has changed since this command was first given: give it another name, or add --again to send it to everybody in it",
            "此命令首次运行后文件已改变：请换一个文件名，或加 --again 发给文件中的所有人",
        )),
        other => Failure::usage(other),
    }
    };
    let mut intake = match batches.begin(account, options).await.map_err(refused)? {
        Begun::Fresh(intake) => intake,
        Begun::There(record) => return Ok(record),
    };
    let broken = |error: std::io::Error| Failure::Usage(format!("{}: {error}", job.file.display()));
    let mut file = tokio::fs::File::open(job.file).await.map_err(broken)?;
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk).await.map_err(broken)? {
            0 => break,
            count => intake.push(&chunk[..count]).await.map_err(refused)?,
        }
    }
    let taken = intake.finish().await.map_err(refused)?;
    job.rejected_lines(taken.bad.into_iter().map(|bad| (bad.line, bad.error)));
    Ok(taken.record)
}

async fn watch(job: &Job<'_>, batches: &Batches, account: &str, id: &str) -> Result<Progress, Failure> {
    let lang = job.screen.lang;
    let stored = |error: hongyan_gateway::StoreError| Failure::refused(error.text(lang));
    let bar = super::bar();
    let mut asked = std::pin::pin!(stop::asked());
    loop {
        let gone = || Failure::refused("the batch is gone");
        let record = batches.find(account, id).await.map_err(stored)?.ok_or_else(gone)?;
        let over = record.state.is_final();
        let now = batches.progress(record, false).await.map_err(stored)?;
        let progress = Progress {
            over,
            total: now.record.total,
            rejected: now.record.rejected,
            sent: now.counts.sent,
            bad: now.counts.failed + now.counts.expired + now.counts.unknown,
            rate: now.rate,
            paused: false,
        };
        job.show(&bar, &progress);
        if progress.over {
            bar.finish_and_clear();
            return Ok(progress);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = &mut asked => {
                bar.abandon();
                return Err(Failure::refused(lang.pick(
                    format!("stopped after {} of {}; the same command goes on", progress.sent, progress.total),
                    format!("已停止：{} / {}；再次运行同一命令即可继续", progress.sent, progress.total),
                )));
            }
        }
    }
}

async fn write_results(job: &Job<'_>, batches: &Batches, record: &Record, to: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::refused(format!("{}: {error}", to.display()));
    let mut file = std::io::BufWriter::new(std::fs::File::create(to).map_err(failed)?);
    file.write_all(LineResult::CSV_HEADING.as_bytes()).map_err(failed)?;
    let mut after = 0;
    loop {
        let page = batches.results(record, after, 1_000).await;
        let page = page.map_err(|error| Failure::refused(error.text(job.screen.lang)))?;
        let Some(last) = page.last() else { break };
        after = last.line;
        for line in &page {
            file.write_all(line.csv().as_bytes()).map_err(failed)?;
        }
    }
    file.flush().map_err(failed)
}
