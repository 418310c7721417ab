//! `hongyan menu`: the buttons under the chat.

mod tree;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use hongyan::{Call, Client, Error, MenuBody, NewMenu, menu::diff};
use hongyan_wire::ErrCode;
use serde_json::{Value, json};

use crate::{
    account::{AccountArgs, Connection},
    failure::Failure,
    input, refusal,
    screen::Screen,
};

/// The platform's code for an account without a menu made by API.
const NO_MENU: ErrCode = ErrCode(46003);

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hongyan menu get > menu.json\n  hongyan menu plan menu.json\n  hongyan menu apply menu.json\n  hongyan menu delete"
)]
pub(crate) struct MenuArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Prints the menu as JSON that `menu apply` takes
    #[command(after_help = "Example:\n  hongyan menu get > menu.json")]
    Get(Plain),
    /// Shows what `menu apply` would change
    #[command(after_help = "Example:\n  hongyan menu plan menu.json")]
    Plan(FromFile),
    /// Makes the file's menu the account's menu
    #[command(after_help = "Example:\n  hongyan menu apply menu.json")]
    Apply(FromFile),
    /// Removes the menu, and every conditional menu with it
    #[command(after_help = "Example:\n  hongyan menu delete")]
    Delete(Plain),
}

#[derive(Args, Debug)]
struct Plain {
    /// Print the platform's answer as it is
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    account: AccountArgs,
}

#[derive(Args, Debug)]
struct FromFile {
    /// The platform's own menu JSON, or - for standard input; with --config the account's `menu` when left out
    file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    account: AccountArgs,
}

pub(crate) async fn run(args: MenuArgs, screen: Screen) -> Result<(), Failure> {
    match args.action {
        Action::Get(args) => get(args, screen).await,
        Action::Plan(args) => plan(args, screen).await,
        Action::Apply(args) => apply(args, screen).await,
        Action::Delete(args) => delete(args, screen).await,
    }
}

async fn get(args: Plain, screen: Screen) -> Result<(), Failure> {
    let client = args.account.connect(screen).await?.client;
    match current(&client, screen).await? {
        Some(answer) if args.json => screen.json(&answer),
        Some(answer) => screen.json(&tree::bare(&answer)),
        None => Err(Failure::refused(screen.lang.pick(
            "The account has no menu made by the API; make one with `hongyan menu apply FILE`",
            "该账号没有通过接口创建的菜单；可用 `hongyan menu apply 文件` 创建",
        ))),
    }
}

async fn plan(args: FromFile, screen: Screen) -> Result<(), Failure> {
    let connection = args.account.connect(screen).await?;
    let wanted = read(args.file.as_deref(), &connection, screen)?;
    let had = current(&connection.client, screen).await?.unwrap_or_default();
    let changes = diff(&had, &wanted);
    if args.json {
        let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
        return screen.json(&json!({"same": lines.is_empty(), "changes": lines}));
    }
    for change in &changes {
        screen.data(&change.to_string())?;
    }
    if changes.is_empty() {
        screen.remark("nothing would change", "没有变化");
    }
    Ok(())
}

async fn apply(args: FromFile, screen: Screen) -> Result<(), Failure> {
    let connection = args.account.connect(screen).await?;
    let wanted = read(args.file.as_deref(), &connection, screen)?;
    connection.client.menu().create(&wanted).await.map_err(|error| refusal::failure(&error, screen.lang))?;
    let buttons = tree::leaves(&wanted);
    if args.json {
        return screen.json(&json!({"applied": true, "buttons": buttons}));
    }
    screen.note(&screen.lang.pick(
        format!("applied, {buttons} buttons; phones show it when the chat is opened and the last look was over 5 minutes ago"),
        format!("菜单已生效，共 {buttons} 个按钮；手机距上次刷新超过 5 分钟后，进入会话时会看到新菜单"),
    ));
    Ok(())
}

async fn delete(args: Plain, screen: Screen) -> Result<(), Failure> {
    let client = args.account.connect(screen).await?.client;
    client.menu().delete().await.map_err(|error| refusal::failure(&error, screen.lang))?;
    if args.json {
        return screen.json(&json!({"deleted": true}));
    }
    screen.remark("deleted", "菜单已删除");
    Ok(())
}

/// The platform's answer; nothing where the account has no menu.
async fn current(client: &Client, screen: Screen) -> Result<Option<Value>, Failure> {
    match client.send::<Value>(Call::get("/cgi-bin/menu/get").safe()).await {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Refused(refusal)) if refusal.code == NO_MENU => Ok(None),
        Err(error) => Err(refusal::failure(&error, screen.lang)),
    }
}

/// The file's menu without the wrapping that `menu get` answers with, within the platform's limits.
fn read(file: Option<&Path>, connection: &Connection, screen: Screen) -> Result<Value, Failure> {
    let configured = connection.source.account().and_then(|account| account.menu.clone());
    let Some(file) = file.map(Path::to_owned).or(configured) else {
        return Err(Failure::usage(screen.lang.pick(
            "Name the menu's file; only with --config and `menu` in it can it be left out",
            "请指定菜单文件；只有在 --config 的配置里写了 `menu` 时才可省略",
        )));
    };
    let name = file.display().to_string();
    let menu = tree::bare(&input::json(&input::file_text(&name, screen)?, &name, screen)?);
    if menu["button"].as_array().is_none_or(Vec::is_empty) {
        return Err(Failure::Usage(screen.lang.pick(
            format!("{name} has no \"button\" list with at least one button"),
            format!("{name} 中没有 \"button\" 列表，或列表为空"),
        )));
    }
    // The typed menu knows the limits; what it does not know goes to the platform as it stands.
    if let Ok(typed) = serde_json::from_value::<NewMenu>(menu.clone()) {
        typed.check().map_err(|error| refusal::failure(&error, screen.lang))?;
    }
    Ok(menu)
}
