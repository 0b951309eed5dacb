//! Real files against the CSV files that the same instruments or programs wrote beside them, and
//! what else real files hold (see `manifest.rs`).

mod reference;

use etalon_captures::{Capture, Error, OpenOptions, open, stats};
use etalon_types::WaveformSource;
use reference::*;
use std::path::Path;

fn twin(folder: &Path, csv: &str, of: &str) -> (Row, Capture) {
    let row = rows(folder)
        .into_iter()
        .find(|row| row.file == of && !row.n.is_empty());
    (
        row.unwrap(),
        open(&folder.join(csv), &OpenOptions::default()).unwrap(),
    )
}

#[test]
fn ref_vendor_csvs_match_their_binary_twins() {
    let Some(folder) = shared_captures() else {
        return;
    };
    let (row, tek) = twin(&folder, "tek_isf/waveform.0.csv", "tek_isf/waveform.0.isf");
    compare(&row, &tek.traces[0], &FLOAT, true);

    let (row, timed) = twin(
        &folder,
        "rohde_schwarz/rs_rtp_04.Wfm.csv",
        "rohde_schwarz/rs_rtp_04.bin",
    );
    compare(&row, &timed.traces[0], &SIX_DIGITS, true);

    let (row, untimed) = twin(
        &folder,
        "rohde_schwarz/rs_rtp_01.Wfm.csv",
        "rohde_schwarz/rs_rtp_01.bin",
    );
    compare(&row, &untimed.traces[0], &FLOAT, false);
    assert_eq!(untimed.traces[0].info().sample_interval_s, None);
}

#[test]
fn ref_rohde_schwarz_pairs_agree_with_their_vendor_csvs_in_every_sample() {
    let Some(folder) = shared_captures() else {
        return;
    };
    let read = |name: &str| {
        let file = folder.join("rohde_schwarz").join(name);
        open(&file, &OpenOptions::default()).unwrap()
    };
    for (stem, settling) in [("rs_rtp_01", 38), ("rs_rtp_04", 52)] {
        let pair = read(&format!("{stem}.bin"));
        let info = pair.traces[0].info();
        assert_eq!((pair.format, pair.traces.len()), ("rs-bin", 1));
        assert_eq!((info.channel.as_str(), info.unit.as_str()), ("CH1", "V"));
        assert!(pair.warnings.is_empty(), "{:?}", pair.warnings);
        let csv = read(&format!("{stem}.Wfm.csv"));
        let (ours, theirs) = (&pair.traces[0], &csv.traces[0]);
        let (ours, theirs) = (ours.read_all_f32().unwrap(), theirs.read_all_f32().unwrap());
        assert_eq!(ours.len(), theirs.len());
        for (k, (x, y)) in ours.iter().zip(&theirs).enumerate() {
            // Nine digits after the point are printed, or six significant ones.
            assert!(
                (x - y).abs() <= 6e-10 + 5e-6 * y.abs(),
                "{stem} {k}: {x} {y}"
            );
        }
        // The settling samples are there, and are not the record's.
        let raw = std::fs::read(folder.join(format!("rohde_schwarz/{stem}.Wfm.bin"))).unwrap();
        let row = if stem == "rs_rtp_01" { 4 } else { 12 };
        let at = 8 + settling * row + row - 4;
        assert_eq!(raw[at..at + 4], ours[0].to_le_bytes(), "{stem}");
        // The payload finds its header.
        let back = read(&format!("{stem}.Wfm.bin"));
        assert_eq!(back.traces[0].info(), pair.traces[0].info());
        assert_eq!(back.traces[0].read_all_f32().unwrap(), ours);
    }
}

