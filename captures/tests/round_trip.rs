//! What is written reads back, within what the format can hold.

use etalon_captures::{Error, Format, OpenOptions, TrcWidth, WriteOptions, decode, encode, stats};
use etalon_types::{Samples, Storage, Waveform, WaveformInfo, WaveformSource};
use proptest::prelude::*;

fn waveform(samples: Samples, change: impl FnOnce(&mut WaveformInfo)) -> Waveform {
    let mut info = Waveform::from_f32(Vec::new(), 1e-9, "V").info().clone();
    change(&mut info);
    Waveform::new(info, samples)
}

fn back(format: Format, traces: &[&dyn WaveformSource], options: WriteOptions) -> Vec<Waveform> {
    let bytes = encode(format, traces, options).unwrap();
    let capture = decode(bytes, &OpenOptions::default()).unwrap();
    assert_eq!(capture.format, format.name());
    let load = |trace: &etalon_captures::Trace| {
        let mut all = vec![0.0; trace.info().samples as usize];
        assert_eq!(trace.read_at(0, &mut all).unwrap(), all.len());
        let mut info = trace.info().clone();
        (info.scale, info.offset) = (1.0, 0.0);
        (Waveform::new(info, Samples::F64(all)), trace.info().clone())
    };
    capture.traces.iter().map(|trace| load(trace).0).collect()
}

fn values(waveform: &Waveform) -> Vec<f64> {
    let mut all = vec![0.0; waveform.info().samples as usize];
    waveform.read_at(0, &mut all).unwrap();
    all
}

fn finite() -> impl Strategy<Value = f32> {
    prop_oneof![-10.0_f32..10.0, -1e-6_f32..1e-6, -1e30_f32..1e30, Just(0.0)]
}

