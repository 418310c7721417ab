//! Why a body could not be read.

use std::fmt;

use crate::Lang;

/// What is wrong with a body, and where. Never shows the body itself, which a person wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong.
    pub what: Problem,
    /// Where, when there is one place to point at.
    pub at: Option<Position>,
}

/// A place in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The byte, from 0.
    pub byte: usize,
    /// The line, from 1.
    pub line: usize,
    /// The character in its line, from 1.
    pub column: usize,
}

/// The ways in which a body can be unreadable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No byte, or only white space.
    #[error("the body is empty")]
    Empty,
    /// More bytes than are read.
    #[error("the body has {bytes} bytes: {limit} at most")]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// The most that are read.
        limit: usize,
    },
    /// Elements in elements beyond what is read.
    #[error("the body is nested more than {limit} levels deep")]
    TooDeep {
        /// The most that are read.
        limit: usize,
    },
    /// More elements than are read.
    #[error("the body has more than {limit} fields")]
    TooManyFields {
        /// The most that are read.
        limit: usize,
    },
    /// Neither `<` nor `{` at the start.
    #[error("the body is neither XML nor JSON: it must begin with < or {{")]
    NeitherXmlNorJson,
    /// A document type definition, which no push has and which attacks are made of.
    #[error("the body has a DOCTYPE, which is never accepted")]
    DocType,
    /// Broken XML.
    #[error("the body is broken XML: {0}")]
    Xml(String),
    /// Broken JSON.
    #[error("the body is broken JSON: {0}")]
    Json(String),
    /// A field that every push has.
    #[error("the field {0} is missing or empty")]
    Missing(&'static str),
    /// A field that does not hold what it must.
    #[error("the field {field} must be {must_be}")]
    Bad {
        /// Its name.
        field: &'static str,
        /// What it must be.
        must_be: &'static str,
    },
}

impl ParseError {
    pub(super) const fn nowhere(what: Problem) -> Self {
        Self { what, at: None }
    }

    pub(super) fn at(what: Problem, text: &str, byte: usize) -> Self {
        Self { what, at: Some(Position::of(text, byte)) }
    }
}

impl ParseError {
    /// The sentence in the reader's language.
    pub fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        let what = self.what.chinese();
        match self.at {
            Some(Position { byte, line, column }) => {
                format!("{what}（第 {line} 行第 {column} 个字符，字节 {byte}）")
            }
            None => what,
        }
    }
}

impl Problem {
    fn chinese(&self) -> String {
        match self {
            Self::Empty => "内容是空的".to_owned(),
            Self::TooLarge { bytes, limit } => format!("内容有 {bytes} 字节：最多 {limit} 字节"),
            Self::TooDeep { limit } => format!("内容的嵌套超过 {limit} 层"),
            Self::TooManyFields { limit } => format!("内容的字段超过 {limit} 个"),
            Self::NeitherXmlNorJson => "内容既不是 XML 也不是 JSON：应以 < 或 { 开头".to_owned(),
            Self::DocType => "内容含有 DOCTYPE，一律不接受".to_owned(),
            Self::Xml(detail) => format!("XML 不完整或有误：{detail}"),
            Self::Json(detail) => format!("JSON 不完整或有误：{detail}"),
            Self::Missing(field) => format!("缺少字段 {field}，或它是空的"),
            Self::Bad { field: "CreateTime", .. } => "字段 CreateTime 应为 1970 年以来的整数秒".to_owned(),
            Self::Bad { field, must_be } => format!("字段 {field} 应为 {must_be}"),
        }
    }
}

impl Position {
    fn of(text: &str, byte: usize) -> Self {
        let byte = text.floor_char_boundary(byte);
        let before = &text[..byte];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            byte,
            line: before.bytes().filter(|b| *b == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// The place that a line and a column, counted in bytes from 1, point at.
    pub(super) fn of_line(text: &str, line: usize, column: usize) -> Self {
        let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
        Self::of(text, start.saturating_add(column.saturating_sub(1)))
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.fmt(f)?;
        match self.at {
            Some(Position { byte, line, column }) => {
                write!(f, " (line {line}, column {column}, byte {byte})")
            }
            None => Ok(()),
        }
    }
}

impl std::error::Error for ParseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_stands_in_the_chinese_sentence_too() {
        let error = ParseError::at(Problem::Xml("x".into()), "a\n你b", 5);
        assert_eq!(error.text(Lang::Zh), "XML 不完整或有误：x（第 2 行第 2 个字符，字节 5）");
        assert_eq!(error.text(Lang::En), error.to_string());
        let field = Problem::Bad { field: "CreateTime", must_be: "a number" };
        assert!(!ParseError::nowhere(field).text(Lang::Zh).contains("number"));
    }

    #[test]
    fn positions_count_characters_in_lines() {
        assert_eq!(Position::of("a\n你b", 5), Position { byte: 5, line: 2, column: 2 });
        // Inside a character, and past the end.
        assert_eq!(Position::of("你", 1).byte, 0);
        assert_eq!(Position::of("你", 99).byte, 3);
        assert_eq!(Position::of_line("a\n你b", 2, 4).byte, 5);
    }
}
