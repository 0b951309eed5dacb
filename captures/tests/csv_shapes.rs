//! Every shape of text that instruments and people write.

use etalon_captures::{Capture, Error, OpenOptions, decode};
use etalon_types::WaveformSource;

fn read(text: impl AsRef<[u8]>) -> Capture {
    decode(text.as_ref().to_vec(), &OpenOptions::default()).unwrap()
}

/// (t0, dt) and (channel, unit, samples) of every trace.
#[track_caller]
fn check(text: impl AsRef<[u8]>, time: (f64, Option<f64>), wanted: &[(&str, &str, &[f64])]) {
    let capture = read(&text);
    assert_eq!(capture.traces.len(), wanted.len(), "{:?}", capture.warnings);
    for (trace, (channel, unit, samples)) in capture.traces.iter().zip(wanted) {
        let info = trace.info();
        assert_eq!(
            (info.channel.as_str(), info.unit.as_str()),
            (*channel, *unit)
        );
        assert_eq!(info.samples, samples.len() as u64);
        let mut values = vec![0.0; samples.len()];
        trace.read_at(0, &mut values).unwrap();
        assert_eq!(values, *samples);
        // Times are sums and quotients of a few printed numbers: some ulps.
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs().max(a.abs());
        assert!(
            near(info.t0_s, time.0),
            "t0 {} against {}",
            info.t0_s,
            time.0
        );
        match (info.sample_interval_s, time.1) {
            (Some(a), Some(b)) => assert!(near(a, b), "dt {a} against {b}"),
            (a, b) => assert_eq!(a, b),
        }
    }
}

#[test]
fn rigol_index_start_and_increment() {
    check(
        "X,CH1,CH2,Start,Increment,\r\nSequence,Volt,Volt,-3e-07,5e-10\r\n\
         22,1.5,-2,\r\n23,2.5,-3,\r\n",
        (-3e-7 + 22.0 * 5e-10, Some(5e-10)),
        &[("CH1", "V", &[1.5, 2.5]), ("CH2", "V", &[-2.0, -3.0])],
    );
}

#[test]
fn rigol_real_time() {
    check(
        "X,CH1\r\nSecond,Volt\r\n-1e-9,1\r\n-5e-10,2\r\n0,4\r\n",
        (-1e-9, Some(5e-10)),
        &[("CH1", "V", &[1.0, 2.0, 4.0])],
    );
    check(
        "Second,Volt\n0,1\n2e-9,2\n",
        (0.0, Some(2e-9)),
        &[("1", "V", &[1.0, 2.0])],
    );
    check(
        "Time(s),CH1V,t0 =-1e-3,tInc = 2e-6\n-1e-3,1\n-0.998e-3,2\n",
        (-1e-3, Some(2e-6)),
        &[("CH1V", "", &[1.0, 2.0])],
    );
}

#[test]
fn tektronix_key_value_block() {
    check(
        "Model,MSO64\nSample Interval,4.0e-11\nZero Index,1.5\nVertical Units,V\n\nLabels,\n\
         TIME,REF7\n-6.0e-11,0.5\n-2.0e-11,0.75\n",
        (-6e-11, Some(4e-11)),
        &[("REF7", "V", &[0.5, 0.75])],
    );
}

#[test]
fn tektronix_header_beside_the_samples_loses_no_row() {
    check(
        "Record Length,4,,-2e-9,0.5,\nSample Interval,1e-9,,-1e-9,0.25,\n\
         Vertical Units,V,,0,-0.5,\n,,,1e-9,-0.25,\n",
        (-2e-9, Some(1e-9)),
        &[("1", "V", &[0.5, 0.25, -0.5, -0.25])],
    );
}

