//! The served document against the running gateway.

use reqwest::Method;
use serde_json::{Value, json};

use crate::rest_stage::{MAIN, ask, on_sqlite, read};
use crate::stage::Stage;

/// What in `value` is not as `schema` says; empty when all is.
fn differences(schema: &Value, value: &Value, document: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let named = document.pointer(name.trim_start_matches('#')).unwrap();
        return differences(named, value, document, at);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = choices.iter().any(|choice| differences(choice, value, document, at).is_empty());
        return if fits { Vec::new() } else { vec![format!("{at}: none of the choices fits {value}")] };
    }
    let mut found = Vec::new();
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{at}: a type of {other} is not known here"),
    };
    if !types.is_empty() && !types.iter().any(|kind| is(kind)) {
        found.push(format!("{at}: {value} is not of {types:?}"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        found.push(format!("{at}: {value} is not among {allowed:?}"));
    }
    if let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                found.push(format!("{at}: {name} is missing in {value}"));
            }
        }
        for (name, value) in fields {
            if let Some(schema) = properties.get(name) {
                found.extend(differences(schema, value, document, &format!("{at}.{name}")));
            }
        }
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(differences(&schema["items"], value, document, &format!("{at}[{index}]")));
    }
    found
}

async fn document(stage: &Stage) -> Value {
    let (status, document) = stage.api(Method::GET, "/openapi.json", None).await;
    assert_eq!(status, 200);
    document
}

/// The schema of an operation's good answer.
fn answer<'a>(document: &'a Value, method: &str, path: &str) -> &'a Value {
    let operation = &document["paths"][format!("/api/v1/accounts/{{account}}{path}")][method];
    let (_, good) = operation["responses"].as_object().unwrap().iter().next().unwrap();
    &good["content"]["application/json"]["schema"]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_are_as_the_document_says() {
    let stage = Stage::new("").await;
    let document = document(&stage).await;
    let mut checked = 0;
    let mut look = vec![&document];
    while let Some(value) = look.pop() {
        if let (Some(example), Some(schema)) = (value.get("example"), value.get("schema")) {
            let found = differences(schema, example, &document, "example");
            assert!(found.is_empty(), "{found:#?} in {value}");
            checked += 1;
        }
        match value {
            Value::Object(map) => look.extend(map.values()),
            Value::Array(list) => look.extend(list),
            _ => {}
        }
    }
    assert!(checked > 30, "{checked}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_takes_the_examples_and_answers_as_the_document_says() {
    let stage = on_sqlite("history = \"1d\"").await;
    let person = stage.follower("小明").await;
    person.say("hi").await;
    let document = document(&stage).await;
    let mut code = Value::Null;
    for (method, path) in [
        ("post", "/messages"),
        ("put", "/menu"),
        ("post", "/menu/plan"),
        ("post", "/qrcodes"),
        ("post", "/users/{openid}/window"),
        ("put", "/users/{openid}/remark"),
    ] {
        let operation = &document["paths"][format!("/api/v1/accounts/{{account}}{path}")][method];
        let mut example = operation["requestBody"]["content"]["application/json"]["example"].clone();
        if example.get("touser").is_some() {
            example["touser"] = json!(person.openid);
        }
        let address = format!("{MAIN}{}", path.replace("{openid}", &person.openid));
        let sent = stage.api(method.to_uppercase().parse().unwrap(), &address, Some(example)).await;
        assert!((200..300).contains(&sent.0), "{method} {path}: {}", sent.1);
        let found = differences(answer(&document, method, path), &sent.1, &document, path);
        assert!(found.is_empty(), "{method}: {found:#?}");
        if path == "/qrcodes" {
            code = sent.1;
        }
    }
    person.act("scan", json!({"ticket": code["ticket"]})).await;
    for path in [
        "/menu",
        "/qrcodes",
        "/qrcodes/{id}",
        "/qrcodes/{id}/scans",
        "/qrcodes/{id}/days",
        "/scans",
        "/scans/days",
        "/users",
        "/users/{openid}",
        "/users/{openid}/window",
        "/conversations",
        "/conversations/{openid}",
        "/token",
    ] {
        let id = code["id"].as_str().unwrap();
        let got = stage.get(&path.replace("{openid}", &person.openid).replace("{id}", id)).await;
        let found = differences(answer(&document, "get", path), &got, &document, path);
        assert!(found.is_empty(), "{found:#?}");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_described_outside_the_accounts_is_served() {
    let stage = Stage::new("").await;
    let document = document(&stage).await;
    for path in document["paths"].as_object().unwrap().keys().filter(|path| !path.starts_with("/api/")) {
        let address = path.replace("{account}", "main").replace("{id}", "x");
        let (_, answer) = read(ask(stage.running(), Method::GET, &address, &[], None).await).await;
        assert_ne!(answer["detail"], "there is nothing at this address", "{path}");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_needs_a_key_unless_the_caller_is_on_this_machine() {
    let stage = on_sqlite("[[api_keys]]\nname = \"ops\"\nkey = \"k-1\"\nscopes = [\"menu\"]").await;
    let get = async |headers: &[(&str, &str)]| {
        ask(stage.running(), Method::GET, "/openapi.json", headers, None).await.status().as_u16()
    };
    assert_eq!(get(&[]).await, 200);
    let outside = ("host", "gateway.example");
    assert_eq!(get(&[outside]).await, 401);
    assert_eq!(get(&[outside, ("authorization", "Bearer k-1")]).await, 200);
    stage.end().await;
}
