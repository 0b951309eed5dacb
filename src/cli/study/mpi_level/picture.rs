//! The error of the level over the capture and over the delay, with what is allowed.

use super::Found;
use crate::plots::{LinesPlot, Mark, Origin, PlotAxis, PlotPoint, Scale, Scene, Series};

/// Largest error that is shown in dB.
const RANGE_DB: f64 = 2.0;

/// A named part of the draws.
type Band = (&'static str, fn(&Found) -> bool);

/// Draws the error over K, with twice the allowed rms about it.
pub fn over_capture(told: &[&Found]) -> Scene {
    let bands: [Band; 3] = [
        ("V 0.3 to 3", |f| f.v < 3.0),
        ("V 3 to 30", |f| (3.0..30.0).contains(&f.v)),
        ("V above 30", |f| f.v >= 30.0),
    ];
    let mut series = dots(told, &bands, |f| f.k);
    for (name, sign) in [("twice the allowed rms", 2.0), ("", -2.0)] {
        series.push(Series {
            name: name.into(),
            color: 1,
            mark: Mark::Dashed,
            points: (0..=60)
                .map(|i| 40.0 * 10f64.powf(f64::from(i) / 28.0))
                .map(|k| {
                    let sampling = 1.3 * 2.17 / f64::sqrt(k);
                    PlotPoint::new(k, sign * f64::hypot(0.15, sampling))
                })
                .collect(),
        });
    }
    plot(
        &series,
        PlotAxis {
            title: "coherence angles in the capture, K = 2π·linewidth·T",
            low: 40.0,
            high: 6000.0,
            scale: Scale::Decades,
        },
        "error of the level (dB)",
        RANGE_DB,
    )
}

/// Draws the error over what is allowed, over V.
pub fn over_delay(told: &[&Found]) -> Scene {
    let bands: [Band; 3] = [
        ("K 40 to 120", |f| f.k < 120.0),
        ("K 120 to 500", |f| (120.0..500.0).contains(&f.k)),
        ("K above 500", |f| f.k >= 500.0),
    ];
    let normalised: Vec<Found> = told
        .iter()
        .filter_map(|f| {
            Some(Found {
                // Drawn against a truth of zero, so that the error is the level itself.
                truth_db: Some(0.0),
                level_db: Some(f.normalised()?),
                ..(*f).clone()
            })
        })
        .collect();
    let series = dots(&normalised.iter().collect::<Vec<_>>(), &bands, |f| f.v);
    plot(
        &series,
        PlotAxis {
            title: "coherence angles in the delay, V = 2π·linewidth·delay",
            low: 0.3,
            high: 1300.0,
            scale: Scale::Decades,
        },
        "error of the level over the allowed rms",
        4.0,
    )
}

fn dots(told: &[&Found], bands: &[Band], across: fn(&Found) -> f64) -> Vec<Series> {
    let colors = [4, 2, 0];
    let band = |(color, (name, holds)): (usize, &Band)| Series {
        name: (*name).into(),
        color,
        mark: Mark::Dots,
        points: told
            .iter()
            .filter(|found| holds(found))
            .filter_map(|found| Some(PlotPoint::new(across(found), found.error_db()?)))
            .collect(),
    };
    colors.into_iter().zip(bands).map(band).collect()
}

fn plot(series: &[Series], x: PlotAxis, y_title: &str, range: f64) -> Scene {
    LinesPlot {
        title: "Error of the level",
        subtitle: "-20 to -40 dB, ER 4.5 dB, SNR 17 to 24 dB; each dot a link",
        x,
        y: PlotAxis {
            title: y_title,
            low: -range,
            high: range,
            scale: Scale::Linear,
        },
        series,
        limits: &[],
        origin: Origin::Simulated,
    }
    .scene()
}
