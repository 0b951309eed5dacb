//! Text: one row a line, in the many shapes that instruments and people write.
//!
//! - Columns parted by comma, semicolon, tab or blanks; decimal point or comma; a byte-order
//!   mark, CRLF, ISO-8859-1 and trailing separators do not matter.
//! - With or without header lines. A header is whatever comes before the first line of numbers,
//!   so that an exponent is never mistaken for one. Keys such as `Sample Interval`,
//!   `Zero Index`, `Increment`, `Vertical Units` and units in names (`Power (W)`) are used.
//! - The first column is time, a row index, or already a channel: its name and unit say so,
//!   else its values do. One column alone is samples, or the text form of LeCroy tools (first
//!   time, count, rate, then samples).
//! - Tektronix TDS files keep header and samples side by side.
//!
//! The sample interval comes from the header, or from the first and the last time, never from
//! neighbours: printed times are rounded. A row that does not parse is an error with its byte,
//! wherever it is. Tables of time, volt and hits (eye densities) are refused as such.

mod columns;
mod decimal;
mod dialect;
mod eisel_lemire;
mod header;
mod lines;
mod rows;
mod short;
mod units;
mod whole;
mod write;

pub(crate) use write::write;

use crate::Error;
use crate::bytes::{Bytes, excerpt, latin};
use crate::registry::Score;
use crate::trace::Capture;
use dialect::Dialect;
use lines::{Line, Lines};
use rows::Rows;
use std::ops::Range;

const FORMAT: &str = "csv";
/// Text is parsed into memory, at most eight bytes a value.
const TEXT_LIMIT: u64 = 4 << 30;
/// Text that the dialect is judged by.
const SAMPLE_BYTES: usize = 65_536;
/// Header lines of real files number some dozens.
const HEADER_LINE_LIMIT: u64 = 1000;
/// Columns of real files number some dozens.
const COLUMN_LIMIT: u64 = 256;
/// Tektronix TDS files keep their samples right of three header columns.
const BESIDE: usize = 3;

pub(crate) fn probe(head: &[u8]) -> Score {
    let control = |&b: &u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c);
    let digits = head.iter().any(u8::is_ascii_digit);
    if digits && !head.iter().any(control) {
        Score::Text
    } else {
        Score::No
    }
}

/// Parses a file.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    if bytes.len() > TEXT_LIMIT {
        let field = "text in bytes".into();
        return Err(Error::Limit {
            format: FORMAT,
            field,
            limit: TEXT_LIMIT,
            found: bytes.len(),
        });
    }
    let mut sample = bytes.head(SAMPLE_BYTES)?;
    if (sample.len() as u64) < bytes.len() {
        // The last line of the sample is cut; the file's own last line is not.
        let end = sample
            .iter()
            .rposition(|&b| b == b'\n')
            .unwrap_or(sample.len());
        sample.truncate(end);
    }
    let sample = sample
        .strip_prefix(lines::BYTE_ORDER_MARK)
        .unwrap_or(&sample);
    let dialect = Dialect::detect(sample)?;
    let mut table = Table::new(dialect, sample);
    let mut lines = Lines::new(bytes);
    let mut damage: Option<Damage> = None;
    loop {
        while table.take_rows(&mut lines)? {}
        let Some(line) = lines.next_line()? else {
            break;
        };
        match (table.take(&line), &mut damage) {
            (Ok(()), _) => {}
            (Err(first @ Error::Malformed { .. }), None) => {
                damage = Some(Damage {
                    first,
                    more: Vec::new(),
                    count: 0,
                });
            }
            (Err(Error::Malformed { offset, .. }), Some(damage)) => damage.add(offset),
            (Err(other), _) => return Err(other),
        }
    }
    if let Some(damage) = damage {
        return Err(damage.into_error(&table.columns));
    }
    columns::interpret(table, bytes.len())
}

/// Rows that do not parse: the first is the error, the others are told with it so that all can
/// be repaired at once.
struct Damage {
    first: Error,
    more: Vec<u64>,
    count: u64,
}

impl Damage {
    fn add(&mut self, offset: u64) {
        /// As many as fit a line of text.
        const LISTED: usize = 4;
        self.count += 1;
        if self.more.len() < LISTED {
            self.more.push(offset);
        }
    }

