//! What an action or a call changed: windows, following, tags, daily counter and tokens, before and after.

use serde_json::{Map, Value, json};

use crate::world::World;

/// The part of the world an exchange may change, small enough to be kept with it.
pub(crate) fn of(world: &mut World, at: usize, user: Option<&str>, path: Option<&str>, now_ms: i64) -> Value {
    let account = &mut world.accounts[at];
    let mut state = json!({});
    if let Some(follower) = user.and_then(|openid| account.follower(openid)) {
        state["following"] = json!(follower.following);
        state["windows"] = follower.windows(now_ms);
        state["tags"] = json!(follower.tags);
        state["remark"] = json!(follower.remark);
    }
    if let Some(path) = path {
        let used = account.quota.used(path, now_ms);
        let mut quota = Map::new();
        quota.insert(path.to_owned(), json!(used));
        state["quota"] = Value::Object(quota);
        let works = account.tokens.ends().filter(|(_, ends_at_ms)| *ends_at_ms > now_ms);
        state["token"] = works
            .map(|(endpoint, ends_at_ms)| json!({"endpoint": endpoint, "ends_at_ms": ends_at_ms}))
            .collect();
    }
    state
}

/// The parts that differ, before and after; null when none does.
pub(crate) fn diff(before: &Value, after: &Value) -> Value {
    let empty = Map::new();
    let parts = |state: &Value| state.as_object().unwrap_or(&empty).clone();
    let (old, new) = (parts(before), parts(after));
    let mut out = json!({"before": {}, "after": {}});
    let mut changed = false;
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    for name in names {
        let (was, is) = (&before[name], &after[name]);
        if was != is {
            changed = true;
            out["before"][name] = was.clone();
            out["after"][name] = is.clone();
        }
    }
    if changed { out } else { Value::Null }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_told() {
        let before = json!({"windows": [], "tags": [2], "quota": {"/a": 1}});
        let after = json!({"windows": [{"left": 5}], "tags": [2], "quota": {"/a": 2}});
        assert_eq!(
            diff(&before, &after),
            json!({
                "before": {"windows": [], "quota": {"/a": 1}},
                "after": {"windows": [{"left": 5}], "quota": {"/a": 2}},
            })
        );
        assert_eq!(diff(&before, &before), Value::Null);
        assert_eq!(diff(&json!({}), &json!({"tags": []}))["before"]["tags"], Value::Null);
    }
}
