//! Damaged Tektronix `.wfm` files: cut short, with headers that lie, with any bit changed.

mod look;
mod made;

use etalon_captures::{Error, Format, OpenOptions, decode, stats};
use etalon_types::WaveformSource;
use look::{info, malformed, read, real, warned};
use made::tek::Wfm;

#[test]
fn prop_a_wfm_that_lost_samples_is_never_read_as_whole() {
    for made in [Wfm::words(&[7; 300]), Wfm::fast_frame()] {
        let made = Wfm {
            charge: (64, 0),
            ..made
        };
        let whole = made.bytes();
        // Of the checksum at the end nothing depends; it is told, not refused.
        for lost in 1..=8 {
            let capture = read(whole[..whole.len() - lost].to_vec());
            assert!(warned(&capture, "bytes of the checksum"), "{lost}");
        }
        for lost in 9..=whole.len() {
            let length = whole.len() - lost;
            let forced = OpenOptions {
                format: Format::TekWfm,
                ..OpenOptions::default()
            };
            match decode(whole[..length].to_vec(), &forced) {
                Err(Error::Malformed { offset, .. }) => assert!(offset <= length as u64),
                other => panic!("{lost}: {other:?}"),
            }
        }
    }
}

#[test]
fn headers_of_wfm_that_lie_are_refused_by_place() {
    let made = Wfm::fast_frame();
    let with = |at: usize, bytes: &[u8]| {
        let mut lying = made.bytes();
        lying[at..at + bytes.len()].copy_from_slice(bytes);
        lying
    };
    for word in [0x7fff_ffff_u32, 0x8000_0000, 0xffff_ffff] {
        let word = word.to_le_bytes();
        assert!(malformed(with(16, &word)).0 > 0);
        assert_eq!(malformed(with(72, &word)).0, 72);
        for at in [818, 822, 826, 830, 834] {
            let (offset, field) = malformed(with(at, &word));
            assert!(field.contains("curve"), "{field}");
            assert!(offset >= 818, "{offset}");
        }
    }
    // Behind the header, but within the tables of the further frames.
    assert_eq!(malformed(with(16, &900_i32.to_le_bytes())).0, 16);
    // An end that is no whole sample.
    assert_eq!(malformed(with(826, &143_u32.to_le_bytes())).0, 826);
    // A total beyond the file is a warning: it changes no sample.
    assert!(warned(
        &read(with(11, &99_999_i32.to_le_bytes())),
        "header says"
    ));
    let infinite = f64::INFINITY.to_le_bytes();
    assert_eq!(malformed(with(168, &infinite)).0, 168);
    let timeless = read(with(488, &infinite));
    assert_eq!(info(&timeless, 0).sample_interval_s, None);
    assert!(warned(&timeless, "sample interval"));
}

#[test]
fn prop_every_bit_and_every_length_of_a_header_is_survived() {
    let mut files = vec![Wfm::fast_frame().bytes(), Wfm::words(&[5; 40]).bytes()];
    for name in ["waveform.4", "digital_waveform", "invalid_format"] {
        let Some(path) = real(&format!("tek_wfm/{name}.wfm")) else {
            return;
        };
        files.push(std::fs::read(path).unwrap());
    }
    let forced = OpenOptions {
        format: Format::TekWfm,
        ..OpenOptions::default()
    };
    let (mut refused, mut readable) = (0, 0);
    let mut survives = |bytes: Vec<u8>| match decode(bytes, &forced) {
        Ok(capture) => {
            for trace in &capture.traces {
                let sums = stats(trace).expect("what was accepted can be read");
                assert_eq!(sums.samples, trace.info().samples);
            }
            readable += 1;
        }
        Err(error) => {
            let typed = matches!(
                error,
                Error::Malformed { .. } | Error::Unsupported { .. } | Error::Limit { .. }
            );
            assert!(typed, "{error}");
            refused += 1;
        }
    };
    for file in files {
        let reach = file.len().min(1060);
        for at in 0..reach {
            survives(file[..at].to_vec());
            for bit in 0..8 {
                let mut damaged = file.clone();
                damaged[at] ^= 1 << bit;
                survives(damaged);
            }
        }
    }
    assert!(refused > 5_000 && readable > 5_000, "{refused} {readable}");
}
