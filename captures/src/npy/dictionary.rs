//! The Python dictionary in a NumPy header: three known keys, strings, `True`/`False`, tuples
//! of integers. Anything else is refused by name rather than guessed.

use super::FORMAT;
use crate::Error;
use crate::bytes::excerpt;

/// The three entries that every array file has.
pub(super) struct Header {
    pub(super) descr: String,
    pub(super) fortran: bool,
    pub(super) shape: Vec<u64>,
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    /// Byte in the file where the text begins.
    start: u64,
}

/// Parses the dictionary that begins at byte `start` of the file.
pub(super) fn parse(text: &[u8], start: u64) -> Result<Header, Error> {
    let mut parser = Parser { text, at: 0, start };
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    parser.take(b'{')?;
    while !parser.accept(b'}') {
        let key = parser.string("header key")?;
        parser.take(b':')?;
        match key.as_str() {
            "descr" => descr = Some(parser.descr()?),
            "fortran_order" => fortran = Some(parser.truth()?),
            "shape" => shape = Some(parser.shape()?),
            _ => return Err(parser.wrong("header key", "descr, fortran_order or shape")),
        }
        if !parser.accept(b',') {
            parser.take(b'}')?;
            break;
        }
    }
    let missing = |key: &str| Error::malformed(FORMAT, start, key, "an entry", "none");
    Ok(Header {
        descr: descr.ok_or_else(|| missing("descr"))?,
        fortran: fortran.ok_or_else(|| missing("fortran_order"))?,
        shape: shape.ok_or_else(|| missing("shape"))?,
    })
}

impl Parser<'_> {
    fn wrong(&self, field: &str, expected: &str) -> Error {
        let rest = self.text.get(self.at..).unwrap_or(&[]);
        let found = if rest.is_empty() {
            "the end of the header".to_string()
        } else {
            excerpt(rest)
        };
        Error::malformed(FORMAT, self.start + self.at as u64, field, expected, found)
    }

    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn accept(&mut self, wanted: u8) -> bool {
        let there = self.peek() == Some(wanted);
        self.at += usize::from(there);
        there
    }

    fn take(&mut self, wanted: u8) -> Result<(), Error> {
        if self.accept(wanted) {
            return Ok(());
        }
        Err(self.wrong("header", &format!("`{}`", char::from(wanted))))
    }

    fn string(&mut self, field: &str) -> Result<String, Error> {
        let quote = match self.peek() {
            Some(quote @ (b'\'' | b'"')) => quote,
            _ => return Err(self.wrong(field, "a quoted string")),
        };
        let rest = &self.text[self.at + 1..];
        let Some(length) = rest.iter().position(|&b| b == quote) else {
            return Err(self.wrong(field, "a closing quote"));
        };
        let Some(value) = std::str::from_utf8(&rest[..length])
            .ok()
            .filter(|s| s.is_ascii())
        else {
            return Err(self.wrong(field, "ASCII text"));
        };
        self.at += length + 2;
        Ok(value.to_string())
    }

    fn descr(&mut self) -> Result<String, Error> {
        if self.peek() == Some(b'[') {
            return Err(Error::unsupported(
                "NumPy .npy",
                "a structured array (records with named fields)",
                "save one field as a plain array",
            ));
        }
        self.string("descr")
    }

    fn truth(&mut self) -> Result<bool, Error> {
        self.peek();
        for (word, value) in [(&b"True"[..], true), (&b"False"[..], false)] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("fortran_order", "True or False"))
    }

    fn shape(&mut self) -> Result<Vec<u64>, Error> {
        /// NumPy itself stops at 64 dimensions.
        const AXES: usize = 64;
        self.take(b'(')?;
        let mut shape = Vec::new();
        while !self.accept(b')') {
            let digits = {
                self.peek();
                let rest = &self.text[self.at..];
                rest.iter().take_while(|b| b.is_ascii_digit()).count()
            };
            let number = std::str::from_utf8(&self.text[self.at..self.at + digits]).ok();
            let Some(axis) = number.and_then(|n| n.parse().ok()) else {
                return Err(self.wrong("shape", "a size below 2^64"));
            };
            self.at += digits;
            // Python 2 wrote long integers with an L.
            self.accept(b'L');
            shape.push(axis);
            if shape.len() > AXES {
                return Err(self.wrong("shape", "at most 64 dimensions"));
            }
            if !self.accept(b',') {
                self.take(b')')?;
                break;
            }
        }
        Ok(shape)
    }
}
