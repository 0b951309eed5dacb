//! Siglent files made from the public description; no real file is at hand.

use etalon_captures::{Capture, Error, Format, OpenOptions, decode, stats};
use etalon_types::{Storage, WaveformSource};

/// A file under the pen.
struct Pen(Vec<u8>);

impl Pen {
    fn put(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn word(&mut self, at: usize, word: u32) -> &mut Self {
        self.put(at, &word.to_le_bytes())
    }

    fn float(&mut self, at: usize, value: f64) -> &mut Self {
        self.put(at, &value.to_le_bytes())
    }

    /// A value with a power of a thousand: 7 is milli, 8 one, 10 mega.
    fn value(&mut self, at: usize, value: f64, power: u32) -> &mut Self {
        self.float(at, value).word(at + 8, power)
    }
}

/// Fields of versions 0.1 to 5: version word, CH1 and CH2 (on, volts, offset), time per
/// division, delay, points, rate, first sample.
struct Layout(Option<u32>, [[usize; 3]; 2], [usize; 4], usize);

const V01: Layout = Layout(
    None,
    [[0x44, 0x90, 0xa0], [0xc0, 0x10c, 0x11c]],
    [0xa84, 0xa94, 0xaa4, 0xaa8],
    0x8a60,
);
const V02: Layout = Layout(
    None,
    [[0x44, 0xb4, 0xc4], [0xe8, 0x158, 0x168]],
    [0xdb8, 0xdc8, 0xdd8, 0xddc],
    0x932c,
);
const V1: Layout = Layout(
    None,
    [[0, 0x10, 0x50], [4, 0x20, 0x60]],
    [0xd4, 0xe4, 0xf4, 0xf8],
    0x800,
);
const V2: Layout = Layout(
    Some(2),
    [[4, 0x14, 0xb4], [8, 0x3c, 0xdc]],
    [0x198, 0x1c0, 0x1e8, 0x1ec],
    0x800,
);
const V3: Layout = Layout(Some(3), V2.1, V2.2, 0x800);
const V4: Layout = Layout(
    Some(4),
    [[8, 0x18, 0xb8], [0xc, 0x40, 0xe0]],
    [0x19c, 0x1c4, 0x1ec, 0x1f0],
    0x1000,
);

/// CH1 at 500 mV and CH2 at 2 V a division, 50 MSa/s, 100 ns a division.
fn made(layout: &Layout, data: &[u8], points: u32) -> Pen {
    let Layout(number, [one, two], [time_div, _, count, rate], start) = layout;
    let mut pen = Pen(vec![0; *start]);
    pen.0.extend_from_slice(data);
    if let Some(number) = number {
        pen.word(0, *number);
    }
    pen.word(one[0], 1)
        .value(one[1], 500.0, 7)
        .value(one[2], 0.0, 8);
    pen.word(two[0], 1)
        .value(two[1], 2.0, 8)
        .value(two[2], 250.0, 7);
    pen.value(*time_div, 100.0, 5).word(*count, points);
    pen.value(*rate, 50.0, 10);
    if let Some(number) = number
        && *number >= 3
    {
        let shift = if *number == 4 { 4 } else { 0 };
        pen.word(0x268 + shift, 10);
        pen.word(0x26c + shift, 25).word(0x270 + shift, 25);
        pen.value(layout.2[1], 30.0, 5);
    }
    if *number == Some(4) {
        pen.word(4, 0x1000);
    }
    pen
}

fn read(pen: &Pen) -> Capture {
    decode(pen.0.clone(), &OpenOptions::default()).unwrap()
}

fn values(capture: &Capture, trace: usize) -> Vec<f64> {
    let trace = &capture.traces[trace];
    let mut values = vec![0.0; trace.info().samples as usize];
    assert_eq!(trace.read_at(0, &mut values).unwrap(), values.len());
    values
}

#[track_caller]
fn near(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    for (a, b) in found.iter().zip(wanted) {
        // Scale and offset are quotients of a few decimal numbers: some ulps of the middle code.
        assert!((a - b).abs() < 1e-12, "{found:?} against {wanted:?}");
    }
}

#[test]
fn versions_without_and_with_a_number_give_volts_and_times() {
    for (layout, t0_s, sign) in [
        (V01, -7e-7, 1.0),
        (V02, -7e-7, 1.0),
        (V1, -7e-7, 1.0),
        (V2, -7e-7, 1.0),
        (V3, -5.3e-7, -1.0),
        (V4, -5.3e-7, -1.0),
    ] {
        let capture = read(&made(&layout, &[128, 153, 0, 255, 103, 128], 3));
        assert_eq!((capture.format, capture.traces.len()), ("siglent-bin", 2));
        near(&values(&capture, 0), &[0.0, 0.5, -2.56]);
        let shift = sign * 0.25;
        near(&values(&capture, 1), &[10.16 + shift, -2.0 + shift, shift]);
        let info = capture.traces[1].info();
        assert_eq!((info.channel.as_str(), info.unit.as_str()), ("CH2", "V"));
        assert!((info.t0_s - t0_s).abs() < 1e-18, "{}", info.t0_s);
        assert!((info.sample_interval_s.unwrap() / 2e-8 - 1.0).abs() < 1e-12);
        assert_eq!(info.storage, Storage::U8);
        assert!(info.warnings[0].contains("sign"), "{:?}", info.warnings);
    }
}

#[test]
fn sixteen_bits_in_both_byte_orders_and_the_fifth_channel() {
    for big_endian in [false, true] {
        let codes = [32_768_u16, 32_768 + 6400, 0, 65_535, 32_768 - 25, 32_768];
        let data = codes.map(|y| {
            if big_endian {
                y.to_be_bytes()
            } else {
                y.to_le_bytes()
            }
        });
        let mut pen = made(&V4, &data.concat(), 2);
        pen.0[0x264] = 1;
        pen.0[0x265] = u8::from(big_endian);
        pen.word(0x270, 6400).word(0x574, 50);
        pen.word(0x404, 1).value(0x414, 1.0, 8);
        let capture = read(&pen);
        assert_eq!(capture.traces.len(), 3);
        near(&values(&capture, 0), &[0.0, 0.5]);
        assert_eq!(capture.traces[2].info().channel, "CH5");
        near(&values(&capture, 2), &[-0.5, 0.0]);
        assert_eq!(capture.traces[0].info().storage, Storage::U16);
    }
    let mut pen = made(&V2, &[0; 8], 2);
    pen.0[0x260] = 1;
    let error = decode(pen.0, &OpenOptions::default()).unwrap_err();
    assert!(
        error.to_string().contains("16-bit samples of version 2"),
        "{error}"
    );
}

#[test]
fn version_five_is_read_as_described_and_the_overlap_is_told() {
    let mut pen = Pen(vec![128; 0x2000]);
    pen.put(0, &[0; 0x800]).word(0, 5);
    pen.word(0x76, 1).value(0xab, 1.0, 8).value(0xbc, 0.0, 8);
    pen.value(0x1b68, 1.0, 7).value(0x1b78, 0.0, 8);
    pen.word(0x1b88, 4).value(0x1b92, 1.0, 10);
    let capture = read(&pen);
    near(&values(&capture, 0), &[0.0; 4]);
    assert!((capture.traces[0].info().t0_s + 7e-3).abs() < 1e-15);
    assert!(capture.warnings.iter().any(|w| w.contains("version 5")));
}

/// A record of version 6 with 16-bit codes.
fn record(label: &str, codes: &[u16], extra: usize) -> Vec<u8> {
    let mut pen = Pen(vec![0; 264 + extra]);
    pen.word(4, 264 + extra as u32 - 4)
        .put(16, label.as_bytes());
    pen.float(96, 10.0).float(104, 1e-9).put(144, b"s");
    pen.float(176, 32_768.0).float(184, 0.001).put(224, b"A");
    pen.word(240, 4);
    pen.put(248, &(codes.len() as u64).to_le_bytes());
    pen.put(256, &(2 * codes.len() as u64).to_le_bytes());
    pen.0.extend(codes.iter().flat_map(|y| y.to_le_bytes()));
    pen.0
}

fn six(records: &[Vec<u8>]) -> Pen {
    let mut pen = Pen(vec![0; 112]);
    pen.word(0, 6)
        .put(4, &112_u16.to_le_bytes())
        .put(8, b"SDS1002X-E");
    pen.word(104, records.len() as u32);
    pen.0.extend(records.concat());
    pen
}

#[test]
fn records_of_version_six_have_labels_units_and_segments() {
    let capture = read(&six(&[
        record("C1", &[32_768, 33_768], 4),
        record("C2", &[32_767], 20),
        record("C1", &[0, 65_535], 4),
    ]));
    let told = capture.traces.iter().map(|trace| {
        let info = trace.info();
        (
            info.channel.as_str(),
            info.segment,
            info.unit.as_str(),
            info.samples,
        )
    });
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [("C1", 0, "A", 2), ("C2", 0, "A", 1), ("C1", 1, "A", 2)]
    );
    near(&values(&capture, 0), &[0.0, 1.0]);
    near(&values(&capture, 2), &[-32.768, 32.767]);
    let info = capture.traces[0].info();
    assert_eq!(
        (info.t0_s, info.sample_interval_s),
        (-10.0 * 1e-9, Some(1e-9))
    );
}

