//! Rigol files made from the published layouts, for what no public file shows.

mod made;

use etalon_captures::{Capture, Error, OpenOptions, decode, open, stats};
use etalon_types::{Storage, WaveformSource};
use made::{AgWaveform, ag, mso5074, wfm};

fn read(bytes: Vec<u8>) -> Capture {
    decode(bytes, &OpenOptions::default()).unwrap()
}

fn refusal(bytes: Vec<u8>) -> Error {
    decode(bytes, &OpenOptions::default()).unwrap_err()
}

fn samples(capture: &Capture, k: usize) -> Vec<f32> {
    capture.traces[k].read_all_f32().unwrap()
}

#[test]
fn both_versions_hold_floats_logic_and_headers_without_a_time_tag() {
    for version in ["RG01", "RG03"] {
        let short = AgWaveform {
            header_size: 128,
            ..AgWaveform::floats("CH2", &[1.0, -2.0])
        };
        let logic = |kind: u16, width: u16, payload: Vec<u8>| AgWaveform {
            kind: 6,
            y_units: 0,
            points: 3,
            buffers: vec![(kind, width, payload)],
            ..AgWaveform::floats("LA", &[])
        };
        let words = [16.0_f32, 20.0, 16.0];
        let floats = words.iter().flat_map(|x| x.to_le_bytes()).collect();
        let waveforms = [
            AgWaveform::floats("CH1", &[0.5, 0.25, 4.0]),
            short,
            logic(6, 1, vec![0, 255, 3]),
            logic(5, 4, floats),
        ];
        let capture = read(ag(version, &waveforms));
        assert_eq!(capture.format, "rigol-bin");
        assert!(capture.warnings.is_empty(), "{:?}", capture.warnings);
        assert_eq!(samples(&capture, 0), [0.5, 0.25, 4.0]);
        assert_eq!(samples(&capture, 1), [1.0, -2.0]);
        assert_eq!(samples(&capture, 2), [0.0, 255.0, 3.0]);
        assert_eq!(samples(&capture, 3), words);
        let info = capture.traces[2].info();
        assert_eq!((info.storage, info.unit.as_str()), (Storage::U8, ""));
        // The header's origin is the time from the first sample to the trigger.
        let info = capture.traces[0].info();
        assert_eq!((info.t0_s, info.sample_interval_s), (2e-6, Some(1e-9)));
        assert_eq!((info.channel.as_str(), info.unit.as_str()), ("CH1", "V"));
    }
}

#[test]
fn other_versions_and_other_buffers_are_refused_by_name() {
    let floats = || AgWaveform::floats("CH1", &[0.0; 4]);
    let text = refusal(ag("RG02", &[floats()])).to_string();
    assert!(text.contains("RG02") && text.contains("RG03"), "{text}");
    let other = AgWaveform {
        buffers: vec![(1, 2, vec![0; 16])],
        ..floats()
    };
    match refusal(ag("RG01", &[other])) {
        Error::Malformed {
            format,
            field,
            found,
            ..
        } => {
            assert_eq!(format, "rigol-bin");
            assert!(field.contains("bytes per point"), "{field}");
            assert_eq!(found, "type 1 with 2 bytes");
        }
        other => panic!("{other:?}"),
    }
    let mut huge = ag("RG03", &[floats()]);
    let size = 16 + 140 + 8;
    huge[size..size + 8].copy_from_slice(&(i64::MAX as u64).to_le_bytes());
    assert!(matches!(refusal(huge), Error::Malformed { .. }));
}

#[test]
fn the_firmware_whose_headers_never_change_is_read_by_where_they_lie() {
    for lengths in [vec![1000], vec![5000; 2], vec![777; 3], vec![100_000; 4]] {
        let channels: Vec<Vec<u8>> = (0_u8..)
            .zip(&lengths)
            .map(|(k, &n)| (0..n).map(|i| (i % 200) as u8 + k).collect())
            .collect();
        let file = mso5074(&channels);
        let capture = read(file.clone());
        assert_eq!(capture.traces.len(), channels.len());
        for (k, codes) in channels.iter().enumerate() {
            let theory: Vec<f32> = codes.iter().map(|&code| f32::from(code)).collect();
            assert_eq!(samples(&capture, k), theory);
            assert_eq!(capture.traces[k].info().sample_interval_s, None);
        }
        if channels.len() > 1 {
            let error = refusal(file[..file.len() - 1].to_vec());
            assert!(error.to_string().contains("channels"), "{error}");
        }
    }
}

