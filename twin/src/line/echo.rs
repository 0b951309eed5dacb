//! Copies of the light that went a longer way, as a filter.

use etalon_types::units::Db;

/// Copies by level and delay, all in the light's own polarisation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Echoes {
    /// Level below the direct light, delay in seconds, and phase of the copy at 0 Hz in radians.
    pub copies: Vec<(Db, f64, f64)>,
}

impl Echoes {
    /// Returns the ratio of densities with and without them at a frequency in Hz:
    /// `|1 + sum sqrt(m) exp(i (phase - 2 pi nu tau))|^2`.
    pub fn transfer(&self, frequency_hz: f64) -> f64 {
        let (mut re, mut im) = (1.0, 0.0);
        for &(level, delay_s, phase) in &self.copies {
            let angle = phase - std::f64::consts::TAU * frequency_hz * delay_s;
            let field = level.to_linear().sqrt();
            re += field * angle.cos();
            im += field * angle.sin();
        }
        re * re + im * im
    }

    /// Returns the mean of that over frequency: the sum of the powers.
    pub fn mean(&self) -> f64 {
        1.0 + self.copies.iter().map(|c| c.0.to_linear()).sum::<f64>()
    }

    /// Returns the mean over a Gaussian of this variance in Hz^2 around a frequency, which is
    /// what a resolution leaves of the ripple: every beat of delay `d` shrinks by
    /// `exp(-2 pi^2 d^2 variance)`.
    pub fn transfer_through(&self, frequency_hz: f64, variance_hz2: f64) -> f64 {
        let direct = (Db(0.0), 0.0, 0.0);
        let all: Vec<&(Db, f64, f64)> = std::iter::once(&direct).chain(&self.copies).collect();
        let mut sum = self.mean();
        for (i, a) in all.iter().enumerate() {
            for b in &all[i + 1..] {
                let delay = b.1 - a.1;
                let angle = b.2 - a.2 - std::f64::consts::TAU * frequency_hz * delay;
                let left = -2.0 * (std::f64::consts::PI * delay).powi(2) * variance_hz2;
                let fields = (a.0.to_linear() * b.0.to_linear()).sqrt();
                sum += 2.0 * fields * angle.cos() * left.exp();
            }
        }
        sum
    }
}
