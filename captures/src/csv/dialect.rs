//! Separator and decimal mark: every combination is tried on the first lines, and the one that
//! reads most of them as numbers wins.

use super::decimal;
use crate::Error;
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    Byte(u8),
    /// Runs of blanks and tabs.
    Blanks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decimal {
    Point,
    Comma,
}

/// How a file parts its columns and writes its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    separator: Separator,
    decimal: Decimal,
    /// Every row could also be one number with a decimal comma.
    pub(super) comma_is_ambiguous: bool,
}

/// In order of preference where several read equally many lines.
const CANDIDATES: [(Separator, Decimal); 7] = [
    (Separator::Byte(b','), Decimal::Point),
    (Separator::Byte(b';'), Decimal::Point),
    (Separator::Byte(b';'), Decimal::Comma),
    (Separator::Byte(b'\t'), Decimal::Point),
    (Separator::Byte(b'\t'), Decimal::Comma),
    (Separator::Blanks, Decimal::Point),
    (Separator::Blanks, Decimal::Comma),
];

/// The candidate that reads `0,5` as one number where the first one reads two.
const SECOND_READING: usize = 2;

/// Lines that are not blank; no candidate reads those as a row.
fn written_lines(sample: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = sample.split(|&b| b == b'\n');
    lines.filter(|line| !line.trim_ascii().is_empty())
}

impl Dialect {
    /// Judges by the first lines of a file.
    pub(super) fn detect(sample: &[u8]) -> Result<Self, Error> {
        let make = |(separator, decimal)| Self {
            separator,
            decimal,
            comma_is_ambiguous: false,
        };
        let lines = written_lines(sample).count();
        let commas = sample.contains(&b',');
        let (mut best, mut winner, mut second_reading) = (0, 0, 0);
        for (k, candidate) in CANDIDATES.into_iter().enumerate() {
            // Who comes later has to read more, except that a tie of these two is told.
            let tie_counts = k == SECOND_READING && commas;
            let least = if tie_counts { best } else { best + 1 };
            let score = make(candidate).rows(sample, lines, least);
            if tie_counts {
                second_reading = score;
            }
            if score > best {
                (best, winner) = (score, k);
            }
        }
        if best == 0 {
            return Err(Error::unsupported(
                "text",
                "no line of numbers in its first 64 KiB",
                "a table needs at least one line of numbers parted by comma, semicolon, tab or \
                 blanks",
            ));
        }
        let mut dialect = make(CANDIDATES[winner]);
        dialect.comma_is_ambiguous = winner == 0 && commas && second_reading == best;
        Ok(dialect)
    }

    /// Returns the byte that parts columns; none where blanks and tabs do.
    pub(super) fn separator_byte(self) -> Option<u8> {
        match self.separator {
            Separator::Byte(separator) => Some(separator),
            Separator::Blanks => None,
        }
    }

    /// Returns the decimal mark.
    pub(super) fn mark(self) -> u8 {
        match self.decimal {
            Decimal::Point => b'.',
            Decimal::Comma => b',',
        }
    }

