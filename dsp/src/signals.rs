//! Made-up signals for the tests: seeded, so that every run sees the same.

#![allow(
    dead_code,
    reason = "module tests and end-to-end tests each use a part"
)]

use etalon_types::PatternName;

/// A splitmix64 generator with Gaussian deviates by Box and Muller.
#[derive(Clone, Debug)]
pub struct Noise(u64);

impl Noise {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    /// Returns 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a uniform number in (0, 1).
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Returns a standard normal deviate.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }

    /// Returns a symbol below `levels`.
    pub fn symbol(&mut self, levels: usize) -> u8 {
        (self.bits() % levels as u64) as u8
    }
}

/// Random symbols.
pub fn symbols(seed: u64, count: usize, levels: usize) -> Vec<u8> {
    let mut noise = Noise::new(seed);
    (0..count).map(|_| noise.symbol(levels)).collect()
}

/// Symbols of a named pattern.
pub fn pattern(name: &str, count: usize) -> Vec<u8> {
    let name: PatternName = name.parse().unwrap();
    name.symbols(count)
}

/// Nominal values of symbols with Gaussian noise of a standard deviation.
pub fn noisy(symbols: &[u8], levels: usize, sigma: f64, seed: u64) -> Vec<f32> {
    let mut noise = Noise::new(seed);
    symbols
        .iter()
        .map(|&s| (nominal(levels, s) + sigma * noise.normal()) as f32)
        .collect()
}

fn nominal(levels: usize, symbol: u8) -> f64 {
    2.0 * f64::from(symbol) - (levels as f64 - 1.0)
}

/// How symbols become an oversampled waveform.
#[derive(Clone, Copy, Debug)]
pub struct Shaping {
    /// Samples per symbol, as told to the receiver.
    pub samples_per_symbol: f64,
    /// Clock offset: symbols come faster than told by this.
    pub offset_ppm: f64,
    /// Instant of symbol 0 in unit intervals after the first sample.
    pub delay_ui: f64,
}

impl Shaping {
    /// Returns the sample position of a symbol's instant.
    pub fn position(&self, symbol: f64) -> f64 {
        (symbol + self.delay_ui) * self.samples_per_symbol / (1.0 + 1e-6 * self.offset_ppm)
    }
}

/// Raised-cosine pulses (roll-off 0.6, free of intersymbol interference at the instants).
pub fn shaped(symbols: &[u8], levels: usize, shaping: Shaping) -> Vec<f32> {
    const REACH: i64 = 12;
    let count = shaping.position(symbols.len() as f64 - 1.0 - shaping.delay_ui) as usize;
    let step = (1.0 + 1e-6 * shaping.offset_ppm) / shaping.samples_per_symbol;
    (0..count)
        .map(|n| {
            let t = n as f64 * step - shaping.delay_ui;
            let middle = t.round() as i64;
            (middle - REACH..=middle + REACH)
                .filter_map(|k| {
                    let s = *symbols.get(usize::try_from(k).ok()?)?;
                    Some(nominal(levels, s) * raised_cosine(t - k as f64))
                })
                .sum::<f64>() as f32
        })
        .collect()
}

fn raised_cosine(t: f64) -> f64 {
    const ROLL_OFF: f64 = 0.6;
    let pi = std::f64::consts::PI;
    let sinc = |x: f64| {
        if x.abs() < 1e-9 {
            1.0
        } else {
            (pi * x).sin() / (pi * x)
        }
    };
    let edge = 1.0 - (2.0 * ROLL_OFF * t).powi(2);
    if edge.abs() < 1e-6 {
        return pi / 4.0 * sinc(1.0 / (2.0 * ROLL_OFF));
    }
    sinc(t) * (pi * ROLL_OFF * t).cos() / edge
}

/// Optical power of symbols with one delayed copy of the field.
///
/// ```text
/// P(t) = | a(t) exp(j phi(t)) + sqrt(m) a(t - tau) exp(j phi(t - tau)) |^2 + noise
/// ```
///
/// with `a^2` the level and `phi` a Wiener phase whose increments have the variance
/// `2 pi linewidth T` (science: field model of a single path, aligned polarizations).
#[derive(Clone, Copy, Debug)]
pub struct Interference {
    /// Interferer power over signal power in dB; minus infinity for none.
    pub level_db: f64,
    /// Delay in symbols.
    pub delay: usize,
    /// Linewidth over the symbol rate.
    pub linewidth: f64,
    /// Level variance over noise variance in dB.
    pub snr_db: f64,
    /// Extinction ratio in dB.
    pub extinction_db: f64,
}

impl Interference {
    /// Levels of mean power 1, lowest first.
    pub fn levels(&self, count: usize) -> Vec<f64> {
        let ratio = 10f64.powf(self.extinction_db / 10.0);
        (0..count)
            .map(|i| {
                let share = i as f64 / (count as f64 - 1.0);
                2.0 * (1.0 + share * (ratio - 1.0)) / (1.0 + ratio)
            })
            .collect()
    }

    /// Detected power of symbols, one sample each.
    pub fn power(&self, symbols: &[u8], levels: usize, seed: u64) -> Vec<f32> {
        let level = self.levels(levels);
        let mean = level.iter().sum::<f64>() / levels as f64;
        let variance = level.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / levels as f64;
        let sigma = (variance / 10f64.powf(self.snr_db / 10.0)).sqrt();
        let step = (2.0 * std::f64::consts::PI * self.linewidth).sqrt();
        let ratio = 10f64.powf(self.level_db / 10.0);
        let mut noise = Noise::new(seed);
        let mut phase = 0.0;
        let mut phases = Vec::with_capacity(symbols.len() + self.delay);
        for _ in 0..symbols.len() + self.delay {
            phase += step * noise.normal();
            phases.push(phase);
        }
        (0..symbols.len())
            .map(|t| {
                let own = level[symbols[t] as usize];
                // What came before the capture is taken from its end: any symbols would do.
                let before = (t + symbols.len() - self.delay % symbols.len()) % symbols.len();
                let late = ratio * level[symbols[before] as usize];
                let turn = phases[t + self.delay] - phases[t];
                let field = own + late + 2.0 * (own * late).sqrt() * turn.cos();
                (field + sigma * noise.normal()) as f32
            })
            .collect()
    }
}
