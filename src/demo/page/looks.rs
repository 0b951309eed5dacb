//! Sections of the demo's page about one capture: the eye, the taps and the interference.

use etalon_types::FaultKind;

use super::{ORIGIN, path_of};
use crate::cli::figures::{Notation, figure};
use crate::demo::{Demo, ReroutedState};
use crate::plots::{EyePlot, ReflectogramPlot, SpectrumPlot, TapsPlot};
use crate::report::{Picture, Section, Table};
use crate::tools::Measured;

pub(super) fn broken(demo: &Demo, service: &str, measured: &Measured) -> Section {
    let report = measured.report();
    let healthy = report
        .classification
        .as_ref()
        .is_some_and(|c| c.kind == FaultKind::Healthy);
    let mut tables: Vec<Table> = report
        .classification
        .iter()
        .map(Table::of_classification)
        .collect();
    if !report.mpi_paths.is_empty() {
        tables.push(Table::of_paths(&report.mpi_paths));
    }
    tables.push(Table::of_figures(report));
    if !report.quality.is_empty() {
        tables.push(Table::of_quality(&report.quality));
    }
    Section {
        heading: if healthy {
            format!("{service}, the least sure of the healthy services")
        } else {
            format!("{service}, before")
        },
        paragraphs: vec![format!(
            "On {}: {} samples, {} symbols trained the equalizer and {} others were judged.",
            path_of(demo, service).join("-"),
            report.input.samples,
            report.equalizer.training_symbols,
            report.equalizer.judged_symbols
        )],
        pictures: pictures(measured, "before"),
        tables,
    }
}

pub(super) fn healed(demo: &Demo, service: &str, measured: &Measured) -> Section {
    let moved = demo
        .record
        .rerouted
        .iter()
        .find(|moved| moved.service == service);
    let restored = moved.filter(|moved| moved.state == ReroutedState::Restored);
    let path = moved.and_then(|moved| moved.new_path.as_ref());
    let report = measured.report();
    let mut tables: Vec<Table> = report
        .classification
        .iter()
        .map(Table::of_classification)
        .collect();
    tables.push(Table::of_figures(report));
    Section {
        heading: match restored {
            Some(_) => format!("{service}, on its new path"),
            None => format!("{service}, the last path that was tried"),
        },
        paragraphs: vec![match (restored, path) {
            (Some(moved), Some(path)) => format!(
                "Measured on {} after the reroute: BER {}.",
                path.join("-"),
                figure(&moved.ber, Notation::Scientific)
            ),
            _ => "This measurement was not good enough: the service was taken back.".into(),
        }],
        pictures: pictures(measured, "after"),
        tables,
    }
}

/// Pictures of one look, their names ending in `suffix`.
fn pictures(measured: &Measured, suffix: &str) -> Vec<Picture> {
    let (report, traces) = (measured.report(), &measured.analysis.traces);
    let mut pictures = Vec::new();
    let mut add = |stem: &str, scene, caption: &str| {
        pictures.push(Picture {
            name: format!("{stem}-{suffix}"),
            scene,
            caption: caption.to_owned(),
        });
    };
    if let Some(eye) = &traces.eye {
        let histogram = traces.levels.as_ref();
        let unit = &measured.analysis.unit;
        let plot = EyePlot {
            eye,
            histogram,
            report,
            unit,
            origin: ORIGIN,
        };
        add(
            "eye",
            plot.scene(),
            "The eye after the equalizer, with the histogram of each level",
        );
    }
    if !report.equalizer.taps.is_empty() {
        let ceq_db = &report.estimates.ceq_db;
        let plot = TapsPlot {
            equalizer: &report.equalizer,
            ceq_db,
            origin: ORIGIN,
        };
        add("taps", plot.scene(), "The equalizer's taps, main cursor 1");
    }
    if let Some(trace) = &traces.spectrum {
        let caption =
            "What the decided levels leave: interference stands above the floor at low frequencies";
        add(
            "spectrum",
            SpectrumPlot {
                trace,
                origin: ORIGIN,
            }
            .scene(),
            caption,
        );
    }
    if let Some(trace) = &traces.reflectogram {
        let plot = ReflectogramPlot {
            trace,
            paths: &report.mpi_paths,
            pairs: &[],
            origin: ORIGIN,
        };
        let caption = "Level over distance: a peak above the noise floor is a pair of reflections";
        add("reflectogram", plot.scene(), caption);
    }
    pictures
}
