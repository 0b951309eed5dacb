//! NumPy archives. No public file is at hand: they are made from the published layouts.

mod made;

use etalon_captures::{Capture, Error, OpenOptions, decode};
use etalon_types::{Storage, WaveformSource};
use made::npy;
use made::npz::{Packing, scope, zip};

fn read(bytes: Vec<u8>) -> Capture {
    decode(bytes, &OpenOptions::default()).unwrap()
}

fn refusal(bytes: Vec<u8>) -> Error {
    decode(bytes, &OpenOptions::default()).unwrap_err()
}

fn samples(capture: &Capture, k: usize) -> Vec<f64> {
    let mut out = vec![0.0; capture.traces[k].info().samples as usize];
    assert_eq!(capture.traces[k].read_at(0, &mut out).unwrap(), out.len());
    out
}

fn floats(values: &[f64]) -> Vec<u8> {
    let payload: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    npy(1, "<f8", false, &format!("({},)", values.len()), &payload)
}

const PACKINGS: [Packing; 3] = [Packing::Stored, Packing::Deflated, Packing::StoredIn64Bits];

#[test]
fn arrays_are_traces_by_name_however_they_are_packed() {
    for packing in PACKINGS {
        let capture = read(scope(packing));
        assert_eq!((capture.format, capture.traces.len()), ("npz", 3));
        let labels: Vec<_> = capture.traces.iter().map(|t| &*t.info().channel).collect();
        assert_eq!(labels, ["rx[0]", "rx[1]", "ref"], "{packing:?}");
        assert!(capture.traces.iter().all(|t| {
            let info = t.info();
            info.sample_interval_s == Some(2e-9) && info.samples == 30 && info.t0_s == 0.0
        }));
        assert_eq!(capture.traces[0].info().storage, Storage::I16);
        assert_eq!(samples(&capture, 1)[..3], [30.0, 31.0, 32.0]);
        assert_eq!(samples(&capture, 2)[29], 14.5);
        assert_eq!(capture.warnings.len(), 1, "{:?}", capture.warnings);
        assert!(capture.warnings[0].starts_with("`rx`: array of 2 x 30"));
    }
}

