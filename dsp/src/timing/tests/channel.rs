//! PAM signals behind a band-limited channel, at any instants.

use num_complex::Complex64;
use std::f64::consts::PI;

use crate::signals::{Noise, symbols};

/// Unit intervals that a pulse reaches to either side, and its points in each.
const REACH: usize = 16;
const POINTS: usize = 64;

/// What the transmitter's pulse goes through; bandwidths are one-sided, at 3 dB, in baud.
#[derive(Clone, Copy, Debug)]
pub enum Channel {
    /// A Gaussian low-pass behind a rectangular pulse.
    Gaussian(f64),
    /// A fourth-order Bessel low-pass behind a rectangular pulse.
    Bessel(f64),
    /// Ideal partial response `1 + D`: nothing at half the symbol rate and beyond.
    Duobinary,
}

impl Channel {
    fn response(self, f: f64) -> Complex64 {
        let sinc = if f == 0.0 {
            1.0
        } else {
            (PI * f).sin() / (PI * f)
        };
        match self {
            Self::Gaussian(b) => Complex64::from(sinc * 2f64.powf(-0.5 * (f / b).powi(2))),
            Self::Bessel(b) => {
                let y = Complex64::new(0.0, 2.114 * f / b);
                let h = 105.0 / (105.0 + 105.0 * y + 45.0 * y * y + 10.0 * y.powi(3) + y.powi(4));
                // Without its delay, so that pulses stay within reach.
                sinc * h * y.exp()
            }
            Self::Duobinary if f.abs() < 0.5 => Complex64::from((PI * f).cos()),
            Self::Duobinary => Complex64::ZERO,
        }
    }

    /// The pulse at `i / POINTS - REACH` unit intervals.
    fn pulse(self) -> Vec<f64> {
        let n = 2 * REACH * POINTS;
        let mut spectrum: Vec<Complex64> = (0..n as i64)
            .map(|k| {
                let k = if k < n as i64 / 2 { k } else { k - n as i64 };
                let turn = if k % 2 == 0 { 1.0 } else { -1.0 };
                turn * self.response(k as f64 * POINTS as f64 / n as f64)
            })
            .collect();
        rustfft::FftPlanner::new()
            .plan_fft_inverse(n)
            .process(&mut spectrum);
        spectrum
            .iter()
            .map(|x| x.re * POINTS as f64 / n as f64)
            .collect()
    }
}

/// A signal to be made.
#[derive(Clone, Copy, Debug)]
pub struct Signal {
    pub channel: Channel,
    pub symbols: usize,
    pub levels: usize,
    pub samples_per_symbol: f64,
    pub offset_ppm: f64,
    pub snr_db: f64,
    /// Sinusoidal jitter: amplitude in unit intervals and period in symbols.
    pub jitter: (f64, f64),
}

impl Signal {
    /// Four levels without jitter.
    pub fn new(channel: Channel, symbols: usize, samples_per_symbol: f64) -> Self {
        Self {
            channel,
            symbols,
            levels: 4,
            samples_per_symbol,
            offset_ppm: 50.0,
            snr_db: 25.0,
            jitter: (0.0, 1.0),
        }
    }

    /// Returns which symbol is sent at a sample, as a fraction.
    pub fn symbol_at(&self, sample: f64) -> f64 {
        let time = sample / self.samples_per_symbol;
        let (amplitude, period) = self.jitter;
        time * (1.0 + 1e-6 * self.offset_ppm) - 0.3 + amplitude * (2.0 * PI * time / period).sin()
    }

    /// Makes the samples of random symbols.
    pub fn samples(&self) -> Vec<f32> {
        self.of(&symbols(17, self.symbols, self.levels))
    }

    /// Makes the samples of given symbols.
    pub fn of(&self, sent: &[u8]) -> Vec<f32> {
        let pulse = self.channel.pulse();
        let nominal = |s: u8| 2.0 * f64::from(s) - (self.levels as f64 - 1.0);
        let count = ((sent.len() - 2 * REACH) as f64 * self.samples_per_symbol) as usize;
        let mut clean: Vec<f64> = Vec::with_capacity(count);
        for n in 0..count {
            let t = self.symbol_at(n as f64);
            let middle = t.round() as i64;
            let mut sum = 0.0;
            for k in middle - REACH as i64 + 1..middle + REACH as i64 {
                let Some(&s) = usize::try_from(k).ok().and_then(|k| sent.get(k)) else {
                    continue;
                };
                let x = (t - k as f64 + REACH as f64) * POINTS as f64;
                let (i, f) = (x as usize, x.fract());
                if i + 1 < pulse.len() {
                    sum += nominal(s) * (pulse[i] + f * (pulse[i + 1] - pulse[i]));
                }
            }
            clean.push(sum);
        }
        let power = clean.iter().map(|x| x * x).sum::<f64>() / count as f64;
        let sigma = (power * 10f64.powf(-self.snr_db / 10.0)).sqrt();
        let mut noise = Noise::new(23);
        clean
            .iter()
            .map(|x| (x + sigma * noise.normal()) as f32)
            .collect()
    }

    /// Root mean square of the recovered instants' error in unit intervals, about its mean (which
    /// an equalizer takes), without the first and the last 2000 symbols.
    pub fn error_ui(&self, timing: &super::Timing) -> f64 {
        let errors: Vec<f64> = (2_000..self.symbols - 2_000)
            .step_by(16)
            .map(|k| self.symbol_at(timing.position(k as f64)) - k as f64)
            .collect();
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        let square = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>();
        (square / errors.len() as f64).sqrt()
    }
}
