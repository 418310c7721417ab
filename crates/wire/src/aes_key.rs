//! The key that bodies are sealed with.

use std::fmt;
use std::sync::Arc;

use aes::cipher::KeyInit;
use aes::{Aes256Dec, Aes256Enc};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::Lang;

/// Reads Base64 as the platform writes it: the last character of a key may carry bits that belong to nothing.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An EncodingAESKey, ready for use. Cheap to clone; never printed.
#[derive(Clone)]
pub struct AesKey(Arc<Schedules>);

/// The key expanded once for each direction, so that a push does not pay for it.
struct Schedules {
    first_block: Zeroizing<[u8; 16]>,
    encrypt: Aes256Enc,
    decrypt: Aes256Dec,
}

/// A text that is not an EncodingAESKey. Does not show the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAesKey {
    /// Not 43 characters.
    #[error(
        "the EncodingAESKey has {chars} characters and must have 43: copy it again from the account's settings"
    )]
    Length {
        /// How many there are.
        chars: usize,
    },
    /// Something other than letters, digits, `+` and `/`.
    #[error("the EncodingAESKey may hold only letters and digits: copy it again from the account's settings")]
    Characters,
}

impl BadAesKey {
    /// The sentence in the reader's language.
    pub fn text(&self, lang: Lang) -> String {
        match (self, lang) {
            (_, Lang::En) => self.to_string(),
            (Self::Length { chars }, Lang::Zh) => {
                format!("EncodingAESKey 有 {chars} 个字符，应为 43 个：请从公众号的设置里重新复制")
            }
            (Self::Characters, Lang::Zh) => {
                "EncodingAESKey 只能含字母和数字：请从公众号的设置里重新复制".to_owned()
            }
        }
    }
}

impl AesKey {
    /// Reads the 43 characters of the account's settings; a 44th `=` and white space around are tolerated.
    pub fn parse(text: &str) -> Result<Self, BadAesKey> {
        let text = text.trim();
        let text = text.strip_suffix('=').unwrap_or(text);
        let chars = text.chars().count();
        if chars != 43 {
            return Err(BadAesKey::Length { chars });
        }
        // Exactly 32 bytes would do; the decoder wants room for its estimate of 33.
        let mut bytes = Zeroizing::new([0; 36]);
        match BASE64.decode_slice(text, &mut *bytes) {
            Ok(32) => {}
            _ => return Err(BadAesKey::Characters),
        }
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&bytes[..32]);
        let mut first_block = Zeroizing::new([0; 16]);
        first_block.copy_from_slice(&bytes[..16]);
        Ok(Self(Arc::new(Schedules {
            first_block,
            encrypt: Aes256Enc::new((&*key).into()),
            decrypt: Aes256Dec::new((&*key).into()),
        })))
    }

    /// The initial vector, which the platform takes from the key itself.
    pub(crate) fn iv(&self) -> &[u8; 16] {
        &self.0.first_block
    }

    pub(crate) fn encryptor(&self) -> &Aes256Enc {
        &self.0.encrypt
    }

    pub(crate) fn decryptor(&self) -> &Aes256Dec {
        &self.0.decrypt
    }
}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_stray_bits_in_the_last_character_are_good() {
        // 43 characters are 258 bits; this one ends in G, whose two last bits are 10.
        assert!(AesKey::parse("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").is_ok());
        assert!(AesKey::parse(&format!(" {}=\n", "A".repeat(43))).is_ok());
    }

    #[test]
    fn bad_keys_say_why_in_chinese_too() {
        let said = |text: &str| AesKey::parse(text).unwrap_err().text(Lang::Zh);
        assert!(said("abc").contains("有 3 个字符"), "{}", said("abc"));
        assert!(said(&"-".repeat(43)).contains("只能含字母和数字"));
        assert!(AesKey::parse("abc").unwrap_err().text(Lang::En).contains("has 3 characters"));
    }

    #[test]
    fn bad_keys_say_why_without_showing_the_text() {
        assert_eq!(AesKey::parse("abc").unwrap_err(), BadAesKey::Length { chars: 3 });
        let odd = "钥".repeat(43);
        assert_eq!(AesKey::parse(&odd).unwrap_err(), BadAesKey::Characters);
        assert_eq!(AesKey::parse(&"-".repeat(43)).unwrap_err(), BadAesKey::Characters);
        assert_eq!(format!("{:?}", AesKey::parse(&"A".repeat(43)).unwrap()), "AesKey([redacted])");
    }
}