#[test]
fn bare_columns() {
    check(
        "0,5\n1e-9,6\n2e-9,7\n",
        (0.0, Some(1e-9)),
        &[("1", "", &[5.0, 6.0, 7.0])],
    );
    check(
        "-1e-9,5,0.5\n0,6,0.25\n1e-9,7,0.125\n",
        (-1e-9, Some(1e-9)),
        &[("1", "", &[5.0, 6.0, 7.0]), ("2", "", &[0.5, 0.25, 0.125])],
    );
    check("3\n-1\n", (0.0, None), &[("1", "", &[3.0, -1.0])]);
    check(
        "0.5,1\n0.25,2\n0.75,3\n",
        (0.0, None),
        &[("1", "", &[0.5, 0.25, 0.75]), ("2", "", &[1.0, 2.0, 3.0])],
    );
    check(
        "0,0.5\n1,0.25\n2,0.5\n",
        (0.0, None),
        &[("1", "", &[0.5, 0.25, 0.5])],
    );
}

#[test]
fn lecroy_text_with_start_count_and_rate() {
    check(
        "-1e-9\n3\n8e10\n0.5\n0.25\n1\n",
        (-1e-9, Some(1.25e-11)),
        &[("1", "", &[0.5, 0.25, 1.0])],
    );
    // A count that does not match makes it six samples.
    check(
        "-1\n4\n8\n0.5\n0.25\n1\n",
        (0.0, None),
        &[("1", "", &[-1.0, 4.0, 8.0, 0.5, 0.25, 1.0])],
    );
}

#[test]
fn separators_decimal_commas_marks_and_encodings() {
    let wanted: (f64, Option<f64>) = (0.0, Some(5e-10));
    let samples: &[(&str, &str, &[f64])] = &[("P", "mW", &[1.5, -2.0, 3.0])];
    for text in [
        "Time (ns);P (mW)\n0,0;1,5\n0,5;-2\n1,0;3\n",
        "\u{feff}Time (ns);P (mW)\r\n0;1.5\r\n0.5;-2\r\n1;3\r\n",
        "Time (ns)\tP (mW)\n0\t1,5\n0,5\t-2\n1\t3,0\n",
        "Time (ns),P (mW),\n0, 1.5,\n0.5, -2,\n1, 3,\n\n\n",
        "\"Time (ns)\",\"P (mW)\"\n\"0\",\"1.5\"\n\"0.5\",\"-2\"\n\"1\",\"3\"\n",
        "# Time [ns],P [mW]\n0,1.5E+00\n0.5,-2.0E+00\n1,3e0",
    ] {
        check(text, wanted, samples);
    }
    check(
        "0 1.5\n 1e-9  2.5\n2e-9 3.5\n",
        (0.0, Some(1e-9)),
        &[("1", "", &[1.5, 2.5, 3.5])],
    );
    check(
        "0,5 1,5\n1,5 2,5\n",
        (0.5, Some(1.0)),
        &[("1", "", &[1.5, 2.5])],
    );
    // ISO-8859-1: the micro sign is byte 0xb5, and a name need not be valid UTF-8.
    check(
        b"Time (\xb5s),K\xfchler (V)\n0,1\n2,2\n",
        (0.0, Some(2e-6)),
        &[("K\u{fc}hler", "V", &[1.0, 2.0])],
    );
}

#[test]
fn regress_rounded_times_give_the_interval_of_the_whole() {
    // Six significant digits, as `%g` prints: most neighbours are equal or ten steps apart.
    let text: String = (0..20_000)
        .map(|i| format!("{:.6},{}\n", 1e-7 * f64::from(i), i % 3))
        .collect();
    let capture = read(text);
    let dt = capture.traces[0].info().sample_interval_s.unwrap();
    // The two ends are rounded to 1e-6 over a span of 2e-3: half of 5e-4 each.
    assert!((dt / 1e-7 - 1.0).abs() < 5e-4, "{dt}");
}

#[test]
fn regress_an_exponent_is_no_header() {
    let text: String = (0..2000)
        .map(|i| if i == 1500 { "1.5e+05\n" } else { "0.25\n" })
        .collect();
    assert_eq!(read(text).traces[0].info().samples, 2000);
}

