//! Which characters may stand in a message.

use std::borrow::Cow;

/// Whether XML 1.0 allows the character. Users' phones send others all the same.
pub(crate) const fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// The text without the characters that XML forbids; borrowed when there are none, which is nearly always.
pub(crate) fn clean(text: Cow<'_, str>) -> Cow<'_, str> {
    // Forbidden are bytes below space, and U+FFFE and U+FFFF, which begin with the byte 0xEF.
    let suspect = |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0xef;
    if !text.bytes().any(suspect) || text.chars().all(allowed) {
        return text;
    }
    Cow::Owned(text.chars().filter(|c| allowed(*c)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_characters_go_and_the_rest_stays() {
        assert_eq!(clean("a\u{8}b\0c\u{1f}\u{fffe}\u{ffff}".into()), "abc");
        assert!(matches!(clean("你好\t\r\n，😀\u{7f}！".into()), Cow::Borrowed(_)));
    }
}
