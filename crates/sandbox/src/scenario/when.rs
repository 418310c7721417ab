//! Lengths of time and moments, as people write them: `48h1m`, `2026-01-01T09:00:00+08:00`.

/// Milliseconds of a length of time such as `48h1m`, `1.5s` or `300ms`.
pub(crate) fn length_ms(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut total = 0_f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let value: f64 = rest[..number].parse().ok()?;
        rest = &rest[number..];
        let end = rest.find(|letter: char| letter.is_ascii_digit() || letter == ' ').unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "ms" => 1.0,
            "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            _ => return None,
        };
        total += value * unit;
        rest = rest[end..].trim_start();
    }
    (total <= 1e15).then_some(total as i64)
}

/// Milliseconds since 1970 of a moment with its offset; a moment without one is meant in China.
pub(crate) fn moment_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let letter = |at: usize| text.as_bytes().get(at).copied();
    if (letter(4), letter(7)) != (Some(b'-'), Some(b'-')) {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let mut seconds = 0;
    let mut rest = text.get(10..)?;
    if let Some(time) = rest.strip_prefix(['T', ' ']) {
        let part = |range: std::ops::Range<usize>| time.get(range)?.parse::<i64>().ok();
        let (hour, minute) = (part(0..2)?, part(3..5)?);
        let with_seconds = time.as_bytes().get(5) == Some(&b':');
        let second = if with_seconds { part(6..8)? } else { 0 };
        if !((0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second)) {
            return None;
        }
        seconds = hour * 3600 + minute * 60 + second;
        rest = time.get(if with_seconds { 8 } else { 5 }..)?;
    }
    let offset = match rest {
        "" => 8 * 3600,
        "Z" => 0,
        _ => {
            let sign = if rest.starts_with('-') { -1 } else { 1 };
            let digits = rest.strip_prefix(['+', '-'])?.replace(':', "");
            let (hours, minutes) =
                (digits.get(..2)?.parse::<i64>().ok()?, digits.get(2..4)?.parse::<i64>().ok()?);
            sign * (hours * 3600 + minutes * 60)
        }
    };
    if !((1..=12).contains(&month) && (1..=31).contains(&day)) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    (civil_from_days(days) == (year, month, day)).then(|| (days * 86_400 + seconds - offset) * 1000)
}

/// A moment as it is written in a file, in China's time.
pub(crate) fn written(ms: i64) -> String {
    let seconds = ms.div_euclid(1000) + 8 * 3600;
    let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}+08:00",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// A length of time as it is written in a file.
pub(crate) fn written_length(ms: i64) -> String {
    let mut rest = ms.max(0);
    let mut out = String::new();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if rest >= size {
            out.extend([format!("{}{unit}", rest / size)]);
            rest %= size;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

// Both count years from March, so that the leap day is the last of a year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let (era, of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_add_up() {
        assert_eq!(length_ms("48h1m"), Some(48 * 3_600_000 + 60_000));
        assert_eq!(
            (length_ms("1.5s"), length_ms("300ms"), length_ms("1d 2h")),
            (Some(1500), Some(300), Some(93_600_000))
        );
        for bad in ["", "5", "h", "5x", "-5s", "5s!"] {
            assert_eq!(length_ms(bad), None, "{bad}");
        }
        assert_eq!(
            (written_length(48 * 3_600_000 + 61_500).as_str(), written_length(0).as_str()),
            ("2d1m1s500ms", "0s")
        );
        assert_eq!(length_ms(&written_length(172_861_500)), Some(172_861_500));
    }

    #[test]
    fn moments_have_offsets() {
        assert_eq!(moment_ms("2026-01-01T09:00:00+08:00"), Some(1_767_229_200_000));
        assert_eq!(moment_ms("2026-01-01T01:00:00Z"), Some(1_767_229_200_000));
        assert_eq!(moment_ms("2026-01-01 09:00"), Some(1_767_229_200_000));
        assert_eq!(moment_ms("2026-01-01"), Some(1_767_196_800_000));
        for bad in [
            "2026-02-30",
            "2026-13-01",
            "2026-01-01T25:00:00Z",
            "tomorrow",
            "2026-01-01T09:00:00+8",
            "二〇二六年一月",
        ] {
            assert_eq!(moment_ms(bad), None, "{bad}");
        }
        for ms in [0, 951_782_400_000, 1_709_222_399_000, 1_767_229_200_000] {
            assert_eq!(moment_ms(&written(ms)), Some(ms), "{}", written(ms));
        }
    }
}
