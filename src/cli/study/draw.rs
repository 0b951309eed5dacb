//! Numbers that a trial draws from its seed.
//!
//! SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a counter that grows by the golden ratio, and
//! a finalizer. The links themselves draw from the streams of the twin.

/// A sequence of numbers from a seed.
#[derive(Clone, Debug)]
pub struct Draws(u64);

impl Draws {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Starts the sequence of a case: those of two cases have nothing in common.
    pub fn of_case(case: u64, seed: u64) -> Self {
        Self(finalize(
            seed ^ case.wrapping_add(1).wrapping_mul(0xd1b5_4a32_d192_ed03),
        ))
    }

    /// Returns 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        finalize(self.0)
    }

    /// Returns a number in [0, 1), of 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a number from `low` up to `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Returns a number from `low` up to `high`, both positive, whose logarithm is uniform.
    pub fn log_between(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.uniform())
    }

    /// Returns a standard normal deviate (Box and Muller, Ann. Math. Stat. 29 (1958) 610).
    pub fn normal(&mut self) -> f64 {
        // One minus a number below one is never zero.
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }
}

fn finalize(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ref_moments_of_the_draws() {
        let mut draws = Draws::of_case(3, 7);
        let n = 100_000;
        let (mut sum, mut square, mut log) = (0.0, 0.0, 0.0);
        let (mut normal, mut power) = (0.0, 0.0);
        for _ in 0..n {
            let y = draws.normal();
            normal += y;
            power += y * y;
            let x = draws.uniform();
            sum += x;
            square += x * x;
            log += draws.log_between(1.0, 100.0).log10();
        }
        let n = f64::from(n);
        // Four standard errors: 1 and sqrt 2 over sqrt n.
        assert!((normal / n).abs() < 4.0 / n.sqrt());
        assert!((power / n - 1.0).abs() < 4.0 * (2.0 / n).sqrt());
        // Four standard errors: of x 1 / sqrt(12), of x^2 sqrt(1/5 - 1/9), of twice x 2 / sqrt(12).
        assert!((sum / n - 0.5).abs() < 4.0 / (12.0 * n).sqrt());
        assert!((square / n - 1.0 / 3.0).abs() < 4.0 * (4.0 / 45.0 / n).sqrt());
        assert!((log / n - 1.0).abs() < 8.0 / (12.0 * n).sqrt());
    }

    #[test]
    fn cases_of_one_seed_draw_different_numbers() {
        let first: Vec<u64> = (0..8).map(|case| Draws::of_case(case, 1).bits()).collect();
        let mut distinct = first.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), first.len());
    }
}
