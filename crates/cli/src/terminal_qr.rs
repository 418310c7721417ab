//! A QR code drawn with half blocks, two rows of modules to a line of text.

use fast_qr::QRBuilder;

/// Light modules around the code; scanners want some.
const MARGIN: usize = 2;

/// The drawing, each line ended by a line feed; light modules are the blocks, as a dark terminal shows them. Nothing when `text` is too long for a code.
pub(crate) fn draw(text: &str) -> Option<String> {
    let code = QRBuilder::new(text).build().ok()?;
    let side = code.size + 2 * MARGIN;
    let dark = |row: usize, column: usize| {
        let inside = |at: usize| (MARGIN..MARGIN + code.size).contains(&at);
        // Below an odd last row the line's lower half is left light.
        inside(row) && inside(column) && code[row - MARGIN][column - MARGIN].value()
    };
    let mut drawing = String::new();
    for row in (0..side).step_by(2) {
        for column in 0..side {
            drawing.push(match (dark(row, column), dark(row + 1, column)) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            });
        }
        drawing.push('\n');
    }
    Some(drawing)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a drawing back with a decoder that shares no code with the encoder.
    fn read(drawing: &str) -> Option<String> {
        const SCALE: usize = 4;
        let rows: Vec<Vec<char>> = drawing.lines().map(|line| line.chars().collect()).collect();
        let width = rows.first()?.len();
        let light = |x: usize, y: usize| match rows[y / 2][x] {
            '█' => true,
            '▀' => y.is_multiple_of(2),
            '▄' => y % 2 == 1,
            _ => false,
        };
        let mut picture =
            rqrr::PreparedImage::prepare_from_greyscale(width * SCALE, rows.len() * 2 * SCALE, |x, y| {
                if light(x / SCALE, y / SCALE) { 255 } else { 0 }
            });
        let grids = picture.detect_grids();
        Some(grids.first()?.decode().ok()?.1)
    }

    #[test]
    fn the_drawing_reads_back_as_the_address() {
        let address = "http://weixin.qq.com/q/02abcdefGHIJ";
        let drawing = draw(address).expect("short enough");
        assert_eq!(read(&drawing).as_deref(), Some(address));
    }

    #[test]
    fn a_text_no_code_can_hold_gives_nothing() {
        assert_eq!(draw(&"x".repeat(8000)), None);
    }
}
