//! Pictures of data that no receiver should ever give.

use etalon_dsp::{Eye, LevelHistogram, Reflectogram, ResidualSpectrum};
use etalon_types::Figure;
use etalon_types::report::EqualizerReport;
use ndarray::Array2;

use super::super::terminal::{Charset, terminal_eye, terminal_reflectogram};
use super::super::*;
use super::{check_well_formed, plot};
use crate::inventory::Pair;

fn bare_eye(hits: Array2<u32>, low: f64, high: f64) -> Eye {
    Eye {
        hits,
        low,
        high,
        span_ui: 2.0,
        instants_ui: vec![],
        thresholds: vec![],
        levels: vec![],
        samples: 0,
        equalized: false,
        time_resolved: true,
    }
}

#[test]
fn degenerate_eyes_are_drawn_all_the_same() {
    let mut report = fixture::report();
    let mut eyes = vec![
        bare_eye(Array2::zeros((0, 0)), 0.0, 0.0),
        bare_eye(Array2::zeros((4, 4)), 0.0, 1.0),
        bare_eye(Array2::ones((1, 1)), 3.0, 3.0),
        bare_eye(Array2::from_elem((3, 5), u32::MAX), -2.0, -1.0),
        bare_eye(Array2::ones((3, 5)), f64::NAN, f64::INFINITY),
    ];
    let mut odd = bare_eye(Array2::ones((3, 5)), 0.0, 1.0);
    odd.span_ui = f64::NAN;
    odd.instants_ui = vec![f64::NAN, 0.5, 9.0];
    odd.thresholds = vec![f64::INFINITY, 0.5];
    odd.levels = vec![0.5, f64::NAN];
    eyes.push(odd);
    for sigma in [0.0, f64::NAN, 1e-6] {
        report.levels.truncate(1);
        report.levels[0].sigma = sigma;
        report.link.baud_hz = if sigma == 0.0 { 0.0 } else { f64::NAN };
        for eye in &eyes {
            for time_resolved in [true, false] {
                let eye = Eye {
                    time_resolved,
                    ..eye.clone()
                };
                let empty = LevelHistogram {
                    low: 1.0,
                    high: 0.0,
                    counts: vec![],
                };
                let single = LevelHistogram {
                    low: 0.0,
                    high: 1.0,
                    counts: vec![vec![5]],
                };
                for histogram in [None, Some(&empty), Some(&single)] {
                    let scene = EyePlot {
                        unit: "",
                        ..plot(&eye, histogram, &report)
                    }
                    .scene();
                    check_well_formed(&scene.to_svg());
                    assert!(scene.to_rgb().is_ok());
                }
                for charset in [Charset::Ascii, Charset::Unicode] {
                    for (columns, rows) in [(0, 0), (24, 5), (80, 24), (200, 7)] {
                        let lines = terminal_eye(&eye, "V", columns, rows, charset);
                        assert!(lines.len() <= rows);
                        assert!(lines.iter().all(|l| l.chars().count() <= columns));
                    }
                }
            }
        }
    }
}

#[test]
fn degenerate_curves_are_drawn_all_the_same() {
    let none = Figure::not_measurable("no signal");
    let taps: [&[f64]; 6] = [
        &[],
        &[1.0],
        &[0.0],
        &[f64::NAN, 1.0],
        &[0.0, 0.0, 0.0],
        &[-1.0, 0.5],
    ];
    for taps in taps {
        for main_cursor in [0, 1, 99] {
            let equalizer = EqualizerReport {
                taps: taps.to_vec(),
                main_cursor,
                feedback: taps.to_vec(),
                ..fixture::equalizer()
            };
            let scene = TapsPlot {
                equalizer: &equalizer,
                ceq_db: &none,
                origin: Origin::Measured,
            }
            .scene();
            check_well_formed(&scene.to_svg());
            assert!(scene.to_rgb().is_ok());
        }
    }
    let curves: [(&[f64], &[f64]); 5] = [
        (&[], &[]),
        (&[1.0], &[1.0]),
        (&[1.0, 2.0], &[f64::NAN, f64::NAN]),
        (&[0.0, -1.0], &[0.0, 0.0]),
        (&[f64::NAN], &[2.0]),
    ];
    let odd_pairs = [0.0, 1e-9, -3.0, f64::NAN, f64::INFINITY].map(|distance_m| Pair {
        names: [
            "".into(),
            "a name that is much too long to be drawn anywhere".into(),
        ],
        distance_m,
    });
    for (xs, ys) in curves {
        for height in [0.0, f64::NAN, f64::INFINITY] {
            let spectrum = ResidualSpectrum {
                frequency_hz: xs.to_vec(),
                density_db_hz: ys.to_vec(),
                floor_db_hz: height,
                half_width_hz: Some(height),
            };
            let scene = SpectrumPlot {
                trace: &spectrum,
                origin: Origin::Measured,
            }
            .scene();
            check_well_formed(&scene.to_svg());
            assert!(scene.to_rgb().is_ok());
            let trace = Reflectogram {
                delay_s: xs.to_vec(),
                significance: ys.to_vec(),
                threshold: height,
                peaks: vec![0, 77],
                level_db: ys.to_vec(),
                floor_db: vec![height; xs.len() + 1],
            };
            let scene = ReflectogramPlot {
                trace: &trace,
                paths: &[],
                pairs: &odd_pairs,
                origin: Origin::Measured,
            }
            .scene();
            check_well_formed(&scene.to_svg());
            assert!(scene.to_rgb().is_ok());
            for charset in [Charset::Ascii, Charset::Unicode] {
                let lines = terminal_reflectogram(&trace, &odd_pairs, (60, 12), charset);
                assert!(lines.iter().all(|l| l.chars().count() <= 60));
            }
        }
    }
}

#[test]
fn degenerate_networks_are_drawn_all_the_same() {
    let mut topology = fixture::metro();
    let stranger = fixture::nodes(&[1, 99]);
    for nodes in [14, 1, 0] {
        topology.nodes.truncate(nodes);
        let plot = NetworkPlot {
            topology: &topology,
            positions: &[(f64::NAN, 0.0), (7.0, -7.0)],
            failed: Some("nowhere"),
            old_path: &stranger,
            new_path: &[],
            before: None,
            after: None,
            decision_s: Some(f64::NAN),
            origin: Origin::Measured,
        };
        check_well_formed(&plot.scene().to_svg());
        assert!(plot.scene().to_rgb().is_ok());
    }
}
