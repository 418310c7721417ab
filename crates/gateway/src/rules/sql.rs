//! Queries of rules: `:name` becomes a bound value, never a part of the text.

use serde_json::Value;

use super::scope::Scope;
use super::template::SCOPE;
use crate::config::Words;
use crate::db::Param;

/// A query with `?` for every value, and where the values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) sql: String,
    names: Vec<String>,
}

impl Query {
    /// Reads a query; `known` are the captures it may use besides what is always in scope.
    pub(crate) fn read(source: &str, known: &[String]) -> Result<Query, Words> {
        if source.contains("{{") || source.contains("{%") {
            return Err(Words::new(
                "a query is not a template: write :name where a value goes, it is bound safely",
                "查询语句不是模板：请在需要值的地方写 :name，它会安全地绑定",
            ));
        }
        if source.trim().is_empty() {
            return Err(Words::new("the query is empty", "查询语句是空的"));
        }
        let query = placeholders(source)?;
        let in_scope = |name: &String| {
            let root = name.split('.').next().unwrap_or_default();
            SCOPE.contains(&root) || known.iter().any(|one| one == root)
        };
        if let Some(bad) = query.names.iter().find(|name| !in_scope(name)) {
            let known = SCOPE.iter().map(|name| (*name).to_owned()).chain(known.iter().cloned());
            let known = known.map(|name| format!(":{name}")).collect::<Vec<_>>().join(", ");
            return Err(Words::new(
                format!("nothing provides :{bad}; there is: {known}"),
                format!("没有 :{bad} 这个值；可用的有：{known}"),
            ));
        }
        Ok(query)
    }

    /// Whether it uses a name.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.names.iter().any(|one| one.split('.').next() == Some(name))
    }

    /// How many values it binds.
    pub(crate) fn count(&self) -> usize {
        self.names.len()
    }

    /// The values in the order of their placeholders; what is missing is NULL.
    pub(crate) fn params(&self, scope: &Scope) -> Vec<Param> {
        self.names.iter().map(|name| scope.get(name).map_or(Param::Null, param)).collect()
    }
}

fn param(value: &Value) -> Param {
    match value {
        Value::Null => Param::Null,
        Value::Bool(yes) => Param::Int(i64::from(*yes)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Param::Int(whole),
            None => number.as_f64().map_or(Param::Null, Param::Float),
        },
        Value::String(text) => Param::Text(text.clone()),
        other => Param::Text(other.to_string()),
    }
}

/// Turns `:name` into `?` everywhere but in quotes and comments. `::` is left alone.
fn placeholders(source: &str) -> Result<Query, Words> {
    let bytes = source.as_bytes();
    let mut sql = String::with_capacity(source.len());
    let mut names = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &source[at..];
        let skipped = quoted(rest).or_else(|| comment(rest));
        if let Some(length) = skipped {
            sql.push_str(&rest[..length]);
            at += length;
        } else if rest.starts_with("::") {
            sql.push_str("::");
            at += 2;
        } else if let Some(name) = rest.strip_prefix(':').and_then(name) {
            sql.push('?');
            names.push(name.to_owned());
            at += 1 + name.len();
        } else if rest.starts_with('?') {
            return Err(Words::new(
                "a query cannot have a bare ?: write :name where a value goes",
                "查询语句中不能直接写 ?：请在需要值的地方写 :name",
            ));
        } else {
            let length = rest.chars().next().map_or(1, char::len_utf8);
            sql.push_str(&rest[..length]);
            at += length;
        }
    }
    Ok(Query { sql, names })
}

/// The length of a quoted string or name at the start. A doubled quote stays inside.
fn quoted(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return Some(at + 1);
        }
    }
    Some(text.len())
}

fn comment(text: &str) -> Option<usize> {
    if text.starts_with("--") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.starts_with("/*").then(|| text.find("*/").map_or(text.len(), |end| end + 2))
}

/// The name at the start: letters, digits and underscores, with dots between parts.
fn name(text: &str) -> Option<&str> {
    let first = text.chars().next()?;
    if !first.is_ascii_alphabetic() && first != '_' {
        return None;
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(text.len());
    Some(text[..end].trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Query {
        let known: Vec<String> = ["singer", "n1"].map(str::to_owned).to_vec();
        Query::read(source, &known).expect("a good query")
    }

    #[test]
    fn names_become_question_marks_in_order() {
        let query = read("SELECT a FROM t WHERE b = :singer AND c=:message.Content AND d IN (:n1,:singer)");
        assert_eq!(query.sql, "SELECT a FROM t WHERE b = ? AND c=? AND d IN (?,?)");
        assert_eq!(query.names, ["singer", "message.Content", "n1", "singer"]);
    }

    #[test]
    fn quotes_comments_and_casts_are_left_alone() {
        for source in [
            "SELECT ':singer', \":singer\", `:singer`",
            "SELECT 'it''s :singer'",
            "SELECT 1 -- :singer ?",
            "SELECT 1 /* :singer ? */ + 2",
            "SELECT a::text",
            "SELECT '12:30'",
            "SELECT '歌 :singer'",
        ] {
            let query = read(source);
            assert_eq!((query.sql.as_str(), query.names.len()), (source, 0));
        }
        assert_eq!(read("SELECT 'a' || :singer || '歌'").sql, "SELECT 'a' || ? || '歌'");
    }

    #[test]
    fn what_cannot_be_bound_is_refused() {
        for (source, part) in [
            ("SELECT :singr", ":singr"),
            ("SELECT '{{ singer }}'", "not a template"),
            ("SELECT ?", "bare ?"),
            ("  ", "empty"),
        ] {
            let error = Query::read(source, &["singer".to_owned()]).expect_err(source);
            assert!(error.en.contains(part), "{}", error.en);
        }
    }
}
