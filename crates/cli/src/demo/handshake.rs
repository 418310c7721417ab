//! Waits until the sandbox has verified the callback and everybody sees the menu.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{failure::Failure, screen::Screen};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn wait(sandbox: &str, patience: Duration, screen: Screen) -> Result<(), Failure> {
    let client = reqwest::Client::new();
    let start = Instant::now();
    let (mut verified, mut menu) = (false, false);
    while start.elapsed() < patience {
        verified = verified || is_verified(&client, sandbox).await.unwrap_or(false);
        menu = menu || has_menu(&client, sandbox).await.unwrap_or(false);
        if verified && menu {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    let missing = if verified {
        screen.lang.pick("the menu is not there", "菜单没有创建成功")
    } else {
        screen.lang.pick("the callback's handshake has not succeeded", "回调地址的握手没有成功")
    };
    let seconds = patience.as_secs();
    Err(Failure::Refused(screen.lang.pick(
        format!(
            "The demo is not wired after {seconds} s: {missing}; HONGYAN_LOG=debug hongyan demo shows why"
        ),
        format!("{seconds} 秒后演示仍未就绪：{missing}；运行 HONGYAN_LOG=debug hongyan demo 查看原因"),
    )))
}

async fn is_verified(client: &reqwest::Client, sandbox: &str) -> Option<bool> {
    let accounts = get(client, &format!("{sandbox}/_sandbox/accounts")).await?;
    Some(accounts[0]["handshake"] == "ok")
}

/// The gateway has made the menu, and the platform found nothing wrong with it.
async fn has_menu(client: &reqwest::Client, sandbox: &str) -> Option<bool> {
    let calls = get(client, &format!("{sandbox}/_sandbox/exchanges?kind=/cgi-bin/menu/create")).await?;
    let good = |call: &Value| call["findings"].as_array().is_some_and(Vec::is_empty);
    Some(calls.as_array()?.iter().any(good))
}

async fn get(client: &reqwest::Client, url: &str) -> Option<Value> {
    client.get(url).send().await.ok()?.json().await.ok()
}
