//! NumPy arrays and bare samples in every element type, hints, forced formats and sums.

mod made;

use etalon_captures::{Capture, Error, Format, OpenOptions, decode, stats};
use etalon_types::{Storage, WaveformSource};
use made::{AgWaveform, ag, npy};

fn read(bytes: Vec<u8>) -> Capture {
    decode(bytes, &OpenOptions::default()).unwrap()
}

fn refusal(bytes: Vec<u8>) -> Error {
    decode(bytes, &OpenOptions::default()).unwrap_err()
}

fn samples(capture: &Capture, k: usize) -> Vec<f64> {
    let mut out = vec![0.0; capture.traces[k].info().samples as usize + 3];
    let got = capture.traces[k].read_at(0, &mut out).unwrap();
    out.truncate(got);
    out
}

#[test]
fn numpy_types_orders_and_versions() {
    fn payload<const N: usize>(cells: [[u8; N]; 3]) -> Vec<u8> {
        cells.concat()
    }
    let cases: Vec<(&str, Vec<u8>, Storage)> = vec![
        ("|i1", vec![255, 0, 2], Storage::I8),
        (
            "<i2",
            payload([-1_i16, 0, 2].map(i16::to_le_bytes)),
            Storage::I16,
        ),
        (
            ">i2",
            payload([-1_i16, 0, 2].map(i16::to_be_bytes)),
            Storage::I16,
        ),
        (
            "<i4",
            payload([-1_i32, 0, 2].map(i32::to_le_bytes)),
            Storage::I32,
        ),
        (
            "<i8",
            payload([-1_i64, 0, 2].map(i64::to_le_bytes)),
            Storage::F64,
        ),
        (
            "<f4",
            payload([-1_f32, 0.0, 2.0].map(f32::to_le_bytes)),
            Storage::F32,
        ),
        (
            ">f4",
            payload([-1_f32, 0.0, 2.0].map(f32::to_be_bytes)),
            Storage::F32,
        ),
        (
            "<f8",
            payload([-1_f64, 0.0, 2.0].map(f64::to_le_bytes)),
            Storage::F64,
        ),
        (
            ">f8",
            payload([-1_f64, 0.0, 2.0].map(f64::to_be_bytes)),
            Storage::F64,
        ),
    ];
    for (descr, bytes, storage) in cases {
        for version in 1..=3 {
            let capture = read(npy(version, descr, false, "(3,)", &bytes));
            assert_eq!(
                samples(&capture, 0),
                [-1.0, 0.0, 2.0],
                "{descr} version {version}"
            );
            assert_eq!(capture.traces[0].info().storage, storage);
        }
    }
    let unsigned = read(npy(1, "<u2", false, "(2,)", &[255, 255, 1, 0]));
    assert_eq!(samples(&unsigned, 0), [65535.0, 1.0]);
    assert_eq!(
        samples(&read(npy(1, "|b1", false, "(2L,)", &[1, 0])), 0),
        [1.0, 0.0]
    );
}

#[test]
fn numpy_tables_are_channels_along_the_longer_axis() {
    let cells: Vec<u8> = (0..12).collect();
    for (fortran, shape, first, second) in [
        (false, "(2, 6)", [0.0, 1.0, 2.0], [6.0, 7.0, 8.0]),
        (true, "(2, 6)", [0.0, 2.0, 4.0], [1.0, 3.0, 5.0]),
        (false, "(6, 2)", [0.0, 2.0, 4.0], [1.0, 3.0, 5.0]),
        (true, "(6, 2)", [0.0, 1.0, 2.0], [6.0, 7.0, 8.0]),
    ] {
        let capture = read(npy(1, "|u1", fortran, shape, &cells));
        assert_eq!(capture.traces.len(), 2);
        assert!(
            capture.warnings[0].contains("channels"),
            "{:?}",
            capture.warnings
        );
        assert_eq!(samples(&capture, 0)[..3], first, "{shape} {fortran}");
        assert_eq!(samples(&capture, 1)[..3], second, "{shape} {fortran}");
        assert_eq!(capture.traces[1].info().channel, "2");
    }
    let segments = read(npy(1, "|u1", false, "(20, 30)", &[3; 600]));
    assert_eq!(
        (segments.traces.len(), segments.traces[19].info().segment),
        (20, 19)
    );
}

#[test]
fn numpy_arrays_that_are_no_waveform_or_lie_about_their_size() {
    let unsupported = ["<c8", "<f2", "|O", "<U5", "=i2", "|i2"];
    for descr in unsupported {
        let error = refusal(npy(1, descr, false, "(1,)", &[0; 64]));
        assert!(
            matches!(error, Error::Unsupported { .. }),
            "{descr}: {error}"
        );
        assert!(error.to_string().contains(descr), "{error}");
    }
    for (shape, field) in [
        ("(0,)", "shape"),
        ("()", "shape"),
        ("(5,)", "array data"),
        ("(99999999999, 99999999999)", "shape"),
        ("(99999999999999999999999,)", "shape"),
        ("(-1,)", "shape"),
    ] {
        match refusal(npy(1, "|i1", false, shape, &[0; 4])) {
            Error::Malformed {
                format: "npy",
                field: found,
                ..
            } => {
                assert!(found.contains(field), "{shape}: {found}");
            }
            other => panic!("{shape}: {other:?}"),
        }
    }
    let cube = refusal(npy(1, "|i1", false, "(1, 2, 2)", &[0; 4]));
    assert!(cube.to_string().contains("3 dimensions"), "{cube}");
    let narrow = refusal(npy(1, "|i1", false, "(70000, 70000)", &vec![0; 1 << 10]));
    assert!(matches!(narrow, Error::Malformed { .. }), "{narrow}");
}

