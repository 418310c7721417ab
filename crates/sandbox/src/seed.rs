//! Ids made from a seed, so that a run can be repeated.
//!
//! Tokens and nonces are not made here: the same token or nonce after a restart would look like a replay.

use serde::{Deserialize, Serialize};

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A stream of numbers from a seed (SplitMix64).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
        for byte in purpose.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        Seeded(state)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number in 0..1.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// `n` letters, digits, `-` and `_`.
    pub(crate) fn letters(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(LETTERS[(self.next() % LETTERS.len() as u64) as usize])).collect()
    }

    /// `n` hexadecimal digits.
    pub(crate) fn hex(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from_digit((self.next() % 16) as u32, 16).unwrap_or('0')).collect()
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The makers of every id a world hands out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ids {
    seed: u64,
    tickets: Seeded,
    media: Seeded,
    rids: Seeded,
    messages: u64,
    menus: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Ids {
            seed,
            tickets: Seeded::new(seed, "ticket"),
            media: Seeded::new(seed, "media"),
            rids: Seeded::new(seed, "rid"),
            messages: seed % 10_000,
            menus: 208_379_500,
        }
    }

    /// A follower's id: 28 characters that begin with `o`, its own for each account.
    pub(crate) fn openid(&self, app_id: &str, person: usize) -> String {
        let mut stream = Seeded::new(self.seed, &format!("openid {app_id} {person}"));
        format!("o{}", stream.letters(27))
    }

    /// What every account of one Open Platform account knows a person by: 29 characters that begin with `o`.
    pub(crate) fn unionid(&self, owner: &str, person: usize) -> String {
        let mut stream = Seeded::new(self.seed, &format!("unionid {owner} {person}"));
        format!("o6_{}", stream.letters(26))
    }

    /// An account's original id.
    pub(crate) fn original(&self, app_id: &str) -> String {
        format!("gh_{}", Seeded::new(self.seed, &format!("original {app_id}")).hex(12))
    }

    /// The ticket of a QR code and the address in its picture.
    pub(crate) fn ticket(&mut self) -> (String, String) {
        let ticket = format!("gQ{}==", self.tickets.letters(90));
        let url = format!("http://weixin.qq.com/q/02{}", self.tickets.letters(20));
        (ticket, url)
    }

    pub(crate) fn media(&mut self) -> String {
        self.media.letters(64)
    }

    /// A message number of 17 digits; the time in it keeps numbers apart across restarts with one seed.
    pub(crate) fn message(&mut self, now_ms: i64) -> String {
        self.messages += 1;
        format!("24{:010}{:05}", (now_ms / 1000).rem_euclid(10_000_000_000), self.messages % 100_000)
    }

    pub(crate) fn menu(&mut self) -> u64 {
        self.menus += 1;
        self.menus
    }

    /// The request id behind every error text; its first group is the time.
    pub(crate) fn rid(&mut self, now_ms: i64) -> String {
        format!("{:08x}-{}-{}", (now_ms / 1000) as u32, self.rids.hex(8), self.rids.hex(8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_platforms_shapes() {
        let mut ids = Ids::new(7);
        let openid = ids.openid("wx1", 0);
        assert_eq!((openid.len(), openid.starts_with('o')), (28, true));
        assert_eq!(ids.original("wx1").len(), 15);
        assert_eq!(ids.message(1_732_000_000_000).len(), 17);
        assert!(ids.rid(1_688_696_014_000).starts_with("64a774ce-"));
    }

    #[test]
    fn the_same_seed_gives_the_same_people() {
        assert_eq!(Ids::new(7).openid("wx1", 3), Ids::new(7).openid("wx1", 3));
        assert_ne!(Ids::new(7).openid("wx1", 3), Ids::new(8).openid("wx1", 3));
        assert_ne!(Ids::new(7).openid("wx1", 3), Ids::new(7).openid("wx2", 3));
    }
}
