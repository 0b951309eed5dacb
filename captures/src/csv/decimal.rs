//! Decimal numbers as instruments print them, exactly rounded.
//!
//! A number `m * 10^k` with `m <= 2^53` and `|k| <= 22` is one multiplication or division of two
//! numbers that `f64` holds exactly, so that its one rounding is the correct one (W. D. Clinger,
//! "How to read floating point numbers accurately", PLDI 1990). Longer ones with a negative `k`
//! go to [`super::eisel_lemire`]. Everything else is left to the caller, who has the standard
//! library's parser.

use super::eisel_lemire;

/// Powers of ten that `f64` holds exactly: `10^22 = 2^22 * 5^22` and `5^22 < 2^53`.
pub(super) const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// Eight characters `0`.
pub(super) const ZEROS: u64 = 0x3030_3030_3030_3030;
/// More digits may not fit 64 bits.
const DIGITS: usize = 19;
/// Longer exponents are somebody else's.
const EXPONENT_DIGITS: usize = 4;

/// A number at the start of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decimal {
    /// Its value; none when it takes a longer way to round it.
    pub(super) value: Option<f64>,
    /// Its bytes.
    pub(super) length: usize,
}

impl Decimal {
    /// Reads `[+-]digits[mark[digits]][e[+-]digits]`, or with `mark` `.` also `[+-].digits`.
    /// None when the text begins with something else.
    #[inline(always)]
    pub(super) fn leading(text: &[u8], mark: u8) -> Option<Self> {
        let negative = *text.first()? == b'-';
        let begin = usize::from(negative || text[0] == b'+');
        let (mut mantissa, mut at) = whole(text, begin, mark);
        let mut count = at - begin;
        let mut power = 0;
        if text.get(at) == Some(&mark) {
            let whole = at + 1;
            (mantissa, at) = digits(text, whole, mantissa);
            power = -i64::try_from(at - whole).ok()?;
            // Nothing before the mark: people write `.5`, and `,5` is a missing column.
            if count == 0 && (mark != b'.' || at == whole) {
                return None;
            }
            count += at - whole;
        }
        if count == 0 {
            return None;
        }
        if let Some(b'e' | b'E') = text.get(at) {
            let sign = text.get(at + 1);
            let first = at + 1 + usize::from(matches!(sign, Some(b'+' | b'-')));
            // Two digits are the usual case.
            let (exponent, end) = match text.get(first..) {
                Some([a @ b'0'..=b'9', b @ b'0'..=b'9', next, ..]) if !next.is_ascii_digit() => {
                    (u64::from(a - b'0') * 10 + u64::from(b - b'0'), first + 2)
                }
                _ => few_digits(text, first, 0),
            };
            if end == first || end - first > EXPONENT_DIGITS {
                return None;
            }
            let exponent = exponent.cast_signed();
            power += if sign == Some(&b'-') {
                -exponent
            } else {
                exponent
            };
            at = end;
        }
        let fits = count <= DIGITS || count - leading_zeros(text, begin, mark) <= DIGITS;
        let value = if fits { rounded(mantissa, power) } else { None };
        Some(Self {
            value: value.map(|x| if negative { -x } else { x }),
            length: at,
        })
    }
}

/// `mantissa * 10^power` to the nearest `f64`; none where that takes longer.
#[inline]
fn rounded(mantissa: u64, power: i64) -> Option<f64> {
    /// Up to here `f64` holds every whole number.
    const WHOLE: u64 = 1 << 53;
    let k = usize::try_from(power.unsigned_abs()).ok()?;
    match EXACT.get(k) {
        Some(scale) if mantissa <= WHOLE => {
            let mantissa = mantissa as f64;
            Some(if power < 0 {
                mantissa / scale
            } else {
                mantissa * scale
            })
        }
        _ if power < 0 => eisel_lemire::quotient(mantissa, k),
        // The conversion itself rounds to the nearest.
        _ if power == 0 => Some(mantissa as f64),
        _ => None,
    }
}

/// Zeros at the start of a number's digits, which do not count where there are many of them.
fn leading_zeros(text: &[u8], begin: usize, mark: u8) -> usize {
    let zeros = text[begin..]
        .iter()
        .take_while(|&&b| b == b'0' || b == mark);
    zeros.filter(|&&b| b == b'0').count()
}

/// The digits before the mark, as a number and where they end. One is the usual case, and
/// looking for it first keeps the next step from waiting for [`digits`].
#[inline]
fn whole(text: &[u8], at: usize, mark: u8) -> (u64, usize) {
    match text.get(at..).unwrap_or(&[]) {
        [digit @ b'0'..=b'9', next, ..] if *next == mark => (u64::from(digit - b'0'), at + 1),
        _ => digits(text, at, 0),
    }
}

/// Appends the digits from `at` on to a number; returns it and where they end. Beyond
/// [`DIGITS`] of them the number has wrapped.
#[inline]
fn digits(text: &[u8], mut at: usize, mut number: u64) -> (u64, usize) {
    /// What so many more digits multiply a number by.
    const SHIFT: [u64; 9] = [
        1,
        10,
        100,
        1000,
        10_000,
        100_000,
        1_000_000,
        10_000_000,
        100_000_000,
    ];
    while let Some(eight) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let (value, count) = leading_digits(*eight);
        if count == 8 {
            number = number.wrapping_mul(100_000_000).wrapping_add(value);
            at += 8;
            continue;
        }
        return (
            number.wrapping_mul(SHIFT[count]).wrapping_add(value),
            at + count,
        );
    }
    few_digits(text, at, number)
}

