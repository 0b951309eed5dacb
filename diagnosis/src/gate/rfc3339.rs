//! Seconds since the Unix epoch as RFC 3339 text.
//!
//! The calendar is the proleptic Gregorian one; days are turned into a date by H. Hinnant's
//! `civil_from_days`, which counts years from March so that the leap day comes last.

/// First second that a four-digit year cannot express: 10000-01-01.
pub(super) const END_S: f64 = 253_402_300_800.0;

/// Writes seconds since 1970-01-01T00:00:00Z, such as `1970-01-01T00:00:02.500Z`. Fractions are
/// cut to milliseconds, never rounded up, so that the text is not later than the time.
///
/// Times before 1970 or after 9999 are written as the nearer end.
pub fn rfc3339(seconds: f64) -> String {
    let milliseconds = (seconds.clamp(0.0, END_S - 1.0) * 1e3).floor() as u64;
    let (days, rest) = (milliseconds / 86_400_000, milliseconds % 86_400_000);
    // 719 468 days from 0000-03-01 to 1970-01-01; 146 097 days in 400 years.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, fraction) = (rest / 1_000 % 60, rest % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ref_dates_are_those_of_the_calendar() {
        // `date -u -d @N +%FT%TZ` of GNU coreutils.
        for (seconds, expected) in [
            (0.0, "1970-01-01T00:00:00.000Z"),
            (951_782_400.0, "2000-02-29T00:00:00.000Z"),
            (951_868_800.0, "2000-03-01T00:00:00.000Z"),
            (1_709_251_199.5, "2024-02-29T23:59:59.500Z"),
            (1_735_689_599.999_9, "2024-12-31T23:59:59.999Z"),
            (4_107_542_400.0, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799.0, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(rfc3339(seconds), expected);
        }
    }

    #[test]
    fn odd_times_do_not_panic() {
        assert_eq!(rfc3339(f64::NAN), rfc3339(0.0));
        assert_eq!(rfc3339(-1.0), rfc3339(0.0));
        assert_eq!(rfc3339(f64::INFINITY), "9999-12-31T23:59:59.000Z");
    }
}