#[test]
fn lengths_that_lie_are_refused() {
    for huge in [0x7fff_ffff_u32, 0xffff_ffff, 0x8000_0000] {
        for layout in [V01, V02, V1, V2, V3, V4] {
            let pen = made(&layout, &[0; 6], huge);
            let error = decode(pen.0, &OpenOptions::default()).unwrap_err();
            assert!(matches!(error, Error::Malformed { .. }), "{error}");
        }
        for at in [112 + 4, 112 + 240, 112 + 252, 112 + 260] {
            let mut pen = six(&[record("C1", &[1, 2, 3], 4)]);
            pen.word(at, huge);
            let error = decode(pen.0, &OpenOptions::default()).unwrap_err();
            assert!(matches!(error, Error::Malformed { .. }), "{error}");
        }
        let mut pen = six(&[record("C1", &[1], 4)]);
        pen.word(104, huge);
        let error = decode(pen.0, &OpenOptions::default()).unwrap_err();
        assert!(matches!(error, Error::Limit { .. }), "{error}");
    }
}

#[test]
fn prop_cut_and_changed_headers_give_samples_or_a_typed_error() {
    let mut refused = 0;
    let files = [
        made(&V1, &[1; 6], 3).0,
        made(&V2, &[1; 6], 3).0,
        made(&V4, &[1; 6], 3).0,
        six(&[record("C1", &[1, 2], 4), record("C2", &[3], 4)]).0,
    ];
    for file in files {
        for at in 0..file.len() {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << (at % 8);
            for damaged in [file[..at].to_vec(), flipped] {
                for format in [Format::Auto, Format::SiglentBin] {
                    let hints = OpenOptions {
                        format,
                        ..OpenOptions::default()
                    };
                    match decode(damaged.clone(), &hints) {
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
        }
        for lost in 1..=6 {
            let cut = file[..file.len() - lost].to_vec();
            match decode(cut, &OpenOptions::default()) {
                Err(Error::Malformed { offset, .. }) => {
                    assert_eq!(offset, (file.len() - lost) as u64);
                }
                Ok(_) | Err(_) => panic!("{lost} bytes lost and not told"),
            }
        }
    }
    assert!(refused > 10_000, "{refused}");
}
