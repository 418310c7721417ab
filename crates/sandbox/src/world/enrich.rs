//! Completes a message with what its ids stand for: seconds of a voice, articles behind an id.

use serde_json::{Map, Value, json};

use super::World;
use super::media::{self, MediaKind};

impl World {
    /// The fields as the phone needs them.
    pub(crate) fn enriched(
        &self,
        at: usize,
        kind: &str,
        mut fields: Map<String, Value>,
        now_ms: i64,
    ) -> Map<String, Value> {
        let store = &self.accounts[at].media;
        let id = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let more = match kind {
            "voice" => store
                .get(id("media_id"), now_ms)
                .map(|voice| ("seconds", json!(media::seconds(&voice.bytes)))),
            "mpnews" => store
                .get(id("media_id"), now_ms)
                .filter(|media| media.kind == MediaKind::News)
                .and_then(|_| store.article(media::ARTICLE))
                .map(|article| ("articles", json!([article]))),
            "mpnewsarticle" => store.article(id("article_id")).map(|article| ("articles", json!([article]))),
            _ => None,
        };
        if let Some((name, value)) = more {
            fields.insert(name.to_owned(), value);
        }
        fields
    }
}