#[test]
fn times_and_what_holds_no_samples() {
    let number = |x: f64| npy(1, "<f8", false, "()", &x.to_le_bytes());
    let files = [
        ("t.npy", floats(&[0.25, 0.5, 0.75])),
        ("x.npy", floats(&[5.0, 6.0, 7.0])),
        ("gain.npy", number(3.0)),
        ("who.npy", npy(1, "|O", false, "(1,)", b"pickle")),
        ("z.npy", npy(1, "<c16", false, "(1,)", &[0; 16])),
        ("cube.npy", npy(1, "|u1", false, "(2, 2, 2)", &[1; 8])),
        ("notes.txt", b"by hand".to_vec()),
        ("many.npy", npy(1, "|u1", true, "(20, 30)", &[1; 600])),
    ];
    let capture = read(zip(Packing::Deflated, &files));
    let info = capture.traces[0].info();
    assert_eq!((info.t0_s, info.sample_interval_s), (0.25, Some(0.25)));
    assert_eq!(samples(&capture, 0), [5.0, 6.0, 7.0]);
    assert_eq!(capture.traces.len(), 21);
    let last = capture.traces[20].info();
    assert_eq!((last.channel.as_str(), last.segment), ("many", 19));
    let said = capture.warnings.join("\n");
    for part in ["gain", "`who`", "`z`", "`cube`", "`notes.txt`", "segments"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let none = refusal(zip(Packing::Stored, &[("dt.npy", number(1.0))]));
    assert!(matches!(none, Error::Unsupported { .. }), "{none}");
}

#[test]
fn other_archives_are_named() {
    let other = refusal(zip(Packing::Stored, &[("a.txt", b"text".to_vec())]));
    assert!(matches!(&other, Error::Unsupported { format, .. } if format == "ZIP archive"));
    let good = zip(Packing::Stored, &[("x.npy", floats(&[1.0, 2.0]))]);
    let entry = good.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    for (at, value, said) in [(8, 1, "encrypted"), (10, 12, "method 12")] {
        let mut changed = good.clone();
        changed[entry + at] = value;
        let error = refusal(changed);
        assert!(
            matches!(&error, Error::Unsupported { found, .. } if found.contains(said)),
            "{error}"
        );
    }
}

#[test]
fn places_and_sizes_that_lie_are_refused() {
    for packing in PACKINGS {
        let good = scope(packing);
        let entry = good.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        for (at, name) in [(20, "packed"), (24, "size"), (42, "place")] {
            for word in [0x7fff_ffff_u32, 0xffff_fffe, u32::MAX] {
                let mut lying = good.clone();
                lying[entry + at..entry + at + 4].copy_from_slice(&word.to_le_bytes());
                if lying == good {
                    continue;
                }
                let error = refusal(lying);
                assert!(
                    matches!(error, Error::Malformed { .. } | Error::Limit { .. }),
                    "{packing:?} {name} {word:x}: {error}"
                );
            }
        }
    }
    // The 64-bit sizes and places as well.
    let good = scope(Packing::StoredIn64Bits);
    let entry = good.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let record = good.windows(4).position(|w| w == b"PK\x06\x06").unwrap();
    let first = entry + 46 + "rx.npy".len() + 10;
    for at in [
        first,
        first + 8,
        first + 16,
        record + 32,
        record + 40,
        record + 48,
    ] {
        for word in [1_u64 << 31, 1 << 62, 1 << 63, u64::MAX] {
            let mut lying = good.clone();
            lying[at..at + 8].copy_from_slice(&word.to_le_bytes());
            let error = refusal(lying);
            assert!(
                matches!(error, Error::Malformed { .. } | Error::Limit { .. }),
                "{at}: {error}"
            );
        }
    }
}

#[test]
fn damaged_members_and_bombs_are_refused_with_their_place() {
    let good = zip(Packing::Deflated, &[("x.npy", floats(&[1.0; 200]))]);
    let start = 30 + "x.npy".len();
    for at in [14, start + 20] {
        let mut damaged = good.clone();
        // The checksum is taken from the directory.
        let at = if at == 14 {
            good.windows(4).position(|w| w == b"PK\x01\x02").unwrap() + 16
        } else {
            at
        };
        damaged[at] ^= 0x10;
        match refusal(damaged) {
            Error::Malformed { offset, field, .. } => {
                assert_eq!((offset, field.as_str()), (start as u64, "member `x.npy`"));
            }
            other => panic!("{other:?}"),
        }
    }
    let wide = npy(1, "<f8", false, "(16777216,)", &vec![0; 128 << 20]);
    let size = wide.len() as u64;
    let bomb = zip(Packing::Deflated, &[("x.npy", wide)]);
    assert!(bomb.len() < 1 << 20);
    match refusal(bomb) {
        Error::Limit { found, .. } => assert_eq!(found, size),
        other => panic!("{other:?}"),
    }
    // An error within a stored member has its place in the archive.
    let short = npy(1, "<f8", false, "(9,)", &[0; 16]);
    let length = short.len() as u64;
    match refusal(zip(Packing::Stored, &[("x.npy", short)])) {
        Error::Malformed { offset, .. } => assert_eq!(offset, start as u64 + length),
        other => panic!("{other:?}"),
    }
}

#[test]
fn prop_archives_with_any_bit_changed_give_samples_or_a_typed_error() {
    for packing in PACKINGS {
        let whole = scope(packing);
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << bit;
                match decode(damaged, &OpenOptions::default()) {
                    Ok(capture) => {
                        for trace in &capture.traces {
                            etalon_captures::stats(trace).unwrap();
                        }
                    }
                    Err(
                        Error::Malformed { .. } | Error::Unsupported { .. } | Error::Limit { .. },
                    ) => {}
                    Err(other) => panic!("{packing:?} {at}: {other:?}"),
                }
            }
        }
    }
}
