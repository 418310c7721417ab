//! A long answer in pieces that the platform takes, each ending where a reader would pause.

use crate::message::MAX_TEXT;

/// Where a piece may end, the best first.
const BORDERS: [&[&str]; 4] = [
    &["\n\n"],
    &["\n"],
    &["。", "！", "？", "；", "…", ". ", "! ", "? ", "; "],
    &["，", "、", "：", ", ", " "],
];

/// Pieces of at most 2048 bytes with `more` at the end of each that has one after it which must wait: every
/// `room`-th piece.
pub(crate) fn pieces(text: &str, room: usize, more: &str) -> Vec<String> {
    let limit = if text.len() > MAX_TEXT { MAX_TEXT.saturating_sub(more.len() + 1) } else { MAX_TEXT };
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (piece, left) = rest.split_at(cut(rest, limit));
        pieces.push(piece.trim().to_owned());
        rest = left.trim_start();
    }
    let last = pieces.len().saturating_sub(1);
    for (number, piece) in pieces.iter_mut().enumerate() {
        if number < last && (number + 1).is_multiple_of(room.max(1)) && !more.is_empty() {
            piece.push('\n');
            piece.push_str(more);
        }
    }
    pieces
}

/// How many bytes the next piece takes: not less than half of what it may, so that pieces do not look like mistakes.
fn cut(text: &str, limit: usize) -> usize {
    if text.len() <= limit {
        return text.len();
    }
    let most = text.floor_char_boundary(limit);
    let window = &text[..most];
    let last = |marks: &&[&str]| {
        let ends = marks.iter().filter_map(|mark| window.rfind(mark).map(|at| at + mark.len()));
        ends.max().filter(|end| *end > most / 2)
    };
    BORDERS.iter().find_map(last).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_answer_is_one_piece() {
        assert_eq!(pieces("你好", 1, "…"), ["你好"]);
        assert_eq!(pieces(&"x".repeat(MAX_TEXT), 1, "…").len(), 1);
        assert_eq!(pieces(" \n", 1, "…"), Vec::<String>::new());
    }

    #[test]
    fn pieces_end_at_paragraphs_lines_and_sentences() {
        let sentence = "这是一句话。".repeat(60);
        let paragraphs = vec![sentence.clone(); 4].join("\n\n");
        for piece in pieces(&paragraphs, 9, "") {
            assert!(piece.len() <= MAX_TEXT && piece.ends_with('。'), "{}", piece.len());
        }
        let whole = "这是一句话。".repeat(400);
        let cut = pieces(&whole, 9, "");
        assert!(cut.iter().all(|piece| piece.ends_with('。')));
        assert_eq!(cut.concat(), whole, "nothing is lost");
    }

    #[test]
    fn a_text_without_any_border_is_cut_between_characters() {
        let whole = "字".repeat(3000);
        let cut = pieces(&whole, 9, "");
        assert!(cut.iter().all(|piece| piece.len() <= MAX_TEXT));
        assert_eq!(cut.concat(), whole);
    }

    #[test]
    fn the_piece_before_the_one_that_waits_says_so() {
        let whole = "字".repeat(3000);
        let cut = pieces(&whole, 2, "（继续）");
        let says: Vec<bool> = cut.iter().map(|piece| piece.ends_with("（继续）")).collect();
        assert_eq!(says, [false, true, false, true, false]);
        assert!(cut.iter().all(|piece| piece.len() <= MAX_TEXT));
    }
}
