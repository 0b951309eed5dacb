//! Text that says the same thing very often: a warning or an entry for each line must not take
//! many times the memory of the line.

use crate::judge::{Verdict, judge};
use crate::seeds;
use crate::targets::{Reader, TARGETS, Target};
use std::path::Path;

/// Bytes that a file is blown up to; 64 MiB are many times as much.
const SIZE: usize = 2 << 20;

/// Repeats each line of each small text seed; not more than so many lines of a target.
pub fn swell(target: &Target, folder: &Path, most: usize, mut each: impl FnMut(Verdict)) {
    let seeds = seeds::of(target);
    let text = |seed: &&Vec<u8>| seed.len() < 4096 && seed.iter().take(64).all(|&b| b >= b'\t');
    let lines: Vec<(&Vec<u8>, std::ops::Range<usize>)> = seeds
        .iter()
        .filter(text)
        .flat_map(|seed| lines(seed).map(move |line| (seed, line)))
        .collect();
    for (seed, line) in lines.iter().step_by(lines.len().div_ceil(most).max(1)) {
        let again = seed[line.clone()].repeat(SIZE / line.len());
        let swollen = [&seed[..line.end], &again, &seed[line.end..]].concat();
        each(judge(target, folder, &swollen));
    }
}

fn lines(seed: &[u8]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut start = 0;
    seed.split_inclusive(|&b| b == b'\n').map(move |line| {
        let range = start..start + line.len();
        start = range.end;
        range
    })
}

#[test]
fn prop_lines_that_come_very_often_take_no_more_memory_than_they_should() {
    let folder = tempfile::tempdir().unwrap();
    let mut trials = 0;
    for target in TARGETS
        .iter()
        .filter(|t| !matches!(t.reader, Reader::Packed(..)))
    {
        swell(target, folder.path(), 12, |_| trials += 1);
    }
    assert!(trials > 80, "{trials}");
}
