//! What a text or a number must be.

use std::fmt;

use regex::Regex;

/// A text exactly, or a regular expression between slashes.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    Exact(String),
    Regex(Regex),
}

impl Pattern {
    /// Reads `/…/` as a regular expression, and everything else as it stands.
    pub(crate) fn parse(text: &str) -> Result<Self, regex::Error> {
        match text.strip_prefix('/').and_then(|text| text.strip_suffix('/')) {
            Some(inner) if !inner.is_empty() => Regex::new(inner).map(Pattern::Regex),
            _ => Ok(Pattern::Exact(text.to_owned())),
        }
    }

    pub(crate) fn fits(&self, text: &str) -> bool {
        match self {
            Pattern::Exact(wanted) => wanted == text,
            Pattern::Regex(regex) => regex.is_match(text),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Exact(text) => write!(f, "{text:?}"),
            Pattern::Regex(regex) => write!(f, "/{regex}/"),
        }
    }
}

/// A number that must be met, such as `3`, `<1000` or `>=2`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Limit {
    sign: &'static str,
    number: f64,
}

impl Limit {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let sign = ["<=", ">=", "<", ">", "="].into_iter().find(|sign| text.starts_with(sign));
        let number = text[sign.map_or(0, str::len)..].trim().parse().ok()?;
        Some(Limit { sign: sign.unwrap_or("="), number })
    }

    pub(crate) fn fits(&self, number: f64) -> bool {
        match self.sign {
            "<" => number < self.number,
            "<=" => number <= self.number,
            ">" => number > self.number,
            ">=" => number >= self.number,
            _ => (number - self.number).abs() < f64::EPSILON,
        }
    }

    /// True when a larger number can no longer fit.
    pub(crate) fn exceeded_by(&self, number: f64) -> bool {
        !self.fits(number) && !matches!(self.sign, ">" | ">=") && number >= self.number
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.sign == "=" { "" } else { self.sign };
        write!(f, "{sign}{}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_make_an_expression() {
        let pattern = Pattern::parse("/欢迎|welcome/").unwrap();
        assert!(pattern.fits("欢迎关注") && !pattern.fits("再见"));
        assert!(Pattern::parse("//").unwrap().fits("//"));
        assert!(
            Pattern::parse("欢迎").unwrap().fits("欢迎") && !Pattern::parse("欢迎").unwrap().fits("欢迎关注")
        );
        assert!(Pattern::parse("/(/").is_err());
    }

    #[test]
    fn limits_have_signs() {
        let fits = |text, number| Limit::parse(text).unwrap().fits(number);
        assert!(fits("<1000", 999.0) && !fits("<1000", 1000.0) && fits("3", 3.0) && fits(">= 2", 2.0));
        assert!(Limit::parse("1").unwrap().exceeded_by(2.0) && !Limit::parse(">1").unwrap().exceeded_by(1.0));
        assert!(Limit::parse("<2").unwrap().exceeded_by(2.0));
        assert_eq!(Limit::parse("quick"), None);
    }
}
