//! Damaged HDF5 files: cut at every byte, every bit turned, every word made huge. The answer is a
//! capture, whose chunks may still turn out to be damaged when they are read, or a typed error.

mod made;

use etalon_captures::{Error, OpenOptions, decode, stats};
use etalon_types::WaveformSource;
use made::hdf5::{
    Filter, Layout, Object, Style, Value, channel, codes, hdf5, keysight, record, scope,
};

/// Small files of all kinds.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    use Filter::{Deflate, Fletcher32, Shuffle};
    let chunked = |style, chunk: u64, filters: &[Filter]| {
        let layout = Layout::Chunked {
            chunk: vec![chunk],
            filters: filters.to_vec(),
        };
        let record = Object::words(&codes(60, 0)).laid_out(layout);
        let group = channel(60, 0).child("Channel 1Data", record);
        hdf5(style, 0, &keysight(vec![("Channel 1", group)]))
    };
    vec![
        ("old", scope(Style::Old)),
        ("new", scope(Style::New)),
        ("MATLAB", record()),
        (
            "B-tree",
            chunked(Style::Old, 13, &[Shuffle, Deflate, Fletcher32]),
        ),
        ("fixed array", chunked(Style::New, 13, &[Deflate])),
        ("single chunk", chunked(Style::New, 60, &[Shuffle])),
    ]
}

/// Returns the bytes that are not within runs of zeros, which are padding.
fn places(bytes: &[u8]) -> Vec<usize> {
    let near = |at: usize| &bytes[at.saturating_sub(12)..bytes.len().min(at + 12)];
    let all = 0..bytes.len();
    all.filter(|&at| near(at).iter().any(|&b| b != 0)).collect()
}

/// Opens and reads; says whether it was opened.
fn opens(bytes: Vec<u8>, what: &str) -> bool {
    let limit = bytes.len() as u64;
    match decode(bytes, &OpenOptions::default()) {
        Ok(capture) => {
            assert!(!capture.traces.is_empty(), "{what}");
            for trace in &capture.traces {
                let samples = trace.info().samples;
                // Nothing shrinks further than DEFLATE does.
                assert!(samples > 0 && samples < 2000 * limit, "{what}: {samples}");
                if let Ok(sums) = stats(trace) {
                    assert_eq!(sums.samples, samples, "{what}");
                }
            }
            true
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && text.len() < 700, "{what}: {text}");
            let typed = matches!(
                error,
                Error::Malformed { .. } | Error::Unsupported { .. } | Error::Limit { .. }
            );
            assert!(typed, "{what}: {text}");
            false
        }
    }
}

#[test]
fn prop_hdf5_cut_anywhere_is_refused() {
    for (name, whole) in files() {
        assert!(opens(whole.clone(), name));
        for length in 0..whole.len() {
            assert!(
                !opens(whole[..length].to_vec(), name),
                "{name} cut at {length}"
            );
        }
    }
}

#[test]
fn prop_hdf5_with_any_bit_turned_gives_samples_or_a_typed_error() {
    for (name, whole) in files() {
        let mut refused = 0;
        for at in places(&whole) {
            for bit in 0..8 {
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << bit;
                refused += usize::from(!opens(damaged, &format!("{name} {at} {bit}")));
            }
        }
        assert!(refused > 500, "{name}: {refused}");
    }
}

#[test]
fn prop_hdf5_with_huge_and_negative_words_is_refused_or_read() {
    let words: [&[u8]; 5] = [
        &[0xff; 8],
        &[0, 0, 0, 0, 0, 0, 0, 0x80],
        &[0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0],
        &[0xff, 0xff, 0xff, 0xff],
        &[0, 0, 0, 0x80],
    ];
    for (name, whole) in files() {
        for at in places(&whole) {
            for word in words {
                let mut damaged = whole.clone();
                let word = &word[..word.len().min(whole.len() - at)];
                damaged[at..at + word.len()].copy_from_slice(word);
                opens(damaged, &format!("{name} {at} {word:?}"));
            }
        }
    }
}

#[test]
fn prop_hdf5_with_several_bytes_changed_gives_samples_or_a_typed_error() {
    let mut state = 3_u64;
    let mut below = |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    for (name, whole) in files() {
        for trial in 0..1500 {
            let mut damaged = whole.clone();
            for _ in 0..=below(5) {
                // Also pieces of the file laid over others: plausible, and in the wrong place.
                let (from, to, length) = (below(whole.len()), below(whole.len()), 1 + below(40));
                let length = length.min(whole.len() - from.max(to));
                damaged[to..to + length].copy_from_slice(&whole[from..from + length]);
            }
            opens(damaged, &format!("{name} trial {trial}"));
        }
    }
}

/// Replaces the first `pattern` by `word`.
fn replaced(bytes: &[u8], pattern: &[u8], word: &[u8]) -> Vec<u8> {
    let found = bytes
        .windows(pattern.len())
        .position(|part| part == pattern);
    let at = found.expect("the pattern is in the file");
    let mut damaged = bytes.to_vec();
    damaged[at..at + word.len()].copy_from_slice(word);
    damaged
}

