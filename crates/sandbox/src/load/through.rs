//! Load through a running sandbox: its people act, its machine pushes, its record says what came of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::mix::Action;
use super::plan::Arrival;
use super::run::LoadOptions;
use super::sample::{End, Sample};
use super::target::LoadError;

/// How many people are made at once.
const AT_ONCE: usize = 32;

/// A running sandbox and the people who act on it.
pub(crate) struct Through {
    http: reqwest::Client,
    url: String,
    openids: Vec<String>,
    texts: Vec<String>,
    keys: Vec<String>,
    tickets: Vec<String>,
    turn: AtomicU64,
}

impl Through {
    /// Makes the people, who all follow, and looks what there is to tap and to scan.
    pub(crate) async fn prepare(url: &str, options: &LoadOptions) -> Result<Self, LoadError> {
        let http = reqwest::Client::builder().no_proxy().build();
        let mut through = Through {
            http: http.map_err(|error| LoadError::Client(error.to_string()))?,
            url: url.trim_end_matches('/').to_owned(),
            openids: Vec::new(),
            texts: options.texts.clone(),
            keys: Vec::new(),
            tickets: Vec::new(),
            turn: AtomicU64::new(0),
        };
        through.openids = stream::iter(0..options.plan.people)
            .map(|number| through.person(number))
            .buffered(AT_ONCE)
            .collect::<Vec<_>>()
            .await
            .into_iter()
            .collect::<Result<_, _>>()?;
        if let Some(openid) = through.openids.first() {
            let menu = through.get(&format!("users/{openid}/menu")).await?;
            click_keys(&menu, &mut through.keys);
        }
        if through.keys.is_empty() {
            through.keys.clone_from(&options.keys);
        }
        let codes = through.get("qrcodes").await?;
        let codes = codes.as_array().map(Vec::as_slice).unwrap_or_default();
        let live = codes.iter().filter(|code| code["expired"] != true);
        through.tickets = live.filter_map(|code| code["ticket"].as_str().map(str::to_owned)).collect();
        Ok(through)
    }

    async fn person(&self, number: usize) -> Result<String, LoadError> {
        let made = self.post("users", json!({ "nickname": format!("load {number}") })).await?;
        let openid = made["openid"].as_str().ok_or_else(|| self.bad(&made))?.to_owned();
        self.post(&format!("users/{openid}/follow"), json!({})).await?;
        Ok(openid)
    }

    /// Carries one arrival out to its end.
    pub(crate) async fn act(&self, arrival: Arrival) -> Sample {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) as usize;
        let openid = &self.openids[arrival.person];
        let event = |name: &str, key: &str| {
            let fields = json!({"MsgType": "event", "Event": name, "EventKey": key});
            ("push".to_owned(), json!({"openid": openid, "fields": fields, "tries": 3}))
        };
        let of = |verb: &str, body| (format!("users/{openid}/{verb}"), body);
        let key = self.keys[turn % self.keys.len()].as_str();
        let (path, body) = match arrival.action {
            Action::Text => {
                let text = self.texts[turn % self.texts.len()].replace("{n}", &turn.to_string());
                of("say", json!({ "text": text }))
            }
            Action::Click => event("CLICK", key),
            Action::View => event("VIEW", "https://example.com/"),
            Action::Scan if self.tickets.is_empty() => event("SCAN", "load"),
            Action::Scan => of("scan", json!({ "ticket": self.tickets[turn % self.tickets.len()] })),
            Action::Location => of("locate", json!({"latitude": 31.2304, "longitude": 121.4737})),
            Action::Follow => of("follow", json!({})),
            Action::Unfollow => of("unfollow", json!({})),
        };
        match self.post(&path, body).await {
            Ok(exchange) => Sample::of_exchange(arrival.action, &exchange),
            // Somebody who has unfollowed cannot write: there is nothing to push.
            Err(LoadError::Sandbox { why, .. }) if why.contains("does not follow") => {
                Sample::new(arrival.action, End::NotPushed)
            }
            Err(_) => Sample::new(arrival.action, End::Broken),
        }
    }

    /// Adds the refusals of the back end's own calls since the exchange `after`; gives the last exchange seen.
    pub(crate) async fn errcodes(&self, after: u64, counts: &mut BTreeMap<String, u64>) -> u64 {
        let path = format!("exchanges?direction=api&after={after}");
        let Ok(Value::Array(exchanges)) = self.get(&path).await else { return after };
        for exchange in &exchanges {
            let findings = exchange["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
            let codes = findings.iter().filter_map(|finding| finding["code"].as_str());
            for code in codes.filter_map(|code| code.strip_prefix("errcode:")) {
                *counts.entry(code.to_owned()).or_default() += 1;
            }
        }
        exchanges.last().and_then(|exchange| exchange["id"].as_u64()).unwrap_or(after)
    }

    /// The last exchange there is.
    pub(crate) async fn last_exchange(&self) -> u64 {
        let list = self.get("exchanges?direction=api").await.unwrap_or_default();
        list.as_array().and_then(|list| list.last()?["id"].as_u64()).unwrap_or(0)
    }

    async fn get(&self, path: &str) -> Result<Value, LoadError> {
        let request = self.http.get(format!("{}/_sandbox/{path}", self.url)).timeout(Duration::from_secs(10));
        self.answer(request).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, LoadError> {
        self.answer(self.http.post(format!("{}/_sandbox/{path}", self.url)).json(&body)).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value, LoadError> {
        let failed = |why: String| LoadError::Sandbox { url: self.url.clone(), why };
        let answer = request.send().await.map_err(|error| failed(error.without_url().to_string()))?;
        let status = answer.status();
        let body: Value = answer
            .json()
            .await
            .map_err(|_| failed(format!("HTTP status {status}, and the answer is no JSON")))?;
        if status.is_success() { Ok(body) } else { Err(self.bad(&body)) }
    }

    fn bad(&self, body: &Value) -> LoadError {
        let why = body["error"].as_str().unwrap_or("an answer that is not the control API's").to_owned();
        LoadError::Sandbox { url: self.url.clone(), why }
    }
}

/// The keys of all buttons of type `click`.
fn click_keys(menu: &Value, keys: &mut Vec<String>) {
    for list in [&menu["button"], &menu["sub_button"]] {
        for button in list.as_array().into_iter().flatten() {
            if button["type"] == "click" {
                keys.extend(button["key"].as_str().map(str::to_owned));
            }
            click_keys(button, keys);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn click_keys_are_found_on_both_levels() {
        let menu = json!({"button": [
            {"type": "click", "name": "a", "key": "A"},
            {"name": "b", "sub_button": [
                {"type": "view", "name": "c", "url": "https://example.com/"},
                {"type": "click", "name": "d", "key": "D"},
            ]},
        ]});
        let mut keys = Vec::new();
        click_keys(&menu, &mut keys);
        assert_eq!(keys, ["A", "D"]);
    }
}
