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

impl Dialect {
    /// Judges by the first lines of a file.
    pub(super) fn detect(sample: &[u8]) -> Result<Self, Error> {
        let make = |(separator, decimal)| Self {
            separator,
            decimal,
            comma_is_ambiguous: false,
        };
        let scores = CANDIDATES.map(|candidate| make(candidate).rows(sample));
        let best = scores.iter().copied().max().unwrap_or(0);
        let winner = scores.iter().position(|&score| score == best).unwrap_or(0);
        if best == 0 {
            return Err(Error::unsupported(
                "text",
                "no line of numbers in its first 64 KiB",
                "a table needs at least one line of numbers parted by comma, semicolon, tab or \
                 blanks",
            ));
        }
        let mut dialect = make(CANDIDATES[winner]);
        // Candidate 2 reads `0,5` as one number, candidate 0 as two.
        dialect.comma_is_ambiguous = winner == 0 && scores[2] == best && sample.contains(&b',');
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

    fn rows(self, sample: &[u8]) -> usize {
        let mut fields = Vec::new();
        let is_row = |line: &&[u8]| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            self.split(line, &mut fields);
            // TDS files have header columns, then maybe empty ones, left of the numbers.
            let numbers = fields
                .iter()
                .filter(|f| self.number(&line[(*f).clone()]).is_some());
            let count = numbers.count();
            count > 0 && (count == fields.len() || count == 2 && fields.len() == super::BESIDE + 2)
        };
        sample.split(|&b| b == b'\n').filter(is_row).count()
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
