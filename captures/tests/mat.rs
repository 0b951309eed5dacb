//! MATLAB level 5: what no real file at hand shows, and files that lie.

mod made;

use etalon_captures::{Capture, Error, OpenOptions, decode, stats};
use etalon_types::{Storage, WaveformSource};
use made::mat::{Mat, deflate, scope};

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

#[test]
fn scope_exports_in_both_byte_orders_plain_and_deflated() {
    for (big_endian, packed) in [(false, false), (false, true), (true, false), (true, true)] {
        let capture = read(scope(big_endian, packed).bytes());
        assert_eq!((capture.format, capture.traces.len()), ("mat", 1));
        assert_eq!(capture.warnings, [""; 0]);
        let info = capture.traces[0].info();
        assert_eq!((info.channel.as_str(), info.samples), ("data", 50));
        assert_eq!(info.sample_interval_s, Some(2.5e-10));
        assert!((info.t0_s + 5e-9).abs() < 1e-20, "{}", info.t0_s);
        assert!(info.warnings.is_empty(), "{:?}", info.warnings);
        assert_eq!(samples(&capture, 0)[..3], [-3.0, -2.75, -2.5]);
    }
}

#[test]
fn every_class_and_every_storage_stays_narrow() {
    let cases: [(u32, u32, [Vec<u8>; 2], Storage); 10] = [
        (8, 1, [vec![255, 2, 3], vec![255, 2, 3]], Storage::I8),
        (9, 2, [vec![255, 2, 3], vec![255, 2, 3]], Storage::U8),
        (10, 3, both(&[-1_i16, 2, 3], i16::to_le_bytes), Storage::I16),
        (
            11,
            4,
            both(&[65_535_u16, 2, 3], u16::to_le_bytes),
            Storage::U16,
        ),
        (12, 5, both(&[-1_i32, 2, 3], i32::to_le_bytes), Storage::I32),
        (13, 6, both(&[7_u32, 2, 3], u32::to_le_bytes), Storage::F64),
        (
            7,
            7,
            both(&[-0.5_f32, 2.0, 3.0], f32::to_le_bytes),
            Storage::F32,
        ),
        (
            6,
            9,
            both(&[-0.5_f64, 2.0, 3.0], f64::to_le_bytes),
            Storage::F64,
        ),
        (
            14,
            12,
            both(&[-1_i64, 2, 3], i64::to_le_bytes),
            Storage::F64,
        ),
        // A double whose values fit 16 bits is stored in 16 bits.
        (6, 3, both(&[-1_i16, 2, 3], i16::to_le_bytes), Storage::I16),
    ];
    for (class, kind, data, storage) in cases {
        for big_endian in [false, true] {
            let part = vec![(kind, data[usize::from(big_endian)].clone())];
            let file = Mat::new(big_endian).variable(class, &[1, 3], "x", &part);
            let capture = read(file.bytes());
            let info = capture.traces[0].info();
            assert_eq!((info.storage, info.samples), (storage, 3), "type {kind}");
            let values = samples(&capture, 0);
            let first = match kind {
                2 => 255.0,
                4 => 65_535.0,
                6 => 7.0,
                7 | 9 => -0.5,
                _ => -1.0,
            };
            assert_eq!(values, [first, 2.0, 3.0], "type {kind}");
        }
    }
}

/// The numbers little-endian and big-endian.
fn both<T: Copy, const N: usize>(values: &[T; 3], little: fn(T) -> [u8; N]) -> [Vec<u8>; 2] {
    let mut cells = values.map(little);
    let plain = cells.concat();
    for cell in &mut cells {
        cell.reverse();
    }
    [plain, cells.concat()]
}

#[test]
fn complex_variables_are_i_and_q_with_storage_of_their_own() {
    let mat = Mat::new(false);
    let real = mat.doubles(&[1.0, 2.0, 3.0]);
    let file = mat.variable(6 | 0x0800, &[3, 1], "z", &[(9, real), (1, vec![4, 5, 6])]);
    let capture = read(file.number("fs", 2e9).bytes());
    let labels: Vec<_> = capture.traces.iter().map(|t| &*t.info().channel).collect();
    assert_eq!(labels, ["z I", "z Q"]);
    assert_eq!(samples(&capture, 0), [1.0, 2.0, 3.0]);
    assert_eq!(samples(&capture, 1), [4.0, 5.0, 6.0]);
    assert_eq!(capture.traces[1].info().storage, Storage::I8);
    assert_eq!(capture.traces[1].info().sample_interval_s, Some(5e-10));
}