fn intervals() -> impl Strategy<Value = f64> {
    prop_oneof![1e-13_f64..1e-3, Just(1.0 / 26.5625e9), Just(1.0 / 56e9)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn prop_npy_keeps_every_float(samples in prop::collection::vec(any::<f32>(), 1..300)) {
        let made = Waveform::from_f32(samples.clone(), 1e-9, "V");
        let read = &back(Format::Npy, &[&made], WriteOptions::default())[0];
        for (ours, x) in values(read).iter().zip(&samples) {
            prop_assert!(*ours == f64::from(*x) || ours.is_nan() && x.is_nan());
        }
        prop_assert_eq!(read.info().samples, samples.len() as u64);
    }

    #[test]
    fn prop_csv_keeps_samples_time_and_unit(
        samples in prop::collection::vec(finite(), 2..200),
        t0 in -1e-3_f64..1e-3,
        dt in intervals(),
        unit in prop::sample::select(vec!["V", "W", "mW", "A", ""]),
    ) {
        let made = waveform(Samples::F32(samples.clone()), |info| {
            (info.t0_s, info.sample_interval_s, info.unit) = (t0, Some(dt), unit.into());
        });
        let read = &back(Format::Csv, &[&made], WriteOptions::default())[0];
        let info = read.info();
        prop_assert_eq!(info.unit.as_str(), unit);
        prop_assert_eq!(info.t0_s, t0);
        // The interval comes from the difference of two times, each rounded to an ulp.
        let last = t0 + dt * (samples.len() - 1) as f64;
        let allowed = 4.0 * f64::EPSILON * t0.abs().max(last.abs()) / (samples.len() - 1) as f64;
        let error = (info.sample_interval_s.unwrap() - dt).abs();
        prop_assert!(error <= allowed + 4.0 * f64::EPSILON * dt, "{error:e} {allowed:e}");
        let same: Vec<f32> = values(read).iter().map(|&x| x as f32).collect();
        prop_assert_eq!(same, samples);
    }

    #[test]
    fn prop_csv_keeps_doubles_and_columns(
        rows in prop::collection::vec((any::<i32>(), -1e3_f64..1e3), 2..100),
    ) {
        let (a, b): (Vec<i32>, Vec<f64>) = rows.into_iter().unzip();
        let first = waveform(Samples::I32(a), |info| {
            (info.scale, info.offset, info.channel) = (1e-3, 0.125, "C1".into());
        });
        let second = waveform(Samples::F64(b), |info| {
            (info.unit, info.channel) = ("W".into(), "C2".into());
        });
        let read = back(Format::Csv, &[&first, &second], WriteOptions::default());
        prop_assert_eq!(values(&read[0]), values(&first));
        prop_assert_eq!(values(&read[1]), values(&second));
        prop_assert_eq!((&*read[0].info().channel, &*read[0].info().unit), ("C1", "V"));
        prop_assert_eq!((&*read[1].info().channel, &*read[1].info().unit), ("C2", "W"));
    }

    #[test]
    fn prop_trc_quantizes_within_one_code_and_keeps_the_rest(
        samples in prop::collection::vec(finite(), 1..300),
        t0 in -1e-3_f64..1e-3,
        dt in intervals(),
        bytes in any::<bool>(),
    ) {
        let made = waveform(Samples::F32(samples), |info| {
            (info.t0_s, info.sample_interval_s) = (t0, Some(dt));
            (info.unit, info.channel) = ("W".into(), "C3".into());
        });
        let trc_width = if bytes { TrcWidth::Byte } else { TrcWidth::Word };
        let read = &back(Format::Trc, &[&made], WriteOptions { trc_width })[0];
        let (info, sums) = (read.info(), stats(&made).unwrap());
        prop_assert_eq!((&*info.unit, &*info.channel, info.t0_s), ("W", "C3", t0));
        prop_assert_eq!(info.sample_interval_s, Some(f64::from(dt as f32)));
        let codes = if bytes { 254.0 } else { 65_534.0 };
        let reach = sums.min.abs().max(sums.max.abs());
        // Half a code, and what 32-bit gain and offset round.
        let allowed = 0.5 * (sums.max - sums.min) / codes + 2.0 * f64::from(f32::EPSILON) * reach;
        for (ours, x) in values(read).iter().zip(values(&made)) {
            prop_assert!((ours - x).abs() <= allowed + f64::from(f32::MIN_POSITIVE), "{ours} {x}");
        }
    }

    #[test]
    fn prop_trc_gives_integers_back_and_segments_their_times(
        raw in prop::collection::vec(any::<i16>(), 20),
        times in prop::collection::vec(0.0_f64..10.0, 4),
    ) {
        let traces: Vec<Waveform> = (0..4).map(|k| {
            waveform(Samples::I16(raw[5 * k..5 * k + 5].to_vec()), |info| {
                (info.scale, info.offset) = (f64::from(1e-3_f32), -f64::from(0.3_f32));
                (info.channel, info.segment) = ("C1".into(), k);
                info.t0_s = -1e-9 * times[k];
                info.trigger_time_s = Some(times[k] - times[0]);
            })
        }).collect();
        let sources: Vec<&dyn WaveformSource> = traces.iter().map(|t| t as _).collect();
        let bytes = encode(Format::Trc, &sources, WriteOptions::default()).unwrap();
        let capture = decode(bytes, &OpenOptions::default()).unwrap();
        prop_assert_eq!(capture.traces.len(), 4);
        for (read, made) in capture.traces.iter().zip(&traces) {
            let mut all = [0.0; 5];
            read.read_at(0, &mut all).unwrap();
            prop_assert_eq!(all.to_vec(), values(made));
            prop_assert_eq!(read.info().storage, Storage::I16);
            prop_assert_eq!(read.info().t0_s, made.info().t0_s);
            prop_assert_eq!(read.info().trigger_time_s, made.info().trigger_time_s);
        }
    }

    #[test]
    fn prop_keysight_keeps_everything(
        samples in prop::collection::vec(finite(), 1..200),
        t0 in -1e-3_f64..1e-3,
        dt in intervals(),
    ) {
        let one = waveform(Samples::F32(samples.clone()), |info| {
            (info.t0_s, info.sample_interval_s) = (t0, Some(dt));
        });
        let two = waveform(Samples::F32(samples.clone()), |info| {
            (info.segment, info.trigger_time_s) = (1, Some(0.5));
        });
        let read = back(Format::KeysightBin, &[&one, &two], WriteOptions::default());
        prop_assert_eq!(values(&read[0]), values(&one));
        prop_assert_eq!((read[0].info().t0_s, read[0].info().sample_interval_s), (t0, Some(dt)));
        prop_assert_eq!((read[1].info().segment, read[1].info().trigger_time_s), (1, Some(0.5)));
        prop_assert_eq!(&read[0].info().unit, "V");
    }

    #[test]
    fn prop_mat_keeps_samples_time_unit_and_columns(
        rows in prop::collection::vec((finite(), -1e3_f64..1e3), 2..200),
        t0 in -1e-3_f64..1e-3,
        dt in intervals(),
    ) {
        let (a, b): (Vec<f32>, Vec<f64>) = rows.into_iter().unzip();
        let one = waveform(Samples::F32(a), |info| {
            (info.t0_s, info.sample_interval_s, info.unit) = (t0, Some(dt), "µW".into());
            info.channel = "C1".into();
        });
        let two = waveform(Samples::F64(b), |info| {
            (info.t0_s, info.sample_interval_s, info.unit) = (t0, Some(dt), "µW".into());
        });
        let alone = &back(Format::Mat, &[&one], WriteOptions::default())[0];
        prop_assert_eq!(values(alone), values(&one));
        prop_assert_eq!(alone.info().sample_interval_s, Some(dt));
        prop_assert_eq!((&*alone.info().unit, &*alone.info().channel), ("µW", "C1"));
        // The start is kept as a count of samples: two roundings.
        let error = (alone.info().t0_s - t0).abs();
        prop_assert!(error <= 2.0 * f64::EPSILON * t0.abs(), "{error:e}");
        let both = back(Format::Mat, &[&one, &two], WriteOptions::default());
        prop_assert_eq!(values(&both[0]), values(&one));
        prop_assert_eq!(values(&both[1]), values(&two));
    }

    #[test]
    fn prop_blocks_of_any_size_give_the_same_samples(
        samples in prop::collection::vec(any::<i16>(), 1..40_000),
        first in 0_u64..50_000,
        length in 1_usize..40_000,
    ) {
        let bytes: Vec<u8> = samples.iter().flat_map(|x| x.to_be_bytes()).collect();
        let hints = OpenOptions { format: "raw-i16-be".parse().unwrap(), ..Default::default() };
        let capture = decode(bytes, &hints).unwrap();
        let mut block = vec![f64::NAN; length];
        let got = capture.traces[0].read_at(first, &mut block).unwrap();
        let wanted: Vec<f64> =
            samples.iter().skip(first as usize).take(length).map(|&x| f64::from(x)).collect();
        prop_assert_eq!(&block[..got], wanted.as_slice());
        prop_assert!(block[got..].iter().all(|x| x.is_nan()));
    }
}

#[test]
fn what_a_format_cannot_hold_is_refused_or_told() {
    let volts = Waveform::from_f32(vec![1.0, 2.0], 1e-9, "V");
    let long = Waveform::from_f32(vec![1.0; 3], 1e-9, "V");
    let timeless = waveform(Samples::F32(vec![1.0, 2.0]), |info| {
        info.sample_interval_s = None
    });
    let cases: [(Format, Vec<&dyn WaveformSource>); 7] = [
        (Format::Npy, vec![&volts, &long]),
        (Format::Csv, vec![&volts, &long]),
        (Format::Csv, vec![&volts, &timeless]),
        (Format::Trc, vec![&volts, &long]),
        (Format::Trc, vec![&timeless]),
        (Format::Npy, vec![]),
        ("raw-i8".parse().unwrap(), vec![&volts]),
    ];
    for (format, traces) in cases {
        let error = encode(format, &traces, WriteOptions::default()).unwrap_err();
        assert!(
            matches!(error, Error::Unsupported { .. }),
            "{format}: {error}"
        );
    }
    let read = &back(Format::Csv, &[&timeless], WriteOptions::default())[0];
    assert_eq!(
        (read.info().sample_interval_s, values(read)),
        (None, vec![1.0, 2.0])
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn prop_isf_keeps_integers_time_and_unit(
        words in prop::collection::vec(any::<i16>(), 1..300),
        scale in prop_oneof![1e-6_f64..1.0, Just(7.8125e-6), Just(-0.01)],
        offset in -10.0_f64..10.0,
        t0 in -1e-3_f64..1e-3,
        dt in intervals(),
    ) {
        let bytes: Vec<u8> = words.iter().map(|x| (x >> 8) as u8).collect();
        let first = waveform(Samples::I16(words), |info| {
            (info.scale, info.offset, info.channel) = (scale, offset, "Ch1".into());
            (info.t0_s, info.sample_interval_s, info.unit) = (t0, Some(dt), "W".into());
        });
        let second = waveform(Samples::U8(bytes), |info| {
            (info.scale, info.offset, info.channel) = (scale, offset, "Ch2".into());
        });
        let file = encode(Format::TekIsf, &[&first, &second], WriteOptions::default()).unwrap();
        let capture = decode(file, &OpenOptions::default()).unwrap();
        prop_assert_eq!(capture.traces.len(), 2);
        for (read, made) in capture.traces.iter().zip([&first, &second]) {
            let mut all = vec![0.0; made.info().samples as usize];
            read.read_at(0, &mut all).unwrap();
            prop_assert_eq!(all, values(made));
            let (info, made) = (read.info(), made.info());
            prop_assert_eq!(info.storage, made.storage);
            prop_assert_eq!((info.scale, info.offset), (made.scale, made.offset));
            prop_assert_eq!((&info.channel, &info.unit), (&made.channel, &made.unit));
            prop_assert_eq!((info.t0_s, info.sample_interval_s), (made.t0_s, made.sample_interval_s));
            prop_assert_eq!(&info.warnings, &Vec::<String>::new());
        }
    }

    #[test]
    fn prop_isf_keeps_floats(samples in prop::collection::vec(any::<f32>(), 1..300)) {
        let made = Waveform::from_f32(samples.clone(), 1e-9, "V");
        let read = &back(Format::TekIsf, &[&made], WriteOptions::default())[0];
        for (ours, x) in values(read).iter().zip(&samples) {
            prop_assert!(*ours == f64::from(*x) || ours.is_nan() && x.is_nan());
        }
        prop_assert_eq!(read.info().sample_interval_s, Some(1e-9));
    }
}
