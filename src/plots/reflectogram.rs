//! The reflectogram: correlation of the residual with the delayed signal, over the delay.
//!
//! Delays are in nanoseconds, never in lags, with a second axis in metres between the two
//! reflections (`c t / (2 n)`, n = 1.468); heights are in standard deviations of the noise, so
//! that the threshold has a meaning.

use etalon_dsp::Reflectogram;
use etalon_types::report::MpiPath;

use super::axes::{Axis, Edge, Frame, apart};
use super::curve;
use super::numbers::{finite_range, fixed};
use super::scene::{Fill, Scene, Stroke, Text};
use super::style;
use super::{Origin, distance_m};

/// Most peaks that are labelled: the strongest ones.
const LABELLED: usize = 8;

/// A reflectogram and the paths that were found in it.
#[derive(Clone, Copy, Debug)]
pub struct ReflectogramPlot<'a> {
    /// The correlation.
    pub trace: &'a Reflectogram,
    /// Paths of the report: they give the peaks their levels.
    pub paths: &'a [MpiPath],
    /// Measured or simulated.
    pub origin: Origin,
}

impl ReflectogramPlot<'_> {
    /// Draws the picture, 1200 pixels wide.
    pub fn scene(&self) -> Scene {
        let mut scene = Scene::new(1200.0, 600.0, "Reflectogram");
        scene.heading(
            "Reflectogram",
            "residual against the delayed signal",
            self.origin,
        );
        let frame = Frame {
            left: 96.0,
            top: 132.0,
            right: 1160.0,
            bottom: 524.0,
        };
        let trace = self.trace;
        let Some((first, last)) = finite_range(trace.delay_s.iter().copied()) else {
            frame.nothing(
                &mut scene,
                "no reflectogram: it was not asked for, or the capture is too short",
            );
            return scene;
        };
        let heights = trace
            .significance
            .iter()
            .copied()
            .chain([trace.threshold, 0.0]);
        let (low, high) = finite_range(heights).unwrap_or((0.0, 1.0));
        let air = 0.05 * (high - low).max(1.0);
        let x = Axis::linear(first * 1e9, last * 1e9, frame.left, frame.right);
        // A third of the height above the curve is for the labels of the peaks.
        let y = Axis::linear(low - air, high + 6.0 * air, frame.bottom, frame.top);
        frame.grid(&mut scene, &y, &y.ticks(7), Edge::Left);
        let nanoseconds: Vec<f64> = trace.delay_s.iter().map(|t| t * 1e9).collect();
        for piece in curve::pieces(&x, &y, &nanoseconds, &trace.significance) {
            scene.path(piece, Stroke::solid(style::BLUE, 1.3));
        }
        self.draw_threshold(&mut scene, &frame, &y);
        self.draw_peaks(&mut scene, &frame, &x, &y);
        let metres = Axis::linear(
            distance_m(x.low * 1e-9),
            distance_m(x.high * 1e-9),
            frame.left,
            frame.right,
        );
        frame.axis(&mut scene, &x, &x.ticks(10), Edge::Bottom, "delay (ns)");
        frame.axis(
            &mut scene,
            &metres,
            &metres.ticks(10),
            Edge::Top,
            "distance between the reflections (m), n = 1.468",
        );
        frame.axis(
            &mut scene,
            &y,
            &y.ticks(7),
            Edge::Left,
            "significance (standard deviations)",
        );
        frame.draw(&mut scene);
        scene
    }

    fn draw_threshold(&self, scene: &mut Scene, frame: &Frame, y: &Axis) {
        if !self.trace.threshold.is_finite() {
            return;
        }
        let at = y.within(self.trace.threshold);
        scene.line(
            (frame.left, at),
            (frame.right, at),
            Stroke::dashed(style::VERMILLION, 1.8, 10.0, 6.0),
        );
        let words = format!(
            "threshold {}: noise alone exceeds it with probability 10⁻³",
            fixed(self.trace.threshold, 1)
        );
        let text = Text::new(words, style::NOTE).color(style::VERMILLION);
        let x = frame.right - 10.0 - text.width();
        scene.rect(
            x - 4.0,
            at - 21.0,
            text.width() + 8.0,
            18.0,
            Fill::faint(style::PAPER, 0.85),
        );
        scene.text(x, at - 7.0, text);
    }

    /// The strongest detected peaks, as delay in seconds and height.
    fn strongest(&self) -> Vec<(f64, f64)> {
        let trace = self.trace;
        let mut peaks: Vec<(f64, f64)> = trace
            .peaks
            .iter()
            .filter_map(|i| Some((*trace.delay_s.get(*i)?, *trace.significance.get(*i)?)))
            .filter(|(delay, height)| delay.is_finite() && height.is_finite())
            .collect();
        peaks.sort_by(|a, b| b.1.total_cmp(&a.1));
        peaks
    }

    fn draw_peaks(&self, scene: &mut Scene, frame: &Frame, x: &Axis, y: &Axis) {
        let peaks = self.strongest();
        if peaks.is_empty() {
            let text = Text::new("no reflection above the threshold", style::TICK)
                .color(style::MUTED)
                .end();
            scene.text(frame.right - 12.0, frame.top + 26.0, text);
            return;
        }
        for (delay, height) in peaks.iter().skip(LABELLED) {
            triangle(scene, x.within(delay * 1e9), y.within(*height));
        }
        let shown = &peaks[..peaks.len().min(LABELLED)];
        let labels: Vec<[Text; 3]> = shown.iter().map(|p| self.label(p.0)).collect();
        let widest = labels.iter().flatten().map(Text::width).fold(0.0, f64::max) + 12.0;
        let wanted: Vec<f64> = shown.iter().map(|p| x.within(p.0 * 1e9)).collect();
        let placed = apart(
            &wanted,
            widest,
            frame.left + widest / 2.0,
            frame.right - widest / 2.0,
        );
        for (((delay, height), lines), label) in shown.iter().zip(labels).zip(placed) {
            let (at, top) = (x.within(delay * 1e9), y.within(*height));
            triangle(scene, at, top);
            let base = frame.top + 60.0;
            if top - 16.0 > base {
                let leader = vec![(at, top - 14.0), (label, base)];
                scene.path(leader, Stroke::solid(style::MUTED, 1.0));
            }
            for (i, line) in lines.into_iter().enumerate() {
                scene.text(label, frame.top + 20.0 + 17.0 * i as f64, line.middle());
            }
        }
    }

    /// Distance, delay and level of a peak.
    fn label(&self, delay_s: f64) -> [Text; 3] {
        let level = match self.level_of(delay_s) {
            Some((level, low, high)) => format!(
                "{} dB [{}, {}]",
                fixed(level, 1),
                fixed(low, 1),
                fixed(high, 1)
            ),
            None => "level not measurable".into(),
        };
        [
            Text::new(format!("{} m", fixed(distance_m(delay_s), 2)), style::TICK).bold(),
            Text::new(format!("{} ns", fixed(delay_s * 1e9, 2)), style::NOTE),
            Text::new(level, 12.5).color(style::MUTED),
        ]
    }

    /// Level, low and high in dB of the path at this delay, when it was measured.
    fn level_of(&self, delay_s: f64) -> Option<(f64, f64, f64)> {
        let path = self.paths.iter().min_by(|a, b| {
            (a.delay_s - delay_s)
                .abs()
                .total_cmp(&(b.delay_s - delay_s).abs())
        })?;
        // A path is given between the points of the curve: two of them is as far as it can lie.
        let step = self
            .trace
            .delay_s
            .windows(2)
            .map(|w| (w[1] - w[0]).abs())
            .fold(0.0, f64::max);
        if (path.delay_s - delay_s).abs() > 2.0 * step.max(1e-12) {
            return None;
        }
        let level = path.level_db.filter(|l| l.is_finite())?;
        Some((
            level,
            path.low_db.unwrap_or(level),
            path.high_db.unwrap_or(level),
        ))
    }
}

fn triangle(scene: &mut Scene, x: f64, y: f64) {
    let points = vec![(x, y - 3.0), (x - 6.0, y - 14.0), (x + 6.0, y - 14.0)];
    scene.polygon(points, Fill::solid(style::ORANGE));
}