    fn into_error(self, columns: &[Vec<f64>]) -> Error {
        let Error::Malformed {
            format,
            offset,
            field,
            expected,
            mut found,
        } = self.first
        else {
            return self.first;
        };
        if self.count > 0 {
            let list: Vec<_> = self.more.iter().map(u64::to_string).collect();
            let etc = if self.count > self.more.len() as u64 {
                ", ..."
            } else {
                ""
            };
            let (count, list) = (self.count, list.join(", "));
            found += &format!("; damaged rows after it: {count}, at bytes {list}{etc}");
        }
        if columns::is_eye_density(columns) {
            found += "; the other rows are time, volt and hits, an eye density and not a waveform";
        }
        Error::Malformed {
            format,
            offset,
            field,
            expected,
            found,
        }
    }
}

/// The lines of a file, sorted into header and numbers.
struct Table {
    dialect: Dialect,
    /// Columns left of the samples that belong to the header (TDS files only).
    beside: usize,
    header: Vec<Vec<String>>,
    columns: Vec<Vec<f64>>,
    /// The values of the only column while all are whole numbers of 16 bits; it is empty then.
    counts: Option<Vec<i16>>,
    /// Byte and number of the first row of numbers.
    first_row: (u64, u64),
    blank_within: u64,
    blank_pending: u64,
    fields: Vec<Range<usize>>,
    row: Vec<f64>,
}

impl Table {
    fn new(dialect: Dialect, sample: &[u8]) -> Self {
        let mut table = Self {
            dialect,
            beside: 0,
            header: Vec::new(),
            columns: Vec::new(),
            counts: None,
            first_row: (0, 1),
            blank_within: 0,
            blank_pending: 0,
            fields: Vec::new(),
            row: Vec::new(),
        };
        let first = sample.split(|&b| b == b'\n').next().unwrap_or(&[]);
        table.dialect.split(first, &mut table.fields);
        let number = |k: usize| {
            table
                .fields
                .get(k)
                .is_some_and(|field| dialect.number(&first[field.clone()]).is_some())
        };
        if table.fields.len() >= BESIDE + 2 && !number(0) && number(BESIDE) && number(BESIDE + 1) {
            table.beside = BESIDE;
        }
        table
    }

    /// Takes the rows of plain numbers that come next; says whether there were any.
    fn take_rows(&mut self, lines: &mut Lines) -> Result<bool, Error> {
        if self.columns.is_empty() {
            return Ok(false);
        }
        let text = lines.whole()?;
        let (bytes, count) = match &mut self.counts {
            Some(counts) => whole::take(text, counts),
            None => {
                let rows = Rows {
                    dialect: self.dialect,
                    beside: self.beside,
                };
                rows.take(text, &mut self.columns, &mut self.row)
            }
        };
        lines.skip(bytes, count);
        let Some(row_bytes) = (bytes as u64).checked_div(count) else {
            return Ok(false);
        };
        self.blank_within += std::mem::take(&mut self.blank_pending);
        self.reserve(lines.left() / row_bytes.max(1));
        Ok(true)
    }

    /// Makes room once for as many rows as the rest of the file seems to hold, instead of again
    /// and again. Room that is not used costs addresses, no memory.
    fn reserve(&mut self, rows: u64) {
        /// Less is not worth an estimate.
        const MANY: u64 = 65_536;
        let (length, capacity) = match &self.counts {
            Some(counts) => (counts.len(), counts.capacity()),
            None => (self.columns[0].len(), self.columns[0].capacity()),
        };
        if rows < MANY || capacity > 4 * length {
            return;
        }
        // What cannot be had is asked for again, by those rows that are really there.
        let rows = usize::try_from(rows).unwrap_or(0);
        match &mut self.counts {
            Some(counts) => {
                let _ = counts.try_reserve(rows);
            }
            None => {
                for values in &mut self.columns {
                    let _ = values.try_reserve(rows);
                }
            }
        }
    }

    fn take(&mut self, line: &Line) -> Result<(), Error> {
        let mut fields = std::mem::take(&mut self.fields);
        self.dialect.split(line.text, &mut fields);
        let outcome = self.sort(line, &fields);
        self.fields = fields;
        outcome
    }

