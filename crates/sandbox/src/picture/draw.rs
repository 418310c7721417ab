//! Draws QR codes and stand-in pictures as JPEG files.

use fast_qr::QRBuilder;
use jpeg_encoder::{ColorType, Encoder};

use crate::seed::Seeded;

/// The side of a QR picture, as the platform's are.
const SIDE: usize = 430;
/// White modules around the code.
const QUIET: usize = 4;

/// A QR code of this text, 430 by 430; none when the text does not fit.
pub(crate) fn qrcode(text: &str) -> Option<Vec<u8>> {
    let code = QRBuilder::new(text).build().ok()?;
    let scale = SIDE / (code.size + 2 * QUIET);
    if scale == 0 {
        return None;
    }
    let margin = (SIDE - scale * code.size) / 2;
    let mut pixels = vec![0xff_u8; SIDE * SIDE];
    for (row, line) in pixels.chunks_exact_mut(SIDE).enumerate() {
        for (column, pixel) in line.iter_mut().enumerate() {
            let inside = |at: usize| at.checked_sub(margin).map(|at| at / scale).filter(|at| *at < code.size);
            if let (Some(y), Some(x)) = (inside(row), inside(column))
                && code[y][x].value()
            {
                *pixel = 0;
            }
        }
    }
    jpeg(&pixels, SIDE, ColorType::Luma)
}

/// A small coloured picture, another for each number.
pub(crate) fn pattern(number: u64) -> Vec<u8> {
    const WIDE: usize = 160;
    let mut random = Seeded::new(number, "picture");
    let (red, green, blue) = (random.next() as u8, random.next() as u8, random.next() as u8);
    let mut pixels = Vec::with_capacity(WIDE * WIDE * 3);
    for y in 0..WIDE {
        for x in 0..WIDE {
            let band = if (x / 20 + y / 20) % 2 == 0 { 0 } else { 40 };
            pixels.extend([
                red.wrapping_add(band),
                green.wrapping_add(band).wrapping_add((x / 4) as u8),
                blue.wrapping_add((y / 4) as u8),
            ]);
        }
    }
    jpeg(&pixels, WIDE, ColorType::Rgb).unwrap_or_default()
}

fn jpeg(pixels: &[u8], side: usize, colors: ColorType) -> Option<Vec<u8>> {
    let side = u16::try_from(side).ok()?;
    let mut out = Vec::new();
    Encoder::new(&mut out, 90).encode(pixels, side, side, colors).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::decode;

    #[test]
    fn a_drawn_code_can_be_read() {
        let url = "http://weixin.qq.com/q/02abcdefghij0123456789";
        let picture = qrcode(url).unwrap();
        assert!(picture.starts_with(&[0xff, 0xd8, 0xff]));
        assert_eq!(decode::qrcode(&picture), Ok(url.to_owned()));
    }

    #[test]
    fn patterns_are_pictures_and_differ() {
        assert!(pattern(1).starts_with(&[0xff, 0xd8, 0xff]));
        assert_ne!(pattern(1), pattern(2));
    }
}
