//! Yokogawa pairs made from the public description; no real file is at hand.

use etalon_captures::{Capture, Error, Format, OpenOptions, decode, open, stats};
use etalon_types::{Storage, WaveformSource};
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("yokogawa-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Two groups: CH1 (int16) and CH2 (float) with two blocks, then M1 (uint8) with one.
fn header(endian: &str, layout: &str) -> String {
    [
        "//YOKOGAWA ASCII FILE FORMAT",
        "",
        "$PublicInfo",
        "FormatVersion      1.11",
        "Model              DL750",
        &format!("Endian             {endian}"),
        &format!("DataFormat         {layout}"),
        "GroupNumber        2",
        "TraceTotalNumber   3",
        "DataOffset         4",
        "",
        "$Group1",
        "TraceNumber        2",
        "BlockNumber        2",
        "TraceName          CH1            CH2",
        "BlockSize          3              2",
        "VResolution        5.0000000E-01  2.0",
        "VOffset            1.0            -1.0",
        "VDataType          IS2            FS4",
        "VUnit              V              A",
        "VPlusOverData      ?              ?",
        "HResolution        1.0E-06        2.0E-06",
        "HOffset            -2.0E-06       0.0",
        "HUnit              s              s",
        "Date1              2004/05/06     2004/05/06",
        "Time1              10:00:01.50    10:00:01.50",
        "Date2              2004/05/06     2004/05/06",
        "Time2              10:01:00.25    10:01:00.25",
        "",
        "$Group2",
        "TraceNumber        1",
        "BlockNumber        1",
        "TraceName          M1",
        "BlockSize          4",
        "VResolution        ?",
        "VOffset            ?",
        "VDataType          IU1",
        "VUnit              ?",
        "HResolution        1.0E-03",
        "HOffset            0",
        "HUnit              s",
        "",
        "$PrivateInfo",
        "BlockNumber        99",
        "",
    ]
    .join("\r\n")
}

fn samples(big_endian: bool, by_block: bool) -> Vec<u8> {
    let one = |y: [i16; 3]| {
        y.map(|y| {
            if big_endian {
                y.to_be_bytes()
            } else {
                y.to_le_bytes()
            }
        })
        .concat()
    };
    let two = |y: [f32; 2]| {
        y.map(|y| {
            if big_endian {
                y.to_be_bytes()
            } else {
                y.to_le_bytes()
            }
        })
        .concat()
    };
    let (a, b) = (one([1, -2, 300]), one([-32768, 0, 32767]));
    let (c, d) = (two([0.5, -0.25]), two([4.0, 8.0]));
    let middle = if by_block { [a, c, b, d] } else { [a, b, c, d] };
    [vec![0xee; 4], middle.concat(), vec![7, 0, 255, 8]].concat()
}

fn pair(folder: &Path, text: &str, samples: &[u8]) -> PathBuf {
    std::fs::write(folder.join("run.hdr"), text).unwrap();
    std::fs::write(folder.join("run.wvf"), samples).unwrap();
    folder.join("run.hdr")
}

fn values(capture: &Capture, trace: usize) -> Vec<f64> {
    let trace = &capture.traces[trace];
    let mut values = vec![0.0; trace.info().samples as usize];
    assert_eq!(trace.read_at(0, &mut values).unwrap(), values.len());
    values
}

#[test]
fn both_layouts_and_byte_orders_from_either_file() {
    let folder = folder("layouts");
    for (endian, big_endian) in [("Big", true), ("Ltl", false)] {
        for (layout, by_block) in [("Trace", false), ("BLOCK", true)] {
            let text = header(endian, layout);
            let path = pair(&folder, &text, &samples(big_endian, by_block));
            for path in [path.clone(), path.with_extension("wvf")] {
                let capture = open(&path, &OpenOptions::default()).unwrap();
                assert_eq!(capture.format, "yokogawa-wvf");
                assert!(capture.warnings.is_empty(), "{:?}", capture.warnings);
                let all: Vec<_> = (0..5).map(|k| values(&capture, k)).collect();
                assert_eq!(all[0], [1.5, 0.0, 151.0]);
                assert_eq!(all[1], [-16383.0, 1.0, 16384.5]);
                assert_eq!(all[2], [0.0, -1.5]);
                assert_eq!(all[3], [7.0, 15.0]);
                assert_eq!(all[4], [7.0, 0.0, 255.0, 8.0]);
            }
        }
    }
}

#[test]
fn blocks_are_segments_with_trigger_times_units_and_time_bases() {
    let path = pair(
        &folder("segments"),
        &header("Ltl", "Trace"),
        &samples(false, false),
    );
    let capture = open(&path, &OpenOptions::default()).unwrap();
    let told: Vec<_> = capture
        .traces
        .iter()
        .map(|trace| {
            let info = trace.info();
            (
                info.channel.as_str(),
                info.segment,
                info.unit.as_str(),
                info.trigger_time_s,
            )
        })
        .collect();
    let wanted = [
        ("CH1", 0, "V", Some(0.0)),
        ("CH1", 1, "V", Some(58.75)),
        ("CH2", 0, "A", Some(0.0)),
        ("CH2", 1, "A", Some(58.75)),
        ("M1 (group 2)", 0, "", None),
    ];
    assert_eq!(told, wanted);
    let info = capture.traces[0].info();
    assert_eq!((info.t0_s, info.sample_interval_s), (-2e-6, Some(1e-6)));
    assert_eq!(info.storage, Storage::I16);
    assert_eq!(capture.traces[4].info().sample_interval_s, Some(1e-3));
}

#[test]
fn a_group_whose_lines_come_again_goes_on() {
    let text = "$PublicInfo\nEndian Ltl\nDataFormat Trace\n$Group1\nTraceNumber 2\nBlockNumber 1\n\
        TraceName A\nBlockSize 1\nVResolution 1\nVOffset 0\nVDataType IS1\nHResolution 1\n\n\
        TraceName B\nBlockSize 1\nVResolution 1\nVOffset 0\nVDataType B8\nHResolution 1\n";
    let path = pair(&folder("again"), text, &[0xff, 0xfe]);
    let capture = open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(
        (values(&capture, 0), values(&capture, 1)),
        (vec![-1.0], vec![254.0])
    );
    // A byte more, and the width of the logic trace is a guess.
    let path = pair(&folder("again"), text, &[0xff, 0xfe, 0]);
    let error = open(&path, &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
}

#[test]
fn what_is_missing_or_split_is_refused_by_name() {
    let folder = folder("missing");
    let (text, whole) = (header("Big", "Trace"), samples(true, false));
    let path = pair(&folder, &text, &whole);
    std::fs::write(folder.join("run_2.wvf"), [0; 8]).unwrap();
    let error = open(&folder.join("run_2.wvf"), &OpenOptions::default()).unwrap_err();
    assert!(error.to_string().contains("continuation"), "{error}");
    pair(&folder, &text, &whole[..20]);
    let error = open(&path, &OpenOptions::default()).unwrap_err();
    assert!(
        error.to_string().contains("goes on in `run_2.wvf`"),
        "{error}"
    );
    std::fs::remove_file(folder.join("run_2.wvf")).unwrap();
    match open(&path, &OpenOptions::default()) {
        Err(Error::Malformed { offset, field, .. }) => {
            assert_eq!((offset, field.as_str()), (20, "samples"));
        }
        other => panic!("{other:?}"),
    }
    std::fs::remove_file(folder.join("run.wvf")).unwrap();
    let error = open(&path, &OpenOptions::default()).unwrap_err();
    assert!(
        error.to_string().contains("`run.wvf` is missing"),
        "{error}"
    );
    let error = decode(text.into_bytes(), &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    std::fs::write(folder.join("lone.wvf"), [0x80; 40]).unwrap();
    let hints = OpenOptions {
        format: Format::YokogawaWvf,
        ..OpenOptions::default()
    };
    let error = open(&folder.join("lone.wvf"), &hints).unwrap_err();
    assert!(
        error.to_string().contains("`lone.hdr` is missing"),
        "{error}"
    );
}

#[test]
fn wrong_values_are_named_with_their_byte() {
    let folder = folder("wrong");
    for (from, to, field) in [
        ("Endian             Big", "Endian             Up!", "Endian"),
        (
            "DataFormat         Trace",
            "DataFormat         Rows",
            "DataFormat",
        ),
        (
            "DataOffset         4",
            "DataOffset         -4",
            "DataOffset",
        ),
        (
            "GroupNumber        2",
            "GroupNumber        3",
            "GroupNumber",
        ),
        (
            "TraceNumber        2",
            "TraceNumber        9",
            "TraceNumber",
        ),
        (
            "BlockNumber        2",
            "BlockNumber        0",
            "BlockNumber",
        ),
        ("IS2            FS4", "IS3            FS4", "VDataType"),
        ("BlockSize          3", "BlockSize          0", "BlockSize"),
        (
            "VOffset            1.0",
            "VOffset            inf",
            "VOffset",
        ),
        (
            "HResolution        1.0E-06",
            "HResolution        -1",
            "HResolution",
        ),
    ] {
        let text = header("Big", "Trace").replacen(from, to, 1);
        let path = pair(&folder, &text, &samples(true, false));
        let place = text.find(to).unwrap() + to.find(' ').unwrap();
        let wanted = place + text[place..].find(|c| c != ' ').unwrap();
        match open(&path, &OpenOptions::default()) {
            Err(Error::Malformed {
                offset,
                field: named,
                ..
            }) => {
                let at = if field == "VDataType" {
                    text.find("IS3").unwrap()
                } else {
                    wanted
                };
                assert_eq!((named.as_str(), offset), (field, at as u64));
            }
            other => panic!("{to}: {other:?}"),
        }
    }
    for huge in ["2147483648", "9223372036854775808", "18446744073709551615"] {
        for from in [
            "BlockNumber        2",
            "BlockSize          3",
            "DataOffset         4",
        ] {
            let (key, old) = from.rsplit_once(' ').unwrap();
            assert_eq!(old.len(), 1);
            let text = header("Big", "Trace").replacen(from, &format!("{key} {huge}"), 1);
            let path = pair(&folder, &text, &samples(true, false));
            let error = open(&path, &OpenOptions::default()).unwrap_err();
            assert!(error.to_string().contains("samples"), "{error}");
        }
    }
}

#[test]
fn prop_cut_and_changed_headers_give_samples_or_a_typed_error() {
    let folder = folder("damage");
    let text = header("Big", "Trace").into_bytes();
    let path = pair(&folder, "", &samples(true, false));
    let mut refused = 0;
    for at in 0..text.len() {
        let mut flipped = text.clone();
        flipped[at] ^= 1 << (at % 8);
        for damaged in [&text[..at], &flipped] {
            std::fs::write(&path, damaged).unwrap();
            match open(&path, &OpenOptions::default()) {
                Ok(capture) => {
                    for trace in &capture.traces {
                        assert!(stats(trace).unwrap().samples > 0);
                    }
                }
                Err(error) => {
                    assert!(error.to_string().len() < 900, "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 500, "{refused}");
}
