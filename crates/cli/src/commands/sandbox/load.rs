//! `hongyan sandbox load`: many people at once, and how the back end bears it.

mod report;

use std::time::Duration;

use clap::Args;
use hongyan_sandbox::{
    AccountOptions,
    load::{self, LoadOptions, Mix, Plan, Progress, Target},
};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{failure::Failure, mode::ModeArg, screen::Screen, stop};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hongyan sandbox load --users 2000 --rate 200/s --for 60s\n  hongyan sandbox load --callback http://127.0.0.1:8080/callback/main --mode secure --mix text=60,click=20,scan=10"
)]
pub(crate) struct LoadArgs {
    /// How many people act
    #[arg(long, value_name = "N", default_value_t = 100)]
    users: usize,
    /// How many actions a second, on average
    #[arg(long, value_name = "N/s", default_value = "20/s", value_parser = rate)]
    rate: f64,
    /// What people do, with weights: text, click, view, scan, location, follow, unfollow
    #[arg(long, value_name = "MIX", default_value = "text=60,click=20,view=5,scan=10,location=5")]
    mix: Mix,
    /// How long people arrive
    #[arg(long = "for", value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    length: Duration,
    /// How long a person pauses after acting: a time, or from-to
    #[arg(long, value_name = "TIME", default_value = "1-5s", value_parser = think)]
    think: Think,
    /// A running sandbox, whose back end is put under load through its people
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7070", conflicts_with = "callback")]
    sandbox: String,
    /// A back end, pushed to straight with the account's keys
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
    /// The account's AppID
    #[arg(long, value_name = "ID", requires = "callback")]
    app_id: Option<String>,
    /// The token that pushes are signed with
    #[arg(long, value_name = "TOKEN", requires = "callback")]
    token: Option<String>,
    /// The EncodingAESKey, 43 characters
    #[arg(long, value_name = "KEY", requires = "callback")]
    aes_key: Option<String>,
    /// Whether pushes are encrypted; plain when nothing is said
    #[arg(long, value_name = "MODE", requires = "callback")]
    mode: Option<ModeArg>,
    /// What people write, in turn; {n} becomes a running number
    #[arg(long, value_name = "TEXT", default_value = "load {n}")]
    text: Vec<String>,
    /// The keys of the menu buttons that are tapped, in turn; a running sandbox's own menu comes first
    #[arg(long, value_name = "KEY", default_value = "LOAD")]
    key: Vec<String>,
    /// The share of pushes that are delivered twice at once, such as 1%
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = percent, requires = "callback")]
    twice: f64,
    /// Pushes that may be open at once; arrivals beyond that are counted and left out
    #[arg(long, value_name = "N", default_value_t = 1000)]
    in_flight: usize,
    /// How long a push waits for its answer, and how far apart its tries begin
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = humantime::parse_duration, requires = "callback")]
    push_timeout: Duration,
    /// The seed of the schedule: the same seed, the same arrivals
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Allow a target on another machine
    #[arg(long)]
    allow_remote: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// How long people pause: at least, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Think(Duration, Duration);

/// `200/s`, `200`, `600/min`.
fn rate(text: &str) -> Result<f64, String> {
    let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
    let seconds = match unit.trim() {
        "s" | "sec" => 1.0,
        "m" | "min" => 60.0,
        _ => return Err("write it as 200/s or 600/min".to_owned()),
    };
    let number: f64 = number.trim().parse().map_err(|_| "write it as 200/s or 600/min".to_owned())?;
    if number > 0.0 && number.is_finite() {
        Ok(number / seconds)
    } else {
        Err("it must be above 0".to_owned())
    }
}

/// `1-5s`, `500ms-2s`, `3s`, `0`.
fn think(text: &str) -> Result<Think, String> {
    let time = |text: &str| match text.trim() {
        "0" => Ok(Duration::ZERO),
        text => humantime::parse_duration(text).map_err(|error| error.to_string()),
    };
    let Some((from, to)) = text.split_once('-') else {
        return time(text).map(|both| Think(both, both));
    };
    let most = time(to)?;
    // In `1-5s` the unit stands once, for both.
    let unit: String = to.chars().filter(|character| character.is_alphabetic()).collect();
    let least =
        if from.chars().any(char::is_alphabetic) { time(from)? } else { time(&format!("{from}{unit}"))? };
    if least > most {
        Err("the first time is longer than the second".to_owned())
    } else {
        Ok(Think(least, most))
    }
}

