//! `hongyan scenario run`: plays scenario files against a back end, without a screen.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hongyan_sandbox::scenario::{Outcome, Player, Report, Scenario, StepReport, Words, junit};
use hongyan_sandbox::{Options, Sandbox};
use serde_json::Value;

use super::sandbox::AccountFlags;
use crate::{failure::Failure, input, port, screen::Screen};

#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  hongyan scenario run examples/article.yaml --callback http://127.0.0.1:8080/callback/main"
)]
pub(crate) struct ScenarioArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Plays files that say what people do and what the account must answer, on a clock that moves
    #[command(
        after_help = "Examples:\n  hongyan scenario run follow.yaml --listen 127.0.0.1:7070 --callback http://127.0.0.1:8080/callback/main\n  hongyan scenario run *.yaml --sandbox http://127.0.0.1:7070 --junit out.xml\n\nThe sandbox of a run listens on --listen: give that address to your back end as the platform's.\nExit status: 0 all went as written, 1 a step failed, 2 a file or a flag is wrong"
    )]
    Run(RunArgs),
}

#[derive(Args, Debug)]
struct RunArgs {
    /// Scenario files, YAML or JSON
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Play against a sandbox that runs already, such as the one of `hongyan demo`
    #[arg(long, value_name = "URL", conflicts_with_all = ["listen", "callback", "token", "aes_key", "mode", "callback_ca"])]
    sandbox: Option<String>,
    /// Where the sandbox of the run listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: String,
    #[command(flatten)]
    account: AccountFlags,
    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: ScenarioArgs, screen: Screen) -> Result<(), Failure> {
    let Action::Run(args) = args.action;
    // Every file is read before the first is played, so that a mistake in the last one costs no run.
    let mut scenarios = Vec::new();
    for file in &args.files {
        let name = file.display().to_string();
        let text = input::file_text(&name, screen)?;
        let scenario = Scenario::parse(&name, &text);
        scenarios.push(scenario.map_err(|error| Failure::usage(error.text(screen.lang)))?);
    }
    let mut reports = Vec::new();
    for scenario in &scenarios {
        if !args.json {
            screen.data(&format!("{}: {}", scenario.file(), scenario.name()))?;
        }
        reports.push(play(scenario, &args, screen).await?);
    }
    if let Some(file) = &args.junit {
        std::fs::write(file, junit(&reports, screen.lang))
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    }
    if args.json {
        screen.json(&reports.iter().map(|report| report.to_json(screen.lang)).collect::<Value>())?;
    } else {
        screen.data(&summary(&reports, screen))?;
    }
    if reports.iter().all(Report::passed) { Ok(()) } else { Err(Failure::Told) }
}

async fn play(scenario: &Scenario, args: &RunArgs, screen: Screen) -> Result<Report, Failure> {
    let options = options(scenario, args, screen)?;
    let (app_id, secret) = (options.app_id.clone(), options.secret.clone());
    let others: Vec<_> =
        options.more_accounts.iter().map(|one| (one.app_id.clone(), one.secret.clone())).collect();
    let own = if args.sandbox.is_some() {
        None
    } else {
        if options.callback.is_none() && options.more_accounts.iter().all(|one| one.callback.is_none()) {
            screen.remark(
                "No --callback: nothing is pushed to a back end.",
                "没有 --callback：不会向后端推送任何消息。",
            );
        }
        let listener = port::bind(&args.listen, "--listen", screen).await?;
        let started = Sandbox::start_on(options, listener).await;
        Some(started.map_err(|error| Failure::Usage(error.text(screen.lang)))?)
    };
    let url =
        own.as_ref().map_or_else(|| args.sandbox.clone().unwrap_or_default(), hongyan_sandbox::Running::url);
    let said = |words: Words| Failure::refused(words.text(screen.lang));
    let mut player = Player::connect(&url, &app_id, &secret).await.map_err(said)?;
    for (app_id, secret) in &others {
        player.knows(app_id, secret);
    }
    let mut gone = None;
    let report = player
        .play(scenario, |step| {
            if !args.json
                && let Err(failure) = tell(scenario, step, screen)
            {
                gone = Some(failure);
            }
        })
        .await;
    drop(player);
    if let Some(own) = own {
        own.stop().await;
    }
    gone.map_or(Ok(report), Err)
}

/// The accounts of the flags, the scenario's own in their place, and what single flags say over that.
fn options(scenario: &Scenario, args: &RunArgs, screen: Screen) -> Result<Options, Failure> {
    let mut options = scenario.options(args.account.accounts(screen)?);
    args.account.change(&mut options);
    Ok(options)
}

fn tell(scenario: &Scenario, step: &StepReport, screen: Screen) -> Result<(), Failure> {
    let lang = screen.lang;
    screen.data(&format!("  {:>4}  {}  {}", step.line, step.outcome.text(lang), step.step))?;
    if step.outcome != Outcome::Failed {
        return Ok(());
    }
    let text =
        |words: &Option<Words>| words.as_ref().map(|words| words.text(lang).to_owned()).unwrap_or_default();
    screen.data(&format!("        {}{}", lang.pick("expected: ", "期望："), text(&step.expected)))?;
    screen.data(&format!("        {}{}", lang.pick("got:      ", "实际："), text(&step.got)))?;
    screen.data(&format!("        {}{}:{}", lang.pick("at:       ", "位置："), scenario.file(), step.line))
}

fn summary(reports: &[Report], screen: Screen) -> String {
    let steps: usize = reports.iter().map(|report| report.count(Outcome::Ok)).sum();
    let failed = reports.iter().filter(|report| !report.passed()).count();
    let all = reports.len();
    if failed == 0 {
        return screen.lang.pick(
            format!("ok: {all} scenarios, {steps} steps"),
            format!("全部通过：{all} 个场景，{steps} 步"),
        );
    }
    let places: Vec<String> = reports
        .iter()
        .filter_map(|report| Some(format!("{}:{}", report.file, report.failed()?.line)))
        .collect();
    let places = places.join(", ");
    screen.lang.pick(
        format!("failed: {failed} of {all} scenarios ({places})"),
        format!("失败：{all} 个场景中有 {failed} 个（{places}）"),
    )
}
