//! Shares of paths that were found over the level, beside theory.

use etalon_dsp::measure::statistics::{CONFIDENCE, clopper_pearson, q};
use etalon_twin::link::theory;
use etalon_types::units::Db;

use super::super::harness::Trials;
use super::{Case, Found, LEVELS_DB, MpiRange, results};
use crate::plots::{Limit, LinesPlot, Mark, Origin, PlotAxis, PlotPoint, Scale, Scene, Series};

/// Threshold of the curve of theory, in standard deviations.
const THRESHOLD: f64 = 6.0;

/// Draws the picture.
pub fn scene(trials: &Trials<MpiRange>) -> Scene {
    let share = |name: &str, color, mark, right: fn(&Found) -> bool| Series {
        name: name.into(),
        color,
        mark,
        points: LEVELS_DB
            .into_iter()
            .filter_map(|level_db| {
                let of = || results(trials, Case::At(level_db));
                let (count, n) = (of().filter(|f| right(f)).count(), of().count());
                let interval = clopper_pearson(count as u64, n as u64, CONFIDENCE);
                (n > 0).then(|| PlotPoint {
                    x: f64::from(level_db),
                    y: count as f64 / n as f64,
                    interval: Some(interval),
                })
            })
            .collect(),
    };
    let series = [
        Series {
            name: "ideal detector, 6 sigma".into(),
            color: 1,
            mark: Mark::Curve,
            points: curve(),
        },
        share("found at all", 2, Mark::Squares, Found::detected),
        share("delay within 0.5 UI", 0, Mark::Discs, Found::located),
    ];
    LinesPlot {
        title: "How weak a reflection is found",
        subtitle: "2²⁰ symbols, ER 5 dB, SNR 18 dB, 0.5 to 10 MHz, 100 ns to 10 us",
        x: PlotAxis {
            title: "level of the path (dB)",
            low: -66.0,
            high: -20.0,
            scale: Scale::Linear,
        },
        y: PlotAxis {
            title: "share of draws",
            low: 0.0,
            high: 1.05,
            scale: Scale::Linear,
        },
        series: &series,
        limits: &[Limit { y: 0.99, name: "" }],
        origin: Origin::Simulated,
    }
    .scene()
}

/// Probability that a detector with the beat as its perfect reference exceeds the threshold:
/// `z = sqrt(2 m N var(a) / (sigma^2 E[1/P]))`, whole symbols of delay.
fn curve() -> Vec<PlotPoint> {
    let levels = theory::levels(Db(5.0), 4);
    let mean = |of: &dyn Fn(f64) -> f64| levels.iter().map(|&p| of(p)).sum::<f64>() / 4.0;
    let amplitude = mean(&f64::sqrt);
    let variance = mean(&|p| (p.sqrt() - amplitude).powi(2));
    let noise = theory::level_set_variance(&levels) / Db(18.0).to_linear();
    let gain = 2.0 * f64::from(1 << 20) * variance / (noise * mean(&|p| 1.0 / p));
    (0..=92)
        .map(|i| -66.0 + 0.5 * f64::from(i))
        .map(|level_db| {
            let z = (gain * 10f64.powf(level_db / 10.0)).sqrt();
            PlotPoint::new(level_db, q(THRESHOLD - z))
        })
        .collect()
}
