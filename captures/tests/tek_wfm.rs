//! Tektronix `.wfm`: the real files, and paths that no public file takes.

mod look;
mod made;

use etalon_captures::{Error, OpenOptions, open, stats};
use etalon_types::Storage;
use look::{info, malformed, read, real, refusal, samples, warned};
use made::tek::{Wfm, metadata};

fn volts(raw: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let volt = |x| x * Wfm::SCALE + Wfm::OFFSET;
    raw.into_iter().map(volt).collect()
}

#[test]
fn ref_all_five_frames_have_their_samples_and_trigger_times() {
    let Some(path) = real("tek_wfm/waveform.4.wfm") else {
        return;
    };
    let capture = open(&path, &OpenOptions::default()).unwrap();
    assert_eq!((capture.format, capture.traces.len()), ("tek-wfm", 5));
    // Means of frames 0, 1 and 4 are in the manifest, by two other readers.
    for (k, mean) in [(0, 1.65625327), (1, 1.65580723), (4, 1.65584187)] {
        let sums = stats(&capture.traces[k]).unwrap();
        assert_eq!(sums.samples, 1000);
        assert!((sums.mean - mean).abs() < 5e-9, "{k}: {}", sums.mean);
    }
    // Fractions of one second, read off the file's update specifications with a hex editor.
    let fractions = [
        0.461_392_391_99,
        0.461_392_796_47,
        0.461_393_201_94,
        0.461_393_606_41,
        0.461_393_992_98,
    ];
    for (k, fraction) in fractions.iter().enumerate() {
        let info = info(&capture, k);
        let after = info.trigger_time_s.unwrap();
        assert_eq!((info.segment, info.t0_s), (k, -1.6e-7));
        assert!((after - (fraction - fractions[0])).abs() < 1e-13, "{after}");
    }
    assert_eq!(
        (capture.warnings.len(), info(&capture, 4).unit.as_str()),
        (0, "V")
    );
}

