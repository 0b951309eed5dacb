//! Reports written into scratch folders, with friendly and with hostile texts.

use etalon_types::{Alternative, Classification, Evidence, FaultKind};

use super::tables::provenance_rows;
use super::*;
use crate::plots::{
    EyePlot, NetworkPlot, ReflectogramPlot, SpectrumPlot, TapsPlot, fixture, positions_of,
};

fn pictures() -> Vec<Picture> {
    let (eye, histogram) = fixture::pam4();
    let (report, spectrum, trace) = (
        fixture::report(),
        fixture::spectrum(),
        fixture::reflectogram(),
    );
    let topology = fixture::metro();
    let (old, new) = (
        fixture::nodes(&[2, 4, 11, 13]),
        fixture::nodes(&[2, 4, 5, 7, 8, 9, 13]),
    );
    let (before, after) = (fixture::ber(4720, 262_144), fixture::ber(31, 262_144));
    let origin = Origin::Simulated;
    let scenes = [
        (
            "eye",
            EyePlot {
                eye: &eye,
                histogram: Some(&histogram),
                report: &report,
                unit: "W",
                origin,
            }
            .scene(),
        ),
        (
            "taps",
            TapsPlot {
                equalizer: &report.equalizer,
                ceq_db: &report.estimates.ceq_db,
                origin,
            }
            .scene(),
        ),
        (
            "spectrum",
            SpectrumPlot {
                trace: &spectrum,
                origin,
            }
            .scene(),
        ),
        (
            "reflectogram",
            ReflectogramPlot {
                trace: &trace,
                paths: &report.mpi_paths,
                pairs: &[],
                origin,
            }
            .scene(),
        ),
        (
            "network",
            NetworkPlot {
                topology: &topology,
                positions: &positions_of(&topology),
                failed: Some("4-11"),
                old_path: &old,
                new_path: &new,
                before: Some(&before),
                after: Some(&after),
                decision_s: Some(0.412),
                origin,
            }
            .scene(),
        ),
    ];
    scenes
        .into_iter()
        .map(|(name, scene)| Picture {
            name: name.into(),
            scene,
            caption: format!("The {name} of the made-up link."),
        })
        .collect()
}

fn full() -> Report {
    let link = fixture::report();
    let classification = Classification {
        kind: FaultKind::Mpi,
        confidence: 0.93,
        alternatives: vec![Alternative {
            kind: FaultKind::LowPower,
            confidence: 0.05,
        }],
        evidence: vec![Evidence {
            metric: "mpi_db".into(),
            value: Some(-30.2),
            note: "above -40 dB".into(),
        }],
    };
    let stage = |name: &str, seconds: f64, note: &str| Stage {
        name: name.into(),
        seconds,
        note: note.into(),
    };
    Report {
        title: "Etalon demo: one reflection, one reroute".into(),
        origin: Origin::Simulated,
        outcome: Outcome::Finding,
        verdict: vec![
            "Multipath interference at −30.2 dB; the second reflection is 10.21 m behind the first.".into(),
            "Link 4-11 failed; traffic 2 to 13 moved to 2 → 4 → 5 → 7 → 8 → 9 → 13.".into(),
            "Pre-FEC BER on the new path 1.18×10⁻⁴, measured.".into(),
        ],
        sections: vec![
            Section {
                heading: "The capture".into(),
                paragraphs: vec!["What the receiver saw, after its equalizer.".into()],
                pictures: pictures(),
                tables: vec![
                    Table::of_figures(&link),
                    Table::of_paths(&link.mpi_paths),
                    Table::of_classification(&classification),
                    Table::of_quality(&[]),
                ],
            },
        ],
        timeline: vec![
            stage("simulate", 0.41, "131 072 symbols"),
            stage("receive", 0.93, "BER 1.80×10⁻³"),
            stage("classify", 0.002, "mpi"),
            stage("reroute", 0.31, "verified"),
        ],
        attachments: vec![Attachment {
            file_name: "link-report.json".into(),
            description: "etalon.link-report/1".into(),
            json: serde_json::to_string_pretty(&link).unwrap(),
        }],
        provenance: provenance_rows(&link.provenance),
    }
}