/// Compares a trace with volts that are exact up to 32-bit settings in the header.
fn assert_volts(capture: &Capture, k: usize, theory: &[f64]) {
    let mut ours = vec![0.0; theory.len() + 1];
    assert_eq!(
        capture.traces[k].read_at(0, &mut ours).unwrap(),
        theory.len()
    );
    for (x, y) in ours.iter().zip(theory) {
        assert!((x - y).abs() < 1e-6, "{k}: {x} against {y}");
    }
}

#[test]
fn images_of_ds2000_have_two_orders_of_unit_and_inversion() {
    for on in [1, 8] {
        let capture = read(wfm::ds2000(false, on));
        assert_eq!((capture.format, capture.traces.len()), ("rigol-wfm", 2));
        assert_volts(&capture, 0, &[-0.25, -0.23, -0.21, -0.19]);
        assert_volts(&capture, 1, &[1.0 + 27.0 * 0.08, 1.0, -1.0, 5.0]);
        let info = capture.traces[1].info();
        assert_eq!((info.channel.as_str(), info.unit.as_str()), ("CH2", "V"));
        assert_eq!(capture.traces[0].info().unit, "A");
        // The middle at 3 ns, eight samples of memory, of which the third is the first valid one.
        assert!((info.t0_s - 1e-9).abs() < 1e-20, "{}", info.t0_s);
        assert!((info.sample_interval_s.unwrap() - 1e-9).abs() < 1e-20);
    }
}

#[test]
fn a_ds2000_channel_in_the_memory_of_two_takes_its_samples_in_turns() {
    let capture = read(wfm::ds2000(true, 1));
    assert_eq!(capture.traces.len(), 1);
    let info = capture.traces[0].info();
    assert_eq!((info.channel.as_str(), info.samples), ("CH2", 8));
    let codes = [127, 100, 128, 127, 129, 152, 130, 77];
    let theory: Vec<f64> = codes
        .iter()
        .map(|&c| 1.0 - 0.08 * f64::from(c - 127))
        .collect();
    assert_volts(&capture, 0, &theory);
    // Any part of it reads as it stands in the whole.
    for first in 0..9 {
        for wanted in 1..9 {
            let mut part = vec![0.0; wanted];
            let got = capture.traces[0].read_at(first as u64, &mut part).unwrap();
            assert_eq!(got, wanted.min(8 - first.min(8)));
            for (k, x) in part[..got].iter().enumerate() {
                assert!((x - theory[first + k]).abs() < 1e-6, "{first} {wanted}");
            }
        }
    }
}

#[test]
fn images_of_ds4000_have_32_codes_a_division() {
    let capture = read(wfm::ds4000());
    assert_volts(&capture, 0, &[-0.5, 0.5, -1.5, -0.5]);
    assert_volts(&capture, 1, &[0.0, 1.0, -1.0, 0.01]);
    let info = capture.traces[0].info();
    assert_eq!(info.channel, "CH2");
    assert!((info.t0_s + 2e-9).abs() < 1e-20, "{}", info.t0_s);
    assert!(info.warnings[0].contains("horizontal offset"));
}

#[test]
fn images_of_ds1000e_and_c_fall_as_the_voltage_rises() {
    for (place, roll_stop, samples) in [(276, 0, 6), (276, 1, 3), (256, 0, 6), (272, 0, 6)] {
        let capture = read(wfm::ds1000e(place, roll_stop));
        let first = [-0.5, 0.5, 0.0, -1.0, 11.1, 11.1];
        let second = [0.1, 0.0, -0.1, 0.1, 2.42, 2.42];
        assert_volts(&capture, 0, &first[..samples]);
        assert_volts(&capture, 1, &second[..samples]);
        let info = capture.traces[0].info();
        assert!((info.t0_s + 2.5e-9).abs() < 1e-20, "{place}: {}", info.t0_s);
        assert!(info.warnings[0].contains("probe factor 10"));
        assert!(capture.traces[1].info().warnings.is_empty());
    }
}

