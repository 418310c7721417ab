//! What the gateway keeps its data in, and the token that is kept there: can both be used?

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hongyan::{Call, Error, StoredToken, TokenStore};
use hongyan_gateway::{Config, Db, Param};
use hongyan_wire::{AppId, Class, Clock, Lang, Secret, SystemClock, Timestamp};
use serde_json::Value;

use super::{Patient, report::Report};
use crate::failure::Failure;

/// The gateway's database, without changing anything in it; the connection when it answers.
pub(super) async fn database(config: &Config, report: &mut Report) -> Result<Option<Db>, Failure> {
    if let Some(file) = missing_file(&config.data) {
        let folder = file.parent().unwrap_or(Path::new("."));
        let shown = file.display();
        if folder.is_dir() {
            report.ok(
                "database",
                &format!("{shown} is not there yet; `hongyan serve` makes it"),
                &format!("{shown} 还不存在；`hongyan serve` 启动时会创建"),
            )?;
        } else {
            report.fail(
                "database",
                &format!("there is no folder {} for the file in `data`", folder.display()),
                &format!("`data` 中文件所在的文件夹 {} 不存在", folder.display()),
                (
                    "make the folder, or write another path in `data`",
                    "请先建好文件夹，或在 `data` 中换一个路径",
                ),
            )?;
        }
        return Ok(None);
    }
    let opened = match Db::connect_lazy(&config.data) {
        Ok(db) => db.query("SELECT 1", &[]).await.map(|_| db),
        Err(error) => Err(error),
    };
    match opened {
        Ok(db) => {
            report.ok("database", "answers", "可以使用")?;
            Ok(Some(db))
        }
        Err(error) => {
            report.fail(
                "database",
                &error.text(Lang::En),
                &error.text(Lang::Zh),
                (
                    "start the database, or put address, user and password in `data` right",
                    "请启动数据库，或改正 `data` 中的地址、用户名和密码",
                ),
            )?;
            Ok(None)
        }
    }
}

/// The file of a SQLite address, if it does not exist.
fn missing_file(data: &str) -> Option<PathBuf> {
    let rest = data.strip_prefix("sqlite://").or_else(|| data.strip_prefix("sqlite:"))?;
    let file = PathBuf::from(rest.split('?').next().unwrap_or(rest));
    (!file.exists()).then_some(file)
}

/// The Redis that several gateways share.
pub(super) async fn redis(config: &Config, report: &mut Report) -> Result<(), Failure> {
    let Some(address) = &config.redis else { return Ok(()) };
    match hongyan_gateway::redis_answers(address).await {
        Ok(()) => report.ok("redis", "answers", "可以使用"),
        Err(error) => report.fail(
            "redis",
            &format!("does not answer: {error}"),
            &format!("没有应答：{error}"),
            (
                "start it, or put the address in `redis` right; without it each gateway recognises repeated pushes by itself",
                "请启动它，或改正 `redis` 中的地址；没有它时，各网关只能各自识别重复推送",
            ),
        ),
    }
}

/// The token that the gateway has in its database.
pub(super) async fn kept_in(db: &Db, app: &AppId) -> Option<StoredToken> {
    let sql = "SELECT token, expires_at, token_fence FROM tokens WHERE app_id = ?";
    // A database that has never been used has no such table.
    let rows = db.query(sql, &[Param::from(app.as_str())]).await.ok()?;
    let row = rows.first()?;
    let token = row.get("token")?.as_str().filter(|token| !token.is_empty())?;
    let expires_at = Timestamp(row.get("expires_at")?.as_i64()?);
    Some(StoredToken { token: Secret::new(token), expires_at, fence: 0 })
}

/// The token that these commands have in their cache.
pub(super) async fn kept_by(store: Option<Arc<dyn TokenStore>>, app: &AppId) -> Option<StoredToken> {
    store?.load(app).await.ok().flatten()
}

/// Tries a kept token whose time is not over. Refused, it has been replaced by somebody else.
///
/// To be asked before a token is fetched: what is fetched here must not be what replaces it.
pub(super) async fn foreign(
    kept: Option<StoredToken>,
    patient: &Patient,
    report: &mut Report,
) -> Result<(), Failure> {
    let Some(kept) = kept else { return Ok(()) };
    let left = kept.expires_at.saturating_since(SystemClock.now());
    if left < Duration::from_mins(1) {
        return Ok(());
    }
    let minutes = left.as_secs() / 60;
    let call =
        Call::get("/cgi-bin/get_api_domain_ip").no_token().query("access_token", kept.token.expose()).safe();
    let refusal = match patient.client.send::<Value>(call).await {
        Ok(_) => {
            return report.ok(
                "kept token",
                &format!("still taken by the platform, {minutes} more minutes: nobody else replaces it"),
                &format!("平台仍然接受，还有 {minutes} 分钟有效：没有别的程序替换它"),
            );
        }
        Err(Error::Refused(refusal)) if refusal.class() == Class::Token => refusal,
        // Anything else says nothing about the token, and is found by the checks that follow.
        Err(_) => return Ok(()),
    };
    let code = refusal.code.0;
    let fix = if patient.classic {
        (
            "write token_endpoint = \"stable\" in the account's section, or let the other program take its token here: GET /api/v1/accounts/ACCOUNT/token (or /platform/ACCOUNT with an API key)",
            "请在账号配置中写 token_endpoint = \"stable\"，或让另一个程序从这里取 token：GET /api/v1/accounts/账号/token（或用 API 密钥访问 /platform/账号）",
        )
    } else {
        (
            "find the program that calls stable_token with force_refresh, or who reset the AppSecret (微信开发者平台 → 公众号 → 基础信息); let it take its token here: GET /api/v1/accounts/ACCOUNT/token (or /platform/ACCOUNT with an API key)",
            "请找出用 force_refresh 调用 stable_token 的程序，或谁重置了 AppSecret（微信开发者平台 → 公众号 → 基础信息）；并让它从这里取 token：GET /api/v1/accounts/账号/token（或用 API 密钥访问 /platform/账号）",
        )
    };
    report.fail(
        "kept token",
        &format!("refused ({code}) though it is good for {minutes} more minutes: another program refreshes the account's token"),
        &format!("距到期还有 {minutes} 分钟却被拒绝（{code}）：有别的程序在刷新这个账号的 token"),
        fix,
    )
}
