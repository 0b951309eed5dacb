//! How samples are stored, and how they become values.

mod words;

use crate::ByteOrder;
use etalon_types::{ReadError, Storage, Waveform, WaveformSource};

/// Samples from which on a table of all 256 values of a byte costs less than it saves.
const TABLE_PAYS: usize = 1024;
/// Samples from which on choosing an instruction set costs less than it saves.
const VECTORS_PAY: usize = 64;

/// What samples are decoded to. The arithmetic is `f64`'s, so that both kinds say the same.
pub(crate) trait Value: Copy + Default {
    /// Rounds a value in physical units to this precision.
    fn rounded(value: f64) -> Self;

    /// Reads samples of a trace in memory.
    fn from_memory(source: &Waveform, first: u64, out: &mut [Self]) -> Result<usize, ReadError>
    where
        Self: Sized;
}

impl Value for f64 {
    #[inline(always)]
    fn rounded(value: f64) -> Self {
        value
    }

    fn from_memory(source: &Waveform, first: u64, out: &mut [Self]) -> Result<usize, ReadError> {
        source.read_at(first, out)
    }
}

impl Value for f32 {
    #[inline(always)]
    fn rounded(value: f64) -> Self {
        value as Self
    }

    fn from_memory(source: &Waveform, first: u64, out: &mut [Self]) -> Result<usize, ReadError> {
        source.read_f32_at(first, out)
    }
}

/// How a sample is stored in a file. Wider than [`Storage`]: what that lacks is given as `f64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    I8,
    U8,
    I16,
    U16,
    /// Three bytes, given as 32-bit words.
    I24,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Cell {
    /// Returns the width in bytes.
    pub(crate) fn width(self) -> u64 {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I24 => 3,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// Returns the storage type to report.
    pub(crate) fn storage(self) -> Storage {
        match self {
            Self::I8 => Storage::I8,
            Self::U8 => Storage::U8,
            Self::I16 => Storage::I16,
            Self::U16 => Storage::U16,
            Self::I24 | Self::I32 => Storage::I32,
            Self::F32 => Storage::F32,
            Self::U32 | Self::I64 | Self::U64 | Self::F64 => Storage::F64,
        }
    }

    /// Returns the cell that keeps this storage type.
    pub(crate) fn of(storage: Storage) -> Self {
        match storage {
            Storage::I8 => Self::I8,
            Storage::U8 => Self::U8,
            Storage::I16 => Self::I16,
            Storage::U16 => Self::U16,
            Storage::I32 => Self::I32,
            Storage::F32 => Self::F32,
            Storage::F64 => Self::F64,
        }
    }

    /// Decodes samples that lie `stride` bytes apart as `scale * raw + offset`, computed in
    /// `f64` and rounded once to what `out` keeps.
    pub(crate) fn decode<T: Value>(
        self,
        order: ByteOrder,
        raw: &[u8],
        stride: usize,
        (scale, offset): (f64, f64),
        out: &mut [T],
    ) {
        macro_rules! run {
            ($kind:ty) => {{
                const N: usize = size_of::<$kind>();
                let value = |x: $kind| T::rounded(scale * (x as f64) + offset);
                // A loop for each order: one that calls through a pointer is not vectorized.
                match order {
                    ByteOrder::Little => {
                        spread::<N, T>(raw, stride, out, |cell| {
                            value(<$kind>::from_le_bytes(cell))
                        });
                    }
                    ByteOrder::Big => {
                        spread::<N, T>(raw, stride, out, |cell| {
                            value(<$kind>::from_be_bytes(cell))
                        });
                    }
                }
            }};
        }
        let narrow = matches!(self, Self::I8 | Self::U8 | Self::I16 | Self::U16);
        if narrow && stride as u64 == self.width() && out.len() >= VECTORS_PAY {
            let level = fearless_simd::Level::new();
            return words::decode(level, (self, order), raw, (scale, offset), out);
        }
        match self {
            Self::I8 | Self::U8 if out.len() >= TABLE_PAYS => {
                let raw_value = |byte: u8| match self {
                    Self::I8 => f64::from(byte.cast_signed()),
                    _ => f64::from(byte),
                };
                let table: [T; 256] =
                    std::array::from_fn(|byte| T::rounded(scale * raw_value(byte as u8) + offset));
                spread::<1, T>(raw, stride, out, |[byte]| table[usize::from(byte)]);
            }
            Self::I8 => run!(i8),
            Self::U8 => run!(u8),
            Self::I16 => run!(i16),
            Self::U16 => run!(u16),
            Self::I24 => spread::<3, T>(raw, stride, out, |[a, b, c]| {
                // Into the upper bytes, so that the sign is where it belongs, and down again.
                let word = match order {
                    ByteOrder::Little => i32::from_le_bytes([0, a, b, c]),
                    ByteOrder::Big => i32::from_be_bytes([a, b, c, 0]),
                };
                T::rounded(scale * f64::from(word >> 8) + offset)
            }),
            Self::I32 => run!(i32),
            Self::U32 => run!(u32),
            Self::I64 => run!(i64),
            Self::U64 => run!(u64),
            Self::F32 => run!(f32),
            Self::F64 => run!(f64),
        }
    }
}

/// Applies `value` to cells of `N` bytes; the common case without gaps has its own loop so that
/// the compiler can vectorize it.
fn spread<const N: usize, T>(
    raw: &[u8],
    stride: usize,
    out: &mut [T],
    value: impl Fn([u8; N]) -> T,
) {
    if stride == N {
        for (y, cell) in out.iter_mut().zip(raw.as_chunks::<N>().0) {
            *y = value(*cell);
        }
    } else {
        for (y, part) in out.iter_mut().zip(raw.chunks(stride)) {
            if let Some(cell) = part.first_chunk::<N>() {
                *y = value(*cell);
            }
        }
    }
}

#[cfg(test)]
mod tests;
