//! NumPy array files (format versions 1, 2 and 3).
//!
//! Layout: `\x93NUMPY`, two version bytes, the header's length (two bytes, from version 2 on
//! four), a Python dictionary with `descr`, `fortran_order` and `shape`, then the samples.
//! A one-dimensional array is one trace. Of a two-dimensional one the longer axis is time, and
//! the shorter one counts channels (up to 16) or segments. There is no time base and no unit.
//!
//! Source: NEP 1 and the docstring of `numpy.lib.format`.

mod archive;
mod dictionary;
pub(crate) mod npz;
mod write;

pub(crate) use write::write;

use crate::bytes::Bytes;
use crate::registry::Score;
use crate::trace::{Capture, Cell, Stored, Trace, bare_info};
use crate::{ByteOrder, Error};
use etalon_types::WaveformInfo;

const FORMAT: &str = "npy";
const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy itself refuses longer headers unless told otherwise (`max_header_size` is 10,000).
const HEADER_LIMIT: u64 = 65_536;
/// More rows than this are taken as segments rather than channels.
const CHANNEL_LIMIT: u64 = 16;
/// More traces than this would be mostly descriptions.
const TRACE_LIMIT: u64 = 65_536;

pub(crate) fn probe(head: &[u8]) -> Score {
    if head.starts_with(MAGIC) {
        Score::Signature
    } else {
        Score::No
    }
}

/// What the header of an array file says, checked against the file's size.
pub(crate) struct Array {
    pub(crate) cell: Cell,
    pub(crate) order: ByteOrder,
    pub(crate) shape: Vec<u64>,
    fortran: bool,
    /// Byte of the first element.
    pub(crate) data: u64,
    /// Number of elements.
    pub(crate) count: u64,
    /// Whether the elements are floats.
    pub(crate) float: bool,
}

impl Array {
    /// Reads and checks the header of an array of one dimension or more.
    pub(crate) fn read(bytes: &Bytes) -> Result<Self, Error> {
        let array = Self::read_any(bytes)?;
        if array.shape.is_empty() {
            let expected = "one or two dimensions, not a single number";
            return Err(Error::malformed(FORMAT, 0, "shape", expected, "()"));
        }
        Ok(array)
    }

    /// Reads and checks the header, also of a single number.
    fn read_any(bytes: &Bytes) -> Result<Self, Error> {
        let magic = bytes.block(FORMAT, "magic and version", 0, 8)?;
        if !magic.bytes.starts_with(MAGIC) {
            let found = crate::bytes::excerpt(&magic.bytes);
            return Err(Error::malformed(FORMAT, 0, "magic", "`\\x93NUMPY`", found));
        }
        let (start, length) = match magic.bytes[6] {
            1 => (
                10,
                u64::from(bytes.block(FORMAT, "header length", 8, 2)?.u16(0)),
            ),
            2 | 3 => (
                12,
                u64::from(bytes.block(FORMAT, "header length", 8, 4)?.u32(0)),
            ),
            version => {
                return Err(Error::unsupported(
                    "NumPy .npy",
                    format!("format version {version}.{}", magic.bytes[7]),
                    "versions 1, 2 and 3 are read; save it again with a current NumPy",
                ));
            }
        };
        bytes.require(FORMAT, "header", start, length)?;
        if length > HEADER_LIMIT {
            let field = "header length".into();
            return Err(Error::Limit {
                format: FORMAT,
                field,
                limit: HEADER_LIMIT,
                found: length,
            });
        }
        let header = bytes.block(FORMAT, "header", start, length as usize)?;
        let header = dictionary::parse(&header.bytes, start)?;
        Self::check(bytes, header, start + length)
    }

    fn check(bytes: &Bytes, header: dictionary::Header, data: u64) -> Result<Self, Error> {
        let (cell, order, float) = element(&header.descr)?;
        let shape = header.shape;
        let count = shape
            .iter()
            .try_fold(1_u64, |product, &axis| product.checked_mul(axis));
        let size = count.and_then(|count| count.checked_mul(cell.width()));
        let (Some(count), Some(size)) = (count, size) else {
            let found = format!("{shape:?}, more than a file can hold");
            return Err(Error::malformed(
                FORMAT,
                data,
                "shape",
                "a size below 2^64",
                found,
            ));
        };
        if count == 0 {
            let found = format!("{shape:?}, 0 points");
            return Err(Error::malformed(
                FORMAT,
                data,
                "shape",
                "at least one point",
                found,
            ));
        }
        let field = format!("array data ({count} elements of {} bytes)", cell.width());
        bytes.require(FORMAT, &field, data, size)?;
        Ok(Self {
            cell,
            order,
            shape,
            fortran: header.fortran,
            data,
            count,
            float,
        })
    }

    /// Reads element `k` of an array of at most one dimension.
    fn value(&self, bytes: &Bytes, k: u64) -> Result<f64, Error> {
        let width = self.cell.width();
        let mut raw = [0; 8];
        let raw = &mut raw[..width as usize];
        bytes
            .read_exact_at(self.data + k * width, raw)
            .map_err(|e| bytes.io_error(e))?;
        let mut value = [0.0];
        self.cell
            .decode(self.order, raw, width as usize, (1.0, 0.0), &mut value);
        Ok(value[0])
    }
}

