//! What falls due between two times: tokens, codes, windows, files, counters, pauses.

use serde_json::{Value, json};

use super::World;

impl World {
    /// Everything that ends after `from` and not after `to`, in the order it ends.
    pub(crate) fn due(&self, from: i64, to: i64) -> Vec<Value> {
        let mut found: Vec<(i64, Value)> = Vec::new();
        for account in &self.accounts {
            let mut add = |at_ms: i64, what: &str, more: Value| {
                if from < at_ms && at_ms <= to {
                    let mut entry = json!({"at_ms": at_ms, "what": what, "app_id": account.app_id});
                    if let (Value::Object(entry), Value::Object(more)) = (&mut entry, more) {
                        entry.extend(more);
                    }
                    found.push((at_ms, entry));
                }
            };
            for (endpoint, at_ms) in account.tokens.ends() {
                add(at_ms, "token", json!({ "endpoint": endpoint }));
            }
            for code in account.qrcodes.iter() {
                if let Some(at_ms) = code.expires_at_ms {
                    add(at_ms, "qrcode", json!({"ticket": code.ticket, "scene": code.scene}));
                }
            }
            for (media_id, at_ms) in account.media.ends() {
                add(at_ms, "media", json!({ "media_id": media_id }));
            }
            for follower in &account.followers {
                for window in follower.ledger.open(from) {
                    let action = window.deed.name();
                    add(window.ends_at_ms, "window", json!({"openid": follower.openid, "action": action}));
                }
            }
            if let Some(at_ms) = account.quota.ends_at_ms(from) {
                add(at_ms, "quota", json!({}));
            }
            if let Some(at_ms) = account.mark_fail.paused_until_ms(from) {
                add(at_ms, "pause", json!({}));
            }
        }
        found.sort_by_key(|(at_ms, _)| *at_ms);
        found.into_iter().map(|(_, entry)| entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::world::window::Deed;

    #[test]
    fn what_ends_is_listed_in_order_and_only_once() {
        let mut world = World::new(&Options::default(), "http://x");
        world.add_person("a".into(), 2);
        let openid = world.accounts[0].followers[0].openid.clone();
        world.open_window(0, &openid, Deed::Message, 0);
        world.open_window(0, &openid, Deed::Scan, 0);
        let settings = world.settings.clone();
        world.accounts[0].tokens.classic(0, "t".into(), &settings);
        world.accounts[0].quota.count("/cgi-bin/token", 9, 0);
        let whats = |from, to| -> Vec<String> {
            world.due(from, to).iter().map(|entry| entry["what"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(whats(0, 48 * 3_600_000), ["window", "token", "quota", "window"]);
        assert_eq!(whats(0, 60_000), ["window"]);
        assert_eq!(whats(60_000, 7_200_000), ["token"]);
        assert_eq!(world.due(0, 60_000)[0]["action"], "scan");
    }
}
