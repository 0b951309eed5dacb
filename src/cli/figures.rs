//! Figures in words: value, interval, and why there is none.

use etalon_types::Figure;
use etalon_types::units::engineering;

/// How a figure's numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// `2.71e-3`: ratios of errors.
    Scientific,
    /// `17.23 dB`: decibels.
    Decibel,
    /// `0.987`: pure numbers near one.
    Plain,
    /// `10.2 MHz`: an SI prefix and the figure's own unit.
    Engineering,
}

impl Notation {
    fn number(self, value: f64, unit: &str) -> String {
        match self {
            Self::Scientific => format!("{value:.2e}"),
            Self::Decibel => format!("{value:.2}"),
            Self::Plain => format!("{value:.3}"),
            Self::Engineering => quantity(value, unit),
        }
    }
}

/// Writes `value [low, high]`, a bound, or `n/a: reason`.
pub fn figure(figure: &Figure, notation: Notation) -> String {
    match figure {
        // Nothing was counted: the upper end is all that is known.
        Figure::Estimate(e) if e.errors == Some(0) => {
            let high = notation.number(e.high, &e.unit);
            format!("< {high} (no errors in {})", count(e.n))
        }
        Figure::Estimate(e) => {
            let show = |v| notation.number(v, &e.unit);
            let suffix = if notation == Notation::Decibel {
                " dB"
            } else {
                ""
            };
            format!(
                "{}{suffix} [{}, {}]",
                show(e.value),
                show(e.low),
                show(e.high)
            )
        }
        Figure::NotMeasurable(none) => {
            let unit = none.unit.as_deref().unwrap_or("");
            let suffix = if notation == Notation::Decibel {
                " dB"
            } else {
                ""
            };
            match (none.high, none.low) {
                (Some(high), _) => {
                    format!("< {}{suffix}: {}", notation.number(high, unit), none.reason)
                }
                (None, Some(low)) => {
                    format!("> {}{suffix}: {}", notation.number(low, unit), none.reason)
                }
                (None, None) => format!("n/a: {}", none.reason),
            }
        }
    }
}

/// Writes only the value or the bound, for tables; `-` when there is neither.
pub fn short(figure: &Figure, notation: Notation) -> String {
    match (figure, figure.high()) {
        (Figure::Estimate(e), _) if e.errors != Some(0) => notation.number(e.value, &e.unit),
        (_, Some(high)) => format!("<{}", notation.number(high, "")),
        (_, None) => "-".to_owned(),
    }
}

/// Writes a value in its unit: with an SI prefix where the unit is a base unit, else as it is,
/// so that neither `mmW` nor a bare `m` comes out.
pub fn quantity(value: f64, unit: &str) -> String {
    match unit {
        "V" | "W" | "A" | "s" | "Hz" | "Bd" | "S/s" | "m" => engineering(value, unit),
        "" | "1" | "sample" => general(value),
        other => format!("{} {other}", general(value)),
    }
}

/// Writes four significant digits.
fn general(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e5).contains(&magnitude) {
        let digits = (3 - magnitude.log10().floor() as i32).clamp(0, 6);
        format!("{value:.*}", digits as usize)
    } else {
        format!("{value:.3e}")
    }
}

/// Writes a count with commas: `1,048,576`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Cuts a line to `width` characters, ending in `...` when something was left out.
pub fn cut(text: &str, width: usize) -> String {
    let flat: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if flat.chars().count() <= width {
        return flat;
    }
    let kept: String = flat.chars().take(width.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

/// Cuts a path from the left, because its end tells more.
pub fn cut_left(text: &str, width: usize) -> String {
    let n = text.chars().count();
    if n <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().skip(n - width.saturating_sub(3)).collect();
    format!("...{kept}")
}

/// Breaks a text into lines of at most `width` characters, later ones indented.
pub fn wrap(text: &str, width: usize, indent: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer =
            line.chars().count() + usize::from(!line.trim().is_empty()) + word.chars().count();
        if longer > width && !line.trim().is_empty() {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        }
        if !line.trim().is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.trim().is_empty() {
        lines.push(line);
    }
    lines.into_iter().map(|l| cut(&l, width)).collect()
}

#[cfg(test)]
mod tests {
    use etalon_types::Estimate;

    use super::*;

    #[test]
    fn a_figure_shows_its_interval_its_bound_or_its_reason() {
        let ber = Figure::Estimate(Estimate {
            value: 2.71e-3,
            low: 2.5e-3,
            high: 2.9e-3,
            confidence: 0.95,
            n: 1000,
            errors: Some(3),
            unit: "1".into(),
            method: "pattern".into(),
            definition: "bit errors over bits".into(),
        });
        assert_eq!(
            figure(&ber, Notation::Scientific),
            "2.71e-3 [2.50e-3, 2.90e-3]"
        );
        let none = Figure::at_most(3.7e-6, "1", 0.95, 1_000_000, "no errors");
        assert_eq!(figure(&none, Notation::Scientific), "< 3.70e-6: no errors");
        assert_eq!(short(&none, Notation::Scientific), "<3.70e-6");
        let Figure::Estimate(mut bound) = ber else {
            unreachable!()
        };
        (bound.value, bound.low, bound.errors) = (bound.high, 0.0, Some(0));
        let bound = Figure::Estimate(bound);
        assert_eq!(
            figure(&bound, Notation::Scientific),
            "< 2.90e-3 (no errors in 1,000)"
        );
        assert_eq!(short(&bound, Notation::Scientific), "<2.90e-3");
        let short_capture = Figure::not_measurable("too short");
        assert_eq!(figure(&short_capture, Notation::Decibel), "n/a: too short");
    }

    #[test]
    fn lines_keep_their_width() {
        assert_eq!(count(1_048_576), "1,048,576");
        assert_eq!(count(999), "999");
        assert_eq!(quantity(1.5e-3, "W"), "1.5 mW");
        assert_eq!(quantity(1.5, "mW"), "1.500 mW");
        assert_eq!(quantity(-127.3, ""), "-127.3");
        assert_eq!(quantity(261.1e-6, ""), "2.611e-4");
        assert_eq!(cut("abcdefgh", 6), "abc...");
        assert_eq!(cut("a\nb", 6), "a b");
        assert_eq!(cut_left("/a/long/path", 8), ".../path".to_owned());
        for line in wrap("one two three four five six seven", 11, 2) {
            assert!(line.len() <= 11, "{line:?}");
        }
    }
}
