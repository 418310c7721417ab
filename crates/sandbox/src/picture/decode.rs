//! Reads the QR code in a PNG or JPEG picture.

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// A picture in shades of grey.
struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// The largest picture that is read, in pixels.
const MAX_PIXELS: usize = 50_000_000;

/// The text of the first QR code in the picture, or why there is none.
pub(crate) fn qrcode(file: &[u8]) -> Result<String, &'static str> {
    let grey = if file.starts_with(&[0xff, 0xd8]) {
        jpeg(file).ok_or("the JPEG file cannot be read")?
    } else if file.starts_with(b"\x89PNG") {
        png(file).ok_or("the PNG file cannot be read")?
    } else {
        return Err("the picture is neither PNG nor JPEG");
    };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(grey.width, grey.height, |x, y| {
        grey.pixels[y * grey.width + x]
    });
    let codes = image.detect_grids();
    codes
        .iter()
        .find_map(|code| code.decode().ok())
        .map(|(_, text)| text)
        .ok_or("no QR code was found in the picture")
}

fn jpeg(file: &[u8]) -> Option<Grey> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    let pixels = decoder.decode().ok()?;
    let info = decoder.info()?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    (pixels.len() >= width * height && width * height <= MAX_PIXELS).then_some(Grey { width, height, pixels })
}

fn png(file: &[u8]) -> Option<Grey> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let size = reader.output_buffer_size().filter(|size| *size <= MAX_PIXELS * 4)?;
    let mut buffer = vec![0; size];
    let frame = reader.next_frame(&mut buffer).ok()?;
    let (width, height) = (frame.width as usize, frame.height as usize);
    let samples = frame.color_type.samples();
    let pixels = buffer.chunks_exact(samples).take(width * height).map(shade).collect::<Vec<u8>>();
    (pixels.len() == width * height).then_some(Grey { width, height, pixels })
}

/// The brightness of a pixel; what is transparent is white.
fn shade(pixel: &[u8]) -> u8 {
    let (colors, alpha) = match pixel {
        [grey] => (u32::from(*grey), 255),
        [grey, alpha] => (u32::from(*grey), u32::from(*alpha)),
        [red, green, blue] => (luma(*red, *green, *blue), 255),
        [red, green, blue, alpha, ..] => (luma(*red, *green, *blue), u32::from(*alpha)),
        [] => (255, 255),
    };
    ((colors * alpha + 255 * (255 - alpha)) / 255) as u8
}

fn luma(red: u8, green: u8, blue: u8) -> u32 {
    (u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png_of(text: &str, color: png::ColorType) -> Vec<u8> {
        let code = fast_qr::QRBuilder::new(text).build().unwrap();
        let (scale, quiet) = (5, 4);
        let side = (code.size + 2 * quiet) * scale;
        let mut pixels = Vec::new();
        for y in 0..side {
            for x in 0..side {
                let at = |p: usize| (p / scale).checked_sub(quiet).filter(|m| *m < code.size);
                let dark = matches!((at(y), at(x)), (Some(y), Some(x)) if code[y][x].value());
                match color {
                    png::ColorType::Rgba => pixels.extend(if dark { [0, 0, 0, 255] } else { [0, 0, 0, 0] }),
                    _ => pixels.push(if dark { 0 } else { 255 }),
                }
            }
        }
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, side as u32, side as u32);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        out
    }

    #[test]
    fn png_codes_are_read_with_and_without_transparency() {
        for color in [png::ColorType::Grayscale, png::ColorType::Rgba] {
            assert_eq!(qrcode(&png_of("http://a.test/q", color)), Ok("http://a.test/q".to_owned()));
        }
    }

    #[test]
    fn what_is_no_picture_or_holds_no_code_is_said() {
        assert!(qrcode(b"hello").is_err());
        assert!(qrcode(&crate::picture::draw::pattern(1)).is_err());
        assert!(qrcode(b"\x89PNG\r\n\x1a\nbroken").is_err());
    }
}
