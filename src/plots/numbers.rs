//! Numbers as people read them: SI prefixes, powers of ten, intervals.

use etalon_types::Figure;

/// An SI prefix: its symbol and factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Prefix {
    pub symbol: &'static str,
    pub factor: f64,
}

const PREFIXES: [Prefix; 9] = [
    Prefix {
        symbol: "f",
        factor: 1e-15,
    },
    Prefix {
        symbol: "p",
        factor: 1e-12,
    },
    Prefix {
        symbol: "n",
        factor: 1e-9,
    },
    Prefix {
        symbol: "µ",
        factor: 1e-6,
    },
    Prefix {
        symbol: "m",
        factor: 1e-3,
    },
    Prefix {
        symbol: "",
        factor: 1.0,
    },
    Prefix {
        symbol: "k",
        factor: 1e3,
    },
    Prefix {
        symbol: "M",
        factor: 1e6,
    },
    Prefix {
        symbol: "G",
        factor: 1e9,
    },
];
const NO_PREFIX: Prefix = PREFIXES[5];

impl Prefix {
    /// Picks the prefix that leaves a magnitude between 1 and 1000; none for a unit that takes
    /// none (empty, pure numbers, anything in decibels).
    pub fn of(magnitude: f64, unit: &str) -> Self {
        if !matches!(unit, "W" | "V" | "A" | "s" | "Hz" | "Bd" | "m") || !magnitude.is_finite() {
            return NO_PREFIX;
        }
        PREFIXES
            .into_iter()
            .rev()
            // A hair below the edge, so that 0.001 with its last bit missing is still 1 m.
            .find(|p| magnitude.abs() >= p.factor * (1.0 - 1e-9))
            .unwrap_or(if magnitude == 0.0 {
                NO_PREFIX
            } else {
                PREFIXES[0]
            })
    }
}

/// Writes a number with a true minus sign and `decimals` decimals; a dash for what is not
/// finite.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let text = format!("{value:.decimals$}");
    let zero = text
        .trim_start_matches('-')
        .chars()
        .all(|c| c == '0' || c == '.');
    match text.strip_prefix('-') {
        Some(rest) if zero => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// Writes a number as `1.80×10⁻³`.
pub(crate) fn scientific(value: f64, decimals: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return fixed(value, 0);
    }
    let text = format!("{value:.decimals$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{}×10{}", mantissa.replace('-', "−"), superscript(exponent))
}

/// Writes an integer as raised characters.
pub(crate) fn superscript(integer: &str) -> String {
    integer
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '0' | '4'..='9' => char::from_u32('⁰' as u32 + (c as u32 - '0' as u32)).unwrap_or(c),
            c => c,
        })
        .collect()
}

/// Writes a level's index as a lowered digit.
pub(crate) fn subscript(index: usize) -> String {
    index
        .to_string()
        .chars()
        .map(|c| char::from_u32('₀' as u32 + (c as u32 - '0' as u32)).unwrap_or(c))
        .collect()
}

/// Writes a count with thin groups of three digits: `131 072`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(c);
    }
    out
}

/// Writes a value with its SI prefix and `digits` significant digits, such as `26.56 GBd`.
pub(crate) fn si(value: f64, unit: &str, digits: i32) -> String {
    let prefix = Prefix::of(value, unit);
    let scaled = value / prefix.factor;
    let space = if unit.is_empty() { "" } else { " " };
    format!(
        "{}{space}{}{unit}",
        fixed(scaled, decimals_for(scaled, digits)),
        prefix.symbol
    )
}

fn decimals_for(value: f64, digits: i32) -> usize {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    (digits - 1 - value.abs().log10().floor() as i32).clamp(0, 12) as usize
}

/// A figure in words: the number with its interval, and everything that qualifies it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Worded {
    /// `4.52 dB`, `≤ 3.7×10⁻⁶` or `not measurable`.
    pub value: String,
    /// `4.49 to 4.55 dB (95 %)`, or empty.
    pub interval: String,
    /// Definition and method, or the reason why there is no value.
    pub note: String,
    /// Observations, or empty.
    pub count: String,
}

/// Puts a figure into words.
pub(crate) fn worded(figure: &Figure) -> Worded {
    match figure {
        Figure::Estimate(e) => {
            let unit = if e.unit == "1" { "" } else { &e.unit };
            let (value, low, high) = match e.errors {
                // Ratios of errors are read by their power of ten.
                Some(_) => (
                    scientific(e.value, 2),
                    scientific(e.low, 2),
                    scientific(e.high, 2),
                ),
                None => triple(e.value, e.low, e.high, unit),
            };
            let count = match e.errors {
                Some(errors) => format!("{} in {}", grouped(errors), grouped(e.n)),
                None => grouped(e.n),
            };
            let (value, interval) = match e.errors {
                // Nothing was counted: the upper end is all that is known.
                Some(0) => (
                    format!("≤ {high}"),
                    format!("bound ({} %)", percent(e.confidence)),
                ),
                _ => (
                    value,
                    format!("{low} to {high} ({} %)", percent(e.confidence)),
                ),
            };
            Worded {
                value,
                interval,
                note: e.definition.clone(),
                count,
            }
        }
        Figure::NotMeasurable(none) => {
            let unit = none.unit.as_deref().filter(|u| *u != "1").unwrap_or("");
            let bound = |v: f64| triple(v, v, v, unit).0;
            let value = match (none.low, none.high) {
                (None, Some(high)) => format!("≤ {}", bound(high)),
                (Some(low), None) => format!("≥ {}", bound(low)),
                (Some(low), Some(high)) => format!("{} to {}", bound(low), bound(high)),
                (None, None) => "not measurable".into(),
            };
            let interval = match none.confidence {
                Some(c) if none.low.is_some() || none.high.is_some() => {
                    format!("bound ({} %)", percent(c))
                }
                _ => String::new(),
            };
            let count = match (none.errors, none.n) {
                (Some(errors), Some(n)) => format!("{} in {}", grouped(errors), grouped(n)),
                (None, Some(n)) => grouped(n),
                _ => String::new(),
            };
            Worded {
                value,
                interval,
                note: none.reason.clone(),
                count,
            }
        }
    }
}

