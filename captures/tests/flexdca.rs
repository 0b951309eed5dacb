//! FlexDCA text made from the public description; no real file is at hand.

use etalon_captures::{Capture, Error, Format, OpenOptions, decode};
use etalon_types::WaveformSource;

const Y: &str = "Type: raw\r\nPoints: 5\r\nXInc: 2.5E-12\r\nXOrg: 2.4E-08\r\nXUnits: Second\r\n\
                 YUnits: Watt\r\nSource: Channel 5A\r\nData:\r\n0.0005\r\n0.00075\r\nInfinity\r\n\
                 -1.5E-05\r\n-Infinity\r\n";

const PATTERN: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<DcaFile>\r\n  <Header>\r\n    \
    <FileType>WaveformPattern</FileType>\r\n    <SourceName>Channel 5A</SourceName>\r\n  \
    </Header>\r\n  <Points>3</Points>\r\n  <SignalType>NRZ</SignalType>\r\n  <XOrg>1E-9</XOrg>\r\n  \
    <XInc>3.125E-12</XInc>\r\n  <XUnits>Second</XUnits>\r\n  <YUnits>Watt</YUnits>\r\n</DcaFile>\r\n\
    0.0001\r\n0.0002\r\n0.0004\r\n";

fn read(text: &str) -> Capture {
    decode(text.as_bytes().to_vec(), &OpenOptions::default()).unwrap()
}

fn samples(capture: &Capture) -> Vec<f64> {
    let trace = &capture.traces[0];
    let mut values = vec![0.0; trace.info().samples as usize];
    assert_eq!(trace.read_at(0, &mut values).unwrap(), values.len());
    values
}

fn refusal(text: impl AsRef<[u8]>) -> Error {
    let hints = OpenOptions {
        format: Format::FlexDca,
        ..OpenOptions::default()
    };
    decode(text.as_ref().to_vec(), &hints).unwrap_err()
}

#[test]
fn y_values_keep_watts_origin_and_clipped_points() {
    let capture = read(Y);
    assert_eq!((capture.format, capture.traces.len()), ("flexdca", 1));
    let info = capture.traces[0].info();
    assert_eq!(
        (info.unit.as_str(), info.channel.as_str()),
        ("W", "Channel 5A")
    );
    assert_eq!((info.t0_s, info.sample_interval_s), (2.4e-8, Some(2.5e-12)));
    assert_eq!(
        samples(&capture),
        [5e-4, 7.5e-4, f64::INFINITY, -1.5e-5, f64::NEG_INFINITY]
    );
    assert!(info.warnings[0].starts_with("2 points are `Infinity`"));
}

#[test]
fn any_mark_between_key_and_value_and_volts() {
    for mark in [",", "=", "\t", " : ", ";"] {
        let text =
            format!("XOrg{mark}-1e-9\r\nXInc{mark}1e-12\r\nY Units{mark}Volt\r\n1\r\n2.5\r\n");
        let capture = read(&text);
        assert_eq!(capture.format, "flexdca", "{mark:?}");
        let info = capture.traces[0].info();
        assert_eq!((info.unit.as_str(), info.t0_s), ("V", -1e-9));
        assert_eq!(samples(&capture), [1.0, 2.5]);
    }
}

#[test]
fn a_hole_keeps_the_points_behind_it_in_their_places() {
    let head = "XOrg: 0\r\nXInc: 1e-12\r\nPoints: 4\r\n";
    let y = samples(&read(&format!("{head}1\r\n\r\nNaN\r\n4\r\n\r\n")));
    assert!(y[1].is_nan() && y[2].is_nan());
    assert_eq!((y[0], y[3]), (1.0, 4.0));
    let xy = read(&format!(
        "{head}1e-9,1\r\n1.001e-9,2\r\n1.003e-9,Infinity\r\n"
    ));
    assert_eq!(xy.traces[0].info().t0_s, 1e-9);
    let y = samples(&xy);
    assert!(y[2].is_nan());
    assert_eq!((y[0], y[1], y[3]), (1.0, 2.0, f64::INFINITY));
    assert!(
        xy.traces[0]
            .info()
            .warnings
            .iter()
            .any(|w| w.contains("1 points are holes"))
    );
    // The count says that the empty line is no hole: which one is right cannot be known.
    let error = refusal(format!("{head}1\r\n2\r\n\r\n3\r\n4\r\n"));
    assert!(error.to_string().contains("empty lines"), "{error}");
}

