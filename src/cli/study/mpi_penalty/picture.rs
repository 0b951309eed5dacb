//! The penalty over the level: curves from theory, counted points on them.

use super::{Case, EXTINCTIONS, Law, Point, Theory};
use crate::plots::{LinesPlot, Mark, Origin, PlotAxis, PlotPoint, Scale, Scene, Series};

/// Draws the picture.
pub fn scene(points: &[Point]) -> Scene {
    let mut series = Vec::new();
    for (color, extinction) in EXTINCTIONS.into_iter().enumerate() {
        for law in [Law::Single, Law::Gauss] {
            series.push(curve(law, extinction, color));
        }
    }
    for (color, extinction) in EXTINCTIONS.into_iter().enumerate() {
        for (law, mark) in [(Law::Single, Mark::Discs), (Law::Gauss, Mark::Squares)] {
            let of = |p: &&Point| p.case.law == law && p.case.extinction == extinction;
            series.push(Series {
                name: String::new(),
                color,
                mark,
                points: points
                    .iter()
                    .filter(of)
                    .map(|p| PlotPoint {
                        x: f64::from(p.case.level_db),
                        y: p.counted_db,
                        interval: Some(p.interval_db),
                    })
                    .collect(),
            });
        }
    }
    LinesPlot {
        title: "What interference costs at KP4",
        subtitle: "curves: theory; discs (one path) and squares (Gaussian): counted",
        x: PlotAxis {
            title: "interference (dB)",
            low: -40.0,
            high: -24.0,
            scale: Scale::Linear,
        },
        y: PlotAxis {
            title: "optical penalty at 2.4·10⁻⁴ (dB)",
            low: 0.0,
            high: 4.0,
            scale: Scale::Linear,
        },
        series: &series,
        limits: &[],
        origin: Origin::Simulated,
    }
    .scene()
}

/// Theory in steps of a dB, up to where there is a penalty.
fn curve(law: Law, extinction: u16, color: usize) -> Series {
    let at = |level_db: i16| {
        let case = Case {
            law,
            extinction,
            level_db,
        };
        Some(PlotPoint::new(
            f64::from(level_db),
            Theory::of(case)?.penalty_db,
        ))
    };
    let points = (-40..=-24).filter_map(at).collect();
    let words = match law {
        Law::Single => "one path",
        Law::Gauss => "Gaussian",
    };
    Series {
        name: format!("ER {} dB, {words}", f64::from(extinction) / 10.0),
        color,
        mark: match law {
            Law::Single => Mark::Curve,
            Law::Gauss => Mark::Dashed,
        },
        points,
    }
}
