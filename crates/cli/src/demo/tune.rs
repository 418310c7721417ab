//! A few seconds of melody for each song, so that a music card plays something without a network.

/// Samples a second, one byte each.
const RATE: u32 = 8000;
const NOTES: u32 = 10;
const NOTE_SAMPLES: u32 = RATE * 2 / 5;

/// The five notes of the old Chinese scale over one octave and a half, in hertz.
const SCALE: [f32; 8] = [261.63, 293.66, 329.63, 392.0, 440.0, 523.25, 587.33, 659.25];

/// A WAV file; the same number gives the same melody.
pub(super) fn wav(song: u32) -> Vec<u8> {
    let samples = NOTES * NOTE_SAMPLES;
    let mut file = Vec::with_capacity(44 + samples as usize);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + samples).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    file.extend_from_slice(&1_u16.to_le_bytes()); // plain PCM
    file.extend_from_slice(&1_u16.to_le_bytes()); // one channel
    file.extend_from_slice(&RATE.to_le_bytes());
    file.extend_from_slice(&RATE.to_le_bytes()); // bytes a second
    file.extend_from_slice(&1_u16.to_le_bytes()); // bytes a sample
    file.extend_from_slice(&8_u16.to_le_bytes()); // bits a sample
    file.extend_from_slice(b"data");
    file.extend_from_slice(&samples.to_le_bytes());
    let mut state = song.wrapping_mul(2_654_435_761) | 1;
    for _ in 0..NOTES {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let pitch = SCALE[(state >> 29) as usize];
        file.extend((0..NOTE_SAMPLES).map(|at| sample(pitch, at)));
    }
    file
}

/// A plucked note: a tone and its octave, fading out.
fn sample(pitch: f32, at: u32) -> u8 {
    let second = at as f32 / RATE as f32;
    let fade = 1.0 - at as f32 / NOTE_SAMPLES as f32;
    let angle = std::f32::consts::TAU * pitch * second;
    let wave = angle.sin() * 0.7 + (angle * 2.0).sin() * 0.3;
    (128.0 + wave * fade * 90.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_its_own_length_and_songs_differ() {
        let one = wav(1);
        assert_eq!(&one[..4], b"RIFF");
        assert_eq!(u32::from_le_bytes([one[4], one[5], one[6], one[7]]) as usize, one.len() - 8);
        assert_ne!(one, wav(2));
        assert_eq!(one, wav(1));
    }
}
