//! `hongyan scenario run`: plays scenario files against a back end, without a screen.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hongyan_sandbox::scenario::{Outcome, Player, Report, Scenario, StepReport, Words, junit};
use hongyan_sandbox::{Options, Sandbox};
use serde_json::Value;

use crate::{failure::Failure, input, mode::ModeArg, port, screen::Screen};

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
    /// Your server's address, where pushes go
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
    /// Play against a sandbox that runs already, such as the one of `hongyan demo`
    #[arg(long, value_name = "URL", conflicts_with_all = ["listen", "callback", "token", "aes_key", "mode"])]
    sandbox: Option<String>,
    /// Where the sandbox of the run listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: String,
    /// The account's AppID
    #[arg(long, value_name = "ID")]
    app_id: Option<String>,
    /// The account's AppSecret
    #[arg(long, value_name = "SECRET")]
    secret: Option<String>,
    /// The token that pushes are signed with
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// The EncodingAESKey, 43 characters
    #[arg(long, value_name = "KEY")]
    aes_key: Option<String>,
    /// Whether pushes are encrypted; plain when neither this nor the file says
    #[arg(long, value_name = "MODE")]
    mode: Option<ModeArg>,
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
    let options = options(scenario, args);
    let (app_id, secret) = (options.app_id.clone(), options.secret.clone());
    let own = if args.sandbox.is_some() {
        None
    } else {
        if options.callback.is_none() {
            screen.remark(
                "No --callback: nothing is pushed to a back end.",
                "没有 --callback：不会向后端推送任何消息。",
            );
        }
        let listener = port::bind(&args.listen, "--listen", screen).await?;
        Some(Sandbox::start_on(options, listener).await.map_err(Failure::usage)?)
    };
    let url =
        own.as_ref().map_or_else(|| args.sandbox.clone().unwrap_or_default(), hongyan_sandbox::Running::url);
    let said = |words: Words| Failure::refused(words.text(screen.lang));
    let mut player = Player::connect(&url, &app_id, &secret).await.map_err(said)?;
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

/// The file's account, and what the flags say over it.
fn options(scenario: &Scenario, args: &RunArgs) -> Options {
    let mut options = scenario.options(Options::default());
    if let Some(mode) = args.mode {
        options.mode = mode.for_sandbox();
    }
    if args.callback.is_some() {
        options.callback.clone_from(&args.callback);
    }
    let given = [
        (&args.app_id, &mut options.app_id),
        (&args.secret, &mut options.secret),
        (&args.token, &mut options.token),
        (&args.aes_key, &mut options.aes_key),
    ];
    for (value, place) in given {
        if let Some(value) = value {
            place.clone_from(value);
        }
    }
    options
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
