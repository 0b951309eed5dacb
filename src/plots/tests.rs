//! Every picture drawn from plausible data, and from hostile texts.

use etalon_dsp::{Eye, LevelHistogram};
use etalon_types::LinkReport;
use etalon_types::report::PathKind;

use super::fixture;
use super::terminal::{Charset, terminal_eye, terminal_reflectogram};
use super::*;
use crate::inventory::Inventory;

mod degenerate;

/// Checks that every tag of an SVG is closed in order, and that no number in it is NaN or
/// infinite.
pub(crate) fn check_well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        assert!(
            !rest[..start].contains('>'),
            "stray > in {:?}",
            &rest[..start.min(80)]
        );
        let end = rest[start..].find('>').expect("a tag ends") + start;
        let tag = &rest[start + 1..end];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') && !tag.starts_with('!') {
            open.push(tag.split_whitespace().next().expect("a tag has a name"));
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!svg.contains("NaN") && !svg.contains("inf,") && !svg.contains("\"inf"));
}

/// Draws a scene both ways; the PNG is left in the folder that `ETALON_PLOTS_DIR` names, when a
/// person wants to look at it.
fn check(name: &str, scene: &Scene, labels: &[&str]) -> String {
    let svg = scene.to_svg();
    check_well_formed(&svg);
    for label in labels {
        assert!(svg.contains(label), "{name} lacks {label:?}");
    }
    let kept = std::env::var_os("ETALON_PLOTS_DIR").map(PathBuf::from);
    let folder = tempfile::tempdir().unwrap();
    let path = kept
        .as_deref()
        .unwrap_or(folder.path())
        .join(format!("plots-{name}.png"));
    let start = std::time::Instant::now();
    scene.write_png(&path).unwrap();
    eprintln!(
        "{name}: PNG in {:?}, SVG of {} bytes",
        start.elapsed(),
        svg.len()
    );
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n", "{name}");
    // Width and height stand at fixed places of the first chunk.
    let size = (&bytes[16..20], &bytes[20..24]);
    let (width, height) = scene.size();
    assert_eq!(
        size,
        (&width.to_be_bytes()[..], &height.to_be_bytes()[..]),
        "{name}"
    );
    if kept.is_none() {
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "{name}: a part file is left"
        );
    }
    svg
}

fn plot<'a>(
    eye: &'a Eye,
    histogram: Option<&'a LevelHistogram>,
    report: &'a LinkReport,
) -> EyePlot<'a> {
    EyePlot {
        eye,
        histogram,
        report,
        unit: "W",
        origin: Origin::Simulated,
    }
}

#[test]
fn the_eye_shows_levels_thresholds_and_figures_with_their_definitions() {
    let (eye, histogram) = fixture::pam4();
    let report = fixture::report();
    let svg = check(
        "eye",
        &plot(&eye, Some(&histogram), &report).scene(),
        &[
            "SIMULATED",
            "optical power (µW)",
            "time (UI)",
            "time (ps)",
            "RLM (120D.3.1.2)",
            "RLM (clause 94)",
            "OMA outer",
            "Extinction ratio",
            "samples per cell",
            "26.5625 GBd",
            "decision",
            "σ 21.0",
            "ffe-dfe",
            "472 in 262",
            "IEEE 802.3 120D.3.1.2",
            "needs SSPRQ, found prbs13q",
            "data:image/png;base64,",
        ],
    );
    assert!(!svg.contains("axis does not start at zero"));
    let measured = EyePlot {
        origin: Origin::Measured,
        ..plot(&eye, Some(&histogram), &report)
    };
    assert!(!measured.scene().to_svg().contains("SIMULATED"));
}

#[test]
fn an_eye_of_the_side_histogram_without_decisions_uses_its_own_counts() {
    let (eye, _) = fixture::pam4();
    check(
        "eye-own-counts",
        &plot(&eye, None, &fixture::report()).scene(),
        &["at the decision", "count"],
    );
}

#[test]
fn an_eye_far_from_zero_marks_the_break() {
    let (mut eye, _) = fixture::pam4();
    (eye.low, eye.high) = (900e-6, 1000e-6);
    (eye.levels, eye.thresholds) = (vec![], vec![]);
    check(
        "eye-break",
        &plot(&eye, None, &fixture::report()).scene(),
        &["axis does not start at zero"],
    );
}

#[test]
fn one_sample_a_symbol_gives_the_histogram_and_says_why() {
    let (mut eye, histogram) = fixture::pam4();
    eye.time_resolved = false;
    let svg = check(
        "levels",
        &plot(&eye, Some(&histogram), &fixture::report()).scene(),
        &["One sample a symbol", "count per bin", "skew", "σ 21.0"],
    );
    assert!(!svg.contains("time (UI)"));
}

#[test]
fn taps_keep_their_signs_and_feedback_stands_apart() {
    let equalizer = fixture::equalizer();
    let ceq = fixture::estimate(1.31, 0.05, "dB", "IEEE 802.3 121.8.5.3");
    let plot = TapsPlot {
        equalizer: &equalizer,
        ceq_db: &ceq,
        origin: Origin::Simulated,
    };
    check(
        "taps",
        &plot.scene(),
        &[
            "main cursor = 1",
            "feedback, 3 taps",
            "Ceq 1.31 dB",
            "half level spacings",
        ],
    );
}

