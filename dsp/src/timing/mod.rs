//! Timing of an oversampled capture: a feed-forward tone at the band edge.
//!
//! The square of a band-limited PAM signal has a spectral line at the symbol rate whose phase is
//! the timing (Oerder and Meyr, IEEE Trans. Commun. 36 (1988) 605). Only the band around half
//! the symbol rate makes that line; everything else makes pattern noise. So the signal is mixed
//! down by half the symbol rate and low-passed first,
//!
//! ```text
//! u(m)   = sum_n h(n - m T) x(n) exp(-j pi n / T)       T: samples per symbol
//! tau(b) = -arg( sum over block b of u(m)^2 ) / 2 pi    in unit intervals
//! ```
//!
//! and squaring `u` instead of `x` needs no more than 1.1 samples per symbol. The phases of all
//! blocks are unwrapped and smoothed: their slope is the clock offset.
//!
//! *Assumes* a pulse whose spectrum is positive at plus and minus half the symbol rate.
//! *Breaks* when the channel leaves no energy there (the significance says so) and on clock
//! offsets beyond about 480 ppm (the phase turns by half a turn within a block).

pub mod resample;

use num_complex::Complex64;

/// Symbol rates of the standards in baud, for `--baud auto` and for hints.
pub const STANDARD_RATES_HZ: [f64; 14] = [
    1.25e9, 3.125e9, 5.0e9, 8.0e9, 9.953_28e9, 10.3125e9, 16.0e9, 25.78125e9, 26.5625e9, 28.0e9,
    28.125e9, 53.125e9, 56.0e9, 106.25e9,
];

/// Symbols in a block of the phase track.
const BLOCK: usize = 1024;

/// Half width of the low-pass window in symbols: a Hann window of six symbols passes about
/// plus and minus 0.17 of the symbol rate, the band edge and nothing else.
const HALF_WINDOW: f64 = 3.0;

/// Significance below which no symbol rate is claimed. The tone of noise alone is Rayleigh with
/// unit mean square, so it exceeds 6 with a probability of exp(-36) = 2e-16.
pub const MIN_SIGNIFICANCE: f64 = 6.0;

/// Where the symbols are.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// Nominal samples per symbol.
    pub samples_per_symbol: f64,
    /// Clock offset of the transmitter against the digitizer in parts per million: positive
    /// when symbols come faster than told.
    pub offset_ppm: f64,
    /// Height of the tone in standard deviations of its noise.
    pub significance: f64,
    /// Timing at the centres of the blocks, in unit intervals.
    track_ui: Vec<f64>,
}

impl Timing {
    /// Makes a timing for a capture whose samples are its symbols.
    pub fn one_per_symbol() -> Self {
        Self {
            samples_per_symbol: 1.0,
            offset_ppm: 0.0,
            significance: f64::INFINITY,
            track_ui: vec![0.0],
        }
    }

    /// Returns the sample position of the instant `symbol` (which may be fractional).
    pub fn position(&self, symbol: f64) -> f64 {
        (symbol + self.delay_ui(symbol)) * self.samples_per_symbol
    }

    /// Interpolates the track, extending its end slopes.
    fn delay_ui(&self, symbol: f64) -> f64 {
        let n = self.track_ui.len();
        if n == 1 {
            return self.track_ui[0];
        }
        let x = symbol / BLOCK as f64 - 0.5;
        let i = (x.floor().max(0.0) as usize).min(n - 2);
        self.track_ui[i] + (x - i as f64) * (self.track_ui[i + 1] - self.track_ui[i])
    }

    /// Returns the first symbol whose instant lies within the capture.
    pub fn first_symbol(&self) -> f64 {
        let mut k = (-self.track_ui[0]).floor() - 1.0;
        while self.position(k) < 0.0 {
            k += 1.0;
        }
        k
    }

    /// Returns the root mean square of the track about its straight line, in unit intervals.
    pub fn wander_ui(&self) -> f64 {
        let (_, residual) = straight_line(&self.track_ui);
        (residual.iter().map(|r| r * r).sum::<f64>() / residual.len() as f64).sqrt()
    }
}

/// Recovers the timing at a told symbol rate.
///
/// # Shapes
/// `samples` at `samples_per_symbol` (at least 1.1) samples a symbol, any offset and scale.
pub fn recover(samples: &[f32], samples_per_symbol: f64) -> Timing {
    let tones = block_tones(samples, samples_per_symbol);
    let turn = frequency_turn(&tones.values);
    let track = phase_track(&tones.values, turn);
    let (slope, _) = straight_line(&track);
    Timing {
        samples_per_symbol,
        offset_ppm: -slope / BLOCK as f64 * 1e6,
        significance: tones.significance(turn),
        track_ui: track,
    }
}

/// Returns how significant the tone of a symbol rate is.
pub fn significance(samples: &[f32], samples_per_symbol: f64) -> f64 {
    let tones = block_tones(samples, samples_per_symbol);
    tones.significance(frequency_turn(&tones.values))
}

