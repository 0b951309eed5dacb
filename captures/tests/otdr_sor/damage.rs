//! OTDR files cut short and with bits flipped.

use etalon_captures::{Error, decode_otdr};

use crate::made::Made;
use crate::{DEMO, EXFO, M200, NOYES, shared};

/// Made files, and the real ones.
fn gallery() -> Vec<Vec<u8>> {
    let mut files: Vec<Vec<u8>> = [false, true]
        .map(|second| {
            Made {
                second,
                ..Made::default()
            }
            .bytes()
        })
        .into();
    if let Some(folder) = shared() {
        for name in [M200, DEMO, NOYES, EXFO] {
            files.push(std::fs::read(folder.join(name)).unwrap());
        }
    }
    files
}

/// Reads what may be damaged: a file that can be walked over, or a typed error.
fn survives(bytes: &[u8]) -> bool {
    match decode_otdr(bytes) {
        Ok(file) => {
            let points: usize = file.traces.iter().map(|t| t.level_db.len()).sum();
            assert!(points > 0 && points <= bytes.len() / 2);
            true
        }
        Err(Error::Malformed { .. } | Error::Unsupported { .. }) => false,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn prop_a_file_cut_at_any_byte_of_its_headers_is_refused() {
    for bytes in gallery() {
        for length in 0..bytes.len().min(1500) {
            assert!(!survives(&bytes[..length]), "{length}");
        }
        assert!(!survives(&bytes[..bytes.len() - 1]));
        assert!(survives(&bytes));
    }
}

#[test]
fn prop_a_file_with_any_bit_of_its_headers_flipped_is_read_or_refused() {
    let mut refused = 0;
    for mut bytes in gallery() {
        for at in 0..bytes.len().min(480) {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                refused += usize::from(!survives(&bytes));
                bytes[at] ^= 1 << bit;
            }
            for value in [0, 0x7f, 0xff] {
                let kept = std::mem::replace(&mut bytes[at], value);
                refused += usize::from(!survives(&bytes));
                bytes[at] = kept;
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}
