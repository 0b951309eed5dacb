//! Rigol files made from the published layouts, for what no public file shows.

mod made;

use etalon_captures::{Capture, Error, OpenOptions, decode};
use etalon_types::{Storage, WaveformSource};
use made::{AgWaveform, ag, mso5074};

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