    /// Counts the lines that are rows of numbers, of so many that are not blank. Gives up, with
    /// a smaller number, once fewer than `least` is certain.
    fn rows(self, sample: &[u8], lines: usize, least: usize) -> usize {
        let mut fields = Vec::new();
        let (mut rows, mut left) = (0, lines);
        for line in written_lines(sample) {
            if rows + left < least {
                break;
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            rows += usize::from(self.is_plain_row(line) || self.is_row(line, &mut fields));
            left -= 1;
        }
        rows
    }

    fn is_row(self, line: &[u8], fields: &mut Vec<Range<usize>>) -> bool {
        self.split(line, fields);
        let is_number = |field: &&Range<usize>| self.number(&line[(*field).clone()]).is_some();
        // TDS files have header columns, then maybe empty ones, left of the numbers.
        if fields.len() == super::BESIDE + 2 {
            return matches!(fields.iter().filter(is_number).count(), 2 | 5);
        }
        !fields.is_empty() && fields.iter().all(|field| is_number(&field))
    }

    /// Whether a line is nothing but numbers and single separators; most are.
    fn is_plain_row(self, line: &[u8]) -> bool {
        let mut rest = line;
        while let Some(number) = decimal::Decimal::leading(rest, self.mark()) {
            if number.value.is_none() {
                return false;
            }
            rest = match rest[number.length..].split_first() {
                None => return true,
                Some((&byte, [])) => return Some(byte) == self.separator_byte(),
                Some((&byte, rest)) if Some(byte) == self.separator_byte() => rest,
                Some(_) => return false,
            };
        }
        false
    }

    /// Finds the fields of a line; empty ones at the end are dropped.
    pub(super) fn split(self, line: &[u8], fields: &mut Vec<Range<usize>>) {
        fields.clear();
        let mut start = 0;
        let parts = |&b: &u8| match self.separator {
            Separator::Byte(separator) => b == separator,
            Separator::Blanks => b == b' ' || b == b'\t',
        };
        for part in line.split(parts) {
            let field = start..start + part.len();
            start = field.end + 1;
            if self.separator == Separator::Blanks && part.is_empty() {
                continue;
            }
            fields.push(field);
        }
        while fields
            .last()
            .is_some_and(|f| line[f.clone()].trim_ascii().is_empty())
        {
            fields.pop();
        }
    }

    /// Reads a field as a number: `-1.5e-9`, `1,5E3` with a decimal comma, `inf`, `NaN`.
    pub(super) fn number(self, field: &[u8]) -> Option<f64> {
        /// Longer fields are no numbers that anybody prints.
        const DIGITS: usize = 64;
        let mut field = field.trim_ascii();
        if let Some(plain) = decimal::Decimal::leading(field, self.mark())
            && plain.length == field.len()
            && plain.value.is_some()
        {
            return plain.value;
        }
        if let [b'"', inner @ .., b'"'] = field {
            field = inner.trim_ascii();
        }
        let signless = field
            .strip_prefix(b"-")
            .or(field.strip_prefix(b"+"))
            .unwrap_or(field);
        if !signless.first()?.is_ascii_digit() {
            // Also keeps words such as `index` from the float parser.
            let lower = signless.to_ascii_lowercase();
            // `.5` is written by people and `,5` is a missing first column.
            if !signless.starts_with(b".")
                && !matches!(lower.as_slice(), b"inf" | b"infinity" | b"nan")
            {
                return None;
            }
        }
        if self.decimal == Decimal::Point {
            return std::str::from_utf8(field).ok()?.parse().ok();
        }
        let mut buffer = [0; DIGITS];
        let buffer = buffer.get_mut(..field.len())?;
        for (out, &b) in buffer.iter_mut().zip(field) {
            *out = match b {
                b',' => b'.',
                // A point beside decimal commas would part thousands; not guessed.
                b'.' => return None,
                other => other,
            };
        }
        std::str::from_utf8(buffer).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every candidate reads every line to the end, and every line the long way.
    fn detected(sample: &[u8]) -> Option<Dialect> {
        let make = |(separator, decimal)| Dialect {
            separator,
            decimal,
            comma_is_ambiguous: false,
        };
        let mut fields = Vec::new();
        let scores = CANDIDATES.map(|candidate| {
            let lines = sample.split(|&b| b == b'\n');
            let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
            lines
                .filter(|line| make(candidate).is_row(line, &mut fields))
                .count()
        });
        let best = *scores.iter().max()?;
        let winner = scores.iter().position(|&score| score == best)?;
        let mut dialect = make(CANDIDATES[winner]);
        dialect.comma_is_ambiguous =
            winner == 0 && scores[SECOND_READING] == best && sample.contains(&b',');
        (best > 0).then_some(dialect)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn prop_giving_up_early_changes_no_choice(
            text in "(([0-9.,;\t \"-]{0,7}|[0-9]{1,2}[,;\t ][0-9]{1,2}|0[.,]5|x|1e-3[,;]2|\"a\",,,1,2)\r?\n){0,9}",
        ) {
            prop_assert_eq!(Dialect::detect(text.as_bytes()).ok(), detected(text.as_bytes()));
        }
    }
}
