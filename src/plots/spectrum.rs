//! The residual's spectrum: the beat of the interference over the white floor.

use etalon_dsp::ResidualSpectrum;

use super::Origin;
use super::axes::{Axis, Edge, Frame};
use super::curve;
use super::numbers::{finite_range, fixed, si};
use super::scene::{Fill, Scene, Stroke, Text};
use super::style;

/// Power density of the low-frequency residual.
#[derive(Clone, Copy, Debug)]
pub struct SpectrumPlot<'a> {
    /// The spectrum.
    pub trace: &'a ResidualSpectrum,
    /// Measured or simulated.
    pub origin: Origin,
}

impl SpectrumPlot<'_> {
    /// Draws the picture, 1200 pixels wide.
    pub fn scene(&self) -> Scene {
        let mut scene = Scene::new(1200.0, 560.0, "Spectrum of the residual");
        let subtitle = "what is left of the block means after the decided levels";
        scene.heading("Residual spectrum", subtitle, self.origin);
        let frame = Frame {
            left: 108.0,
            top: 90.0,
            right: 1160.0,
            bottom: 484.0,
        };
        let trace = self.trace;
        let usable = |f: &f64, d: &f64| f.is_finite() && *f > 0.0 && d.is_finite();
        let (frequency, density): (Vec<f64>, Vec<f64>) = trace
            .frequency_hz
            .iter()
            .zip(&trace.density_db_hz)
            .filter(|(f, d)| usable(f, d))
            .map(|(f, d)| (*f, *d))
            .unzip();
        let Some((low, high)) = finite_range(frequency.iter().copied()) else {
            frame.nothing(
                &mut scene,
                "no residual spectrum: the capture has too few blocks",
            );
            return scene;
        };
        let (quiet, loud) =
            finite_range(density.iter().copied().chain([trace.floor_db_hz])).unwrap_or((-1.0, 0.0));
        // Deep notches of single bins tell nothing and would squeeze the rest.
        let quiet = quiet.max(trace.floor_db_hz.min(loud) - 25.0);
        let air = 0.06 * (loud - quiet).max(1.0);
        let x = Axis::decades(low * 0.9, high * 1.1, frame.left, frame.right);
        let y = Axis::linear(quiet - air, loud + 2.0 * air, frame.bottom, frame.top);
        frame.grid(&mut scene, &x, &x.ticks(10), Edge::Bottom);
        frame.grid(&mut scene, &y, &y.ticks(7), Edge::Left);
        for piece in curve::pieces(&x, &y, &frequency, &density) {
            scene.path(piece, Stroke::solid(style::SKY, 1.2));
        }
        draw_mean(
            &mut scene,
            &frame,
            &x,
            &y,
            &band_means(&frequency, &density),
        );
        self.draw_floor(&mut scene, &frame, &y);
        self.draw_half_width(&mut scene, &frame, &x);
        frame.axis(&mut scene, &x, &x.ticks(10), Edge::Bottom, "frequency (Hz)");
        frame.axis(
            &mut scene,
            &y,
            &y.ticks(7),
            Edge::Left,
            "density re mean power² (dB/Hz)",
        );
        frame.draw(&mut scene);
        scene
    }

    fn draw_floor(&self, scene: &mut Scene, frame: &Frame, y: &Axis) {
        let floor = self.trace.floor_db_hz;
        if !floor.is_finite() {
            return;
        }
        let at = y.within(floor);
        scene.line(
            (frame.left, at),
            (frame.right, at),
            Stroke::dashed(style::VERMILLION, 2.0, 10.0, 6.0),
        );
        let text = Text::new(
            format!("white floor {} dB/Hz", fixed(floor, 1)),
            style::TICK,
        )
        .color(style::VERMILLION);
        label(scene, frame.left + 14.0, at - 9.0, text);
    }

    fn draw_half_width(&self, scene: &mut Scene, frame: &Frame, x: &Axis) {
        let Some(half_width) = self
            .trace
            .half_width_hz
            .filter(|h| h.is_finite() && *h > 0.0)
        else {
            let text = Text::new("no Lorentzian found", style::TICK)
                .color(style::MUTED)
                .end();
            scene.text(frame.right - 14.0, frame.top + 24.0, text);
            return;
        };
        let at = x.within(half_width);
        scene.line(
            (at, frame.top),
            (at, frame.bottom),
            Stroke::dashed(style::GREEN, 2.0, 3.0, 4.0),
        );
        let words = format!(
            "Lorentzian, half width at half maximum {}",
            si(half_width, "Hz", 3)
        );
        let text = Text::new(words, style::TICK).color(style::GREEN);
        let fits = at + 10.0 + text.width() < frame.right;
        let start = if fits {
            at + 10.0
        } else {
            at - 10.0 - text.width()
        };
        label(scene, start, frame.top + 24.0, text);
    }
}

/// Draws the band means and says what the two lines are.
fn draw_mean(scene: &mut Scene, frame: &Frame, x: &Axis, y: &Axis, mean: &[(f64, f64)]) {
    if mean.len() < 3 {
        return;
    }
    let points = mean
        .iter()
        .map(|(f, d)| (x.within(*f), y.within(*d)))
        .collect();
    scene.path(points, Stroke::solid(style::BLUE, 2.6));
    let key = Text::new(
        "thin: each bin; thick: mean power of an eighth of a decade",
        style::NOTE,
    );
    scene.text(frame.right, frame.top - 9.0, key.color(style::MUTED).end());
}

/// Means of the power over eighths of a decade, as centre frequency and density in dB/Hz.
///
/// A single bin of a periodogram scatters by its own size; the mean of a band shows the shape.
fn band_means(frequency: &[f64], density: &[f64]) -> Vec<(f64, f64)> {
    let mut bands: std::collections::BTreeMap<i64, (f64, f64, f64)> =
        std::collections::BTreeMap::new();
    for (f, d) in frequency.iter().zip(density) {
        let band = bands.entry((f.log10() * 8.0).floor() as i64).or_default();
        band.0 += 1.0;
        band.1 += f.log10();
        band.2 += 10f64.powf(d / 10.0);
    }
    let mean = |(n, sum, power): (f64, f64, f64)| (10f64.powf(sum / n), 10.0 * (power / n).log10());
    bands
        .into_values()
        .map(mean)
        .filter(|(f, d)| f.is_finite() && d.is_finite())
        .collect()
}

/// Writes a text on a patch of paper.
fn label(scene: &mut Scene, x: f64, y: f64, text: Text) {
    scene.rect(
        x - 4.0,
        y - text.size,
        text.width() + 8.0,
        text.size * 1.4,
        Fill::faint(style::PAPER, 0.85),
    );
    scene.text(x, y, text);
}
