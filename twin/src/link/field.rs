//! The optical field: laser phase, reflections, square-law detection.

use std::f64::consts::{PI, TAU};

use num_complex::Complex64;
use rand::RngExt;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::rayleigh::Scatterer;
use super::scrambling::{Jones, Walk};
use super::streams::{Stream, path_stream};
use super::truth::PathTruth;
use super::window::{Window, capture_first};
use super::{LinkConfig, Polarization, dispersion, transmitter};

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
                Polarization::Random | Polarization::Scrambled => state.sqrt(),
                Polarization::Overlap(overlap) => overlap,
            };
            PathTruth {
                between,
                scrambled: reflection.polarization == Polarization::Scrambled,
                ..PathTruth::new(config, &reflection, overlap, [TAU * phase, TAU * across])
            }
        })
        .collect()
}

/// Draws the scatterers of the fibre's glass; none where it does not scatter.
pub(super) fn draw_scatterers(
    config: &LinkConfig,
    generator: Xoshiro256PlusPlus,
) -> Vec<Scatterer> {
    let fibre = &config.fibre;
    fibre.rayleigh.map_or_else(Vec::new, |rayleigh| {
        rayleigh.draw(fibre.loss_db_per_km, generator)
    })
}

/// A path as the inner loop needs it.
struct Tap {
    /// Whole samples of the delay.
    whole: usize,
    /// Rest of the delay, 0 to 1 sample.
    fraction: f64,
    /// Field gain along the signal's polarisation and across it.
    gain: Gain,
}

/// Field gain of a path along the signal's polarisation and across it.
enum Gain {
    Still(Jones),
    /// An amplitude, and a state that wanders.
    Wandering(f64, Walk),
}

impl Tap {
    /// `stretch` is the first detected sample, the capture's first, and the end.
    fn new(config: &LinkConfig, path: &PathTruth, index: usize, stretch: [usize; 3]) -> Self {
        let amplitude = path.level.to_linear().sqrt();
        let rest = (1.0 - path.overlap * path.overlap).sqrt();
        let state = |amplitude: f64| {
            [
                Complex64::from_polar(amplitude * path.overlap, path.phase_rad),
                Complex64::from_polar(amplitude * rest, path.across_phase_rad),
            ]
        };
        let rate = config.scrambling_rate.0 / config.sample_rate().0;
        let gain = if path.scrambled && rate > 0.0 {
            let generator = path_stream(config.seed, Stream::Scrambling, index);
            Gain::Wandering(amplitude, Walk::new(state(1.0), rate, stretch, generator))
        } else {
            Gain::Still(state(amplitude))
        };
        Self {
            whole: path.delay_samples.floor() as usize,
            fraction: path.delay_samples.fract(),
            gain,
        }
    }

    fn scatterer(scatterer: &Scatterer, rate_hz: f64) -> Self {
        Self {
            // The window's lead-in has room for rounding up.
            whole: (scatterer.delay_s * rate_hz).round() as usize,
            fraction: 0.0,
            gain: Gain::Still([scatterer.along, scatterer.across]),
        }
    }

    /// Adds the copies of the samples from `first` on to a block of both polarisations.
    fn add(
        &self,
        field: &[Complex64],
        first: usize,
        along: &mut [Complex64],
        across: &mut [Complex64],
    ) {
        let late = first - self.whole;
        let outputs = along.iter_mut().zip(across.iter_mut()).enumerate();
        match &self.gain {
            Gain::Still([to_along, to_across]) if self.fraction == 0.0 => {
                for ((along, across), copy) in along.iter_mut().zip(across).zip(&field[late..]) {
                    *along += copy * to_along;
                    *across += copy * to_across;
                }
            }
            gain => {
                for (i, (along, across)) in outputs {
                    let n = late + i;
                    // The window's lead-in is one symbol longer than the longest delay.
                    let copy = field[n] * (1.0 - self.fraction) + field[n - 1] * self.fraction;
                    let [to_along, to_across] = match gain {
                        Gain::Still(gain) => *gain,
                        Gain::Wandering(amplitude, walk) => {
                            walk.at(first + i).map(|part| part * amplitude)
                        }
                    };
                    *along += copy * to_along;
                    *across += copy * to_across;
                }
            }
        }
    }
}

/// Samples of a block of the sum over all paths: both polarisations and the copies fit the L2
/// cache.
const BLOCK: usize = 1 << 12;

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
    (paths, scatterers): (&[PathTruth], &[Scatterer]),
    generator: Xoshiro256PlusPlus,
) -> Vec<f64> {
    let first = window.transmitter_guard + window.echo;
    if paths.is_empty() && scatterers.is_empty() && config.dispersion_ps_per_nm == 0.0 {
        power.drain(..first);
        return power;
    }
    let mut field = transmitted_field(config, window, &power, generator);
    dispersion::disperse(config, &mut field);
    let stretch = [first, window.lead(), field.len()];
    let paths = paths.iter().enumerate();
    let taps = paths.map(|(index, path)| Tap::new(config, path, index, stretch));
    let rate_hz = config.sample_rate().0;
    let taps: Vec<Tap> = taps
        .chain(scatterers.iter().map(|s| Tap::scatterer(s, rate_hz)))
        .collect();
    let mut detected = Vec::with_capacity(field.len() - first);
    let mut across = [Complex64::new(0.0, 0.0); BLOCK];
    for start in (first..field.len()).step_by(BLOCK) {
        let end = field.len().min(start + BLOCK);
        let mut along = field[start..end].to_vec();
        let across = &mut across[..end - start];
        across.fill(Complex64::new(0.0, 0.0));
        for tap in &taps {
            tap.add(&field, start, &mut along, across);
        }
        let powers = along.iter().zip(across.iter());
        detected.extend(powers.map(|(along, across)| along.norm_sqr() + across.norm_sqr()));
    }
    detected
}

/// Returns `sqrt(P) exp(j phi + j chirp)`, the phase `phi` a random walk whose steps have the
/// variance `2 pi linewidth / sample rate`, the chirp that of [`transmitter`].
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
    let chirped = transmitter::phase(config, power, lead);
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
        field[n] = Complex64::from_polar(power[n].sqrt(), phase + chirped[n]);
    }
    field
}
