//! What a rule asks before it replies: a database or a web service, within a time limit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;

use super::http::{Failure, Http};
use super::rotate::{Rotation, RotationKey, RowId};
use super::scope::Scope;
use super::sql::Query;
use super::template::Engine;
use crate::config::{ConfigError, FetchConfig, FetchSource, Pick, Words};
use crate::db::Db;

/// One fetch of a rule.
pub(crate) struct Fetch {
    source: Source,
    timeout: Duration,
    /// Whether the last try failed: an outage is logged when it begins and when it ends, not for every message.
    failing: AtomicBool,
}

enum Source {
    Sql { query: Query, database: String, pick: Pick },
    Http(Box<Http>),
}

/// What fetches reach outside with.
#[derive(Clone)]
pub(crate) struct Outside {
    pub(crate) databases: BTreeMap<String, Db>,
    pub(crate) http: Client,
    pub(crate) rotation: Arc<dyn Rotation>,
}

/// Whose fetch it is.
pub(crate) struct Asker<'a> {
    pub(crate) account: &'a str,
    pub(crate) rule: &'a str,
    pub(crate) user: &'a str,
}

/// A fetch gave nothing to answer with.
#[derive(Clone, Debug)]
pub(crate) enum Nothing {
    /// It worked and found nothing.
    Empty(Words),
    /// It did not work.
    Failed(Words),
}

impl Fetch {
    /// Reads a fetch; `databases` are the names it may use.
    pub(crate) fn read(
        config: &FetchConfig,
        engine: &mut Engine,
        names: &[String],
        databases: &[&str],
    ) -> Result<Fetch, ConfigError> {
        let at = |what: Words| ConfigError::at(config.place.clone(), what);
        let source = match &config.source {
            FetchSource::Sql { sql, database, pick } => {
                if !databases.contains(&database.as_str()) {
                    let known = databases.join(", ");
                    let what = Words::new(
                        format!("there is no database \"{database}\" in [databases]"),
                        format!("[databases] 中没有数据库 \"{database}\""),
                    );
                    return Err(at(what).hint(match databases {
                        [] => Words::new(
                            format!("add it: [databases] {database} = \"sqlite://FILE\""),
                            format!("请添加：[databases] {database} = \"sqlite://文件\""),
                        ),
                        _ => Words::new(format!("there is: {known}"), format!("已有：{known}")),
                    }));
                }
                Source::Sql {
                    query: Query::read(sql, names).map_err(at)?,
                    database: database.clone(),
                    pick: *pick,
                }
            }
            FetchSource::Http(http) => Source::Http(Box::new(Http::read(http, engine, names).map_err(at)?)),
        };
        Ok(Fetch { source, timeout: config.timeout, failing: AtomicBool::new(false) })
    }

    /// Whether it uses a name.
    pub(crate) fn uses(&self, name: &str) -> bool {
        match &self.source {
            Source::Sql { query, .. } => query.uses(name),
            Source::Http(http) => http.uses(name),
        }
    }

    /// The value, or why there is none.
    pub(crate) async fn run(
        &self,
        outside: &Outside,
        engine: &Engine,
        scope: &Scope,
        asker: &Asker<'_>,
    ) -> Result<Value, Nothing> {
        let work = async {
            match &self.source {
                Source::Sql { query, database, pick } => {
                    sql(query, database, *pick, outside, scope, asker).await
                }
                Source::Http(http) => web(http, outside, engine, scope).await,
            }
        };
        let found = tokio::time::timeout(self.timeout, work).await.unwrap_or_else(|_| {
            let millis = self.timeout.as_millis();
            let whom = self.whom();
            Err(Nothing::Failed(Words::new(
                format!("{whom} did not answer within {millis} ms"),
                format!("{whom} 在 {millis} 毫秒内没有回答"),
            )))
        });
        self.log(&found, asker);
        found
    }

    /// What is asked, for messages.
    fn whom(&self) -> String {
        match &self.source {
            Source::Sql { database, .. } => format!("database {database}"),
            Source::Http(http) => http.host().to_owned(),
        }
    }

    fn log(&self, found: &Result<Value, Nothing>, asker: &Asker<'_>) {
        let (account, rule) = (asker.account, asker.rule);
        if let Err(Nothing::Failed(why)) = found {
            if !self.failing.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    account,
                    rule,
                    why = why.en,
                    "a fetch fails; its rule answers with `otherwise` until it works again"
                );
            }
        } else if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!(account, rule, "the fetch works again");
        }
    }
}

async fn sql(
    query: &Query,
    database: &str,
    pick: Pick,
    outside: &Outside,
    scope: &Scope,
    asker: &Asker<'_>,
) -> Result<Value, Nothing> {
    let failed = |why: String| {
        Nothing::Failed(Words::new(
            format!("database {database}: {why}"),
            format!("数据库 {database}：{why}"),
        ))
    };
    let db = outside.databases.get(database).ok_or_else(|| failed("not connected".to_owned()))?;
    let mut rows =
        db.query(&query.sql, &query.params(scope)).await.map_err(|error| failed(error.to_string()))?;
    if rows.is_empty() {
        return Err(Nothing::Empty(Words::new("the query gave no row", "查询没有结果")));
    }
    let index = match pick {
        Pick::All => return Ok(Value::Array(rows.into_iter().map(Value::Object).collect())),
        Pick::First => 0,
        Pick::Rotate => {
            let ids: Vec<RowId> = rows.iter().map(RowId::of).collect();
            let key = RotationKey { account: asker.account, rule: asker.rule, user: asker.user };
            let next = outside.rotation.next(key, &ids).await;
            next.map_err(|error| failed(error.to_string()))?.filter(|index| *index < rows.len()).unwrap_or(0)
        }
    };
    Ok(Value::Object(rows.swap_remove(index)))
}

async fn web(http: &Http, outside: &Outside, engine: &Engine, scope: &Scope) -> Result<Value, Nothing> {
    let host = http.host();
    let failed = |en: String, zh: String| Nothing::Failed(Words::new(en, zh));
    let value = http.call(&outside.http, engine, scope).await.map_err(|failure| match failure {
        Failure::Away(why) => failed(format!("{host}: {why}"), format!("{host}：{why}")),
        Failure::Refused(status @ (400..500)) => Nothing::Empty(Words::new(
            format!("{host} answered with status {status}"),
            format!("{host} 返回状态码 {status}"),
        )),
        Failure::Refused(status) => {
            failed(format!("{host} answered with status {status}"), format!("{host} 返回状态码 {status}"))
        }
        Failure::Unusable(why) => failed(
            format!("{host} gave an answer we cannot use: {}", why.en),
            format!("{host} 的回答无法使用：{}", why.zh),
        ),
        Failure::Value(why) => Nothing::Empty(why),
    })?;
    let empty = match &value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    };
    if empty {
        return Err(Nothing::Empty(Words::new(
            format!("{host} answered with nothing"),
            format!("{host} 的回答为空"),
        )));
    }
    Ok(value)
}
