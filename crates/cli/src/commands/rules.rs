//! `hongyan rules`: what the gateway would answer, without the gateway.

use clap::{Args, Subcommand};
use hongyan_gateway::rules::{Explanation, explain, explain_push};
use hongyan_wire::{Clock, Inbound, SystemClock};
use serde_json::json;

use crate::{
    account::{AccountArgs, Source},
    failure::Failure,
    screen::Screen,
};

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  hongyan rules test '快递 1024' --config hongyan.toml")]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Which rule would answer, and what; fetches are made, nothing is sent
    #[command(
        after_help = "Examples:\n  hongyan rules test '快递 1024' --config hongyan.toml\n  hongyan rules test 公司简介 --event CLICK --config hongyan.toml"
    )]
    Test(TestArgs),
}

#[derive(Args, Debug)]
struct TestArgs {
    /// What the person writes; with --event the key that comes with it
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// Try an event instead of a text, such as CLICK, SCAN or subscribe
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    account: AccountArgs,
}

pub(crate) async fn run(args: RulesArgs, screen: Screen) -> Result<(), Failure> {
    let Action::Test(args) = args.action;
    let Source::File { config, name } = args.account.source(screen)? else {
        return Err(Failure::usage(screen.lang.pick(
            "The rules are in a configuration file: give it with --config FILE",
            "规则写在配置文件里：请用 --config 指定",
        )));
    };
    let explanation = match &args.event {
        None => explain(&config, &name, &args.text).await,
        Some(event) => explain_push(&config, &name, &push(event, &args.text)?).await,
    };
    let explanation: Explanation = explanation.map_err(|error| Failure::usage(error.text(screen.lang)))?;
    if args.json {
        return screen.json(&explanation);
    }
    screen.data(&explanation.text(screen.lang))
}

/// The event as the platform would push it. A follow through a QR code has the scene behind a prefix.
fn push(event: &str, key: &str) -> Result<Inbound, Failure> {
    let key = if event.eq_ignore_ascii_case("subscribe") && !key.is_empty() && !key.starts_with("qrscene_") {
        format!("qrscene_{key}")
    } else {
        key.to_owned()
    };
    let push = json!({
        "ToUserName": "gh_000000000000",
        "FromUserName": "oRulesTest000000000000000000",
        "CreateTime": SystemClock.now().seconds(),
        "MsgType": "event",
        "Event": event,
        "EventKey": key,
    });
    Inbound::parse(push.to_string().as_bytes()).map_err(Failure::usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follow_through_a_code_has_its_scene() {
        let scene = |event, key| push(event, key).expect("a push").scene().map(|scene| scene.to_string());
        assert_eq!(scene("subscribe", "poster-7").as_deref(), Some("poster-7"));
        assert_eq!(scene("SCAN", "poster-7").as_deref(), Some("poster-7"));
        assert_eq!(scene("subscribe", ""), None);
    }
}
