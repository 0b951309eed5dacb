//! Times of day as SigMF writes them: `2026-01-31T23:59:59.123456789Z` (RFC 3339, UTC).

/// A moment in whole seconds since 1970 and a part of a second: one float would lose the
/// nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    seconds: i64,
    part_s: f64,
}

impl Moment {
    /// Parses a time; `None` when it is not one, or not in UTC.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let utc = text
            .strip_suffix(['Z', 'z'])
            .or_else(|| text.strip_suffix("+00:00"))?;
        let (date, time) = utc.split_once(['T', 't', ' '])?;
        let [year, month, day] = three(date, '-')?;
        let (whole, part) = match time.split_once('.') {
            Some((whole, digits)) => (whole, digits),
            None => (time, ""),
        };
        let [hour, minute, second] = three(whole, ':')?;
        // 60 is a leap second.
        let valid = (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && hour < 24
            && minute < 60
            && second <= 60
            && part.bytes().all(|b| b.is_ascii_digit());
        if !valid {
            return None;
        }
        let part_s = format!("0.{part}0").parse().ok()?;
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        Some(Self { seconds, part_s })
    }

    /// Returns the seconds from `earlier` to here.
    pub(super) fn seconds_after(self, earlier: Self) -> f64 {
        (self.seconds - earlier.seconds) as f64 + (self.part_s - earlier.part_s)
    }
}

/// Parses three numbers of at most four digits.
fn three(text: &str, between: char) -> Option<[i64; 3]> {
    let mut numbers = text.split(between).map(|part| {
        let digits =
            !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i64>().ok().filter(|_| digits)
    });
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar: years begin in March,
/// so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let months = (month + 9) % 12;
    let in_year = (153 * months + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + in_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ref_moments_by_date_u() {
        // `date -u -d 2024-02-29T12:34:56Z +%s` and its like.
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2024-02-29T12:34:56Z", 1_709_210_096),
            ("1969-12-31T23:59:59Z", -1),
            ("2100-03-01T00:00:00+00:00", 4_107_542_400),
        ] {
            let moment = Moment::parse(text).unwrap();
            assert_eq!((moment.seconds, moment.part_s), (seconds, 0.0), "{text}");
        }
    }

    #[test]
    fn parts_of_a_second_are_kept_over_days() {
        let early = Moment::parse("2026-01-01T23:59:59.999999999Z").unwrap();
        let late = Moment::parse("2026-01-02T00:00:00.000000001Z").unwrap();
        assert!((late.seconds_after(early) - 2e-9).abs() < 1e-15);
    }

    #[test]
    fn what_is_no_time_in_utc_is_none() {
        for text in [
            "",
            "Z",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00+02:00",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00.12e4Z",
            "99999999999999999999-01-01T00:00:00Z",
            "2026-01-01T+1:00:00Z",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
