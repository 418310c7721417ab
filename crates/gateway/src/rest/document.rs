//! `/openapi.json`: the API described for programs, written by hand and served as it stands.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;

use super::{Answer, Api};

/// The document.
const DOCUMENT: &str = include_str!("openapi.json");

pub(super) async fn openapi(State(api): State<Api>, headers: HeaderMap) -> Answer {
    api.guard.check_open(&headers)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], DOCUMENT).into_response())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    const PREFIX: &str = "/api/v1/accounts/{account}";

    fn document() -> Value {
        serde_json::from_str(DOCUMENT).unwrap()
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let routes = super::super::account_routes();
        let declared: BTreeSet<(String, String)> = routes
            .declared()
            .iter()
            .map(|(method, path)| ((*method).to_owned(), path.replace("{*", "{")))
            .collect();
        let document = document();
        let mut described = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            let Some(path) = path.strip_prefix(PREFIX) else { continue };
            for method in methods.as_object().unwrap().keys().filter(|key| *key != "parameters") {
                described.insert((method.clone(), path.to_owned()));
            }
        }
        let missing: Vec<_> = declared.difference(&described).collect();
        let surplus: Vec<_> = described.difference(&declared).collect();
        assert!(missing.is_empty(), "not in rest/openapi.json: {missing:?}");
        assert!(surplus.is_empty(), "in rest/openapi.json and nowhere else: {surplus:?}");
    }

    #[test]
    fn every_name_that_is_referred_to_is_there() {
        fn look(value: &Value, document: &Value) {
            if let Some(name) = value.get("$ref").and_then(Value::as_str) {
                let pointer = name.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{name}");
            }
            match value {
                Value::Object(map) => map.values().for_each(|value| look(value, document)),
                Value::Array(list) => list.iter().for_each(|value| look(value, document)),
                _ => {}
            }
        }
        let document = document();
        look(&document, &document);
    }

    #[test]
    fn every_operation_says_its_scope_and_it_is_one_that_keys_can_have() {
        let known = ["messages", "menu", "qrcodes", "users", "conversations", "media", "token", "proxy"];
        for (path, methods) in document()["paths"].as_object().unwrap() {
            for (method, operation) in
                methods.as_object().unwrap().iter().filter(|(key, _)| *key != "parameters")
            {
                let scope = operation["x-scope"].as_str();
                assert_eq!(scope.is_some(), path.starts_with(PREFIX), "{method} {path}");
                assert!(scope.is_none_or(|scope| known.contains(&scope)), "{method} {path}: {scope:?}");
                assert!(operation["summary"].is_string(), "{method} {path}");
            }
        }
    }
}
