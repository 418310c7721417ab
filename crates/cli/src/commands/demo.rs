//! `hongyan demo`: everything at once, to be played with.

use clap::Args;

use crate::{
    demo::{Demo, Plan},
    failure::Failure,
    logs,
    mode::ModeArg,
    port,
    screen::Screen,
    stop,
};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hongyan demo\n  hongyan demo --mode secure --listen 127.0.0.1:0 --sandbox-listen 127.0.0.1:0"
)]
pub(crate) struct DemoArgs {
    /// Where the gateway listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Where the sandbox listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070")]
    sandbox_listen: String,
    /// How pushes travel from the sandbox to the gateway
    #[arg(long, value_name = "MODE", default_value = "plain")]
    mode: ModeArg,
}

pub(crate) async fn run(args: DemoArgs, screen: Screen) -> Result<(), Failure> {
    logs::start("warn");
    let gateway = port::bind(&args.listen, "--listen", screen).await?;
    let sandbox = port::bind(&args.sandbox_listen, "--sandbox-listen", screen).await?;
    let demo = Demo::start(Plan { gateway, sandbox, mode: args.mode.for_sandbox() }, screen).await?;
    print(&demo, screen)?;
    stop::asked().await;
    screen.remark("stopping", "正在停止");
    demo.stop().await;
    Ok(())
}

fn print(demo: &Demo, screen: Screen) -> Result<(), Failure> {
    let (sandbox, gateway) = (demo.sandbox_url(), demo.gateway_url());
    let lang = screen.lang;
    let lines = [
        (lang.pick("phone", "手机"), format!("{sandbox}/phone")),
        (lang.pick("bench", "工作台"), format!("{sandbox}/")),
        (lang.pick("gateway", "网关"), gateway),
        (lang.pick("config", "配置"), demo.config().display().to_string()),
    ];
    for (name, value) in lines {
        screen.data(&format!("{name}: {value}"))?;
    }
    screen.data("")?;
    screen.remark("For the commands, in another terminal:", "在另一个终端中使用命令行：");
    screen.data(&format!("export HONGYAN_APP_ID={}", demo.app_id))?;
    screen.data(&format!("export HONGYAN_SECRET={}", demo.secret))?;
    screen.data(&format!("export HONGYAN_API_BASE={sandbox}"))?;
    screen.data("")?;
    screen.data("ready")?;
    screen.remark("Ctrl-C stops it.", "按 Ctrl-C 结束。");
    Ok(())
}