#[test]
fn matrices_are_channels_or_segments_along_the_longer_axis() {
    let counted = |n: u8| vec![(2, (0..n).collect::<Vec<u8>>())];
    let tall = read(
        Mat::new(false)
            .variable(9, &[4, 2], "y", &counted(8))
            .bytes(),
    );
    assert_eq!(samples(&tall, 1), [4.0, 5.0, 6.0, 7.0]);
    assert_eq!(tall.traces[1].info().channel, "y(:,2)");
    let wide = read(
        Mat::new(true)
            .variable(9, &[2, 4], "y", &counted(8))
            .bytes(),
    );
    assert_eq!(samples(&wide, 1), [1.0, 3.0, 5.0, 7.0]);
    assert_eq!(wide.traces[1].info().channel, "y(2,:)");
    assert!(wide.warnings[0].contains("rows"), "{:?}", wide.warnings);
    let many = read(
        Mat::new(false)
            .variable(9, &[5, 40], "y", &counted(200))
            .bytes(),
    );
    assert_eq!(many.traces.len(), 5);
    let deep = Mat::new(false).variable(9, &[40, 20], "y", &[(2, vec![1; 800])]);
    let deep = read(deep.bytes());
    let last = deep.traces[19].info();
    assert_eq!((last.channel.as_str(), last.segment), ("y", 19));
}

#[test]
fn times_come_from_common_names() {
    let file = |mat: Mat| {
        let data = mat.doubles(&[1.0, 2.0, 3.0, 4.0]);
        read(mat.variable(6, &[1, 4], "ch1", &[(9, data)]).bytes())
    };
    for (name, value, interval) in [
        ("dt", 1e-9, 1e-9),
        ("Fs", 1e9, 1e-9),
        ("sample_rate", 4e9, 2.5e-10),
    ] {
        let capture = file(Mat::new(false).number(name, value));
        let info = capture.traces[0].info();
        assert_eq!(info.sample_interval_s, Some(interval), "{name}");
    }
    // PicoScope's names.
    let pico = file(
        Mat::new(false)
            .number("Tinterval", 2e-9)
            .number("Tstart", -3e-6),
    );
    let info = pico.traces[0].info();
    assert_eq!((info.t0_s, info.sample_interval_s), (-3e-6, Some(2e-9)));

    let mat = Mat::new(false);
    let times = mat.doubles(&[-1e-9, 1e-9, 3e-9, 5e-9]);
    let timed = file(mat.variable(6, &[4, 1], "t", &[(9, times)]));
    assert_eq!(timed.traces.len(), 1);
    let info = timed.traces[0].info();
    assert_eq!((info.t0_s, info.sample_interval_s), (-1e-9, Some(2e-9)));
    assert!(info.warnings.is_empty(), "{:?}", info.warnings);
}

#[test]
fn odd_times_are_told_and_not_used() {
    let file = |mat: Mat| {
        let data = mat.doubles(&[1.0, 2.0, 3.0, 4.0]);
        read(mat.variable(6, &[1, 4], "ch1", &[(9, data)]).bytes())
    };
    let mat = Mat::new(false);
    let uneven = mat.doubles(&[0.0, 1e-9, 8e-9, 9e-9]);
    let cases = [
        (file(Mat::new(false).number("dt", -1.0)), "not usable", None),
        (
            file(Mat::new(false).number("fs", f64::NAN)),
            "not usable",
            None,
        ),
        (
            file(Mat::new(false).number("dt", 1e-9).number("fs", 2e9)),
            "not its sample rate",
            Some(1e-9),
        ),
        (
            file(Mat::new(false).number("recordLength", 9.0)),
            "4 samples are there",
            None,
        ),
        (
            file(mat.variable(6, &[4, 1], "t", &[(9, uneven)])),
            "not evenly spaced",
            Some(3e-9),
        ),
    ];
    for (capture, said, interval) in cases {
        let info = capture.traces[0].info();
        assert_eq!(info.sample_interval_s, interval, "{said}");
        assert!(
            info.warnings.iter().any(|w| w.contains(said)),
            "{said}: {:?}",
            info.warnings
        );
    }
}

