//! Files that hold a transmitted pattern: one bit or symbol per byte or character.

use crate::Error;
use crate::bytes::{Bytes, excerpt};
use crate::npy::{self, Array};
use crate::registry::Score;
use std::path::Path;

const FORMAT: &str = "pattern";
/// A whole PRBS30; longer patterns are generated, not read.
const LIMIT: u64 = 1 << 30;
/// Array elements decoded at a time.
const BLOCK: usize = 16_384;

/// Reads a pattern of bits or four-level symbols.
///
/// The content decides between three shapes: a NumPy integer array; text, in which every digit
/// is one symbol and white space and commas mean nothing; bytes of value 0 to 3.
///
/// # Shapes
/// One byte of value 0 to 3 for each symbol.
///
/// # Errors
/// As [`crate::open`]; [`Error::Malformed`] names the first byte that is no symbol.
pub fn pattern_file(path: &Path) -> Result<Vec<u8>, Error> {
    read(&Bytes::open(path)?)
}

fn read(bytes: &Bytes) -> Result<Vec<u8>, Error> {
    let head = bytes.head(crate::registry::HEAD_BYTES)?;
    let symbols = if npy::probe(&head) == Score::Signature {
        array(bytes)?
    } else {
        within_limit(bytes.len())?;
        let mut content = vec![0; bytes.len() as usize];
        bytes
            .read_exact_at(0, &mut content)
            .map_err(|e| bytes.io_error(e))?;
        // Text and bytes share no value, so that the first byte decides.
        if content.first().is_some_and(|&b| b <= 3) {
            binary(content)?
        } else {
            text(&content)?
        }
    };
    if symbols.is_empty() {
        let found = format!("none in {} bytes", bytes.len());
        return Err(Error::malformed(
            FORMAT,
            0,
            "symbols",
            "at least one symbol",
            found,
        ));
    }
    Ok(symbols)
}

fn within_limit(symbols: u64) -> Result<(), Error> {
    if symbols <= LIMIT {
        return Ok(());
    }
    Err(Error::Limit {
        format: FORMAT,
        field: "symbols".into(),
        limit: LIMIT,
        found: symbols,
    })
}

fn wrong(offset: u64, found: String) -> Error {
    Error::malformed(FORMAT, offset, "symbol", "0, 1, 2 or 3", found)
}

fn binary(content: Vec<u8>) -> Result<Vec<u8>, Error> {
    match content.iter().position(|&b| b > 3) {
        Some(at) => Err(wrong(at as u64, excerpt(&content[at..=at]))),
        None => Ok(content),
    }
}

fn text(content: &[u8]) -> Result<Vec<u8>, Error> {
    let marked = content.strip_prefix(b"\xef\xbb\xbf");
    let skipped = content.len() - marked.unwrap_or(content).len();
    let mut symbols = Vec::with_capacity(content.len());
    for (at, &b) in content.iter().enumerate().skip(skipped) {
        match b {
            b'0'..=b'3' => symbols.push(b - b'0'),
            b',' => {}
            b if b.is_ascii_whitespace() => {}
            _ => return Err(wrong(at as u64, excerpt(&content[at..=at]))),
        }
    }
    Ok(symbols)
}

fn array(bytes: &Bytes) -> Result<Vec<u8>, Error> {
    let array = Array::read(bytes)?;
    let long = array.shape.iter().filter(|&&axis| axis > 1).count() > 1;
    if array.float || long {
        return Err(Error::unsupported(
            "NumPy .npy pattern",
            if long {
                "an array of two or more dimensions"
            } else {
                "an array of floats"
            },
            "save the symbols as a one-dimensional integer array",
        ));
    }
    within_limit(array.count)?;
    let width = array.cell.width();
    let mut symbols = Vec::with_capacity(array.count as usize);
    let (mut raw, mut values) = (vec![0; BLOCK * width as usize], vec![0.0; BLOCK]);
    while (symbols.len() as u64) < array.count {
        let done = symbols.len() as u64;
        let count = (array.count - done).min(BLOCK as u64) as usize;
        let raw = &mut raw[..count * width as usize];
        let place = array.data + done * width;
        bytes
            .read_exact_at(place, raw)
            .map_err(|e| bytes.io_error(e))?;
        // Symbols are tiny, so that the way over floats is exact for them; larger integers
        // stay larger than 3 whatever they round to.
        array.cell.decode(
            array.order,
            raw,
            width as usize,
            (1.0, 0.0),
            &mut values[..count],
        );
        for (k, &value) in values[..count].iter().enumerate() {
            let symbol = [0.0, 1.0, 2.0, 3.0].iter().position(|&s| s == value);
            let Some(symbol) = symbol else {
                return Err(wrong(place + k as u64 * width, value.to_string()));
            };
            symbols.push(symbol as u8);
        }
    }
    Ok(symbols)
}
