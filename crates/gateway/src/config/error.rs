//! What is wrong with a configuration: what, where, and what to do about it.

use std::fmt;

use hongyan_wire::Lang;

use super::{Place, Words};

/// A configuration the gateway does not accept.
#[derive(Clone)]
pub struct ConfigError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    what: Words,
    place: Option<Place>,
    hint: Option<Words>,
}

impl ConfigError {
    /// An error without a line, such as a file that cannot be opened.
    pub fn new(what: Words) -> ConfigError {
        ConfigError(Box::new(Inner { what, place: None, hint: None }))
    }

    /// An error about a certain line.
    pub fn at(place: Place, what: Words) -> ConfigError {
        ConfigError(Box::new(Inner { what, place: Some(place), hint: None }))
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: Words) -> ConfigError {
        self.0.hint = Some(hint);
        self
    }

    /// Where it is, when it is about a line.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// The whole message for a person: file, line and column, what is wrong, the line with a caret, what to do.
    pub fn text(&self, lang: Lang) -> String {
        let Inner { what, place, hint } = &*self.0;
        let mut out = match place {
            Some(place) => format!("{place}: {}\n{}", what.text(lang), place.excerpt()),
            None => what.text(lang).to_owned(),
        };
        if let Some(hint) = hint {
            out.push('\n');
            out.push_str(hint.text(lang));
        }
        out
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigError {}
