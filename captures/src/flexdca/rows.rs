//! Lines of numbers behind the header.

use super::FORMAT;
use super::header::Header;
use crate::Error;
use crate::bytes::{Bytes, Cursor, excerpt};
use std::io::{BufRead, BufReader, Read};

/// A line of two printed numbers is far shorter.
const LINE_LIMIT: u64 = 1024;

/// Y values, with their times where the file has them.
pub(super) struct Rows {
    times: Vec<f64>,
    values: Vec<f64>,
    /// Byte of the first row and of the end.
    first_byte: u64,
    end: u64,
    /// Empty lines between rows.
    blanks: u64,
}

/// Whether a line holds one or two numbers and nothing else.
pub(super) fn is_row(line: &[u8]) -> bool {
    matches!(parse(line), Some((_, true)))
}

/// Reads up to two numbers; false when a line is empty, none when something else is there.
fn parse(line: &[u8]) -> Option<([Option<f64>; 2], bool)> {
    let mut found = [None, None];
    let mut count = 0;
    for field in line.split(|&b| matches!(b, b',' | b';' | b'\t' | b' ' | b'\r' | b'\n')) {
        if field.is_empty() {
            continue;
        }
        *found.get_mut(count)? = Some(value(field)?);
        count += 1;
    }
    Some((found, count > 0))
}

fn value(field: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(field).ok()?;
    let plain = text.trim_start_matches(['-', '+']).to_ascii_lowercase();
    let word = matches!(plain.as_str(), "infinity" | "inf" | "nan");
    // The float parser would take more words.
    if !word && !plain.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    text.parse().ok()
}

impl Rows {
    /// Reads every row from byte `start` on.
    pub(super) fn read(bytes: &Bytes, start: u64) -> Result<Self, Error> {
        let mut reader = BufReader::with_capacity(1 << 16, Cursor::at(bytes, start));
        let mut rows = Self {
            times: Vec::new(),
            values: Vec::new(),
            first_byte: start,
            end: start,
            blanks: 0,
        };
        let mut line = Vec::new();
        let mut blanks = 0;
        loop {
            line.clear();
            let mut bounded = reader.by_ref().take(LINE_LIMIT);
            let got = bounded.read_until(b'\n', &mut line);
            let got = got.map_err(|e| bytes.io_error(e))?;
            if got == 0 {
                break;
            }
            let offset = rows.end;
            rows.end += got as u64;
            match parse(&line) {
                Some((_, false)) => blanks += 1,
                Some((fields, true)) => {
                    rows.fill_blanks(std::mem::take(&mut blanks));
                    rows.push(fields, &line, offset)?;
                }
                None => return Err(unreadable(&line, offset)),
            }
        }
        if rows.values.is_empty() {
            return Err(Error::malformed(
                FORMAT,
                rows.end,
                "samples",
                "at least one value behind the header",
                "the end of the file",
            ));
        }
        Ok(rows)
    }

    /// Empty lines between values are holes; those before the first and after the last are not.
    fn fill_blanks(&mut self, count: usize) {
        if self.values.is_empty() || !self.times.is_empty() {
            return;
        }
        self.blanks += count as u64;
        self.values.extend(std::iter::repeat_n(f64::NAN, count));
    }

    fn push(&mut self, fields: [Option<f64>; 2], line: &[u8], offset: u64) -> Result<(), Error> {
        let has_times = !self.times.is_empty();
        match fields {
            [Some(time), Some(y)] if has_times || self.values.is_empty() => {
                let rises = self.times.last().is_none_or(|&last| time >= last);
                if !rises || !time.is_finite() {
                    return Err(Error::malformed(
                        FORMAT,
                        offset,
                        "time",
                        "a time not before the one above",
                        excerpt(line.trim_ascii_end()),
                    ));
                }
                self.times.push(time);
                self.values.push(y);
            }
            [Some(y), None] if !has_times => self.values.push(y),
            _ => {
                let expected = if has_times {
                    "time and value as in the lines above"
                } else {
                    "one value as in the lines above"
                };
                let found = excerpt(line.trim_ascii_end());
                return Err(Error::malformed(FORMAT, offset, "row", expected, found));
            }
        }
        Ok(())
    }

    /// Returns the samples at equal steps and the time of the first.
    pub(super) fn into_samples(
        mut self,
        header: &Header,
        interval_s: f64,
        warnings: &mut Vec<String>,
    ) -> Result<(Vec<f64>, f64), Error> {
        let points = header.points()?;
        if let Some(points) = points
            && self.blanks > 0
            && points == self.values.len() as u64 - self.blanks
        {
            return Err(Error::malformed(
                FORMAT,
                self.first_byte,
                "samples",
                format!("{points} lines, as `Points` says, without empty ones"),
                format!("{} empty lines between them", self.blanks),
            ));
        }
        let t0_s = match self.times.first() {
            Some(_) => self.place(interval_s)?,
            None => header.origin_s()?,
        };
        let found = self.values.len() as u64;
        match points {
            Some(points) if found < points => Err(Error::malformed(
                FORMAT,
                self.end,
                "samples",
                format!("{points} values, as `Points` says"),
                format!("{found} and the end of the file"),
            )),
            Some(points) if found > points => {
                warnings.push(format!(
                    "the header says {points} points, the file has {found}"
                ));
                Ok((self.values, t0_s))
            }
            _ => Ok((self.values, t0_s)),
        }
    }

    /// Puts the rows of an XY file on the grid of `XInc`; missing ones become NaN.
    fn place(&mut self, interval_s: f64) -> Result<f64, Error> {
        /// Half a unit of the last of six digits, relative to the number itself, at most.
        const ROUNDING: f64 = 5e-6;
        /// Holes are rare; a file that is mostly holes has another step.
        const MOST_HOLES: f64 = 4.0;
        let (first, last) = (self.times[0], self.times[self.times.len() - 1]);
        let rounding = ROUNDING * first.abs().max(last.abs());
        let steps = (last - first) / interval_s;
        let rows = self.times.len() as f64;
        if (steps - (rows - 1.0)).abs() <= 0.5 + 2.0 * rounding / interval_s {
            return Ok(first);
        }
        if steps < rows - 1.0 || steps > MOST_HOLES * rows || rounding > 0.25 * interval_s {
            return Err(Error::malformed(
                FORMAT,
                self.first_byte,
                "times",
                format!("{rows} rows with steps of XInc = {interval_s:e} s"),
                format!("{first:e} s to {last:e} s, which is {steps:.1} steps"),
            ));
        }
        let mut placed = Vec::with_capacity(steps as usize + 1);
        for (&time, &y) in self.times.iter().zip(&self.values) {
            let index = ((time - first) / interval_s).round() as usize;
            if index < placed.len() {
                return Err(Error::malformed(
                    FORMAT,
                    self.first_byte,
                    "times",
                    "at most one row for each step of XInc",
                    format!("two near {time:e} s"),
                ));
            }
            placed.resize(index, f64::NAN);
            placed.push(y);
        }
        self.values = placed;
        Ok(first)
    }
}

fn unreadable(line: &[u8], offset: u64) -> Error {
    let found = excerpt(line.trim_ascii_end());
    Error::malformed(FORMAT, offset, "row", "one or two numbers", found)
}
