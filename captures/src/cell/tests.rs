//! Every cell against arithmetic written out by hand, and both precisions against each other.

use super::Cell;
use crate::ByteOrder;
use crate::bytes::Bytes;
use crate::trace::{Stored, Trace, bare_info};
use etalon_types::WaveformSource;
use proptest::prelude::*;

const CELLS: [Cell; 11] = [
    Cell::I8,
    Cell::U8,
    Cell::I16,
    Cell::U16,
    Cell::I24,
    Cell::I32,
    Cell::U32,
    Cell::I64,
    Cell::U64,
    Cell::F32,
    Cell::F64,
];

/// One cell as a number: its bytes, least significant first, summed up as an integer.
fn raw_value(cell: Cell, mut bytes: Vec<u8>, order: ByteOrder) -> f64 {
    if order == ByteOrder::Big {
        bytes.reverse();
    }
    let word = bytes
        .iter()
        .rev()
        .fold(0_u64, |word, &b| (word << 8) | u64::from(b));
    let bits = 8 * bytes.len() as u32;
    let signed = i128::from(word)
        - if word >> (bits - 1) == 1 {
            1_i128 << bits
        } else {
            0
        };
    match cell {
        Cell::U8 | Cell::U16 | Cell::U32 | Cell::U64 => word as f64,
        Cell::I8 | Cell::I16 | Cell::I24 | Cell::I32 | Cell::I64 => signed as f64,
        Cell::F32 => f64::from(f32::from_bits(word as u32)),
        Cell::F64 => f64::from_bits(word),
    }
}

fn trace(cell: Cell, order: ByteOrder, raw: &[u8], stride: u64, scaling: (f64, f64)) -> Trace {
    let count = match raw.len() as u64 {
        length if length < cell.width() => 0,
        length => (length - cell.width()) / stride + 1,
    };
    let mut info = bare_info("test", count);
    (info.scale, info.offset) = scaling;
    let stored = Stored {
        bytes: Bytes::in_memory(raw.to_vec()),
        first_byte: 0,
        stride,
        cell,
        order,
    };
    Trace::stored(info, stored)
}

/// The bits of every sample from `first` on, read in blocks of both precisions.
fn both(trace: &Trace, first: u64, block: usize) -> (Vec<u64>, Vec<u32>) {
    let (mut wide, mut narrow) = (Vec::new(), Vec::new());
    let mut place = first;
    loop {
        let (mut a, mut b) = (vec![0.0_f64; block], vec![0.0_f32; block]);
        let got = trace.read_at(place, &mut a).unwrap();
        assert_eq!(trace.read_f32_at(place, &mut b).unwrap(), got);
        if got == 0 {
            return (wide, narrow);
        }
        wide.extend(a[..got].iter().map(|x| x.to_bits()));
        narrow.extend(b[..got].iter().map(|x| x.to_bits()));
        place += got as u64;
    }
}

