//! Step 5, parse: from bytes to a typed message.

use hongyan_wire::Inbound;
use hongyan_wire::inbound;

use crate::{Refusal, open};

/// Reads the message. What is unknown in it is kept, what is broken is refused.
pub(crate) fn parse(message: &[u8]) -> Result<Inbound, Refusal> {
    Inbound::parse(message).map_err(|error| {
        // An envelope where plain bodies are expected says which setting is wrong; a parse error would not.
        match inbound::parse_fields(message) {
            Ok((_, fields)) if open::is_sealed(&fields) => Refusal::Encrypted,
            _ => Refusal::Body(error),
        }
    })
}