#[test]
fn a_report_is_complete_and_loads_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("ETALON_PLOTS_DIR").map(|d| PathBuf::from(d).join("etalon-report"));
    let folder = kept.as_deref().unwrap_or(scratch.path());
    let start = std::time::Instant::now();
    let written = write_report(folder, &full()).unwrap();
    eprintln!("report in {:?}", start.elapsed());
    assert_eq!(written.files.len(), 5 * 2 + 1 + 1);
    let found = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(
        found,
        written.files.len(),
        "a part file is left, or a file is missing"
    );
    let page = std::fs::read_to_string(&written.index).unwrap();
    for text in [
        "Everything here is simulated",
        "RLM (120D.3.1.2)",
        "IEEE 802.3 94.3.12.5.1",
        "needs SSPRQ, found prbs13q",
        "10.21 m",
        "link-report.json",
        "prefers-color-scheme: dark",
        "@media print",
        "runner-up",
        "1.65 s in all",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(page.matches("<svg ").count(), 5);
    assert_eq!(
        page.matches("<section").count(),
        page.matches("</section>").count()
    );
    assert_eq!(page.matches("<td").count(), page.matches("</td>").count());
    // Nothing is loaded: the only addresses are names of this folder, data, and a namespace.
    assert!(!page.contains("<script") && !page.contains("<link") && !page.contains("@import"));
    assert!(!page.contains("url(") && !page.contains("src=\""));
    for href in page
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
    {
        assert!(
            href.starts_with("data:image/png;base64,") || folder.join(href).is_file(),
            "{href:.60}"
        );
    }
    let json = std::fs::read_to_string(folder.join("link-report.json")).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
}

#[test]
fn every_text_is_escaped() {
    let bad = "</title><script>alert(\"1\")</script><img src=x onerror='x'>&\u{1b}]0;";
    let table = Table {
        caption: bad.into(),
        columns: vec![bad.into(), bad.into()],
        rows: vec![vec![bad.into(); 3], vec![]],
    };
    let report = Report {
        title: bad.into(),
        verdict: vec![bad.into(), bad.into()],
        sections: vec![Section {
            heading: bad.into(),
            paragraphs: vec![bad.into()],
            pictures: vec![Picture {
                name: "a".into(),
                caption: bad.into(),
                scene: pictures().remove(1).scene,
            }],
            tables: vec![table],
        }],
        timeline: vec![Stage {
            name: bad.into(),
            seconds: f64::NAN,
            note: bad.into(),
        }],
        attachments: vec![Attachment {
            file_name: "b.json".into(),
            description: bad.into(),
            json: "{}".into(),
        }],
        provenance: vec![(bad.into(), bad.into())],
        ..Report::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let page =
        std::fs::read_to_string(write_report(folder.path(), &report).unwrap().index).unwrap();
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains('\u{1b}'));
    assert_eq!(
        page.matches("</title>").count(),
        2,
        "one of the page, one of the picture"
    );
    // Title twice, verdict twice, heading, paragraph, caption, table caption, two heads, two
    // cells, stage, note, description, provenance twice.
    assert_eq!(page.matches("&lt;script&gt;").count(), 17);
    assert!(!page.contains("NaN") && !page.contains("Everything here is simulated"));
}

#[test]
fn names_that_leave_the_folder_or_clash_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("report");
    for name in [
        "../x.json",
        "a/b.json",
        "",
        ".hidden",
        "A.json",
        "x\0.json",
        "c:x",
        "trailing.",
        "index.html",
        "taps.svg",
    ] {
        let report = Report {
            attachments: vec![Attachment {
                file_name: name.into(),
                ..Attachment::default()
            }],
            sections: vec![Section {
                pictures: vec![pictures().remove(1)],
                ..Section::default()
            }],
            ..Report::default()
        };
        let refused = write_report(&target, &report);
        assert!(
            matches!(refused, Err(Error::Name { .. } | Error::Twice { .. })),
            "{name:?}"
        );
        assert!(!target.exists(), "{name:?}");
    }
}

#[test]
fn a_second_report_replaces_the_first_and_a_blocked_one_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let mut report = Report {
        title: "first".into(),
        ..Report::default()
    };
    write_report(folder.path(), &report).unwrap();
    report.title = "second".into();
    let index = write_report(folder.path(), &report).unwrap().index;
    assert!(
        std::fs::read_to_string(index)
            .unwrap()
            .contains("<h1>second</h1>")
    );
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let blocked = write_report(&file.join("report"), &report);
    assert!(matches!(blocked, Err(Error::Io { .. })));
}
