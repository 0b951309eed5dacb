//! Rows of nothing but plain numbers, read without a detour.
//!
//! Most lines of a capture are of this kind. What is not (quotes, words, holes, other widths,
//! the file's last line without an end) is left to [`super::Table::take`], which knows every
//! shape and words the errors; both give the same values.

use super::decimal::Decimal;
use super::dialect::Dialect;
use super::lines::LINE_LIMIT;

/// How the fields of a row are parted and written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    pub(super) dialect: Dialect,
    /// Empty fields left of the numbers.
    pub(super) beside: usize,
}

impl Rows {
    /// Appends the values of as many rows as are plain to the columns; returns their bytes and
    /// how many they are. `text` holds whole lines.
    pub(super) fn take(
        self,
        text: &[u8],
        columns: &mut [Vec<f64>],
        row: &mut Vec<f64>,
    ) -> (usize, u64) {
        row.clear();
        row.resize(columns.len(), 0.0);
        let (mut done, mut rows) = (0, 0);
        while let Some(length) = self.row(&text[done..], row) {
            for (values, &value) in columns.iter_mut().zip(row.iter()) {
                values.push(value);
            }
            done += length;
            rows += 1;
        }
        (done, rows)
    }

    /// Reads one row of as many numbers as `row` has places; returns its bytes with the line's
    /// end, or none if it is anything else.
    #[inline]
    fn row(self, text: &[u8], row: &mut [f64]) -> Option<usize> {
        let (separator, mark) = (self.dialect.separator_byte(), self.dialect.mark());
        let mut at = 0;
        for _ in 0..self.beside {
            at += usize::from(text.get(at).copied() == Some(separator?));
        }
        if at < self.beside {
            return None;
        }
        let last = row.len() - 1;
        for (k, value) in row.iter_mut().enumerate() {
            at += blanks(&text[at..], separator);
            let field = &text[at..];
            let number = Decimal::leading(field, mark)?;
            *value = match number.value {
                Some(value) => value,
                None => self.dialect.number(&field[..number.length])?,
            };
            at += number.length;
            if k < last {
                at += self.gap(&text[at..])?;
            }
        }
        // Separators without anything behind them do not matter.
        loop {
            at += blanks(&text[at..], separator);
            match text.get(at)? {
                b'\n' => break,
                b'\r' if text.get(at + 1) == Some(&b'\n') => {
                    at += 1;
                    break;
                }
                &byte if Some(byte) == separator => at += 1,
                _ => return None,
            }
        }
        let length = at + 1;
        (length as u64 <= LINE_LIMIT).then_some(length)
    }

    /// Bytes between one number and the next, up to and with the separator.
    #[inline]
    fn gap(self, text: &[u8]) -> Option<usize> {
        let separator = self.dialect.separator_byte();
        let blanks = blanks(text, separator);
        match separator {
            Some(separator) => (text.get(blanks) == Some(&separator)).then_some(blanks + 1),
            None => (blanks > 0).then_some(blanks),
        }
    }
}

/// Blanks and tabs at the start that part nothing.
#[inline]
fn blanks(text: &[u8], separator: Option<u8>) -> usize {
    let blank = |&&b: &&u8| (b == b' ' || b == b'\t') && Some(b) != separator;
    text.iter().take_while(blank).count()
}
