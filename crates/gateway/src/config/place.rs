//! Where in the configuration file something stands, and how to show it to a person.

use std::fmt::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Keys whose values are never shown, not even in the line an error points at.
const HIDDEN: [&str; 12] = [
    "secret",
    "token",
    "aes_key",
    "key",
    "data",
    "redis",
    "egress",
    "headers",
    "query",
    "token_from",
    "databases",
    "api_keys",
];

/// The configuration file while it is being read.
pub(crate) struct Source<'a> {
    pub(crate) file: &'a Path,
    pub(crate) text: &'a str,
}

impl Source<'_> {
    /// The place of a span of bytes, secrets hidden.
    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        self.shown(span).hidden_if_secret()
    }

    /// The place of a span of bytes in a file without secrets.
    pub(crate) fn shown(&self, span: Range<usize>) -> Place {
        let start = floor(self.text, span.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let before = &self.text[line_start..start];
        let in_line = start - line_start;
        let end = floor(self.text, span.end).saturating_sub(line_start).clamp(in_line, line.len());
        let marked = line.get(in_line..end).unwrap_or_default();
        Place {
            file: self.file.to_path_buf(),
            line: self.text[..start].matches('\n').count() + 1,
            column: before.chars().count() + 1,
            shown: line.to_owned(),
            indent: width(before),
            carets: width(marked).max(1),
        }
    }
}

/// A line of the configuration file with the part that matters.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    file: PathBuf,
    line: usize,
    column: usize,
    shown: String,
    indent: usize,
    carets: usize,
}

impl Place {
    /// The configuration file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// The line of the file with carets under the part that matters.
    pub fn excerpt(&self) -> String {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let mut out = String::new();
        // Writing into a String cannot fail.
        let _ = writeln!(out, "{margin} |");
        let _ = writeln!(out, "{number} | {}", self.shown);
        let _ = write!(out, "{margin} | {}{}", " ".repeat(self.indent), "^".repeat(self.carets));
        out
    }

    /// The same place without what stands after the equals sign: a misspelt key may hold a secret.
    pub(crate) fn without_value(mut self) -> Place {
        if let Some(before) = self.before_inner_key() {
            let marked = self.marked();
            let key = self.shown.get(marked).unwrap_or_default();
            self.shown = format!("{before}{key} = …");
            self.indent = width(&before);
        } else if let Some(at) = self.shown.find('=') {
            self.shown.truncate(at);
            self.shown.push_str("= …");
            let room = width(&self.shown);
            self.indent = self.indent.min(room.saturating_sub(1));
            self.carets = self.carets.min(room - self.indent).max(1);
        }
        self
    }

    /// The bytes of the line that are marked.
    fn marked(&self) -> Range<usize> {
        let at = |columns: usize| {
            let mut passed = 0;
            let mut ends = self.shown.char_indices().skip_while(|(_, c)| {
                let before = passed < columns;
                passed += width(c.encode_utf8(&mut [0; 4]));
                before
            });
            ends.next().map_or(self.shown.len(), |(at, _)| at)
        };
        at(self.indent)..at(self.indent + self.carets)
    }

    /// When a key inside of an inline table is marked: the line before it, every string's content left out.
    fn before_inner_key(&self) -> Option<String> {
        let Range { start, end } = self.marked();
        let (before, after) = (self.shown.get(..start)?, self.shown.get(end..)?);
        if !before.contains('=') || !after.trim_start().starts_with('=') {
            return None;
        }
        let mut out = String::new();
        let mut quote = None;
        let mut escaped = false;
        for c in before.chars() {
            match quote {
                None => {
                    out.push(c);
                    quote = Some(c).filter(|c| matches!(c, '"' | '\''));
                }
                Some('"') if c == '\\' && !escaped => {
                    escaped = true;
                    continue;
                }
                Some(open) if c == open && !escaped => {
                    out.push_str(if out.ends_with(open) { "…" } else { "" });
                    out.push(c);
                    quote = None;
                }
                Some(_) => {}
            }
            escaped = false;
        }
        quote.is_none().then_some(out)
    }

