//! `--report DIR`: analyses as one page, with its pictures and JSON beside it.

use std::path::Path;

use etalon_types::FaultKind;

use super::capture;
use super::classified::rejecting;
use super::error::{CliError, Exit};
use super::limits;
use super::screen;
use super::talk::Globals;
use crate::inventory::{Inventory, Pair};
use crate::pipeline::Analysis;
use crate::plots::{EyePlot, Origin, ReflectogramPlot, SpectrumPlot, TapsPlot};
use crate::report::{
    Attachment, Outcome, Picture, Report, Section, Stage, Table, provenance_rows, write_report,
};

/// Writes the page of one or several analyses when `--report` asks for one; says where it is. The
/// inventory's pairs of connectors are marked in the reflectogram.
///
/// # Errors
/// Storage, when the folder cannot be written.
pub fn write(
    analyses: &[Analysis],
    inventory: Option<&Inventory>,
    globals: &Globals,
) -> Result<(), CliError> {
    let Some(folder) = &globals.report else {
        return Ok(());
    };
    if analyses.is_empty() {
        return Ok(());
    }
    let pairs = inventory.map(Inventory::pairs).unwrap_or_default();
    let written = write_report(folder, &page(analyses, &pairs)).map_err(|error| CliError {
        code: "ETA-5002",
        exit: Exit::Storage,
        what: "the report could not be written".into(),
        where_: folder.display().to_string(),
        why: error.to_string(),
        hint: "choose a folder that can be written: --report etalon-report".into(),
    })?;
    globals.say(&format!("report: {}", written.index.display()));
    Ok(())
}

/// Composes the page.
fn page(analyses: &[Analysis], pairs: &[Pair]) -> Report {
    let several = analyses.len() > 1;
    let origins: Vec<Origin> = analyses.iter().map(origin).collect();
    let mut report = Report {
        title: match analyses {
            [one] => name(one),
            many => format!("{} captures", many.len()),
        },
        // One simulated capture marks the page: better a banner too many than one too few.
        origin: if origins.contains(&Origin::Simulated) {
            Origin::Simulated
        } else {
            Origin::Measured
        },
        outcome: outcome(analyses),
        ..Report::default()
    };
    for (number, (analysis, origin)) in analyses.iter().zip(origins).enumerate() {
        let suffix = if several {
            format!("-{}", number + 1)
        } else {
            String::new()
        };
        let verdict = screen::verdict(&analysis.report);
        report.verdict.push(if several {
            format!("{}: {verdict}", name(analysis))
        } else {
            verdict
        });
        report
            .sections
            .push(section(analysis, origin, &suffix, pairs));
        report.attachments.push(Attachment {
            file_name: format!("link-report{suffix}.json"),
            description: "etalon.link-report/1".into(),
            // A report is made of numbers, texts and lists: it always serializes.
            json: serde_json::to_string_pretty(&analysis.report).unwrap_or_default(),
        });
    }
    if let [one] = analyses {
        report.timeline = stages(one);
    }
    report.provenance = provenance_rows(&analyses[0].report.provenance);
    report
}

fn name(analysis: &Analysis) -> String {
    let path = Path::new(&analysis.report.input.path);
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn origin(analysis: &Analysis) -> Origin {
    if capture::has_truth(&analysis.report.input) {
        Origin::Simulated
    } else {
        Origin::Measured
    }
}

fn outcome(analyses: &[Analysis]) -> Outcome {
    let kinds = || {
        analyses
            .iter()
            .map(|a| a.report.classification.as_ref().map(|c| c.kind))
    };
    let rejected = analyses
        .iter()
        .any(|a| rejecting(&a.report.quality).is_some());
    let failed = analyses.iter().any(|a| limits::any_failed(&a.report));
    if failed
        || kinds().any(|kind| !matches!(kind, None | Some(FaultKind::Healthy | FaultKind::Unknown)))
    {
        Outcome::Finding
    } else if rejected || kinds().any(|kind| kind != Some(FaultKind::Healthy)) {
        Outcome::Undecided
    } else {
        Outcome::Healthy
    }
}

fn section(analysis: &Analysis, origin: Origin, suffix: &str, pairs: &[Pair]) -> Section {
    let report = &analysis.report;
    let mut tables = vec![Table::of_figures(report)];
    if let Some(classification) = &report.classification {
        tables.insert(0, Table::of_classification(classification));
    }
    if !report.limits.is_empty() {
        tables.insert(0, Table::of_limits(&report.limits));
    }
    if !report.mpi_paths.is_empty() {
        tables.push(Table::of_paths(&report.mpi_paths));
    }
    if !report.cancellation.is_empty() {
        tables.push(Table::of_cancellation(&report.cancellation));
    }
    if !report.quality.is_empty() {
        tables.push(Table::of_quality(&report.quality));
    }
    Section {
        heading: name(analysis),
        paragraphs: vec![screen::input_line(report), screen::link_line(report)],
        pictures: pictures(analysis, origin, suffix, pairs),
        tables,
    }
}

fn pictures(analysis: &Analysis, origin: Origin, suffix: &str, pairs: &[Pair]) -> Vec<Picture> {
    let Analysis {
        report,
        traces,
        unit,
    } = analysis;
    let picture = |stem: &str, scene, caption: &str| Picture {
        name: format!("{stem}{suffix}"),
        scene,
        caption: caption.to_owned(),
    };
    let mut pictures = Vec::new();
    if let Some(eye) = &traces.eye {
        let plot = EyePlot {
            eye,
            histogram: traces.levels.as_ref(),
            report,
            unit,
            origin,
        };
        pictures.push(picture(
            "eye",
            plot.scene(),
            "The eye, with the histogram of each level",
        ));
    }
    if !report.equalizer.taps.is_empty() {
        let ceq_db = &report.estimates.ceq_db;
        let plot = TapsPlot {
            equalizer: &report.equalizer,
            ceq_db,
            origin,
        };
        pictures.push(picture("taps", plot.scene(), &report.equalizer.why));
    }
    if let Some(trace) = &traces.spectrum {
        let caption =
            "Spectrum of what the decided levels leave: interference stands at low frequencies";
        pictures.push(picture(
            "spectrum",
            SpectrumPlot { trace, origin }.scene(),
            caption,
        ));
    }
    if let Some(trace) = &traces.reflectogram {
        let plot = ReflectogramPlot {
            trace,
            paths: &report.mpi_paths,
            pairs,
            origin,
        };
        let caption = "Level over distance: a peak above the noise floor is a pair of reflections";
        pictures.push(picture("reflectogram", plot.scene(), caption));
    }
    pictures
}

fn stages(analysis: &Analysis) -> Vec<Stage> {
    const ORDER: [&str; 9] = [
        "read",
        "condition",
        "timing",
        "equalize",
        "align",
        "measure",
        "mpi",
        "cancellation",
        "total",
    ];
    ORDER
        .into_iter()
        .filter_map(|name| {
            let &seconds = analysis.report.timing_s.get(name)?;
            Some(Stage {
                name: name.into(),
                seconds,
                note: String::new(),
            })
        })
        .collect()
}
