//! `hongyan users`: whom the account can write to.

use clap::Args;
use hongyan_wire::{Clock, OpenId, SystemClock};
use serde_json::json;

use crate::{
    account::{AccountArgs, Connection, Source},
    failure::Failure,
    refusal,
    screen::Screen,
};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  hongyan users\n  hongyan users --recent --config hongyan.toml")]
pub(crate) struct UsersArgs {
    /// Who acted lately, newest first, from the gateway's store; works for an account that may not list its followers
    #[arg(long)]
    recent: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    account: AccountArgs,
}

pub(crate) async fn run(args: UsersArgs, screen: Screen) -> Result<(), Failure> {
    let recent = args.recent;
    if recent && !matches!(args.account.source(screen)?, Source::File { .. }) {
        return Err(Failure::usage(screen.lang.pick(
            "--recent reads the gateway's store: give the gateway's configuration with --config FILE",
            "--recent 读取网关的数据：请用 --config 指定网关的配置文件",
        )));
    }
    let connection = args.account.connect(screen).await?;
    if recent {
        list_recent(&args, &connection, screen).await
    } else {
        list_followers(&args, &connection, screen).await
    }
}

async fn list_recent(args: &UsersArgs, connection: &Connection, screen: Screen) -> Result<(), Failure> {
    let (Some(store), Source::File { name, .. }) = (&connection.store, &connection.source) else {
        return Ok(());
    };
    let users = store.recent_users(name, args.limit).await.map_err(Failure::refused)?;
    if args.json {
        let rows: Vec<_> = users
            .iter()
            .map(|user| json!({"openid": user.openid, "last_at_ms": user.last_at.millis(), "last_action": user.last_action}))
            .collect();
        return screen.json(&rows);
    }
    if users.is_empty() {
        screen.remark("Nobody has acted yet.", "还没有人发来消息。");
    }
    for user in users {
        let ago = SystemClock.now().saturating_since(user.last_at);
        let ago = humantime::format_duration(std::time::Duration::from_secs(ago.as_secs()));
        screen.data(&format!(
            "{}  {}  {}",
            user.openid,
            user.last_action,
            screen.lang.pick(format!("{ago} ago"), format!("{ago} 前"))
        ))?;
    }
    Ok(())
}

/// Follows the platform's pages of at most 10 000 OpenIDs.
async fn list_followers(args: &UsersArgs, connection: &Connection, screen: Screen) -> Result<(), Failure> {
    let mut openids: Vec<OpenId> = Vec::new();
    let mut after: Option<OpenId> = None;
    let total = loop {
        let page = connection
            .client
            .user()
            .list(after.as_ref())
            .await
            .map_err(|error| refusal::failure(&error, screen.lang))?;
        let got = page.data.openid.len();
        openids.extend(page.data.openid);
        let next = page.next_openid.filter(|next| !next.as_str().is_empty());
        if got == 0 || openids.len() >= args.limit || next.is_none() || next == after {
            break page.total;
        }
        after = next;
    };
    openids.truncate(args.limit);
    if args.json {
        return screen.json(&json!({"total": total, "openid": openids}));
    }
    if openids.is_empty() {
        screen.remark("The account has no followers.", "这个公众号还没有关注者。");
    }
    for openid in &openids {
        screen.data(openid.as_str())?;
    }
    if total > openids.len() as u64 {
        screen.note(&screen.lang.pick(
            format!("{} of {total}; more with --limit", openids.len()),
            format!("共 {total} 个，显示 {} 个；用 --limit 显示更多", openids.len()),
        ));
    }
    Ok(())
}
