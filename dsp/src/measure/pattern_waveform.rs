//! A repeating pattern, oversampled: what transmitter measures work on.
//!
//! A [`PatternWaveform`] holds whole periods of a known pattern at a whole number of samples a
//! symbol, locked to it: sample `i` stands `(i - origin) / per_symbol` symbols after the instant
//! of symbol 0. What leaves at the end comes in at the start, as a sampling scope with a pattern
//! trigger shows it.
//!
//! Instants between samples come by trigonometric interpolation ([`Spectrum::columns`]):
//!
//! ```text
//! x(t) = 1/L sum_k X(k) exp(j 2 pi k t / L),     -L/2 <= k <= L/2,  L samples in all
//! ```
//!
//! For a periodic band-limited signal that is exact, for white noise it keeps the variance,
//! which no short interpolating filter does. One column, the samples at the same phase of every
//! symbol, needs the spectrum folded onto the symbol rate and one inverse transform with one
//! point a symbol.
//!
//! *Assumes* a clock without drift over the stretch (recover it first) and a signal that half the
//! sample rate does not cut off. *Breaks* below four samples a symbol: a 0.5-baud
//! Bessel-Thomson filter still passes -13 dB at the symbol rate.

use num_complex::Complex32;
use rustfft::FftPlanner;

use crate::measure::levels::{self, OuterLevels};

/// Fewest samples a symbol: the reference receiver has -38 dB at twice the symbol rate, half of
/// that sample rate, and what is folded back there is below the noise of any scope.
pub const MIN_PER_SYMBOL: usize = 4;

/// Fewest symbols of a pattern.
pub const MIN_SYMBOLS: usize = 256;

/// Why samples and symbols make no pattern waveform.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternWaveformError {
    /// Too few samples a symbol.
    #[error("expected at least {MIN_PER_SYMBOL} samples a symbol, found {found}")]
    TooFewPerSymbol {
        /// Samples a symbol.
        found: usize,
    },
    /// The pattern is too short.
    #[error("expected a pattern of at least {MIN_SYMBOLS} symbols, found {found}")]
    TooShort {
        /// Symbols of one period.
        found: usize,
    },
    /// The samples are no whole number of periods.
    #[error("expected whole periods of {period} samples, found {found} samples")]
    NoWholePeriods {
        /// Samples of one period.
        period: usize,
        /// Samples given.
        found: usize,
    },
    /// A symbol beyond the fourth level.
    #[error("expected symbols from 0 to 3, found {found}")]
    BadSymbol {
        /// The symbol.
        found: u8,
    },
    /// A sample that is no number.
    #[error("expected finite samples, found one that is not at index {index}")]
    NotFinite {
        /// Its index.
        index: usize,
    },
}

/// Whole periods of a known PAM-4 pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternWaveform {
    samples: Vec<f32>,
    symbols: Vec<u8>,
    per_symbol: usize,
    origin: f64,
}

impl PatternWaveform {
    /// Takes samples and the symbols of one period.
    ///
    /// # Shapes
    /// `samples` holds `periods * symbols.len() * per_symbol` values; `origin` is the position in
    /// samples of the instant of symbol 0, the centre of its eye or near it (within half a
    /// symbol).
    ///
    /// # Errors
    /// [`PatternWaveformError`] when the two do not fit each other.
    pub fn new(
        samples: Vec<f32>,
        symbols: Vec<u8>,
        per_symbol: usize,
        origin: f64,
    ) -> Result<Self, PatternWaveformError> {
        if per_symbol < MIN_PER_SYMBOL {
            return Err(PatternWaveformError::TooFewPerSymbol { found: per_symbol });
        }
        if symbols.len() < MIN_SYMBOLS {
            return Err(PatternWaveformError::TooShort {
                found: symbols.len(),
            });
        }
        let period = symbols.len() * per_symbol;
        if samples.is_empty() || !samples.len().is_multiple_of(period) {
            return Err(PatternWaveformError::NoWholePeriods {
                period,
                found: samples.len(),
            });
        }
        if let Some(&found) = symbols.iter().find(|&&s| s > 3) {
            return Err(PatternWaveformError::BadSymbol { found });
        }
        if let Some(index) = samples.iter().position(|x| !x.is_finite()) {
            return Err(PatternWaveformError::NotFinite { index });
        }
        Ok(Self {
            samples,
            symbols,
            per_symbol,
            origin,
        })
    }

    /// Returns all samples.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// Returns the symbols of one period.
    pub fn symbols(&self) -> &[u8] {
        &self.symbols
    }

    /// Returns the number of samples a symbol.
    pub fn per_symbol(&self) -> usize {
        self.per_symbol
    }

    /// Returns the number of periods.
    pub fn periods(&self) -> usize {
        self.samples.len() / (self.symbols.len() * self.per_symbol)
    }

    /// Returns the number of symbols in all periods.
    pub fn count(&self) -> usize {
        self.samples.len() / self.per_symbol
    }

    /// Returns the symbol that stands at `k`, counted through all periods and around.
    pub fn symbol(&self, k: usize) -> u8 {
        self.symbols[k % self.symbols.len()]
    }

    /// Returns the mean of all samples, `Pave` of IEEE 802.3 121.8.5.3.
    pub fn mean(&self) -> f64 {
        self.samples.iter().map(|&x| f64::from(x)).sum::<f64>() / self.samples.len() as f64
    }