/// Orders the standard rates that fit the sample rate by the strength of their tone.
pub fn rank_standard_rates(samples: &[f32], sample_rate_hz: f64) -> Vec<(f64, f64)> {
    let enough = &samples[..samples.len().min(1 << 18)];
    let mut ranked: Vec<(f64, f64)> = STANDARD_RATES_HZ
        .iter()
        .filter(|&&rate| {
            sample_rate_hz / rate >= 1.1 && enough.len() as f64 * rate / sample_rate_hz >= 512.0
        })
        .map(|&rate| (rate, significance(enough, sample_rate_hz / rate)))
        .collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

/// The tone of every block, with the noise power that it would have by chance.
struct Tones {
    values: Vec<Complex64>,
    noise: f64,
}

impl Tones {
    fn significance(&self, turn: f64) -> f64 {
        let sum: Complex64 = self
            .values
            .iter()
            .enumerate()
            .map(|(b, v)| v * Complex64::cis(-turn * b as f64))
            .sum();
        sum.norm() / self.noise.sqrt().max(f64::MIN_POSITIVE)
    }
}

fn block_tones(samples: &[f32], sps: f64) -> Tones {
    let mean = samples.iter().map(|&x| f64::from(x)).sum::<f64>() / samples.len().max(1) as f64;
    let mixed = mix_down(samples, mean, sps);
    let symbols = (samples.len() as f64 / sps).floor() as usize;
    let reach = HALF_WINDOW * sps;
    let mut values = vec![Complex64::ZERO; symbols.div_ceil(BLOCK).max(1)];
    let mut noise = 0.0;
    for m in 0..symbols {
        let centre = m as f64 * sps;
        let first = (centre - reach).ceil().max(0.0) as usize;
        let last = ((centre + reach).floor() as usize).min(samples.len() - 1);
        let u: Complex64 = (first..=last)
            .map(|n| mixed[n] * hann((n as f64 - centre) / reach))
            .sum();
        let square = u * u;
        values[m / BLOCK] += square;
        noise += square.norm_sqr();
    }
    // A last block of less than half a block would weigh as much as a full one in the track.
    if values.len() > 1 && (1..BLOCK / 2).contains(&(symbols % BLOCK)) {
        values.pop();
    }
    Tones { values, noise }
}

fn hann(x: f64) -> f64 {
    // A parabola squared is within 2 % of the Hann window and costs no cosine.
    let y = (1.0 - x * x).max(0.0);
    y * y
}

fn mix_down(samples: &[f32], mean: f64, sps: f64) -> Vec<Complex64> {
    let step = Complex64::cis(-std::f64::consts::PI / sps);
    let mut phasor = Complex64::ONE;
    samples
        .iter()
        .enumerate()
        .map(|(n, &x)| {
            if n % 1024 == 0 {
                // Restart from the angle so that rounding does not add up.
                phasor = Complex64::cis(-std::f64::consts::PI * (n as f64 / sps % 2.0));
            }
            let value = phasor * (f64::from(x) - mean);
            phasor *= step;
            value
        })
        .collect()
}

/// Mean turn of the tone from block to block, in radians: the largest of a zero-padded DFT,
/// refined by a parabola, so that it is found well below the noise of single blocks.
fn frequency_turn(tones: &[Complex64]) -> f64 {
    if tones.len() < 2 {
        return 0.0;
    }
    let bins = (4 * tones.len()).next_power_of_two().max(64);
    let mut spectrum = tones.to_vec();
    spectrum.resize(bins, Complex64::ZERO);
    rustfft::FftPlanner::new()
        .plan_fft_forward(bins)
        .process(&mut spectrum);
    let powers: Vec<f64> = spectrum.iter().map(Complex64::norm_sqr).collect();
    let width = 2.0 * std::f64::consts::PI / bins as f64;
    let best = (0..bins)
        .max_by(|&a, &b| powers[a].total_cmp(&powers[b]))
        .unwrap_or(0);
    let (l, c, r) = (
        powers[(best + bins - 1) % bins],
        powers[best],
        powers[(best + 1) % bins],
    );
    let bend = l - 2.0 * c + r;
    let shift = if bend < 0.0 {
        (0.5 * (l - r) / bend).clamp(-0.5, 0.5)
    } else {
        0.0
    };
    let turn = (best as f64 + shift) * width;
    if turn > std::f64::consts::PI {
        turn - 2.0 * std::f64::consts::PI
    } else {
        turn
    }
}

/// Timing of every block in unit intervals: the mean turn is taken out, the rest is smoothed
/// over five blocks, unwrapped, and the turn is put back.
fn phase_track(tones: &[Complex64], turn: f64) -> Vec<f64> {
    let still: Vec<Complex64> = tones
        .iter()
        .enumerate()
        .map(|(b, v)| v * Complex64::cis(-turn * b as f64))
        .collect();
    let mut previous = still.iter().sum::<Complex64>().arg();
    let mut phases = Vec::with_capacity(tones.len());
    for b in 0..still.len() {
        let first = b.saturating_sub(2);
        let last = (b + 2).min(still.len() - 1);
        let smooth: Complex64 = still[first..=last].iter().sum();
        let step = (smooth * Complex64::cis(-previous)).arg();
        previous += step;
        phases.push(previous);
    }
    phases
        .iter()
        .enumerate()
        .map(|(b, phase)| -(phase + turn * b as f64) / (2.0 * std::f64::consts::PI))
        .collect()
}

/// Least-squares slope and residual of a series over its index.
fn straight_line(series: &[f64]) -> (f64, Vec<f64>) {
    let n = series.len() as f64;
    let mean_x = (n - 1.0) / 2.0;
    let mean_y = series.iter().sum::<f64>() / n;
    let (mut sxy, mut sxx) = (0.0, 0.0);
    for (i, y) in series.iter().enumerate() {
        let x = i as f64 - mean_x;
        sxy += x * (y - mean_y);
        sxx += x * x;
    }
    let slope = if sxx > 0.0 { sxy / sxx } else { 0.0 };
    let residual = series
        .iter()
        .enumerate()
        .map(|(i, y)| y - mean_y - slope * (i as f64 - mean_x))
        .collect();
    (slope, residual)
}

#[cfg(test)]
mod tests;
