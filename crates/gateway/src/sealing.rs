//! Proves what the gateway itself has given out: one key for all gateways of a database, made by the first to need it.

use std::fmt::{self, Write};

use aws_lc_rs::{constant_time, hmac};
use hongyan_wire::{OsRandom, Random};
use tokio::sync::OnceCell;

use crate::store::row::text;
use crate::store::{Store, StoreError};

/// The row in which the key stands. To end everything that was ever given out, delete it and restart the gateways.
const NAME: &str = "sealing";

/// The key as far as it has been read.
#[derive(Default)]
pub(crate) struct Sealing {
    read: OnceCell<Sealer>,
}

/// Makes and checks proofs.
#[derive(Clone)]
pub(crate) struct Sealer(hmac::Key);

impl Sealing {
    /// The key, from the store the first time.
    pub(crate) async fn sealer(&self, store: &Store) -> Result<&Sealer, StoreError> {
        self.read.get_or_try_init(|| read(store)).await
    }
}

async fn read(store: &Store) -> Result<Sealer, StoreError> {
    // Two gateways may do this at once: one row stays, and both read it.
    let insert = format!("{} INTO own_secrets (name, secret) VALUES (?, ?)", store.insert_if_missing());
    store.write_one(&insert, vec![NAME.into(), OsRandom.hex(32).into()]).await?;
    let rows = store.query("SELECT secret FROM own_secrets WHERE name = ?", &[NAME.into()]).await?;
    let secret = rows.first().map(|row| text(row, "secret")).unwrap_or_default();
    Ok(Sealer::new(secret.as_bytes()))
}

impl Sealer {
    fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The proof of some parts, for one purpose.
    pub(crate) fn proof(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            // With its length before it, so that no two lists of parts make the same text.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }

    /// Whether `given`, the beginning of a proof, is the one of these parts; in constant time.
    pub(crate) fn fits(&self, purpose: &str, parts: &[&[u8]], given: &[u8]) -> bool {
        let right = self.proof(purpose, parts);
        let enough = (16..=right.len()).contains(&given.len());
        enough && constant_time::verify_slices_are_equal(&right[..given.len()], given).is_ok()
    }
}

/// Bytes as they stand in addresses and signatures: small hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer([redacted])")
    }
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealing([redacted])")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A key for the tests of what is sealed.
    pub(crate) fn sealer() -> Sealer {
        Sealer::new(b"a key for tests")
    }

    #[test]
    fn a_proof_holds_for_its_purpose_and_parts_only() {
        let sealer = sealer();
        let proof = sealer.proof("a", &[b"bc", b"d"]);
        assert!(sealer.fits("a", &[b"bc", b"d"], &proof[..20]));
        assert!(!sealer.fits("a", &[b"b", b"cd"], &proof), "parts do not run together");
        assert!(!sealer.fits("b", &[b"bc", b"d"], &proof));
        assert!(!sealer.fits("a", &[b"bc", b"d"], &proof[..15]), "too short to prove anything");
        assert!(!Sealer::new(b"another key").fits("a", &[b"bc", b"d"], &proof));
    }
}