#[test]
fn bare_samples_are_read_as_told() {
    let bytes = vec![0x01, 0x80, 0xff, 0x7f];
    for (name, wanted) in [
        ("raw-i8", vec![1.0, -128.0, -1.0, 127.0]),
        ("raw-u8", vec![1.0, 128.0, 255.0, 127.0]),
        ("raw-i16", vec![-32767.0, 32767.0]),
        ("raw-i16-be", vec![384.0, -129.0]),
        ("raw-u16", vec![32769.0, 32767.0]),
        ("raw-u16-be", vec![384.0, 65407.0]),
        (
            "raw-f32",
            vec![f64::from(f32::from_le_bytes([0x01, 0x80, 0xff, 0x7f]))],
        ),
    ] {
        let format: Format = name.parse().unwrap();
        let hints = OpenOptions {
            format,
            ..OpenOptions::default()
        };
        let capture = decode(bytes.clone(), &hints).unwrap();
        assert_eq!(capture.format, name);
        let found = samples(&capture, 0);
        assert!(
            found
                .iter()
                .zip(&wanted)
                .all(|(a, b)| a == b || a.is_nan() && b.is_nan()),
            "{name}: {found:?}"
        );
        assert_eq!(found.len(), wanted.len(), "{name}");
        assert_eq!(capture.traces[0].info().sample_interval_s, None);
    }
    let hints = OpenOptions {
        format: "raw-i16".parse().unwrap(),
        ..OpenOptions::default()
    };
    for length in [0, 1, 3] {
        let error = decode(vec![1; length], &hints).unwrap_err();
        assert!(
            error.to_string().contains(&format!("{length} bytes")),
            "{error}"
        );
    }
}

#[test]
fn hints_fill_gaps_and_never_override() {
    let hints = OpenOptions {
        sample_rate_hz: Some(1e9),
        unit: Some("W".into()),
        ..OpenOptions::default()
    };
    let bare = decode(npy(1, "|i1", false, "(2,)", &[1, 2]), &hints).unwrap();
    let info = bare.traces[0].info();
    assert_eq!(
        (info.sample_interval_s, info.unit.as_str()),
        (Some(1e-9), "W")
    );
    let own = decode(ag("AG10", &[AgWaveform::floats("1", &[1.0])]), &hints).unwrap();
    let info = own.traces[0].info();
    assert_eq!(
        (info.sample_interval_s, info.unit.as_str()),
        (Some(1e-9), "V")
    );
    assert_eq!(info.warnings.len(), 1, "{:?}", info.warnings);
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-320] {
        let hints = OpenOptions {
            sample_rate_hz: Some(rate),
            ..OpenOptions::default()
        };
        let error = decode(b"1\n2\n".to_vec(), &hints).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Option {
                    option: "--sample-rate",
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn a_forced_format_that_is_not_there_says_so() {
    for name in ["npy", "trc", "keysight-bin", "csv"] {
        let hints = OpenOptions {
            format: name.parse().unwrap(),
            ..OpenOptions::default()
        };
        for bytes in [Vec::new(), vec![0xee; 5], vec![0xee; 5000]] {
            let error = decode(bytes, &hints).unwrap_err();
            let typed = matches!(
                error,
                Error::Malformed { .. } | Error::Unsupported { .. } | Error::Limit { .. }
            );
            assert!(typed, "{name}: {error}");
        }
    }
}

#[test]
fn stats_count_what_is_not_finite() {
    let values = [1.0_f32, f32::NAN, f32::INFINITY, -3.0, 0.5];
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let capture = read(npy(1, "<f4", false, "(5,)", &bytes));
    let sums = stats(&capture.traces[0]).unwrap();
    assert_eq!((sums.samples, sums.non_finite), (5, 2));
    assert_eq!((sums.min, sums.max, sums.mean), (-3.0, 1.0, -0.5));
}

#[test]
fn regress_a_mean_of_many_equal_samples_is_exact() {
    // A plain 64-bit sum of 0.1 drifts by 1e-8 here; the compensated one stays within an ulp.
    let text = "0.1\n".repeat(1_000_000);
    let sums = stats(&read(text.into_bytes()).traces[0]).unwrap();
    assert!(
        (sums.mean - 0.1).abs() <= f64::EPSILON * 0.1,
        "{:e}",
        sums.mean - 0.1
    );
}
