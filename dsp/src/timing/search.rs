//! The symbol rate when nobody tells it: any rate, from a line in the square.
//!
//! The spectrum of a PAM signal repeats itself: what lies at `f` and what lies at `r - f` have the
//! same symbols in them, and only when `r` is the symbol rate (or a multiple of it) do the
//! products of all such pairs add up in phase (spectral correlation: Gardner, IEEE Trans. Commun.
//! 35 (1987) 584). The sum over all pairs, for all rates at once, is the spectrum of the squared
//! analytic signal:
//!
//! ```text
//! W(f) = X(f) / sqrt(S(f))  for 0 < f < fs/2, else 0         S: the smoothed power density
//! Y(r) = sum_f W(f) W(r - f) = DFT of ( IDFT of W )^2        0 < r < fs
//! ```
//!
//! Only positive frequencies are in it, so that rates up to the sample rate are told from their
//! aliases; and the division by the density makes every pair count alike, so that a channel that
//! falls steeply hides no line.
//!
//! A line is believed when
//!
//! 1. it stands [`MIN_HEIGHT`] standard deviations out of its surroundings,
//! 2. at least [`MIN_PAIRS`] pairs make it: a sine or a spur makes lines of one or two pairs,
//! 3. every other line of half its size is a multiple of it: sharp edges make multiples, two
//!    signals or a very short pattern make others,
//! 4. block timing at that rate finds its clock ([`super::recover`]), which also refines it: to
//!    about 0.1 ppm for a capture of a million symbols.
//!
//! A rate within [`STANDARD_PPM`] of a standard's is that one, with a clock offset.
//!
//! *Assumes* 512 symbols and 1.1 samples a symbol. *Breaks* when the spectrum ends below half the
//! symbol rate (no pairs): then a rate has to be told.

use num_complex::{Complex32, Complex64};
use rustfft::FftPlanner;

use super::{MAX_OFFSET_PPM, MIN_SIGNIFICANCE, recover, rival};

/// Symbol rates of the standards in baud, for names and hints.
pub const STANDARD_RATES_HZ: [f64; 14] = [
    1.25e9, 3.125e9, 5.0e9, 8.0e9, 9.953_28e9, 10.3125e9, 16.0e9, 25.78125e9, 26.5625e9, 28.0e9,
    28.125e9, 53.125e9, 56.0e9, 106.25e9,
];

/// Height of a line, in standard deviations of its surroundings, below which it is none: by
/// chance a line of a million gets there with a probability of `1e6 exp(-64) = 2e-22`.
pub const MIN_HEIGHT: f64 = 8.0;

/// Pairs of frequencies below which a line is a spur's.
pub const MIN_PAIRS: f64 = 12.0;

/// Distance from a standard's rate, in parts per million, within which it is taken for it: twice
/// the tolerance of the widest standard (SONET aside, 100 ppm at either end), and some for the
/// digitizer.
pub const STANDARD_PPM: f64 = 300.0;

/// Samples that are searched.
const SEARCHED: usize = 1 << 19;
/// Fewest symbols, and fewest samples a symbol.
const MIN_SYMBOLS: f64 = 512.0;
const MIN_SAMPLES_PER_SYMBOL: f64 = 1.1;
/// Parts of the band over which the density is smoothed.
const SMOOTHED: usize = 256;
/// Density below the largest that counts as empty: -40 dB.
const FLOOR: f64 = 1e-4;
/// Bins on either side that make a line's surroundings.
const SURROUNDINGS: usize = 512;
/// Part of the line's size from which on another line has to be explained.
const RIVAL: f64 = 0.5;
/// Part of the strongest line's size, over the number of pairs, from which on the lower ones of
/// which it is a multiple are lines as well.
const FUNDAMENTAL: f64 = 0.35;
/// Bins of a cell: a line is as wide as the samples' ends are soft.
const CELL: usize = 16;
/// Highest multiple that sharp edges are taken to show.
const MULTIPLES: usize = 64;