/// `1%` or `0.01`.
fn percent(text: &str) -> Result<f64, String> {
    let (number, part) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    let share = number.trim().parse::<f64>().map(|number| number / part);
    share.ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "write it as 1%".to_owned())
}

pub(crate) async fn run(args: LoadArgs, screen: Screen) -> Result<(), Failure> {
    let json = args.json;
    let options = options(args);
    let bar = bar(options.plan.length, screen);
    let summary = load::run(&options, |progress| show(&bar, progress), stop::asked()).await;
    bar.finish_and_clear();
    let summary = summary.map_err(|error| match error {
        load::LoadError::Sandbox { .. } | load::LoadError::Client(_) => {
            Failure::Refused(error.text(screen.lang))
        }
        usage => Failure::Usage(usage.text(screen.lang)),
    })?;
    if json {
        screen.json(summary.to_json())?;
    } else {
        screen.data(&report::table(summary.to_json(), screen.lang))?;
    }
    if !summary.bad() {
        return Ok(());
    }
    screen.remark(
        "There were wrong or double answers, or none at all: see above.",
        "有错误的或重复的回答，或者一个回答也没有：见上表。",
    );
    Err(Failure::Told)
}

fn options(args: LoadArgs) -> LoadOptions {
    let target = match args.callback {
        None => Target::Sandbox(args.sandbox),
        Some(url) => {
            let mut account = AccountOptions { callback: Some(url), ..AccountOptions::default() };
            let given = [
                (args.app_id, &mut account.app_id),
                (args.token, &mut account.token),
                (args.aes_key, &mut account.aes_key),
            ];
            for (value, place) in given {
                if let Some(value) = value {
                    *place = value;
                }
            }
            if let Some(mode) = args.mode {
                account.mode = mode.for_sandbox();
            }
            Target::Callback(Box::new(account))
        }
    };
    let plan = Plan {
        people: args.users,
        rate: args.rate,
        length: args.length,
        mix: args.mix,
        think: (args.think.0, args.think.1),
        twice: args.twice,
        seed: args.seed,
    };
    let mut options = LoadOptions::new(plan, target);
    options.allow_remote = args.allow_remote;
    options.in_flight = args.in_flight;
    options.texts = args.text;
    options.keys = args.key;
    options.push_timeout = args.push_timeout;
    options
}

/// A bar that grows with the arrivals that have ended; hidden when standard error is no terminal.
fn bar(length: Duration, screen: Screen) -> ProgressBar {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}") {
        bar.set_style(style);
    }
    let waiting = screen.lang.pick("preparing the people", "正在准备用户");
    bar.set_message(format!("{waiting} ({})", humantime::format_duration(length)));
    bar
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.planned);
    bar.set_position(progress.ended + progress.left_out);
    bar.set_message(format!(
        "open {}  failed {}  left out {}",
        progress.open, progress.failed, progress.left_out
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_pauses_and_shares_are_read() {
        assert_eq!((rate("200/s"), rate("200"), rate("600/min")), (Ok(200.0), Ok(200.0), Ok(10.0)));
        assert!(rate("0").is_err() && rate("2/h").is_err() && rate("fast").is_err());
        let seconds = Duration::from_secs;
        assert_eq!(think("1-5s"), Ok(Think(seconds(1), seconds(5))));
        assert_eq!(think("500ms-2s"), Ok(Think(Duration::from_millis(500), seconds(2))));
        assert_eq!(
            (think("3s"), think("0")),
            (Ok(Think(seconds(3), seconds(3))), Ok(Think(Duration::ZERO, Duration::ZERO)))
        );
        assert!(think("5-1s").is_err() && think("soon").is_err());
        assert_eq!((percent("1%"), percent("0.5")), (Ok(0.01), Ok(0.5)));
        assert!(percent("200%").is_err());
    }
}