/// Does the same one by one.
#[inline]
fn few_digits(text: &[u8], mut at: usize, mut number: u64) -> (u64, usize) {
    while let Some(digit) = text
        .get(at)
        .map(|b| b.wrapping_sub(b'0'))
        .filter(|&d| d < 10)
    {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (number, at)
}

/// The number that the first digits of eight bytes make, and how many these are.
///
/// The eight are one word, and nothing branches on how many digits there are: their number
/// changes from line to line, and a processor that guesses it wrong loses more than this takes.
#[inline]
fn leading_digits(text: [u8; 8]) -> (u64, usize) {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    // 10 and above reach the highest bit with this.
    const LIMIT: u64 = 0x7676_7676_7676_7676;
    // Digits become 0 to 9 and everything else more; no byte carries into the next.
    let word = u64::from_le_bytes(text) ^ ZEROS;
    let others = (((word & LOW) + LIMIT) | word) & !LOW;
    let count = others.trailing_zeros() / 8;
    // The first digit is the lowest byte: shifted up, zeros stand before it. By 64 at most,
    // in two steps.
    let word = word << (4 * (8 - count)) << (4 * (8 - count));
    (eight(word), count as usize)
}

/// The number that eight digits of one byte each make, the first of them in the lowest byte.
#[inline]
pub(super) fn eight(digits: u64) -> u64 {
    // Pairs, then fours, then all.
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The standard library's value for a text with a decimal point.
    fn parsed(text: &str) -> f64 {
        text.parse().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn prop_numbers_are_those_of_the_standard_library(
            text in "[+-]?(0{0,9}[0-9]{1,20}([.]0{0,9}[0-9]{0,20})?|[.][0-9]{1,20})([eE][+-]?[0-9]{1,3})?",
            behind in "(|[,;\t\r\n ]|x|[.]|-|,5)",
        ) {
            let all = format!("{text}{behind}");
            let Some(number) = Decimal::leading(all.as_bytes(), b'.') else {
                return Err(TestCaseError::fail(format!("{all} is a number")));
            };
            // A point may stand behind a number that has none yet.
            let own = &all[..number.length];
            prop_assert!(own == text || own.strip_suffix('.') == Some(&text), "{own}");
            if let Some(value) = number.value {
                prop_assert_eq!(value.to_bits(), parsed(own).to_bits(), "{}", own);
            }
        }

        #[test]
        fn prop_printed_values_come_back(value in any::<f64>(), small in -1.0..1.0, digits in 0_usize..19) {
            for text in [
                format!("{value:.digits$e}"),
                format!("{:.digits$}", value % 1e6),
                format!("{small:?}"),
            ] {
                if let Some(number) = Decimal::leading(text.as_bytes(), b'.') {
                    prop_assert_eq!(number.length, text.len());
                    if let Some(value) = number.value {
                        prop_assert_eq!(value.to_bits(), parsed(&text).to_bits(), "{}", text);
                    }
                }
            }
        }

        #[test]
        fn prop_of_eight_bytes_the_leading_digits_count(bytes in any::<[u8; 8]>(), mix in 0_u8..=255) {
            // Half of the cases have digits wherever a bit of `mix` is set.
            let text: [u8; 8] = std::array::from_fn(|k| {
                if mix >> k & 1 == 1 { b'0' + bytes[k] % 10 } else { bytes[k] }
            });
            let count = text.iter().take_while(|b| b.is_ascii_digit()).count();
            let own = std::str::from_utf8(&text[..count]).unwrap().parse().unwrap_or(0);
            prop_assert_eq!(leading_digits(text), (own, count));
        }
    }

    #[test]
    fn numbers_of_usual_prints_take_the_short_way() {
        for text in [
            "0",
            "-0",
            "12",
            "+12",
            "-1.5e-9",
            "2.500000000e-11",
            "0.0328125",
            "1E3",
            "7.",
            ".5",
            "9007199254740992",
            "9007199254740993",
            "18446744073709551615",
            "123456789012345678e-22",
            "0.0016608741523667742",
            "0.00001660874152366774",
            "-1.6608741523667742e-12",
            "1e-23",
        ] {
            let number = Decimal::leading(text.as_bytes(), b'.').unwrap();
            assert_eq!(number.length, text.len(), "{text}");
            let value = number.value.map(f64::to_bits);
            let own = (text != "18446744073709551615").then(|| parsed(text).to_bits());
            assert_eq!(value, own, "{text}");
        }
    }

    #[test]
    fn what_takes_longer_is_left_to_the_caller() {
        for text in [
            "1e23",
            "1e-60",
            "9007199254740993e1",
            "123456789012345678901",
            "1e999",
            // Exactly between two numbers of 53 bits.
            "9007199254740993.0",
        ] {
            let number = Decimal::leading(text.as_bytes(), b'.').unwrap();
            assert_eq!((number.value, number.length), (None, text.len()), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "+", "-", ".", "e5", "inf", "NaN", "x1", "--1", "1e", "1e+", "1e12345",
        ] {
            assert_eq!(Decimal::leading(text.as_bytes(), b'.'), None, "{text}");
        }
        // With a decimal comma `,5` is a missing first column.
        assert_eq!(Decimal::leading(b",5", b','), None);
        assert_eq!(
            Decimal::leading(b"1,5;2", b','),
            Some(Decimal {
                value: Some(1.5),
                length: 3
            })
        );
    }
}