/// A symbol rate that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundRate {
    /// Nominal symbol rate in baud: a standard's, or the measured one.
    pub baud_hz: f64,
    /// The measured rate in baud.
    pub measured_hz: f64,
    /// The standard rate that it is near, if any.
    pub standard_hz: Option<f64>,
    /// Height of the line in standard deviations of its surroundings.
    pub height: f64,
    /// Number of pairs of frequencies that make the line, as if all were equal.
    pub pairs: f64,
}

/// Finds the symbol rate.
///
/// # Errors
/// The likeliest standard rates, best first, when there is no line that can be believed.
pub fn search(samples: &[f32], sample_rate_hz: f64) -> Result<FoundRate, Vec<f64>> {
    let lines = Lines::new(samples);
    let likely = || {
        let ranked = lines.rank(sample_rate_hz);
        ranked.iter().take(3).map(|r| r.0).collect::<Vec<_>>()
    };
    let (bin, height) = lines.fundamental().ok_or_else(likely)?;
    let pairs = lines.pairs(bin);
    if pairs < MIN_PAIRS {
        return Err(likely());
    }
    let coarse = lines.centre(bin) / lines.bins() as f64;
    let timing = recover(samples, 1.0 / coarse);
    let fine = coarse * (1.0 + 1e-6 * timing.offset_ppm);
    let believed = timing.significance >= 2.0 * MIN_SIGNIFICANCE
        && timing.trouble().is_none()
        && rival(samples, &timing).is_none();
    if !believed {
        return Err(likely());
    }
    let measured_hz = fine * sample_rate_hz;
    let standard_hz = STANDARD_RATES_HZ
        .into_iter()
        .min_by(|a, b| (a - measured_hz).abs().total_cmp(&(b - measured_hz).abs()))
        .filter(|s| (measured_hz / s - 1.0).abs() < 1e-6 * STANDARD_PPM);
    Ok(FoundRate {
        baud_hz: standard_hz.unwrap_or(measured_hz),
        measured_hz,
        standard_hz,
        height,
        pairs,
    })
}

/// Orders the standard rates that fit the sample rate by the height of their line, in standard
/// deviations of its surroundings.
pub fn rank_standard_rates(samples: &[f32], sample_rate_hz: f64) -> Vec<(f64, f64)> {
    Lines::new(samples).rank(sample_rate_hz)
}

/// The spectrum of the squared analytic signal.
struct Lines {
    /// Whitened spectrum, positive frequencies only.
    whitened: Vec<Complex32>,
    /// Magnitude of each rate's line.
    sizes: Vec<f32>,
    /// The same in standard deviations of the surroundings.
    heights: Vec<f32>,
    /// Bins of the slowest and the fastest rate that are searched.
    range: std::ops::Range<usize>,
}

impl Lines {
    fn new(samples: &[f32]) -> Self {
        let used = &samples[..samples.len().min(SEARCHED)];
        let bins = used.len().next_power_of_two().max(4 * SURROUNDINGS);
        let mut planner = FftPlanner::new();
        let mut spectrum = prepared(used, bins);
        planner.plan_fft_forward(bins).process(&mut spectrum);
        whiten(&mut spectrum);
        let whitened = spectrum.clone();
        planner.plan_fft_inverse(bins).process(&mut spectrum);
        let scale = 1.0 / (bins as f32).sqrt();
        spectrum
            .iter_mut()
            .for_each(|a| *a = *a * *a * scale * scale);
        planner.plan_fft_forward(bins).process(&mut spectrum);
        let powers: Vec<f32> = spectrum.iter().map(|y| y.norm_sqr()).collect();
        let slowest = MIN_SYMBOLS * bins as f64 / used.len().max(1) as f64;
        let first = (slowest.ceil() as usize).min(bins);
        let end = ((bins as f64 / MIN_SAMPLES_PER_SYMBOL) as usize).max(first);
        Self {
            whitened,
            heights: heights(&powers),
            sizes: powers.iter().map(|p| p.sqrt()).collect(),
            range: first..end,
        }
    }