    fn hidden_if_secret(self) -> Place {
        let key = self.shown.split('=').next().unwrap_or_default().trim();
        // A line that is an element of a list may be one of two AES keys.
        if key.starts_with(['"', '\'']) && !self.shown.contains('=') {
            return Place { shown: "…".to_owned(), indent: 0, carets: 1, ..self };
        }
        let key = key.trim_matches(|c| c == '"' || c == '\'');
        let last = key.rsplit('.').next().unwrap_or_default();
        let address = self.shown.contains("mysql://") || self.shown.contains("redis://");
        if HIDDEN.contains(&last) || address {
            return self.without_value();
        }
        // The value of an inline table such as `{ name = "ops", key = "…" }`.
        let inline = ["secret", "token", "aes_key", "key", "headers", "query"];
        let names_secret = self.shown.split(['{', ',']).skip(1).any(|part| {
            let name = part.split('=').next().unwrap_or_default().trim();
            part.contains('=') && inline.contains(&name)
        });
        if names_secret { self.without_value() } else { self.without_query() }
    }

    /// The same place without the query of an address, where services want their keys.
    fn without_query(mut self) -> Place {
        let address = self.shown.find("://").unwrap_or(self.shown.len());
        if let Some(query) = self.shown[address..].find('?') {
            if self.before_inner_key().is_some() {
                return self.without_value();
            }
            self.shown.truncate(address + query);
            self.shown.push('…');
            let room = width(&self.shown);
            self.indent = self.indent.min(room - 1);
            self.carets = self.carets.min(room - self.indent);
        }
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Columns a terminal gives the text: Chinese characters take two, so that the caret stands under the right one.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{1100}' && c != '…' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, part: &str) -> Place {
        let at = text.find(part).expect("the part is in the text");
        Source { file: Path::new("a.toml"), text }.place(at..at + part.len())
    }

    #[test]
    fn caret_stands_under_the_part_also_behind_chinese() {
        let found = place("x = 1\nname = \"天气\" # oops", "oops");
        assert_eq!((found.line(), found.column()), (2, 15));
        assert_eq!(found.excerpt(), "  |\n2 | name = \"天气\" # oops\n  |                 ^^^^");
    }

    #[test]
    fn values_of_secret_keys_are_not_shown() {
        for text in [
            "secret = \"hunter2\"",
            "accounts.main.token = \"hunter2\"",
            "  \"hunter2\",",
            "[[api_keys]]\nkey = \"hunter2\"",
            "x = { name = \"a\", key = \"hunter2\" }",
            "fetch = { http = \"https://a.example/x?k=hunter2\" }",
        ] {
            let shown = place(text, "hunter2").excerpt();
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn caret_stands_under_a_key_of_an_inline_table() {
        let found = place("on = { txt = \"a\" }", "txt").without_value();
        assert_eq!(found.excerpt(), "  |\n1 | on = { txt = …\n  |        ^^^");
        let found = place("x = { name = '天气', kye = \"hunter2\" }", "kye").without_value();
        assert_eq!(found.excerpt(), "  |\n1 | x = { name = '…', kye = …\n  |                   ^^^");
        for text in [
            "x = { secret = \"hun\\\"ter2\", kye = \"hunter2\" }",
            "x = { http = \"https://a.example/?k=hunter2\", kye = \"hunter2\" }",
        ] {
            let shown = place(text, "kye").without_value().excerpt();
            let (line, carets) = (shown.lines().nth(1).unwrap(), shown.lines().nth(2).unwrap());
            assert_eq!(
                line.split("kye").next().unwrap().chars().count(),
                carets.find('^').unwrap(),
                "{shown}"
            );
            assert!(!shown.contains("ter2"), "{shown}");
        }
    }

    #[test]
    fn span_past_the_end_is_harmless() {
        let found = Source { file: Path::new("a.toml"), text: "é" }.place(1..99);
        assert_eq!((found.line(), found.column()), (1, 1));
    }
}
