//! Paths of the binary readers that no public file takes, on files made in `made`.

mod made;

use etalon_captures::{Capture, Error, OpenOptions, decode};
use etalon_types::{Storage, WaveformSource};
use made::{AgWaveform, Trc, ag};

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
fn lecroy_sequences_keep_segments_and_their_trigger_times() {
    let variants = [
        Trc::sequence(),
        Trc {
            big_endian: true,
            ..Trc::sequence()
        },
        Trc {
            words: false,
            ..Trc::sequence()
        },
        Trc {
            prefix: "#A",
            user_text: b"USERTEXT by hand",
            ..Trc::sequence()
        },
        Trc {
            prefix: "",
            ..Trc::sequence()
        },
        Trc {
            prefix: "C1:WF ALL,#9000001234",
            big_endian: true,
            ..Trc::sequence()
        },
    ];
    for made in variants {
        let capture = read(made.bytes());
        assert_eq!((capture.format, capture.traces.len()), ("trc", 3));
        for (k, (time, offset, raw)) in made.segments.iter().enumerate() {
            let info = capture.traces[k].info();
            assert_eq!(
                (info.segment, info.channel.as_str(), info.unit.as_str()),
                (k, "C3", "W")
            );
            assert_eq!(info.trigger_time_s, Some(time - made.segments[0].0));
            assert_eq!(info.t0_s, *offset);
            assert_eq!(info.sample_interval_s, Some(f64::from(Trc::INTERVAL)));
            // Gain 0.5 and offset 2 make exact values.
            let volts: Vec<f64> = raw.iter().map(|&r| f64::from(r) * 0.5 - 2.0).collect();
            assert_eq!(samples(&capture, k), volts);
        }
        let storage = if made.words {
            Storage::I16
        } else {
            Storage::I8
        };
        assert_eq!(capture.traces[0].info().storage, storage);
    }
}

