//! WAV in every width, order and size, and files that lie. No public capture is at hand: the
//! files are made from the published layout.

mod made;

use etalon_captures::{Capture, Error, OpenOptions, decode};
use etalon_types::{Storage, WaveformSource};
use made::wav::{Wav, stereo};

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
fn two_channels_in_every_family() {
    for magic in [b"RIFF", b"RIFX", b"RF64", b"BW64"] {
        let capture = read(stereo(magic).bytes());
        assert_eq!((capture.format, capture.traces.len()), ("wav", 2));
        assert!(capture.warnings.is_empty(), "{:?}", capture.warnings);
        let info = capture.traces[1].info();
        assert_eq!((info.channel.as_str(), info.samples), ("2", 32));
        assert_eq!(info.sample_interval_s, Some(1.0 / 48_000.0));
        assert_eq!(info.storage, Storage::I16);
        assert_eq!(samples(&capture, 0)[..3], [0.0, 1.0 / 32.0, 2.0 / 32.0]);
        assert_eq!(samples(&capture, 1)[31], -31.0 / 32_768.0);
    }
}

#[test]
fn every_width_is_part_of_full_scale() {
    let extremes = |data: &[&[u8]]| data.concat();
    let cases = [
        (1, 8, extremes(&[&[0], &[128], &[192]]), Storage::U8),
        (
            1,
            16,
            extremes(&[&[0, 0x80], &[0, 0], &[0, 0x40]]),
            Storage::I16,
        ),
        (
            1,
            24,
            extremes(&[&[0, 0, 0x80], &[0, 0, 0], &[0, 0, 0x40]]),
            Storage::I32,
        ),
        (
            1,
            32,
            [i32::MIN, 0, 1 << 30].map(i32::to_le_bytes).concat(),
            Storage::I32,
        ),
        (
            3,
            32,
            [-1.0_f32, 0.0, 0.5].map(f32::to_le_bytes).concat(),
            Storage::F32,
        ),
        (
            3,
            64,
            [-1.0_f64, 0.0, 0.5].map(f64::to_le_bytes).concat(),
            Storage::F64,
        ),
    ];
    for (tag, bits, data, storage) in cases {
        let capture = read(Wav::new(tag, bits, 1, data).bytes());
        assert_eq!(samples(&capture, 0), [-1.0, 0.0, 0.5], "{bits} bits");
        assert_eq!(capture.traces[0].info().storage, storage);
    }
}

#[test]
fn three_byte_words_are_read_at_their_place_in_either_order() {
    let raw = [-8_388_608_i32, -1, 8_388_607, 258];
    for (magic, big) in [(b"RIFF", false), (b"RIFX", true)] {
        let data = raw.iter().flat_map(|x| match big {
            false => x.to_le_bytes()[..3].to_vec(),
            true => x.to_be_bytes()[1..].to_vec(),
        });
        let wav = Wav {
            magic: *magic,
            ..Wav::new(1, 24, 2, data.collect())
        };
        let capture = read(wav.bytes());
        let counts = |k| {
            samples(&capture, k)
                .iter()
                .map(|x| x * 8_388_608.0)
                .collect()
        };
        let (left, right): (Vec<f64>, Vec<f64>) = (counts(0), counts(1));
        assert_eq!(
            (left, right),
            (vec![-8_388_608.0, 8_388_607.0], vec![-1.0, 258.0])
        );
        let mut one = [0.0];
        capture.traces[0].read_at(1, &mut one).unwrap();
        assert_eq!(one[0] * 8_388_608.0, 8_388_607.0);
    }
}

