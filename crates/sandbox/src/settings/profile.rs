//! Reply windows as dated data: what the platform allowed, and since when.

use serde::Serialize;

use super::Window;

/// The table of one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    /// Since when it has held, as far as is known.
    pub(crate) since: &'static str,
    /// Until when; none for the present table.
    pub(crate) until: Option<&'static str>,
    /// Where the numbers come from.
    pub(crate) source: &'static str,
    /// For a message, a tap on the menu, a follow, a scan and a payment.
    pub(crate) windows: [Window; 5],
}

const SHORT: Window = Window { messages: Some(3), seconds: 60 };

const fn two_days(messages: Option<u32>) -> Window {
    Window { messages, seconds: 48 * 3600 }
}

/// All tables, the present one first.
pub(crate) const PROFILES: [Profile; 2] = [
    Profile {
        name: "current",
        since: "2023 or later; the day of the change is not published",
        until: None,
        source: "official page of message/custom/send, and the guide to customer service for payments",
        windows: [two_days(Some(5)), SHORT, SHORT, SHORT, two_days(None)],
    },
    Profile {
        name: "legacy-2021",
        since: "2021-06",
        until: Some("replaced by the present table; many texts still name it"),
        source: "official announcement of June 2021: 20 for a message and for a payment",
        windows: [two_days(Some(20)), SHORT, SHORT, SHORT, two_days(Some(20))],
    },
];

/// The profile of this name.
pub(crate) fn find(name: &str) -> Result<&'static Profile, String> {
    PROFILES.iter().find(|profile| profile.name == name).ok_or_else(|| {
        let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
        format!("there is no profile {name:?}; the profiles are {}", names.join(" and "))
    })
}