/// Bits of a value, one for all that are not a number: payloads are not promised.
fn bits(x: f32) -> u32 {
    if x.is_nan() {
        f32::NAN.to_bits()
    } else {
        x.to_bits()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn prop_a_narrow_block_is_the_wide_one_rounded(
        cell in prop::sample::select(CELLS.to_vec()),
        big in any::<bool>(),
        gap in 0_u64..4,
        raw in prop::collection::vec(any::<u8>(), 0..9000),
        scale in prop_oneof![Just(1.0), -1e3..1e3, Just(1.0 / 32_768.0)],
        offset in prop_oneof![Just(0.0), -1e3..1e3],
        first in 0_u64..40,
        block in prop_oneof![1_usize..70, Just(1024), Just(5000)],
    ) {
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        let stride = cell.width() + gap;
        let trace = trace(cell, order, &raw, stride, (scale, offset));
        let (wide, narrow) = both(&trace, first, block);
        prop_assert_eq!(wide.len() as u64, trace.info().samples.saturating_sub(first));
        let cells = raw.windows(cell.width() as usize).step_by(stride as usize);
        for ((x, y), bytes) in wide.iter().zip(&narrow).zip(cells.skip(first as usize)) {
            let value = scale * raw_value(cell, bytes.to_vec(), order) + offset;
            prop_assert!(*x == value.to_bits() || value.is_nan() && f64::from_bits(*x).is_nan());
            prop_assert_eq!(bits(f32::from_bits(*y)), bits(value as f32));
        }
        let all = trace.read_all_f32().unwrap();
        let all = all.iter().skip(first as usize).map(|x| bits(*x));
        prop_assert!(all.eq(narrow.iter().map(|y| bits(f32::from_bits(*y)))));
    }

    #[test]
    fn prop_lanes_that_take_turns_are_woven_in_both_precisions(
        raw in prop::collection::vec(any::<i8>(), 1..5000),
        lanes in 2_usize..5,
        first in 0_u64..20,
        block in 1_usize..3000,
    ) {
        let count = raw.len() / lanes * lanes;
        let lane = |k: usize| Stored {
            bytes: Bytes::in_memory(
                raw[..count].iter().skip(k).step_by(lanes).map(|x| x.cast_unsigned()).collect(),
            ),
            first_byte: 0,
            stride: 1,
            cell: Cell::I8,
            order: ByteOrder::Little,
        };
        let mut info = bare_info("test", count as u64);
        (info.scale, info.offset) = (0.1, -3.0);
        let trace = Trace::woven(info, (0..lanes).map(lane).collect());
        let (wide, narrow) = both(&trace, first, block);
        let expected: Vec<f64> = raw[..count]
            .iter()
            .skip(first as usize)
            .map(|&x| 0.1 * f64::from(x) + -3.0)
            .collect();
        prop_assert!(wide.iter().copied().eq(expected.iter().map(|x| x.to_bits())));
        prop_assert!(narrow.iter().copied().eq(expected.iter().map(|&x| (x as f32).to_bits())));
    }
}

#[test]
fn every_byte_and_word_has_the_same_value_in_both_precisions() {
    let bytes: Vec<u8> = (0..=255_u8).cycle().take(4096).collect();
    let words: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    for (cell, raw) in [
        (Cell::I8, &bytes),
        (Cell::U8, &bytes),
        (Cell::I16, &words),
        (Cell::U16, &words),
    ] {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let trace = trace(cell, order, raw, cell.width(), (7.3e-5, -0.0123));
            let (wide, narrow) = both(&trace, 0, 65_536);
            let rounded = wide.iter().map(|&x| (f64::from_bits(x) as f32).to_bits());
            assert!(rounded.eq(narrow.iter().copied()), "{cell:?} {order:?}");
        }
    }
}

#[test]
fn a_source_without_a_narrow_read_of_its_own_gives_the_same() {
    struct Wide(Trace);
    impl WaveformSource for Wide {
        fn info(&self) -> &etalon_types::WaveformInfo {
            self.0.info()
        }
        fn read_at(&self, first: u64, out: &mut [f64]) -> Result<usize, etalon_types::ReadError> {
            self.0.read_at(first, out)
        }
    }
    let raw: Vec<u8> = (0..40_001_u32).map(|k| (k * k % 251) as u8).collect();
    let own = trace(Cell::I16, ByteOrder::Big, &raw, 2, (0.3, 0.1));
    let wide = Wide(own.clone());
    for (first, block) in [(0, 20_000), (3, 4096), (19_990, 64), (30_000, 5)] {
        let (mut a, mut b) = (vec![9.0; block], vec![9.0; block]);
        let got = own.read_f32_at(first, &mut a).unwrap();
        assert_eq!(wide.read_f32_at(first, &mut b).unwrap(), got);
        assert_eq!(a[..got], b[..got]);
    }
    assert_eq!(own.read_all_f32().unwrap(), wide.read_all_f32().unwrap());
}
