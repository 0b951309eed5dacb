//! Spectra of an AQ6370: shapes of the text and damage; no real file is public.

use etalon_captures::{Error, OpenOptions, decode, decode_osa_csv};

const GOOD: &str = "\"70CSV\"\r\n\"a label\"\r\n\"CTRWL\",\"1550.000\"\r\n\"SPAN\",\"2.0\"\r\n\
    \"LSCL\",\"10.0\"\r\n\"RESLN\",\"0.05\"\r\n\"SMPL\",\"3\"\r\n\"[TRACE DATA]\"\r\n\
    1549.0000,-61.23\r\n 1550.0000, -3.5E+00\r\n1551.0000,-60,\r\n\r\n";

#[test]
fn keys_and_points_are_read_in_metres_and_dbm() {
    for text in [
        GOOD.to_string(),
        GOOD.replace('"', ""),
        GOOD.replace('\r', ""),
        format!("\u{feff}{}", &GOOD[GOOD.find("\"CTRWL").unwrap()..]),
    ] {
        let trace = decode_osa_csv(text.as_bytes()).unwrap();
        let near = |found: f64, nm: f64| assert!((found - nm * 1e-9).abs() < 1e-18, "{found}");
        near(trace.center_m.unwrap(), 1550.0);
        near(trace.span_m.unwrap(), 2.0);
        near(trace.resolution_m.unwrap(), 0.05);
        near(trace.wavelength_m[2], 1551.0);
        assert_eq!(trace.wavelength_m.len(), 3);
        assert_eq!(trace.level_dbm, [-61.23, -3.5, -60.0]);
        assert!(trace.warnings.is_empty(), "{:?}", trace.warnings);
    }
}

#[test]
fn another_count_than_stated_is_a_warning() {
    let text = GOOD.replace("\"SMPL\",\"3\"", "\"SMPL\",\"1001\"");
    let trace = decode_osa_csv(text.as_bytes()).unwrap();
    assert!(trace.warnings[0].contains("1001"), "{:?}", trace.warnings);
}

#[test]
fn what_is_no_rising_spectrum_is_refused_with_its_line() {
    for (from, to, expected) in [
        ("1550.0000,", "1549.0000,", "line 10 at byte"),
        ("1550.0000,", "193.4000,", "300 to 6000 nm"),
        ("1550.0000, -3.5E+00", "1550.0000,-3.5,-4.5", "3 fields"),
        ("1550.0000, -3.5E+00", "1550.0000", "1 fields"),
        ("-3.5E+00", "nan", "a number"),
        ("1550.0000, -3.5E+00", "wrong", "`wrong`"),
        ("\"LSCL\",\"10.0\"", "\"LSCL\",\"LIN\"", "a linear scale"),
        ("\"SPAN\",\"2.0\"", "\"SPAN\"", "line 4"),
    ] {
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD);
        let error = decode_osa_csv(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let empty = &GOOD[..GOOD.find("1549.0000").unwrap()];
    assert!(decode_osa_csv(empty.as_bytes()).is_err());
    assert!(decode_osa_csv(b"1,2\n3,4\n").is_err());
}

#[test]
fn a_spectrum_is_no_waveform() {
    match decode(GOOD.as_bytes().to_vec(), &OpenOptions::default()) {
        Err(Error::Unsupported { format, hint, .. }) => {
            assert_eq!(format, "OSA CSV");
            assert!(hint.contains("etalon_captures::osa_csv"), "{hint}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn prop_damaged_text_gives_a_spectrum_or_a_typed_error() {
    let mut refused = 0;
    for length in 0..GOOD.len() {
        refused += usize::from(decode_osa_csv(&GOOD.as_bytes()[..length]).is_err());
    }
    let mut bytes = GOOD.as_bytes().to_vec();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            match decode_osa_csv(&bytes) {
                Ok(trace) => assert_eq!(trace.level_dbm.len(), trace.wavelength_m.len()),
                Err(error) => {
                    let text = error.to_string();
                    assert!(text.len() < 600, "{text}");
                    refused += 1;
                }
            }
            bytes[at] ^= 1 << bit;
        }
    }
    assert!(refused > 300, "{refused}");
}
