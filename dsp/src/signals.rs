//! Made-up signals for the tests: seeded, so that every run sees the same.

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
        .map(|&s| (crate::slicer::nominal(levels, s) + sigma * noise.normal()) as f32)
        .collect()
}