#[test]
fn ref_digital_interpolated_and_empty_files_say_what_they_are() {
    let Some(path) = real("tek_wfm/digital_waveform.wfm") else {
        return;
    };
    let digital = open(&path, &OpenOptions::default()).unwrap();
    let about = info(&digital, 0);
    // The curve object says bytes 32 to 2532; both ends are 0xff in the file.
    assert_eq!((about.samples, about.storage), (2500, Storage::U8));
    let sums = stats(&digital.traces[0]).unwrap();
    assert_eq!((sums.first[0], sums.last[4]), (255.0, 255.0));
    assert!(warned(&digital, "logic lines"));

    let path = path.with_file_name("waveform.2.wfm");
    let interpolated = open(&path, &OpenOptions::default()).unwrap();
    assert!(warned(&interpolated, "2 samples for each one acquired"));

    let path = path.with_file_name("waveform.3.wfm");
    match open(&path, &OpenOptions::default()).unwrap_err() {
        Error::Malformed { offset, found, .. } => {
            assert_eq!(offset, 826);
            assert!(found.contains("empty capture"), "{found}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_invalid_file_names_the_dimension_that_is_not_there() {
    let Some(path) = real("tek_wfm/invalid_format.wfm") else {
        return;
    };
    match open(&path, &OpenOptions::default()).unwrap_err() {
        Error::Malformed {
            offset,
            field,
            found,
            ..
        } => {
            assert_eq!(
                (offset, field.as_str()),
                (504, "record length of implicit dimension 1")
            );
            assert!(found.contains("at byte 640"), "{found}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_version_and_byte_order_reads_alike() {
    let raw: Vec<i16> = (0..50).map(|i| i * 11 - 200).collect();
    let expected = volts(raw.iter().map(|&x| f64::from(x)));
    for version in 1..=3 {
        for big_endian in [false, true] {
            for (colon, header_size) in [(true, 512), (false, 760), (true, 90), (false, 838)] {
                let made = Wfm {
                    version,
                    big_endian,
                    colon,
                    header_size,
                    label: "Lane 2",
                    ..Wfm::words(&raw)
                };
                let capture = read(made.bytes());
                assert_eq!((capture.format, capture.traces.len()), ("tek-wfm", 1));
                assert!(capture.warnings.is_empty(), "{:?}", capture.warnings);
                let about = info(&capture, 0);
                assert_eq!(samples(&capture, 0), expected, "{version} {big_endian}");
                assert_eq!(about.storage, Storage::I16);
                assert_eq!(
                    (about.channel.as_str(), about.unit.as_str()),
                    ("Lane 2", "V")
                );
                assert_eq!(about.t0_s, Wfm::T0);
                assert_eq!(about.sample_interval_s, Some(Wfm::STEP));
                assert_eq!(about.trigger_time_s, None);
            }
        }
    }
}

#[test]
fn every_sample_type_is_read_and_every_other_code_refused() {
    let values = [3_i8, 0, 100, 27];
    let cells = |write: fn(f64) -> Vec<u8>| -> Vec<u8> {
        values.iter().flat_map(|&x| write(f64::from(x))).collect()
    };
    let types: [(i32, u8, Vec<u8>); 8] = [
        (0, 2, cells(|x| (x as i16).to_le_bytes().to_vec())),
        (1, 4, cells(|x| (x as i32).to_le_bytes().to_vec())),
        (2, 4, cells(|x| (x as u32).to_le_bytes().to_vec())),
        (3, 8, cells(|x| (x as u64).to_le_bytes().to_vec())),
        (4, 4, cells(|x| (x as f32).to_le_bytes().to_vec())),
        (5, 8, cells(|x| x.to_le_bytes().to_vec())),
        (6, 1, cells(|x| vec![x as u8])),
        (7, 1, cells(|x| vec![x as i8 as u8])),
    ];
    let expected = volts(values.map(f64::from));
    for (code, width, raw) in types {
        for big_endian in [false, true] {
            let made = Wfm {
                big_endian,
                format: (code, width),
                charge: (16 * u32::from(width), 16 * u32::from(width)),
                frames: vec![(0, 0.0, raw.clone())],
                ..Wfm::words(&[0; 4])
            };
            assert_eq!(samples(&read(made.bytes()), 0), expected, "{code}");
            let other = Wfm {
                format: (code, width % 8 + 1),
                ..made
            };
            assert_eq!(malformed(other.bytes()).0, 15, "{code}");
        }
    }
    let negative = Wfm {
        format: (7, 1),
        frames: vec![(0, 0.0, vec![0x80, 0xff])],
        ..Wfm::words(&[0; 2])
    };
    let capture = read(negative.bytes());
    assert_eq!(samples(&capture, 0), volts([-128.0, -1.0]));
    for (version, code, at) in [
        (1, 6, 238),
        (2, 8, 240),
        (3, 8, 240),
        (3, 9, 240),
        (3, -1, 240),
        (3, i32::MAX, 240),
    ] {
        let made = Wfm {
            version,
            format: (code, 1),
            ..negative.clone()
        };
        let field = "format of explicit dimension 1".to_string();
        assert_eq!(malformed(made.bytes()), (at, field), "{version} {code}");
    }
}

#[test]
fn other_type_codes_are_named_or_refused() {
    let made = Wfm::words(&[1, 2, 3]);
    for (change, at) in [
        (
            Wfm {
                record_type: 4,
                ..made.clone()
            },
            122,
        ),
        (
            Wfm {
                record_type: -7,
                ..made.clone()
            },
            122,
        ),
        (
            Wfm {
                set_type: 2,
                ..made.clone()
            },
            78,
        ),
        (
            Wfm {
                storage: 6,
                ..made.clone()
            },
            244,
        ),
        (
            Wfm {
                storage: 77,
                ..made.clone()
            },
            244,
        ),
        (
            Wfm {
                base: 9,
                ..made.clone()
            },
            768,
        ),
        (
            Wfm {
                base: -1,
                version: 2,
                ..made.clone()
            },
            752,
        ),
    ] {
        assert_eq!(malformed(change.bytes()).0, at);
    }
    for change in [
        Wfm {
            record_type: 0,
            ..made.clone()
        },
        Wfm {
            record_type: 3,
            ..made.clone()
        },
        Wfm {
            record_type: 5,
            ..made.clone()
        },
        Wfm {
            storage: 2,
            ..made.clone()
        },
        Wfm {
            base: 1,
            ..made.clone()
        },
    ] {
        match refusal(change.bytes()) {
            Error::Unsupported { format, .. } => assert_eq!(format, "Tektronix .wfm"),
            other => panic!("{other:?}"),
        }
    }
    let mut newer = made.bytes();
    newer[9] = b'4';
    match refusal(newer) {
        Error::Unsupported { found, .. } => assert!(found.contains("WFM#004"), "{found}"),
        other => panic!("{other:?}"),
    }
    let old = b"LLWFM \x01\x02 and what follows".to_vec();
    match refusal(old) {
        Error::Unsupported { format, .. } => assert_eq!(format, "Tektronix .wfm (TDS)"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn frames_are_segments_whatever_their_curve_objects_say() {
    for version in 1..=3 {
        for (big_endian, all_spans) in [(false, false), (true, false), (false, true), (true, true)]
        {
            let made = Wfm {
                version,
                big_endian,
                all_spans,
                ..Wfm::fast_frame()
            };
            let capture = read(made.bytes());
            assert_eq!(capture.traces.len(), 3);
            for (k, after) in [0.0, -0.25, 1.0].into_iter().enumerate() {
                let raw = (0..40).map(|i| f64::from(i * 3 + 100 * k as i32));
                assert_eq!(samples(&capture, k), volts(raw), "{version} {k}");
                let about = info(&capture, k);
                assert_eq!((about.segment, about.trigger_time_s), (k, Some(after)));
            }
        }
    }
    // With curve objects of their own, frames may differ in length.
    let mut uneven = Wfm {
        all_spans: true,
        summary: 1,
        ..Wfm::fast_frame()
    };
    uneven.frames[1].2.truncate(20);
    let capture = read(uneven.bytes());
    assert_eq!(samples(&capture, 1).len(), 10);
    assert_eq!(samples(&capture, 2)[0], volts([200.0])[0]);
    assert!(info(&capture, 1).warnings.is_empty());
    assert!(info(&capture, 2).warnings[0].contains("average"));
    // Without a clock there are no trigger times.
    let mut clockless = Wfm::fast_frame();
    for frame in &mut clockless.frames {
        (frame.0, frame.1) = (0, 0.0);
    }
    assert_eq!(info(&read(clockless.bytes()), 2).trigger_time_s, None);
}

#[test]
fn point_counts_may_hold_the_charges_and_are_told_when_they_fit_nothing() {
    let counted = |points: u32| {
        let made = Wfm {
            record_length: [points, 0],
            ..Wfm::words(&[1, 2, 3])
        };
        read(made.bytes())
    };
    // 32 points before the samples and 32 behind them.
    for points in [3, 3 + 64] {
        assert_eq!(counted(points).warnings, [""; 0]);
    }
    for points in [0, 4, 3 + 32] {
        let capture = counted(points);
        let told = format!("the header says {points} points, the curve has 3");
        assert_eq!(capture.warnings, [told]);
        assert_eq!(samples(&capture, 0), volts([1.0, 2.0, 3.0]));
    }
}

#[test]
fn extremes_become_two_channels() {
    let made = Wfm {
        storage: 1,
        ..Wfm::words(&[5, 5, -1, 9, -2, 8, 0, 0])
    };
    let capture = read(made.bytes());
    assert_eq!(samples(&capture, 0), volts([5.0, 9.0, 8.0, 0.0]));
    assert_eq!(samples(&capture, 1), volts([5.0, -1.0, -2.0, 0.0]));
    assert_eq!(info(&capture, 0).channel, "1 max");
    assert_eq!(info(&capture, 1).channel, "1 min");
    assert_eq!(info(&capture, 1).sample_interval_s, Some(2.0 * Wfm::STEP));
}

#[test]
fn regress_a_step_whose_double_is_no_number_is_not_used() {
    let made = Wfm {
        storage: 1,
        ..Wfm::words(&[5, 5, -1, 9])
    };
    let mut bytes = made.bytes();
    let step = Wfm::STEP.to_le_bytes();
    let at = bytes.windows(8).position(|w| w == step).expect("the step");
    bytes[at..at + 8].copy_from_slice(&f64::MAX.to_le_bytes());
    let capture = read(bytes);
    assert_eq!(info(&capture, 0).sample_interval_s, None);
    assert!(warned(&capture, "is not usable"));
}

#[test]
fn metadata_is_walked_and_its_type_codes_checked() {
    let with = |metadata: Vec<u8>| Wfm {
        metadata,
        ..Wfm::words(&[1, 2, 3])
    };
    let text: &[u8] = &[3, 0, 0, 0, b'a', b'b', b'c'];
    let good = metadata(&[
        ("ANALOG_Thumbnail", 1, text),
        ("IQ_span", 3, &[0; 8]),
        ("new in some firmware", 4, &[0; 4]),
        ("interpFactor", 2, &[5, 0, 0, 0]),
    ]);
    let capture = read(with(good.clone()).bytes());
    assert!(warned(&capture, "IQ data") && warned(&capture, "5 samples for each one"));
    let whole = with(good.clone()).bytes();
    let start = whole.len() - good.len();
    for lost in 1..good.len() - 8 {
        let (offset, _) = malformed(whole[..whole.len() - lost].to_vec());
        assert_eq!(offset, (whole.len() - lost) as u64);
    }
    let bad = metadata(&[("yOffset", 9, &[0; 8])]);
    let (offset, field) = malformed(with(bad).bytes());
    assert_eq!(
        (offset, field.as_str()),
        (start as u64 + 8 + 4 + 4 + 7, "metadata entry 1, type code")
    );
    for at in [8, 12] {
        let mut lying = good.clone();
        lying[at..at + 4].copy_from_slice(&[0xff; 4]);
        assert!(matches!(
            refusal(with(lying).bytes()),
            Error::Malformed { .. } | Error::Limit { .. }
        ));
    }
    assert!(warned(
        &read(with(b"something".to_vec()).bytes()),
        "left out"
    ));
}
