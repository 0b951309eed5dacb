//! Real files that nobody here wrote, against values from independent readers.
//!
//! The files and `manifest.tsv` lie in `captures` of the shared folder (`../shared`, or
//! `ETALON_SHARED`). Each row names a reader, what it read, and how far it is to be trusted.

mod reference;

use etalon_captures::{Error, OpenOptions, open, pattern_file};
use etalon_types::WaveformSource;
use reference::*;

#[test]
fn ref_every_trusted_row_of_our_formats() {
    let Some(folder) = shared_captures() else {
        return;
    };
    let mut compared = 0;
    for row in rows(&folder) {
        let room = row.file.split('/').next().unwrap();
        let ours = matches!(
            room,
            "keysight_bin"
                | "lecroy_trc"
                | "lecroy_trc_1_0"
                | "npy"
                | "optical_imdd"
                | "rigol_bin"
                | "rigol_wfm"
                | "rohde_schwarz"
                | "tek_isf"
                | "tek_wfm"
        ) || row.file.ends_with("waveform_1_channel_3.bin");
        let trusted = row.trust.starts_with("reference") || row.trust.starts_with("values ok");
        if !ours || !trusted || row.n.is_empty() {
            continue;
        }
        let capture = open(&folder.join(&row.file), &hints(&row.file))
            .unwrap_or_else(|e| panic!("{}: {e}", row.file));
        // LeCroy files are named after their channel, which need not be the first trace; `wf2` is a second
        // waveform, `frame4/5` the last of five frames.
        let k = match (
            row.channel.parse::<usize>(),
            row.channel.strip_prefix("frame"),
        ) {
            (Ok(channel), _) if room.starts_with("rigol") => channel - 1,
            (_, Some(frame)) => frame.split('/').next().unwrap().parse().unwrap(),
            _ => usize::from(row.channel.starts_with("wf2")),
        };
        let mut row = row;
        row.n = row
            .n
            .trim_matches(|c: char| !c.is_ascii_digit())
            .split(',')
            .next()
            .unwrap()
            .into();
        compare(&row, &capture.traces[k], &FLOAT, true);
        compared += 1;
    }
    // 5 Keysight rows, 9 + 2 LeCroy, 1 npy, 4 patterns, 5 optical, 1 electrical, 2 R&S,
    // 7 Rigol .bin, 2 Rigol .wfm, 10 + 1 Tektronix.
    assert_eq!(compared, 49);
}

#[test]
fn the_truncated_lecroy_file_names_place_and_field() {
    let Some(folder) = shared_captures() else {
        return;
    };
    match open(
        &folder.join("lecroy_trc/lecroy_1.trc"),
        &OpenOptions::default(),
    ) {
        Err(Error::Malformed {
            format,
            offset,
            field,
            expected,
            found,
        }) => {
            assert_eq!((format, offset, field.as_str()), ("trc", 357, "TRIGTIME"));
            // 11 + 346 + 16 * 200 + 800,800 bytes are announced.
            assert!(expected.contains("804357"), "{expected}");
            assert!(found.contains("357 bytes"), "{found}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_damaged_eye_density_names_the_byte_and_what_it_is() {
    let Some(folder) = shared_captures() else {
        return;
    };
    let file = folder.join("csv_variants/raw_data_1.csv");
    match open(&file, &OpenOptions::default()) {
        Err(Error::Malformed {
            format,
            offset,
            field,
            found,
            ..
        }) => {
            // The first is `8.30E-10,0,,`: a value is missing, as in three later rows. Between
            // them is `8.3<B9><D1>,10,0.228..`, whose first bad byte is 3,283,333.
            assert_eq!(
                (format, offset, field.as_str()),
                ("csv", 3_281_979, "line 124892")
            );
            assert!(
                found.contains("damaged rows after it: 4, at bytes 3283333, 3283769, "),
                "{found}"
            );
            assert!(
                found.contains("an eye density and not a waveform"),
                "{found}"
            );
        }
        other => panic!("{other:?}"),
    }
    // With the damaged end cut off, what is left is an eye density and nothing else.
    let whole = std::fs::read(&file).unwrap()[..3_281_979].to_vec();
    match etalon_captures::decode(whole, &OpenOptions::default()) {
        Err(Error::Unsupported { format, found, .. }) => {
            assert_eq!(format, "CSV eye density");
            assert!(found.contains("not a waveform"), "{found}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn known_formats_that_are_not_read_yet_are_named() {
    let Some(folder) = shared_captures() else {
        return;
    };
    for (file, name) in [
        ("touchstone/Agilent_E5071B.s4p", "Touchstone"),
        ("touchstone/RS_ZVR_1.20_beta_f.s2p", "Touchstone"),
        (
            "touchstone/TEC_SMT_IO_42GHz_Thru_B5B6_4in.s4p",
            "Touchstone",
        ),
        ("touchstone/double_option_line.s2p", "Touchstone"),
        ("touchstone/ex_18.s2p", "Touchstone"),
        ("touchstone/pcb_stripline_119mm.s2p", "Touchstone"),
        ("touchstone/peters_01_0605_B12_thru.s4p", "Touchstone"),
        ("touchstone/test_encoding_UTF-8-SIG.s2p", "Touchstone"),
        ("otdr_sor/example1-noyes-ofl280.sor", "OTDR .sor"),
        ("otdr_sor/demo_ab.sor", "OTDR .sor"),
    ] {
        match open(&folder.join(file), &OpenOptions::default()) {
            Err(Error::Unsupported { format, .. }) => {
                assert!(format.starts_with(name), "{file}: {format}");
            }
            other => panic!("{file}: {other:?}"),
        }
    }
}

#[test]
fn bare_optical_samples_are_not_guessed() {
    let Some(folder) = shared_captures() else {
        return;
    };
    match open(
        &folder.join("optical_imdd/chan1-0.bin"),
        &OpenOptions::default(),
    ) {
        Err(Error::Unsupported { format, hint, .. }) => {
            assert_eq!(format, "unknown");
            assert!(hint.contains("raw-i8"), "{hint}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn ref_transmitted_patterns_read_as_patterns_and_as_captures() {
    let Some(folder) = shared_captures() else {
        return;
    };
    for (file, bits, mean) in [
        ("Jul 6_1741preamble.csv", 500, 0.496),
        ("Jul 9_0841train.csv", 196_608, 0.498504639),
        ("Jul 9_0842train.csv", 196_608, 0.499282837),
        ("Jul 9_0843train.csv", 196_608, 0.499811808),
    ] {
        let path = folder.join("optical_imdd").join(file);
        let pattern = pattern_file(&path).unwrap();
        assert_eq!(pattern.len(), bits, "{file}");
        let ones = pattern.iter().filter(|&&b| b == 1).count();
        // Nine digits are printed.
        assert!((ones as f64 / bits as f64 - mean).abs() < 1e-9, "{file}");
        let capture = open(&path, &OpenOptions::default()).unwrap();
        let samples = capture.traces[0].read_all_f32().unwrap();
        assert!(
            samples
                .iter()
                .zip(&pattern)
                .all(|(&x, &b)| x == f32::from(b)),
            "{file}"
        );
        assert_eq!(samples.len(), bits);
    }
}
