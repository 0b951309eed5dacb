//! The bit error ratio over the level, a colour a linewidth, a mark a canceller.

use super::super::harness::Trials;
use super::{Canceller, Case, LEVELS_DB, LINEWIDTHS_KHZ, Link, MpiCancel, Pooled};
use crate::plots::{Limit, LinesPlot, Mark, Origin, PlotAxis, PlotPoint, Scale, Scene, Series};

/// Draws the picture.
pub fn scene(trials: &Trials<MpiCancel>) -> Scene {
    let marks = [
        (Canceller::Plain, Mark::Curve, "plain slicer"),
        (Canceller::BlockTracker, Mark::Dashed, "block tracker"),
        (Canceller::DelayAware, Mark::Discs, "delay-aware"),
    ];
    let mut series = Vec::new();
    for (color, linewidth_khz) in LINEWIDTHS_KHZ.into_iter().enumerate() {
        for (canceller, mark, words) in marks {
            let case = Case {
                link: Link::Interfered,
                linewidth_khz,
                canceller,
            };
            let ratios = Pooled::of(trials, case).ratios(None);
            series.push(Series {
                name: format!("{}, {words}", case.megahertz()),
                color,
                mark,
                points: LEVELS_DB
                    .iter()
                    .zip(ratios)
                    .filter(|(_, ratio)| *ratio >= FLOOR)
                    .map(|(&db, ratio)| PlotPoint::new(db, ratio))
                    .collect(),
            });
        }
    }
    LinesPlot {
        title: "What cancelling gains",
        subtitle: "one path, 500 ns, ER 6 dB, noise for 10⁻⁶ without interference",
        x: PlotAxis {
            title: "interference (dB)",
            low: LEVELS_DB[0],
            high: LEVELS_DB[LEVELS_DB.len() - 1],
            scale: Scale::Linear,
        },
        y: PlotAxis {
            title: "bit error ratio",
            low: FLOOR,
            high: 0.3,
            scale: Scale::Decades,
        },
        series: &series,
        limits: &[Limit {
            y: 2.4e-4,
            name: "KP4",
        }],
        origin: Origin::Simulated,
    }
    .scene()
}

/// Lowest ratio that is shown: below, a few errors stand for a point.
const FLOOR: f64 = 1e-6;
