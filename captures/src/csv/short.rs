//! Numbers of few characters, without a branch on where sign, mark and end are.
//!
//! Short numbers change their length from line to line, and a processor that guesses a length
//! wrong loses more time than reading the number takes. So sixteen bytes are taken as one or two
//! words: the end is found by arithmetic on all bytes at once, the sign is shifted out, the
//! decimal mark is closed up, and what is left is eight digits a word.

use super::decimal::{EXACT, ZEROS, eight};

const ONES: u64 = 0x0101_0101_0101_0101;
pub(super) const HIGHEST: u64 = 0x8080_8080_8080_8080;
/// 10 and above reach the highest bit with this.
pub(super) const LIMIT: u64 = 0x7676_7676_7676_7676;

/// Reads `[-]digits[mark[digits]]` up to and with the byte `end`, which is no part of a number;
/// returns value and bytes. None when it is anything else or does not end within the text.
///
/// Fifteen digits at most are below `2^53`, and their powers of ten are exact too, so that the
/// division's one rounding is the correct one.
#[inline(always)]
pub(super) fn short(text: &[u8; 16], mark: u8, end: u8) -> Option<(f64, usize)> {
    let [low, high] = [&text[..8], &text[8..]].map(|half| {
        half.first_chunk()
            .map_or(0, |half| u64::from_le_bytes(*half))
    });
    let negative = low as u8 == b'-';
    let sign = 8 * u32::from(negative);
    let low = low >> sign | high << 1 << (63 - sign);
    let high = high >> sign;
    let ends = matches(low, end);
    let (value, places, length) = if ends != 0 {
        let length = first(ends);
        let (number, places) = up_to_seven(low, length, first(matches(low, mark)))?;
        (number.cast_signed() as f64, places, length)
    } else {
        let length = 8 + first(matches(high, end));
        let low_mark = first(matches(low, mark));
        let place = if low_mark < 8 {
            low_mark
        } else {
            8 + first(matches(high, mark))
        };
        let (number, places) =
            up_to_fifteen(u128::from(high) << 64 | u128::from(low), length, place)?;
        (number.cast_signed() as f64, places, length)
    };
    let value = if places == 0 {
        value
    } else {
        value / EXACT[places]
    };
    let signed = value.to_bits() | u64::from(negative) << 63;
    Some((f64::from_bits(signed), length + usize::from(negative) + 1))
}

/// Marks the bytes of a word that are `byte`; right up to the first one.
#[inline(always)]
fn matches(word: u64, byte: u8) -> u64 {
    let word = word ^ (ONES * u64::from(byte));
    word.wrapping_sub(ONES) & !word & HIGHEST
}

/// The place of the first byte that is marked; 8 when there is none.
#[inline(always)]
fn first(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// The number in the first `length` bytes, at most 7, with a mark at `place`, and how many of
/// its digits stand behind that.
#[inline(always)]
fn up_to_seven(word: u64, length: usize, place: usize) -> Option<(u64, usize)> {
    let place = place.min(length);
    let marked = usize::from(place < length);
    let before = (1_u64 << (8 * place)) - 1;
    let digits = word ^ ZEROS;
    let digits = digits & before | digits >> 8 & !before;
    let count = length - marked;
    // Zeros before the first digit; what stood behind the end is shifted out.
    let digits = digits << (8 * (7 - count)) << 8;
    let plain = (digits.wrapping_add(LIMIT) | digits) & HIGHEST == 0;
    (plain && place > 0).then(|| (eight(digits), length - marked - place))
}

/// The same in at most 15 bytes.
#[inline(always)]
fn up_to_fifteen(word: u128, length: usize, place: usize) -> Option<(u64, usize)> {
    if length > 15 {
        return None;
    }
    let place = place.min(length);
    let marked = usize::from(place < length);
    let before = (1_u128 << (8 * place)) - 1;
    let digits = word ^ (u128::from(ZEROS) << 64 | u128::from(ZEROS));
    let digits = digits & before | digits >> 8 & !before;
    let count = length - marked;
    let digits = digits << (8 * (16 - count));
    let (low, high) = (digits as u64, (digits >> 64) as u64);
    let odd = low.wrapping_add(LIMIT) | low | high.wrapping_add(LIMIT) | high;
    let plain = odd & HIGHEST == 0;
    (plain && place > 0).then(|| {
        (
            eight(low) * 100_000_000 + eight(high),
            length - marked - place,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sixteen bytes that begin with a text.
    fn padded(text: &str) -> [u8; 16] {
        let mut padded = [b'7'; 16];
        let length = text.len().min(16);
        padded[..length].copy_from_slice(&text.as_bytes()[..length]);
        padded
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8192))]

        #[test]
        fn prop_short_numbers_are_those_of_the_standard_library(
            sign in "-?", number in "[0-9]{1,14}|[0-9]{1,7}[.][0-9]{0,6}|[0-9]{8,13}[.]", behind in "[ -~]{0,4}",
        ) {
            let text = sign + &number;
            let found = short(&padded(&format!("{text},{behind}")), b'.', b',');
            let (value, length) = found.expect("it fits");
            prop_assert_eq!(length, text.len() + 1);
            prop_assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits());
            let comma = text.replace('.', ",");
            prop_assert_eq!(short(&padded(&format!("{comma};")), b',', b';'), found);
        }

        #[test]
        fn prop_nothing_else_is_a_number(
            mut bytes in any::<[u8; 16]>(), usual in any::<[u8; 16]>(), mix in any::<u16>(),
        ) {
            // Bytes that nearly make a number wherever a bit of `mix` is set.
            for (k, byte) in bytes.iter_mut().enumerate() {
                if mix >> k & 1 == 1 {
                    *byte = b"0123456789.-+,,\n"[usize::from(usual[k] % 16)];
                }
            }
            let end = bytes.iter().position(|&b| b == b',');
            let own = end.and_then(|end| std::str::from_utf8(&bytes[..end]).ok());
            let own = own.filter(|text| {
                let digits = text.strip_prefix('-').unwrap_or(text);
                digits.starts_with(|c: char| c.is_ascii_digit())
                    && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
            });
            let expected = own.and_then(|text| Some((text.parse::<f64>().ok()?, text.len() + 1)));
            let bits = |(value, length): (f64, usize)| (value.to_bits(), length);
            prop_assert_eq!(short(&bytes, b'.', b',').map(bits), expected.map(bits));
        }
    }

    #[test]
    fn what_does_not_fit_is_left_to_others() {
        for text in [
            "", ",", "-,", ".5,", "1.2.3,", "1e5,", "+1,", " 1,", "1 ,", "--1,", "1,",
        ] {
            let found = short(&padded(text), b'.', b',');
            assert_eq!(found.is_some(), text == "1,", "{text}");
        }
        let minus = short(&padded("-0.0,"), b'.', b',').unwrap().0;
        assert!(minus == 0.0 && minus.is_sign_negative());
        // The sixteenth byte ends fifteen digits, and not sixteen.
        assert_eq!(
            short(b"123456789012345,", b'.', b','),
            Some((123_456_789_012_345.0, 16))
        );
        assert_eq!(short(b"1234567890123456", b'.', b','), None);
    }
}
