//! Reads the platform's JSON into fields.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;

use super::body::{MAX_DEPTH, MAX_FIELDS, Outside};
use super::error::{ParseError, Position, Problem};
use super::fields::{Fields, Node, name};
use crate::characters::clean;

/// Reads an object.
pub(super) fn parse(text: &str) -> Result<Fields, ParseError> {
    let limits = Limits { fields: Cell::new(MAX_FIELDS), broken: Cell::new(None) };
    let mut deserializer = Deserializer::from_str(text);
    let seed = Reading { limits: &limits, depth_left: MAX_DEPTH };
    let node = seed.deserialize(&mut deserializer).and_then(|node| deserializer.end().map(|()| node));
    match node {
        Ok(Node::Tree(fields)) => Ok(fields),
        Ok(_) => Err(ParseError::nowhere(Problem::NeitherXmlNorJson)),
        Err(error) => {
            let mut located = located(text, &error);
            if let Some(limit) = limits.broken.take() {
                located.what = limit;
            }
            Err(located)
        }
    }
}

/// Finds the two fields that stand outside an envelope.
pub(super) fn outside(text: &str) -> Result<Outside<'_>, ParseError> {
    serde_json::from_str(text).map_err(|error| located(text, &error))
}

fn located(text: &str, error: &serde_json::Error) -> ParseError {
    // Its own words end in line and column, which are told apart here.
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
    let at = Position::of_line(text, error.line(), error.column());
    ParseError { what: Problem::Json(said.to_owned()), at: Some(at) }
}

/// The caps on one body.
struct Limits {
    fields: Cell<usize>,
    broken: Cell<Option<Problem>>,
}

#[derive(Clone, Copy)]
struct Reading<'a> {
    limits: &'a Limits,
    depth_left: usize,
}

impl Reading<'_> {
    fn break_off<E: Error>(&self, what: Problem) -> E {
        let error = E::custom(&what);
        self.limits.broken.set(Some(what));
        error
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => Err(self.break_off(Problem::TooDeep { limit: MAX_DEPTH })),
        }
    }

    fn count<E: Error>(&self) -> Result<(), E> {
        match self.limits.fields.get().checked_sub(1) {
            Some(left) => {
                self.limits.fields.set(left);
                Ok(())
            }
            None => Err(self.break_off(Problem::TooManyFields { limit: MAX_FIELDS })),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Node;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let inside = self.deeper()?;
        let mut fields = Fields::default();
        while let Some(key) = map.next_key_seed(Key)? {
            self.count()?;
            fields.push(key, map.next_value_seed(inside)?);
        }
        Ok(Node::Tree(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let inside = self.deeper()?;
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element_seed(inside)? {
            self.count()?;
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(clean(text.into()).into_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }
}

/// A member's name.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = super::fields::Name;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = super::fields::Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(name(text))
    }
}
