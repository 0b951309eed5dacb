//! The equalizer's taps: stems with their signs, over time from the main cursor.
//!
//! Feed-forward taps are shown relative to the main one (its weight is 1, whatever its sign
//! was); feedback taps have another unit and another meaning and stand in a panel of their own.

use etalon_types::Figure;
use etalon_types::report::EqualizerReport;

use super::Origin;
use super::axes::{Axis, Edge, Frame};
use super::numbers::{finite_range, fixed, worded};
use super::scene::{Fill, Scene, Stroke, Text};
use super::style::{self, Rgb};

/// Taps of an equalizer.
#[derive(Clone, Copy, Debug)]
pub struct TapsPlot<'a> {
    /// The equalizer.
    pub equalizer: &'a EqualizerReport,
    /// Noise enhancement of the reference equalizer in dB, or why there is none.
    pub ceq_db: &'a Figure,
    /// Measured or simulated.
    pub origin: Origin,
}

/// How a stem ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    Disc,
    Square,
}

impl TapsPlot<'_> {
    /// Draws the picture, 1200 pixels wide.
    pub fn scene(&self) -> Scene {
        let equalizer = self.equalizer;
        let mut scene = Scene::new(1200.0, 520.0, format!("Equalizer taps, {}", equalizer.kind));
        let subtitle = format!("{}: {}", equalizer.kind, equalizer.why);
        scene.heading("Equalizer taps", &subtitle, self.origin);
        let feedback = !equalizer.feedback.is_empty();
        let right = if feedback { 850.0 } else { 1160.0 };
        self.draw_forward(
            &mut scene,
            Frame {
                left: 96.0,
                top: 108.0,
                right,
                bottom: 446.0,
            },
        );
        if feedback {
            self.draw_feedback(
                &mut scene,
                Frame {
                    left: 960.0,
                    top: 108.0,
                    right: 1160.0,
                    bottom: 446.0,
                },
            );
        }
        scene
    }

    fn draw_forward(&self, scene: &mut Scene, frame: Frame) {
        let equalizer = self.equalizer;
        let taps: Vec<f64> = equalizer
            .taps
            .iter()
            .map(|t| if t.is_finite() { *t } else { 0.0 })
            .collect();
        let main = equalizer.main_cursor.min(taps.len().saturating_sub(1));
        let Some(&unit) = taps.get(main) else {
            frame.nothing(
                scene,
                "no feed-forward taps: the samples went through as they were",
            );
            return;
        };
        let (unit, title) = if unit == 0.0 {
            (1.0, "weight (the main tap is 0)")
        } else {
            (unit, "weight (main cursor = 1)")
        };
        let spacing = if equalizer.tap_spacing_ui > 0.0 {
            equalizer.tap_spacing_ui
        } else {
            1.0
        };
        let points: Vec<(f64, f64)> = taps
            .iter()
            .enumerate()
            .map(|(i, tap)| ((i as f64 - main as f64) * spacing, tap / unit))
            .collect();
        let x = span(points.iter().map(|p| p.0), spacing, frame.left, frame.right);
        stems(scene, &frame, &x, &points, style::BLUE, Head::Disc, title);
        frame.axis(
            scene,
            &x,
            &x.ticks(12),
            Edge::Bottom,
            "time from the main cursor (UI)",
        );
        let text = Text::new(
            format!(
                "feed-forward, {} taps, {} UI apart",
                taps.len(),
                fixed(spacing, 2)
            ),
            style::TICK,
        );
        scene.text(frame.left, frame.top - 12.0, text);
        scene.text(
            frame.right,
            frame.top - 12.0,
            Text::new(self.noise(&taps), style::TICK)
                .color(style::MUTED)
                .end(),
        );
    }

    /// Says what the taps do to white noise, and the reference equalizer's figure when known.
    fn noise(&self, taps: &[f64]) -> String {
        // With a sum of 1 a level keeps its place, and white noise grows by the sum of squares.
        let (sum, squares) = (
            taps.iter().sum::<f64>(),
            taps.iter().map(|t| t * t).sum::<f64>(),
        );
        let own = if sum != 0.0 && squares > 0.0 {
            format!(
                "white-noise gain {} dB",
                fixed(10.0 * (squares / (sum * sum)).log10(), 2)
            )
        } else {
            String::new()
        };
        match self.ceq_db.value() {
            Some(_) => format!("{own}, Ceq {}", worded(self.ceq_db).value),
            None => own,
        }
    }

    fn draw_feedback(&self, scene: &mut Scene, frame: Frame) {
        let points: Vec<(f64, f64)> = self
            .equalizer
            .feedback
            .iter()
            .enumerate()
            .map(|(i, tap)| ((i + 1) as f64, if tap.is_finite() { *tap } else { 0.0 }))
            .collect();
        let x = span(points.iter().map(|p| p.0), 1.0, frame.left, frame.right);
        stems(
            scene,
            &frame,
            &x,
            &points,
            style::VERMILLION,
            Head::Square,
            "weight (half level spacings)",
        );
        let ticks: Vec<_> = x
            .ticks(5)
            .into_iter()
            .filter(|t| t.value.fract() == 0.0)
            .collect();
        frame.axis(scene, &x, &ticks, Edge::Bottom, "symbols back");
        let text = Text::new(format!("feedback, {} taps", points.len()), style::TICK);
        scene.text(frame.left, frame.top - 12.0, text);
    }
}

/// Makes an axis over the taps with one spacing of air on both sides.
fn span(values: impl IntoIterator<Item = f64>, spacing: f64, from: f64, to: f64) -> Axis {
    let (low, high) = finite_range(values).unwrap_or((0.0, 0.0));
    Axis::linear(low - spacing, high + spacing, from, to)
}

fn stems(
    scene: &mut Scene,
    frame: &Frame,
    x: &Axis,
    points: &[(f64, f64)],
    color: Rgb,
    head: Head,
    title: &str,
) {
    let (low, high) = finite_range(points.iter().map(|p| p.1).chain([0.0])).unwrap_or((0.0, 1.0));
    let air = 0.09 * (high - low).max(1e-9);
    let y = Axis::linear(
        if low < 0.0 { low - air } else { low },
        high + air,
        frame.bottom,
        frame.top,
    );
    let ticks = y.ticks(7);
    frame.grid(scene, &y, &ticks, Edge::Left);
    let zero = y.within(0.0);
    scene.line(
        (frame.left, zero),
        (frame.right, zero),
        Stroke::solid(style::INK, 1.2),
    );
    let room = frame.width() / points.len().max(1) as f64;
    let size = (room * 0.22).clamp(2.5, 6.0);
    for (position, weight) in points {
        let (at, end) = (x.within(*position), y.within(*weight));
        scene.line(
            (at, zero),
            (at, end),
            Stroke::solid(color, (size * 0.45).max(1.2)),
        );
        match head {
            Head::Disc => scene.circle(at, end, size, Fill::solid(color)),
            Head::Square => scene.rect(
                at - size,
                end - size,
                2.0 * size,
                2.0 * size,
                Fill::solid(color),
            ),
        }
    }
    frame.axis(scene, &y, &ticks, Edge::Left, title);
    frame.draw(scene);
}
