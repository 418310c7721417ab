//! Asks the databases whether they understand the rules' queries, before the first message does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::matcher::capture_names;
use super::sql::Query;
use crate::config::{AccountConfig, ConfigError, FetchSource, Words};
use crate::db::{Db, DbError, Param};

/// How long a database may take; one that is away must not hold up the start.
const PATIENCE: Duration = Duration::from_secs(1);

/// Refuses queries that their database cannot parse; anything else a database says against one comes back as a
/// warning, for a table may still be made. Databases that are away are passed over.
pub(super) async fn queries(
    account: &AccountConfig,
    databases: &BTreeMap<String, Db>,
) -> Result<Vec<Words>, ConfigError> {
    let mut warnings = Vec::new();
    let mut away = BTreeSet::new();
    for rule in &account.rules {
        let names = capture_names(rule)?;
        for fetch in &rule.fetch {
            let FetchSource::Sql { sql, database, .. } = &fetch.source else { continue };
            let Some(db) = databases.get(database).filter(|_| !away.contains(database)) else { continue };
            let query =
                Query::read(sql, &names).map_err(|what| ConfigError::at(fetch.place.clone(), what))?;
            let error = match tokio::time::timeout(PATIENCE, explain(db, &query)).await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) if !error.is_away() => error,
                _ => {
                    away.insert(database);
                    continue;
                }
            };
            let (name, said) = (&rule.name, error.to_string());
            let what = Words::new(
                format!("rule {name}: database {database}: {said}"),
                format!("规则 {name}：数据库 {database}：{said}"),
            );
            if is_syntax(&said) {
                return Err(ConfigError::at(fetch.place.clone(), what));
            }
            warnings.push(what);
        }
    }
    Ok(warnings)
}

/// Has the database plan the query without running it.
async fn explain(db: &Db, query: &Query) -> Result<(), DbError> {
    let first = query.sql.split_whitespace().next().unwrap_or_default();
    // These cannot be planned.
    if ["CALL", "SHOW", "PRAGMA", "VALUES", "TABLE", "EXPLAIN"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word))
    {
        return Ok(());
    }
    let params = vec![Param::Null; query.count()];
    db.query(&format!("EXPLAIN {}", query.sql), &params).await.map(drop)
}

/// Whether SQLite or MySQL complains about the words themselves.
fn is_syntax(said: &str) -> bool {
    ["syntax", "incomplete input", "unrecognized token"].iter().any(|part| said.contains(part))
}
