//! What a rule asks before it replies: a database or a web service, within a time limit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;
use tokio::time::Instant;

use super::cache::{Cache, Question};
use super::http::{Failure, Http};
use super::rotate::{Rotation, RotationKey, RowId};
use super::scope::Scope;
use super::sql::Query;
use super::template::Engine;
use crate::config::{ConfigError, FetchConfig, FetchSource, Pick, Words};
use crate::db::{Db, Row};
use crate::forward::Breaker;

/// One fetch of a rule.
pub(crate) struct Fetch {
    source: Source,
    timeout: Duration,
    /// Whether the last try failed: an outage is logged when it begins and when it ends, not for every message.
    failing: AtomicBool,
    /// Leaves a web service alone that fails; a database has a gate of its own.
    breaker: Mutex<Breaker>,
}

enum Source {
    Sql { query: Query, database: String, pick: Pick, cache: Option<Cache<Arc<Vec<Row>>>> },
    Http(Box<Http>, Option<Cache<Value>>),
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
    /// What the log calls the push.
    pub(crate) exchange: &'a str,
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
                    cache: config.cache.map(Cache::new),
                }
            }
            FetchSource::Http(http) => {
                let http = Http::read(http, engine, names).map_err(at)?;
                Source::Http(Box::new(http), config.cache.map(Cache::new))
            }
        };
        Ok(Fetch {
            source,
            timeout: config.timeout,
            failing: AtomicBool::new(false),
            breaker: Mutex::default(),
        })
    }

    /// Whether it uses a name.
    pub(crate) fn uses(&self, name: &str) -> bool {
        match &self.source {
            Source::Sql { query, .. } => query.uses(name),
            Source::Http(http, _) => http.uses(name),
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
        // Whether somebody outside was asked, so that a remembered answer proves nothing.
        let asked = AtomicBool::new(false);
        let work = async {
            match &self.source {
                Source::Sql { query, database, pick, cache } => {
                    let found = rows(query, database, cache.as_ref(), outside, scope).await?;
                    picked(found, database, *pick, outside, asker).await
                }
                Source::Http(http, cache) => {
                    let request =
                        http.request(&outside.http, engine, scope).map_err(|why| unfit(http, why))?;
                    let question = cache.as_ref().map(|_| question(&request));
                    let kept = cache.as_ref().zip(question.as_ref());
                    if let Some(found) = kept.and_then(|(cache, key)| cache.get(key, Instant::now())) {
                        return Ok(found);
                    }
                    if !self.may() {
                        return Err(self.left_alone());
                    }
                    asked.store(true, Ordering::Relaxed);
                    let found = web(http, outside, request).await?;
                    if let Some((cache, question)) = cache.as_ref().zip(question) {
                        cache.put(question, found.clone(), Instant::now());
                    }
                    Ok(found)
                }
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
        if asked.load(Ordering::Relaxed) {
            self.breaker(|breaker| match &found {
                Err(Nothing::Failed(_)) => breaker.failed(Instant::now()),
                Ok(_) | Err(Nothing::Empty(_)) => breaker.succeeded(),
            });
        }
        self.log(&found, asker);
        found
    }

    /// Whether it may be asked now.
    fn may(&self) -> bool {
        self.breaker(|breaker| breaker.may(Instant::now()))
    }

    fn left_alone(&self) -> Nothing {
        let whom = self.whom();
        Nothing::Failed(Words::new(
            format!("{whom} failed several times in a row and is left alone for a while"),
            format!("{whom} 连续几次失败，暂时不再询问"),
        ))
    }

    fn breaker<T>(&self, work: impl FnOnce(&mut Breaker) -> T) -> T {
        work(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is asked, for messages.
    fn whom(&self) -> String {
        match &self.source {
            Source::Sql { database, .. } => format!("database {database}"),
            Source::Http(http, _) => http.host().to_owned(),
        }
    }

    fn log(&self, found: &Result<Value, Nothing>, asker: &Asker<'_>) {
        let Asker { account, rule, exchange, .. } = *asker;
        if let Err(Nothing::Failed(why)) = found {
            if !self.failing.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    account,
                    rule,
                    exchange,
                    why = why.en,
                    "a fetch fails; its rule answers with `otherwise` until it works again"
                );
            }
        } else if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!(account, rule, "the fetch works again");
        }
    }
}

fn database_failed(database: &str, why: &str) -> Nothing {
    Nothing::Failed(Words::new(format!("database {database}: {why}"), format!("数据库 {database}：{why}")))
}

/// The rows of a query, perhaps those that somebody asked for a moment ago.
async fn rows(
    query: &Query,
    database: &str,
    cache: Option<&Cache<Arc<Vec<Row>>>>,
    outside: &Outside,
    scope: &Scope,
) -> Result<Arc<Vec<Row>>, Nothing> {
    let params = query.params(scope);
    let question = cache.map(|_| Question::of([format!("{params:?}").as_bytes()]));
    let kept = cache.zip(question.as_ref());
    if let Some(found) = kept.and_then(|(cache, question)| cache.get(question, Instant::now())) {
        return Ok(found);
    }
    let failed = |why: &str| database_failed(database, why);
    let db = outside.databases.get(database).ok_or_else(|| failed("not connected"))?;
    let rows = db.query(&query.sql, &params).await.map_err(|error| failed(&error.to_string()))?;
    if rows.is_empty() {
        return Err(Nothing::Empty(Words::new("the query gave no row", "查询没有结果")));
    }
    let rows = Arc::new(rows);
    if let Some((cache, question)) = cache.zip(question) {
        cache.put(question, Arc::clone(&rows), Instant::now());
    }
    Ok(rows)
}

/// What of the rows is this user's turn.
async fn picked(
    rows: Arc<Vec<Row>>,
    database: &str,
    pick: Pick,
    outside: &Outside,
    asker: &Asker<'_>,
) -> Result<Value, Nothing> {
    let index = match pick {
        Pick::All => {
            let rows = Arc::unwrap_or_clone(rows);
            return Ok(Value::Array(rows.into_iter().map(Value::Object).collect()));
        }
        Pick::First => 0,
        Pick::Rotate => {
            let ids: Vec<RowId> = rows.iter().map(RowId::of).collect();
            let key = RotationKey { account: asker.account, rule: asker.rule, user: asker.user };
            let next = outside.rotation.next(key, &ids).await;
            next.map_err(|error| database_failed(database, &error.to_string()))?.unwrap_or(0)
        }
    };
    Ok(rows.get(index).or_else(|| rows.first()).cloned().map_or(Value::Null, Value::Object))
}

/// What is asked of a web service.
fn question(request: &reqwest::Request) -> Question {
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    let head = [request.method().as_str().as_bytes(), request.url().as_str().as_bytes(), body];
    let headers =
        request.headers().iter().flat_map(|(name, value)| [name.as_str().as_bytes(), value.as_bytes()]);
    Question::of(head.into_iter().chain(headers))
}

/// Why a web service gave nothing.
fn unfit(http: &Http, failure: Failure) -> Nothing {
    let host = http.host();
    let failed = |en: String, zh: String| Nothing::Failed(Words::new(en, zh));
    match failure {
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
    }
}

async fn web(http: &Http, outside: &Outside, request: reqwest::Request) -> Result<Value, Nothing> {
    let host = http.host();
    let value = http.call(&outside.http, request).await.map_err(|failure| unfit(http, failure))?;
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