#[test]
fn what_holds_no_samples_is_named() {
    let mat = Mat::new(false);
    let cell = mat.matrix(9, &[1, 1], "", &[(2, vec![1])]);
    let capture = read(
        mat.variable(1, &[1, 1], "nested", &[])
            .variable(2, &[1, 1], "settings", &[])
            .variable(4, &[1, 3], "note", &[(4, b"a\0b\0c\0".to_vec())])
            .variable(5, &[3, 3], "thin", &[])
            .variable(6, &[0, 0], "void", &[(9, Vec::new())])
            .variable(9, &[2, 2, 2], "cube", &[(2, vec![1; 8])])
            .number("gain", 3.0)
            .deflated(&Mat::new(false).matrix(1, &[1, 1], "packed", &[(14, cell)]))
            .variable(9, &[3, 1], "x", &[(2, vec![1, 2, 3])])
            .bytes(),
    );
    assert_eq!(capture.traces.len(), 1);
    let text = capture.warnings.join("\n");
    for part in [
        "`nested` (cell)",
        "`settings` (struct)",
        "`note` (text)",
        "`thin` (sparse)",
        "`void` (empty)",
        "`cube` (3 dimensions)",
        "`packed` (cell)",
        "gain",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let none = refusal(
        Mat::new(false)
            .variable(2, &[1, 1], "settings", &[])
            .bytes(),
    );
    assert!(
        matches!(&none, Error::Unsupported { found, .. } if found.contains("settings")),
        "{none}"
    );
}

#[test]
fn lengths_that_lie_are_refused_with_their_place() {
    let bytes = vec![(2, vec![1, 2, 3])];
    for (dimensions, field) in [
        (vec![u32::MAX, 3], "dimensions"),
        (vec![0x8000_0000, 1], "dimensions"),
        (vec![0x7fff_ffff, 0x7fff_ffff], "numbers of `x`"),
        (vec![0x7fff_ffff; 4], "dimensions"),
        (vec![4, 1], "numbers of `x`"),
        (vec![3], "dimensions"),
    ] {
        match refusal(
            Mat::new(false)
                .variable(9, &dimensions, "x", &bytes)
                .bytes(),
        ) {
            Error::Malformed {
                format: "mat",
                field: found,
                offset,
                ..
            } => {
                assert_eq!(found, field, "{dimensions:?}");
                assert!((128..210).contains(&offset), "{offset}");
            }
            other => panic!("{dimensions:?}: {other:?}"),
        }
    }
}

#[test]
fn damaged_deflated_variables_are_refused_with_their_place() {
    let whole = scope(false, true).bytes();
    let plain = scope(false, false).bytes();
    let packed = deflate(&plain[plain.len() - 456..]);
    let start = whole.len() - packed.len();
    assert_eq!(whole[start..], packed);
    // The checksum at the end, and a byte within.
    for at in [whole.len() - 1, start + packed.len() / 2] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        match refusal(damaged) {
            Error::Malformed { offset, .. } => assert_eq!(offset, start as u64),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_inflated() {
    // 128 MiB of zeros deflate to 128 KiB: more than 16 MiB and 64 times the file.
    let mat = Mat::new(false);
    let zeros = vec![(9, vec![0; 128 << 20])];
    let bomb = mat.matrix(6, &[16 << 20, 1], "x", &zeros);
    let file = mat.deflated(&bomb).bytes();
    assert!(file.len() < 1 << 20);
    match refusal(file) {
        Error::Limit { field, found, .. } => {
            assert!(field.contains("inflated"), "{field}");
            assert_eq!(found, bomb.len() as u64);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn level_7_3_without_its_hdf5_is_refused() {
    let mut bytes = vec![b' '; 600];
    bytes[..20].copy_from_slice(b"MATLAB 7.3 MAT-file,");
    bytes[124..128].copy_from_slice(b"\x00\x02IM");
    match refusal(bytes) {
        Error::Malformed { format, field, .. } => {
            assert_eq!((format, field.as_str()), ("mat", "signature of superblock"));
        }
        other => panic!("{other:?}"),
    }
}

/// The real files, whole: cut at every header byte, and every bit of the headers changed.
#[test]
fn prop_real_files_with_damaged_headers_give_samples_or_a_typed_error() {
    let shared = std::env::var_os("ETALON_SHARED").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        std::path::PathBuf::from,
    );
    let Ok(whole) = std::fs::read(shared.join("captures/mat/iq_waveform.mat")) else {
        println!("left out: no real captures in {}", shared.display());
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "CI must have the real captures"
        );
        return;
    };
    let outcome = |bytes: &[u8]| match decode(bytes.to_vec(), &OpenOptions::default()) {
        Ok(capture) => {
            for trace in &capture.traces {
                assert!(stats(trace).unwrap().samples > 0);
            }
            true
        }
        Err(Error::Malformed { .. } | Error::Unsupported { .. } | Error::Limit { .. }) => false,
        Err(other) => panic!("{other:?}"),
    };
    assert!(outcome(&whole));
    for length in 0..1100 {
        assert!(!outcome(&whole[..length]), "cut at {length}");
    }
    let mut refused = 0;
    for at in 0..1100 {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << bit;
            refused += usize::from(!outcome(&damaged));
        }
    }
    assert!((1000..8000).contains(&refused), "{refused}");
}
