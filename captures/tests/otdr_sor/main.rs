//! OTDR files: the real ones, shapes that no real file shows, and damage.

mod damage;
mod made;

use std::path::{Path, PathBuf};

use etalon_captures::{
    Error, OpenOptions, OtdrEventKind, OtdrEventOrigin, decode, decode_otdr, otdr,
};

use made::Made;

/// Real files, or none with a line that says so; on CI they must be there.
fn shared() -> Option<PathBuf> {
    let shared = std::env::var_os("ETALON_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("captures/otdr_sor");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("left out: no real files in {}", folder.display());
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "CI must have them"
    );
    None
}

const M200: &str = "M200_Sample_005_S13.sor";
const DEMO: &str = "demo_ab.sor";
const NOYES: &str = "example1-noyes-ofl280.sor";
const EXFO: &str = "example4-exfo-ftb4ftbx730c-mfdgainer-1550nm.sor";

fn near(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found}, expected {expected}"
    );
}

/// File, wavelength, index, range in km, points, five first levels, mean, highest, events, loss.
type Row = (
    &'static str,
    f64,
    f64,
    f64,
    usize,
    [f64; 5],
    f64,
    f64,
    usize,
    f64,
);

/// Column values of the manifest (pyOTDR 2.1.1), which shifts levels so that the lowest is 0.
#[rustfmt::skip]
const REFERENCE: [Row; 4] = [
    (M200, 1310.0, 1.4677, 8.17040152619745, 16_000, [46.694, 45.517, 51.753, 56.586, 58.013], 33.4406028, 65.0, 5, 2.564),
    (DEMO, 1310.0, 1.4711, 59.99514943351243, 11_776, [38.48, 42.646, 44.648, 45.973, 46.911], 31.6377972, 49.706, 5, 0.0),
    (NOYES, 1550.0, 1.4675, 6.128636279386711, 30_000, [43.382, 43.35, 43.376, 43.3, 43.314], 38.5351881, 63.769, 3, 0.576),
    (EXFO, 1548.6, 1.46833, 4.131938916166665, 12_952, [16.904, 16.921, 16.94, 16.93, 16.891], 15.3160563, 38.371, 9, 1.611),
];

#[test]
fn ref_real_files_agree_with_an_independent_reader() {
    let Some(folder) = shared() else { return };
    for (name, nm, index, range, points, first, mean, highest, events, loss) in REFERENCE {
        let file = otdr(&folder.join(name)).unwrap();
        near(file.wavelength_m.unwrap() * 1e9, nm, 1e-6, name);
        near(file.group_index, index, 1e-9, name);
        assert_eq!(
            (file.traces.len(), file.events.len()),
            (1, events),
            "{name}"
        );
        near(file.total_loss_db.unwrap(), loss, 1e-9, name);
        let trace = &file.traces[0];
        near(trace.spacing_m * points as f64 * 1e-3, range, 1e-12, name);
        assert_eq!(trace.level_db.len(), points);
        let levels: Vec<f64> = trace.level_db.iter().map(|&x| f64::from(x)).collect();
        let lowest = levels.iter().copied().fold(f64::INFINITY, f64::min);
        let top = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        near(top - lowest, highest, 1e-5, name);
        for (&level, expected) in levels.iter().zip(first) {
            near(level - lowest, expected, 1e-5, name);
        }
        let sum: f64 = levels.iter().sum();
        near(sum / points as f64 - lowest, mean, 1e-5, name);
        // The manifest's reader found the checksum of one file to be another, as this one does.
        let odd = file.warnings.iter().filter(|w| w.contains("checksum"));
        assert_eq!(
            odd.count(),
            usize::from(name == EXFO),
            "{:?}",
            file.warnings
        );
        assert_eq!(file.warnings.len(), usize::from(name == EXFO));
    }
}