#[test]
fn lecroy_records_that_are_no_samples_over_time_are_refused() {
    for (record_type, word) in [(1, "RIS"), (2, "histogram"), (5, "complex"), (6, "extrema")] {
        match refusal(
            Trc {
                record_type,
                ..Trc::sequence()
            }
            .bytes(),
        ) {
            Error::Unsupported { found, .. } => assert!(found.contains(word), "{found}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn lecroy_counts_that_contradict_the_array_are_named() {
    let patch = |at: usize, value: i32| {
        let mut bytes = Trc::sequence().bytes();
        bytes[11 + at..15 + at].copy_from_slice(&value.to_le_bytes());
        refusal(bytes)
    };
    for (at, value, name) in [
        (116, 61, "WAVE_ARRAY_COUNT"),
        (116, 0, "WAVE_ARRAY_COUNT"),
        (116, -1, "WAVE_ARRAY_COUNT"),
        (144, 61, "SUBARRAY_COUNT"),
        (60, i32::MAX, "WAVE_ARRAY_1"),
        (48, -16, "length of TRIGTIME"),
        (36, 345, "length of WAVEDESC"),
        (156, f32::NAN.to_bits() as i32, "VERTICAL_GAIN"),
    ] {
        match patch(at, value) {
            Error::Malformed {
                format: "trc",
                field,
                ..
            } => assert_eq!(field, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn lecroy_templates_of_tomorrow_are_refused_by_name() {
    let mut bytes = Trc::sequence().bytes();
    bytes[27..37].copy_from_slice(b"LECROY_9_9");
    assert!(refusal(bytes).to_string().contains("LECROY_9_9"));
}

#[test]
fn keysight_segments_have_their_own_time_tags() {
    for version in ["AG01", "AG03", "AG10"] {
        let waveforms: Vec<AgWaveform> = (0..3)
            .map(|k| AgWaveform {
                segment: k + 1,
                time_tag: 0.5 + f64::from(k),
                ..AgWaveform::floats("2", &[k as f32, -1.5, 0.25])
            })
            .collect();
        let capture = read(ag(version, &waveforms));
        assert!(capture.warnings.is_empty(), "{:?}", capture.warnings);
        for k in 0..3 {
            let info = capture.traces[k].info();
            assert_eq!(
                (info.channel.as_str(), info.segment, info.samples),
                ("2", k, 3)
            );
            assert_eq!(info.trigger_time_s, Some(k as f64));
            // x_origin, not x_display_origin.
            assert_eq!((info.t0_s, info.sample_interval_s), (-2e-6, Some(1e-9)));
            assert_eq!(samples(&capture, k), [k as f64, -1.5, 0.25]);
        }
    }
}

#[test]
fn keysight_peak_detect_logic_counts_and_long_headers() {
    let floats = |x: f32| {
        [x; 4]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let counts = [-3_i32, 7, 0, 1]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let peak = AgWaveform {
        kind: 2,
        header_size: 144,
        buffers: vec![(2, 4, floats(2.0)), (3, 4, floats(-2.0))],
        ..AgWaveform::floats("1", &[0.0; 4])
    };
    let logic = AgWaveform {
        buffers: vec![(5, 1, vec![0, 1, 1, 0])],
        y_units: 0,
        ..peak.clone()
    };
    let count = AgWaveform {
        buffers: vec![(4, 4, counts)],
        label: "",
        ..peak.clone()
    };
    let capture = read(ag("AG10", &[peak, logic, count]));
    let labels: Vec<_> = capture
        .traces
        .iter()
        .map(|t| t.info().channel.as_str())
        .collect();
    assert_eq!(labels, ["1 max", "1 min", "1", "3"]);
    assert_eq!(samples(&capture, 1), [-2.0; 4]);
    assert_eq!(samples(&capture, 2), [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(samples(&capture, 3), [-3.0, 7.0, 0.0, 1.0]);
    assert_eq!(capture.traces[2].info().unit, "");
}

#[test]
fn keysight_spectra_are_left_out_with_a_warning_or_refused() {
    let wave = AgWaveform::floats("1", &[1.0, 2.0]);
    let spectrum = AgWaveform {
        x_units: 6,
        label: "F1",
        ..wave.clone()
    };
    let capture = read(ag("AG10", &[spectrum.clone(), wave]));
    assert_eq!(capture.traces.len(), 1);
    assert!(capture.warnings[0].contains("F1"), "{:?}", capture.warnings);
    assert!(matches!(
        refusal(ag("AG10", &[spectrum])),
        Error::Unsupported { .. }
    ));
}

#[test]
fn keysight_headers_that_lie_are_named() {
    let wave = AgWaveform::floats("1", &[1.0; 64]);
    let cases: [(Vec<u8>, &str); 5] = [
        (
            ag(
                "AG10",
                &[AgWaveform {
                    points: 0,
                    ..wave.clone()
                }],
            ),
            "points",
        ),
        (
            ag(
                "AG10",
                &[AgWaveform {
                    points: 65,
                    ..wave.clone()
                }],
            ),
            "size",
        ),
        (
            ag(
                "AG10",
                &[AgWaveform {
                    header_size: 100,
                    ..wave.clone()
                }],
            ),
            "header size",
        ),
        (
            ag(
                "AG10",
                &[AgWaveform {
                    buffers: Vec::new(),
                    ..wave.clone()
                }],
            ),
            "number of",
        ),
        (
            ag(
                "AG10",
                &[AgWaveform {
                    buffers: vec![(9, 4, vec![0; 256])],
                    ..wave
                }],
            ),
            "type",
        ),
    ];
    for (bytes, word) in cases {
        match refusal(bytes) {
            Error::Malformed {
                format: "keysight-bin",
                field,
                ..
            } => {
                assert!(field.contains(word), "{field} should name {word}");
            }
            other => panic!("{word}: {other:?}"),
        }
    }
    let mut many = ag("AG10", &[AgWaveform::floats("1", &[1.0; 8])]);
    many[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(refusal(many), Error::Limit { .. }));
    assert!(refusal(ag("AG12", &[])).to_string().contains("AG12"));
}
