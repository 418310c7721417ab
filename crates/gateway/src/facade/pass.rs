//! The tokens that the facade gives out: they prove themselves, so any gateway of the database takes them, also after a
//! restart, and nothing is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hongyan_wire::{OsRandom, Random};

use super::refusal::Refusal;
use crate::sealing::Sealer;

/// How long one is good for, as the platform's.
pub(super) const LIFE_S: i64 = 7200;
/// What they begin with, so that one is known when it is met elsewhere.
const MARK: &str = "HY_";
const PURPOSE: &str = "facade token";
/// Bytes of the proof that go with it.
const PROOF: usize = 20;
/// Version, end, holder, something random.
const LENGTH: usize = 1 + 8 + 8 + 6;

/// Who was given a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// A program on this machine, where no key is configured.
    Local,
    /// The holder of the key with this mark.
    Key([u8; 8]),
}

/// A new token for an account.
pub(super) fn make(sealer: &Sealer, app_id: &str, holder: Holder, now_s: i64) -> String {
    let mark = match holder {
        Holder::Local => [0; 8],
        Holder::Key(mark) => mark,
    };
    let mut bytes = vec![1];
    bytes.extend((now_s + LIFE_S).to_be_bytes());
    bytes.extend(mark);
    bytes.extend(&OsRandom.array16()[..6]);
    let proof = sealer.proof(PURPOSE, &[app_id.as_bytes(), &bytes]);
    bytes.extend(&proof[..PROOF]);
    format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Whose token it is, if it is one of this account and still good.
pub(super) fn read(sealer: &Sealer, app_id: &str, given: &str, now_s: i64) -> Result<Holder, Refusal> {
    let bytes = given.strip_prefix(MARK).and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok());
    let bytes = bytes.filter(|bytes| bytes.len() == LENGTH + PROOF).ok_or_else(|| Refusal::of(40001))?;
    let (payload, proof) = bytes.split_at(LENGTH);
    if !sealer.fits(PURPOSE, &[app_id.as_bytes(), payload], proof) {
        return Err(Refusal::of(40001));
    }
    let mut end = [0; 8];
    end.copy_from_slice(&payload[1..9]);
    if i64::from_be_bytes(end) <= now_s {
        return Err(Refusal::of(42001));
    }
    let mut mark = [0; 8];
    mark.copy_from_slice(&payload[9..17]);
    Ok(if mark == [0; 8] { Holder::Local } else { Holder::Key(mark) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::tests::sealer;

    fn code(result: Result<Holder, Refusal>) -> String {
        format!("{:?}", result.unwrap_err()).chars().filter(char::is_ascii_digit).take(5).collect()
    }

    #[test]
    fn a_token_is_good_for_two_hours_for_its_account() {
        let holder = Holder::Key([7; 8]);
        let token = make(&sealer(), "wx1", holder, 1000);
        assert!(token.len() < 512);
        assert_eq!(read(&sealer(), "wx1", &token, 1000).unwrap(), holder);
        assert_eq!(read(&sealer(), "wx1", &token, 1000 + LIFE_S - 1).unwrap(), holder);
        assert_eq!(code(read(&sealer(), "wx1", &token, 1000 + LIFE_S)), "42001");
        assert_eq!(code(read(&sealer(), "wx2", &token, 1000)), "40001", "another account");
        assert_ne!(token, make(&sealer(), "wx1", holder, 1000));
    }

    #[test]
    fn a_changed_token_opens_nothing() {
        let token = make(&sealer(), "wx1", Holder::Local, 1000);
        assert_eq!(read(&sealer(), "wx1", &token, 1000).unwrap(), Holder::Local);
        for at in MARK.len()..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            // The last character has bits to spare.
            if at + 1 < token.len() {
                assert_eq!(code(read(&sealer(), "wx1", &changed, 1000)), "40001", "{at}");
            }
        }
        for other in ["", "HY_", "HY_AAAA", "a-real-token", &format!("{token}AA")] {
            assert_eq!(code(read(&sealer(), "wx1", other, 1000)), "40001", "{other}");
        }
    }
}