fn percent(confidence: f64) -> String {
    fixed(
        confidence * 100.0,
        if (confidence * 100.0).fract().abs() < 1e-9 {
            0
        } else {
            1
        },
    )
}

/// Writes a value and its limits with the same prefix and as many decimals as the width of the
/// interval bears.
fn triple(value: f64, low: f64, high: f64, unit: &str) -> (String, String, String) {
    let small = unit.is_empty() && value != 0.0 && value.abs() < 0.01;
    if small {
        return (
            scientific(value, 2),
            scientific(low, 2),
            scientific(high, 2),
        );
    }
    let prefix = Prefix::of(value, unit);
    let width = (high - low).abs() / prefix.factor;
    let scaled = value / prefix.factor;
    let decimals = if width > 0.0 && width.is_finite() {
        // Two digits of the interval's width, at most six of the value.
        decimals_for(width, 2).min(decimals_for(scaled, 6))
    } else {
        decimals_for(scaled, 4).min(3)
    };
    let space = if unit.is_empty() { "" } else { " " };
    let write = |v: f64| fixed(v / prefix.factor, decimals);
    (
        format!("{}{space}{}{unit}", write(value), prefix.symbol),
        write(low),
        format!("{}{space}{}{unit}", write(high), prefix.symbol),
    )
}

/// Writes a number with up to `decimals` decimals and no trailing zeros.
pub(crate) fn trimmed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Writes a power of ten, for count axes.
pub(crate) fn count_label(value: f64) -> String {
    if value < 1e4 {
        fixed(value, 0)
    } else {
        let power = value.log10().floor();
        let mantissa = value / 10f64.powf(power);
        let power = superscript(&format!("{power}"));
        if (mantissa - 1.0).abs() < 1e-6 {
            format!("10{power}")
        } else {
            format!("{}×10{power}", trimmed(mantissa, 1))
        }
    }
}

/// Returns the least and the greatest of the finite values.
pub(crate) fn finite_range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|v| v.is_finite())
        .fold(None, |range, v| match range {
            None => Some((v, v)),
            Some((low, high)) => Some((low.min(v), high.max(v))),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_types::Estimate;

    #[test]
    fn numbers_read_well() {
        assert_eq!(fixed(-0.001, 1), "0.0");
        assert_eq!(fixed(-2.5, 1), "−2.5");
        assert_eq!(scientific(1.8e-3, 2), "1.80×10⁻³");
        assert_eq!(scientific(0.0, 2), "0");
        assert_eq!(grouped(1_048_576), "1\u{a0}048\u{a0}576");
        assert_eq!(si(26.5625e9, "Bd", 4), "26.56 GBd");
        assert_eq!(si(100e-9, "s", 4), "100.0 ns");
        assert_eq!(si(0.0, "W", 3), "0 W");
        assert_eq!(si(1e-3, "W", 3), "1.00 mW");
        assert_eq!(subscript(12), "₁₂");
        assert_eq!(Prefix::of(1e-3, "dB"), NO_PREFIX);
    }

    #[test]
    fn a_figure_shows_no_more_digits_than_its_interval_bears() {
        let mut estimate = Estimate {
            value: 4.523_456,
            low: 4.491,
            high: 4.556,
            confidence: 0.95,
            n: 131_072,
            errors: None,
            unit: "dB".into(),
            method: "levels".into(),
            definition: "10 log10(P3/P0)".into(),
        };
        let words = worded(&Figure::Estimate(estimate.clone()));
        assert_eq!(words.value, "4.523 dB");
        assert_eq!(words.interval, "4.491 to 4.556 dB (95 %)");
        estimate.unit = "W".into();
        (estimate.value, estimate.low, estimate.high) = (8.123e-4, 8.02e-4, 8.21e-4);
        assert_eq!(worded(&Figure::Estimate(estimate)).value, "812 µW");
        let bound = worded(&Figure::at_most(
            3.7e-6,
            "1",
            0.95,
            1_000_000,
            "no errors counted",
        ));
        assert_eq!(
            (bound.value.as_str(), bound.note.as_str()),
            ("≤ 3.70×10⁻⁶", "no errors counted")
        );
        assert_eq!(
            worded(&Figure::not_measurable("too short")).value,
            "not measurable"
        );
    }
}
