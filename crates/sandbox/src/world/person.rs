//! A person, and what an account knows of them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::chat::Chat;
use super::menu::Viewer;
use super::subscription::Agreed;
use super::window::Ledger;

/// Somebody with a phone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) nickname: String,
    /// 1 iOS, 2 Android, 3 others.
    pub(crate) platform: u8,
}

/// How a follower came.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Arrival {
    pub(crate) at_ms: i64,
    /// The scene of the code that was scanned.
    pub(crate) scene: Option<hongyan_wire::Scene>,
}

/// One person as one account sees them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Follower {
    pub(crate) openid: String,
    /// The person's place in the world's list.
    pub(crate) person: usize,
    pub(crate) following: bool,
    /// Has followed at least once.
    pub(crate) known: bool,
    pub(crate) arrival: Arrival,
    pub(crate) remark: String,
    pub(crate) tags: Vec<u64>,
    pub(crate) ledger: Ledger,
    pub(crate) chat: Chat,
    /// When a message last went either way.
    pub(crate) exchanged_at_ms: Option<i64>,
    /// The typing state shows until then.
    pub(crate) typing_until_ms: Option<i64>,
    /// Has turned the account's messages off.
    pub(crate) muted: bool,
    /// Is on the account's blacklist.
    pub(crate) blacklisted: bool,
    /// The subscription messages agreed to.
    #[serde(default)]
    pub(crate) agreed: Agreed,
    /// The menu the phone fetched last.
    pub(crate) fetched_menu: Option<FetchedMenu>,
}

/// A menu as a phone fetched it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FetchedMenu {
    pub(crate) at_ms: i64,
    pub(crate) id: u64,
    /// None when the account had no menu.
    pub(crate) buttons: Vec<Value>,
}

impl Follower {
    pub(crate) fn new(openid: String, person: usize) -> Self {
        Follower {
            openid,
            person,
            following: false,
            known: false,
            arrival: Arrival::default(),
            remark: String::new(),
            tags: Vec::new(),
            ledger: Ledger::default(),
            chat: Chat::default(),
            exchanged_at_ms: None,
            typing_until_ms: None,
            muted: false,
            blacklisted: false,
            agreed: Agreed::new(),
            fetched_menu: None,
        }
    }

    pub(crate) fn viewer(&self, person: &Person) -> Viewer {
        Viewer { tag: self.tags.last().copied(), platform: person.platform }
    }

    /// How they came, in the platform's words.
    pub(crate) fn subscribe_scene(&self) -> &'static str {
        if self.arrival.scene.is_some() { "ADD_SCENE_QR_CODE" } else { "ADD_SCENE_SEARCH" }
    }

    /// The open windows, as the control API gives them.
    pub(crate) fn windows(&self, now_ms: i64) -> Value {
        self.ledger
            .open(now_ms)
            .map(|allowance| {
                json!({
                    "action": allowance.deed.name(),
                    "left": allowance.left,
                    "ends_at_ms": allowance.ends_at_ms,
                })
            })
            .collect()
    }
}
