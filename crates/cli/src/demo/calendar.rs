//! The date in China on the demo's clock.

use hongyan_wire::Timestamp;

/// China keeps one time zone, eight hours ahead, without summer time.
const OFFSET_SECONDS: i64 = 8 * 3600;

/// Days since 1 January 1970, by the calendar in China.
pub(super) fn day(now: Timestamp) -> i64 {
    (now.0.div_euclid(1000) + OFFSET_SECONDS).div_euclid(86_400)
}

/// The same day as `2026-01-31`.
pub(super) fn date(now: Timestamp) -> String {
    let (year, month, day) = civil(day(now));
    format!("{year:04}-{month:02}-{day:02}")
}

/// The hour and minute as `09:05`.
pub(super) fn time(now: Timestamp) -> String {
    let second = (now.0.div_euclid(1000) + OFFSET_SECONDS).rem_euclid(86_400);
    format!("{:02}:{:02}", second / 3600, second % 3600 / 60)
}

/// Year, month and day; the year is counted from March, so that the odd day of a leap year comes last.
fn civil(day: i64) -> (i64, i64, i64) {
    let from_march_0000 = day + 719_468;
    let era = from_march_0000.div_euclid(146_097);
    let of_era = from_march_0000.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_change_at_midnight_in_china() {
        let midnight = Timestamp(1_709_136_000_000); // 28 February 2024, 16:00 UTC
        assert_eq!(date(midnight), "2024-02-29");
        assert_eq!(time(midnight), "00:00");
        assert_eq!(date(Timestamp(midnight.0 - 1)), "2024-02-28");
        assert_eq!(date(Timestamp(0)), "1970-01-01");
        assert_eq!(day(midnight) - day(Timestamp(midnight.0 - 1)), 1);
    }
}
