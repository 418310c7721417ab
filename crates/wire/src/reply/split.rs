//! Cuts a long text into pieces that the platform takes.

/// Pieces of at most `limit` bytes each, cut after a line break where one is near the end of a piece, else between
/// two characters. Joined they are the text again. A limit below one character's bytes gives pieces of one character.
pub fn split_text(text: &str, limit: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, left) = rest.split_at(cut(rest, limit));
        rest = left;
        Some(piece)
    })
}

fn cut(text: &str, limit: usize) -> usize {
    if text.len() <= limit {
        return text.len();
    }
    let most = text.floor_char_boundary(limit);
    if most == 0 {
        return text.chars().next().map_or(text.len(), char::len_utf8);
    }
    // A line break in the first half would leave a piece that looks like a mistake.
    text[..most].rfind('\n').map(|at| at + 1).filter(|at| *at > most / 2).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_between_characters_and_preferably_after_a_line() {
        let pieces = |text, limit| split_text(text, limit).collect::<Vec<_>>();
        assert_eq!(pieces("你好吗", 7), ["你好", "吗"]);
        assert_eq!(pieces("one two\nthree", 10), ["one two\n", "three"]);
        assert_eq!(pieces("a\nbcdefghijk", 10), ["a\nbcdefghi", "jk"]);
        assert_eq!(pieces("你好", 1), ["你", "好"]);
        assert_eq!(pieces("", 10), Vec::<&str>::new());
    }
}
