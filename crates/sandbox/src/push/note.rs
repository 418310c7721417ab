//! What is written down of a try and of its answer.

use serde_json::{Map, Value, json};

use super::post::{Answered, Marks};
use crate::exchange::{Try, recorded, secret};

/// The reason of a try that nobody answered in time.
pub(crate) const TIMEOUT: &str = "timeout";
/// The reason of a try that a fault kept from leaving.
pub(crate) const DROPPED: &str = "dropped by a fault";

/// Takes over when things happened.
pub(crate) fn note_marks(one: &mut Try, marks: &Marks) {
    one.connect_ms = marks.connect_ms.get().copied();
    one.first_byte_ms = marks.first_byte_ms.get().copied();
}

/// An answer for the record.
pub(crate) fn described(answer: &Answered, kept: usize) -> Value {
    let headers: Map<String, Value> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(secret::header(name, value))))
        .collect();
    json!({
        "status": answer.status,
        "content_type": answer.header("content-type"),
        "headers": headers,
        "body": recorded(&answer.body, kept),
    })
}
