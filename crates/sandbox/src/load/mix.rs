//! What people do under load, and how often each thing.

use std::fmt;
use std::str::FromStr;

/// One thing that people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Writes a text.
    Text,
    /// Taps a menu button of type `click`.
    Click,
    /// Opens a page from the menu.
    View,
    /// Scans a QR code with a scene.
    Scan,
    /// Sends a place.
    Location,
    /// Follows.
    Follow,
    /// Unfollows.
    Unfollow,
}

impl Action {
    /// Every action, in the order they are listed.
    pub const ALL: [Action; 7] = [
        Action::Text,
        Action::Click,
        Action::View,
        Action::Scan,
        Action::Location,
        Action::Follow,
        Action::Unfollow,
    ];

    /// The name in a mix and in the summary.
    pub fn name(self) -> &'static str {
        match self {
            Action::Text => "text",
            Action::Click => "click",
            Action::View => "view",
            Action::Scan => "scan",
            Action::Location => "location",
            Action::Follow => "follow",
            Action::Unfollow => "unfollow",
        }
    }

    pub(crate) fn place(self) -> usize {
        Action::ALL.iter().position(|action| *action == self).unwrap_or(0)
    }
}

/// Why a mix cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMix {
    /// Not `name=weight`.
    #[error("{0:?} is not of the form text=60")]
    Form(String),
    /// Nobody does that.
    #[error("there is no action {0:?}; there are text, click, view, scan, location, follow and unfollow")]
    Name(String),
    /// Every weight is zero.
    #[error("a mix needs a weight above 0")]
    Empty,
}

/// Actions with their weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix([u32; Action::ALL.len()]);

impl Mix {
    /// The weight of an action.
    pub fn weight(&self, action: Action) -> u32 {
        self.0[action.place()]
    }

    /// The action at a point of 0..1.
    pub(crate) fn at(&self, point: f64) -> Action {
        let total: f64 = self.0.iter().map(|weight| f64::from(*weight)).sum();
        let mut rest = point * total;
        for (action, weight) in Action::ALL.into_iter().zip(self.0) {
            rest -= f64::from(weight);
            if rest < 0.0 {
                return action;
            }
        }
        Action::Text
    }
}

impl Default for Mix {
    fn default() -> Self {
        Mix([60, 20, 5, 10, 5, 0, 0])
    }
}

impl FromStr for Mix {
    type Err = BadMix;

    fn from_str(text: &str) -> Result<Self, BadMix> {
        let mut mix = Mix([0; Action::ALL.len()]);
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let form = || BadMix::Form(part.to_owned());
            let (name, weight) = part.split_once('=').ok_or_else(form)?;
            let weight: u32 = weight.trim().parse().map_err(|_| form())?;
            let name = match name.trim() {
                "unsub" => "unfollow",
                "sub" => "follow",
                name => name,
            };
            let action = Action::ALL.into_iter().find(|action| action.name() == name);
            mix.0[action.ok_or_else(|| BadMix::Name(name.to_owned()))?.place()] = weight;
        }
        if mix.0.iter().all(|weight| *weight == 0) { Err(BadMix::Empty) } else { Ok(mix) }
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = Action::ALL.into_iter().filter(|action| self.weight(*action) > 0);
        let parts: Vec<String> =
            parts.map(|action| format!("{}={}", action.name(), self.weight(action))).collect();
        f.write_str(&parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_read_and_written() {
        let mix: Mix = "text=60, click=20,scan=10,location=5,unsub=5".parse().unwrap();
        assert_eq!(mix.to_string(), "text=60,click=20,scan=10,location=5,unfollow=5");
        assert_eq!("text".parse::<Mix>(), Err(BadMix::Form("text".into())));
        assert_eq!("text=-1".parse::<Mix>(), Err(BadMix::Form("text=-1".into())));
        assert_eq!("sing=1".parse::<Mix>(), Err(BadMix::Name("sing".into())));
        assert_eq!("text=0".parse::<Mix>(), Err(BadMix::Empty));
        assert_eq!("".parse::<Mix>(), Err(BadMix::Empty));
    }

    #[test]
    fn each_action_has_its_share_of_the_line() {
        let mix: Mix = "text=1,scan=3".parse().unwrap();
        assert_eq!([0.0, 0.24, 0.26, 0.99].map(|point| mix.at(point)), {
            use Action::{Scan, Text};
            [Text, Text, Scan, Scan]
        });
    }
}
