//! HDF5 files of oscilloscopes and of MATLAB 7.3, made by hand in both styles of the format.

mod made;

use etalon_captures::{Capture, Error, Format, OpenOptions, decode};
use etalon_types::{Storage, WaveformSource};
use made::hdf5::{
    Filter, Kind, Layout, Object, Style, Value, channel, codes, hdf5, keysight, matlab,
};

const STYLES: [Style; 2] = [Style::Old, Style::New];

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

fn volts(codes: &[i16]) -> Vec<f64> {
    codes.iter().map(|&x| f64::from(x) * 0.25 + 2.0).collect()
}

fn chunked(chunk: &[u64], filters: &[Filter]) -> Layout {
    Layout::Chunked {
        chunk: chunk.to_vec(),
        filters: filters.to_vec(),
    }
}

#[test]
fn keysight_channels_keep_codes_units_and_times_in_every_layout() {
    use Filter::{Deflate, Fletcher32, Shuffle};
    let layouts = [
        Layout::Contiguous,
        Layout::Compact,
        chunked(&[1000], &[]),
        chunked(&[300], &[]),
        chunked(&[1000], &[Deflate]),
        chunked(&[130], &[Deflate]),
        chunked(&[64], &[Shuffle, Deflate]),
        chunked(&[500], &[Shuffle, Deflate, Fletcher32]),
        chunked(&[999], &[Fletcher32]),
        chunked(&[33], &[Shuffle]),
        chunked(&[1500], &[Fletcher32, Deflate]),
    ];
    for style in STYLES {
        for user_block in [0, 512, 2048] {
            for layout in &layouts {
                let record = |k| Object::words(&codes(1000, k)).laid_out(layout.clone());
                let root = keysight(vec![
                    (
                        "Channel 10",
                        channel(1000, 0).child("Channel 10Data", record(10)),
                    ),
                    (
                        "Channel 2",
                        channel(1000, 0).child("Channel 2Data", record(2)),
                    ),
                ]);
                let capture = read(hdf5(style, user_block, &root));
                let what = format!("{style:?} {user_block} {layout:?}");
                assert_eq!(capture.warnings, [""; 0], "{what}");
                assert_eq!((capture.format, capture.traces.len()), ("keysight-h5", 2));
                for (k, (name, shift)) in [("Channel 2", 2), ("Channel 10", 10)].iter().enumerate()
                {
                    let info = capture.traces[k].info();
                    assert_eq!((info.channel.as_str(), info.unit.as_str()), (*name, "V"));
                    assert_eq!((info.storage, info.samples), (Storage::I16, 1000));
                    assert_eq!((info.t0_s, info.sample_interval_s), (-1e-9, Some(2.5e-11)));
                    assert_eq!(info.trigger_time_s, None);
                    assert!(info.warnings.is_empty(), "{what}: {:?}", info.warnings);
                    let wanted = volts(&codes(1000, *shift));
                    assert_eq!(samples(&capture, k), wanted, "{what}");
                    // Blocks in any order, across the edges of chunks.
                    for first in [990, 0, 331, 498, 62] {
                        let mut block = [0.0; 7];
                        let got = capture.traces[k].read_at(first, &mut block).unwrap();
                        assert_eq!(block[..got], wanted[first as usize..][..got], "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn keysight_floats_are_values_already() {
    let values = [0.5_f32, -1.25, 8.0];
    let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let record = Object::data(&[3], Kind::Float(4), bytes);
    let group = channel(3, 0).child("Memory 1Data", record);
    let capture = read(hdf5(Style::Old, 0, &keysight(vec![("Memory 1", group)])));
    assert_eq!(samples(&capture, 0), [0.5, -1.25, 8.0]);
    assert_eq!(capture.traces[0].info().storage, Storage::F32);
}

#[test]
fn keysight_segments_go_by_their_numbers_with_their_own_times() {
    for style in STYLES {
        let mut group = channel(50, 12);
        for number in 1..=12_i16 {
            let tag = 0.5 + 0.25 * f64::from(number - 1);
            let record = Object::words(&codes(50, number))
                .with("SegmentedTimeTag", Value::Number(tag))
                .with(
                    "SegmentedXOrg",
                    Value::Number(-1e-9 - 1e-12 * f64::from(number)),
                );
            group = group.child(&format!("Channel 1 Seg{number}Data"), record);
        }
        let capture = read(hdf5(style, 0, &keysight(vec![("Channel 1", group)])));
        assert_eq!((capture.traces.len(), capture.warnings.len()), (12, 0));
        for (k, trace) in capture.traces.iter().enumerate() {
            let info = trace.info();
            assert_eq!((info.channel.as_str(), info.segment), ("Channel 1", k));
            assert_eq!(info.trigger_time_s, Some(0.25 * k as f64));
            assert_eq!(info.t0_s, -1e-9 - 1e-12 * (k as f64 + 1.0));
            assert_eq!(samples(&capture, k), volts(&codes(50, k as i16 + 1)));
        }
    }
}

#[test]
fn a_segment_origin_beside_a_single_record_means_nothing() {
    let record = Object::words(&codes(5, 0))
        .with("SegmentedTimeTag", Value::Number(0.0))
        .with("SegmentedXOrg", Value::Number(0.0));
    let group = channel(5, 0).child("Channel 1Data", record);
    let capture = read(hdf5(Style::Old, 0, &keysight(vec![("Channel 1", group)])));
    assert_eq!(capture.traces[0].info().t0_s, -1e-9);
}

#[test]
fn rows_of_a_table_are_segments_in_every_layout() {
    let rows: Vec<i16> = codes(6 * 40, 0);
    for style in STYLES {
        for layout in [
            Layout::Contiguous,
            chunked(&[1, 40], &[]),
            chunked(&[4, 16], &[Filter::Deflate]),
            chunked(&[6, 40], &[Filter::Shuffle, Filter::Deflate]),
        ] {
            let bytes = rows.iter().flat_map(|x| x.to_le_bytes()).collect();
            let table = Object::data(&[6, 40], Kind::Integer(2, true), bytes);
            let group = channel(40, 6).child("Channel 1Data", table.laid_out(layout.clone()));
            // Without `FileType`, and the groups in the root.
            let capture = read(hdf5(style, 0, &Object::group(vec![("Channel 1", group)])));
            assert_eq!(capture.traces.len(), 6);
            for (k, row) in rows.chunks(40).enumerate() {
                assert_eq!(
                    samples(&capture, k),
                    volts(row),
                    "{style:?} {layout:?} row {k}"
                );
                assert_eq!(capture.traces[k].info().segment, k);
            }
        }
    }
}

#[test]
fn what_is_no_waveform_over_time_is_named() {
    let spectrum = Object::default()
        .with("XInc", Value::Number(1e6))
        .with("XUnits", Value::Text("Hertz"))
        .child("Meas SpectrumData", Object::words(&[1, 2]));
    let logic = Object::default()
        .with("XInc", Value::Number(1e-9))
        .with("XOrg", Value::Number(0.0))
        .child(
            "Digital 3Data",
            Object::data(&[3], Kind::Integer(1, false), vec![0, 1, 1]),
        );
    let empty = channel(0, 0);
    let root = keysight(vec![
        ("Meas Spectrum", spectrum.clone()),
        ("Digital 3", logic),
        ("Function 1", empty),
    ]);
    let capture = read(hdf5(Style::Old, 0, &root));
    assert_eq!(capture.traces.len(), 1);
    assert_eq!(samples(&capture, 0), [0.0, 1.0, 1.0]);
    assert_eq!(capture.traces[0].info().unit, "");
    let text = capture.warnings.join("\n");
    assert!(text.contains("`Meas Spectrum` (over Hertz)"), "{text}");
    assert!(text.contains("`Function 1` (no samples)"), "{text}");
    let none = refusal(hdf5(
        Style::Old,
        0,
        &keysight(vec![("Meas Spectrum", spectrum)]),
    ));
    assert!(
        matches!(&none, Error::Unsupported { found, .. } if found.contains("Hertz")),
        "{none}"
    );
}

#[test]
fn odd_attributes_are_told() {
    let group = Object::default()
        .with("XInc", Value::Number(-1.0))
        .with("XOrg", Value::Number(f64::NAN))
        .with("XUnits", Value::Text("Second"))
        .with("YInc", Value::Number(0.25))
        .with("YOrg", Value::Number(2.0))
        .with("YUnits", Value::Text("Lumen"))
        .with("NumPoints", Value::Int(7))
        .with("NumSegments", Value::Int(3))
        .with("WaveformType", Value::Int(2))
        .child("Channel 1Data", Object::words(&codes(5, 0)));
    let capture = read(hdf5(Style::New, 0, &keysight(vec![("Channel 1", group)])));
    let info = capture.traces[0].info();
    assert_eq!((info.sample_interval_s, info.t0_s), (None, 0.0));
    assert_eq!(info.unit, "Lumen");
    let text = [&info.warnings[..], &capture.warnings].concat().join("\n");
    for part in [
        "interval -1",
        "origin NaN",
        "7 points",
        "3 segments",
        "peak",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let scaled = channel(5, 0).with("YInc", Value::Number(0.0));
    let mut scaled = scaled.child("Channel 1Data", Object::words(&codes(5, 0)));
    scaled
        .attributes
        .retain(|(name, value)| *name != "YInc" || matches!(value, Value::Number(x) if *x == 0.0));
    let error = refusal(hdf5(Style::Old, 0, &keysight(vec![("Channel 1", scaled)])));
    assert!(
        matches!(&error, Error::Malformed { field, .. } if field.contains("YInc")),
        "{error}"
    );
}

#[test]
fn other_hdf5_files_are_refused_with_their_datasets() {
    for style in STYLES {
        let inner = Object::group(vec![("x", Object::words(&[1, 2, 3]))]);
        let root = Object::group(vec![
            ("run", inner),
            ("y", Object::doubles(&[2, 1], &[0.0; 2])),
        ]);
        match refusal(hdf5(style, 0, &root)) {
            Error::Unsupported { format, found, .. } => {
                assert_eq!(format, "HDF5");
                assert!(found.contains("`/run/x` (3 i16)"), "{found}");
                assert!(found.contains("`/y` (2 x 1 f64)"), "{found}");
            }
            other => panic!("{other:?}"),
        }
    }
    let none = refusal(hdf5(Style::Old, 0, &Object::default()));
    assert!(none.to_string().contains("no datasets"), "{none}");
}

fn class(object: Object, class: &'static str) -> Object {
    object.with("MATLAB_class", Value::Text(class))
}

/// The variables of a MATLAB file that are read, and some that are not.
fn variables(layout: &Layout) -> Vec<(&'static str, Object)> {
    let counted: Vec<f64> = (0..40).map(f64::from).collect();
    let complex: Vec<f64> = (0..40)
        .flat_map(|k| [f64::from(k), -0.5 * f64::from(k)])
        .collect();
    let complex = complex.iter().flat_map(|x| x.to_le_bytes()).collect();
    let unit = "mW".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let table = |shape: &[u64]| Object::doubles(shape, &counted).laid_out(layout.clone());
    vec![
        ("dt", class(Object::doubles(&[1, 1], &[2e-9]), "double")),
        ("tall", class(table(&[2, 20]), "double")),
        ("wide", class(table(&[20, 2]), "double")),
        (
            "z",
            class(Object::data(&[1, 40], Kind::Complex(8), complex), "double"),
        ),
        (
            "logic",
            class(
                Object::data(&[1, 3], Kind::Integer(1, false), vec![1, 0, 1]),
                "logical",
            ),
        ),
        (
            "verticalUnits",
            class(Object::data(&[2, 1], Kind::Integer(2, false), unit), "char"),
        ),
        (
            "cube",
            class(Object::doubles(&[2, 2, 2], &[0.0; 8]), "double"),
        ),
        (
            "void",
            class(
                Object::data(&[2], Kind::Integer(8, false), vec![0; 16]),
                "double",
            )
            .with("MATLAB_empty", Value::Int(1)),
        ),
        (
            "settings",
            class(Object::group(vec![("a", Object::words(&[1]))]), "struct"),
        ),
        ("nested", class(Object::words(&[1, 2]), "cell")),
        ("gain", class(Object::doubles(&[1, 1], &[3.0]), "double")),
        (
            "#refs#",
            Object::group(vec![("b", Object::words(&[1, 2, 3]))]),
        ),
    ]
}

#[test]
fn matlab_variables_follow_the_rules_of_level_5() {
    for layout in [
        Layout::Contiguous,
        chunked(&[1, 10], &[Filter::Deflate]),
        chunked(&[3, 2], &[Filter::Shuffle, Filter::Deflate]),
    ] {
        let capture = read(matlab(variables(&layout)));
        let labels: Vec<_> = capture.traces.iter().map(|t| &*t.info().channel).collect();
        assert_eq!(
            labels,
            [
                "logic",
                "tall(:,1)",
                "tall(:,2)",
                "wide(1,:)",
                "wide(2,:)",
                "z I",
                "z Q"
            ]
        );
        let counted = |first: u32, step: u32| -> Vec<f64> {
            (0..20).map(|k| f64::from(first + step * k)).collect()
        };
        assert_eq!(samples(&capture, 0), [1.0, 0.0, 1.0]);
        assert_eq!(samples(&capture, 1), counted(0, 1), "{layout:?}");
        assert_eq!(samples(&capture, 2), counted(20, 1), "{layout:?}");
        assert_eq!(samples(&capture, 3), counted(0, 2), "{layout:?}");
        assert_eq!(samples(&capture, 4), counted(1, 2), "{layout:?}");
        assert_eq!(samples(&capture, 6)[..3], [0.0, -0.5, -1.0]);
        for trace in &capture.traces {
            let info = trace.info();
            assert_eq!((info.format.as_str(), info.unit.as_str()), ("mat", "mW"));
            assert_eq!(info.sample_interval_s, Some(2e-9));
        }
        let text = capture.warnings.join("\n");
        for part in [
            "`cube` (3 dimensions)",
            "`void` (empty)",
            "`settings` (struct)",
            "`nested` (cell)",
            "gain",
            "`wide` is 2 x 20: its rows",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("#refs#"), "{text}");
    }
}

#[test]
fn matlab_marks_are_enough_without_its_text() {
    let variable = class(Object::doubles(&[1, 3], &[1.0, 2.0, 4.0]), "double");
    let times = class(Object::doubles(&[1, 3], &[0.0, 1e-9, 2e-9]), "double");
    let bytes = hdf5(
        Style::New,
        0,
        &Object::group(vec![("t", times), ("x", variable)]),
    );
    for format in [Format::Auto, Format::Mat] {
        let hints = OpenOptions {
            format,
            ..OpenOptions::default()
        };
        let capture = decode(bytes.clone(), &hints).unwrap();
        assert_eq!((capture.format, capture.traces.len()), ("mat", 1));
        assert_eq!(samples(&capture, 0), [1.0, 2.0, 4.0]);
        assert_eq!(capture.traces[0].info().sample_interval_s, Some(1e-9));
    }
}

#[test]
fn numbers_of_every_kind_stay_narrow() {
    let cases: [(Kind, Vec<u8>, Storage, f64); 8] = [
        (Kind::Integer(1, true), vec![255, 1], Storage::I8, -1.0),
        (Kind::Integer(1, false), vec![255, 1], Storage::U8, 255.0),
        (
            Kind::Integer(2, false),
            vec![255, 255, 1, 0],
            Storage::U16,
            65_535.0,
        ),
        (
            Kind::Integer(4, true),
            vec![255, 255, 255, 255, 1, 0, 0, 0],
            Storage::I32,
            -1.0,
        ),
        (
            Kind::Integer(4, false),
            vec![255, 255, 255, 255, 1, 0, 0, 0],
            Storage::F64,
            4_294_967_295.0,
        ),
        (
            Kind::Integer(8, true),
            [[255; 8], [0; 8]].concat(),
            Storage::F64,
            -1.0,
        ),
        (
            Kind::Float(4),
            [0.5_f32, 1.0]
                .iter()
                .flat_map(|x| x.to_le_bytes())
                .collect(),
            Storage::F32,
            0.5,
        ),
        (
            Kind::Float(8),
            [0.5_f64, 1.0]
                .iter()
                .flat_map(|x| x.to_le_bytes())
                .collect(),
            Storage::F64,
            0.5,
        ),
    ];
    for (kind, bytes, storage, first) in cases {
        let variable = class(Object::data(&[1, 2], kind, bytes), "double");
        let capture = read(matlab(vec![("x", variable)]));
        assert_eq!(capture.traces[0].info().storage, storage);
        assert_eq!(samples(&capture, 0)[0], first);
    }
}

#[test]
fn big_endian_numbers_are_read() {
    let bytes = [0.5_f64, -2.0]
        .iter()
        .flat_map(|x| x.to_be_bytes())
        .collect();
    let root = class(Object::data(&[1, 2], Kind::Float(8), bytes), "double");
    let mut file = matlab(vec![("x", root)]);
    // The byte order is the lowest bit of the type's flags.
    let kind = [0x11, 0x20, 63, 0, 8, 0, 0, 0];
    let at = file.windows(8).position(|part| part == kind).unwrap();
    file[at + 1] |= 1;
    assert_eq!(samples(&read(file), 0), [0.5, -2.0]);
}
