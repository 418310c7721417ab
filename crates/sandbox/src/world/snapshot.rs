//! The whole world as JSON, and back.
//!
//! The record of exchanges stays what it is: it tells what this sandbox did, not how the world stands.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::World;
use super::account::{Account, Handshake, Saved};
use super::person::Person;
use crate::faults::{Fault, Faults};
use crate::seed::Ids;
use crate::settings::Settings;

/// The form of a snapshot; grows when an old one can no longer be read.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Snapshot {
    version: u32,
    now_ms: i64,
    settings: Settings,
    ids: Ids,
    people: Vec<Person>,
    accounts: Vec<Saved>,
    last_message: u64,
    faults: Value,
}

impl World {
    /// The world as it stands, with the secrets of its accounts.
    pub(crate) fn save(&self, now_ms: i64) -> Value {
        let snapshot = Snapshot {
            version: VERSION,
            now_ms,
            settings: self.settings.clone(),
            ids: self.ids.clone(),
            people: self.people.clone(),
            accounts: self.accounts.iter().map(Account::save).collect(),
            last_message: self.last_message,
            faults: json!(self.faults.list()),
        };
        serde_json::to_value(snapshot).unwrap_or(Value::Null)
    }

    /// Puts a saved world in place of this one and gives its time; nothing changes when it cannot be read.
    pub(crate) fn restore(&mut self, saved: Value) -> Result<i64, String> {
        let snapshot: Snapshot = serde_json::from_value(saved).map_err(|error| error.to_string())?;
        if snapshot.version != VERSION {
            return Err(format!("it has version {}, and this sandbox reads {VERSION}", snapshot.version));
        }
        let faults: Vec<Fault> =
            serde_json::from_value(snapshot.faults).map_err(|error| format!("faults: {error}"))?;
        if snapshot.accounts.is_empty() {
            return Err("it has no account".to_owned());
        }
        let before = std::mem::take(&mut self.accounts);
        let version = before.iter().map(|account| account.callback_version).max().unwrap_or(0) + 1;
        self.accounts = snapshot.accounts.into_iter().map(Account::restore).collect();
        for account in &mut self.accounts {
            account.callback_version = version;
            let same = |old: &&Account| old.app_id == account.app_id && old.callback == account.callback;
            if before.iter().find(same).is_some_and(|old| old.handshake == Handshake::Done) {
                account.handshake = Handshake::Done;
            }
        }
        self.settings = snapshot.settings;
        self.ids = snapshot.ids;
        self.people = snapshot.people;
        self.last_message = self.last_message.max(snapshot.last_message);
        self.faults = Faults::new(faults);
        self.generation += 1;
        self.tell("account", json!({"reset": true}));
        Ok(snapshot.now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::world::window::Deed;

    #[test]
    fn a_world_comes_back_as_it_was() {
        let mut world = World::new(&Options::default(), "http://x");
        world.add_person("小明".into(), 1);
        let openid = world.accounts[0].followers[0].openid.clone();
        world.open_window(0, &openid, Deed::Message, 0);
        world.notice(0, &openid, "hm", None, 5);
        let settings = world.settings.clone();
        world.accounts[0].tokens.classic(0, "t".into(), &settings);
        world.accounts[0].tags.create("a", &settings).unwrap();
        let saved = world.save(77);
        let mut other =
            World::new(&Options { app_id: "wx9".into(), seed: 9, ..Options::default() }, "http://y");
        assert_eq!(other.restore(saved.clone()), Ok(77));
        assert_eq!(other.save(77), saved);
        assert_eq!(other.accounts[0].tokens.check("t", 1), Ok(()));
        assert_eq!(other.accounts[0].follower(&openid).unwrap().chat.after(0).len(), 1);
        assert_eq!(other.ids.rid(0), world.ids.rid(0));
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let mut world = World::new(&Options::default(), "http://x");
        let before = world.save(0);
        let mut newer = before.clone();
        newer["version"] = json!(99);
        assert!(world.restore(newer).unwrap_err().contains("99"));
        let mut broken = before.clone();
        broken["accounts"] = json!([]);
        assert!(world.restore(broken).is_err() && world.restore(json!({})).is_err());
        assert_eq!(world.save(0), before);
    }
}
