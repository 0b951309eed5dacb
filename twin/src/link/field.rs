//! The optical field: laser phase, reflections, square-law detection.

use std::f64::consts::{PI, TAU};

use num_complex::Complex64;
use rand::RngExt;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::truth::PathTruth;
use super::window::{Window, capture_first};
use super::{LinkConfig, Polarization, dispersion};

/// Draws what is random about the reflections: static phases, and scrambled polarisations.
///
/// Given reflections come first, then the pairs of the fibre's reflectors.
/// Every path draws the same count of numbers, so that one path's choice moves no other's.
pub(super) fn draw_paths(config: &LinkConfig, mut generator: Xoshiro256PlusPlus) -> Vec<PathTruth> {
    let given = config.reflections.iter().map(|path| (path.clone(), None));
    let pairs = config.fibre.pairs().into_iter();
    let pairs = pairs.map(|pair| (pair.reflection, Some(pair.between)));
    given
        .chain(pairs)
        .map(|(reflection, between)| {
            let [phase, across, state]: [f64; 3] = std::array::from_fn(|_| generator.random());
            let overlap = match reflection.polarization {
                Polarization::Aligned => 1.0,
                Polarization::Orthogonal => 0.0,
                Polarization::Scrambled => state.sqrt(),
                Polarization::Overlap(overlap) => overlap,
            };
            PathTruth {
                between,
                ..PathTruth::new(config, &reflection, overlap, [TAU * phase, TAU * across])
            }
        })
        .collect()
}

/// A path as the inner loop needs it.
struct Tap {
    /// Whole samples of the delay.
    whole: usize,
    /// Rest of the delay, 0 to 1 sample.
    fraction: f64,
    /// Field gain along the signal's polarisation.
    along: Complex64,
    /// Field gain across it.
    across: Complex64,
}

impl Tap {
    fn new(path: &PathTruth) -> Self {
        let amplitude = path.level.to_linear().sqrt();
        let rest = (1.0 - path.overlap * path.overlap).sqrt();
        Self {
            whole: path.delay_samples.floor() as usize,
            fraction: path.delay_samples.fract(),
            along: Complex64::from_polar(amplitude * path.overlap, path.phase_rad),
            across: Complex64::from_polar(amplitude * rest, path.across_phase_rad),
        }
    }
}

/// Detects the power that falls on the receiver.
///
/// Takes the transmitted power over the whole window; returns the stretch from the end of the
/// echo lead-in on. Without reflections and dispersion the phase of the laser is not seen, and
/// not drawn. Dispersion comes first: signal and copies run through the same fibre, and a delay
/// and a dispersion may change places.
pub(super) fn detect(
    config: &LinkConfig,
    window: &Window,
    mut power: Vec<f64>,
    paths: &[PathTruth],
    generator: Xoshiro256PlusPlus,
) -> Vec<f64> {
    let first = window.transmitter_guard + window.echo;
    if paths.is_empty() && config.dispersion_ps_per_nm == 0.0 {
        power.drain(..first);
        return power;
    }
    let mut field = transmitted_field(config, window, &power, generator);
    dispersion::disperse(config, &mut field);
    let taps: Vec<Tap> = paths.iter().map(Tap::new).collect();
    (first..field.len())
        .map(|n| {
            let mut along = field[n];
            let mut across = Complex64::new(0.0, 0.0);
            for tap in &taps {
                // The window's lead-in is one symbol longer than the longest delay.
                let late = n - tap.whole;
                let copy = field[late] * (1.0 - tap.fraction) + field[late - 1] * tap.fraction;
                along += copy * tap.along;
                across += copy * tap.across;
            }
            along.norm_sqr() + across.norm_sqr()
        })
        .collect()
}

/// Returns `sqrt(P) exp(j phi + j alpha / 2 ln(P / mean))`, the phase `phi` a random walk whose
/// steps have the variance `2 pi linewidth / sample rate`, `alpha` the chirp.
///
/// The walk starts at the capture's first sample and goes both ways from there: a random walk
/// is one in either direction, and a longer lead-in leaves the capture's phase as it is.
fn transmitted_field(
    config: &LinkConfig,
    window: &Window,
    power: &[f64],
    mut generator: Xoshiro256PlusPlus,
) -> Vec<Complex64> {
    let step = (2.0 * PI * config.linewidth.0 / config.sample_rate().0).sqrt();
    let lead = window.lead();
    let start = TAU * generator.random::<f64>();
    let mean = config.rop.to_watts();
    // No light has no phase: the floor, 120 dB down, only keeps the logarithm finite.
    let chirped = |power: f64| 0.5 * config.chirp * (power / mean).max(1e-12).ln();
    let mut field = vec![Complex64::new(0.0, 0.0); power.len()];
    let mut phase = start;
    for n in capture_first(lead, power.len()) {
        if n + 1 == lead {
            phase = start;
        }
        if n != lead {
            let draw: f64 = generator.sample(StandardNormal);
            phase += step * draw;
        }
        field[n] = Complex64::from_polar(power[n].sqrt(), phase + chirped(power[n]));
    }
    field
}
