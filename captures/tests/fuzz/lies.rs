//! Headers that lie: every word of every header in turn says that there is very much, or less
//! than nothing.

use crate::judge::{Verdict, judge};
use crate::seeds;
use crate::targets::{Reader, TARGETS, Target};
use std::path::Path;

/// 2^31 - 1 to 2^63 as they fit, -1 and -2^31, in words of this width; the rest of the issue's
/// numbers are the same bytes.
fn words(width: usize) -> Vec<Vec<u8>> {
    let numbers: &[u64] = match width {
        2 => &[(1 << 15) - 1, 1 << 15, u64::MAX],
        4 => &[(1 << 31) - 1, 1 << 31, u64::MAX],
        _ => &[
            (1 << 31) - 1,
            1 << 31,
            (1 << 32) - 1,
            1 << 32,
            1 << 62,
            (1 << 63) - 1,
            1 << 63,
            u64::MAX,
            0xffff_ffff_8000_0000,
        ],
    };
    let mut words = Vec::new();
    for number in numbers {
        let little = number.to_le_bytes()[..width].to_vec();
        let big: Vec<u8> = little.iter().rev().copied().collect();
        if big != little {
            words.push(big);
        }
        words.push(little);
    }
    words
}

const HEADER: usize = 2048;

/// Puts the numbers into every word of a target's headers, aligned or not, or into about `most`
/// of them, spread evenly.
pub fn lie(target: &Target, folder: &Path, most: usize, mut each: impl FnMut(Verdict)) {
    let words = [words(2), words(4), words(8)].concat();
    let seeds = seeds::of(target);
    for seed in &seeds {
        let header = seed.len().min(HEADER);
        let total = header * words.len();
        // Without a common factor with the number of words, so that all of them take turns.
        let step = (total * seeds.len() / most).max(1) | 1;
        for k in (0..total).step_by(step) {
            let (at, word) = (k / words.len(), &words[k % words.len()]);
            if at + word.len() > seed.len() {
                continue;
            }
            let mut lying = seed.clone();
            lying[at..at + word.len()].copy_from_slice(word);
            each(judge(target, folder, &lying));
        }
    }
}

#[test]
fn prop_sizes_that_lie_are_refused_or_read_and_never_allocated() {
    let folder = tempfile::tempdir().unwrap();
    for target in &TARGETS {
        let (mut trials, mut refused) = (0, 0);
        lie(target, folder.path(), 1200, |verdict| {
            trials += 1;
            refused += usize::from(!verdict.read);
        });
        assert!(trials > 100, "{}: {trials}", target.name);
        // Bare samples have no header, and any digit is a symbol.
        let binary = matches!(
            target.reader,
            Reader::One(_) | Reader::Pair(..) | Reader::Otdr
        );
        assert!(!binary || refused > 0, "{}: none of {trials}", target.name);
    }
}