    fn bins(&self) -> usize {
        self.heights.len()
    }

    /// Largest of the lines within some bins of a rate: bin and size.
    fn near(&self, bin: usize, reach: usize) -> (usize, f64) {
        let end = (bin + reach + 1).min(self.range.end);
        let first = bin.saturating_sub(reach).max(self.range.start);
        let sizes = (first..end).map(|k| (k, f64::from(self.sizes[k])));
        sizes.fold(
            (bin, 0.0),
            |best, this| if this.1 > best.1 { this } else { best },
        )
    }

    /// Size of a line if all its pairs were in phase, up to a constant: every pair counts alike,
    /// and a rate has as many as it has bins, or as the band's end leaves it.
    fn pairs_at(&self, bin: usize) -> f64 {
        bin.min(self.bins() - bin).max(1) as f64
    }

    /// Finds the line that all strong ones are multiples of; bin and height.
    fn fundamental(&self) -> Option<(usize, f64)> {
        let (strongest, size) = self.near(0, self.bins());
        if f64::from(self.heights[strongest]) < MIN_HEIGHT {
            return None;
        }
        // Sharp edges show all multiples of the rate, in phase to the same degree.
        let wanted = FUNDAMENTAL * size / self.pairs_at(strongest);
        let shows = |line: (usize, f64)| {
            line.1 >= wanted * self.pairs_at(line.0)
                && f64::from(self.heights[line.0]) >= MIN_HEIGHT
        };
        let (chosen, size) = (1..=MULTIPLES).rev().find_map(|m| {
            let at = |j: usize| self.near((strongest * j).div_ceil(m), 2);
            (1..=m).all(|j| shows(at(j))).then(|| at(1))
        })?;
        let centre = self.centre(chosen);
        let rivals = self.range.clone().filter(|&k| {
            let multiple = k as f64 / centre;
            // Each multiple may be off by as many times the bins that the rate is off by, and by
            // more where sharp edges alias.
            let off = (multiple - multiple.round()).abs() * centre;
            f64::from(self.sizes[k]) > RIVAL * size
                && off > 3.0 + 0.5 * multiple
                && off > 1e-6 * MAX_OFFSET_PPM * k as f64
        });
        (rivals.count() == 0).then(|| (chosen, f64::from(self.heights[chosen])))
    }

    /// Centre of a line in bins, by a parabola through the powers.
    fn centre(&self, bin: usize) -> f64 {
        let at = |k: usize| self.sizes.get(k).map_or(0.0, |&h| f64::from(h).powi(2));
        let (l, c, r) = (at(bin.wrapping_sub(1)), at(bin), at(bin + 1));
        let bend = l - 2.0 * c + r;
        let shift = if bend < 0.0 {
            0.5 * (l - r) / bend
        } else {
            0.0
        };
        bin as f64 + shift.clamp(-0.5, 0.5)
    }

    /// Effective number of pairs behind a line: `|sum P|^2 / sum |P|^2` over cells of neighbouring
    /// products. A sine is one cell however much noise lies beside it; for many weak pairs it is
    /// the square of the line's height.
    fn pairs(&self, bin: usize) -> f64 {
        let half = self.bins() / 2;
        let products: Vec<Complex32> = (bin.saturating_sub(half).max(1)..bin.min(half))
            .map(|k| self.whitened[k] * self.whitened[bin - k])
            .collect();
        let (mut sum, mut square) = (Complex64::ZERO, 0.0);
        for cell in products.chunks(CELL) {
            let cell: Complex32 = cell.iter().sum();
            let cell = Complex64::new(f64::from(cell.re), f64::from(cell.im));
            sum += cell;
            square += cell.norm_sqr();
        }
        // Each pair was met from both ends.
        if square > 0.0 {
            0.5 * sum.norm_sqr() / square
        } else {
            0.0
        }
    }