#[test]
fn ref_sharp_reflections_of_real_files_lie_where_the_events_say() {
    let Some(folder) = shared() else { return };
    for (name, numbers) in [
        (M200, &[1, 2, 3, 4, 5][..]),
        (DEMO, &[3, 5]),
        (NOYES, &[1, 3]),
        (EXFO, &[1, 8, 9]),
    ] {
        let file = otdr(&folder.join(name)).unwrap();
        let trace = &file.traces[0];
        for number in numbers {
            let event = &file.events[number - 1];
            assert_eq!(usize::from(event.number), *number);
            // The steepest rise within 60 points of the event, over four points.
            let at = ((event.distance_m - trace.first_point_m) / trace.spacing_m) as usize;
            let rise = |&k: &usize| trace.level_db[k + 4] - trace.level_db[k];
            let steepest = (at.saturating_sub(60)..at + 60)
                .max_by(|a, b| rise(a).total_cmp(&rise(b)))
                .unwrap();
            assert!(
                steepest.abs_diff(at) <= 5,
                "{name} {number}: {at} {steepest}"
            );
            assert!(rise(&steepest) > 0.5, "{name} {number}");
        }
    }
}

#[test]
fn ref_events_of_a_real_file_of_either_version() {
    let Some(folder) = shared() else { return };
    let file = otdr(&folder.join(M200)).unwrap();
    let kinds: Vec<_> = file.events.iter().map(|e| (e.kind, e.origin)).collect();
    let found = (OtdrEventKind::Reflective, OtdrEventOrigin::Found);
    let end = (OtdrEventKind::Reflective, OtdrEventOrigin::End);
    assert_eq!(kinds, [found, found, found, found, end]);
    assert_eq!(file.events[0].comment, "Link Start");
    assert_eq!(file.events[0].reflectance_db, Some(-44.478));
    near(file.events[1].loss_db, 0.791, 1e-12, "loss");
    near(file.events[1].slope_db_per_km, 0.12, 1e-12, "slope");
    near(
        file.events[1].distance_m,
        4475e-10 * 299_792_458.0 / 1.4677,
        1e-9,
        "distance",
    );
    assert_eq!(file.return_loss_db, Some(30.279));
    near(file.version, 1.0, 0.0, "version");
    near(file.backscatter_db, -77.0, 1e-12, "backscatter");
    near(file.traces[0].pulse_width_s, 100e-9, 1e-18, "pulse");
    assert!(file.labels.contains(&("supplier", "Noyes".into())));

    let file = otdr(&folder.join(EXFO)).unwrap();
    near(file.version, 2.0, 0.0, "version");
    let numbers: Vec<u16> = file.events.iter().map(|e| e.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let last = &file.events[8];
    assert_eq!(last.kind, OtdrEventKind::Saturated);
    assert_eq!(last.origin, OtdrEventOrigin::End);
    assert_eq!(last.code, "2E9999LS");
    // A splice that looks like a gain.
    near(file.events[1].loss_db, -0.363, 1e-12, "gain");
    assert_eq!(file.events[1].reflectance_db, None);
    // The file says 151.5 m itself, in tenths of a metre.
    near(file.user_offset_m, 151.5, 0.05, "user offset");
    // A return loss that was not measured.
    let file = otdr(&folder.join(DEMO)).unwrap();
    assert_eq!((file.return_loss_db, file.total_loss_db), (None, Some(0.0)));
}

#[test]
fn several_pulse_widths_are_traces_of_their_own_in_both_versions() {
    for second in [false, true] {
        let file = Made {
            second,
            ..Made::default()
        }
        .read();
        let speed = 299_792_458.0 / 1.5;
        assert_eq!(file.traces.len(), 2);
        let [short, long] = &file.traces[..] else {
            panic!("{file:?}")
        };
        near(short.pulse_width_s, 30e-9, 1e-18, "width");
        near(long.pulse_width_s, 1e-6, 1e-18, "width");
        near(short.spacing_m, 1e-9 * speed, 1e-12, "spacing");
        near(long.spacing_m, 2e-9 * speed, 1e-12, "spacing");
        // -20 ns of the acquisition, and the user's zero is 100 ns behind the panel.
        near(short.first_point_m, -120e-9 * speed, 1e-9, "first point");
        near(short.distance_m(2), -118e-9 * speed, 1e-9, "distance");
        assert_eq!(short.level_db, [0.0, -1.0, -65.535]);
        assert_eq!(long.level_db, [-1.0, -2.0]);
        // Numbers, not texts: 10 stays behind 2, and distances are not rounded.
        let numbers: Vec<u16> = file.events.iter().map(|e| e.number).collect();
        assert_eq!(numbers, [1, 2, 10]);
        near(file.events[2].distance_m, 1e-4 * speed, 1e-9, "distance");
        assert_eq!(file.events[2].origin, OtdrEventOrigin::Added);
        assert_eq!(file.events[2].comment, "words");
        assert_eq!(file.return_loss_db, None);
        near(file.backscatter_db, -81.5, 1e-12, "backscatter");
        assert_eq!((file.averages, file.measured_unix_s), (77, 1_600_000_000));
        assert!(file.labels.contains(&("to", "there".into())));
        assert_eq!(file.warnings.len(), 1, "{:?}", file.warnings);
        assert!(file.warnings[0].contains("0x1234"), "{:?}", file.warnings);
    }
}

#[test]
fn wavelengths_are_told_apart_by_their_range() {
    for (stated, nm) in [
        (15_500, 1550.0),
        (1550, 1550.0),
        (850, 850.0),
        (8500, 850.0),
        (13_105, 1310.5),
        // Neither: the other block says 1550.
        (0, 1550.0),
        (3000, 1550.0),
    ] {
        let file = Made {
            wavelength: stated,
            ..Made::default()
        }
        .read();
        near(file.wavelength_m.unwrap() * 1e9, nm, 1e-6, "wavelength");
        let warned = file.warnings.iter().any(|w| w.contains("no wavelength"));
        assert_eq!(warned, stated == 0 || stated == 3000);
    }
}

#[test]
fn counts_that_disagree_are_warnings_while_it_is_clear_whose_points_they_are() {
    let lengths = |made: &Made| -> Vec<usize> {
        let file = made.read();
        assert_eq!(file.warnings.len(), 2, "{:?}", file.warnings);
        file.traces.iter().map(|t| t.level_db.len()).collect()
    };
    let stated = Made {
        stated: 7,
        ..Made::default()
    };
    assert_eq!(lengths(&stated), [3, 2]);
    let mut pulses = Made::default();
    pulses.pulses[1].2 = 9;
    assert_eq!(lengths(&pulses), [3, 2]);
    let one = Made {
        pulses: vec![(30, 100_000, 4)],
        ..Made::default()
    };
    assert_eq!(lengths(&one), [5]);
    // One scale for both pulse widths is no disagreement.
    let mut merged = Made {
        groups: vec![(1000, vec![1, 2, 3, 4, 5])],
        ..Made::default()
    };
    assert_eq!(merged.read().traces[1].level_db, [-0.004, -0.005]);
    merged.pulses[0].2 = 4;
    assert!(merged.refused().contains("points of the groups"));
}

#[test]
fn impossible_headers_are_refused_with_byte_and_field() {
    let refused = |made: &Made, text: &str| {
        let found = made.refused();
        assert!(found.contains(text), "{found}");
    };
    for index in [0, 99_999, 300_000, u32::MAX] {
        let made = Made {
            index,
            ..Made::default()
        };
        refused(&made, "group index");
    }
    let mut made = Made::default();
    made.pulses[0].1 = 0;
    refused(&made, "time between points");
    made.pulses.clear();
    refused(&made, "number of pulse widths");
    let empty = Made {
        groups: vec![(1000, vec![])],
        ..Made::default()
    };
    refused(&empty, "at least one point");
    // The size of a block beyond the file: at the place of that size.
    let mut bytes = Made::default().bytes();
    let place = 12 + "GenParams\0".len() + 2;
    for size in [i32::MAX as u32, 1 << 31, u32::MAX] {
        bytes[place..place + 4].copy_from_slice(&size.to_le_bytes());
        match decode_otdr(&bytes) {
            Err(Error::Malformed { offset, field, .. }) => {
                assert_eq!(offset, place as u64);
                assert!(field.contains("GenParams"), "{field}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn scopes_are_asked_for_where_a_waveform_is_wanted() {
    for second in [false, true] {
        let bytes = Made {
            second,
            ..Made::default()
        }
        .bytes();
        match decode(bytes, &OpenOptions::default()) {
            Err(Error::Unsupported { format, hint, .. }) => {
                assert_eq!(format, "OTDR .sor");
                assert!(hint.contains("etalon_captures::otdr"), "{hint}");
            }
            other => panic!("{other:?}"),
        }
    }
    match decode_otdr(b"PAR1rest") {
        Err(Error::Unsupported { format, .. }) => assert_eq!(format, "Parquet"),
        other => panic!("{other:?}"),
    }
    assert!(decode_otdr(b"").is_err());
}