#[test]
fn shapes_and_sizes_that_lie_are_refused_with_their_place() {
    let whole = scope(Style::Old);
    // The shape of 100, and later the size of 200 bytes in the layout.
    let shape = [&[1, 1, 0, 0, 0, 0, 0, 0][..], &100_u64.to_le_bytes()].concat();
    for lie in [
        101,
        1 << 31,
        1 << 32,
        1 << 62,
        1 << 63,
        u64::MAX,
        u64::MAX - 99,
    ] {
        let word = [&shape[..8], &u64::to_le_bytes(lie)].concat();
        match decode(replaced(&whole, &shape, &word), &OpenOptions::default()) {
            Err(Error::Malformed { offset, field, .. }) => {
                assert!(
                    offset > 96 && offset < whole.len() as u64,
                    "{lie}: {field} at {offset}"
                );
            }
            other => panic!("{lie}: {other:?}"),
        }
    }
    let size = whole
        .windows(8)
        .rposition(|part| part == 200_u64.to_le_bytes());
    for lie in [0, 199, 1 << 31, 1 << 63, u64::MAX] {
        let mut damaged = whole.clone();
        damaged[size.unwrap()..][..8].copy_from_slice(&u64::to_le_bytes(lie));
        match decode(damaged, &OpenOptions::default()) {
            Err(Error::Malformed { field, .. }) => assert!(field.contains("Seg"), "{field}"),
            other => panic!("{lie}: {other:?}"),
        }
    }
}

#[test]
fn trees_and_groups_in_loops_end() {
    // A leaf that says it is an inner node, whose children are itself.
    let whole = scope(Style::Old);
    let tree = whole.windows(4).rposition(|part| part == b"TREE").unwrap();
    for children in [1_u16, 30] {
        let mut damaged = whole.clone();
        damaged[tree + 5] = 200;
        damaged[tree + 6..tree + 8].copy_from_slice(&children.to_le_bytes());
        for child in 0..usize::from(children) {
            let at = tree + 24 + 8 + 16 * child;
            damaged[at..at + 8].copy_from_slice(&(tree as u64).to_le_bytes());
        }
        assert!(!opens(damaged, "tree"));
    }
    // A group whose members are all the root: the list of datasets does not go on for ever.
    let members = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let members = members.map(|name| (name, Object::words(&[1])));
    let mut bytes = hdf5(Style::Old, 0, &Object::group(members.to_vec()));
    let root: [u8; 8] = bytes[64..72].try_into().unwrap();
    let node = bytes.windows(4).position(|part| part == b"SNOD").unwrap();
    for member in 0..8 {
        let at = node + 8 + 40 * member + 8;
        bytes[at..at + 8].copy_from_slice(&root);
    }
    assert!(!opens(bytes, "groups"));
}

#[test]
fn a_chunk_that_unpacks_to_more_than_it_can_is_refused() {
    let layout = Layout::Chunked {
        chunk: vec![60],
        filters: vec![Filter::Deflate],
    };
    let data = Object::words(&codes(60, 0)).laid_out(layout);
    let group = channel(60, 0).child("Channel 1Data", data);
    let whole = hdf5(Style::Old, 0, &keysight(vec![("Channel 1", group)]));
    // A shape and a chunk of 2^30 samples in a few bytes.
    let many = 1_u64 << 30;
    let shape = [&[1, 1, 0, 0, 0, 0, 0, 0][..], &60_u64.to_le_bytes()].concat();
    let damaged = replaced(&whole, &shape, &[&shape[..8], &many.to_le_bytes()].concat());
    let chunk = [60_u32.to_le_bytes(), 2_u32.to_le_bytes()].concat();
    let damaged = replaced(&damaged, &chunk, &(many as u32).to_le_bytes());
    match decode(damaged, &OpenOptions::default()) {
        Err(Error::Malformed { expected, .. }) => {
            assert!(expected.contains("2147483648"), "{expected}")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn damaged_chunks_are_told_when_they_are_read() {
    let layout = Layout::Chunked {
        chunk: vec![20],
        filters: vec![Filter::Deflate],
    };
    let data = Object::words(&codes(60, 0)).laid_out(layout);
    let group = channel(60, 0)
        .with("Note", Value::Text("two chunks are whole"))
        .child("Channel 1Data", data);
    let mut bytes = hdf5(Style::Old, 0, &keysight(vec![("Channel 1", group)]));
    // The second chunk's stream begins with zlib's two bytes.
    let starts: Vec<usize> = (0..bytes.len() - 2)
        .filter(|&at| bytes[at..at + 2] == [0x78, 0x9c])
        .collect();
    assert_eq!(starts.len(), 3);
    bytes[starts[1] + 6] ^= 0x10;
    let capture = decode(bytes, &OpenOptions::default()).unwrap();
    let mut block = [0.0; 20];
    assert_eq!(capture.traces[0].read_at(0, &mut block).unwrap(), 20);
    let error = capture.traces[0].read_at(20, &mut block).unwrap_err();
    let place = format!("byte {}", starts[1]);
    assert!(error.to_string().contains(&place), "{error}");
    assert_eq!(capture.traces[0].read_at(40, &mut block).unwrap(), 20);
}