#[test]
fn a_bad_row_is_named_by_byte_line_and_column() {
    let lines = ["0,1\n", "1e-9,2\n", "2e-9,x3\n", "3e-9,4\n"];
    match decode(lines.concat().into_bytes(), &OpenOptions::default()) {
        Err(Error::Malformed {
            format: "csv",
            offset,
            field,
            expected,
            found,
        }) => {
            assert_eq!((offset, field.as_str()), (16, "line 3, column 2"));
            assert_eq!((expected.as_str(), found.as_str()), ("a number", "`x3`"));
        }
        other => panic!("{other:?}"),
    }
    for text in [
        "1,2\n3\n",
        "1,2\n3,4,5\n",
        "1,2\n,3\n",
        "1,2\n# remark\n3,4\n",
        "1,2\n3,4\n5",
    ] {
        let error = decode(text.as_bytes().to_vec(), &OpenOptions::default()).unwrap_err();
        assert!(
            matches!(error, Error::Malformed { format: "csv", .. }),
            "{text:?}: {error}"
        );
    }
    let cut = decode(b"1,2\n3,4\n5".to_vec(), &OpenOptions::default()).unwrap_err();
    assert!(
        cut.to_string().contains("the file ends within this line"),
        "{cut}"
    );
}

#[test]
fn eye_densities_are_refused_and_lookalikes_are_not() {
    let eye: String = (0..4)
        .flat_map(|t| (0..20).map(move |v| format!("{t}e-12,{},{}\n", 0.1 * f64::from(v), v % 4)))
        .collect();
    match decode(eye.into_bytes(), &OpenOptions::default()) {
        Err(Error::Unsupported { format, .. }) => assert_eq!(format, "CSV eye density"),
        other => panic!("{other:?}"),
    }
    // Time, analog channel, logic channel: three columns with whole numbers in the third.
    let scope: String = (0..80)
        .map(|i| format!("{i}e-9,{},{}\n", (f64::from(i) * 0.7).sin(), i % 2))
        .collect();
    assert_eq!(read(scope).traces.len(), 2);
}

#[test]
fn uneven_time_is_refused_and_gaps_are_told() {
    let error = decode(
        b"Time (s),V\n0,1\n1,2\n2,3\n50,4\n".to_vec(),
        &OpenOptions::default(),
    );
    assert!(matches!(error, Err(Error::Unsupported { .. })), "{error:?}");
    let falls = decode(
        b"Time (s),V\n2,1\n1,2\n0,3\n".to_vec(),
        &OpenOptions::default(),
    );
    assert!(matches!(falls, Err(Error::Malformed { .. })), "{falls:?}");
    let gap: String = (0..1000)
        .map(|i| format!("{},0\n", if i > 500 { i + 5 } else { i } as f64 * 0.5))
        .collect();
    let capture = read(gap);
    assert!(
        capture.warnings.iter().any(|w| w.contains("depart")),
        "{:?}",
        capture.warnings
    );
}

#[test]
fn blank_lines_and_ambiguous_commas_are_told() {
    let capture = read("1\n\n2\n\n");
    assert_eq!(capture.traces[0].info().samples, 2);
    assert!(
        capture.warnings[0].contains("1 blank lines"),
        "{:?}",
        capture.warnings
    );
    let capture = read("0,5\n0,25\n0,75\n");
    assert!(
        capture.warnings.iter().any(|w| w.contains("decimal")),
        "{:?}",
        capture.warnings
    );
}

#[test]
fn text_without_numbers_and_endless_lines_are_refused() {
    for (text, word) in [
        (
            "a read-me with 3 words\nand no table\n".to_string(),
            "no line of numbers",
        ),
        (format!("1\n{}\n", "7".repeat(70_000)), "length of line 2"),
        (format!("{}1\n", "word 1\n".repeat(2000)), "header lines"),
        (format!("{}\n", vec!["1"; 300].join(",")), "columns"),
    ] {
        let error = decode(text.into_bytes(), &OpenOptions::default()).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}
