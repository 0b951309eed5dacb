//! What fuzzing found, as the smallest input that shows it.

use crate::made;
use etalon_captures::{Format, OpenOptions, decode, decode_touchstone, stats};
use etalon_types::{Waveform, WaveformSource};

#[test]
fn regress_a_refusal_quotes_little_of_a_long_value() {
    let text = format!("Points: {}\r\nXInc: 1\r\nData:\r\n1\r\n", "g".repeat(5000));
    let hints = OpenOptions {
        format: Format::FlexDca,
        ..OpenOptions::default()
    };
    let refusal = decode(text.into_bytes(), &hints).unwrap_err().to_string();
    assert!(
        refusal.contains("Points") && refusal.contains("gggg"),
        "{refusal}"
    );
    assert!(refusal.len() < 300, "{refusal}");
}

#[test]
fn regress_nothing_is_read_beyond_the_end_wherever_that_is() {
    for (name, bytes) in made::gallery() {
        let capture = decode(bytes, &OpenOptions::default()).unwrap();
        for first in [capture.traces[0].info().samples, u64::MAX / 2, u64::MAX] {
            let read = capture.traces[0].read_at(first, &mut [0.0; 4]);
            assert_eq!(read.unwrap(), 0, "{name}");
        }
    }
}

#[test]
fn regress_the_mean_of_samples_near_the_largest_float_is_finite() {
    let largest = |sign: f64| etalon_types::Samples::F64(vec![sign * f64::MAX, 1e308, f64::NAN]);
    for sign in [1.0, -1.0] {
        let info = Waveform::from_f32(vec![0.0; 3], 1e-9, "V").info().clone();
        let sums = stats(&Waveform::new(info, largest(sign))).unwrap();
        let wanted = sign * (f64::MAX / 2.0) + 0.5e308;
        assert!((sums.mean - wanted).abs() <= 1e-15 * f64::MAX, "{sums:?}");
        assert_eq!(sums.non_finite, 1);
    }
}

#[test]
fn regress_lines_that_change_nothing_are_not_all_told() {
    let text = format!("# GHz\n{}1 0 0 0 0 0 0 0 0\n", "#\n".repeat(1000));
    let file = decode_touchstone(text.as_bytes(), Some(2)).unwrap();
    assert_eq!(file.warnings.len(), 11);
    assert!(
        file.warnings[10].contains("not told"),
        "{:?}",
        file.warnings
    );
}

#[test]
fn regress_a_rate_whose_inverse_is_no_number_gives_no_interval() {
    // The text form of LeCroy tools: first time, count, rate, samples.
    let capture = decode(
        b"0\n2\n1e-310\n0.5\n0.25\n".to_vec(),
        &OpenOptions::default(),
    )
    .unwrap();
    let info = capture.traces[0].info();
    assert_eq!((info.samples, info.sample_interval_s), (2, None));
    let told = |w: &String| w.contains("the sample interval of inf s is not usable");
    assert!(info.warnings.iter().any(told), "{:?}", info.warnings);
}
