//! Reads single fields as what they are known to be.

use super::fields::Fields;
use crate::Timestamp;

/// The text of a field, empty when it is not there.
pub(super) fn string(fields: &Fields, name: &str) -> String {
    fields.text(name).unwrap_or_default().to_owned()
}

/// The text of a field, unless it is missing or empty.
pub(super) fn some<T: for<'a> From<&'a str>>(fields: &Fields, name: &str) -> Option<T> {
    fields.text(name).filter(|text| !text.is_empty()).map(T::from)
}

/// An id, empty when it is not there.
pub(super) fn id<T: for<'a> From<&'a str>>(fields: &Fields, name: &str) -> T {
    T::from(fields.text(name).unwrap_or_default())
}

/// A whole number.
pub(super) fn whole<T: std::str::FromStr>(fields: &Fields, name: &str) -> Option<T> {
    fields.text(name)?.trim().parse().ok()
}

/// A finite decimal number.
pub(super) fn decimal(fields: &Fields, name: &str) -> Option<f64> {
    fields.text(name)?.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// A point in time, written in seconds.
pub(super) fn time(fields: &Fields, name: &str) -> Option<Timestamp> {
    whole(fields, name).map(Timestamp::from_seconds)
}

/// A yes or no, written as 1 and 0.
pub(super) fn flag(fields: &Fields, name: &str) -> bool {
    matches!(fields.text(name).map(str::trim), Some("1" | "true"))
}

/// The text in lower case, in `buffer`; the platform mixes cases, and nothing longer than the buffer is known.
pub(super) fn lower<'a>(text: &str, buffer: &'a mut [u8; 48]) -> &'a str {
    let Some(lowered) = buffer.get_mut(..text.len()) else { return "" };
    lowered.copy_from_slice(text.as_bytes());
    lowered.make_ascii_lowercase();
    std::str::from_utf8(lowered).unwrap_or_default()
}
