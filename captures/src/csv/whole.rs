//! One short whole number a line, as converters print their counts.
//!
//! Such a line has three to five bytes, and two things bound the rate. The next line begins
//! where this one ends: the chain of steps from place to place is a load, the search for the
//! end in eight bytes at once, and an addition. And values take memory that the system has to
//! hand out page by page: sixteen bits each need a quarter of the pages.

use super::decimal::{ZEROS, eight};
use super::short::{HIGHEST, LIMIT};

/// Values that are kept aside before they are appended together.
const BLOCK: usize = 512;

/// Appends the numbers of as many lines as are `[-]digits` within 16 bits and seven characters,
/// all ended as the first is; returns bytes and lines. `text` holds whole lines.
pub(super) fn take(text: &[u8], values: &mut Vec<i16>) -> (usize, u64) {
    let end = text.iter().position(|&b| b == b'\n');
    match end.and_then(|end| text.get(end.wrapping_sub(1))) {
        Some(b'\r') => take_ended::<1>(text, values),
        _ => take_ended::<0>(text, values),
    }
}

/// `CR` is the number of carriage returns before a line feed.
fn take_ended<const CR: usize>(text: &[u8], values: &mut Vec<i16>) -> (usize, u64) {
    let mut block = [0; BLOCK];
    let (mut done, mut lines) = (0, 0);
    loop {
        let mut count = 0;
        for slot in &mut block {
            let Some(line) = text.get(done..).and_then(|rest| rest.first_chunk()) else {
                break;
            };
            let Some((value, length)) = number::<CR>(u64::from_le_bytes(*line)) else {
                break;
            };
            *slot = value;
            done += length;
            count += 1;
        }
        values.extend_from_slice(&block[..count]);
        lines += count as u64;
        if count < BLOCK {
            break;
        }
    }
    // The last lines of a text are fewer bytes than eight.
    while text.len() - done < size_of::<u64>() {
        let mut line = [0; size_of::<u64>()];
        line[..text.len() - done].copy_from_slice(&text[done..]);
        let Some((value, length)) = number::<CR>(u64::from_le_bytes(line)) else {
            break;
        };
        values.push(value);
        done += length;
        lines += 1;
    }
    (done, lines)
}

/// Reads the line that eight bytes begin with; returns its number and its bytes.
#[inline(always)]
fn number<const CR: usize>(line: u64) -> Option<(i16, usize)> {
    // Digits become 0 to 9, and what is none of them reaches the highest bit of its byte when
    // it is a character of ASCII. The first byte may be a sign.
    let digits = line ^ ZEROS;
    let others = digits.wrapping_add(LIMIT) & HIGHEST & !0xff;
    let bits = others.trailing_zeros() & 0x38;
    let behind = line >> bits;
    let ended = match CR {
        0 => behind as u8 == b'\n',
        _ => behind as u16 == u16::from_le_bytes(*b"\r\n"),
    };
    let negative = u64::from(line as u8 == b'-');
    let digits = digits & !(0xff * negative);
    // Zeros before the first digit; what stands behind the number is shifted out.
    let own = digits << (bits.wrapping_neg() & 0x38);
    if own & HIGHEST != 0 || !ended || digits as u8 > 9 {
        return None;
    }
    let size = eight(own);
    // A minus reaches one further, and has no zero: 16 bits keep only one.
    if size.wrapping_sub(negative) > i16::MAX as u64 {
        return None;
    }
    let value = (size ^ negative.wrapping_neg()).wrapping_add(negative);
    Some((value as i16, bits as usize / 8 + 1 + CR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Does the same by the standard library.
    fn taken(text: &str, end: &str) -> (Vec<i16>, usize) {
        let (mut values, mut bytes) = (Vec::new(), 0);
        for line in text.split_inclusive('\n') {
            let own = line.strip_suffix(end).filter(|own| {
                let odd = own.starts_with('+') || own.starts_with('-') && own.parse() == Ok(0);
                // Eight bytes hold the line with a line feed; of the return there is no need.
                own.len() + end.len() <= 8 && !odd
            });
            let Some(value) = own.and_then(|own| own.parse().ok()) else {
                break;
            };
            values.push(value);
            bytes += line.len();
        }
        (values, bytes)
    }

    fn lines() -> impl Strategy<Value = Vec<String>> {
        let line = prop_oneof![
            200 => any::<i16>().prop_map(|x| x.to_string()),
            200 => "-?[1-9][0-9]{0,2}",
            1 => "(-0|0|007|-0003|32768|-32769|-32768|32767|1234567|12345678|)",
            1 => "(\\+1| 1|1 |1[.]0|x|-|--1|1-2|1e3|\u{e9}|\u{fffd}|:|/)",
        ];
        prop::collection::vec(line, 0..1500)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn prop_counts_are_those_of_the_standard_library(lines in lines(), end in "\r?\n") {
            let text: String = lines.iter().map(|line| format!("{line}{end}")).collect();
            let mut values = Vec::new();
            let (bytes, count) = take(text.as_bytes(), &mut values);
            let (expected, expected_bytes) = taken(&text, &end);
            prop_assert_eq!(count, expected.len() as u64);
            prop_assert_eq!(bytes, expected_bytes);
            prop_assert_eq!(values, expected);
        }
    }

    #[test]
    fn a_text_of_other_ends_is_left_where_they_begin() {
        let mut values = vec![7];
        assert_eq!(take(b"1\n22\n3\r\n4\n", &mut values), (5, 2));
        assert_eq!(take(b"1\r\n22\r\n3\n4\r\n", &mut values), (7, 2));
        assert_eq!(take(b"", &mut values), (0, 0));
        assert_eq!(take(b"\n", &mut values), (0, 0));
        assert_eq!(take(b"\r\n", &mut values), (0, 0));
        assert_eq!(values, [7, 1, 22, 1, 22]);
    }
}