/// Maps a `descr` such as `<i2` to a cell.
fn element(descr: &str) -> Result<(Cell, ByteOrder, bool), Error> {
    let refuse = |found: String| {
        Error::unsupported(
            "NumPy .npy",
            found,
            "save it as int8, int16, int32, float32 or float64 (for complex samples, one part)",
        )
    };
    let (order, kind) = match descr.as_bytes().first() {
        Some(b'<' | b'|') => (ByteOrder::Little, &descr[1..]),
        Some(b'>') => (ByteOrder::Big, &descr[1..]),
        // `=` means the machine that wrote it, which the file does not name.
        _ => return Err(refuse(format!("element type `{descr}`"))),
    };
    let cell = match kind {
        "i1" => Cell::I8,
        "u1" | "b1" => Cell::U8,
        "i2" => Cell::I16,
        "u2" => Cell::U16,
        "i4" => Cell::I32,
        "u4" => Cell::U32,
        "i8" => Cell::I64,
        "u8" => Cell::U64,
        "f4" => Cell::F32,
        "f8" => Cell::F64,
        _ => return Err(refuse(format!("element type `{descr}`"))),
    };
    if descr.starts_with('|') && cell.width() > 1 {
        return Err(refuse(format!(
            "element type `{descr}` without a byte order"
        )));
    }
    Ok((cell, order, matches!(cell, Cell::F32 | Cell::F64)))
}

/// How the elements of an array are shared out among traces.
struct Shares {
    traces: u64,
    samples: u64,
    /// Bytes between the first samples of neighbouring traces.
    across: u64,
    /// Bytes between neighbouring samples of one trace.
    along: u64,
}

impl Shares {
    /// Takes the longer axis as time.
    fn of(array: &Array, warnings: &mut Vec<String>) -> Result<Self, Error> {
        let width = array.cell.width();
        let (rows, columns) = match *array.shape.as_slice() {
            [samples] => {
                return Ok(Self {
                    traces: 1,
                    samples,
                    across: 0,
                    along: width,
                });
            }
            [rows, columns] => (rows, columns),
            _ => {
                return Err(Error::unsupported(
                    "NumPy .npy",
                    format!("an array of {} dimensions", array.shape.len()),
                    "save a one-dimensional array, or channels by samples",
                ));
            }
        };
        let (row_step, column_step) = if array.fortran {
            (width, rows * width)
        } else {
            (columns * width, width)
        };
        let unit = if rows.min(columns) > CHANNEL_LIMIT {
            "segments"
        } else {
            "channels"
        };
        let (shares, axis) = if rows <= columns {
            (
                Self {
                    traces: rows,
                    samples: columns,
                    across: row_step,
                    along: column_step,
                },
                "rows",
            )
        } else {
            let (across, along) = (column_step, row_step);
            (
                Self {
                    traces: columns,
                    samples: rows,
                    across,
                    along,
                },
                "columns",
            )
        };
        warnings.push(format!(
            "array of {rows} x {columns}: its {axis} are taken as {unit}"
        ));
        Ok(shares)
    }
}

/// Describes an array file as traces.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let array = Array::read(bytes)?;
    let mut warnings = Vec::new();
    let number = |k: Option<u64>, info: &mut WaveformInfo| {
        info.channel = (k.unwrap_or(0) + 1).to_string();
    };
    let traces = traces(bytes, &array, FORMAT, number, &mut warnings)?;
    Ok(Capture {
        format: FORMAT,
        warnings,
        traces,
    })
}

/// Describes an array as traces; `describe` names channel `k` (of segments, no
/// channel) and says what else is known.
fn traces(
    bytes: &Bytes,
    array: &Array,
    format: &'static str,
    describe: impl Fn(Option<u64>, &mut WaveformInfo),
    warnings: &mut Vec<String>,
) -> Result<Vec<Trace>, Error> {
    let extra = bytes.len() - array.data - array.count * array.cell.width();
    if extra > 0 {
        warnings.push(format!("{extra} bytes after the array are left out"));
    }
    if matches!(array.cell, Cell::U32 | Cell::I64 | Cell::U64) {
        warnings.push("wide integers are given as 64-bit floats, exact up to 2^53".into());
    }
    let shares = Shares::of(array, warnings)?;
    if shares.traces > TRACE_LIMIT {
        let (field, found) = ("traces".into(), shares.traces);
        return Err(Error::Limit {
            format: FORMAT,
            field,
            limit: TRACE_LIMIT,
            found,
        });
    }
    let traces = (0..shares.traces).map(|k| {
        let mut info = bare_info(format, shares.samples);
        if shares.traces > CHANNEL_LIMIT {
            info.segment = k as usize;
            describe(None, &mut info);
        } else {
            describe(Some(k), &mut info);
        }
        let stored = Stored {
            bytes: bytes.clone(),
            first_byte: array.data + k * shares.across,
            stride: shares.along,
            cell: array.cell,
            order: array.order,
        };
        Trace::stored(info, stored)
    });
    Ok(traces.collect())
}