#[test]
fn the_spectrum_marks_floor_and_half_width() {
    let trace = fixture::spectrum();
    let plot = SpectrumPlot {
        trace: &trace,
        origin: Origin::Simulated,
    };
    check(
        "spectrum",
        &plot.scene(),
        &[
            "frequency (Hz)",
            "white floor −127.9 dB/Hz",
            "20.4 MHz",
            "dB/Hz)",
        ],
    );
}

#[test]
fn the_reflectogram_names_peaks_in_metres_with_their_level() {
    let (trace, mut report) = (fixture::reflectogram(), fixture::report());
    let inventory = Inventory::example();
    report.mpi_paths[0].connectors = Some(vec![["PP1-A".into(), "PP2-B".into()]]);
    report.mpi_paths[2].kind = Some(PathKind::FixedEcho);
    let pairs = inventory.pairs();
    let plot = ReflectogramPlot {
        trace: &trace,
        paths: &report.mpi_paths,
        pairs: &pairs,
        origin: Origin::Simulated,
    };
    let labels = [
        "delay (ns)",
        "n = 1.468",
        "10.21 m",
        "−30.2 dB [−30.6, −29.8]",
        "level not measurable",
        "noise floor",
        "PP1-A / PP2-B",
        "fixed echo",
    ];
    check("reflectogram", &plot.scene(), &labels);
}

#[test]
fn the_network_shows_the_failure_and_both_paths() {
    let topology = fixture::metro();
    let (old, new) = (
        fixture::nodes(&[2, 4, 11, 13]),
        fixture::nodes(&[2, 4, 5, 7, 8, 9, 13]),
    );
    let (before, after) = (fixture::ber(4720, 262_144), fixture::ber(31, 262_144));
    let plot = NetworkPlot {
        topology: &topology,
        positions: &positions_of(&topology),
        failed: Some("4-11"),
        old_path: &old,
        new_path: &new,
        before: Some(&before),
        after: Some(&after),
        decision_s: Some(0.412),
        origin: Origin::Simulated,
    };
    let labels = [
        "failed: 4-11",
        "old path, 172.5 km",
        "new path, ",
        "pre-FEC BER",
        "decided 412 ms after the alarm",
        "97.5 km",
    ];
    check("network", &plot.scene(), &labels);
    let unmeasured = NetworkPlot {
        after: None,
        ..plot
    };
    assert!(
        unmeasured
            .scene()
            .to_svg()
            .contains("pre-FEC BER not measured")
    );
}

#[test]
fn hostile_texts_stay_texts() {
    let (eye, histogram) = fixture::pam4();
    let mut report = fixture::report();
    report.input.path = "</text><script>alert(1)</script>\u{1b}[2J".into();
    report.link.pattern = Some("a\"b<&'".into());
    let svg = plot(&eye, Some(&histogram), &report).scene().to_svg();
    check_well_formed(&svg);
    assert!(!svg.contains("<script") && !svg.contains('\u{1b}'));
}

#[test]
fn the_terminal_eye_is_ascii_when_asked_and_fits() {
    let (eye, _) = fixture::pam4();
    for charset in [Charset::Unicode, Charset::Ascii] {
        let lines = terminal_eye(&eye, "W", 78, 18, charset);
        for line in &lines {
            eprintln!("{line}");
        }
        assert_eq!(lines.len(), 18);
        assert!(lines.iter().all(|l| l.chars().count() <= 78));
        assert!(
            lines.iter().any(|l| l.trim_start().starts_with("806")),
            "no level is labelled"
        );
        let three_thresholds = lines
            .iter()
            .filter(|l| l.ends_with('<') || l.ends_with('◂'))
            .count();
        assert_eq!(three_thresholds, 3);
        if charset == Charset::Ascii {
            assert!(lines.iter().all(|l| l.is_ascii()));
        }
    }
    let flat = terminal_eye(
        &Eye {
            time_resolved: false,
            ..eye
        },
        "W",
        60,
        16,
        Charset::Ascii,
    );
    flat.iter().for_each(|l| eprintln!("{l}"));
    assert!(flat.iter().any(|l| l.contains("one sample a symbol")));
}

#[test]
fn the_terminal_reflectogram_names_its_peak_in_metres() {
    let trace = fixture::reflectogram();
    for charset in [Charset::Unicode, Charset::Ascii] {
        let lines = terminal_reflectogram(&trace, &[], (78, 12), charset);
        for line in &lines {
            eprintln!("{line}");
        }
        assert!(lines.iter().all(|l| l.chars().count() <= 78));
        assert!(lines[0].contains("10.21 m"), "{:?}", lines[0]);
        if charset == Charset::Ascii {
            assert!(lines.iter().all(|l| l.is_ascii()));
        }
    }
}

#[test]
fn a_picture_that_cannot_be_written_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let trace = fixture::spectrum();
    let scene = SpectrumPlot {
        trace: &trace,
        origin: Origin::Measured,
    }
    .scene();
    let missing = folder.path().join("no/such/folder/a.png");
    assert!(scene.write_png(&missing).is_err());
    // The name is taken by a folder: encoding works, renaming does not.
    std::fs::create_dir(folder.path().join("b.png")).unwrap();
    assert!(matches!(
        scene.write_png(&folder.path().join("b.png")),
        Err(Error::Io { .. })
    ));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
