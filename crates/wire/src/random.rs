//! Where random bytes come from.

/// Random bytes: from the system, or from a seed in tests and in the sandbox.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);

    /// The sixteen bytes that go in front of a sealed message.
    fn array16(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes
    }

    /// `bytes` random bytes as lower-case hex, twice as many characters.
    fn hex(&self, bytes: usize) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut raw = vec![0; bytes];
        self.fill(&mut raw);
        raw.iter()
            .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
            .map(char::from)
            .collect()
    }

    /// `count` decimal digits, such as the platform uses for a nonce.
    fn digits(&self, count: usize) -> String {
        let mut out = String::with_capacity(count);
        let mut raw = [0; 32];
        while out.len() < count {
            self.fill(&mut raw);
            // 250 is the largest multiple of ten in a byte: above it the low digits would be too frequent.
            out.extend(raw.iter().filter(|byte| **byte < 250).map(|byte| char::from(b'0' + byte % 10)));
        }
        out.truncate(count);
        out
    }
}

/// The operating system's random bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // Going on would mean guessable nonces and keys, and no caller could do better than stop.
            std::process::abort();
        }
    }
}

impl<R: Random + ?Sized> Random for std::sync::Arc<R> {
    fn fill(&self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    /// Counts upwards, through values that `digits` must throw away.
    struct Counting(AtomicU8);

    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn digits_are_digits_of_the_asked_count() {
        let random = Counting(AtomicU8::new(245));
        assert_eq!(random.digits(7), "5678901");
        assert_eq!(OsRandom.digits(100).len(), 100);
        assert_eq!(OsRandom.digits(0), "");
    }

    #[test]
    fn hex_has_two_characters_a_byte() {
        assert_eq!(Counting(AtomicU8::new(14)).hex(3), "0e0f10");
        assert_ne!(OsRandom.array16(), OsRandom.array16());
    }
}
