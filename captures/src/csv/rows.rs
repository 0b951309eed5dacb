//! Rows of nothing but plain numbers, read without a detour.
//!
//! Most lines of a capture are of this kind. What is not (quotes, words, holes, other widths,
//! the file's last line without an end) is left to [`super::Table::take`], which knows every
//! shape and words the errors; both give the same values.

use super::COLUMN_LIMIT;
use super::decimal::Decimal;
use super::dialect::Dialect;
use super::lines::LINE_LIMIT;
use super::short::short;

/// How the fields of a row are parted and written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    pub(super) dialect: Dialect,
    /// Empty fields left of the numbers.
    pub(super) beside: usize,
}

/// What the last number of a column was like: it tells what the next one is like.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    Short,
    Long,
}

/// A number of so few characters, with what ends it, may well be followed by a short one.
const FEW: usize = 10;

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
        // What stands behind the last number of a row; one row tells it for those after it.
        let mut tail: &[u8] = &[];
        loop {
            if let (&[end, ref rest @ ..], 0) = (tail, self.beside) {
                let (bytes, count) = self.alike(&text[done..], (end, rest), columns, row);
                done += bytes;
                rows += count;
            }
            let Some((numbers, length)) = self.row(&text[done..], row) else {
                return (done, rows);
            };
            for (values, &value) in columns.iter_mut().zip(row.iter()) {
                values.push(value);
            }
            tail = &text[done + numbers..done + length];
            done += length;
            rows += 1;
        }
    }

    /// Takes rows that end alike and have no blanks.
    fn alike(
        self,
        text: &[u8],
        tail: (u8, &[u8]),
        columns: &mut [Vec<f64>],
        row: &mut [f64],
    ) -> (usize, u64) {
        let mut habits = [Habit::Short; COLUMN_LIMIT as usize];
        let (mut done, mut rows) = (0, 0);
        if let [values] = columns {
            while let Some((value, length)) = self.last(text, done, tail, &mut habits[0]) {
                values.push(value);
                done += length;
                rows += 1;
            }
            return (done, rows);
        }
        while let Some(length) = self.alike_row(text, done, tail, row, &mut habits) {
            for (values, &value) in columns.iter_mut().zip(row.iter()) {
                values.push(value);
            }
            done += length;
            rows += 1;
        }
        (done, rows)
    }

    #[inline]
    fn alike_row(
        self,
        text: &[u8],
        begin: usize,
        tail: (u8, &[u8]),
        row: &mut [f64],
        habits: &mut [Habit],
    ) -> Option<usize> {
        let separator = self.dialect.separator_byte();
        let (last, others) = row.split_last_mut()?;
        let (last_habit, habits) = habits[..=others.len()].split_last_mut()?;
        let mut at = begin;
        for (value, habit) in others.iter_mut().zip(habits) {
            let length;
            (*value, length) = self.number(text, at, separator.unwrap_or(b' '), habit)?;
            at += length;
            if separator.is_none() {
                at += blanks(&text[at..], None);
            }
        }
        let length;
        (*last, length) = self.last(text, at, tail, last_habit)?;
        let length = at + length - begin;
        (length as u64 <= LINE_LIMIT).then_some(length)
    }

    /// Reads the last number of a row and what stands behind it.
    #[inline(always)]
    fn last(
        self,
        text: &[u8],
        at: usize,
        (end, rest): (u8, &[u8]),
        habit: &mut Habit,
    ) -> Option<(f64, usize)> {
        let (value, mut length) = self.number(text, at, end, habit)?;
        for byte in rest {
            if text.get(at + length) != Some(byte) {
                return None;
            }
            length += 1;
        }
        (length as u64 <= LINE_LIMIT).then_some((value, length))
    }

    /// Reads a number up to and with the byte that ends it.
    #[inline(always)]
    fn number(self, text: &[u8], at: usize, end: u8, habit: &mut Habit) -> Option<(f64, usize)> {
        let rest = text.get(at..)?;
        if *habit == Habit::Short
            && let Some(text) = rest.first_chunk()
            && let Some(found) = short(text, self.dialect.mark(), end)
        {
            return Some(found);
        }
        let (value, length) = self.long(rest, end)?;
        *habit = if length <= FEW {
            Habit::Short
        } else {
            Habit::Long
        };
        Some((value, length))
    }

    /// Does the same for numbers with an exponent, with many digits or at the end of the text.
    #[inline(never)]
    fn long(self, text: &[u8], end: u8) -> Option<(f64, usize)> {
        let number = Decimal::leading(text, self.dialect.mark())?;
        let ended = text.get(number.length) == Some(&end);
        ended.then_some((number.value?, number.length + 1))
    }

    /// Reads one row of as many numbers as `row` has places; returns the bytes up to its last
    /// number's end and those up to the line's, or none if it is anything else.
    fn row(self, text: &[u8], row: &mut [f64]) -> Option<(usize, usize)> {
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
        let numbers = at;
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
        (length as u64 <= LINE_LIMIT).then_some((numbers, length))
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
