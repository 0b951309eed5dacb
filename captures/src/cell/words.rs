//! Bytes and words of 16 bits that lie one after the other, with the widest vectors there are.
//!
//! The loop is plain: the compiler vectorizes it once for each instruction set, and the one that
//! this machine has is chosen at run time. A sample is one conversion, one multiplication, one
//! addition and one rounding, none of them fused, so that all sets give the same bits.

use super::{Cell, Value};
use crate::ByteOrder;
use fearless_simd::{Level, Simd, dispatch};
use fearless_simd_macros::simd;

/// Decodes bytes or words as [`Cell::decode`] does.
pub(super) fn decode<T: Value>(
    level: Level,
    (cell, order): (Cell, ByteOrder),
    raw: &[u8],
    scaling: (f64, f64),
    out: &mut [T],
) {
    macro_rules! run {
        ($number:ident) => {
            dispatch!(level, simd => run::<_, _, $number, _>(simd, raw, scaling, out))
        };
    }
    match (cell, order) {
        (Cell::I8, _) => run!(I8),
        (Cell::U8, _) => run!(U8),
        (Cell::U16, ByteOrder::Little) => run!(U16Little),
        (Cell::U16, ByteOrder::Big) => run!(U16Big),
        (_, ByteOrder::Little) => run!(I16Little),
        (_, ByteOrder::Big) => run!(I16Big),
    }
}

/// How `N` bytes are a number.
trait Number<const N: usize> {
    fn of(bytes: [u8; N]) -> i32;
}

macro_rules! number {
    ($name:ident, $width:literal, $from:path) => {
        struct $name;

        impl Number<$width> for $name {
            #[inline(always)]
            fn of(bytes: [u8; $width]) -> i32 {
                i32::from($from(bytes))
            }
        }
    };
}

number!(I8, 1, i8::from_le_bytes);
number!(U8, 1, u8::from_le_bytes);
number!(I16Little, 2, i16::from_le_bytes);
number!(I16Big, 2, i16::from_be_bytes);
number!(U16Little, 2, u16::from_le_bytes);
number!(U16Big, 2, u16::from_be_bytes);

#[simd]
fn run<S: Simd, T: Value, K: Number<N>, const N: usize>(
    _simd: S,
    raw: &[u8],
    (scale, offset): (f64, f64),
    out: &mut [T],
) {
    for (y, &cell) in out.iter_mut().zip(raw.as_chunks::<N>().0) {
        *y = T::rounded(scale * f64::from(K::of(cell)) + offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The levels of this machine that differ in their vectors.
    fn levels() -> Vec<Level> {
        let best = Level::new();
        let mut levels = vec![best];
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        {
            levels.extend(best.as_avx2().map(Level::Avx2));
            levels.extend(best.as_sse4_2().map(Level::Sse4_2));
            levels.extend(best.as_sse2().map(Level::Sse2));
        }
        levels
    }

    #[track_caller]
    fn check(cell: Cell, order: ByteOrder, raw: &[u8], numbers: &[f64]) {
        for (scale, offset) in [(7.3e-5, -0.0123), (-1.0, 0.0), (1e300, -1e304), (0.0, 0.1)] {
            let expected: Vec<f64> = numbers.iter().map(|x| scale * x + offset).collect();
            for level in levels() {
                let mut wide = vec![0.0_f64; numbers.len()];
                let mut narrow = vec![0.0_f32; numbers.len()];
                decode(level, (cell, order), raw, (scale, offset), &mut wide);
                decode(level, (cell, order), raw, (scale, offset), &mut narrow);
                for ((x, y), e) in wide.iter().zip(&narrow).zip(&expected) {
                    let same = x.to_bits() == e.to_bits() && y.to_bits() == (*e as f32).to_bits();
                    assert!(same, "{level:?} {cell:?} {order:?}: {x} {y} {e}");
                }
            }
        }
    }

    #[test]
    fn every_byte_and_word_is_the_same_at_every_level() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let signed: Vec<f64> = bytes.iter().map(|x| f64::from(x.cast_signed())).collect();
        let unsigned: Vec<f64> = bytes.iter().map(|&x| f64::from(x)).collect();
        check(Cell::I8, ByteOrder::Little, &bytes, &signed);
        check(Cell::U8, ByteOrder::Little, &bytes, &unsigned);
        let words: Vec<u16> = (0..=u16::MAX).collect();
        let signed: Vec<f64> = words.iter().map(|x| f64::from(x.cast_signed())).collect();
        let unsigned: Vec<f64> = words.iter().map(|&x| f64::from(x)).collect();
        let little: Vec<u8> = words.iter().flat_map(|x| x.to_le_bytes()).collect();
        let big: Vec<u8> = words.iter().flat_map(|x| x.to_be_bytes()).collect();
        for (order, raw) in [(ByteOrder::Little, &little), (ByteOrder::Big, &big)] {
            check(Cell::I16, order, raw, &signed);
            check(Cell::U16, order, raw, &unsigned);
        }
    }
}