    /// Ranks the standard rates.
    fn rank(&self, sample_rate_hz: f64) -> Vec<(f64, f64)> {
        let mut ranked: Vec<(f64, f64)> = STANDARD_RATES_HZ
            .iter()
            .filter_map(|&rate| {
                let bin = rate / sample_rate_hz * self.bins() as f64;
                let reach = 1.0 + 1e-6 * STANDARD_PPM * bin;
                self.range.contains(&(bin as usize)).then(|| {
                    let line = self.near(bin.round() as usize, reach as usize);
                    (rate, f64::from(self.heights[line.0]))
                })
            })
            .collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked
    }
}

/// The samples without their mean, scaled, with soft ends, padded with zeros.
fn prepared(samples: &[f32], bins: usize) -> Vec<Complex32> {
    let gain = super::band_edge::gain(samples);
    let mean = samples.iter().map(|&x| f64::from(x)).sum::<f64>() / samples.len().max(1) as f64;
    let soft = samples.len() / 32 + 1;
    let n = samples.len();
    let mut prepared: Vec<Complex32> = samples
        .iter()
        .enumerate()
        .map(|(i, &x)| {
            let edge = (i.min(n - 1 - i) as f32 / soft as f32).min(1.0);
            let x = ((f64::from(x) - mean) * gain) as f32;
            // A sample far beyond the others is a fault, and would fill the spectrum.
            Complex32::new(edge * edge * (3.0 - 2.0 * edge) * x.clamp(-1e3, 1e3), 0.0)
        })
        .collect();
    prepared.resize(bins, Complex32::ZERO);
    prepared
}

/// Divides the positive frequencies by the root of their smoothed density, and clears the others.
fn whiten(spectrum: &mut [Complex32]) {
    let half = spectrum.len() / 2;
    let width = (half / SMOOTHED).max(1);
    let mut prefix = vec![0.0f64];
    prefix.extend(spectrum[..half].iter().scan(0.0, |sum, x| {
        *sum += f64::from(x.norm_sqr());
        Some(*sum)
    }));
    let density = |k: usize| {
        let (first, end) = (k.saturating_sub(width), (k + width + 1).min(half));
        (prefix[end] - prefix[first]) / (end - first) as f64
    };
    let largest = (0..half).step_by(width).map(density).fold(0.0, f64::max);
    let floor = (FLOOR * largest).max(f64::MIN_POSITIVE);
    // What wanders slowly is no pulse.
    let slow = width.min(half);
    for (k, x) in spectrum[..half].iter_mut().enumerate() {
        let scale = if k < slow {
            0.0
        } else {
            (density(k).max(floor)).sqrt().recip()
        };
        *x *= scale as f32;
    }
    spectrum[half..].fill(Complex32::ZERO);
}

/// Square root of the power over that of its surroundings, whose median is ln 2 of its mean.
fn heights(powers: &[f32]) -> Vec<f32> {
    let medians: Vec<f32> = powers
        .chunks(SURROUNDINGS)
        .map(|chunk| {
            let mut sorted = chunk.to_vec();
            let (_, median, _) = sorted.select_nth_unstable_by(chunk.len() / 2, f32::total_cmp);
            *median / std::f32::consts::LN_2
        })
        .collect();
    // Where next to nothing is, the rounding of what is elsewhere would make lines.
    let floor = medians.iter().fold(0.0f32, |m, &v| m.max(v)) * FLOOR as f32;
    let floor = floor.max(f32::MIN_POSITIVE);
    let here = |i: usize| {
        let last = medians.len() - 1;
        let around = [i.saturating_sub(1), i, (i + 1).min(last)];
        around.iter().map(|&j| medians[j]).fold(floor, f32::max)
    };
    powers
        .iter()
        .enumerate()
        .map(|(k, p)| (p / here(k / SURROUNDINGS)).sqrt())
        .collect()
}