    fn sort(&mut self, line: &Line, fields: &[Range<usize>]) -> Result<(), Error> {
        if fields.is_empty() {
            self.blank_pending += u64::from(!self.columns.is_empty());
            return Ok(());
        }
        let text = |field: &Range<usize>| latin(&line.text[field.clone()]).trim().to_string();
        let (left, fields) = fields.split_at(self.beside.min(fields.len()));
        if left.first().is_some_and(|field| !field.is_empty()) {
            self.header.push(left.iter().map(text).collect());
        }
        if !self.columns.is_empty() {
            return self.append(line, fields);
        }
        let numeric = fields
            .iter()
            .all(|f| self.dialect.number(&line.text[f.clone()]).is_some());
        if numeric && !fields.is_empty() {
            let width = fields.len() as u64;
            if width > COLUMN_LIMIT {
                let field = format!("columns in line {}", line.number);
                return Err(Error::Limit {
                    format: FORMAT,
                    field,
                    limit: COLUMN_LIMIT,
                    found: width,
                });
            }
            self.columns = vec![Vec::new(); fields.len()];
            self.counts = (width == 1).then(Vec::new);
            self.first_row = (line.offset, line.number);
            return self.append(line, fields);
        }
        if line.number > HEADER_LINE_LIMIT {
            let field = "header lines".into();
            return Err(Error::Limit {
                format: FORMAT,
                field,
                limit: HEADER_LINE_LIMIT,
                found: line.number,
            });
        }
        self.header.push(fields.iter().map(text).collect());
        Ok(())
    }

    fn append(&mut self, line: &Line, fields: &[Range<usize>]) -> Result<(), Error> {
        self.blank_within += std::mem::take(&mut self.blank_pending);
        let width = self.columns.len();
        self.row.clear();
        for (column, field) in fields.iter().enumerate() {
            let text = &line.text[field.clone()];
            let Some(value) = self.dialect.number(text) else {
                // The first byte that no number has, or the field's first.
                let odd = |b: &u8| {
                    !matches!(
                        b,
                        b'0'..=b'9' | b'+' | b'-' | b'.' | b',' | b'e' | b'E' | b' '
                    )
                };
                let within = text.iter().position(odd).unwrap_or(0);
                let offset = line.offset + (field.start + within) as u64;
                let name = format!("line {}, column {}", line.number, column + 1);
                let found = if text.is_empty() {
                    "nothing".into()
                } else {
                    excerpt(text)
                };
                return Err(Error::malformed(FORMAT, offset, name, "a number", found));
            };
            self.row.push(value);
        }
        if fields.len() != width {
            let cut = if line.ended {
                ""
            } else {
                " (the file ends within this line)"
            };
            let expected = format!("{width} columns as in line {}", self.first_row.1);
            let found = format!("{}{cut}", fields.len());
            let name = format!("line {}", line.number);
            return Err(Error::malformed(FORMAT, line.offset, name, expected, found));
        }
        if self.keep_count(line) {
            return Ok(());
        }
        self.widen();
        for (values, &value) in self.columns.iter_mut().zip(&self.row) {
            values.push(value);
        }
        Ok(())
    }

    /// Keeps a row as a count; says whether it is one. One that [`whole::take`] has left within
    /// the file is not: the next ones may be like it.
    fn keep_count(&mut self, line: &Line) -> bool {
        let (Some(counts), &[value]) = (&mut self.counts, self.row.as_slice()) else {
            return false;
        };
        let count = value as i16;
        let is_count = f64::from(count).to_bits() == value.to_bits();
        let kept = is_count && (counts.is_empty() || !line.ended);
        if kept {
            counts.push(count);
        }
        kept
    }

    /// Widens what is short enough for its first values to be a header, and not worth saving.
    fn widen_few(&mut self) {
        /// A header in counts cannot announce more samples than 16 bits count.
        const FEW: usize = 1 << 16;
        if self
            .counts
            .as_ref()
            .is_some_and(|counts| counts.len() <= FEW)
        {
            self.widen();
        }
    }

    /// Goes on with 64 bits a value.
    fn widen(&mut self) {
        if let Some(counts) = self.counts.take() {
            self.columns[0] = counts.into_iter().map(f64::from).collect();
        }
    }
}

#[cfg(test)]
mod tests;
