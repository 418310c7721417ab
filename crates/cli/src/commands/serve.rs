//! `hongyan serve`: the gateway until it is told to stop.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use hongyan_gateway::{Config, Gateway, Parts};
use hongyan_wire::SystemClock;

use crate::{account::USUAL_FILE, failure::Failure, hangup, logs, screen::Screen, stop};

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  hongyan serve --config hongyan.toml")]
pub(crate) struct ServeArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "HONGYAN_CONFIG", default_value = USUAL_FILE)]
    config: PathBuf,
}

pub(crate) async fn run(args: ServeArgs, screen: Screen) -> Result<(), Failure> {
    logs::start("info");
    let config = Config::load(&args.config).map_err(|error| Failure::usage(error.text(screen.lang)))?;
    let names: Vec<String> = config.accounts.keys().cloned().collect();
    let gateway = Gateway::start(config, Parts { clock: Arc::new(SystemClock), listener: None })
        .await
        .map_err(|error| Failure::usage(error.text(screen.lang)))?;
    hangup::reloads(gateway.reloader());
    screen.data(&format!("listening {}", gateway.url()))?;
    for name in names {
        let address = format!("{}/callback/{name}", gateway.url());
        screen.note(&screen.lang.pick(
            format!("account {name} is called at {address}"),
            format!("账号 {name} 的回调地址：{address}"),
        ));
    }
    stop::asked().await;
    screen.remark("stopping: finishing what was accepted", "正在停止：先完成已接收的消息");
    gateway.stop().await;
    Ok(())
}
