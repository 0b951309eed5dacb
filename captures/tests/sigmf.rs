//! SigMF recordings. No public file is at hand: they are made from the specification.

use etalon_captures::{Capture, Error, Format, OpenOptions, decode, encode, open, stats, write};
use etalon_types::{Samples, Storage, Waveform, WaveformSource};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// A folder of one test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sigmf-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Puts both files down; returns the metadata's path.
fn recording(folder: &Path, meta: &str, data: &[u8]) -> PathBuf {
    std::fs::write(folder.join("x.sigmf-data"), data).unwrap();
    let path = folder.join("x.sigmf-meta");
    std::fs::write(&path, meta).unwrap();
    path
}

fn read(path: &Path) -> Capture {
    open(path, &OpenOptions::default()).unwrap()
}

fn refusal(path: &Path) -> Error {
    open(path, &OpenOptions::default()).unwrap_err()
}

fn samples(capture: &Capture, k: usize) -> Vec<f64> {
    let mut out = vec![0.0; capture.traces[k].info().samples as usize];
    assert_eq!(capture.traces[k].read_at(0, &mut out).unwrap(), out.len());
    out
}

fn meta(datatype: &str, global: &str, captures: &str) -> String {
    format!(
        "{{\"captures\": [{captures}], \"annotations\": [{{\"core:sample_start\": 1}}],\n\
         \"global\": {{\"core:datatype\": \"{datatype}\"{global}}}}}"
    )
}