#[test]
fn printed_times_are_rounded_and_the_header_gives_the_interval() {
    let mut text = "XOrg: 1e-6\nXInc: 1e-12\nYUnits: Volt\n".to_string();
    for i in 0..500 {
        // Six digits of 1 us are 10 ps: ten rows share a time.
        text += &format!("{:.5e}\t{i}\n", 1e-6 + 1e-12 * f64::from(i));
    }
    let capture = read(&text);
    assert_eq!(capture.traces[0].info().sample_interval_s, Some(1e-12));
    assert_eq!(samples(&capture)[499], 499.0);
}

#[test]
fn a_pattern_waveform_of_text_is_read_and_a_binary_one_is_refused_by_name() {
    let capture = read(PATTERN);
    let info = capture.traces[0].info();
    assert_eq!(
        (info.unit.as_str(), info.channel.as_str()),
        ("W", "Channel 5A")
    );
    assert_eq!((info.t0_s, info.sample_interval_s), (1e-9, Some(3.125e-12)));
    assert_eq!(samples(&capture), [1e-4, 2e-4, 4e-4]);
    let end = PATTERN.find("</DcaFile>").unwrap() + 10;
    let mut binary = PATTERN.as_bytes()[..end].to_vec();
    binary.extend([0, 0x3f, 0x80, 0xff, 1, 2, 3, 4]);
    match decode(binary, &OpenOptions::default()) {
        Err(Error::Unsupported { format, hint, .. }) => {
            assert_eq!(format, "Keysight FlexDCA .wfmx");
            assert!(hint.contains("not public"), "{hint}");
        }
        other => panic!("{other:?}"),
    }
}

/// Finds in a text the byte that an error has to name.
type Place = Box<dyn Fn(&str) -> usize>;

#[test]
fn what_is_wrong_is_named_with_its_byte() {
    let end = |text: &str| text.len();
    let at = |needle: &'static str| move |text: &str| text.find(needle).unwrap();
    let cases: [(String, &str, Place); 9] = [
        (Y.replace("2.5E-12", "-1"), "XInc", Box::new(at("XInc"))),
        (Y.replace("2.5E-12", "NaN"), "XInc", Box::new(at("XInc"))),
        (Y.replace("2.4E-08", "x"), "XOrg", Box::new(at("XOrg"))),
        (
            Y.replace("Points: 5", "Points: 9223372036854775808"),
            "samples",
            Box::new(end),
        ),
        (Y.replace("s: 5", "s: -5"), "Points", Box::new(at("Points"))),
        (
            Y.replace("0.00075", "0.0x75"),
            "row",
            Box::new(at("0.0x75")),
        ),
        (
            Y.replace("0.00075", "0.0,75"),
            "row",
            Box::new(at("0.0,75")),
        ),
        ("XOrg: 0\nXInc: 1\n".into(), "samples", Box::new(end)),
        (
            PATTERN.replace("</DcaFile>", ""),
            "XML header",
            Box::new(end),
        ),
    ];
    for (text, word, byte) in cases {
        match refusal(&text) {
            Error::Malformed { offset, field, .. } => {
                assert_eq!(
                    (field.as_str(), offset),
                    (word, byte(&text) as u64),
                    "{text}"
                );
            }
            other => panic!("{other:?}"),
        }
    }
    let lacking = refusal("XOrg: 0\n1\n");
    assert!(lacking.to_string().contains("XInc"), "{lacking}");
    let bits = refusal(Y.replace("Second", "Unit Interval"));
    assert!(bits.to_string().contains("Unit Interval"), "{bits}");
    let falls = refusal("XOrg: 0\nXInc: 1\n2,1\n1,1\n");
    assert!(falls.to_string().contains("not before"), "{falls}");
    let other_step = refusal("XOrg: 0\nXInc: 1\n0,1\n40,1\n");
    assert!(
        other_step.to_string().contains("40.0 steps"),
        "{other_step}"
    );
}

#[test]
fn tables_with_a_column_for_each_channel_stay_with_csv() {
    let text = "XOrg,0,0\nXInc,1e-9,1e-9\n0,1,2\n1e-9,3,4\n";
    assert_eq!(read(text).format, "csv");
}

#[test]
fn prop_cut_and_changed_bytes_give_samples_or_a_typed_error() {
    let mut refused = 0;
    for made in [Y, PATTERN] {
        for at in 0..made.len() {
            let mut trials = vec![made.as_bytes()[..at].to_vec()];
            for bit in 0..8 {
                let mut flipped = made.as_bytes().to_vec();
                flipped[at] ^= 1 << bit;
                trials.push(flipped);
            }
            for bytes in trials {
                for format in [Format::Auto, Format::FlexDca] {
                    let hints = OpenOptions {
                        format,
                        ..OpenOptions::default()
                    };
                    match decode(bytes.clone(), &hints) {
                        Ok(capture) => assert!(!samples(&capture).is_empty()),
                        Err(error) => {
                            assert!(error.to_string().len() < 600, "{error}");
                            refused += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}