#[test]
fn extensible_formats_say_their_tag_in_a_guid() {
    let extension = |tag: u8| {
        let mut out = vec![22, 0, 12, 0, 4, 0, 0, 0, tag, 0];
        out.extend(b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71");
        out
    };
    let wav = |tag| Wav {
        extension: extension(tag),
        ..Wav::new(0xfffe, 16, 1, vec![0, 0x40, 0, 0xc0])
    };
    assert_eq!(samples(&read(wav(1).bytes()), 0), [0.5, -0.5]);
    let mp3 = refusal(wav(0x55).bytes());
    assert!(mp3.to_string().contains("MPEG audio"), "{mp3}");
    let mut odd = wav(1);
    odd.extension[20] = 7;
    assert!(matches!(refusal(odd.bytes()), Error::Unsupported { .. }));
}

#[test]
fn other_chunks_are_passed_over_and_odd_ones_are_padded() {
    let wav = Wav {
        others: vec![(*b"LIST", vec![1; 7]), (*b"fact", vec![2, 0, 0, 0])],
        ..Wav::new(1, 8, 1, vec![0, 255, 128])
    };
    let capture = read(wav.bytes());
    assert_eq!(samples(&capture, 0), [-1.0, 127.0 / 128.0, 0.0]);
    assert!(capture.warnings.is_empty(), "{:?}", capture.warnings);
}

#[test]
fn sizes_that_writers_get_wrong_are_warnings() {
    for size in [0, u32::MAX] {
        let wav = Wav {
            data_size: Some(size),
            ..Wav::new(1, 16, 1, vec![0, 0x40, 0, 0xc0])
        };
        let capture = read(wav.bytes());
        assert_eq!(samples(&capture, 0), [0.5, -0.5]);
        assert!(capture.warnings[0].contains("no size"), "{size}");
    }
    let mut total = stereo(b"RIFF").bytes();
    total[4..8].copy_from_slice(&77_u32.to_le_bytes());
    let capture = read(total);
    assert!(
        capture.warnings[0].contains("85 bytes"),
        "{:?}",
        capture.warnings
    );
    let unfinished = read(Wav::new(1, 16, 2, vec![0; 10]).bytes());
    assert_eq!(unfinished.traces[0].info().samples, 2);
    assert!(unfinished.warnings[0].contains("unfinished"));
    let timeless = Wav {
        rate: 0,
        ..Wav::new(1, 8, 1, vec![1, 2])
    };
    let timeless = read(timeless.bytes());
    assert_eq!(timeless.traces[0].info().sample_interval_s, None);
    assert!(timeless.warnings[0].contains("rate"));
}

#[test]
fn files_beyond_four_gigabytes_are_read_where_the_samples_lie() {
    use std::io::{Seek, SeekFrom, Write};
    // Sparse: only the header and the last frame take room on the disk.
    const FRAMES: u64 = 1_500_000_000;
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("long.wav");
    let empty = Wav {
        magic: *b"RF64",
        ..Wav::new(1, 16, 2, Vec::new())
    };
    let mut head = empty.bytes();
    let start = head.len() as u64;
    head[28..36].copy_from_slice(&(4 * FRAMES).to_le_bytes());
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&head).unwrap();
    file.seek(SeekFrom::Start(start + 4 * (FRAMES - 1)))
        .unwrap();
    file.write_all(&[0, 0x40, 0, 0xc0]).unwrap();
    drop(file);
    let capture = etalon_captures::open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(capture.traces[1].info().samples, FRAMES);
    let mut last = [9.0; 3];
    let got = capture.traces[1].read_at(FRAMES - 2, &mut last).unwrap();
    assert_eq!((got, last), (2, [0.0, -0.5, 9.0]));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_lies_or_is_compressed_is_refused() {
    let good = || Wav::new(1, 16, 2, vec![0; 40]);
    let short = Wav {
        data_size: Some(0x7fff_ffff),
        ..good()
    };
    match refusal(short.bytes()) {
        Error::Malformed { offset, field, .. } => {
            assert_eq!((offset, field.as_str()), (84, "`data` chunk"));
        }
        other => panic!("{other:?}"),
    }
    // The 64-bit size of RF64 is held against the file as well.
    for long in [1_u64 << 62, u64::MAX] {
        let mut bytes = stereo(b"RF64").bytes();
        bytes[28..36].copy_from_slice(&long.to_le_bytes());
        assert!(matches!(refusal(bytes), Error::Malformed { .. }));
    }
    for (wav, place) in [
        (
            Wav {
                channels: 0,
                ..good()
            },
            22,
        ),
        (Wav { width: 0, ..good() }, 22),
        (
            Wav {
                bits: 17,
                width: 2,
                ..good()
            },
            34,
        ),
        (
            Wav {
                bits: 0,
                width: 2,
                ..good()
            },
            34,
        ),
    ] {
        match refusal(wav.bytes()) {
            Error::Malformed { offset, .. } => assert_eq!(offset, place),
            other => panic!("{other:?}"),
        }
    }
    for (tag, name) in [(2, "ADPCM"), (6, "A-law"), (7, "mu-law"), (99, "0x0063")] {
        let error = refusal(Wav { tag, ..good() }.bytes());
        assert!(
            matches!(&error, Error::Unsupported { found, .. } if found.contains(name)),
            "{error}"
        );
    }
    let wide = refusal(Wav { tag: 3, ..good() }.bytes());
    assert!(wide.to_string().contains("16 bits in 2 bytes"), "{wide}");
    let mut unnamed = good().bytes();
    unnamed[36..40].copy_from_slice(b"JUNK");
    assert!(refusal(unnamed).to_string().contains("no `data` chunk"));
    let mut avi = good().bytes();
    avi[8..12].copy_from_slice(b"AVI ");
    assert!(refusal(avi).to_string().contains("other than WAV"));
}
