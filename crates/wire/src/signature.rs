//! The proof that a push comes from someone who knows the account's token.

use std::fmt;

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

/// A SHA-1 digest as forty lower-case hex characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 40]);

/// The `signature` on every push, and on the check of the address, over token, time and nonce as they arrived.
pub fn signature(token: &str, timestamp: &str, nonce: &str) -> Signature {
    sign([token, timestamp, nonce])
}

/// The `msg_signature` of an encrypted body, which covers the body too.
pub fn msg_signature(token: &str, timestamp: &str, nonce: &str, encrypt: &str) -> Signature {
    sign([token, timestamp, nonce, encrypt])
}

/// Sorts the parts by their bytes, joins them with nothing between, and hashes.
fn sign<const N: usize>(mut parts: [&str; N]) -> Signature {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    parts.sort_unstable();
    let mut hash = Sha1::new();
    for part in parts {
        hash.update(part);
    }
    let mut hex = [0; 40];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(hash.finalize()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    Signature(hex)
}

impl Signature {
    /// The forty characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether `given` is this signature. Takes equally long wherever the two differ, so that nobody can feel
    /// their way to a right one.
    pub fn matches(&self, given: &str) -> bool {
        self.0.ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}