    /// Returns the mean of all periods as one period, with the samples' noise variance lowered
    /// as many times as there are periods.
    pub fn averaged(&self) -> Self {
        let period = self.symbols.len() * self.per_symbol;
        let scale = 1.0 / self.periods() as f64;
        let samples = (0..period)
            .map(|i| {
                let sum: f64 = (i..self.samples.len())
                    .step_by(period)
                    .map(|k| f64::from(self.samples[k]))
                    .sum();
                (sum * scale) as f32
            })
            .collect();
        Self {
            samples,
            symbols: self.symbols.clone(),
            ..*self
        }
    }

    /// Returns at most so many of the first periods.
    pub fn first_periods(&self, periods: usize) -> Self {
        let period = self.symbols.len() * self.per_symbol;
        let end = (period * periods.max(1)).min(self.samples.len());
        Self {
            samples: self.samples[..end].to_vec(),
            symbols: self.symbols.clone(),
            ..*self
        }
    }

    /// Returns the samples turned so that index `k * per_symbol` is the sample nearest the
    /// instant of symbol `k`.
    pub fn from_origin(&self) -> Vec<f32> {
        let turn = (self.origin.round() as i64).rem_euclid(self.samples.len() as i64) as usize;
        let mut turned = self.samples.clone();
        turned.rotate_left(turn);
        turned
    }

    /// Averages the central two symbols of long runs, P3 and P0 of IEEE 802.3 121.8.4; see
    /// [`levels::outer_levels`]. `None` when the pattern has no run of seven 3s or six 0s.
    pub fn outer_levels(&self) -> Option<OuterLevels> {
        let all: Vec<u8> = (0..self.count()).map(|k| self.symbol(k)).collect();
        levels::outer_levels(&self.from_origin(), &all, self.per_symbol, 4)
    }

    /// Transforms the samples, for [`Spectrum::columns`].
    pub fn spectrum(&self) -> Spectrum {
        Spectrum::new(self)
    }
}

/// The spectrum of a pattern waveform, from which columns at any phase come.
pub struct Spectrum {
    /// Bins from zero to half the sample rate, over the number of samples.
    bins: Vec<Complex32>,
    /// Samples in all.
    length: usize,
    /// Symbols in all.
    count: usize,
    /// Phase of symbol 0's instant, in symbols.
    origin: f64,
    planner: FftPlanner<f32>,
}

impl Spectrum {
    fn new(wave: &PatternWaveform) -> Self {
        let length = wave.samples.len();
        let mut planner = FftPlanner::new();
        let mut bins: Vec<Complex32> = wave
            .samples
            .iter()
            .map(|&x| Complex32::new(x, 0.0))
            .collect();
        planner.plan_fft_forward(length).process(&mut bins);
        bins.truncate(length / 2 + 1);
        let scale = 1.0 / length as f32;
        bins.iter_mut().for_each(|x| *x *= scale);
        if length.is_multiple_of(2) {
            // Half the sample rate is folded from above and from below.
            bins[length / 2] *= 0.5;
        }
        Self {
            bins,
            length,
            count: wave.count(),
            origin: wave.origin / wave.per_symbol as f64,
            planner,
        }
    }

    /// Returns the samples of all symbols at two phases.
    ///
    /// # Shapes
    /// `phases_ui` in symbols after the nominal instant, any number; value `k` of a column stands
    /// at `k + phase` symbols.
    ///
    /// # Complexity
    /// One folding of the spectrum each and one complex transform of a point a symbol for both.
    pub fn columns(&mut self, phases_ui: [f64; 2]) -> [Vec<f32>; 2] {
        let [a, b] = phases_ui.map(|phase| self.folded(phase + self.origin));
        let n = self.count;
        // Both are spectra of real sequences: one as the real, one as the imaginary part.
        let mut both = vec![Complex32::ZERO; n];
        for k in 0..=n / 2 {
            both[k] = Complex32::new(a[k].re - b[k].im, a[k].im + b[k].re);
            if k > 0 {
                both[n - k] = Complex32::new(a[k].re + b[k].im, b[k].re - a[k].im);
            }
        }
        self.planner.plan_fft_inverse(n).process(&mut both);
        [
            both.iter().map(|z| z.re).collect(),
            both.iter().map(|z| z.im).collect(),
        ]
    }

    /// The spectrum at a phase, folded onto the symbol rate: bins from zero to half of it.
    fn folded(&self, phase: f64) -> Vec<Complex32> {
        let (n, half) = (self.count, self.length / 2);
        let mut folded = vec![Complex32::ZERO; n / 2 + 1];
        let cis = |turns: f64| {
            let (sin, cos) = (std::f64::consts::TAU * (turns - turns.round())).sin_cos();
            Complex32::new(cos as f32, sin as f32)
        };
        // Bins b + n a from above.
        for a in 0..=half / n {
            let turn = cis(a as f64 * phase);
            for (y, &x) in folded.iter_mut().zip(&self.bins[a * n..]) {
                *y += x * turn;
            }
        }
        // Bins b - n a from below: the conjugates of bins n a - b.
        for a in 1.. {
            let first = (a * n).saturating_sub(half);
            if first > n / 2 {
                break;
            }
            let turn = cis(-(a as f64) * phase);
            let mirrored = self.bins[..=a * n - first].iter().rev();
            for (y, x) in folded[first..].iter_mut().zip(mirrored) {
                *y += x.conj() * turn;
            }
        }
        for (b, y) in folded.iter_mut().enumerate() {
            *y *= cis(b as f64 * phase / n as f64);
        }
        folded
    }
}

#[cfg(test)]
mod tests;