#[test]
fn every_datatype_in_both_orders_from_either_file() {
    let folder = folder("types");
    let little_and_big: Vec<(&str, Storage, Vec<Vec<u8>>)> = vec![
        ("i8", Storage::I8, vec![vec![5], vec![7]]),
        ("u8", Storage::U8, vec![vec![5], vec![7]]),
        (
            "i16",
            Storage::I16,
            [5_i16, 7].map(|x| x.to_le_bytes().to_vec()).into(),
        ),
        (
            "u16",
            Storage::U16,
            [5_u16, 7].map(|x| x.to_le_bytes().to_vec()).into(),
        ),
        (
            "i32",
            Storage::I32,
            [5_i32, 7].map(|x| x.to_le_bytes().to_vec()).into(),
        ),
        (
            "u32",
            Storage::F64,
            [5_u32, 7].map(|x| x.to_le_bytes().to_vec()).into(),
        ),
        (
            "f32",
            Storage::F32,
            [5_f32, 7.0].map(|x| x.to_le_bytes().to_vec()).into(),
        ),
        (
            "f64",
            Storage::F64,
            [5_f64, 7.0].map(|x| x.to_le_bytes().to_vec()).into(),
        ),
    ];
    for (name, storage, cells) in little_and_big {
        for order in ["_le", "_be", ""] {
            if (order.is_empty()) != name.ends_with('8') || name == "f32" && order.is_empty() {
                continue;
            }
            let turned = cells.iter().flat_map(|cell| {
                let mut cell = cell.clone();
                if order == "_be" {
                    cell.reverse();
                }
                cell
            });
            let data: Vec<u8> = turned.collect();
            for (kind, traces) in [("r", 1), ("c", 2)] {
                let text = meta(
                    &format!("{kind}{name}{order}"),
                    ", \"core:sample_rate\": 5e8",
                    "",
                );
                let path = recording(&folder, &text, &data);
                for path in [path, folder.join("x.sigmf-data")] {
                    let capture = read(&path);
                    assert_eq!((capture.format, capture.traces.len()), ("sigmf", traces));
                    assert_eq!(capture.traces[0].info().storage, storage, "{name}");
                    assert_eq!(capture.traces[0].info().sample_interval_s, Some(2e-9));
                    let values = samples(&capture, 0);
                    match traces {
                        1 => assert_eq!(values, [5.0, 7.0], "{name}{order}"),
                        _ => {
                            assert_eq!((values, samples(&capture, 1)), (vec![5.0], vec![7.0]));
                            assert_eq!(capture.traces[1].info().channel, "1 Q");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn captures_are_segments_with_their_times_and_channels_are_interleaved() {
    let folder = folder("segments");
    let captures = "{\"core:sample_start\": 0, \"core:datetime\": \"2026-01-31T23:59:59.5Z\"},\
         {\"core:sample_start\": 2, \"core:datetime\": \"2026-02-01T00:00:00.750Z\"},\
         {\"core:sample_start\": 3}";
    let global = ", \"core:num_channels\": 2, \"core:sample_rate\": 1000";
    let path = recording(
        &folder,
        &meta("ri8", global, captures),
        &[1, 11, 2, 12, 3, 13, 4, 14, 5, 15],
    );
    let capture = read(&path);
    let found: Vec<_> = (0..6)
        .map(|k| {
            let info = capture.traces[k].info();
            (
                info.segment,
                info.channel.as_str(),
                info.trigger_time_s,
                samples(&capture, k),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (0, "1", Some(0.0), vec![1.0, 2.0]),
            (0, "2", Some(0.0), vec![11.0, 12.0]),
            (1, "1", Some(1.25), vec![3.0]),
            (1, "2", Some(1.25), vec![13.0]),
            (2, "1", None, vec![4.0, 5.0]),
            (2, "2", None, vec![14.0, 15.0]),
        ]
    );
    // By the index in the original stream, when there is no date.
    let captures = "{\"core:sample_start\": 0, \"core:global_index\": 500},\
         {\"core:sample_start\": 1, \"core:global_index\": 750}";
    let global = ", \"core:sample_rate\": 1000";
    let path = recording(&folder, &meta("ri8", global, captures), &[1, 2]);
    assert_eq!(read(&path).traces[1].info().trigger_time_s, Some(0.25));
}

#[test]
fn headers_and_trailers_in_the_data_file_are_passed_over() {
    let folder = folder("headers");
    let captures = "{\"core:sample_start\": 10, \"core:header_bytes\": 2},\
         {\"core:sample_start\": 12, \"core:header_bytes\": 1}";
    let global =
        ", \"core:trailing_bytes\": 3, \"core:offset\": 10, \"core:dataset\": \"other.bin\"";
    let path = recording(&folder, &meta("ru8", global, captures), b"not read");
    std::fs::write(folder.join("other.bin"), [9, 9, 1, 2, 9, 3, 4, 9, 9, 9]).unwrap();
    let capture = read(&path);
    assert_eq!(samples(&capture, 0), [1.0, 2.0]);
    assert_eq!(samples(&capture, 1), [3.0, 4.0]);
}

#[test]
fn what_contradicts_itself_names_place_and_field() {
    let folder = folder("wrong");
    let cases = [
        (meta("rf16_le", "", ""), "core:datatype"),
        (meta("ri16", "", ""), "core:datatype"),
        (meta("", "", ""), "core:datatype"),
        (
            meta("ri8", ", \"core:num_channels\": 0", ""),
            "core:num_channels",
        ),
        (
            meta("ri8", ", \"core:num_channels\": 1e18", ""),
            "core:num_channels",
        ),
        (
            meta("ri8", ", \"core:num_channels\": 4294967296", ""),
            "core:num_channels",
        ),
        (
            meta("ri8", ", \"core:trailing_bytes\": -1", ""),
            "core:trailing_bytes",
        ),
        (
            meta("ri8", ", \"core:trailing_bytes\": 9e15", ""),
            "size of the data file",
        ),
        (
            meta("ri8", "", "{\"core:sample_start\": 0.5}"),
            "core:sample_start",
        ),
        (
            meta("ri8", "", "{\"core:sample_start\": 7}"),
            "core:sample_start of capture 0",
        ),
        (
            meta(
                "ri8",
                "",
                "{\"core:sample_start\": 2}, {\"core:sample_start\": 1}",
            ),
            "core:sample_start of capture 1",
        ),
        (meta("ri8", "", "{}"), "metadata"),
        (
            meta("ri8", ", \"core:sample_rate\": \"fast\"", ""),
            "metadata",
        ),
        (meta("rf64_le", "", ""), "size of the data file"),
        ("{\"core:version\"".into(), "metadata"),
        (
            "[".repeat(100_000).replacen('[', "{\"core:x\":[", 1),
            "metadata",
        ),
    ];
    for (text, wanted) in cases {
        let path = recording(&folder, &text, &[1, 2, 3, 4, 5]);
        match refusal(&path) {
            Error::Malformed { format, field, .. } => {
                assert_eq!((format, field.as_str()), ("sigmf", wanted), "{text:.200}");
            }
            other => panic!("{text:.200}: {other:?}"),
        }
    }
    // The place is that of the key.
    let text = meta("ri16", "", "");
    let path = recording(&folder, &text, &[1]);
    let Error::Malformed { offset, .. } = refusal(&path) else {
        panic!("not malformed");
    };
    assert!(
        text[offset as usize..].starts_with("\"core:datatype\""),
        "{offset}"
    );
    // Also when annotations, which have the same keys, stand before the captures.
    let text = "{\"annotations\": [{\"core:sample_start\": 1}], \"captures\": \
                [{\"core:sample_start\": 7}], \"global\": {\"core:datatype\": \"ri8\"}}";
    let path = recording(&folder, text, &[1]);
    let Error::Malformed { offset, .. } = refusal(&path) else {
        panic!("not malformed");
    };
    assert!(
        text[offset as usize..].starts_with("\"core:sample_start\": 7"),
        "{offset}"
    );
}

#[test]
fn one_file_alone_or_a_name_elsewhere_is_refused() {
    let folder = folder("alone");
    let path = recording(&folder, &meta("ri8", "", ""), &[1, 2]);
    std::fs::remove_file(folder.join("x.sigmf-data")).unwrap();
    let missing = refusal(&path);
    assert!(
        missing.to_string().contains("`x.sigmf-data` is missing"),
        "{missing}"
    );
    for name in ["../x.sigmf-data", "/etc/passwd"] {
        let text = meta("ri8", &format!(", \"core:dataset\": \"{name}\""), "");
        let path = recording(&folder, &text, &[1, 2]);
        assert!(refusal(&path).to_string().contains("own folder"), "{name}");
    }
    let memory = decode(meta("ri8", "", "").into_bytes(), &OpenOptions::default()).unwrap_err();
    assert!(memory.to_string().contains("another file"), "{memory}");
    let only = meta("ri8", ", \"core:metadata_only\": true", "");
    assert!(matches!(
        refusal(&recording(&folder, &only, &[1])),
        Error::Unsupported { .. }
    ));
    // Bare samples without metadata are not guessed.
    let bare = folder.join("bare.sigmf-data");
    std::fs::write(&bare, [0, 1, 2, 0xff, 0]).unwrap();
    match refusal(&bare) {
        Error::Unsupported { format, .. } => assert_eq!(format, "unknown"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn odd_values_are_warnings() {
    let folder = folder("odd");
    let captures = "{\"core:sample_start\": 1, \"core:datetime\": \"yesterday\"}";
    let text = meta("ri8", ", \"core:sample_rate\": 0", captures);
    let capture = read(&recording(&folder, &text, &[1, 2]));
    let said = capture.warnings.join("\n");
    for part in ["sample rate 0", "no time in UTC", "1 samples before"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(capture.traces[0].info().sample_interval_s, None);
    // A byte order mark before the text.
    let marked = format!("\u{feff}{}", meta("ri8", "", ""));
    assert_eq!(read(&recording(&folder, &marked, &[1, 2])).traces.len(), 1);
}

#[test]
fn prop_damaged_metadata_give_samples_or_a_typed_error() {
    let folder = folder("damage");
    let captures = "{\"core:sample_start\": 0, \"core:datetime\": \"2026-01-31T23:59:59.5Z\"},\
         {\"core:sample_start\": 2, \"core:header_bytes\": 4}";
    let global = ", \"core:num_channels\": 2, \"core:sample_rate\": 1000";
    let whole = meta("ci16_le", global, captures).into_bytes();
    let data = [7; 8 * 6 + 4];
    let mut readable = 0;
    let mut check = |bytes: &[u8]| {
        let path = folder.join("x.sigmf-meta");
        std::fs::write(&path, bytes).unwrap();
        let hints = OpenOptions {
            format: Format::SigMf,
            ..OpenOptions::default()
        };
        match open(&path, &hints) {
            Ok(capture) => {
                readable += 1;
                for trace in &capture.traces {
                    assert!(stats(trace).unwrap().samples > 0);
                }
            }
            Err(Error::Malformed { .. } | Error::Unsupported { .. } | Error::Limit { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    };
    std::fs::write(folder.join("x.sigmf-data"), data).unwrap();
    check(&whole);
    for length in 0..whole.len() {
        check(&whole[..length]);
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[length] ^= 1 << bit;
            check(&damaged);
        }
    }
    // Digits of a rate, and letters of keys that are not needed.
    assert!((100..2000).contains(&readable), "{readable}");
}

fn waveform(samples: Vec<f32>, channel: &str, segment: usize) -> Waveform {
    let mut info = Waveform::from_f32(Vec::new(), 2e-9, "W").info().clone();
    (info.channel, info.segment) = (channel.into(), segment);
    info.t0_s = -1e-6 * (segment + 1) as f64;
    info.trigger_time_s = Some(0.125 * segment as f64);
    Waveform::new(info, Samples::F32(samples))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn prop_what_is_written_reads_back(
        lengths in prop::collection::vec(1_usize..10_000, 1..4),
        channels in 1_usize..4,
    ) {
        let path = folder("round").join("x.sigmf-meta");
        let mut made = Vec::new();
        for (segment, &length) in lengths.iter().enumerate() {
            for channel in 0..channels {
                let values = (0..length).map(|k| (k * 7 + channel) as f32 * 0.3).collect();
                made.push(waveform(values, &format!("C{channel}"), segment));
            }
        }
        let sources: Vec<&dyn WaveformSource> = made.iter().map(|w| w as _).collect();
        let written = write(&path, Format::SigMf, &sources).unwrap();
        let sizes = ["x.sigmf-meta", "x.sigmf-data"]
            .map(|name| std::fs::metadata(path.with_file_name(name)).unwrap().len());
        prop_assert_eq!(written.bytes, sizes[0] + sizes[1]);
        let capture = read(&path);
        prop_assert_eq!(capture.traces.len(), made.len());
        for (k, made) in made.iter().enumerate() {
            let (ours, theirs) = (capture.traces[k].info(), made.info());
            prop_assert_eq!((&ours.channel, ours.segment), (&theirs.channel, theirs.segment));
            prop_assert_eq!((&ours.unit, ours.t0_s), (&theirs.unit, theirs.t0_s));
            prop_assert_eq!(ours.trigger_time_s, theirs.trigger_time_s);
            let dt = ours.sample_interval_s.unwrap();
            prop_assert!((dt / 2e-9 - 1.0).abs() <= 2.0 * f64::EPSILON);
            prop_assert_eq!(samples(&capture, k), made.read_all_f32().unwrap().iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
        }
    }
}

#[test]
fn integers_are_written_as_they_are_and_the_rest_is_refused_or_told() {
    let folder = folder("written");
    let mut info = Waveform::from_f32(Vec::new(), 1e-9, "").info().clone();
    info.sample_interval_s = None;
    let raw = Waveform::new(info, Samples::I16(vec![-32_768, 5, 32_767]));
    let written = write(&folder.join("raw"), Format::SigMf, &[&raw]).unwrap();
    assert!(written.warnings[0].contains("no sample interval"));
    let data = std::fs::read(folder.join("raw.sigmf-data")).unwrap();
    assert_eq!(data, [0, 0x80, 5, 0, 0xff, 0x7f]);
    let capture = read(&folder.join("raw.sigmf-data"));
    assert_eq!(capture.traces[0].info().storage, Storage::I16);

    let (a, b) = (
        waveform(vec![1.0], "C1", 0),
        waveform(vec![1.0, 2.0], "C2", 0),
    );
    let (c, d) = (waveform(vec![1.0], "C1", 1), waveform(vec![1.0], "C9", 1));
    for traces in [[&a as &dyn WaveformSource, &b], [&a, &d]] {
        let error = write(&folder.join("odd"), Format::SigMf, &traces).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    }
    assert!(!folder.join("odd.sigmf-data").exists());
    assert!(encode(Format::SigMf, &[&a, &c], Default::default()).is_err());
}