#[test]
fn a_rohde_schwarz_header_without_its_payload_names_the_missing_file() {
    let Some(folder) = shared_captures() else {
        return;
    };
    let file = folder.join("rohde_schwarz/rs_rtp_history_01.bin");
    match open(&file, &OpenOptions::default()) {
        Err(Error::Unsupported { format, found, .. }) => {
            assert_eq!(format, "rs-bin");
            assert!(found.contains("rs_rtp_history_01.Wfm.bin"), "{found}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn rigol_headers_that_are_wrong_are_told_and_not_followed() {
    let Some(folder) = shared_captures() else {
        return;
    };
    let read = |name: &str| {
        let file = folder.join("rigol_bin").join(name);
        open(&file, &OpenOptions::default()).unwrap()
    };
    // The file size in the header leaves three waveform and buffer headers out: 3 * 152 bytes.
    let short = read("MSO5000-A.bin");
    assert!(short.warnings[0].contains("16164"), "{:?}", short.warnings);
    assert_eq!(short.traces.len(), 4);
    // Two channels of 1000 codes, where the header speaks of one channel of 1000 floats.
    let codes = read("MSO5074-A.bin");
    assert_eq!((codes.format, codes.traces.len()), ("rigol-bin", 2));
    for (trace, first, last) in [
        (&codes.traces[0], [128.0, 202.0, 202.0, 203.0, 203.0], 128.0),
        (&codes.traces[1], [127.0, 128.0, 127.0, 127.0, 127.0], 127.0),
    ] {
        let (info, sums) = (trace.info(), stats(trace).unwrap());
        assert_eq!((info.samples, info.unit.as_str()), (1000, ""));
        assert_eq!(info.sample_interval_s, None);
        assert!(info.warnings[0].contains("8-bit codes"));
        assert_eq!((&sums.first[..], sums.last[4]), (&first[..], last));
    }
}

#[test]
fn ref_a_rigol_memory_image_holds_what_its_screen_csv_shows() {
    let Some(folder) = shared_captures() else {
        return;
    };
    let read = |name: &str| {
        let file = folder.join("rigol_wfm").join(name);
        open(&file, &OpenOptions::default()).unwrap()
    };
    let (image, screen) = (read("DS2072A-5.wfm"), read("DS2072A-5.csv"));
    assert_eq!((image.format, image.traces.len()), ("rigol-wfm", 2));
    // The screen shows each twenty samples as two points: a high one and a low one.
    for (whole, shown, step) in [
        (&image.traces[0], &screen.traces[0], 0.002),
        (&image.traces[1], &screen.traces[1], 0.04),
    ] {
        let (whole, shown) = (whole.read_all_f32().unwrap(), shown.read_all_f32().unwrap());
        let outside = shown
            .iter()
            .enumerate()
            .filter(|&(k, &y)| {
                let near = &whole[(10 * k).saturating_sub(30)..(10 * k + 30).min(whole.len())];
                let low = near.iter().copied().fold(f32::INFINITY, f32::min);
                let high = near.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                y < low - 2.0 * step || y > high + 2.0 * step
            })
            .count();
        assert_eq!(outside, 0);
    }
}

#[test]
fn ref_rigol_csv_with_index_start_and_increment() {
    let Some(folder) = shared_captures() else {
        return;
    };
    let file = folder.join("csv_variants/DS1054Z-A.csv");
    let capture = open(&file, &OpenOptions::default()).unwrap();
    assert_eq!(capture.traces.len(), 4);
    let labels: Vec<_> = capture
        .traces
        .iter()
        .map(|t| t.info().channel.as_str())
        .collect();
    assert_eq!(labels, ["CH1", "CH2", "CH3", "CH4"]);
    let info = capture.traces[2].info();
    assert_eq!((info.samples, info.unit.as_str()), (1200, "V"));
    assert_eq!((info.t0_s, info.sample_interval_s), (-3e-7, Some(5e-10)));
    // Read off the file's first and last lines.
    let sums = stats(&capture.traces[2]).unwrap();
    assert_eq!(sums.first, [-0.16, -0.16, -0.08, -0.08, 0.0]);
    assert_eq!(sums.last[4], 3.36);

    let capture = open(
        &folder.join("rigol_wfm/DS2072A-5.csv"),
        &OpenOptions::default(),
    )
    .unwrap();
    let info = capture.traces[1].info();
    assert_eq!(
        (info.samples, info.t0_s, info.sample_interval_s),
        (1400, -2.52e-6, Some(1e-8))
    );
    assert_eq!(
        stats(&capture.traces[1]).unwrap().last,
        [0.28, 0.32, 0.28, 0.32, 0.28]
    );
}

#[test]
fn ref_tektronix_csv_agrees_with_its_mat_and_npy_twins() {
    let Some(folder) = shared_captures() else {
        return;
    };
    let file = folder.join("csv_variants/iq_waveform.csv");
    let capture = open(&file, &OpenOptions::default()).unwrap();
    let info = capture.traces[0].info();
    assert_eq!(
        (info.samples, info.unit.as_str(), info.channel.as_str()),
        (7250, "V", "REF6")
    );
    assert_eq!(info.sample_interval_s, Some(4.00001744e-7));
    assert_eq!(info.t0_s, -1.4494075e-3);
    assert!(
        capture.warnings.iter().any(|w| w.contains("IQ")),
        "{:?}",
        capture.warnings
    );
    // The .mat twin's IQData begins 0.1625 - 0.14828125i; the .npy twin holds the raw integers,
    // of which the manifest gives the first five: 1040 -> 0.1625 V, so 1.5625e-4 V each.
    let sums = stats(&capture.traces[0]).unwrap();
    let raw = [1040.0, -949.0, 1044.0, -950.0, 1049.0];
    for (volt, raw) in sums.first.iter().zip(raw) {
        assert!(
            (volt - raw * 1.5625e-4).abs() < 1e-9,
            "{volt} against {raw}"
        );
    }
}

#[test]
fn ref_matlab_variables_are_traces() {
    let Some(folder) = shared_captures() else {
        return;
    };
    let row = |file: &str, variable: &str| {
        let mut rows = rows(&folder).into_iter();
        rows.find(|row| row.file == file && row.channel == variable)
            .unwrap()
    };
    /// `0.1625    -0.14828125j` or `0.31622777-0.31622777j`, five to nine digits.
    fn pairs(cell: &str) -> Vec<(f64, f64)> {
        let text = cell.trim_matches(['[', ']']).replace(' ', "");
        let pair = |text: &str| {
            let sign = text.rfind(['+', '-']).unwrap();
            (number(&text[..sign]), number(&text[sign..]))
        };
        text.split_terminator('j').map(pair).collect()
    }
    let near = |ours: f64, theirs: f64| assert!((ours - theirs).abs() < 1e-8, "{ours} {theirs}");

    let file = "mat/iq_waveform.mat";
    let tek = open(&folder.join(file), &OpenOptions::default()).unwrap();
    let iq = row(file, "IQData");
    let [i, q] = tek.traces.as_slice() else {
        panic!("{:?}", tek.traces);
    };
    assert_eq!(iq.n, format!("({}, 1)", i.info().samples));
    let (sums, quadrature) = (stats(i).unwrap(), stats(q).unwrap());
    near(sums.min, number(&iq.min));
    near(sums.max, number(&iq.max));
    near(sums.mean, number(&iq.mean));
    for (k, (re, im)) in pairs(&iq.first).into_iter().enumerate() {
        near(sums.first[k], re);
        near(quadrature.first[k], im);
    }
    for (k, (re, im)) in pairs(&iq.last).into_iter().enumerate() {
        near(sums.last[k + 2], re);
        near(quadrature.last[k + 2], im);
    }
    let info = i.info();
    assert_eq!(
        (info.unit.as_str(), q.info().channel.as_str()),
        ("V", "ref9 Q")
    );
    let rate = number(&row(file, "sampleRate").mean);
    assert!((info.sample_interval_s.unwrap() * rate - 1.0).abs() < 1e-8);
    // Its CSV twin begins at the same time, and says so by itself.
    let csv = folder.join("csv_variants/iq_waveform.csv");
    let csv = open(&csv, &OpenOptions::default()).unwrap();
    assert!((info.t0_s / csv.traces[0].info().t0_s - 1.0).abs() < 1e-6);
    assert!(
        tek.warnings[0].contains("`model` (text)"),
        "{:?}",
        tek.warnings
    );

    let file = "mat/10km_16QAM_28_3.mat";
    let radio = open(&folder.join(file), &OpenOptions::default()).unwrap();
    let all = row(file, "dataToSave");
    let sums: Vec<_> = radio.traces.iter().map(|t| stats(t).unwrap()).collect();
    let [received_i, received_q, sent_i, sent_q] = sums.as_slice() else {
        panic!("{} traces", sums.len());
    };
    assert_eq!((received_i.samples, all.n.as_str()), (99_990, "(99990, 2)"));
    near(received_i.min.min(sent_i.min), number(&all.min));
    near(received_i.max.max(sent_i.max), number(&all.max));
    near((received_i.mean + sent_i.mean) / 2.0, number(&all.mean));
    // Row by row: received, sent, received; and sent, received, sent at the end.
    let first = pairs(&all.first);
    near(received_i.first[0], first[0].0);
    near(received_q.first[0], first[0].1);
    near(sent_i.first[0], first[1].0);
    near(sent_q.first[0], first[1].1);
    near(received_i.first[1], first[2].0);
    let last = pairs(&all.last);
    near(sent_i.last[3], last[0].0);
    near(received_q.last[4], last[1].1);
    near(sent_q.last[4], last[2].1);
    assert_eq!(radio.traces[3].info().channel, "dataToSave(:,2) Q");
}