#[test]
fn images_of_ds1000b_leave_room_for_channels_that_are_off() {
    let capture = read(wfm::ds1000b());
    let names: Vec<_> = capture
        .traces
        .iter()
        .map(|t| t.info().channel.as_str())
        .collect();
    assert_eq!(names, ["CH2", "CH4"]);
    assert_volts(&capture, 0, &[0.0, 1.0, -1.0]);
    assert_volts(&capture, 1, &[0.0, -1.0, 1.0]);
    assert!(capture.traces[0].info().t0_s.abs() < 1e-20);
}

#[test]
fn other_families_are_refused_by_name() {
    let mut six = wfm::ds4000();
    six[6] = b'6';
    assert!(refusal(six).to_string().contains("DS6A12345"));
    let mut z_family = vec![0; 200];
    z_family[..8].copy_from_slice(b"\x01\xff\xff\xff\xa6\xa5\x38\x00");
    z_family[8..15].copy_from_slice(b"DS1054Z");
    assert!(refusal(z_family).to_string().contains("DS1054Z"));
    let mut other = wfm::ds1000b();
    other[2] = 7;
    assert!(matches!(refusal(other), Error::Unsupported { .. }));
}

#[test]
fn prop_images_cut_or_changed_at_any_byte_give_samples_or_a_typed_error() {
    let files = [
        wfm::ds2000(false, 8),
        wfm::ds2000(true, 1),
        wfm::ds4000(),
        wfm::ds1000e(276, 1),
        wfm::ds1000e(256, 0),
        wfm::ds1000b(),
        mso5074(&[vec![1; 50], vec![2; 50]]),
        ag("RG01", &[AgWaveform::floats("CH1", &[0.5; 8])]),
        ag("RG03", &[AgWaveform::floats("CH1", &[0.5; 8])]),
    ];
    for file in files {
        for at in 0..file.len() {
            let cut = decode(file[..at].to_vec(), &OpenOptions::default());
            // That firmware says nowhere how long a channel is, up to the next header's end.
            let unknown = file.starts_with(b"RG01") && file[12] == 144 && (169..250).contains(&at);
            assert!(cut.is_err() || unknown, "{at} of {}", file.len());
            for value in [0, 0x7f, 0x80, 0xff, file[at] ^ 1, file[at] ^ 0x10] {
                let mut changed = file.clone();
                changed[at] = value;
                let Ok(capture) = decode(changed, &OpenOptions::default()) else {
                    continue;
                };
                for trace in &capture.traces {
                    assert!(stats(trace).unwrap().samples > 0);
                }
            }
        }
    }
}

#[test]
#[cfg(unix)] // elsewhere the hole in the file would take 4.4 GB of disk
fn rg03_holds_more_than_32_bits_of_bytes() {
    use std::os::unix::fs::FileExt;
    const POINTS: u32 = 1_100_000_000;
    let size = 4 * u64::from(POINTS);
    let mut head = ag("RG03", &[AgWaveform::floats("CH1", &[0.0])]);
    head.truncate(head.len() - 4);
    let total = head.len() as u64 + size;
    head[4..12].copy_from_slice(&total.to_le_bytes());
    head[28..32].copy_from_slice(&POINTS.to_le_bytes());
    let at = head.len() - 8;
    head[at..].copy_from_slice(&size.to_le_bytes());
    let path = std::env::temp_dir().join(format!("etalon-rg03-{}.bin", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    file.write_all_at(&head, 0).unwrap();
    file.write_all_at(&2.5_f32.to_le_bytes(), head.len() as u64 + size - 4)
        .unwrap();
    let capture = open(&path, &OpenOptions::default());
    let mut last = [0.0; 4];
    let read = capture.map(|capture| {
        assert_eq!(capture.traces[0].info().samples, u64::from(POINTS));
        assert!(capture.warnings.is_empty(), "{:?}", capture.warnings);
        capture.traces[0]
            .read_at(u64::from(POINTS) - 3, &mut last)
            .unwrap()
    });
    std::fs::remove_file(&path).unwrap();
    assert_eq!((read.unwrap(), last), (3, [0.0, 0.0, 2.5, 0.0]));
}
