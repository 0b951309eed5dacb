//! How strongly each nuisance moves the levels, and whether it was reported.

use super::super::harness::Trials;
use super::{MpiSilence, Nuisance, results};
use crate::plots::{LinesPlot, Mark, Origin, PlotAxis, PlotPoint, Scale, Scene, Series};

/// Draws the picture: a column of dots a nuisance.
pub fn scene(trials: &Trials<MpiSilence>) -> Scene {
    let mut series: Vec<Series> = [("kept silent", 0), ("reported as interference", 1)]
        .into_iter()
        .map(|(name, color)| Series {
            name: name.into(),
            color,
            mark: Mark::Dots,
            points: Vec::new(),
        })
        .collect();
    for (column, case) in Nuisance::ALL.into_iter().enumerate() {
        for found in results(trials, case) {
            let at = usize::from(!found.is_silent());
            // Below 0.1 there is nothing to see; the axis has no zero.
            let height = found.beat_significance.max(0.1);
            series[at]
                .points
                .push(PlotPoint::new(column as f64 + 1.0, height));
        }
        series.push(Series {
            name: format!("{}  {}", column + 1, case.words()),
            color: 0,
            mark: Mark::Unmarked,
            points: Vec::new(),
        });
    }
    LinesPlot {
        title: "What must not be taken for interference",
        subtitle: "2¹⁹ symbols, ER 4.5 dB, SNR 20 dB; each dot a capture",
        x: PlotAxis {
            title: "nuisance",
            low: 0.0,
            high: 17.0,
            scale: Scale::Linear,
        },
        y: PlotAxis {
            title: "slow residual (standard deviations)",
            low: 0.1,
            high: 1e5,
            scale: Scale::Decades,
        },
        series: &series,
        limits: &[],
        origin: Origin::Simulated,
    }
    .scene()
}
