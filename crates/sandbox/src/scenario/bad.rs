//! What is wrong with a scenario file: the file, the line with a caret, and what may stand there.

use std::fmt;

use hongyan_wire::Lang;

use super::words::Words;

/// A place in a file, counted from 1; columns are characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) width: usize,
}

/// A scenario file that cannot be played.
#[derive(Clone)]
pub struct BadScenario(Box<Inner>);

#[derive(Clone)]
struct Inner {
    file: String,
    place: Place,
    source: String,
    what: Words,
    hint: Option<Words>,
}

impl BadScenario {
    pub(crate) fn new(file: &str, source: &str, place: Place, what: Words, hint: Option<Words>) -> Self {
        let line = source.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
        BadScenario(Box::new(Inner { file: file.to_owned(), place, source: line.to_owned(), what, hint }))
    }

    /// The line it is about, from 1.
    pub fn line(&self) -> usize {
        self.0.place.line
    }

    /// The whole message: file, line and column, what is wrong, the line with a caret, what to do.
    pub fn text(&self, lang: Lang) -> String {
        let Inner { file, place, source, what, hint } = &*self.0;
        let Place { line, column, width } = place;
        let number = line.to_string();
        let gap = " ".repeat(number.len());
        // Chinese letters are two columns wide in a terminal.
        let before: usize = source.chars().take(column.saturating_sub(1)).map(columns).sum();
        let marked: usize = source.chars().skip(column.saturating_sub(1)).take(*width).map(columns).sum();
        let caret = format!("{}{}", " ".repeat(before), "^".repeat(marked.max(1)));
        let mut out = format!(
            "{file}:{line}:{column}: {}\n{gap} |\n{number} | {source}\n{gap} | {caret}",
            what.text(lang)
        );
        if let Some(hint) = hint {
            out.push('\n');
            out.push_str(hint.text(lang));
        }
        out
    }
}

fn columns(letter: char) -> usize {
    if letter >= '\u{2e80}' { 2 } else { 1 }
}

impl fmt::Display for BadScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

impl fmt::Debug for BadScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

impl std::error::Error for BadScenario {}
